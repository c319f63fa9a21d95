/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways to find an object by its ID, keep it alive for the time of a system call,
 * and destroy it. One of them is kmod/core/object.c; the others are references and
 * experiments, only as complete as it takes to compare:
 *
 * - rcu: kmod/core/object.c. Look-up without a lock, one shared count an object.
 * - spin: an xarray under a spin lock, one shared count.
 * - mutex: a hash table of lists under a mutex, one shared count.
 * - lfht: liburcu's lock-free hash table, one shared count.
 * - xarray: as rcu, but found in the xarray that hands out the IDs.
 * - percpu: as xarray, but a count for each thread, and a grace period to have them
 *   in one place for destroying (the kernel's percpu_ref).
 * - striped: as xarray, but a count for each thread that says in its lowest bit that
 *   the object is going, so that destroying needs no grace period.
 * - srcu: as xarray, but no count at all: destroying waits for all short-term users
 *   of all objects (the kernel's SRCU, without memory barriers for readers).
 *
 * A thread stands for a CPU: what is a CPU's own in the kernel is a thread's
 * here, by thread_nr.
 */
#ifndef MICRO_SCHEME_H
#define MICRO_SCHEME_H

#include "portable.h"

/* As large as a HWPT, so that objects share no cache line. */
#define OBJECT_BYTES	256

/**
 * struct scheme - a way
 * @name: see above
 * @init: start with no objects
 * @exit: all objects are destroyed already
 * @create: make an object, visible to all; returns its ID
 * @destroy: destroy an object that is there; waits for its short-term users
 * @look_up: look up and put @ops times, the IDs in turn; returns how often there
 *           was an object. @nr_ids is a power of 2.
 */
struct scheme {
	const char *name;
	void (*init)(void);
	void (*exit)(void);
	u32 (*create)(void);
	void (*destroy)(u32 id);
	unsigned long (*look_up)(const u32 *ids, unsigned int nr_ids,
				 unsigned long ops);
};

extern const struct scheme scheme_rcu, scheme_spin, scheme_mutex, scheme_lfht,
			   scheme_xarray, scheme_percpu, scheme_striped, scheme_srcu;

/* The body of @look_up, from functions that are called as object_get() is. */
#define LOOK_UP_LOOP(get, put, ids, nr_ids, ops)                 \
({                                                               \
	unsigned long __found = 0;                               \
								 \
	for (unsigned long __i = 0; __i < (ops); __i++) {        \
		void *__obj = get((ids)[__i & ((nr_ids) - 1)]);  \
								 \
		if (!__obj)                                      \
			continue;                                \
		put(__obj);                                      \
		__found++;                                       \
	}                                                        \
	__found;                                                 \
})

#endif

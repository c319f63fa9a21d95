/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A peer: one of those that are compared. Each is a table of the same operations, done with its own
 * system calls on a real device. One is open at a time, so each keeps its state in its file.
 *
 * Every operation returns 0 or -errno. One that a peer cannot do at all is NULL.
 */
#ifndef E2E_PEER_H
#define E2E_PEER_H

#include <linux/types.h>
#include <stddef.h>

#include "shape.h"

/**
 * struct peer - see above
 * @name: as in the names of benchmarks
 * @modules: names of the kernel modules that do the work, for the report; ends with NULL
 * @open: take the device with this PCI address, and have an empty IO address space for it; on
 *	failure nothing is left open
 * @close: undo @open, and whatever is still mapped
 * @map: let the device read and write the first @bytes of @shape at @iova
 * @map_file: the same through its file
 * @unmap: undo exactly one @map, @map_file or @copy
 * @copy: let the device see what is mapped at @src also at @iova
 * @attach: make a second IO page table, with all that is mapped
 * @detach: undo @attach
 * @lookup: the cheapest system call on an object
 */
struct peer {
	const char *name;
	const char *modules[3];
	int (*open)(const char *bdf);
	void (*close)(void);
	int (*map)(const struct shape *shape, size_t bytes, __u64 iova);
	int (*map_file)(const struct shape *shape, size_t bytes, __u64 iova);
	int (*unmap)(__u64 iova, size_t bytes);
	int (*copy)(__u64 src, size_t bytes, __u64 iova);
	int (*attach)(void);
	int (*detach)(void);
	int (*lookup)(void);
};

extern const struct peer peer_type1;
extern const struct peer peer_iommufd;
extern const struct peer peer_fast;
extern const struct peer peer_floor;

#endif

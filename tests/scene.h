/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENE_H
#define SCENE_H

/* A device, some memory, and a mapping of all of it at SCENE_IOVA. */

#include "memory.h"
#include "rig.h"
#include "util.h"

#define SCENE_IOVA GIB

/* How much is compared at a place. */
#define SCENE_LEN 504

struct scene {
	struct rig rig;
	struct edu *edu;
	struct memory mem;
};

/* Memory filled with a pattern of its own, and mapped. Ends the case when it cannot. */
void scene_open(struct scene *s, enum shape which, size_t bytes);

/* The same without the mapping, for cases that do something to the memory before it. */
void scene_open_unmapped(struct scene *s, enum shape which, size_t bytes);

/* Maps all of the memory at an IOVA, for reading and writing: 0 or -errno. */
int scene_map(struct scene *s, __u64 iova);

/* Unmaps, closes, frees the memory at mem.va; what a case freed itself is not there any more. */
void scene_close(struct scene *s);

/*
 * Expects that the device sees and changes, through the mapping, the memory at va, at a number of
 * places from the first byte to the last. The memory is that from offset on.
 */
#define expect_shared(s, iova, va, bytes) \
	scene_shared(__FILE__, __LINE__, s, iova, va, bytes)
void scene_shared(const char *file, int line, struct scene *s, __u64 iova, void *va, size_t bytes);

/* Expects that the device sees these bytes there, whatever the process sees. */
#define expect_device_sees(s, want, iova) \
	((void)EXPECT_BYTES(want, rig_fetch(&(s)->rig, (s)->edu, iova, SCENE_LEN), SCENE_LEN))

/* What the kernel does when it is told so by a file: 0 or -errno. */
int scene_tell(const char *path, const char *text);

/* The number that it says in a file, or -errno. */
long long scene_number(const char *path);

#endif

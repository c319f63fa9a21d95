/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A peer: one of those that are compared. Each is a table of the same operations, done with its own
 * system calls on a real device.
 *
 * Every operation returns 0 or -errno. One that a peer cannot do at all is NULL.
 */
#ifndef E2E_PEER_H
#define E2E_PEER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "shape.h"

/* How much of it is mapped: all of the edu device's. */
#define BAR_BYTES MIB

/**
 * struct space - an IO address space that a device sees, of a peer that was opened
 * @fd: what its system calls go to
 * @device_fd: what keeps the device, if that is another one
 * @device: the device, as iommufd names it
 * @ioas: the IO address space, as iommufd names it
 * @second: the second IO page table, while there is one, as iommufd names it
 * @bdf: the device's PCI address, for those that find it by that later
 * @bar_fd: while its BAR is mapped: what it is mapped by
 * @bar_va: the same, of those that map it by an address of this program's
 */
struct space {
	int fd;
	int device_fd;
	__u32 device;
	__u32 ioas;
	__u32 second;
	char bdf[32];
	int bar_fd;
	void *bar_va;
};

/**
 * struct peer - see above
 * @name: as in the names of benchmarks
 * @beside: whether @open can make one beside another, of the same file
 * @modules: names of the kernel modules that do the work, for the report; ends with NULL
 * @open: take the device with this PCI address, and have an empty IO address space for it, of the
 *	same file as @beside unless that is NULL; on failure nothing is left open
 * @close: undo @open, and whatever is still mapped
 * @map: let the device read and write the first @bytes of @shape at @iova
 * @map_file: the same through its file
 * @unmap: undo exactly one @map, @map_file or @copy
 * @copy: let the device see what is mapped at @src also at @iova
 * @map_bar: let other devices read and write the beginning of the device's own BAR 0 at @iova
 * @unmap_bar: undo @map_bar
 * @leave: end the device's use of what is mapped, which stays mapped
 * @attach: make a second IO page table, with all that is mapped
 * @detach: undo @attach
 * @lookup: the cheapest system call on an object
 * @create: make an object, the simplest; sets its name
 * @destroy: undo @create
 */
struct peer {
	const char *name;
	bool beside;
	const char *modules[3];
	int (*open)(struct space *space, const char *bdf, const struct space *beside);
	void (*close)(struct space *space);
	int (*map)(const struct space *space, const struct shape *shape, size_t bytes, __u64 iova);
	int (*map_file)(const struct space *space, const struct shape *shape, size_t bytes,
			__u64 iova);
	int (*unmap)(const struct space *space, __u64 iova, size_t bytes);
	int (*copy)(const struct space *space, __u64 src, size_t bytes, __u64 iova);
	int (*map_bar)(struct space *space, __u64 iova);
	int (*unmap_bar)(const struct space *space, __u64 iova);
	int (*leave)(const struct space *space);
	int (*attach)(struct space *space);
	int (*detach)(const struct space *space);
	int (*lookup)(const struct space *space);
	int (*create)(const struct space *space, __u32 *id);
	int (*destroy)(const struct space *space, __u32 id);
};

extern const struct peer peer_type1;
extern const struct peer peer_iommufd;
extern const struct peer peer_fast;
extern const struct peer peer_floor;

#endif

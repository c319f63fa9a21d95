/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What /dev/iommufd-floor answers to; shared by the module and bench/e2e.
 *
 * One open file is one IO address space of one device. Addresses and lengths are bytes and
 * multiples of 4 KiB. Every call either does the whole of what it says or leaves everything as it
 * was; closing the file undoes the rest.
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define FLOOR_DEVICE "/dev/iommufd-floor"

/**
 * struct floor_claim - take a PCI device and attach it to a new paging domain
 * @segment: PCI segment ("domain" in lspci's words)
 * @bus: bus number
 * @devfn: device and function, as PCI_DEVFN() packs them
 *
 * The device must have no driver that uses DMA. -EBUSY if it has one or if this file has a device
 * already.
 */
struct floor_claim {
	__u32 segment;
	__u32 bus;
	__u32 devfn;
};

/**
 * struct floor_map - pin memory of the caller and map it, readable and writeable
 * @va: where the memory is
 * @length: how much
 * @iova: where the device is to see it
 * @leaf_bytes: what a base page has to pin page by page; else a power of two, 2 MiB or 1 GiB as a
 *	rule, to pin once for each leaf of that size (or part of one, at both ends), which the
 *	caller says the CPU page table is made of. Checked as far as a pinned folio can tell:
 *	-EINVAL if it is smaller than a leaf or lies differently.
 */
struct floor_map {
	__u64 va;
	__u64 length;
	__u64 iova;
	__u64 leaf_bytes;
};

/**
 * struct floor_map_file - pin a range of a memfd and map it, readable and writeable
 * @start: offset in the file
 * @length: how much
 * @iova: where the device is to see it
 * @fd: the memfd
 * @__reserved: must be 0
 */
struct floor_map_file {
	__u64 start;
	__u64 length;
	__u64 iova;
	__s32 fd;
	__u32 __reserved;
};

/**
 * struct floor_unmap - undo one map, map_file or copy
 * @iova: exactly the address that was given to it
 *
 * -ENOENT if nothing starts there; -EBUSY while a copy of it is mapped.
 */
struct floor_unmap {
	__u64 iova;
};

/**
 * struct floor_copy - map the memory of one map or map_file again, without pinning it again
 * @src_iova: the address that was given to that map
 * @iova: where the device is to see it as well
 */
struct floor_copy {
	__u64 src_iova;
	__u64 iova;
};

#define FLOOR_CLAIM	_IOW('F', 0, struct floor_claim)
#define FLOOR_MAP	_IOW('F', 1, struct floor_map)
#define FLOOR_MAP_FILE	_IOW('F', 2, struct floor_map_file)
#define FLOOR_UNMAP	_IOW('F', 3, struct floor_unmap)
#define FLOOR_COPY	_IOW('F', 4, struct floor_copy)
/*
 * A second domain, filled with all that is mapped (-EBUSY if there is one); and its end (-ENOENT if
 * there is none).
 */
#define FLOOR_ATTACH	_IO('F', 5)
#define FLOOR_DETACH	_IO('F', 6)
/* Nothing: what an ioctl costs. */
#define FLOOR_NOP	_IO('F', 7)

#endif

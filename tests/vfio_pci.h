/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_PCI_H
#define VFIO_PCI_H

/* What any PCI device of vfio-pci is asked for, however it was opened. All return 0 or -errno. */

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* Where a region (VFIO_PCI_BAR0_REGION_INDEX, ...) begins in the device's file. */
int vfio_region_offset(int device, __u32 index, __u64 *offset);

/* Whether the device answers reads and writes of its BARs and may do DMA, or neither. */
int vfio_enable(int device, bool on);

/* Maps the first @bytes of BAR 0 into *bar, which is NULL after an error. */
int vfio_map_bar(int device, size_t bytes, unsigned char **bar);

/* -ENOTTY or -EINVAL where it has no way to be reset. */
int vfio_reset(int device);

/* A dma-buf of a range of BAR 0: a descriptor, or -errno. */
int vfio_dmabuf(int device, __u64 offset, __u64 length);

/* Maps in a container, for reading and writing. */
int vfio_dma_map(int container, void *va, size_t bytes, __u64 iova);

#endif

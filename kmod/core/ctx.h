/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The iommufd itself: what one open of /dev/iommu holds.
 */
#ifndef IOMMUFD_CTX_H
#define IOMMUFD_CTX_H

#include <linux/list.h>
#include <linux/maple_tree.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/xarray.h>

#include "object.h"

struct debugfs_view;
struct device;
struct file;
struct file_operations;
struct miscdevice;

/**
 * struct iommufd_ctx - one open of /dev/iommu
 * @file: the file; drivers that use the iommufd hold references on it
 * @groups: struct device_group by the IOMMU group's number
 * @unused: what the kernel's own module has there is in @objects here
 * @queues_rwsem: held for reading while a hardware queue is being destroyed, and for
 *                writing while a driver may find one, and build the next one on it
 * @mmio: struct mmio_region by where it is in the file, in bytes; protected by its own
 *        lock
 * @msi_lock: protects what follows, and which doorbells are mapped in a HWPT; taken
 *            with the mutex of an IOMMU group held
 * @msi_doorbells: struct msi_doorbell
 * @nr_msi_doorbells: how many
 * @number: which of all there have been, for people to tell them apart
 * @view: its file under debugfs; NULL where there is none
 * @objects: all that userspace names by ID
 * @groups_lock: protects @groups, while a group is found, made or dropped
 * @account_by_mm: IOMMU_OPTION_RLIMIT_MODE
 * @process_lock: protects @ioases; held while the process changes
 * @ioases: struct iommufd_ioas, all that there are, visible or not
 * @vfio_lock: protects changes of @vfio_ioas_id and @vfio_no_iommu
 * @vfio_ioas_id: the compatibility IOAS of vfio/vfio.h, or 0
 * @vfio_no_iommu: the iommufd is for VFIO groups without an IOMMU
 *
 * Up to @nr_msi_doorbells it is as the kernel's own code knows it, see contract.h.
 */
struct iommufd_ctx {
	struct file *file;
	struct xarray groups;
	u8 unused[sizeof(struct xarray) + sizeof(wait_queue_head_t)];
	struct rw_semaphore queues_rwsem; /* the end of hardware queues */
	struct maple_tree mmio;
	struct mutex msi_lock; /* @msi_doorbells, @nr_msi_doorbells */
	struct list_head msi_doorbells;
	unsigned int nr_msi_doorbells;
	u32 number;
	struct debugfs_view *view;
	struct object_table objects;
	struct mutex groups_lock; /* @groups */
	bool account_by_mm;
	struct mutex process_lock; /* @ioases */
	struct list_head ioases;
	struct mutex vfio_lock; /* @vfio_ioas_id, @vfio_no_iommu */
	u32 vfio_ioas_id;
	bool vfio_no_iommu;
};

void ctx_set_up(const struct miscdevice *misc,
		const object_destroy_fn *destroy_ops);
struct device *ctx_device(void);
const struct file_operations *ctx_fops(void);
int ctx_open(struct file *file);
void ctx_release(struct file *file);

#endif

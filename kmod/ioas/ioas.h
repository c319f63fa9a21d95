/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The door of ioas/: an IO address space, mirrored by any number of domains.
 *
 * Locking, in the order in which locks are taken:
 *
 * - attach_lock: held by who looks for an automatic HWPT, and may add one.
 * - hwpts_lock: the list of HWPTs, which is as long as userspace likes. Nothing
 *   below is taken with it, nor it with anything below.
 * - vfio_lock of the iommufd: held while the compatibility IOAS is made.
 * - domains_rwsem: held for reading by whatever maps or unmaps, so that all of
 *   it happens in the same set of domains; for writing to change the set, the
 *   reserved and the allowed IOVAs. Readers do not hinder each other: threads
 *   that map and unmap different IOVAs meet only in the IOVA space's lock.
 * - process_lock of the iommufd: held while an IOAS is added to its list or taken
 *   off, and by who has domains_rwsem of all of them. With it held domains_rwsem
 *   is only tried: nobody waits for userspace with it.
 * - the lock of a backing.
 * - the lock of the IOVA space, never while sleeping.
 *
 * Areas have no lock: while one is busy it belongs to the thread that made it
 * so, which holds domains_rwsem.
 */
#ifndef IOMMUFD_IOAS_H
#define IOMMUFD_IOAS_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "core/core.h"
#include "iova_space.h"

struct iommu_domain;
struct iova_bitmap;
struct page;

/**
 * struct iommufd_ioas - an IO address space
 * @obj: what userspace sees
 * @ictx: whose it is
 * @space: its IOVAs; the nodes are of struct area
 * @domains_rwsem: see above
 * @domains: struct ioas_domain, all of which mirror the areas
 * @nr_domains: how many they are, for who does not take the lock
 * @combine: IOMMU_OPTION_HUGE_PAGES: neighbouring pages form large entries
 * @node: in the iommufd's
 * @notifiers: struct ioas_notifier by object ID
 * @nr_notifiers: how many they are, for who does not take the lock
 * @nr_whole_pages: how many of them are for whole pages
 * @unused: those who wait for the last use of an area
 * @attach_lock: see above
 * @hwpts_lock: see above
 * @hwpts: struct iommufd_hwpt
 */
struct iommufd_ioas {
	struct iommufd_object obj;
	struct iommufd_ctx *ictx;
	struct iova_space space;
	struct rw_semaphore domains_rwsem;
	struct list_head domains;
	unsigned int nr_domains;
	bool combine;
	struct list_head node;
	struct xarray notifiers;
	unsigned int nr_notifiers;
	unsigned long nr_whole_pages;
	wait_queue_head_t unused;
	struct mutex attach_lock; /* the search for an automatic HWPT */
	struct mutex hwpts_lock; /* @hwpts */
	struct list_head hwpts;
};

/**
 * struct ioas_domain - a domain's membership in an IOAS
 * @node: in the IOAS's domains
 * @domain: the domain
 * @no_table: of devices without an IOMMU: there is nothing to write to, and what is
 *            mapped only has to stay where it is
 * @joined: it is in there
 * @filled_bytes: how much was mapped when it became a member
 */
struct ioas_domain {
	struct list_head node;
	struct iommu_domain *domain;
	bool no_table;
	bool joined;
	u64 filled_bytes;
};

/**
 * struct ioas_notifier - who uses pages of an IOAS, and can be asked to let go
 * @obj: the object that does; it is asked while it is alive. The notifier is a part
 *       of its memory, which outlives an RCU grace period.
 * @unmap: [first, last] is about to be unmapped: unpin what is pinned there. No lock
 *         of the IOAS is held. NULL for who pins nothing.
 * @whole_pages: counts in pages, so that nothing smaller may be mapped
 */
struct ioas_notifier {
	struct iommufd_object *obj;
	void (*unmap)(struct ioas_notifier *notifier, unsigned long first,
		      unsigned long last);
	bool whole_pages;
};

struct iommufd_ioas *ioas_get(struct iommufd_ctx *ictx, u32 id);
void ioas_put(struct iommufd_ioas *ioas);
struct iommufd_ioas *ioas_create(struct iommufd_ctx *ictx);
void ioas_abort(struct iommufd_ioas *ioas);
int ioas_set_combine(struct iommufd_ioas *ioas, bool combine);
int ioas_map_user(struct iommufd_ioas *ioas, u32 flags, u64 va,
		  u64 length_bytes, u64 iova, u64 __user *user_iova);
void ioas_destroy(struct iommufd_object *obj);

/* Unmapping (unmap.c) */
int ioas_unmap_range(struct iommufd_ioas *ioas, unsigned long first,
		     unsigned long last, bool killable,
		     unsigned long *unmapped_bytes);
int ioas_cut(struct iommufd_ioas *ioas, unsigned long iova);

/**
 * ioas_unmap() - ioas_unmap_range() that can be killed
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA, inclusive
 * @unmapped_bytes: set to how much was mapped there, also in case of an error
 *
 * Return: as ioas_unmap_range().
 */
static inline int ioas_unmap(struct iommufd_ioas *ioas, unsigned long first,
			     unsigned long last, unsigned long *unmapped_bytes)
{
	return ioas_unmap_range(ioas, first, last, true, unmapped_bytes);
}

/**
 * ioas_unmap_whole() - ioas_unmap() where giving up would leave something
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA, inclusive
 *
 * Only a wait for accesses may give up, as ioas_wait_unused() says: for a fatal
 * signal, or after a time.
 *
 * Return: as ioas_unmap_range().
 */
static inline int ioas_unmap_whole(struct iommufd_ioas *ioas,
				   unsigned long first, unsigned long last)
{
	unsigned long unmapped_bytes;

	return ioas_unmap_range(ioas, first, last, false, &unmapped_bytes);
}

/* Its domains, and what is reserved for hardware (domains.c) */
int ioas_add_domain(struct iommufd_ioas *ioas, struct ioas_domain *member);
void ioas_remove_domain(struct iommufd_ioas *ioas, struct ioas_domain *member);
int ioas_reserve(struct iommufd_ioas *ioas, const struct list_head *regions,
		 const void *owner);
void ioas_unreserve(struct iommufd_ioas *ioas, const void *owner);

/* What devices have written to (dirty.c) */
int ioas_track_dirty(struct iommufd_ioas *ioas, struct iommu_domain *domain,
		     bool enable);
int ioas_read_dirty(struct iommufd_ioas *ioas, struct iommu_domain *domain,
		    unsigned long flags, struct iova_bitmap *bitmap);

/* Pages, for those who use them (notify.c, pages.c) */
int ioas_add_notifier(struct iommufd_ioas *ioas, struct ioas_notifier *notifier);
void ioas_remove_notifier(struct iommufd_ioas *ioas,
			  struct ioas_notifier *notifier);
int ioas_pin_pages(struct iommufd_ioas *ioas, unsigned long first,
		   unsigned long last, struct page **out_pages, bool write);
void ioas_unpin_pages(struct iommufd_ioas *ioas, unsigned long first,
		      unsigned long last);
int ioas_own_pages(struct iommufd_ioas *ioas, unsigned long first,
		   unsigned long last, struct page **out_pages);
void ioas_disown_pages(struct iommufd_ioas *ioas, unsigned long first,
		       unsigned long last);
int ioas_rw(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
	    void *data, bool write);
int ioas_find_phys(struct iommufd_ioas *ioas, unsigned long first,
		   unsigned long last, u64 *phys, u64 *length_bytes);

/* For people to look at (show.c) */
int ioas_show(struct iommufd_object *obj, struct debugfs_reader *reader);

/* The ioctls */
int ioctl_option(struct ioctl_call *call);
int ioctl_ioas_alloc(struct ioctl_call *call);
int ioctl_ioas_allow_iovas(struct ioctl_call *call);
int ioctl_ioas_copy(struct ioctl_call *call);
int ioctl_ioas_iova_ranges(struct ioctl_call *call);
int ioctl_ioas_map(struct ioctl_call *call);
int ioctl_ioas_map_file(struct ioctl_call *call);
int ioctl_ioas_unmap(struct ioctl_call *call);
int ioctl_noiommu_get_pa(struct ioctl_call *call);
int ioctl_change_process(struct ioctl_call *call);

#endif

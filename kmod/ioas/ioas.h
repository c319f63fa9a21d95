/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The IOAS: an IO address space, mirrored by any number of domains.
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

#include "area.h"
#include "core/ctx.h"
#include "iova_space.h"

struct iommu_domain;

/**
 * struct iommufd_ioas - an IO address space
 * @obj: what userspace sees
 * @ictx: whose it is
 * @space: its IOVAs; the nodes are of struct area
 * @domains_rwsem: see above
 * @domains: struct ioas_domain, all of which mirror the areas
 * @combine: IOMMU_OPTION_HUGE_PAGES: neighbouring pages form large entries
 * @node: in the iommufd's
 * @accesses: struct iommufd_access by object ID
 * @unused: those who wait for the last use of an area by accesses
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
	bool combine;
	struct list_head node;
	struct xarray accesses;
	wait_queue_head_t unused;
	struct mutex attach_lock; /* the search for an automatic HWPT */
	struct mutex hwpts_lock; /* @hwpts */
	struct list_head hwpts;
};

/**
 * struct ioas_domain - a domain's membership in an IOAS
 * @node: in the IOAS's domains
 * @domain: the domain
 */
struct ioas_domain {
	struct list_head node;
	struct iommu_domain *domain;
};

struct iommufd_ioas *ioas_get(struct iommufd_ctx *ictx, u32 id);
void ioas_put(struct iommufd_ioas *ioas);
struct iommufd_ioas *ioas_create(struct iommufd_ctx *ictx);
void ioas_abort(struct iommufd_ioas *ioas);
int ioas_set_combine(struct iommufd_ioas *ioas, bool combine);
int ioas_map_user(struct iommufd_ioas *ioas, u32 flags, u64 va,
		  u64 length_bytes, u64 iova, u64 __user *user_iova);
void ioas_destroy(struct iommufd_object *obj);

int ioas_raise_alignment(struct iommufd_ioas *ioas, unsigned long align_bytes);
void ioas_reset_alignment(struct iommufd_ioas *ioas);

/* Mapping (map.c) */
int ioas_insert(struct iommufd_ioas *ioas, struct area *area,
		unsigned long iova, bool fixed);
int ioas_map(struct iommufd_ioas *ioas, struct area *area, unsigned long *iova,
	     bool fixed);
int ioas_unmap_range(struct iommufd_ioas *ioas, unsigned long first,
		     unsigned long last, bool killable,
		     unsigned long *unmapped_bytes);
int ioas_cut(struct iommufd_ioas *ioas, unsigned long iova);
int ioas_map_chain(struct iommufd_ioas *ioas, struct area *chain,
		   unsigned long *iova, bool fixed);
struct area *ioas_copy_areas(struct iommufd_ioas *ioas, unsigned long iova,
			     unsigned long length_bytes, int prot);
void area_free_chain(struct area *chain);

/** ioas_unmap() - ioas_unmap_range() that can be killed */
static inline int ioas_unmap(struct iommufd_ioas *ioas, unsigned long first,
			     unsigned long last, unsigned long *unmapped_bytes)
{
	return ioas_unmap_range(ioas, first, last, true, unmapped_bytes);
}

/**
 * ioas_unmap_whole() - the same where giving up would leave something
 *
 * Only a wait for accesses may give up, as ioas_wait_unused() says: for a fatal
 * signal, or after a time.
 */
static inline int ioas_unmap_whole(struct iommufd_ioas *ioas,
				   unsigned long first, unsigned long last)
{
	unsigned long unmapped_bytes;

	return ioas_unmap_range(ioas, first, last, false, &unmapped_bytes);
}

/** area_next() - the area of an IOAS that comes after @area, or NULL */
static inline struct area *area_next(struct area *area)
{
	/* There may be as many as userspace likes. */
	cond_resched();
	return area_of(iova_space_next(&area->node));
}

/*
 * Visit the areas of an IOAS, whose domains_rwsem is held for writing: then what
 * is mapped does not change.
 */
#define for_each_area(area, ioas)                                         \
	for ((area) = area_of(iova_space_find(&(ioas)->space, 0, ULONG_MAX)); \
	     (area); (area) = area_next(area))

/* Its domains and what they reserve (domains.c) */
int ioas_add_domain(struct iommufd_ioas *ioas, struct ioas_domain *member);
void ioas_remove_domain(struct iommufd_ioas *ioas, struct ioas_domain *member);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Areas: an IOVA range of an IOAS, and the part of a backing that it maps.
 */
#ifndef IOMMUFD_AREA_H
#define IOMMUFD_AREA_H

#include <linux/interval_tree.h>

#include "core/core.h"
#include "ioas.h"
#include "memory/memory.h"
#include "table/table.h"

/**
 * struct area - one mapping of an IOAS
 * @node: its IOVAs; set when the area enters an IOVA space
 * @claim: on the pages, while the IOAS has a domain
 * @backing: the memory; a reference
 * @length_bytes: its length
 * @start_byte: where it begins in the backing, in bytes
 * @pins: what accesses have pinned; protected by pins_lock of the backing
 * @nr_users: how many pins there are, and how many accesses just read or write;
 *            protected by the lock of the IOVA space
 * @nr_owners: how many of these pins are of hardware, which can not be asked to
 *             give them up; protected likewise
 * @next: the area that follows in a copy of several, until they are mapped
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 * @blocked: about to be unmapped, for which its use has to end; protected by the
 *           lock of the IOVA space
 * @busy: being mapped or unmapped: others find it taken, but not to be used.
 *        Set with the lock of the IOVA space held, and cleared with release.
 */
struct area {
	struct iova_node node;
	struct interval_tree_node claim;
	struct backing *backing;
	unsigned long length_bytes;
	unsigned long start_byte;
	struct rb_root_cached pins;
	struct area *next;
	unsigned int nr_users;
	unsigned int nr_owners;
	int prot;
	bool blocked;
	bool busy;
};

/**
 * struct new_mapping - what a map call makes, in one allocation
 * @backing: the memory; all backings of areas are in such a struct
 * @area: the first area of it
 */
struct new_mapping {
	struct backing backing;
	struct area area;
};

struct area *area_create(struct backing *backing, unsigned long start_byte,
			 unsigned long length_bytes, int prot);
struct area *area_init_first(struct new_mapping *new, unsigned long start_byte,
			     unsigned long length_bytes, int prot);
void area_free(struct area *area);
int area_populate(struct area *area, struct iommufd_ioas *ioas);
void area_depopulate(struct area *area, struct iommufd_ioas *ioas);
int area_populate_traced(struct area *area, struct iommufd_ioas *ioas,
			 struct trace_op *op);
void area_depopulate_traced(struct area *area, struct iommufd_ioas *ioas,
			    struct trace_op *op);
void area_count(const struct area *area, struct trace_op *op);
void area_free_chain(struct area *chain);

int ioas_insert(struct iommufd_ioas *ioas, struct area *area,
		unsigned long iova, bool fixed);
int ioas_map(struct iommufd_ioas *ioas, struct area *area, unsigned long *iova,
	     bool fixed);
int ioas_map_chain(struct iommufd_ioas *ioas, struct area *chain,
		   unsigned long *iova, bool fixed);
struct area *ioas_copy_areas(struct iommufd_ioas *ioas, unsigned long iova,
			     unsigned long length_bytes, int prot);
int ioas_raise_alignment(struct iommufd_ioas *ioas, unsigned long align_bytes);
void ioas_reset_alignment(struct iommufd_ioas *ioas);

/**
 * area_is_busy() - is an area being mapped or unmapped?
 * @area: the area; the lock of its IOVA space is held
 *
 * Return: true if so.
 */
static inline bool area_is_busy(const struct area *area)
{
	/* Pairs with area_set_ready(), which does not take the lock. */
	return smp_load_acquire(&area->busy);
}

/**
 * area_set_ready() - the end of mapping an area
 * @area: the area; from here on another thread may unmap and free it
 */
static inline void area_set_ready(struct area *area)
{
	/* Who sees that it is no longer busy sees all that was mapped. */
	smp_store_release(&area->busy, false);
}

/**
 * area_of() - the area that a node belongs to
 * @node: the node, or NULL
 *
 * Return: the area, or NULL for NULL.
 */
static inline struct area *area_of(struct iova_node *node)
{
	return node ? container_of(node, struct area, node) : NULL;
}

/**
 * area_claim() - have the memory of an area pinned
 * @area: the area
 *
 * Return: as backing_claim().
 */
static inline int area_claim(struct area *area)
{
	unsigned long last_byte = area->start_byte + area->length_bytes - 1;

	return backing_claim(area->backing, &area->claim,
			     area->start_byte >> PAGE_SHIFT,
			     last_byte >> PAGE_SHIFT);
}

/**
 * area_unclaim() - undo area_claim()
 * @area: the area; no domain maps it any more
 */
static inline void area_unclaim(struct area *area)
{
	backing_unclaim(area->backing, &area->claim);
}

/**
 * area_map() - map a claimed area in one domain
 * @area: the area
 * @member: the domain
 * @combine: let neighbouring pages form large entries
 *
 * Return: as domain_map().
 */
static inline int area_map(struct area *area, struct ioas_domain *member,
			   bool combine)
{
	if (IS_ENABLED(CONFIG_IOMMUFD_NOIOMMU) && member->no_table)
		return 0;
	return domain_map(member->domain, area->node.first, area->backing,
			  area->start_byte, area->length_bytes, area->prot,
			  combine);
}

/**
 * area_unmap() - undo area_map()
 * @area: the area
 * @member: the domain
 */
static inline void area_unmap(struct area *area, struct ioas_domain *member)
{
	if (IS_ENABLED(CONFIG_IOMMUFD_NOIOMMU) && member->no_table)
		return;
	domain_unmap_backing(member->domain, area->node.first, area->backing,
			     area->length_bytes);
}

/**
 * area_next() - the area of an IOAS that comes after another
 * @area: the other one
 *
 * Return: it, or NULL.
 */
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

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * An IOVA range, and the part of a backing that it maps. See area.h.
 */
#include <linux/slab.h>

#include "area.h"
#include "memory/memory.h"

static void init(struct area *area, struct backing *backing,
		 unsigned long start_byte, unsigned long length_bytes, int prot)
{
	area->backing = backing;
	area->start_byte = start_byte;
	area->length_bytes = length_bytes;
	area->pins = RB_ROOT_CACHED;
	area->next = NULL;
	area->nr_users = 0;
	area->nr_owners = 0;
	area->prot = prot;
	area->blocked = false;
	area->busy = true;
}

static struct area *first_area(struct backing *backing)
{
	return &container_of(backing, struct new_mapping, backing)->area;
}

/**
 * area_init_first() - make the first area of a new backing
 * @new: the backing is begun; the caller's reference goes over to the area
 * @start_byte: where it begins in the backing, in bytes
 * @length_bytes: its length
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 *
 * Needs no memory. The area is not in an IOAS yet.
 *
 * Return: the area.
 */
struct area *area_init_first(struct new_mapping *new, unsigned long start_byte,
			     unsigned long length_bytes, int prot)
{
	init(&new->area, &new->backing, start_byte, length_bytes, prot);
	return &new->area;
}

/**
 * area_create() - make a further area of a backing
 * @backing: the memory; the caller's reference goes over to the area, also in
 *           case of an error
 * @start_byte: where it begins in @backing, in bytes
 * @length_bytes: its length
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 *
 * Return: the area, in no IOAS yet, or ERR_PTR(-ENOMEM).
 */
struct area *area_create(struct backing *backing, unsigned long start_byte,
			 unsigned long length_bytes, int prot)
{
	struct area *area = kmalloc_obj(*area, GFP_KERNEL_ACCOUNT);

	if (!area) {
		backing_put(backing);
		return ERR_PTR(-ENOMEM);
	}
	init(area, backing, start_byte, length_bytes, prot);
	return area;
}

/**
 * area_free() - free an area
 * @area: in no IOAS, mapped by no domain
 */
void area_free(struct area *area)
{
	struct backing *backing = area->backing;

	if (area != first_area(backing))
		kfree(area);
	backing_put(backing);
}

/**
 * area_count() - have an area in what a traced operation was about
 * @area: the area; busy, or domains_rwsem is held for writing
 * @op: the operation
 *
 * Context: Process; takes the backing's lock, as long as there are extents.
 */
void area_count(const struct area *area, struct trace_op *op)
{
	unsigned long last_byte = area->start_byte + area->length_bytes - 1;
	u64 begin_ns = trace_stage_begin(op);

	op->nr_areas++;
	op->length_bytes += area->length_bytes;
	backing_count(area->backing, area->start_byte >> PAGE_SHIFT,
		      last_byte >> PAGE_SHIFT, &op->pins);
	trace_op_leave_out(op, begin_ns);
}

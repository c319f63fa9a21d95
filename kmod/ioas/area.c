// SPDX-License-Identifier: GPL-2.0-only
/*
 * An IOVA range, and the part of a backing that it maps. See area.h.
 */
#include <linux/list.h>
#include <linux/slab.h>

#include "area.h"
#include "ioas.h"
#include "memory/backing.h"
#include "memory/dmabuf.h"
#include "table/domain.h"

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

/**
 * area_create_first() - make the first area of a new backing
 * @backing: the memory; the caller's reference goes over to the area
 * @start_byte: where it begins in @backing, in bytes
 * @length_bytes: its length
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 *
 * Needs no memory. The area is not in an IOAS yet.
 *
 * Return: the area.
 */
struct area *area_create_first(struct backing *backing,
			       unsigned long start_byte,
			       unsigned long length_bytes, int prot)
{
	init(&backing->own_area, backing, start_byte, length_bytes, prot);
	return &backing->own_area;
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

	if (area != &backing->own_area)
		kfree(area);
	backing_put(backing);
}

/**
 * area_pin() - pin the memory of an area
 * @area: the area
 *
 * Return: 0, or what backing_claim() says.
 */
int area_pin(struct area *area)
{
	unsigned long last_byte = area->start_byte + area->length_bytes - 1;

	/* Memory of a device does not move; its driver can take it away. */
	if (area->backing->dmabuf)
		return 0;
	return backing_claim(area->backing, &area->claim,
			     area->start_byte >> PAGE_SHIFT,
			     last_byte >> PAGE_SHIFT);
}

/**
 * area_unpin() - undo area_pin()
 * @area: the area; no domain maps it any more
 */
void area_unpin(struct area *area)
{
	if (!area->backing->dmabuf)
		backing_unclaim(area->backing, &area->claim);
}

/**
 * area_map_domain() - map an area in one domain
 * @area: pinned
 * @member: the domain
 * @combine: let neighbouring pages form large entries
 *
 * Return: 0, or what domain_map() says.
 */
int area_map_domain(struct area *area, struct ioas_domain *member, bool combine)
{
	if (area->backing->dmabuf)
		return dmabuf_map_domain(area->backing, member->domain,
					 area->node.first, area->start_byte,
					 area->length_bytes, area->prot);
	return domain_map(member->domain, area->node.first, area->backing,
			  area->start_byte, area->length_bytes, area->prot,
			  combine);
}

/**
 * area_unmap_domain() - unmap an area from one domain
 * @area: the area
 * @member: the domain
 */
void area_unmap_domain(struct area *area, struct ioas_domain *member)
{
	if (area->backing->dmabuf)
		dmabuf_unmap_domain(area->backing, member->domain,
				    area->node.first);
	else
		domain_unmap(member->domain, area->node.first,
			     area->length_bytes);
}

/**
 * area_populate() - pin an area and map it in every domain of its IOAS
 * @area: the area
 * @ioas: the IOAS; where it has no domain, nothing is pinned either
 *
 * Context: Process; sleeps. domains_rwsem is held for reading.
 * Return: 0, or with nothing done what area_pin() or area_map_domain() say.
 */
int area_populate(struct area *area, struct iommufd_ioas *ioas)
{
	struct ioas_domain *member;
	int rc;

	if (list_empty(&ioas->domains))
		return 0;
	rc = area_pin(area);
	if (rc)
		return rc;
	list_for_each_entry(member, &ioas->domains, node) {
		rc = area_map_domain(area, member, ioas->combine);
		if (rc)
			goto err_unmap;
	}
	return 0;

err_unmap:
	list_for_each_entry_continue_reverse(member, &ioas->domains, node)
		area_unmap_domain(area, member);
	area_unpin(area);
	return rc;
}

/**
 * area_depopulate() - undo area_populate()
 * @area: the area
 * @ioas: the IOAS
 *
 * Context: Process; sleeps. domains_rwsem is held for reading.
 */
void area_depopulate(struct area *area, struct iommufd_ioas *ioas)
{
	struct ioas_domain *member;

	if (list_empty(&ioas->domains))
		return;
	list_for_each_entry(member, &ioas->domains, node)
		area_unmap_domain(area, member);
	area_unpin(area);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Areas: an IOVA range of an IOAS, and the part of a backing that it maps.
 */
#ifndef IOMMUFD_AREA_H
#define IOMMUFD_AREA_H

#include "backing.h"

struct iommufd_ioas;
struct ioas_domain;

/**
 * struct area - one mapping of an IOAS
 * @claim: on the pages, while @ioas has a domain
 * @backing: the memory; a reference
 * @iova: first IOVA; set when the area enters an IOVA space
 * @length_bytes: its length
 * @start_byte: where it begins in the backing, in bytes
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 * @combine: as in the IOAS, at the time of mapping
 * @busy: being mapped or unmapped: others find it taken, but not to be used.
 *        Protected by the lock of the IOVA space.
 */
struct area {
	struct backing_claim claim;
	struct backing *backing;
	unsigned long iova;
	unsigned long length_bytes;
	unsigned long start_byte;
	int prot;
	bool combine;
	bool busy;
};

struct area *area_create(struct backing *backing, unsigned long start_byte,
			 unsigned long length_bytes, int prot);
void area_free(struct area *area);
int area_pin(struct area *area);
void area_unpin(struct area *area);
int area_map_domain(struct area *area, struct ioas_domain *member);
void area_unmap_domain(struct area *area, struct ioas_domain *member);
int area_populate(struct area *area, struct list_head *domains);
void area_depopulate(struct area *area, struct list_head *domains);

/** area_last_iova() - the last IOVA of @area, inclusive */
static inline unsigned long area_last_iova(const struct area *area)
{
	return area->iova + area->length_bytes - 1;
}

#endif

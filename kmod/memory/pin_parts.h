/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pins in parts: much memory, cut where it costs nothing and pinned by a crew (crew.h).
 *
 * Helpers are for memory that is not there yet, which has to be brought and cleared. What
 * is there is pinned by one thread, for that is hardly more than to look at what describes
 * it: of base pages 22 of the 35 instructions that a map has for each, and 9 of 11 to unmap,
 * so a helper is half a percent of 1 GiB and more. With one in two, 2 GiB were mapped 1.2
 * times as fast, and huge leaves three times slower. It is looked at in some places of each
 * GiB; from the first one on of which something is absent, what is left is divided. Each
 * part has extents of its own, which are put together in order.
 */
#ifndef IOMMUFD_PIN_PARTS_H
#define IOMMUFD_PIN_PARTS_H

#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "crew.h"
#include "extent.h"

/*
 * For so much memory that is absent a thread is worth making: what that takes, and what
 * parts take, is at most half a percent of what it takes to fault it in.
 */
#define PIN_PARTS_WORTH_NPAGES	(SZ_16M / PAGE_SIZE)

/**
 * struct pin_source - memory to pin
 * @pin: pin @npages from page @first on, behind what @ex has. Ends early, with any
 *       errno, once @stop says other than 0, where that is not NULL. On failure all
 *       of @ex is unpinned, and it is empty.
 * @is_absent: is a page not there yet? The answer is of the past when it arrives.
 * @leaf_npages: of how many pages a leaf may be there, from @first on
 * @phase_npages: where page 0 lies, from a multiple of the largest leaf on
 */
struct pin_source {
	int (*pin)(const struct pin_source *source, unsigned long first,
		   unsigned long npages, const int *stop, struct extents *ex);
	bool (*is_absent)(const struct pin_source *source, unsigned long index);
	unsigned long (*leaf_npages)(const struct pin_source *source,
				     unsigned long first);
	unsigned long phase_npages;
};

int pin_in_parts(const struct pin_source *source, unsigned long npages,
		 struct extents *ex);

/**
 * pin_may_be_in_parts() - is there so much memory that helpers may be worth it?
 * @npages: how much there is
 *
 * Return: false if one thread pins it, whatever it is.
 */
static inline bool pin_may_be_in_parts(unsigned long npages)
{
	return npages >= 2 * PIN_PARTS_WORTH_NPAGES &&
	       crew_size(npages, PIN_PARTS_WORTH_NPAGES) > 1;
}

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <iommufd_test.h>
#include <stdlib.h>

#include "answer.h"
#include "parts.h"

#define MAX_CLAIM	(2 * MEM_PAGES)	/* pages: more can not be pinned */

struct backing *backing_new(bool file, bool writable, __u64 start, __u64 npages)
{
	__u64 room = npages < MAX_CLAIM ? npages : MAX_CLAIM;
	struct backing *backing = calloc(1, sizeof(*backing));

	if (!backing)
		abort();
	backing->refs = 1;
	backing->file = file;
	backing->writable = writable;
	backing->start = start;
	backing->npages = npages;
	backing->pinned = calloc(room, sizeof(*backing->pinned));
	backing->claims = calloc(room, sizeof(*backing->claims));
	if (!backing->pinned || !backing->claims)
		abort();
	return backing;
}

void backing_put(struct backing *backing)
{
	if (--backing->refs)
		return;
	free(backing->pinned);
	free(backing->claims);
	free(backing);
}

/* What a page of it is, pinned or just now. */
struct page *backing_page(const struct backing *backing, __u64 index)
{
	__u64 at = backing->start / PAGE + index;

	if (index < MAX_CLAIM && backing->pinned[index])
		return backing->pinned[index];
	if (backing->file)
		return file_page(at);
	return page_at(at - (__u64)m->seen.m.mem / PAGE, backing->writable);
}

bool can_claim(const struct backing *backing, __u64 first, __u64 last)
{
	__u64 i;

	if (backing->dmabuf)
		return true;
	if (last >= MAX_CLAIM)
		return false;
	for (i = first; i <= last; i++) {
		if (!backing_page(backing, i))
			return false;
	}
	return true;
}

static void claim(struct backing *backing, __u64 first, __u64 last)
{
	__u64 i;

	for (i = first; !backing->dmabuf && i <= last; i++) {
		if (backing->claims[i]++)
			continue;
		backing->pinned[i] = backing_page(backing, i);
		backing->pinned[i]->refs++;
	}
}

static void unclaim(struct backing *backing, __u64 first, __u64 last)
{
	__u64 i;

	for (i = first; !backing->dmabuf && i <= last; i++) {
		if (--backing->claims[i])
			continue;
		page_put(backing->pinned[i]);
		backing->pinned[i] = NULL;
	}
}

void backing_let_go(struct backing *backing)
{
	__u64 i;

	for (i = 0; i < backing->npages && i < MAX_CLAIM; i++)
		page_put(backing->pinned[i]);
}

static __u64 first_index(const struct area *area)
{
	return area->start_byte / PAGE;
}

static __u64 last_index(const struct area *area)
{
	return (area->start_byte + (area->last - area->first)) / PAGE;
}

bool area_can_claim(const struct area *area)
{
	return can_claim(area->backing, first_index(area), last_index(area));
}

void area_claim(struct area *area)
{
	claim(area->backing, first_index(area), last_index(area));
}

void area_unclaim(struct area *area)
{
	unclaim(area->backing, first_index(area), last_index(area));
}

struct area *area_at(struct ioas *ioas, __u64 iova)
{
	unsigned int i;

	for (i = 0; i < ioas->nr; i++) {
		if (ioas->area[i].first <= iova && iova <= ioas->area[i].last)
			return &ioas->area[i];
	}
	return NULL;
}

/* The first one that has something of a range. */
struct area *area_in(struct ioas *ioas, __u64 first, __u64 last)
{
	struct area *found = NULL;
	unsigned int i;

	for (i = 0; i < ioas->nr; i++) {
		struct area *area = &ioas->area[i];

		if (area->last >= first && area->first <= last &&
		    (!found || area->first < found->first))
			found = area;
	}
	return found;
}

void area_remove(struct ioas *ioas, struct area *area)
{
	if (ioas->nr_domains)
		area_unclaim(area);
	backing_put(area->backing);
	*area = ioas->area[--ioas->nr];
}

__u64 alignment(const struct ioas *ioas)
{
	if (ioas->small || ioas->nr_pinning)
		return PAGE;
	return ioas->nr_domains ? MOCK_ALIGN : 1;
}

static bool is_reserved(const struct ioas *ioas, __u64 first, __u64 last)
{
	unsigned int i;

	if (ioas->nr_domains && (first < MOCK_APERTURE_START || last > MOCK_APERTURE_LAST))
		return true;
	for (i = 0; i < ioas->nr_reserved; i++) {
		if (first <= ioas->reserved[i].last && last >= ioas->reserved[i].first)
			return true;
	}
	return false;
}

bool is_aligned(const struct ioas *ioas, __u64 align)
{
	unsigned int i;

	for (i = 0; i < ioas->nr; i++) {
		const struct area *area = &ioas->area[i];

		if ((area->first | (area->last + 1) | area->start_byte) & (align - 1))
			return false;
	}
	return true;
}

void ioas_empty(struct ioas *ioas)
{
	while (ioas->nr)
		area_remove(ioas, &ioas->area[ioas->nr - 1]);
}

/* The parts of a range, all of which is mapped: claimed, or let go of. */
void claim_range(struct ioas *ioas, __u64 first, __u64 last, bool on, int owners)
{
	for (;;) {
		struct area *area = area_at(ioas, first);
		__u64 end = last < area->last ? last : area->last;
		__u64 from = (area->start_byte + first - area->first) / PAGE;
		__u64 to = (area->start_byte + end - area->first) / PAGE;

		if (on)
			claim(area->backing, from, to);
		else
			unclaim(area->backing, from, to);
		area->owners += owners;
		if (end == last)
			return;
		first = end + 1;
	}
}

const char *add_domain(struct ioas *ioas)
{
	unsigned int i;

	if (!ioas->nr_domains++) {
		if (!is_aligned(ioas, MOCK_ALIGN))
			return wrong("a domain has what is not aligned for it");
		for (i = 0; i < ioas->nr; i++) {
			struct area *area = &ioas->area[i];

			if (area->first < MOCK_APERTURE_START || area->last > MOCK_APERTURE_LAST)
				return wrong("a domain has what it can not address");
			if (!area_can_claim(area))
				return wrong("a domain has memory that is not there");
			area_claim(area);
		}
	}
	return NULL;
}

void remove_domain(struct ioas *ioas)
{
	unsigned int i;

	if (--ioas->nr_domains)
		return;
	for (i = 0; i < ioas->nr; i++)
		area_unclaim(&ioas->area[i]);
}

/* Where a fixed mapping goes: is there room? */
int check_place(const struct ioas *ioas, __u64 start_byte, __u64 iova, __u64 bytes)
{
	__u64 align = alignment(ioas), last = iova + bytes - 1;

	if ((start_byte | iova | (last + 1)) & (align - 1))
		return -EINVAL;
	if (is_reserved(ioas, iova, last))
		return -EINVAL;
	return area_in((struct ioas *)ioas, iova, last) ? -EEXIST : 0;
}

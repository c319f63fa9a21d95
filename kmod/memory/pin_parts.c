// SPDX-License-Identifier: GPL-2.0-only
/*
 * Much memory, pinned in parts. See pin_parts.h.
 */
#include <linux/align.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "core/core.h"
#include "pin.h"
#include "pin_parts.h"

/* So much is pinned before it is looked at again what memory is made of. */
#define STRETCH_NPAGES		(SZ_1G / PAGE_SIZE)

/* In so many places of it. */
#define NR_LOOKS		4

/*
 * So many parts for a thread, that all are over at about the same time; but neither so
 * small that what is mapped in turn by two threads lies in short runs, nor so large
 * that the end, or an error, is waited for.
 */
#define PARTS_EACH		8
#define PART_MIN_NPAGES		(SZ_8M / PAGE_SIZE)
#define PART_MAX_NPAGES		(SZ_64M / PAGE_SIZE)

/**
 * struct parts - a range that is pinned in parts
 * @job: a part each
 * @source: of what
 * @first: where it begins, in pages of @source
 * @npages: how long it is
 * @part_npages: how long a part is that is whole
 * @skip_npages: how much of the first part lies before @first
 * @part: what was pinned of each
 */
struct parts {
	struct crew_job job;
	const struct pin_source *source;
	unsigned long first;
	unsigned long npages;
	unsigned long part_npages;
	unsigned long skip_npages;
	struct extents *part;
};

/* Where a part begins, in pages from the start of the range; or the range ends. */
static unsigned long part_start(const struct parts *parts, unsigned long nr)
{
	if (!nr)
		return 0;
	return min(nr * parts->part_npages - parts->skip_npages, parts->npages);
}

static int pin_part(struct crew_job *job, unsigned long nr)
{
	struct parts *parts = container_of(job, struct parts, job);
	const struct pin_source *source = parts->source;
	unsigned long start = part_start(parts, nr);

	return source->pin(source, parts->first + start,
			   part_start(parts, nr + 1) - start, &job->rc,
			   &parts->part[nr]);
}

/* At the edges of leaves, also of the largest that may be there. */
static void cut(struct parts *parts, unsigned int nr_threads)
{
	const struct pin_source *source = parts->source;
	unsigned long leaf_npages = source->leaf_npages(source, parts->first);
	unsigned long npages = parts->npages / nr_threads / PARTS_EACH;

	npages = clamp(npages, PART_MIN_NPAGES, PART_MAX_NPAGES);
	parts->part_npages = max(ALIGN_DOWN(npages, PMD_SIZE / PAGE_SIZE),
				 leaf_npages);
	parts->skip_npages = (source->phase_npages + parts->first) % leaf_npages;
	parts->job.nr_parts = DIV_ROUND_UP(parts->skip_npages + parts->npages,
					   parts->part_npages);
}

/* In order, to the end of @ex. What is not there in the end is unpinned. */
static int put_together(struct parts *parts, int rc, struct extents *ex)
{
	for (unsigned long i = 0; i < parts->job.nr_parts; i++) {
		struct extents *part = &parts->part[i];

		if (!rc)
			rc = extents_splice(ex, part);
		if (rc)
			unpin_extents(part, false);
	}
	if (rc)
		unpin_extents(ex, false);
	return rc;
}

/* Returns how many threads helped; or an errno, and all of @ex is unpinned. */
static int pin_by_crew(const struct pin_source *source, unsigned long first,
		       unsigned long npages, unsigned int nr_threads,
		       struct extents *ex)
{
	struct parts parts = {
		.job.do_part = pin_part,
		.source = source,
		.first = first,
		.npages = npages,
	};
	int rc;

	cut(&parts, nr_threads);
	parts.part = kvcalloc(parts.job.nr_parts, sizeof(*parts.part),
			      GFP_KERNEL_ACCOUNT);
	if (!parts.part) {
		unpin_extents(ex, false);
		return -ENOMEM;
	}
	rc = put_together(&parts, crew_do(&parts.job, nr_threads), ex);
	kvfree(parts.part);
	return rc ? rc : atomic_read(&parts.job.nr_helped);
}

/* Where huge leaves and memory that is absent take turns, some of both is met. */
static bool is_absent(const struct pin_source *source, unsigned long first,
		      unsigned long npages)
{
	for (unsigned long i = 0; i < NR_LOOKS; i++) {
		if (source->is_absent(source,
				      first + i * npages / NR_LOOKS))
			return true;
	}
	return false;
}

/**
 * pin_in_parts() - pin memory, with helpers where they are worth it
 * @source: the memory
 * @npages: how much of it, from its start on
 * @ex: an empty sequence, which then describes the pages
 *
 * Context: Process; sleeps, and takes what locks @source->pin takes.
 * Return: how many threads helped the caller; or with nothing pinned and @ex empty
 * -EINTR, -ENOMEM or what @source->pin says.
 */
int pin_in_parts(const struct pin_source *source, unsigned long npages,
		 struct extents *ex)
{
	unsigned long done = 0;
	int rc;

	for (;;) {
		unsigned long left = npages - done;
		unsigned long n = min(left, STRETCH_NPAGES);
		unsigned int nr_threads = 1;

		if (is_absent(source, done, n))
			nr_threads = crew_size(left, PIN_PARTS_WORTH_NPAGES);
		if (nr_threads > 1)
			return pin_by_crew(source, done, left, nr_threads, ex);
		rc = source->pin(source, done, n, NULL, ex);
		race_point("pin_parts:stretch-pinned");
		done += n;
		if (rc || done == npages)
			return rc;
		rc = cond_resched_killable();
		if (rc) {
			unpin_extents(ex, false);
			return rc;
		}
	}
}

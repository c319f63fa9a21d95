// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an IOAS has, for people to look at: core/debugfs.h.
 *
 * Nobody waits for it, and it waits for nobody: of what is mapped one area is looked
 * at with the lock of the IOVA space held, and then some extents of its backing, if
 * their lock is free, which is held with preemption off: no longer than it takes to
 * count them. Nothing here takes domains_rwsem, that who attaches has for as long as
 * all memory takes to be faulted in.
 */
#include <linux/cred.h>
#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/string_choices.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "area.h"
#include "core/core.h"
#include "ioas.h"
#include "memory/memory.h"

/* Extents that are counted before others get the lock: a microsecond or two. */
#define STEP_EXTENTS	256
/* How often a backing that is in use is looked at again, in ticks of the clock. */
#define MAX_TRIES	10

/* What the next line is about. */
enum stage {
	STAGE_HEAD,
	STAGE_AREA,
	STAGE_TOTAL,
	STAGE_OVER,
};

/**
 * struct glance - one area, at one time
 * @backing: its memory; a reference
 * @first: first IOVA
 * @last: last IOVA, inclusive
 * @first_index: its first page in @backing
 * @last_index: its last page
 * @prot: as of the area
 * @nr_users: the same
 * @nr_owners: the same
 * @blocked: the same
 * @busy: the same
 */
struct glance {
	struct backing *backing;
	unsigned long first;
	unsigned long last;
	unsigned long first_index;
	unsigned long last_index;
	int prot;
	unsigned int nr_users;
	unsigned int nr_owners;
	bool blocked;
	bool busy;
};

/* The first area at or behind an IOVA. Returns false when there is none. */
static bool glance_at(struct iommufd_ioas *ioas, unsigned long iova,
		      struct glance *seen)
{
	struct area *area;

	spin_lock(&ioas->space.lock);
	area = area_of(iova_space_find(&ioas->space, iova, ULONG_MAX));
	if (area) {
		unsigned long bytes = area->node.last - area->node.first;

		seen->backing = backing_get(area->backing);
		seen->first = area->node.first;
		seen->last = area->node.last;
		seen->first_index = area->start_byte >> PAGE_SHIFT;
		seen->last_index = (area->start_byte + bytes) >> PAGE_SHIFT;
		seen->prot = area->prot;
		seen->nr_users = area->nr_users;
		seen->nr_owners = area->nr_owners;
		seen->blocked = area->blocked;
		seen->busy = area_is_busy(area);
	}
	spin_unlock(&ioas->space.lock);
	return area;
}

static const char *state_of(const struct glance *seen)
{
	if (seen->busy)
		return "busy";
	if (seen->blocked)
		return "blocked";
	return "ready";
}

static int print_area(const struct glance *seen, char *line, int room)
{
	return scnprintf(line, room,
			 "  area iova=%#lx length=%#lx prot=%s%s state=%s users=%u owners=%u",
			 seen->first, seen->last - seen->first + 1,
			 seen->prot & IOMMU_READ ? "r" : "",
			 seen->prot & IOMMU_WRITE ? "w" : "", state_of(seen),
			 seen->nr_users, seen->nr_owners);
}

static int print_pins(const struct pin_counts *pins, char *line, int room)
{
	return scnprintf(line, room,
			 " runs=%llu pages_4k=%llu pages_2m=%llu pages_1g=%llu pages_other=%llu helpers=%u",
			 pins->nr_runs, pins->npages[PIN_LEAF_4K],
			 pins->npages[PIN_LEAF_2M], pins->npages[PIN_LEAF_1G],
			 pins->npages[PIN_LEAF_OTHER], pins->nr_helpers);
}

/* Whom its pages are charged to. */
static int print_account(const struct account *acct, char *line, int room)
{
	switch (acct->mode) {
	case ACCOUNT_USER:
		return scnprintf(line, room, " charged=user-%u",
				 from_kuid_munged(&init_user_ns,
						  acct->user->uid));
	case ACCOUNT_MM:
		return scnprintf(line, room, " charged=process");
	default:
		return scnprintf(line, room, " charged=none");
	}
}

static void end_line(struct debugfs_reader *reader, int len)
{
	scnprintf(reader->line + len, sizeof(reader->line) - len, "\n");
}

static void add_pins(struct pin_counts *all, const struct pin_counts *pins)
{
	all->nr_runs += pins->nr_runs;
	for (int leaf = 0; leaf < PIN_NR_LEAVES; leaf++)
		all->npages[leaf] += pins->npages[leaf];
	all->nr_helpers = max(all->nr_helpers, pins->nr_helpers);
}

static void go_to_area(struct debugfs_reader *reader, unsigned long iova)
{
	reader->at = iova;
	reader->of = NULL;
	reader->index = 0;
	reader->nr_tries = 0;
	reader->pins = (struct pin_counts){};
}

/* The line of an area is complete, but for its end. */
static void end_area(struct debugfs_reader *reader, const struct glance *seen,
		     int len)
{
	end_line(reader, len);
	reader->nr_areas++;
	reader->length_bytes += seen->last - seen->first + 1;
	add_pins(&reader->all, &reader->pins);
	go_to_area(reader, seen->last + 1);
	if (seen->last == ULONG_MAX)
		reader->stage = STAGE_TOTAL;
}

/*
 * Count some more of the pages of an area, and say so when that was the last. Who
 * holds a mutex for that short a time is not to be preempted: others would wait until
 * it has a CPU again. Returns false while another thread has the lock.
 */
static bool count_some(struct debugfs_reader *reader, const struct glance *seen,
		       bool *is_last, int *len)
{
	struct backing *backing = seen->backing;
	char *line = reader->line;
	bool free;

	preempt_disable();
	free = mutex_trylock(&backing->lock);
	if (free) {
		reader->index = backing_count_some(backing,
						   max(reader->index,
						       seen->first_index),
						   seen->last_index,
						   STEP_EXTENTS, &reader->pins);
		*is_last = reader->index > seen->last_index;
		if (*is_last)
			*len += print_account(&backing->account, line + *len,
					      DEBUGFS_LINE_LEN - *len);
		mutex_unlock(&backing->lock);
	}
	preempt_enable();
	return free;
}

static int show_area(struct debugfs_reader *reader, const struct glance *seen)
{
	bool is_last = false;
	int len;

	len = print_area(seen, reader->line, DEBUGFS_LINE_LEN);
	if (!backing_has_pages(seen->backing)) {
		len += scnprintf(reader->line + len, DEBUGFS_LINE_LEN - len,
				 " device-memory");
		end_area(reader, seen, len);
		return DEBUGFS_LINE;
	}
	if (!count_some(reader, seen, &is_last, &len)) {
		/* Faulting it in may take as long as userspace likes. */
		if (++reader->nr_tries < MAX_TRIES)
			return DEBUGFS_LATER;
		len += scnprintf(reader->line + len, DEBUGFS_LINE_LEN - len,
				 " in-use");
		reader->pins = (struct pin_counts){};
		end_area(reader, seen, len);
		return DEBUGFS_LINE;
	}
	if (!is_last)
		return DEBUGFS_MORE;
	len += print_pins(&reader->pins, reader->line + len,
			  DEBUGFS_LINE_LEN - len);
	end_area(reader, seen, len);
	return DEBUGFS_LINE;
}

static int step_to_area(struct iommufd_ioas *ioas,
			struct debugfs_reader *reader)
{
	struct glance seen;
	int step;

	if (!glance_at(ioas, reader->at, &seen)) {
		reader->stage = STAGE_TOTAL;
		return DEBUGFS_MORE;
	}
	race_point("show:found");
	/* It is not the one that was begun: then that one is gone. */
	if (seen.first != reader->at || seen.backing != reader->of)
		go_to_area(reader, seen.first);
	reader->of = seen.backing;
	step = show_area(reader, &seen);
	backing_put(seen.backing);
	return step;
}

static void show_head(struct iommufd_ioas *ioas, struct debugfs_reader *reader)
{
	scnprintf(reader->line, sizeof(reader->line),
		  "  domains=%u accesses=%u huge-pages=%s charges=%s\n",
		  READ_ONCE(ioas->nr_domains), READ_ONCE(ioas->nr_notifiers),
		  str_yes_no(READ_ONCE(ioas->combine)),
		  READ_ONCE(ioas->ictx->account_by_mm) ? "process" : "user");
	reader->nr_areas = 0;
	reader->length_bytes = 0;
	reader->all = (struct pin_counts){};
	go_to_area(reader, 0);
}

static void show_total(struct debugfs_reader *reader)
{
	int len;

	len = scnprintf(reader->line, sizeof(reader->line),
			"  total areas=%llu length=%#llx", reader->nr_areas,
			reader->length_bytes);
	len += print_pins(&reader->all, reader->line + len,
			  DEBUGFS_LINE_LEN - len);
	end_line(reader, len);
}

/**
 * ioas_show() - one step to the next line about an IOAS
 * @obj: the IOAS
 * @reader: who reads
 *
 * Context: Process; sleeps, but holds up nobody.
 * Return: enum debugfs_step.
 */
int ioas_show(struct iommufd_object *obj, struct debugfs_reader *reader)
{
	struct iommufd_ioas *ioas = container_of(obj, struct iommufd_ioas, obj);

	switch (reader->stage) {
	case STAGE_HEAD:
		show_head(ioas, reader);
		reader->stage = STAGE_AREA;
		return DEBUGFS_LINE;
	case STAGE_AREA:
		return step_to_area(ioas, reader);
	case STAGE_TOTAL:
		show_total(reader);
		reader->stage = STAGE_OVER;
		return DEBUGFS_LINE;
	default:
		return DEBUGFS_OVER;
	}
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sequences of runs of physically contiguous pages. See extent.h.
 */
#include "extent.h"
#include "portable.h"

/* Capacities that the first chunk goes through, so that few runs cost little. */
#define EXTENT_CHUNK_MIN	16
#define EXTENT_CHUNK_MID	128

/**
 * extents_init() - start an empty sequence
 * @ex: the sequence
 *
 * Allocates nothing.
 */
void extents_init(struct extents *ex)
{
	*ex = (struct extents){};
}

/**
 * extents_free() - give back the memory of a sequence
 * @ex: the sequence; empty afterwards
 *
 * The pages that it describes are the caller's to unpin first.
 *
 * Context: May sleep.
 */
void extents_free(struct extents *ex)
{
	/* Mostly all runs are in @few. */
	if (ex->chunk) {
		for (u32 i = 0; i < ex->nr_chunks; i++)
			kfree(ex->chunk[i].run);
		kvfree(ex->chunk);
	}
	extents_init(ex);
}

/* The run that a further one may be joined to; NULL when there is none. */
static extent_t *last_run(struct extents *ex)
{
	struct extent_chunk *chunk;

	if (!ex->nr_chunks)
		return ex->nr_few ? &ex->few[ex->nr_few - 1] : NULL;
	chunk = &ex->chunk[ex->nr_chunks - 1];
	return &chunk->run[chunk->nr - 1];
}

/*
 * Two runs join only at the edge of a block: inside of one, each of them holds a
 * pin of its own.
 */
static bool can_join(extent_t run, unsigned long pfn, unsigned long npages,
		     unsigned int pin_order)
{
	return extent_end_pfn(run) == pfn &&
	       extent_pin_order(run) == pin_order &&
	       !(pfn & ((1UL << pin_order) - 1)) &&
	       extent_npages(run) + npages <= EXTENT_MAX_NPAGES;
}

/* Lengthen @run by the pages that follow it. */
static bool join(extent_t *run, unsigned long pfn, unsigned long npages,
		 unsigned int pin_order)
{
	if (!can_join(*run, pfn, npages, pin_order))
		return false;
	*run = extent_make(extent_pfn(*run), extent_npages(*run) + npages,
			   pin_order);
	return true;
}

/*
 * Make room for @room chunks in the list. It doubles, so it is full exactly at
 * the powers of two. What is beyond all that can be had is for the caller to tell.
 */
static int grow_list(struct extents *ex, size_t room)
{
	struct extent_chunk *chunk;

	/* Mostly one chunk is all there ever is, and that costs the least so. */
	if (!ex->chunk && room == 1)
		chunk = kmalloc(sizeof(*chunk), GFP_KERNEL_ACCOUNT);
	else
		chunk = kvrealloc(ex->chunk, room * sizeof(*chunk),
				  GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!chunk)
		return -ENOMEM;
	ex->chunk = chunk;
	return 0;
}

/* Add an empty chunk with room for @capacity runs at the end of @ex. */
static int add_chunk(struct extents *ex, u16 capacity)
{
	size_t nr = ex->nr_chunks;
	struct extent_chunk *chunk;

	if ((!nr || is_power_of_2(nr)) && grow_list(ex, nr ? 2 * nr : 1))
		return -ENOMEM;
	chunk = &ex->chunk[ex->nr_chunks];
	*chunk = (struct extent_chunk){
		.run = kmalloc(capacity * sizeof(extent_t), GFP_KERNEL_ACCOUNT),
		.first_index = ex->npages,
		.capacity = capacity,
	};
	if (!chunk->run)
		return -ENOMEM;
	ex->nr_chunks++;
	return 0;
}

static int grow_chunk(struct extent_chunk *chunk)
{
	u16 capacity = chunk->capacity < EXTENT_CHUNK_MID ? EXTENT_CHUNK_MID :
							    EXTENT_CHUNK_LEN;
	extent_t *run;

	run = krealloc(chunk->run, capacity * sizeof(*run), GFP_KERNEL_ACCOUNT);
	if (!run)
		return -ENOMEM;
	chunk->run = run;
	chunk->capacity = capacity;
	return 0;
}

/* Make room for one more run in the last chunk. */
static struct extent_chunk *chunk_with_room(struct extents *ex)
{
	struct extent_chunk *chunk;

	if (!ex->nr_chunks) {
		if (add_chunk(ex, EXTENT_CHUNK_MIN))
			return NULL;
		chunk = ex->chunk;
		memcpy(chunk->run, ex->few, sizeof(ex->few));
		chunk->first_index = 0;
		chunk->nr = ex->nr_few;
		ex->nr_few = 0;
		return chunk;
	}
	chunk = &ex->chunk[ex->nr_chunks - 1];
	if (chunk->nr < chunk->capacity)
		return chunk;
	if (chunk->nr == EXTENT_CHUNK_LEN) {
		if (add_chunk(ex, EXTENT_CHUNK_LEN))
			return NULL;
		return &ex->chunk[ex->nr_chunks - 1];
	}
	return grow_chunk(chunk) ? NULL : chunk;
}

static int append_run(struct extents *ex, unsigned long pfn,
		      unsigned long npages, unsigned int pin_order)
{
	extent_t run = extent_make(pfn, npages, pin_order);
	struct extent_chunk *chunk;

	if (!ex->nr_chunks && ex->nr_few < EXTENTS_INLINE) {
		ex->few[ex->nr_few++] = run;
		ex->npages += npages;
		return 0;
	}
	chunk = chunk_with_room(ex);
	if (!chunk)
		return -ENOMEM;
	if (chunk->nr && !(chunk->nr % EXTENT_GROUP_LEN))
		chunk->group_npages[chunk->nr / EXTENT_GROUP_LEN - 1] =
			ex->npages - chunk->first_index;
	chunk->run[chunk->nr++] = run;
	ex->npages += npages;
	return 0;
}

/*
 * What scattered pages mostly are: a run that joins nothing, and for which there
 * is room. Returns false with nothing done for all others.
 */
static bool append_plain(struct extents *ex, unsigned long pfn,
			 unsigned long npages, unsigned int pin_order)
{
	struct extent_chunk *chunk;

	if (!ex->nr_chunks)
		return false;
	chunk = &ex->chunk[ex->nr_chunks - 1];
	/* At the start of a group there is more to write down. */
	if (chunk->nr == chunk->capacity || !(chunk->nr % EXTENT_GROUP_LEN) ||
	    extent_end_pfn(chunk->run[chunk->nr - 1]) == pfn ||
	    (pfn & (EXTENT_MAX_NPAGES - 1)) + npages > EXTENT_MAX_NPAGES)
		return false;
	chunk->run[chunk->nr++] = extent_make(pfn, npages, pin_order);
	ex->npages += npages;
	return true;
}

/**
 * extents_append() - add pages at the end of a sequence
 * @ex: the sequence
 * @pfn: the first page frame
 * @npages: how many, at least 1; longer than one run can hold is split
 * @pin_order: log2 of the number of pages that one pin stands for
 *
 * Joins the pages to the last run where they follow it. Where a run is split,
 * it is at a multiple of EXTENT_MAX_NPAGES page frames, so that no block with
 * one pin is divided (a block is at most that long).
 *
 * Context: May sleep.
 * Return: 0, or -ENOMEM with what fitted appended: the caller knows by
 * @ex->npages how far it got.
 */
int extents_append(struct extents *ex, unsigned long pfn, unsigned long npages,
		   unsigned int pin_order)
{
	extent_t *last;

	if (append_plain(ex, pfn, npages, pin_order))
		return 0;
	last = last_run(ex);
	if (last && join(last, pfn, npages, pin_order)) {
		ex->npages += npages;
		return 0;
	}
	while (npages) {
		unsigned long n = EXTENT_MAX_NPAGES -
				  (pfn & (EXTENT_MAX_NPAGES - 1));
		int rc;

		if (n > npages)
			n = npages;
		rc = append_run(ex, pfn, n, pin_order);
		if (rc)
			return rc;
		pfn += n;
		npages -= n;
	}
	return 0;
}

/*
 * As many runs as join nothing, and for which there is room in a group that has
 * begun. Returns how many.
 */
static size_t append_plain_runs(struct extents *ex, const extent_t *run, size_t nr)
{
	struct extent_chunk *chunk;
	unsigned long npages = 0, end_pfn;
	size_t room, n;

	if (!ex->nr_chunks)
		return 0;
	chunk = &ex->chunk[ex->nr_chunks - 1];
	if (!(chunk->nr % EXTENT_GROUP_LEN))
		return 0;
	room = EXTENT_GROUP_LEN - chunk->nr % EXTENT_GROUP_LEN;
	if (room > chunk->capacity - chunk->nr)
		room = chunk->capacity - chunk->nr;
	if (nr > room)
		nr = room;
	end_pfn = extent_end_pfn(chunk->run[chunk->nr - 1]);
	for (n = 0; n < nr; n++) {
		unsigned long pfn = extent_pfn(run[n]);
		unsigned long run_npages = extent_npages(run[n]);

		if (pfn == end_pfn || (pfn & (EXTENT_MAX_NPAGES - 1)) + run_npages >
					      EXTENT_MAX_NPAGES)
			break;
		chunk->run[chunk->nr + n] = run[n];
		end_pfn = pfn + run_npages;
		npages += run_npages;
	}
	chunk->nr += n;
	ex->npages += npages;
	return n;
}

/**
 * extents_append_runs() - add runs at the end of a sequence
 * @ex: the sequence
 * @run: the runs
 * @nr: how many
 *
 * As extents_append() for each of them, at less than its price where they are not
 * neighbours.
 *
 * Context: May sleep.
 * Return: 0, or -ENOMEM with what fitted appended: the caller knows by
 * @ex->npages how far it got.
 */
int extents_append_runs(struct extents *ex, const extent_t *run, size_t nr)
{
	size_t i = 0;

	while (i < nr) {
		size_t n = append_plain_runs(ex, run + i, nr - i);

		if (!n) {
			int rc = extents_append(ex, extent_pfn(run[i]),
						extent_npages(run[i]),
						extent_pin_order(run[i]));

			if (rc)
				return rc;
			n = 1;
		}
		i += n;
	}
	return 0;
}

/* Put @it at the first run of a chunk. Without chunks there is one, @few. */
static void enter_chunk(struct extents_iter *it, u32 chunk)
{
	const struct extents *ex = it->extents;

	it->chunk = chunk;
	if (ex->nr_chunks) {
		it->pos = ex->chunk[chunk].run;
		it->end = it->pos + ex->chunk[chunk].nr;
	} else {
		it->pos = ex->few;
		it->end = it->pos + ex->nr_few;
	}
}

/* The last chunk that begins at or before @index. */
static u32 find_chunk(const struct extents *ex, unsigned long index)
{
	u32 low = 0, high = ex->nr_chunks;

	while (high - low > 1) {
		u32 mid = low + (high - low) / 2;

		if (ex->chunk[mid].first_index <= index)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* The last group of @chunk that begins at or before @npages from its start. */
static u32 find_group(const struct extent_chunk *chunk, unsigned long npages)
{
	u32 group = 0;

	while ((group + 1) * EXTENT_GROUP_LEN < chunk->nr &&
	       chunk->group_npages[group] <= npages)
		group++;
	return group;
}

/**
 * extents_seek() - find the run that holds a page
 * @ex: the sequence
 * @index: the page index
 * @it: where to put the position: the whole run, which may begin before @index
 *
 * O(log n) in the number of runs: a binary search for the chunk, then at most
 * 8 groups and 64 runs.
 *
 * Return: false when @index is beyond the end.
 */
bool extents_seek(const struct extents *ex, unsigned long index,
		  struct extents_iter *it)
{
	unsigned long at = 0;

	if (index >= ex->npages)
		return false;

	it->extents = ex;
	enter_chunk(it, find_chunk(ex, index));
	if (ex->nr_chunks) {
		const struct extent_chunk *chunk = &ex->chunk[it->chunk];
		u32 group = find_group(chunk, index - chunk->first_index);

		at = chunk->first_index;
		if (group)
			at += chunk->group_npages[group - 1];
		it->pos += group * EXTENT_GROUP_LEN;
	}
	while (index - at >= extent_npages(*it->pos))
		at += extent_npages(*it->pos++);
	it->run = *it->pos;
	it->index = at;
	return true;
}

/**
 * extents_next_chunk() - extents_next() at the end of a chunk
 * @it: the last run of a chunk
 *
 * Return: as extents_next().
 */
bool extents_next_chunk(struct extents_iter *it)
{
	if (it->chunk + 1 >= it->extents->nr_chunks)
		return false;
	enter_chunk(it, it->chunk + 1);
	it->run = *it->pos;
	return true;
}

/**
 * extents_nr_runs() - count the runs of a sequence
 * @ex: the sequence
 *
 * Return: the number of runs.
 */
size_t extents_nr_runs(const struct extents *ex)
{
	size_t nr = ex->nr_few;

	for (u32 i = 0; i < ex->nr_chunks; i++)
		nr += ex->chunk[i].nr;
	return nr;
}

/* Of so few runs a chunk of their own would be mostly empty: they are copied. */
#define EXTENT_COPY_MAX		EXTENT_CHUNK_MID

/*
 * Have room for @nr more runs, side by side, at most EXTENT_COPY_MAX. A chunk that is
 * new for them is empty, so one of them has to follow.
 */
static int reserve_runs(struct extents *ex, u32 nr)
{
	struct extent_chunk *chunk;

	if (!ex->nr_chunks && ex->nr_few + nr <= EXTENTS_INLINE)
		return 0;
	if (!ex->nr_chunks && !chunk_with_room(ex))
		return -ENOMEM;
	chunk = &ex->chunk[ex->nr_chunks - 1];
	while (chunk->nr + nr > chunk->capacity) {
		if (chunk->capacity == EXTENT_CHUNK_LEN)
			return add_chunk(ex, EXTENT_CHUNK_LEN);
		if (grow_chunk(chunk))
			return -ENOMEM;
	}
	return 0;
}

/* The last run of @ex goes on with the first one of @tail. */
static bool is_continued(struct extents *ex, const struct extents *tail)
{
	const extent_t *last = last_run(ex);
	struct extents_iter first;

	return last && extents_first(tail, &first) &&
	       can_join(*last, extent_pfn(first.run), extent_npages(first.run),
			extent_pin_order(first.run));
}

/* All of @tail's runs, which are @nr and few, to the end of @ex. */
static int copy_runs(struct extents *ex, const struct extents *tail, u32 nr)
{
	bool joins = is_continued(ex, tail);
	unsigned long npages;
	struct extents_iter it;

	extents_first(tail, &it);
	npages = extent_npages(it.run);
	if (joins) {
		join(last_run(ex), extent_pfn(it.run), npages,
		     extent_pin_order(it.run));
		ex->npages += npages;
		if (!extents_next(&it))
			return 0;
		nr--;
	}
	if (reserve_runs(ex, nr)) {
		if (joins) {
			extent_t *last = last_run(ex);

			*last = extent_clip(*last, 0, extent_npages(*last) - npages);
			ex->npages -= npages;
		}
		return -ENOMEM;
	}
	/* There is room: from here on nothing fails. */
	do {
		append_run(ex, extent_pfn(it.run), extent_npages(it.run),
			   extent_pin_order(it.run));
	} while (extents_next(&it));
	return 0;
}

/* The last run of @ex becomes part of the first one of @tail. */
static void give_last_run(struct extents *ex, struct extents *tail)
{
	struct extent_chunk *from = &ex->chunk[ex->nr_chunks - 1];
	extent_t last = from->run[--from->nr];
	struct extent_chunk *to = tail->chunk;
	unsigned long npages = extent_npages(last);

	to->run[0] = extent_make(extent_pfn(last),
				 npages + extent_npages(to->run[0]),
				 extent_pin_order(last));
	for (u32 i = 0; i < EXTENT_CHUNK_NGROUPS - 1; i++)
		to->group_npages[i] += npages;
	for (u32 i = 1; i < tail->nr_chunks; i++)
		tail->chunk[i].first_index += npages;
	tail->npages += npages;
	ex->npages -= npages;
	if (!from->nr) {
		kfree(from->run);
		ex->nr_chunks--;
	}
}

/* The chunks of @tail, as they are, behind those of @ex. */
static int move_chunks(struct extents *ex, struct extents *tail)
{
	if (!ex->nr_chunks && !chunk_with_room(ex))
		return -ENOMEM;
	if (grow_list(ex, roundup_pow_of_two((size_t)ex->nr_chunks +
					     tail->nr_chunks)))
		return -ENOMEM;
	/* From here on nothing fails. */
	if (is_continued(ex, tail))
		give_last_run(ex, tail);
	for (u32 i = 0; i < tail->nr_chunks; i++) {
		struct extent_chunk *chunk = &ex->chunk[ex->nr_chunks++];

		*chunk = tail->chunk[i];
		chunk->first_index += ex->npages;
	}
	ex->npages += tail->npages;
	kvfree(tail->chunk);
	return 0;
}

/**
 * extents_splice() - add a whole sequence at the end of another one
 * @ex: the sequence
 * @tail: what follows; empty afterwards
 *
 * O(n) in the chunks of @tail, not in its runs, where it has more than a few. Its
 * first run is joined to the last one of @ex where it follows it.
 *
 * Context: May sleep.
 * Return: 0, or -ENOMEM with both as they were.
 */
int extents_splice(struct extents *ex, struct extents *tail)
{
	u32 nr = tail->nr_chunks ? tail->chunk->nr : tail->nr_few;
	int rc;

	if (!tail->npages)
		return 0;
	if (!ex->npages) {
		extents_free(ex);
		*ex = *tail;
		extents_init(tail);
		return 0;
	}
	if (tail->nr_chunks <= 1 && nr <= EXTENT_COPY_MAX) {
		rc = copy_runs(ex, tail, nr);
		if (!rc)
			extents_free(tail);
	} else {
		rc = move_chunks(ex, tail);
		if (!rc)
			extents_init(tail);
	}
	return rc;
}

/* Drop everything from @it on; @keep_npages of its run stay. */
static void truncate_at(struct extents *ex, const struct extents_iter *it,
			unsigned long keep_npages)
{
	extent_t *run = ex->nr_chunks ? ex->chunk[it->chunk].run : ex->few;
	u32 nr = it->pos - run;
	u32 nr_chunks;

	ex->npages = it->index + keep_npages;
	if (!ex->npages) {
		extents_free(ex);
		return;
	}
	if (keep_npages) {
		run[nr] = extent_clip(it->run, 0, keep_npages);
		nr++;
	}
	if (!ex->nr_chunks) {
		ex->nr_few = nr;
		return;
	}
	if (nr)
		ex->chunk[it->chunk].nr = nr;
	nr_chunks = it->chunk + !!nr;
	for (u32 i = nr_chunks; i < ex->nr_chunks; i++)
		kfree(ex->chunk[i].run);
	ex->nr_chunks = nr_chunks;
}

/**
 * extents_cut() - move the end of a sequence to another one
 * @ex: the sequence; afterwards it ends before @index
 * @index: the first page to move, less than @ex->npages
 * @tail: an empty sequence; afterwards page 0 of it is what @index was
 *
 * Pins are the caller's: where the cut divides a block (extent_splits_block())
 * the caller takes one more pin before.
 *
 * Context: May sleep.
 * Return: 0, or -ENOMEM with both as they were.
 */
int extents_cut(struct extents *ex, unsigned long index, struct extents *tail)
{
	struct extents_iter it, first;
	unsigned long keep_npages;

	if (!extents_seek(ex, index, &first))
		return 0;
	keep_npages = index - first.index;

	it = first;
	it.run = extent_clip(it.run, keep_npages,
			     extent_npages(it.run) - keep_npages);
	do {
		int rc = append_run(tail, extent_pfn(it.run),
				    extent_npages(it.run),
				    extent_pin_order(it.run));

		if (rc) {
			extents_free(tail);
			return rc;
		}
	} while (extents_next(&it));

	truncate_at(ex, &first, keep_npages);
	return 0;
}

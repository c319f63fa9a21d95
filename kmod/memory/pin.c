// SPDX-License-Identifier: GPL-2.0-only
/*
 * User memory to extents, and back. See pin.h.
 */
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/userfaultfd_k.h>

#include "block.h"
#include "core/core.h"
#include "extent.h"
#include "leaf.h"
#include "pin.h"
#include "pin_parts.h"
#include "walk.h"

/**
 * struct pin_walk - the pinning of one range, under way
 * @mm: whose memory
 * @va: next address to pin; page aligned
 * @npages: how many pages are left
 * @write: pin for writing
 * @remote: @mm is not the caller's, its lock is to be taken
 * @stop: says other than 0 when nobody wants the rest any more; or NULL
 * @ex: where the pinned runs go
 * @run_pfn: of a run of huge leaves that is not in @ex yet: where it begins
 * @run_npages: its length; 0 when there is none
 * @run_order: its pin order
 * @nr_runs: how many such runs there were
 * @page: batch array
 * @found: the same memory, for what walk_pin() finds
 * @batch_len: its length
 */
struct pin_walk {
	struct mm_struct *mm;
	unsigned long va;
	unsigned long npages;
	bool write;
	bool remote;
	const int *stop;
	struct extents *ex;
	unsigned long run_pfn;
	unsigned long run_npages;
	unsigned int run_order;
	unsigned int nr_runs;
	union {
		struct page **page;
		extent_t *found;
	};
	unsigned long batch_len;
};

static_assert(sizeof(extent_t) == sizeof(struct page *));

static unsigned long limit_batch(unsigned long len)
{
	return test_limit_len(len, sizeof(struct page *));
}

static unsigned int gup_flags(bool write)
{
	return FOLL_LONGTERM | (write ? FOLL_WRITE : 0);
}

/* Pin up to @npages at the walk's place. Returns how many, at least 1. */
static long pin_some(struct pin_walk *walk, unsigned long npages)
{
	unsigned int flags = gup_flags(walk->write);
	long got;

	if (test_should_fail())
		return -EFAULT;
	if (walk->remote) {
		int locked = 1;

		if (mmap_read_lock_killable(walk->mm))
			return -EINTR;
		got = pin_user_pages_remote(walk->mm, walk->va, npages, flags,
					    walk->page, &locked);
		if (locked)
			mmap_read_unlock(walk->mm);
	} else {
		got = pin_user_pages_fast(walk->va, npages, flags, walk->page);
	}
	return got ? got : -EFAULT;
}

/* Is it of shmem, and does nobody but the kernel have a say in its faults? */
static bool is_shared_plainly(struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_SHARED && vma->vm_file &&
	       shmem_mapping(vma->vm_file->f_mapping) && !userfaultfd_armed(vma);
}

/*
 * Pages of a file that are not mapped yet. Where a fault may let go of the mmap lock,
 * the kernel does so behind each page of a shared file that is written to, for a writer
 * of many waits there (fault_dirty_shared_page()), and looks for its place again: an
 * eighth of what such a page costs. Of shmem nobody waits, so here it may not, and the
 * lock is held for a table's pages, as it is of anonymous ones. Returns how many; 0 if
 * that is for pin_some() to decide.
 */
static long pin_shared(struct pin_walk *walk, unsigned long npages)
{
	struct vm_area_struct *vma;
	long got = 0;

	if (walk->remote || !mmap_read_trylock(walk->mm))
		return 0;
	vma = vma_lookup(walk->mm, walk->va);
	if (vma && is_shared_plainly(vma)) {
		npages = min(npages, (vma->vm_end - walk->va) >> PAGE_SHIFT);
		got = pin_user_pages(walk->va, npages, gup_flags(walk->write),
				     walk->page);
	}
	mmap_read_unlock(walk->mm);
	return max(got, 0L);
}

static void advance(struct pin_walk *walk, unsigned long npages)
{
	walk->va += npages << PAGE_SHIFT;
	walk->npages -= npages;
}

/* What of these runs lies @npages or more behind the first page. */
static void unpin_rest(const extent_t *run, unsigned int nr_runs,
		       unsigned long npages)
{
	for (; nr_runs; nr_runs--, run++) {
		unsigned long skip = min(npages, extent_npages(*run));

		npages -= skip;
		if (skip < extent_npages(*run))
			unpin_run(extent_clip(*run, skip,
					      extent_npages(*run) - skip),
				  false);
	}
}

/**
 * pin_add_runs() - write down what is pinned
 * @ex: the sequence that it follows
 * @run: runs
 * @nr_runs: how many
 *
 * Context: Process; may sleep.
 * Return: the number of pages; or -ENOMEM, and what is not in @ex is unpinned.
 */
long pin_add_runs(struct extents *ex, const extent_t *run, unsigned int nr_runs)
{
	unsigned long old_npages = ex->npages;
	int rc = extents_append_runs(ex, run, nr_runs);

	if (unlikely(rc)) {
		unpin_rest(run, nr_runs, ex->npages - old_npages);
		return rc;
	}
	return ex->npages - old_npages;
}

/* The run of huge leaves is complete. On failure what is not in @ex is unpinned. */
static int end_run(struct pin_walk *walk)
{
	unsigned long npages = walk->run_npages;
	extent_t run;
	long rc;

	if (!npages)
		return 0;
	walk->run_npages = 0;
	run = extent_make(walk->run_pfn, npages, walk->run_order);
	rc = pin_add_runs(walk->ex, &run, 1);
	return rc < 0 ? rc : 0;
}

/* Runs of huge leaves between two looks at signals: 8 GiB at the most. */
#define RUNS_UNWATCHED	4

/*
 * A huge leaf that one pin stands for; @npages of it, from @pfn on. Leaves that
 * follow each other in memory are put together here, where it costs least.
 */
static int add_leaf(struct pin_walk *walk, unsigned long pfn,
		    unsigned long npages, unsigned int order)
{
	int rc;

	if (pfn == walk->run_pfn + walk->run_npages &&
	    order == walk->run_order && IS_ALIGNED(pfn, 1UL << order) &&
	    walk->run_npages + npages <= EXTENT_MAX_NPAGES) {
		walk->run_npages += npages;
		return 0;
	}
	rc = end_run(walk);
	walk->run_pfn = pfn;
	walk->run_npages = npages;
	walk->run_order = order;
	if (rc || ++walk->nr_runs % RUNS_UNWATCHED)
		return rc;
	return cond_resched_killable();
}

/* Pages from @va to where the next huge leaf could begin. */
static unsigned long npages_in_table(unsigned long va)
{
	return (PMD_SIZE - (va & ~PMD_MASK)) >> PAGE_SHIFT;
}

/* What the page table maps already. Returns how many pages, or an errno. */
static long pin_mapped(struct pin_walk *walk)
{
	unsigned int nr_runs;

	if (!READ_ONCE(walk_allowed))
		return 0;
	nr_runs = walk_pin(walk->mm, walk->va, walk->npages, walk->write,
			   walk->remote, walk->found, walk->batch_len);
	return pin_add_runs(walk->ex, walk->found, nr_runs);
}

/* How many of @npages pages, from @page on, are of its block. */
static unsigned long npages_in_block(struct page *page, unsigned int order,
				     unsigned long npages)
{
	unsigned long block_npages = 1UL << order;

	return min(npages, block_npages - (page_to_pfn(page) & (block_npages - 1)));
}

/* Of so many pages of a block, each of which was pinned. */
static void keep_one_pin(struct page *page, unsigned long npages)
{
	if (npages > 1)
		unpin_user_folio(page_folio(page), npages - 1);
}

/*
 * Base pages, and larger ones in pieces: those that are mapped by a walk of their
 * table, and the rest of it, from what is unusual on, by the kernel's call: a pin
 * for each, neighbours become one run. A block that was not there yet, in a table that
 * was, comes with them, and keeps one of its pins.
 */
static int pin_small(struct pin_walk *walk)
{
	unsigned long npages;
	long got, done;
	int rc;

	rc = end_run(walk);
	if (rc)
		return rc;
	got = pin_mapped(walk);
	if (got < 0)
		return got;
	if (got)
		goto pinned;
	npages = min3(walk->npages, walk->batch_len, npages_in_table(walk->va));
	got = pin_shared(walk, npages);
	if (!got)
		got = pin_some(walk, npages);
	if (got < 0)
		return got;
	for (done = 0; done < got;) {
		unsigned long old_npages = walk->ex->npages;
		size_t run_npages = num_pages_contiguous(walk->page + done,
							 got - done);
		unsigned int order = block_order_of_page(walk->page[done]);

		if (order)
			run_npages = npages_in_block(walk->page[done], order, run_npages);
		rc = extents_append(walk->ex, page_to_pfn(walk->page[done]),
				    run_npages, order);
		if (rc) {
			done += walk->ex->npages - old_npages;
			unpin_user_pages(walk->page + done, got - done);
			return rc;
		}
		if (order)
			keep_one_pin(walk->page[done], run_npages);
		done += run_npages;
	}
pinned:
	advance(walk, got);
	if (!walk->npages)
		return 0;
	if (walk->stop && READ_ONCE(*walk->stop))
		return -ECANCELED;
	/* Memory that is there already is pinned without a look at signals. */
	return cond_resched_killable();
}

/*
 * Pin the page at the walk's place, and see what maps it: most of the time in one.
 * Returns 1 if the pin may stand for all of the leaf, 0 if not, or an errno.
 */
static int pin_and_look(struct pin_walk *walk, struct leaf *leaf, struct page **page)
{
	long got;

	if (!walk->remote && READ_ONCE(walk_allowed) &&
	    walk_pin_one(walk->va, walk->write, leaf)) {
		*page = pfn_to_page(leaf->pfn +
				    leaf_skip_npages(leaf, walk->va));
		return leaf->kind == LEAF_HUGE;
	}
	/* A fault may take as long as it takes to clear a huge page. */
	if (walk->stop && READ_ONCE(*walk->stop))
		return -ECANCELED;
	got = pin_some(walk, 1);
	if (got < 0)
		return got;
	*page = walk->page[0];
	*leaf = leaf_look_up(walk->mm, walk->va);
	return leaf_holds(leaf, walk->va, *page, walk->write);
}

/*
 * One page, which may turn out to stand for a whole leaf. Returns 1 when it does,
 * 0 when not, or an errno.
 */
static int pin_leaf(struct pin_walk *walk)
{
	struct page *page;
	struct leaf leaf;
	int rc;

	rc = pin_and_look(walk, &leaf, &page);
	if (rc < 0)
		return rc;
	if (rc) {
		unsigned long npages = (1UL << leaf.order) -
				       leaf_skip_npages(&leaf, walk->va);

		npages = min(npages, walk->npages);
		rc = add_leaf(walk, page_to_pfn(page), npages, leaf.order);
		if (rc)
			return rc;
		advance(walk, npages);
		return 1;
	}
	rc = end_run(walk);
	if (!rc)
		rc = extents_append(walk->ex, page_to_pfn(page), 1, 0);
	if (rc) {
		unpin_user_page(page);
		return rc;
	}
	advance(walk, 1);
	/* Small pages, or a leaf that cannot stand as one: to its end. */
	if (walk->npages && leaf.kind != LEAF_ABSENT && walk->va & ~PMD_MASK)
		return pin_small(walk);
	return 0;
}

/*
 * Where nothing is mapped yet, the first page is pinned alone, for its fault
 * may bring a huge leaf. And behind a huge leaf another one is as likely as not.
 */
static int pin_all(struct pin_walk *walk)
{
	bool after_huge = false;

	while (walk->npages) {
		bool small = walk->npages == 1 ||
			     (!after_huge &&
			      leaf_look_up(walk->mm, walk->va).kind ==
				      LEAF_SMALL);
		int rc = small ? pin_small(walk) : pin_leaf(walk);

		if (rc < 0)
			return rc;
		after_huge = rc;
	}
	return end_run(walk);
}

/* What is not is neither walked over nor pinned. */
static bool is_in_user_space(unsigned long va, unsigned long npages)
{
	return npages <= TASK_SIZE_MAX >> PAGE_SHIFT &&
	       access_ok((void __user *)va, npages << PAGE_SHIFT);
}

/* Any range, behind what @ex has. On failure all of that is unpinned. */
static int pin_pages(struct mm_struct *mm, unsigned long va,
		     unsigned long npages, bool write, const int *stop,
		     struct extents *ex)
{
	struct page *stack[PIN_STACK_LEN];
	struct pin_walk walk = {
		.mm = mm,
		.va = va,
		.npages = npages,
		.write = write,
		.remote = current->mm != mm,
		.stop = stop,
		.ex = ex,
		.page = stack,
		.batch_len = limit_batch(PIN_STACK_LEN),
	};
	int rc = -EFAULT;

	if (npages > PIN_STACK_LEN) {
		walk.page = (struct page **)__get_free_page(GFP_KERNEL);
		if (!walk.page) {
			unpin_extents(ex, false);
			return -ENOMEM;
		}
		walk.batch_len = limit_batch(PIN_BATCH_LEN);
	}
	if (!walk.remote) {
		rc = pin_all(&walk);
	} else if (mmget_not_zero(mm)) {
		rc = pin_all(&walk);
		mmput(mm);
	}
	if (rc) {
		/* Into @ex, or where that fails unpinned. */
		end_run(&walk);
		unpin_extents(ex, false);
	}
	if (walk.page != stack)
		free_page((unsigned long)walk.page);
	return rc;
}

/* One page of the caller's own. */
static int pin_page(unsigned long va, bool write, struct extents *ex)
{
	struct page *page;
	struct leaf leaf;
	long got;

	if (!access_ok((void __user *)va, PAGE_SIZE) || test_should_fail())
		return -EFAULT;
	if (READ_ONCE(walk_allowed) && walk_pin_one(va, write, &leaf))
		return extents_append(ex, leaf.pfn + leaf_skip_npages(&leaf, va),
				      1, 0);
	got = pin_user_pages_fast(va, 1, gup_flags(write), &page);
	if (got != 1)
		return got ? got : -EFAULT;
	/* Can not fail: there is room for the first run. */
	return extents_append(ex, page_to_pfn(page), 1, 0);
}

/**
 * struct user_memory - a range of the caller's own
 * @source: what it is pinned in parts as
 * @mm: its process
 * @va: where it begins
 * @write: pin for writing
 */
struct user_memory {
	struct pin_source source;
	struct mm_struct *mm;
	unsigned long va;
	bool write;
};

static const struct user_memory *user_memory(const struct pin_source *source)
{
	return container_of(source, struct user_memory, source);
}

static unsigned long user_va(const struct pin_source *source, unsigned long first)
{
	return user_memory(source)->va + (first << PAGE_SHIFT);
}

static int pin_user_part(const struct pin_source *source, unsigned long first,
			 unsigned long npages, const int *stop,
			 struct extents *ex)
{
	return pin_pages(user_memory(source)->mm, user_va(source, first),
			 npages, user_memory(source)->write, stop, ex);
}

static bool user_is_absent(const struct pin_source *source, unsigned long index)
{
	return walk_is_absent(user_memory(source)->mm, user_va(source, index));
}

static unsigned long user_leaf_npages(const struct pin_source *source,
				      unsigned long first)
{
	struct mm_struct *mm = user_memory(source)->mm;
	unsigned long leaf_bytes = PMD_SIZE;
	struct vm_area_struct *vma;

	if (mmap_read_lock_killable(mm))
		return leaf_bytes >> PAGE_SHIFT;
	vma = vma_lookup(mm, user_va(source, first));
	if (vma && is_vm_hugetlb_page(vma))
		leaf_bytes = max(leaf_bytes, huge_page_size(hstate_vma(vma)));
	mmap_read_unlock(mm);
	return leaf_bytes >> PAGE_SHIFT;
}

static int pin_much(struct mm_struct *mm, unsigned long va,
		    unsigned long npages, bool write, struct extents *ex)
{
	struct user_memory memory = {
		.source.pin = pin_user_part,
		.source.is_absent = user_is_absent,
		.source.leaf_npages = user_leaf_npages,
		.source.phase_npages = va >> PAGE_SHIFT,
		.mm = mm,
		.va = va,
		.write = write,
	};

	return pin_in_parts(&memory.source, npages, ex);
}

/**
 * pin_user_range() - pin a range of a process's memory
 * @mm: whose memory; the caller holds a reference on the struct (mmgrab())
 * @va: page aligned address
 * @npages: how many pages, at least 1
 * @write: they will be written to: break copy-on-write, dirty them at unpin
 * @ex: an empty sequence, which then describes the pages
 *
 * One pin stands for a whole huge leaf of the CPU page table; base pages are
 * pinned in batches.
 *
 * Context: Process; sleeps, faults, takes mmap_lock of @mm for reading. When
 * @mm is not the caller's own this works too, as long as its process lives.
 * Return: how many threads helped the caller, mostly 0; or with nothing pinned and @ex
 * empty:
 *
 * * -EFAULT: not mapped, not accessible so, not all in user space, memory that
 *   must not be pinned, or the process of @mm has exited
 * * -ENOMEM: out of memory, or the pages cannot be moved to where they may stay
 * * -EINTR, -EAGAIN: a fatal signal, or a fault that could not be completed
 */
int pin_user_range(struct mm_struct *mm, unsigned long va, unsigned long npages,
		   bool write, struct extents *ex)
{
	if (npages == 1 && mm == current->mm)
		return pin_page(va, write, ex);
	if (!is_in_user_space(va, npages))
		return -EFAULT;
	if (mm == current->mm && pin_may_be_in_parts(npages))
		return pin_much(mm, va, npages, write, ex);
	return pin_pages(mm, va, npages, write, NULL, ex);
}

/**
 * pin_cut() - divide a sequence of pinned runs
 * @ex: the sequence; afterwards it ends before @index
 * @index: the first page to move, in pages from the start of @ex
 * @tail: an empty sequence, which then holds the rest
 *
 * Where one pin stood for pages on both sides a second one is taken.
 *
 * Context: Process; may sleep.
 * Return: 0, or -ENOMEM with both sequences as they were.
 */
int pin_cut(struct extents *ex, unsigned long index, struct extents *tail)
{
	struct folio *folio = NULL;
	struct extents_iter it;
	int rc;

	if (!extents_seek(ex, index, &it))
		return 0;
	if (extent_splits_block(it.run, index - it.index)) {
		folio = page_folio(pfn_to_page(extent_pfn(it.run) +
					       index - it.index));
		rc = folio_add_pins(folio, 1);
		if (rc)
			return rc;
	}
	rc = extents_cut(ex, index, tail);
	if (rc && folio)
		unpin_user_folio(folio, 1);
	return rc;
}

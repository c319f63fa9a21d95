/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * struct fill_ops for one format of generic_pt. See fill.h. Define PT_FMT and
 * PT_SUPPORTED_FEATURES, include the format, say which of its bits are the address
 * (FILL_ENTRY_OA), then include this.
 */
#include <linux/args.h>
#include <linux/build_bug.h>
#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/pgtable.h>
#include <linux/unroll.h>

#define PTPFX CONCATENATE(PT_FMT, _)

#include <pt_common.h>
#include <pt_iter.h>
#include <iommu-pages.h>

#include "fill.h"

/*
 * What is taken for granted of a format: where base and huge pages are, that an
 * entry is one word, and that an IOTLB flush needs to know no more than IOVAs
 * (domain.c makes its own). What the kernel's build of it has to be like is said
 * in fill_rules.h.
 */
#ifdef pt_table_item_lg2sz
#error "The format has a rule of its own for what an entry stands for"
#endif
static_assert(PT_GRANULE_LG2SZ == PAGE_SHIFT);
static_assert(sizeof(u64) == PT_ITEM_WORD_SIZE);
static_assert(PT_GRANULE_LG2SZ + PT_TABLEMEM_LG2SZ - ilog2(PT_ITEM_WORD_SIZE) ==
	      PMD_SHIFT);
static_assert(!(CONCATENATE(FILL_FEATURES_, PT_FMT) &
		BIT(PT_FEAT_DETAILED_GATHER)));

/* An entry is a number, and what it leads to is added to it: see fill_row(). */
static_assert(GENMASK_ULL(51, PAGE_SHIFT) == FILL_ENTRY_OA);

struct fill_args {
	struct fill *fill;
	struct pt_write_attrs attrs;
};

/* Entries @start_index to @end_index - 1 have changed. */
static __always_inline void flush_entries(const struct pt_state *pts,
					  unsigned int start_index,
					  unsigned int end_index)
{
	struct pt_iommu *iommu_table = iommu_from_common(pts->range->common);

	if (pts_feature(pts, PT_FEAT_DMA_INCOHERENT))
		iommu_pages_flush_incoherent(iommu_table->iommu_device,
					     pts->table,
					     start_index * PT_ITEM_WORD_SIZE,
					     (end_index - start_index) *
						     PT_ITEM_WORD_SIZE);
}

/* Can the walk's current run begin with an entry, and with none that is larger? */
static __always_inline bool fits(const struct fill *fill, unsigned long iova,
				 unsigned long step_npages)
{
	const struct backing_walk *walk = fill->walk;

	return walk->npages >= step_npages &&
	       !((iova >> PAGE_SHIFT | walk->pfn) & (step_npages - 1)) &&
	       !fill_can_be_large(iova, walk->pfn, walk->npages,
				  fill->large_bytes);
}

/* So many entries are written in one go, where there are as many: it is cheaper. */
#define STEP		8

/*
 * Entries that map what follows the one before them, as far as there are as many at
 * once, and all are empty. The format's own function made that one, and these differ
 * from it by the address alone. Returns how many of @nr.
 */
static __always_inline unsigned long fill_row(u64 *entry, unsigned long nr,
					      unsigned int page_lg2)
{
	u64 val = entry[-1];
	unsigned long n;

	for (n = 0; n + STEP <= nr; n += STEP) {
		u64 old = 0;

		unrolled_count(STEP)
		for (unsigned int i = 0; i < STEP; i++)
			old |= READ_ONCE(entry[n + i]);
		if (old)
			break;
		unrolled_count(STEP)
		for (unsigned int i = 0; i < STEP; i++) {
			val += 1UL << page_lg2;
			WRITE_ONCE(entry[n + i], val);
		}
	}
	return n;
}

/* @page_lg2 is a constant: the size of what this level holds. */
static __always_inline int fill_entries(struct pt_state *pts,
					struct fill_args *args,
					unsigned int page_lg2)
{
	unsigned long step_npages = 1UL << (page_lg2 - PAGE_SHIFT);
	/* Copies, which no entry that is written can be a part of. */
	const struct pt_write_attrs attrs = args->attrs;
	struct backing_walk *walk = args->fill->walk;
	pt_oaddr_t oa = PFN_PHYS(walk->pfn);
	unsigned long npages = walk->npages;
	unsigned int start_index;
	int ret = 0;

	_pt_iter_first(pts);
	start_index = pts->index;
	while (pts->index < pts->end_index) {
		enum pt_entry_type type = pt_load_entry_raw(pts);
		unsigned long iova;

		if (type != PT_ENTRY_EMPTY) {
			/* A table that may be empty is for iommu_map(). */
			ret = type == PT_ENTRY_TABLE ? 0 : -EADDRINUSE;
			break;
		}
		pt_install_leaf_entry(pts, oa, page_lg2, &attrs);
		pts->index++;
		oa += step_npages << PAGE_SHIFT;
		npages -= step_npages;
		if (npages >= STEP * step_npages) {
			unsigned long room = pts->end_index - pts->index;
			unsigned long n = min(npages / step_npages, room);

			n = fill_row(pt_cur_table(pts, u64) + pts->index, n,
				     page_lg2);
			pts->index += n;
			oa += n << page_lg2;
			npages -= n * step_npages;
		}
		if (npages >= step_npages)
			continue;
		if (npages)
			break;
		backing_walk_step(walk);
		oa = PFN_PHYS(walk->pfn);
		npages = walk->npages;
		iova = args->fill->iova +
		       ((unsigned long)(pts->index - start_index) << page_lg2);
		if (!fits(args->fill, iova, step_npages))
			break;
	}
	walk->pfn = PHYS_PFN(oa);
	walk->npages = npages;
	flush_entries(pts, start_index, pts->index);
	args->fill->done_npages += (pts->index - start_index) * step_npages;
	return ret;
}

static __always_inline int __do_fill(struct pt_range *range, void *arg,
				     unsigned int level,
				     struct pt_table_p *table,
				     pt_level_fn_t descend_fn)
{
	struct pt_state pts = pt_init(range, level, table);
	const struct fill_args *args = arg;

	if (level == 0)
		return fill_entries(&pts, arg, PAGE_SHIFT);
	if (level == 1 && args->fill->page_bytes == PMD_SIZE)
		return fill_entries(&pts, arg, PMD_SHIFT);
	if (pt_load_single_entry(&pts) != PT_ENTRY_TABLE)
		return 0;
	if (pts_feature(&pts, PT_FEAT_DMA_INCOHERENT) &&
	    !pt_test_sw_bit_acquire(&pts, FILL_TABLE_FLUSHED_BIT))
		return 0;
	return pt_descend(&pts, arg, descend_fn);
}

PT_MAKE_LEVELS(__fill, __do_fill);

/* Can the table address all memory there is? Else iommu_map() has to check. */
static bool fill_reaches_memory(const struct pt_common *common)
{
	return !oalog2_div(virt_to_phys(high_memory - 1), common->max_oasz_lg2);
}

/* The generated names say which format a backtrace is in. */
static int CONCATENATE(do_fill_, PT_FMT)(struct iommu_domain *domain,
					 struct fill *fill)
{
	struct pt_iommu *iommu_table = iommupt_from_domain(domain);
	struct pt_common *common = common_from_iommu(iommu_table);
	unsigned long last = fill->iova + (fill->max_npages << PAGE_SHIFT) - 1;
	struct pt_range range = pt_make_range(common, fill->iova, last);
	struct fill_args args = { .fill = fill };
	int ret;

	/* Tables that can grow at the top do so in iommu_map(). */
	if (pt_check_range(&range) || !fill_reaches_memory(common))
		return 0;
	ret = pt_iommu_set_prot(common, &args.attrs, fill->prot);
	if (ret)
		return ret;
	return pt_walk_range(&range, __fill, &args);
}

/* -EAGAIN, with nothing done, when one is no base page of its own. */
static __always_inline int clear_leaves(struct pt_state *pts)
{
	unsigned int start_index;

	_pt_iter_first(pts);
	start_index = pts->index;
	for (; pts->index < pts->end_index; pts->index++) {
		pts->type = pt_load_entry_raw(pts);
		if (pts->type != PT_ENTRY_OA || pt_entry_num_contig_lg2(pts))
			return -EAGAIN;
	}
	for (pts->index = start_index; pts->index < pts->end_index;
	     pts->index++)
		pt_clear_entries(pts, ilog2(1));
	flush_entries(pts, start_index, pts->end_index);
	return 0;
}

/* Base pages of one table, and not all of it, which is all that most unmap. */
static __always_inline int __do_clear(struct pt_range *range, void *arg,
				      unsigned int level,
				      struct pt_table_p *table,
				      pt_level_fn_t descend_fn)
{
	struct pt_state pts = pt_init(range, level, table);

	if (level == 0)
		return clear_leaves(&pts);
	if (pt_load_single_entry(&pts) != PT_ENTRY_TABLE)
		return -EAGAIN;
	return pt_descend(&pts, arg, descend_fn);
}

PT_MAKE_LEVELS(__clear, __do_clear);

/*
 * A table that the range covers goes, with all that it has below it, and what its
 * entries were is not asked. Where it has tables, each goes the same way first.
 */
static __always_inline int unmap_table(struct pt_state *pts, bool covered,
				       void *arg, pt_level_fn_t descend_fn)
{
	struct iommu_pages_list *tables = arg;
	int ret;

	pts->table_lower = pt_table_ptr(pts);
	if (!covered || pts->level > 1) {
		ret = pt_descend(pts, arg, descend_fn);
		if (ret)
			return ret;
	}
	if (covered) {
		iommu_pages_list_add(tables, pts->table_lower);
		pt_clear_entries(pts, ilog2(1));
	}
	return 0;
}

/* Does the range end in this table? Else it covers it from here on. */
static __always_inline bool ends_here(const struct pt_state *pts)
{
	const struct pt_range *range = pts->range;

	return pts->level == range->top_level ||
	       log2_div_eq(range->va, range->last_va,
			   pt_num_items_lg2(pts) + pt_table_item_lg2sz(pts));
}

/*
 * Of one table, all that lies in the range; of the first entry, and of the last one,
 * others may have a part.
 */
static __always_inline int unmap_entries(struct pt_state *pts, void *arg,
					 pt_level_fn_t descend_fn)
{
	unsigned int lg2sz = pt_table_item_lg2sz(pts);
	bool cut_first = log2_mod(pts->range->va, lg2sz);
	bool cut_last = !log2_mod_eq_max(pts->range->last_va, lg2sz) &&
			ends_here(pts);
	unsigned int start_index;
	int ret = 0;

	_pt_iter_first(pts);
	start_index = pts->index;
	while (pts->index < pts->end_index) {
		bool cut = (cut_first && pts->index == start_index) ||
			   (cut_last && pts->index == pts->end_index - 1);

		pts->type = pt_load_entry_raw(pts);
		if (pts->type == PT_ENTRY_OA && !cut) {
			unsigned int lg2nr = pt_entry_num_contig_lg2(pts);

			pt_clear_entries(pts, lg2nr);
			_pt_advance(pts, lg2nr);
			continue;
		}
		ret = -EINVAL;
		if (!pts->level || pts->type != PT_ENTRY_TABLE)
			break;
		if (pts->index != start_index)
			pt_index_to_va(pts);
		ret = unmap_table(pts, !cut, arg, descend_fn);
		if (ret)
			break;
		pts->index++;
		if (pts->level > 1)
			cond_resched();
	}
	flush_entries(pts, start_index, pts->index);
	return ret;
}

static __always_inline int __do_unmap(struct pt_range *range, void *arg,
				      unsigned int level,
				      struct pt_table_p *table,
				      pt_level_fn_t descend_fn)
{
	struct pt_state pts = pt_init(range, level, table);

	return unmap_entries(&pts, arg, descend_fn);
}

PT_MAKE_LEVELS(__unmap, __do_unmap);

static int CONCATENATE(do_unmap_, PT_FMT)(struct iommu_domain *domain,
					  unsigned long iova,
					  unsigned long length_bytes,
					  struct iommu_pages_list *tables)
{
	struct pt_iommu *iommu_table = iommupt_from_domain(domain);
	struct pt_common *common = common_from_iommu(iommu_table);
	unsigned long last = iova + length_bytes - 1;
	struct pt_range range = pt_make_range(common, iova, last);
	int ret = pt_check_range(&range);

	if (ret)
		return ret;
	if (length_bytes < PMD_SIZE && !((iova ^ last) & PMD_MASK) &&
	    !pt_walk_range(&range, __clear, NULL))
		return 0;
	ret = pt_walk_range(&range, __unmap, tables);
	if (pt_feature(common, PT_FEAT_DMA_INCOHERENT))
		iommu_pages_stop_incoherent_list(tables,
						 iommu_table->iommu_device);
	return ret;
}

const struct fill_ops CONCATENATE(fill_, PT_FMT) = {
	.fill = CONCATENATE(do_fill_, PT_FMT),
	.unmap = CONCATENATE(do_unmap_, PT_FMT),
};

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fill_fn for one format of generic_pt. See fill.h. Define PT_FMT and
 * PT_SUPPORTED_FEATURES, include the format, then this.
 */
#include <linux/args.h>
#include <linux/iommu.h>

#define PTPFX CONCATENATE(PT_FMT, _)

#include <pt_common.h>
#include <pt_iter.h>
#include <iommu-pages.h>

#include "fill.h"

/*
 * The software bit by which generic_pt marks that a new table has been flushed,
 * for formats that need it. As in iommu_pt.h, which only its formats include.
 */
#define FILL_TABLE_FLUSHED_BIT	0

struct fill_args {
	struct fill *fill;
	struct pt_write_attrs attrs;
};

static __always_inline int fill_leaves(struct pt_state *pts,
				       struct fill_args *args)
{
	struct pt_iommu *iommu_table = iommu_from_common(pts->range->common);
	struct backing_walk *walk = args->fill->walk;
	unsigned long iova = args->fill->iova;
	unsigned int start_index;
	int ret = 0;

	_pt_iter_first(pts);
	start_index = pts->index;
	while (pts->index < pts->end_index) {
		if (pt_load_entry_raw(pts) != PT_ENTRY_EMPTY) {
			ret = -EADDRINUSE;
			break;
		}
		pt_install_leaf_entry(pts, PFN_PHYS(walk->pfn), PAGE_SHIFT,
				      &args->attrs);
		pts->index++;
		iova += PAGE_SIZE;
		if (--walk->npages) {
			walk->pfn++;
			continue;
		}
		backing_walk_next(walk);
		if (fill_can_be_large(iova, walk->pfn, walk->npages,
				      args->fill->large_bytes))
			break;
	}
	if (pts_feature(pts, PT_FEAT_DMA_INCOHERENT))
		iommu_pages_flush_incoherent(iommu_table->iommu_device,
					     pts->table,
					     start_index * PT_ITEM_WORD_SIZE,
					     (pts->index - start_index) *
						     PT_ITEM_WORD_SIZE);
	args->fill->done_npages += pts->index - start_index;
	return ret;
}

static __always_inline int __do_fill(struct pt_range *range, void *arg,
				     unsigned int level,
				     struct pt_table_p *table,
				     pt_level_fn_t descend_fn)
{
	struct pt_state pts = pt_init(range, level, table);

	if (level == 0)
		return fill_leaves(&pts, arg);
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

/* The generated name says which format a backtrace is in. */
int CONCATENATE(fill_, PT_FMT)(struct iommu_domain *domain, struct fill *fill)
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

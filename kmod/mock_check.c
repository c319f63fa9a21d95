// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks behind the scenes: is user memory mapped where it should be, and how
 * often is it pinned? See mock.h.
 */
#include <linux/iommu.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>

#include "hwpt.h"
#include "ioctl.h"
#include "mock_parts.h"

/* The page of @uptr, with a reference, or ERR_PTR(-EFAULT). */
static struct page *user_page(unsigned long uptr)
{
	struct page *page;

	if (get_user_pages_fast(uptr & PAGE_MASK, 1, 0, &page) != 1)
		return ERR_PTR(-EFAULT);
	return page;
}

/* A part of one page, in pages of the mock IOMMU. */
static int check_page(struct iommu_domain *domain, unsigned long iova,
		      unsigned long uptr, unsigned long length_bytes)
{
	struct page *page = user_page(uptr);
	phys_addr_t phys;

	if (IS_ERR(page))
		return PTR_ERR(page);
	phys = page_to_phys(page) + offset_in_page(uptr);
	put_page(page);
	for (unsigned long i = 0; i < length_bytes; i += MOCK_PAGE_SIZE) {
		if (iommu_iova_to_phys(domain, iova + i) != phys + i)
			return -EINVAL;
	}
	return 0;
}

static int check_range(struct iommu_domain *domain, unsigned long iova,
		       unsigned long uptr, unsigned long length_bytes)
{
	while (length_bytes) {
		unsigned long n = min(length_bytes,
				      PAGE_SIZE - offset_in_page(uptr));
		int rc = check_page(domain, iova, uptr, n);

		if (rc)
			return rc;
		iova += n;
		uptr += n;
		length_bytes -= n;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/**
 * mock_check_map() - IOMMU_TEST_OP_MD_CHECK_MAP: is it mapped?
 * @call: the ioctl
 *
 * Return: 0 when each page of a HWPT's domain translates to that of the
 * caller's memory; -EINVAL when not, when the domain is not a mock, or the range
 * is not in pages of MOCK_PAGE_SIZE; -ENOENT; -EFAULT, -EINTR.
 */
int mock_check_map(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;
	unsigned long iova = cmd->check_map.iova, uptr = cmd->check_map.uptr;
	unsigned long length_bytes = cmd->check_map.length;
	struct object_table *objects = &call->ictx->objects;
	struct iommufd_object *obj;
	struct iommufd_hwpt *hwpt;
	unsigned long last;
	int rc = -EINVAL;

	if (!length_bytes || (iova | uptr | length_bytes) % MOCK_PAGE_SIZE ||
	    check_add_overflow(iova, length_bytes - 1, &last) ||
	    check_add_overflow(uptr, length_bytes - 1, &last))
		return -EINVAL;
	obj = object_get(objects, cmd->id, IOMMUFD_OBJ_HWPT_PAGING);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	hwpt = container_of(obj, struct iommufd_hwpt, obj);
	if (mock_iommu_has_domain(hwpt->member.domain)) {
		/* No table of the domain may go away under the walk. */
		down_write(&hwpt->ioas->domains_rwsem);
		rc = check_range(hwpt->member.domain, iova, uptr, length_bytes);
		up_write(&hwpt->ioas->domains_rwsem);
	}
	object_put(objects, obj);
	return rc;
}

/*
 * One pin of a large folio may stand for several of its pages, or several for
 * one: there it counts only whether there are enough.
 */
static bool has_pins(const struct folio *folio, unsigned int nr)
{
	unsigned int nr_pins;

	if (!folio_has_pincount(folio))
		return folio_ref_count(folio) / GUP_PIN_COUNTING_BIAS == nr;
	nr_pins = atomic_read(&folio->_pincount);
	return nr ? nr_pins >= nr : !nr_pins;
}

/**
 * mock_check_refs() - IOMMU_TEST_OP_MD_CHECK_REFS: is it pinned?
 * @call: the ioctl
 *
 * Return: 0 when each page of the caller's memory is pinned as often as said;
 * -EINVAL when the range is not in pages; -EIO when not; -EFAULT, -EINTR.
 */
int mock_check_refs(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;
	unsigned long uptr = cmd->check_refs.uptr, end;

	if (check_add_overflow(uptr, cmd->check_refs.length, &end) ||
	    !PAGE_ALIGNED(uptr | end))
		return -EINVAL;
	for (; uptr < end; uptr += PAGE_SIZE) {
		struct page *page = user_page(uptr);
		bool good;

		if (IS_ERR(page))
			return PTR_ERR(page);
		good = has_pins(page_folio(page), cmd->check_refs.refs);
		put_page(page);
		if (!good)
			return -EIO;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

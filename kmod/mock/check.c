// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks behind the scenes: is user memory mapped where it should be, and how
 * often is it pinned? And a device's write that can be seen there. See mock.h.
 */
#include <linux/bitmap.h>
#include <linux/iommu.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "core/core.h"
#include "device/device.h"
#include "parts.h"

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
		rc = cond_resched_killable();
		if (rc)
			return rc;
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
	struct iommufd_hwpt_paging *paging;
	struct iommu_domain *domain;
	unsigned long last;
	int rc = -EINVAL;

	if (!length_bytes || (iova | uptr | length_bytes) % MOCK_PAGE_SIZE ||
	    check_add_overflow(iova, length_bytes - 1, &last) ||
	    check_add_overflow(uptr, length_bytes - 1, &last))
		return -EINVAL;
	paging = hwpt_get_paging(call->ictx, cmd->id);
	if (IS_ERR(paging))
		return PTR_ERR(paging);
	domain = paging->hwpt.domain;
	if (mock_iommu_has_domain(domain)) {
		/* No table of the domain may go away under the walk. */
		rc = down_write_killable(&paging->hwpt.ioas->domains_rwsem);
		if (!rc) {
			rc = check_range(domain, iova, uptr, length_bytes);
			up_write(&paging->hwpt.ioas->domains_rwsem);
		}
	}
	object_put(&call->ictx->objects, &paging->hwpt.obj);
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
		int rc;

		if (IS_ERR(page))
			return PTR_ERR(page);
		good = has_pins(page_folio(page), cmd->check_refs.refs);
		put_page(page);
		if (!good)
			return -EIO;
		rc = cond_resched_killable();
		if (rc)
			return rc;
	}
	return 0;
}

/* Write to the pages that have a bit. Returns how many, or an errno. */
static long write_pages(struct iommu_domain *domain,
			const struct iommu_test_cmd *cmd, unsigned long nr_bits,
			const unsigned long *bits)
{
	unsigned long bit;
	long nr = 0;

	for_each_set_bit(bit, bits, nr_bits) {
		int rc = mock_iommu_set_dirty(domain,
					      cmd->dirty.iova +
					      bit * cmd->dirty.page_size);

		if (rc)
			return rc;
		nr++;
	}
	return nr;
}

/* As write_pages(), with the bits from userspace. */
static long write_user_pages(struct iommufd_hwpt *hwpt,
			     const struct iommu_test_cmd *cmd)
{
	unsigned long nr_bits = cmd->dirty.length / cmd->dirty.page_size;
	/* Rounded up from below: there is at least one, and may be ULONG_MAX. */
	unsigned long nr_bytes = (nr_bits - 1) / BITS_PER_BYTE + 1;
	unsigned long nr_longs = (nr_bits - 1) / BITS_PER_LONG + 1;
	unsigned long *bits = kvcalloc(nr_longs, sizeof(*bits),
				       GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	long rc;

	if (!bits)
		return -ENOMEM;
	if (copy_from_user(bits, u64_to_user_ptr(cmd->dirty.uptr), nr_bytes)) {
		rc = -EFAULT;
		goto out_free;
	}
	/* No table of the domain may go away under the walk. */
	rc = down_write_killable(&hwpt->ioas->domains_rwsem);
	if (rc)
		goto out_free;
	rc = write_pages(hwpt->domain, cmd, nr_bits, bits);
	up_write(&hwpt->ioas->domains_rwsem);
out_free:
	kvfree(bits);
	return rc;
}

/**
 * mock_set_dirty() - IOMMU_TEST_OP_DIRTY: write to pages as a device would
 * @call: the ioctl
 *
 * Return: 0; -EINVAL for flags, a range that is not in pages, a HWPT that does
 * not track dirty pages, or is no mock; -ENOENT; -EFAULT, -ENOMEM, -EINTR.
 */
int mock_set_dirty(struct ioctl_call *call)
{
	struct iommu_test_cmd *cmd = call->arg;
	struct iommufd_hwpt_paging *paging;
	long rc = -EINVAL;

	if (cmd->dirty.flags || !cmd->dirty.page_size || !cmd->dirty.length ||
	    cmd->dirty.iova % cmd->dirty.page_size ||
	    cmd->dirty.length % cmd->dirty.page_size)
		return -EINVAL;
	paging = hwpt_get_paging(call->ictx, cmd->id);
	if (IS_ERR(paging))
		return PTR_ERR(paging);
	if (mock_iommu_has_domain(paging->hwpt.domain) &&
	    paging->hwpt.domain->dirty_ops)
		rc = write_user_pages(&paging->hwpt, cmd);
	object_put(&call->ictx->objects, &paging->hwpt.obj);
	if (rc < 0)
		return rc;
	cmd->dirty.out_nr_dirty = rc;
	return ioctl_reply(call);
}

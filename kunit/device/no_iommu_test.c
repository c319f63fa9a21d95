// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices without an IOMMU: what kmod/device/no_iommu.h promises. A real one, whose
 * DMA goes where it is told, is for tests/options_no_iommu.c.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/fdtable.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <uapi/linux/iommufd.h>

#include "alloc_fault.h"
#include "balance.h"
#include "device/device.h"
#include "hold.h"
#include "ioas/ioas.h"
#include "memory.h"
#include "mock_rig.h"

#define FLAGS	(IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | \
		 IOMMU_IOAS_MAP_WRITEABLE)
#define IOVA	((u64)MOCK_APERTURE_START)
#define NPAGES	8UL

static struct mock_rig rig;
static struct device *dev;
static struct iommufd_device *bare;
/* Of the bare device alone, while the mock device is at rig.ioas. */
static struct iommufd_ioas *ioas;

static void map(struct kunit *test, unsigned long va, u64 iova)
{
	KUNIT_ASSERT_EQ(test, ioas_map_user(ioas, FLAGS, va,
					    NPAGES << PAGE_SHIFT, iova, NULL),
			0);
}

static int attach(u32 id)
{
	return iommufd_device_attach(bare, IOMMU_NO_PASID, &id);
}

static int find(u64 iova, u64 *phys, u64 *length_bytes)
{
	return ioas_find_phys(ioas, iova, iova + *length_bytes - 1, phys,
			      length_bytes);
}

static int no_iommu_test_init(struct kunit *test)
{
	u32 id;

	mock_rig_open(test, &rig, 0);
	ioas = iofd_ioas(test, &rig.iofd);
	dev = kunit_device_register(test, "bare");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	bare = iommufd_device_bind(rig.iofd.ictx, dev, &id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bare);
	return 0;
}

static void no_iommu_test_exit(struct kunit *test)
{
	if (!IS_ERR_OR_NULL(bare))
		iommufd_device_unbind(bare);
	bare = NULL;
	mock_rig_close(&rig);
}

static void bare_device_is_bound_as_others_are(struct kunit *test)
{
	u32 id = iommufd_device_to_id(bare);

	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, id), -EBUSY);
	KUNIT_EXPECT_PTR_EQ(test, iommufd_device_to_ictx(bare), rig.iofd.ictx);
	iommufd_device_unbind(bare);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, id), -ENOENT);
	bare = iommufd_device_bind(rig.iofd.ictx, dev, &id);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, bare);
}

/* Each is in a group of its own, also where VFIO has made one up for both. */
static void bare_devices_are_in_no_group(struct kunit *test)
{
	struct iommu_group *group = iommu_group_alloc();
	struct iommufd_device *other;
	struct device *other_dev;
	u32 id;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, group);
	other_dev = kunit_device_register(test, "bare-too");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other_dev);
	KUNIT_ASSERT_EQ(test, iommu_group_add_device(group, other_dev), 0);
	other = iommufd_device_bind(rig.iofd.ictx, other_dev, &id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	KUNIT_EXPECT_FALSE(test, iommufd_ctx_has_group(rig.iofd.ictx, group));
	KUNIT_EXPECT_EQ(test, attach(ioas->obj.id), 0);
	id = rig.ioas;
	KUNIT_EXPECT_EQ(test, iommufd_device_attach(other, IOMMU_NO_PASID, &id),
			0);
	iommufd_device_detach(other, IOMMU_NO_PASID);
	iommufd_device_detach(bare, IOMMU_NO_PASID);
	iommufd_device_unbind(other);
	iommu_group_remove_device(other_dev);
	iommu_group_put(group);
}

static void bare_device_has_memory_pinned(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, NPAGES);
	struct balance before = balance_now(), since;
	u32 id = rig.ioas;

	map(test, va, IOVA);
	balance_expect_even(test, &before);
	KUNIT_ASSERT_EQ(test, attach(ioas->obj.id), 0);
	since = balance_since(&before);
	KUNIT_EXPECT_EQ(test, since.pins, NPAGES);
	KUNIT_EXPECT_EQ(test, attach(ioas->obj.id), -EINVAL);
	/* Nothing is mapped in the other one. */
	KUNIT_EXPECT_EQ(test, iommufd_device_replace(bare, IOMMU_NO_PASID, &id),
			0);
	balance_expect_even(test, &before);
	id = ioas->obj.id;
	KUNIT_EXPECT_EQ(test, iommufd_device_replace(bare, IOMMU_NO_PASID, &id),
			0);
	since = balance_since(&before);
	KUNIT_EXPECT_EQ(test, since.pins, NPAGES);
	iommufd_device_detach(bare, IOMMU_NO_PASID);
	balance_expect_even(test, &before);
}

static void bare_attach_fails_without_a_trace(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, NPAGES);
	struct balance before;
	struct fault fault;
	int rc;
	u32 id;

	fault_require(test);
	map(test, va, IOVA);
	iommufd_device_unbind(bare);
	before = balance_now();
	for_each_fault(&fault) {
		fault_arm(&fault);
		bare = iommufd_device_bind(rig.iofd.ictx, dev, &id);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, PTR_ERR_OR_ZERO(bare)))
			continue;
		fault_arm(&fault);
		rc = attach(ioas->obj.id);
		fault_disarm(&fault);
		if (!fault_failed(test, &fault, rc))
			iommufd_device_detach(bare, IOMMU_NO_PASID);
		iommufd_device_unbind(bare);
		balance_expect_even(test, &before);
	}
	/* The device, its group; the HWPT, its domain, the attachment. */
	KUNIT_EXPECT_GE(test, fault.nr_failed, 5);
	bare = iommufd_device_bind(rig.iofd.ictx, dev, &id);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, bare);
}

/* A table of the mock IOMMU is of no use for it, nor of its own for the mock device. */
static void bare_device_shares_an_ioas_but_no_hwpt(struct kunit *test)
{
	u32 id = rig.ioas;

	KUNIT_EXPECT_EQ(test, attach(rig.hwpt), -EINVAL);
	KUNIT_ASSERT_EQ(test, iommufd_device_attach(bare, IOMMU_NO_PASID, &id),
			0);
	KUNIT_EXPECT_NE(test, id, rig.hwpt);
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, id), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, rig.ioas), 0);
	iommufd_device_detach(bare, IOMMU_NO_PASID);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, id), -ENOENT);
}

/* What asks for an IOMMU is refused; the device's is asked for nothing. */
static void bare_device_has_nothing_of_an_iommu(struct kunit *test)
{
	struct iommu_viommu_alloc viommu = { .type = IOMMU_VIOMMU_TYPE_SELFTEST };
	struct iommu_vdevice_alloc vdevice = { .virt_id = 1 };
	struct iommu_hw_info info = {};
	u32 id = rig.dev;
	long parent = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
	long pasids = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_PASID);
	long of_mock = rig_viommu(&rig, parent);
	u32 pt = pasids;

	KUNIT_ASSERT_GT(test, parent, 0);
	KUNIT_ASSERT_GT(test, pasids, 0);
	KUNIT_ASSERT_GT(test, of_mock, 0);
	rig.dev = iommufd_device_to_id(bare);
	info.dev_id = rig.dev;
	KUNIT_EXPECT_EQ(test, rig_ioctl(&rig, IOMMU_GET_HW_INFO, &info,
					sizeof(info)), -EOPNOTSUPP);
	viommu.dev_id = rig.dev;
	viommu.hwpt_id = parent;
	KUNIT_EXPECT_EQ(test, rig_ioctl(&rig, IOMMU_VIOMMU_ALLOC, &viommu,
					sizeof(viommu)), -EOPNOTSUPP);
	vdevice.viommu_id = of_mock;
	vdevice.dev_id = rig.dev;
	KUNIT_EXPECT_EQ(test, rig_ioctl(&rig, IOMMU_VDEVICE_ALLOC, &vdevice,
					sizeof(vdevice)), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_nested(&rig, parent, 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_nested(&rig, of_mock, 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, rig_nested(&rig, ioas->obj.id, 0, 0),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, rig_hwpt(&rig, ioas->obj.id,
				       IOMMU_HWPT_ALLOC_NEST_PARENT),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, rig_hwpt(&rig, ioas->obj.id,
				       IOMMU_HWPT_ALLOC_DIRTY_TRACKING),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, iommufd_device_attach(bare, 1, &pt), -EINVAL);
	rig.dev = id;
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, of_mock), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, pasids), 0);
	KUNIT_EXPECT_EQ(test, rig_destroy(&rig, parent), 0);
}

/* How many pages follow each other in memory, from the @first-th on. */
static unsigned long run_npages(unsigned long va, unsigned long first)
{
	unsigned long n = 1;

	while (first + n < NPAGES &&
	       memory_pfn(va + (first + n) * PAGE_SIZE) ==
		       memory_pfn(va + first * PAGE_SIZE) + n)
		n++;
	return n;
}

static void phys_is_told_run_by_run(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, NPAGES);

	map(test, va, IOVA);
	KUNIT_ASSERT_EQ(test, attach(ioas->obj.id), 0);
	for (unsigned long i = 0; i < NPAGES; i++) {
		u64 length_bytes = (NPAGES - i) << PAGE_SHIFT, phys;

		KUNIT_EXPECT_EQ(test, find(IOVA + i * PAGE_SIZE, &phys,
					   &length_bytes), 0);
		KUNIT_EXPECT_EQ(test, phys,
				PFN_PHYS(memory_pfn(va + i * PAGE_SIZE)));
		KUNIT_EXPECT_EQ(test, length_bytes,
				run_npages(va, i) << PAGE_SHIFT);
	}
	iommufd_device_detach(bare, IOMMU_NO_PASID);
}

/* Huge pages in three mappings, and a hole of a page after them. */
static void phys_goes_over_mappings_and_no_hole(struct kunit *test)
{
	unsigned long npages = PMD_SIZE >> PAGE_SHIFT;
	unsigned long va = memory_map(test, MEMORY_THP, npages);
	u64 length_bytes, phys;

	KUNIT_ASSERT_EQ(test, attach(ioas->obj.id), 0);
	map(test, va, IOVA);
	map(test, va + NPAGES * PAGE_SIZE, IOVA + NPAGES * PAGE_SIZE);
	map(test, va + 2 * NPAGES * PAGE_SIZE, IOVA + 2 * NPAGES * PAGE_SIZE);
	map(test, va + (3 * NPAGES + 1) * PAGE_SIZE,
	    IOVA + (3 * NPAGES + 1) * PAGE_SIZE);
	length_bytes = 8 * NPAGES * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, find(IOVA + 5, &phys, &length_bytes), 0);
	KUNIT_EXPECT_EQ(test, phys, PFN_PHYS(memory_pfn(va)) + 5);
	KUNIT_EXPECT_EQ(test, length_bytes, 3 * NPAGES * PAGE_SIZE - 5);
	length_bytes = NPAGES * PAGE_SIZE + 1;
	KUNIT_EXPECT_EQ(test, find(IOVA + 5, &phys, &length_bytes), 0);
	KUNIT_EXPECT_EQ(test, length_bytes, NPAGES * PAGE_SIZE + 1);
	length_bytes = 1;
	KUNIT_EXPECT_EQ(test, find(IOVA + 3 * NPAGES * PAGE_SIZE, &phys,
				   &length_bytes), -ENOENT);
	iommufd_device_detach(bare, IOMMU_NO_PASID);
}

/* A mapping whose neighbour in IOVAs is elsewhere in memory ends there. */
static void phys_ends_where_memory_goes_on_elsewhere(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_THP, PMD_SIZE >> PAGE_SHIFT);
	u64 length_bytes = 2 * NPAGES * PAGE_SIZE, phys;

	map(test, va, IOVA);
	map(test, va + (NPAGES + 1) * PAGE_SIZE, IOVA + NPAGES * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, attach(ioas->obj.id), 0);
	KUNIT_EXPECT_EQ(test, find(IOVA, &phys, &length_bytes), 0);
	KUNIT_EXPECT_EQ(test, length_bytes, NPAGES * PAGE_SIZE);
	iommufd_device_detach(bare, IOMMU_NO_PASID);
}

/* Without such a device nothing is pinned, or only for tables that say more. */
static void phys_is_for_devices_without_an_iommu(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, NPAGES);
	u64 length_bytes = PAGE_SIZE, phys;

	map(test, va, IOVA);
	KUNIT_EXPECT_EQ(test, find(IOVA, &phys, &length_bytes), -EOPNOTSUPP);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, ioas->obj.id), 0);
	KUNIT_EXPECT_EQ(test, find(IOVA, &phys, &length_bytes), -EOPNOTSUPP);
	KUNIT_ASSERT_EQ(test, attach(ioas->obj.id), 0);
	KUNIT_EXPECT_EQ(test, find(IOVA, &phys, &length_bytes), 0);
	iommufd_device_detach(bare, IOMMU_NO_PASID);
	KUNIT_EXPECT_EQ(test, find(IOVA, &phys, &length_bytes), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, rig_attach(&rig, rig.ioas), 0);
}

/* It is in one piece, and is told of until its exporter takes it back. */
static void phys_of_a_dmabuf_until_it_is_revoked(struct kunit *test)
{
	int fd = rig_dmabuf(&rig, NPAGES << PAGE_SHIFT);
	struct iommu_ioas_map_file map = {
		.flags = FLAGS,
		.ioas_id = ioas->obj.id,
		.fd = fd,
		.start = PAGE_SIZE,
		.length = (NPAGES - 1) << PAGE_SHIFT,
		.iova = IOVA,
	};
	struct iommu_test_cmd revoke = {
		.op = IOMMU_TEST_OP_DMABUF_REVOKE,
		.dmabuf_revoke = { .dmabuf_fd = fd, .revoked = 1 },
	};
	u64 length_bytes = NPAGES << PAGE_SHIFT, phys, next_phys;

	KUNIT_ASSERT_EQ(test, attach(ioas->obj.id), 0);
	KUNIT_ASSERT_EQ(test, rig_ioctl(&rig, IOMMU_IOAS_MAP_FILE, &map,
					sizeof(map)), 0);
	KUNIT_EXPECT_EQ(test, find(IOVA, &phys, &length_bytes), 0);
	KUNIT_EXPECT_EQ(test, length_bytes, map.length);
	KUNIT_EXPECT_EQ(test, find(IOVA + PAGE_SIZE + 3, &next_phys,
				   &length_bytes), 0);
	KUNIT_EXPECT_EQ(test, next_phys, phys + PAGE_SIZE + 3);
	KUNIT_EXPECT_EQ(test, length_bytes, map.length - PAGE_SIZE - 3);
	KUNIT_EXPECT_EQ(test, rig_test(&rig, &revoke), 0);
	KUNIT_EXPECT_EQ(test, find(IOVA, &phys, &length_bytes), -ENOENT);
	iommufd_device_detach(bare, IOMMU_NO_PASID);
	close_fd(fd);
}

/**
 * struct finder - a thread that asks where memory is
 * @phys: what it is told
 * @rc: what the function said
 */
struct finder {
	u64 phys;
	int rc;
};

static void find_job(void *data)
{
	struct finder *finder = data;
	u64 length_bytes = PAGE_SIZE;

	finder->rc = find(IOVA, &finder->phys, &length_bytes);
}

static void unmap_job(void *data)
{
	int *rc = data;
	unsigned long unmapped_bytes;

	*rc = ioas_unmap(ioas, 0, ULONG_MAX, &unmapped_bytes);
}

/* Who is about to look keeps what it looks at from going. */
static void phys_is_not_unmapped_meanwhile(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, NPAGES);
	struct finder finder = {};
	struct held *first, *second;
	u64 length_bytes = PAGE_SIZE, phys;
	int rc = -1;

	map(test, va, IOVA);
	KUNIT_ASSERT_EQ(test, attach(ioas->obj.id), 0);
	first = hold_start(test, "pages:in-use", find_job, &finder);
	second = hold_start(test, "unmap:blocked", unmap_job, &rc);
	KUNIT_EXPECT_EQ(test, pfn_npins(memory_pfn(va)), 1);
	/* Who comes later finds it gone. */
	KUNIT_EXPECT_EQ(test, find(IOVA, &phys, &length_bytes), -ENOENT);
	hold_finish(test, first);
	hold_finish(test, second);
	KUNIT_EXPECT_EQ(test, finder.rc, 0);
	KUNIT_EXPECT_EQ(test, finder.phys, PFN_PHYS(memory_pfn(va)));
	KUNIT_EXPECT_EQ(test, rc, 0);
	KUNIT_EXPECT_EQ(test, pfn_npins(memory_pfn(va)), 0);
	iommufd_device_detach(bare, IOMMU_NO_PASID);
}

static struct kunit_case no_iommu_test_cases[] = {
	KUNIT_CASE(bare_device_is_bound_as_others_are),
	KUNIT_CASE(bare_devices_are_in_no_group),
	KUNIT_CASE(bare_device_has_memory_pinned),
	KUNIT_CASE(bare_attach_fails_without_a_trace),
	KUNIT_CASE(bare_device_shares_an_ioas_but_no_hwpt),
	KUNIT_CASE(bare_device_has_nothing_of_an_iommu),
	KUNIT_CASE(phys_is_told_run_by_run),
	KUNIT_CASE(phys_goes_over_mappings_and_no_hole),
	KUNIT_CASE(phys_ends_where_memory_goes_on_elsewhere),
	KUNIT_CASE(phys_is_for_devices_without_an_iommu),
	KUNIT_CASE(phys_of_a_dmabuf_until_it_is_revoked),
	KUNIT_CASE(phys_is_not_unmapped_meanwhile),
	{}
};

static struct kunit_suite no_iommu_test_suite = {
	.name = "iommufd-no-iommu",
	.init = no_iommu_test_init,
	.exit = no_iommu_test_exit,
	.test_cases = no_iommu_test_cases,
};

kunit_test_suite(no_iommu_test_suite);

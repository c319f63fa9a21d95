// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fatal signals, to who waits for a lock. Its holder may wait for userspace: for
 * a page that userfaultfd or FUSE brings, as long as that likes.
 */
#include <kunit/test.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <uapi/linux/iommufd.h>
#include <uapi/linux/vfio.h>

#include "access/access.h"
#include "core/race_point.h"
#include "device/device.h"
#include "device/group.h"
#include "device/resv.h"
#include "hold.h"
#include "ioas/area.h"
#include "ioas/ioas.h"
#include "memory.h"
#include "memory/account.h"
#include "memory/backing.h"
#include "memory/extent.h"
#include "memory/pin.h"
#include "mock_rig.h"
#include "paging.h"
#include "table/table.h"
#include "viommu/viommu.h"

#define IOVA		SZ_1G
#define OTHER_IOVA	(SZ_1G + SZ_1M)
#define NPAGES		4UL
#define PASID		100
#define MAP_FLAGS \
	(IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | \
	 IOMMU_IOAS_MAP_WRITEABLE)

static struct mock_rig rig;

/* With a domain and something mapped, and one with neither. */
static struct iommufd_ioas *ioas, *empty;
static struct backing *backing;
static struct iommufd_access *access;
static struct iommufd_device *idev;
static struct file *events;
static long tagged;
static unsigned long va;

/* The structures of ioctls, where a program would have them. */
static unsigned long allow_arg, ranges_arg, info_arg, vfio_set_arg;
static unsigned long vfio_clear_arg, reserved_arg;

static long ioctl_with(unsigned int cmd, unsigned long arg)
{
	return iofd_raw_ioctl(&rig.iofd, cmd, arg);
}

static long allow(void)
{
	return ioctl_with(IOMMU_IOAS_ALLOW_IOVAS, allow_arg);
}

static long ranges(void)
{
	return ioctl_with(IOMMU_IOAS_IOVA_RANGES, ranges_arg);
}

static long reserve(void)
{
	return ioctl_with(IOMMU_TEST_CMD, reserved_arg);
}

static long vfio_set(void)
{
	return ioctl_with(IOMMU_VFIO_IOAS, vfio_set_arg);
}

static long get_info(void)
{
	vfio_set();
	return ioctl_with(VFIO_IOMMU_GET_INFO, info_arg);
}

static long vfio_clear(void)
{
	return ioctl_with(IOMMU_VFIO_IOAS, vfio_clear_arg);
}

static long vfio_create(void)
{
	return iommufd_vfio_compat_ioas_create(rig.iofd.ictx);
}

static long vfio_no_iommu(void)
{
	return iommufd_vfio_compat_set_no_iommu(rig.iofd.ictx);
}

static long set_combine(void)
{
	return ioas_set_combine(ioas, true);
}

static long cut(void)
{
	return ioas_cut(ioas, IOVA);
}

static long map(void)
{
	return ioas_map_user(ioas, MAP_FLAGS, va, PAGE_SIZE, OTHER_IOVA,
			     NULL);
}

static long unmap(void)
{
	unsigned long unmapped_bytes;

	return ioas_unmap(ioas, OTHER_IOVA, OTHER_IOVA + PAGE_SIZE - 1,
			  &unmapped_bytes);
}

static long add_domain(void)
{
	struct paging *paging = paging_create(rig.test, PAGING_VTDSS);
	struct ioas_domain member = { .domain = &paging->domain };
	long rc = ioas_add_domain(ioas, &member);

	if (!rc)
		ioas_remove_domain(ioas, &member);
	return rc;
}

static long map_domain(void)
{
	struct paging *paging = paging_create(rig.test, PAGING_VTDSS);
	long rc = domain_map(&paging->domain, IOVA, backing, 0, PAGE_SIZE,
			     IOMMU_READ, true);

	if (!rc)
		domain_unmap(&paging->domain, IOVA, PAGE_SIZE);
	return rc;
}

static long reserve_for_device(void)
{
	long rc = resv_add(empty, idev);

	if (!rc)
		resv_remove(empty, idev);
	return rc;
}

static long attach_access(void)
{
	return iommufd_access_replace(access, empty->obj.id);
}

static long pin(void)
{
	struct page *pages[NPAGES];
	long rc = iommufd_access_pin_pages(access, IOVA, NPAGES << PAGE_SHIFT,
					   pages, IOMMUFD_ACCESS_RW_WRITE);

	if (!rc)
		iommufd_access_unpin_pages(access, IOVA, NPAGES << PAGE_SHIFT);
	return rc;
}

static long rw(void)
{
	u8 data;

	return iommufd_access_rw(access, IOVA, &data, sizeof(data), 0);
}

static long replace(u32 pt)
{
	return iommufd_device_replace(idev, IOMMU_NO_PASID, &pt);
}

static long replace_by_hwpt(void)
{
	return replace(tagged);
}

static long replace_by_ioas(void)
{
	return replace(empty->obj.id);
}

/* It is attached already. */
static long attach_hwpt(void)
{
	u32 pt = tagged;

	return iommufd_device_attach(idev, IOMMU_NO_PASID, &pt);
}

/* The IOAS has no HWPT that is tried before one is made. */
static long attach_ioas(void)
{
	u32 pt = empty->obj.id;

	return iommufd_device_attach(idev, IOMMU_NO_PASID, &pt);
}

static long attach_pasid(void)
{
	u32 pt = tagged;
	long rc = iommufd_device_attach(idev, PASID, &pt);

	if (!rc)
		iommufd_device_detach(idev, PASID);
	return rc;
}

/* It is not attached. */
static long replace_pasid(void)
{
	u32 pt = tagged;

	return iommufd_device_replace(idev, PASID, &pt);
}

static long read_events(void)
{
	loff_t pos = 0;

	return events->f_op->read(events, (char __user *)va, PAGE_SIZE, &pos);
}

/* As a worker does, for another process. */
static long pin_remote(void)
{
	struct mm_struct *mm = current->mm;
	struct extents ex;
	long rc;

	extents_init(&ex);
	kthread_unuse_mm(mm);
	rc = pin_user_range(mm, va, 1, true, &ex);
	kthread_use_mm(mm);
	unpin_extents(&ex, true);
	return rc;
}

static long charge(void)
{
	struct account acct;
	long rc;

	account_init(&acct, true);
	acct.mode = ACCOUNT_MM;
	acct.limit_npages = 1;
	rc = account_charge(&acct, 1);
	if (!rc)
		account_uncharge(&acct, 1);
	account_destroy(&acct);
	return rc;
}

enum lock {
	LOCK_DOMAINS,
	LOCK_DOMAINS_OF_EMPTY,
	LOCK_ATTACH,
	LOCK_GROUP,
	LOCK_ACCESS,
	LOCK_PINS,
	LOCK_BACKING,
	LOCK_VFIO,
	LOCK_EVENTS,
	LOCK_MM,
};

static struct mutex *mutex_of(enum lock lock)
{
	switch (lock) {
	case LOCK_ATTACH:
		return &empty->attach_lock;
	case LOCK_GROUP:
		return &idev->group->lock;
	case LOCK_ACCESS:
		return &access->lock;
	case LOCK_PINS:
		return &backing->pins_lock;
	case LOCK_BACKING:
		return &backing->lock;
	case LOCK_VFIO:
		return &rig.iofd.ictx->vfio_lock;
	default:
		return &((struct veventq *)events->private_data)->read_lock;
	}
}

static struct rw_semaphore *rwsem_of(enum lock lock)
{
	switch (lock) {
	case LOCK_DOMAINS:
		return &ioas->domains_rwsem;
	case LOCK_DOMAINS_OF_EMPTY:
		return &empty->domains_rwsem;
	default:
		return NULL;
	}
}

static void take(enum lock lock)
{
	struct rw_semaphore *rwsem = rwsem_of(lock);

	if (lock == LOCK_MM)
		mmap_write_lock(current->mm);
	else if (rwsem)
		down_write(rwsem);
	else
		mutex_lock(mutex_of(lock));
}

static void let_go(enum lock lock)
{
	struct rw_semaphore *rwsem = rwsem_of(lock);

	if (lock == LOCK_MM)
		mmap_write_unlock(current->mm);
	else if (rwsem)
		up_write(rwsem);
	else
		mutex_unlock(mutex_of(lock));
}

/**
 * struct wait_case - who waits
 * @name: of the case
 * @lock: for what
 * @fn: what it does
 * @rc: what becomes of that when nobody holds the lock
 */
static const struct wait_case {
	const char *name;
	enum lock lock;
	long (*fn)(void);
	long rc;
} wait_cases[] = {
	{ "domains-allow", LOCK_DOMAINS, allow, 0 },
	{ "domains-ranges", LOCK_DOMAINS, ranges, -EMSGSIZE },
	{ "domains-reserve", LOCK_DOMAINS_OF_EMPTY, reserve, 0 },
	{ "domains-vfio-info", LOCK_DOMAINS, get_info, 0 },
	{ "domains-combine", LOCK_DOMAINS, set_combine, 0 },
	{ "domains-cut", LOCK_DOMAINS, cut, 0 },
	{ "domains-map", LOCK_DOMAINS, map, 0 },
	{ "domains-unmap", LOCK_DOMAINS, unmap, 0 },
	{ "domains-add", LOCK_DOMAINS, add_domain, 0 },
	{ "domains-resv", LOCK_DOMAINS_OF_EMPTY, reserve_for_device, 0 },
	{ "domains-replace", LOCK_DOMAINS_OF_EMPTY, replace_by_ioas, 0 },
	{ "domains-access", LOCK_DOMAINS_OF_EMPTY, attach_access, 0 },
	{ "domains-pin", LOCK_DOMAINS, pin, 0 },
	{ "domains-rw", LOCK_DOMAINS, rw, 0 },
	{ "attach-replace", LOCK_ATTACH, replace_by_ioas, 0 },
	{ "group-attach", LOCK_GROUP, attach_hwpt, -EINVAL },
	{ "group-attach-ioas", LOCK_GROUP, attach_ioas, -EINVAL },
	{ "group-replace", LOCK_GROUP, replace_by_hwpt, 0 },
	{ "group-pasid-attach", LOCK_GROUP, attach_pasid, 0 },
	{ "group-pasid-replace", LOCK_GROUP, replace_pasid, -EINVAL },
	{ "access-replace", LOCK_ACCESS, attach_access, 0 },
	{ "access-pin", LOCK_ACCESS, pin, 0 },
	{ "access-rw", LOCK_ACCESS, rw, 0 },
	{ "pins-pin", LOCK_PINS, pin, 0 },
	{ "backing-pin", LOCK_BACKING, pin, 0 },
	{ "backing-rw", LOCK_BACKING, rw, 0 },
	{ "backing-map", LOCK_BACKING, map_domain, 0 },
	{ "vfio-create", LOCK_VFIO, vfio_create, 0 },
	{ "vfio-no-iommu", LOCK_VFIO, vfio_no_iommu, 0 },
	{ "vfio-set", LOCK_VFIO, vfio_set, 0 },
	{ "vfio-clear", LOCK_VFIO, vfio_clear, 0 },
	{ "events-read", LOCK_EVENTS, read_events, 0 },
	{ "mm-pin", LOCK_MM, pin_remote, 0 },
	{ "mm-charge", LOCK_MM, charge, 0 },
};

KUNIT_ARRAY_PARAM_DESC(wait, wait_cases, name);

/**
 * struct job - what a thread does
 * @fn: it
 * @rc: what became of it
 */
struct job {
	long (*fn)(void);
	long rc;
};

static void do_job(void *data)
{
	struct job *job = data;

	race_point("test:ready");
	job->rc = job->fn();
}

static void killed_wait_ends(struct kunit *test)
{
	const struct wait_case *param = test->param_value;
	struct job job = { .fn = param->fn };
	struct held *waiter;

	waiter = hold_start(test, "test:ready", do_job, &job);
	take(param->lock);
	hold_expect_killed(test, waiter);
	let_go(param->lock);
	hold_finish(test, waiter);
	KUNIT_EXPECT_EQ(test, job.rc, -EINTR);

	/* Nothing is left of it, a lock or anything else. */
	waiter = hold_start(test, "test:ready", do_job, &job);
	hold_finish(test, waiter);
	KUNIT_EXPECT_EQ(test, job.rc, param->rc);
}

/* In the unmap callback it lets go, and that is all. */
static void access_unmap(void *data, unsigned long iova, unsigned long length)
{
	bool *pinned = data;

	if (!*pinned)
		return;
	*pinned = false;
	iommufd_access_unpin_pages(access, IOVA, PAGE_SIZE);
}

static bool pinned;

static const struct iommufd_access_ops pin_ops = {
	.needs_pin_pages = 1,
	.unmap = access_unmap,
};

static long unmap_all(void)
{
	unsigned long unmapped_bytes;

	return ioas_unmap(ioas, 0, ULONG_MAX, &unmapped_bytes);
}

/* An access has let go, and who unmaps wants the lock that it was given back. */
static void killed_wait_of_unmap_for_an_access_ends(struct kunit *test)
{
	struct job job = { .fn = unmap_all };
	struct page *pages[1];
	struct held *waiter;

	KUNIT_ASSERT_EQ(test, iommufd_access_pin_pages(access, IOVA, PAGE_SIZE,
						       pages, 0), 0);
	pinned = true;
	waiter = hold_start(test, "ioas:unused", do_job, &job);
	take(LOCK_DOMAINS);
	hold_expect_killed(test, waiter);
	let_go(LOCK_DOMAINS);
	hold_finish(test, waiter);
	KUNIT_EXPECT_EQ(test, job.rc, -EINTR);

	/* It can be used as before. */
	KUNIT_EXPECT_EQ(test, rw(), 0);
	KUNIT_EXPECT_EQ(test, unmap_all(), 0);
}

static unsigned long put_vfio(struct kunit *test, u16 op, u32 id)
{
	struct iommu_vfio_ioas arg = { .op = op, .ioas_id = id };

	return iofd_put_arg(test, &arg, sizeof(arg));
}

static void put_args(struct kunit *test)
{
	struct iommu_ioas_allow_iovas allow_iovas = { .ioas_id = ioas->obj.id };
	struct iommu_ioas_iova_ranges iova_ranges = { .ioas_id = ioas->obj.id };
	struct vfio_iommu_type1_info info = {};
	struct iommu_test_cmd reserved = {
		.op = IOMMU_TEST_OP_ADD_RESERVED,
		.id = empty->obj.id,
		.add_reserved = { .start = SZ_4G, .length = PAGE_SIZE },
	};

	allow_arg = iofd_put_arg(test, &allow_iovas, sizeof(allow_iovas));
	ranges_arg = iofd_put_arg(test, &iova_ranges, sizeof(iova_ranges));
	info_arg = iofd_put_arg(test, &info, sizeof(info));
	reserved_arg = iofd_put_arg(test, &reserved, sizeof(reserved));
	vfio_set_arg = put_vfio(test, IOMMU_VFIO_IOAS_SET, ioas->obj.id);
	vfio_clear_arg = put_vfio(test, IOMMU_VFIO_IOAS_CLEAR, 0);
}

static void open_events(struct kunit *test)
{
	struct iommu_veventq_alloc alloc = {
		.type = IOMMU_VEVENTQ_TYPE_SELFTEST,
		.veventq_depth = 1,
	};
	long parent = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);

	KUNIT_ASSERT_GT(test, parent, 0);
	alloc.viommu_id = rig_viommu(&rig, parent);
	KUNIT_ASSERT_GT(test, alloc.viommu_id, 0);
	KUNIT_ASSERT_EQ(test, rig_ioctl(&rig, IOMMU_VEVENTQ_ALLOC, &alloc,
					sizeof(alloc)), 0);
	events = rig_take_file(&rig, alloc.out_veventq_fd);
}

static int killed_wait_test_init(struct kunit *test)
{
	u32 id;

	mock_rig_open(test, &rig, MOCK_FLAGS_DEVICE_PASID);
	tagged = rig_hwpt(&rig, rig.ioas, IOMMU_HWPT_ALLOC_PASID);
	KUNIT_ASSERT_GT(test, tagged, 0);
	ioas = ioas_get(rig.iofd.ictx, rig.ioas);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ioas);
	ioas_put(ioas);
	empty = iofd_ioas(test, &rig.iofd);
	idev = rig_device(&rig);
	KUNIT_ASSERT_EQ(test, rig_attach(&rig, tagged), 0);

	va = memory_map(test, MEMORY_SCATTERED, NPAGES);
	KUNIT_ASSERT_EQ(test, ioas_map_user(ioas, MAP_FLAGS, va,
					    NPAGES << PAGE_SHIFT, IOVA, NULL),
			0);
	backing = area_of(iova_space_find(&ioas->space, IOVA, IOVA))->backing;
	access = iommufd_access_create(rig.iofd.ictx, &pin_ops, &pinned, &id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, access);
	KUNIT_ASSERT_EQ(test, iommufd_access_attach(access, rig.ioas), 0);
	open_events(test);
	put_args(test);
	return 0;
}

static void killed_wait_test_exit(struct kunit *test)
{
	if (events)
		__fput_sync(events);
	events = NULL;
	if (access)
		iommufd_access_destroy(access);
	access = NULL;
	mock_rig_close(&rig);
}

static struct kunit_case killed_wait_test_cases[] = {
	KUNIT_CASE_PARAM(killed_wait_ends, wait_gen_params),
	KUNIT_CASE(killed_wait_of_unmap_for_an_access_ends),
	{}
};

static struct kunit_suite killed_wait_test_suite = {
	.name = "iommufd-killed-wait",
	.init = killed_wait_test_init,
	.exit = killed_wait_test_exit,
	.test_cases = killed_wait_test_cases,
};

kunit_test_suite(killed_wait_test_suite);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who unmaps what an access uses, and waits for it, while signals come.
 */
#include <kunit/test.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <uapi/linux/iommufd.h>

#include "access/access.h"
#include "balance.h"
#include "ioas/ioas.h"
#include "iofd.h"
#include "memory.h"

#define FLAGS	(IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | \
		 IOMMU_IOAS_MAP_WRITEABLE)
#define IOVA	SZ_1G
#define NPAGES	4UL

static struct iofd iofd;
static struct iommufd_ioas *ioas;

/**
 * struct driver - a driver that lets go when it is asked a second time
 * @access: its access
 * @signal: what whoever asks it gets sent then, the first time
 * @nr_asked: how often it was asked
 * @pinned: it has pages pinned
 */
struct driver {
	struct iommufd_access *access;
	int signal;
	unsigned int nr_asked;
	bool pinned;
};

static void let_go(struct driver *driver)
{
	if (!driver->pinned)
		return;
	driver->pinned = false;
	iommufd_access_unpin_pages(driver->access, IOVA, NPAGES << PAGE_SHIFT);
}

static void driver_unmap(void *data, unsigned long iova, unsigned long length)
{
	struct driver *driver = data;

	if (driver->nr_asked++)
		let_go(driver);
	else
		send_sig(driver->signal, current, 1);
}

static const struct iommufd_access_ops driver_ops = {
	.needs_pin_pages = 1,
	.unmap = driver_unmap,
};

static const struct signal_case {
	const char *name;
	int signal;
	int rc;
} signal_cases[] = {
	{ "of-a-timer", SIGALRM, 0 },
	{ "to-stop-the-program", SIGTERM, 0 },
	{ "fatal", SIGKILL, -ERESTARTSYS },
};

KUNIT_ARRAY_PARAM_DESC(signal, signal_cases, name);

static void access_wait_ends_by_a_fatal_signal_only(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, NPAGES);
	const struct signal_case *param = test->param_value;
	struct driver driver = { .signal = param->signal };
	struct balance before = balance_now();
	unsigned long unmapped_bytes;
	struct page *pages[NPAGES];
	u32 id;

	KUNIT_ASSERT_EQ(test, ioas_map_user(ioas, FLAGS, va,
					    NPAGES << PAGE_SHIFT, IOVA, NULL),
			0);
	driver.access = iommufd_access_create(iofd.ictx, &driver_ops, &driver,
					      &id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, driver.access);
	KUNIT_ASSERT_EQ(test, iommufd_access_attach(driver.access,
						    ioas->obj.id), 0);
	KUNIT_ASSERT_EQ(test, iommufd_access_pin_pages(driver.access, IOVA,
						       NPAGES << PAGE_SHIFT,
						       pages, 0), 0);
	driver.pinned = true;

	allow_signal(param->signal);
	KUNIT_EXPECT_EQ(test, ioas_unmap(ioas, 0, ULONG_MAX, &unmapped_bytes),
			param->rc);
	flush_signals(current);
	disallow_signal(param->signal);
	KUNIT_EXPECT_EQ(test, driver.nr_asked, param->rc ? 1 : 2);
	KUNIT_EXPECT_EQ(test, unmapped_bytes,
			param->rc ? 0 : NPAGES << PAGE_SHIFT);
	if (driver.nr_asked < 2) {
		/* It is in use as before, and can be used again. */
		KUNIT_EXPECT_EQ(test, iommufd_access_pin_pages(driver.access,
							       IOVA, PAGE_SIZE,
							       pages, 0), 0);
		iommufd_access_unpin_pages(driver.access, IOVA, PAGE_SIZE);
		let_go(&driver);
		KUNIT_EXPECT_EQ(test, ioas_unmap(ioas, 0, ULONG_MAX,
						 &unmapped_bytes), 0);
	}
	balance_expect_even(test, &before);
	iommufd_access_destroy(driver.access);
}

static int access_wait_test_init(struct kunit *test)
{
	iofd_open(test, &iofd);
	ioas = iofd_ioas(test, &iofd);
	return 0;
}

static void access_wait_test_exit(struct kunit *test)
{
	if (iofd.file)
		iofd_close(&iofd);
	iofd.file = NULL;
}

static struct kunit_case access_wait_test_cases[] = {
	KUNIT_CASE_PARAM(access_wait_ends_by_a_fatal_signal_only,
			 signal_gen_params),
	{}
};

static struct kunit_suite access_wait_test_suite = {
	.name = "iommufd-access-wait",
	.init = access_wait_test_init,
	.exit = access_wait_test_exit,
	.test_cases = access_wait_test_cases,
};

kunit_test_suite(access_wait_test_suite);

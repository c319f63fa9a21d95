// SPDX-License-Identifier: GPL-2.0-only
/* The mock IOMMU shows what the other suites look for: mappings, pins, accesses. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "mock.h"

#define BYTES (4 * PAGE)

static void run_device(const void *arg)
{
	struct mock_device other;
	struct memory mem;
	struct mock m;
	__u32 ioas;

	(void)arg;
	mock_open(&m);
	memory_alloc(&mem, POPULATE4K, BYTES);
	ASSERT_OK(ioas_map_at(m.iofd, m.ioas, mem.va, BYTES, MOCK_IOVA));
	EXPECT_OK(mock_check_map(m.iofd, m.device.hwpt, MOCK_IOVA, mem.va, BYTES));
	EXPECT_ERR(-EINVAL, mock_check_map(m.iofd, m.device.hwpt, MOCK_IOVA, mem.va + PAGE, PAGE));
	EXPECT_OK(mock_check_pins(m.iofd, mem.va, BYTES, 1));
	EXPECT_ERR(-EIO, mock_check_pins(m.iofd, mem.va, BYTES, 0));

	/* Another one beside it, and this one elsewhere. */
	ASSERT_OK(mock_device(m.iofd, m.ioas, MOCK_FLAGS_DEVICE_NO_DIRTY, &other));
	EXPECT_NE(m.device.dev, other.dev);
	EXPECT_OK(iofd_destroy(m.iofd, other.stdev));
	ASSERT_OK(ioas_alloc(m.iofd, &ioas));
	EXPECT_OK(mock_replace(m.iofd, m.device.stdev, ioas));
	EXPECT_OK(mock_check_pins(m.iofd, mem.va, BYTES, 0));
	EXPECT_OK(mock_replace(m.iofd, m.device.stdev, m.ioas));
	EXPECT_OK(mock_check_pins(m.iofd, mem.va, BYTES, 1));
	EXPECT_EQ(BYTES, ioas_unmap_all(m.iofd, m.ioas));
	EXPECT_OK(mock_check_pins(m.iofd, mem.va, BYTES, 0));
	mock_close(&m);
	memory_free(&mem);
}

/* To an IOAS without a device, of which nothing is pinned but for the access. */
static void run_access(const void *arg)
{
	unsigned char bytes[PAGE];
	struct memory mem;
	__u32 ioas, pin;
	struct mock m;
	int access;

	(void)arg;
	mock_open(&m);
	memory_alloc(&mem, POPULATE4K, BYTES);
	memory_fill(mem.va, BYTES, ktap_seed());
	ASSERT_OK(ioas_alloc(m.iofd, &ioas));
	ASSERT_OK(ioas_map_at(m.iofd, ioas, mem.va, BYTES, MOCK_IOVA));
	access = mock_access(m.iofd, ioas, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES);
	ASSERT_TRUE(access >= 0);
	EXPECT_OK(mock_access_rw(m.iofd, access, 0, MOCK_IOVA + 100, bytes, PAGE));
	EXPECT_BYTES(mem.va + 100, bytes, PAGE);
	memory_fill(bytes, PAGE, ktap_seed() + 1);
	EXPECT_OK(mock_access_rw(m.iofd, access, MOCK_ACCESS_RW_WRITE, MOCK_IOVA + 200, bytes,
				 PAGE));
	EXPECT_BYTES(bytes, mem.va + 200, PAGE);

	EXPECT_OK(mock_check_pins(m.iofd, mem.va, BYTES, 0));
	ASSERT_OK(mock_access_pin(m.iofd, access, MOCK_FLAGS_ACCESS_WRITE, MOCK_IOVA, 2 * PAGE,
				  mem.va, &pin));
	EXPECT_OK(mock_check_pins(m.iofd, mem.va, 2 * PAGE, 1));
	EXPECT_OK(mock_check_pins(m.iofd, mem.va + 2 * PAGE, 2 * PAGE, 0));
	EXPECT_OK(mock_access_unpin(m.iofd, access, pin));
	EXPECT_OK(mock_check_pins(m.iofd, mem.va, BYTES, 0));

	/* Its driver is asked to let go; elsewhere there is nothing to pin. */
	ASSERT_OK(mock_access_pin(m.iofd, access, 0, MOCK_IOVA, BYTES, mem.va, &pin));
	EXPECT_EQ(BYTES, ioas_unmap_all(m.iofd, ioas));
	EXPECT_OK(mock_check_pins(m.iofd, mem.va, BYTES, 0));
	EXPECT_ERR(-ENOENT, mock_access_unpin(m.iofd, access, pin));
	EXPECT_OK(mock_access_replace(m.iofd, access, m.ioas));
	EXPECT_ERR(-ENOENT,
		   mock_access_pin(m.iofd, access, 0, MOCK_IOVA, PAGE, mem.va, &pin));
	EXPECT_EQ(0, close(access));
	mock_close(&m);
	memory_free(&mem);
}

static const struct ktap_case cases[] = {
	{ "device", run_device, NULL },
	{ "access", run_access, NULL },
	{}
};

const struct ktap_suite mock_frame = { "mock-frame", cases };

// SPDX-License-Identifier: GPL-2.0-only
/* dma-bufs: nothing for a driver's access, and nothing that counts against RLIMIT_MEMLOCK. */
#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "memory.h"
#include "mock.h"
#include "pins.h"
#include "rig.h"

#define BYTES (4 * PAGE)
#define IOVA (MOCK_IOVA + MIB)
#define SOMEBODY 4242

static int map_dmabuf(struct mock *m, __u32 ioas, int fd, __u64 iova)
{
	return ioas_map_file(m->iofd, ioas, IOAS_FIXED_RW, fd, 0, BYTES, &iova);
}

/* Neither alone nor behind memory: what was pinned of that goes back. */
static void run_access(const void *arg)
{
	const __u32 flags = *(const __u32 *)arg;
	unsigned char bytes[2 * PAGE] = {};
	struct memory mem;
	__u32 ioas, pin;
	int access, fd;
	struct mock m;

	mock_open(&m);
	memory_alloc(&mem, POPULATE4K, BYTES);
	fd = mock_dmabuf(m.iofd, BYTES);
	ASSERT_TRUE(fd >= 0);
	ASSERT_OK(ioas_alloc(m.iofd, &ioas));
	ASSERT_OK(ioas_map_at(m.iofd, ioas, mem.va, BYTES, IOVA - BYTES));
	ASSERT_OK(map_dmabuf(&m, ioas, fd, IOVA));
	access = mock_access(m.iofd, ioas, flags);
	ASSERT_TRUE(access >= 0);

	EXPECT_ERR(-EINVAL, mock_access_rw(m.iofd, access, 0, IOVA, bytes, PAGE));
	EXPECT_ERR(-EINVAL, mock_access_rw(m.iofd, access, MOCK_ACCESS_RW_WRITE, IOVA, bytes,
					   PAGE));
	EXPECT_ERR(-EINVAL, mock_access_rw(m.iofd, access, 0, IOVA - PAGE, bytes, 2 * PAGE));
	if (flags) {
		EXPECT_ERR(-EINVAL, mock_access_pin(m.iofd, access, 0, IOVA, PAGE, mem.va, &pin));
		EXPECT_ERR(-EINVAL, mock_access_pin(m.iofd, access, 0, IOVA - PAGE, 2 * PAGE,
						    mem.va, &pin));
	}
	EXPECT_OK(mock_access_rw(m.iofd, access, 0, IOVA - PAGE, bytes, PAGE));
	EXPECT_OK(mock_check_pins(m.iofd, mem.va, BYTES, 0));

	/* Nothing is in use: it can be unmapped at once. */
	EXPECT_EQ(2 * BYTES, ioas_unmap_all(m.iofd, ioas));
	EXPECT_EQ(0, close(access));
	EXPECT_EQ(0, close(fd));
	mock_close(&m);
	memory_free(&mem);
}

/* Who may not lock a single page may map one all the same, in any way. */
static void run_memlock(const void *arg)
{
	const struct rlimit none = {};
	__u64 copy = IOVA + BYTES;
	struct mock_device other;
	struct memory mem;
	struct mock m;
	__u32 ioas;
	int fd;

	(void)arg;
	if (rig_peer_is("iommufd"))
		ktap_skip("known difference: in-tree, the mock IOMMU maps no dma-buf");
	mock_open(&m);
	memory_alloc(&mem, POPULATE4K, BYTES);
	fd = mock_dmabuf(m.iofd, BYTES);
	ASSERT_TRUE(fd >= 0);
	ASSERT_OK(ioas_alloc(m.iofd, &ioas));
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &none));
	ASSERT_EQ(0, setresuid(SOMEBODY, SOMEBODY, SOMEBODY));

	EXPECT_ERR(-ENOMEM, ioas_map_at(m.iofd, m.ioas, mem.va, PAGE, IOVA));
	EXPECT_OK(map_dmabuf(&m, m.ioas, fd, IOVA));
	EXPECT_OK(ioas_copy(m.iofd, IOAS_FIXED_RW, m.ioas, m.ioas, BYTES, &copy, IOVA));
	EXPECT_OK(map_dmabuf(&m, ioas, fd, IOVA));
	EXPECT_OK(mock_device(m.iofd, ioas, 0, &other));
	EXPECT_EQ(0, pins_vmpin());
	EXPECT_EQ(0, pins_vmlck());
	EXPECT_OK(mock_dmabuf_revoke(m.iofd, fd, true));
	EXPECT_EQ(2 * BYTES, ioas_unmap_all(m.iofd, m.ioas));
	EXPECT_EQ(BYTES, ioas_unmap_all(m.iofd, ioas));
	EXPECT_EQ(0, pins_vmpin());
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, close(m.iofd));
	memory_free(&mem);
}

static const struct ktap_case cases[] = {
	{ "access", run_access, &(const __u32){ 0 } },
	{ "access-pins", run_access, &(const __u32){ MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES } },
	{ "memlock", run_memlock, NULL },
	{}
};

const struct ktap_suite mock_dmabufs = { "mock-dmabuf", cases };

// SPDX-License-Identifier: GPL-2.0-only
/* Counts and sizes that a caller gives for the kernel to walk or to keep: they have an end. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mock.h"

/* What a vIOMMU's event queue may hold: as much as the largest of hardware. */
#define DEPTH_MAX (1U << 19)

struct guest {
	struct mock mock;
	__u32 parent;
	__u32 nested;
	__u32 viommu;
	__u32 vdevice;
};

static void open_guest(struct guest *g)
{
	struct mock *m = &g->mock;

	mock_open(m);
	ASSERT_OK(hwpt_alloc(m->iofd, IOMMU_HWPT_ALLOC_NEST_PARENT, m->device.dev, m->ioas,
			     &g->parent));
	ASSERT_OK(mock_nested(m->iofd, m->device.dev, g->parent, 0, &g->nested));
	ASSERT_OK(mock_viommu(m->iofd, m->device.dev, g->parent, &g->viommu));
	ASSERT_OK(mock_vdevice(m->iofd, g->viommu, m->device.dev, 9, &g->vdevice));
}

/* *count is how many requests there are, and on return how many were done. */
static int invalidate(struct guest *g, __u32 id, __u32 type, const void *requests, __u32 bytes,
		      __u32 *count)
{
	struct iommu_hwpt_invalidate cmd = {
		.size = sizeof(cmd),
		.hwpt_id = id,
		.data_uptr = (__u64)requests,
		.data_type = type,
		.entry_len = bytes,
		.entry_num = *count,
	};
	int ret = iofd_ioctl(g->mock.iofd, IOMMU_HWPT_INVALIDATE, &cmd);

	*count = cmd.entry_num;
	return ret;
}

struct target {
	bool viommu;
	__u32 type;
	__u32 bytes;	/* of a request */
};

/* More requests than there can be, larger ones than there are, and none. */
static void run_invalidate(const void *arg)
{
	const struct target *target = arg;
	unsigned char *page;
	struct guest g;
	__u32 id, count;

	open_guest(&g);
	id = target->viommu ? g.viommu : g.nested;
	/* Another one follows it that cannot be accessed. */
	page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(page != MAP_FAILED);
	ASSERT_EQ(0, mprotect(page + PAGE, PAGE, PROT_NONE));

	count = 0;
	EXPECT_OK(invalidate(&g, id, target->type, NULL, 0, &count));
	EXPECT_EQ(0, count);
	count = ~0U;
	EXPECT_TRUE(invalidate(&g, id, target->type, page, target->bytes, &count) < 0);
	EXPECT_EQ(0, count);
	count = ~0U;
	EXPECT_TRUE(invalidate(&g, id, target->type, page, ~0U, &count) < 0);
	EXPECT_EQ(0, count);
	count = 1;
	EXPECT_TRUE(invalidate(&g, id, target->type, page, ~0U, &count) < 0);
	EXPECT_EQ(0, count);
	count = 1;
	EXPECT_ERR(-EINVAL, invalidate(&g, id, target->type, page, 0, &count));
	EXPECT_EQ(0, count);
	/* Requests in memory that ends before they do. */
	count = 2 * PAGE / target->bytes;
	EXPECT_ERR(-EFAULT, invalidate(&g, id, target->type, page + PAGE - target->bytes + 1,
				       target->bytes, &count));
	EXPECT_EQ(0, count);
	mock_close(&g.mock);
}

/* A depth beyond that of any hardware is refused, and below it not more is kept than was asked. */
static void run_depth(const void *arg)
{
	struct {
		struct iommufd_vevent_header header;
		struct iommu_viommu_event_selftest event;
	} got[4];
	__u32 events, nested;
	struct guest g;
	int fd, i;

	(void)arg;
	open_guest(&g);
	EXPECT_ERR(-EINVAL, mock_events(g.mock.iofd, g.viommu, 0, &events, &fd));
	EXPECT_ERR(-EINVAL, mock_events(g.mock.iofd, g.viommu, ~0U, &events, &fd));
	EXPECT_ERR(-EINVAL, mock_events(g.mock.iofd, g.viommu, DEPTH_MAX + 1, &events, &fd));
	ASSERT_OK(mock_events(g.mock.iofd, g.viommu, DEPTH_MAX, &events, &fd));
	EXPECT_EQ(0, close(fd));
	EXPECT_OK(iofd_destroy(g.mock.iofd, events));

	/* Only a device that the guest's tables translate for has any, in-tree. */
	ASSERT_OK(mock_nested(g.mock.iofd, g.mock.device.dev, g.viommu, 0, &nested));
	ASSERT_OK(mock_replace(g.mock.iofd, g.mock.device.stdev, nested));
	ASSERT_OK(mock_events(g.mock.iofd, g.viommu, 2, &events, &fd));
	for (i = 0; i < 1000; i++)
		ASSERT_OK(mock_trigger_event(g.mock.iofd, g.mock.device.dev));
	EXPECT_EQ(2 * sizeof(got[0]) + sizeof(got[0].header), read(fd, got, sizeof(got)));
	EXPECT_EQ(0, got[0].header.sequence);
	EXPECT_EQ(9, got[0].event.virt_id);
	EXPECT_EQ(1, got[1].header.sequence);
	EXPECT_EQ(IOMMU_VEVENTQ_FLAG_LOST_EVENTS, got[2].header.flags);
	EXPECT_EQ(0, close(fd));
	mock_close(&g.mock);
}

static const struct target on_nested = {
	false, IOMMU_HWPT_INVALIDATE_DATA_SELFTEST, sizeof(struct iommu_hwpt_invalidate_selftest),
};

static const struct target on_viommu = {
	true, IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST,
	sizeof(struct iommu_viommu_invalidate_selftest),
};

static const struct ktap_case cases[] = {
	{ "invalidate-nested", run_invalidate, &on_nested },
	{ "invalidate-viommu", run_invalidate, &on_viommu },
	{ "depth", run_depth, NULL },
	{}
};

const struct ktap_suite mock_count = { "mock-count", cases };

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page faults of devices: read into too little room or bad memory, answered from bad memory, and
 * left over when the device moves on.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mock.h"
#include "rig.h"

#define EVENT sizeof(struct iommu_hwpt_pgfault)
#define RESPONSE sizeof(struct iommu_hwpt_page_response)

/* A device at a guest's page table, and the queue that its page faults go to. */
struct faults {
	struct mock mock;
	__u32 parent;
	__u32 queue;
	__u32 hwpt;
	int fd;
};

static void open_faults(struct faults *f)
{
	struct mock *m = &f->mock;

	mock_open(m);
	ASSERT_OK(hwpt_alloc(m->iofd, IOMMU_HWPT_ALLOC_NEST_PARENT, m->device.dev, m->ioas,
			     &f->parent));
	ASSERT_OK(fault_queue_alloc(m->iofd, &f->queue, &f->fd));
	ASSERT_OK(mock_nested(m->iofd, m->device.dev, f->parent, f->queue, &f->hwpt));
	ASSERT_OK(mock_replace(m->iofd, m->device.stdev, f->hwpt));
}

static void close_faults(struct faults *f)
{
	EXPECT_EQ(0, close(f->fd));
	mock_close(&f->mock);
}

static int trigger(struct faults *f, __u64 addr)
{
	return mock_trigger_fault(f->mock.iofd, f->mock.device.dev, 5, 7, addr);
}

/* read() and write() that return -errno. */
static long long take(int fd, void *to, size_t bytes)
{
	ssize_t n = read(fd, to, bytes);

	return n < 0 ? -errno : n;
}

static long long give(int fd, const void *from, size_t bytes)
{
	ssize_t n = write(fd, from, bytes);

	return n < 0 ? -errno : n;
}

static long long respond(int fd, __u32 cookie)
{
	const struct iommu_hwpt_page_response response = {
		.cookie = cookie, .code = IOMMUFD_PAGE_RESP_SUCCESS,
	};

	return give(fd, &response, RESPONSE);
}

static bool is_readable(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, 0) == 1;
}

/* Two pages, of which the second one cannot be accessed: the end of the first. */
static unsigned char *guarded_end(void)
{
	unsigned char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_TRUE(pages != MAP_FAILED);
	ASSERT_EQ(0, mprotect(pages + PAGE, PAGE, PROT_NONE));
	return pages + PAGE;
}

/*
 * As many whole events as fit, in order, and what does not fit is not lost. In-tree, no room is
 * taken but for a whole number of events.
 */
static void run_short_read(const void *arg)
{
	bool whole_only = rig_peer_is("iommufd");
	struct iommu_hwpt_pgfault events[3];
	struct faults f;
	__u64 i;

	(void)arg;
	open_faults(&f);
	for (i = 0; i < 3; i++)
		ASSERT_OK(trigger(&f, i * PAGE));
	EXPECT_ERR(whole_only ? -ESPIPE : -EINVAL, take(f.fd, events, EVENT - 1));
	EXPECT_TRUE(is_readable(f.fd));
	EXPECT_EQ(2 * EVENT, take(f.fd, events, whole_only ? 2 * EVENT : 3 * EVENT - 1));
	EXPECT_EQ(0, events[0].addr);
	EXPECT_EQ(PAGE, events[1].addr);
	EXPECT_EQ(EVENT, take(f.fd, &events[2], EVENT));
	EXPECT_EQ(2 * PAGE, events[2].addr);
	EXPECT_TRUE(!is_readable(f.fd));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(7, events[i].grpid);
		EXPECT_EQ(RESPONSE, respond(f.fd, events[i].cookie));
	}
	close_faults(&f);
}

/* What cannot be given away can be had the next time. */
static void run_bad_read(const void *arg)
{
	unsigned char *end = guarded_end();
	struct iommu_hwpt_pgfault event;
	struct faults f;

	(void)arg;
	open_faults(&f);
	ASSERT_OK(trigger(&f, PAGE));
	EXPECT_ERR(-EFAULT, take(f.fd, end, EVENT));
	EXPECT_ERR(-EFAULT, take(f.fd, end - EVENT + 1, EVENT));
	EXPECT_TRUE(is_readable(f.fd));
	EXPECT_EQ(EVENT, take(f.fd, end - EVENT, EVENT));
	event = *(struct iommu_hwpt_pgfault *)(end - EVENT);
	EXPECT_EQ(PAGE, event.addr);
	EXPECT_EQ(RESPONSE, respond(f.fd, event.cookie));
	EXPECT_ERR(-EINVAL, respond(f.fd, event.cookie));

	/* Of two, room for one. */
	ASSERT_OK(trigger(&f, 2 * PAGE));
	ASSERT_OK(trigger(&f, 3 * PAGE));
	EXPECT_EQ(EVENT, take(f.fd, end - EVENT - 8, 2 * EVENT));
	event = *(struct iommu_hwpt_pgfault *)(end - EVENT - 8);
	EXPECT_EQ(2 * PAGE, event.addr);
	EXPECT_EQ(RESPONSE, respond(f.fd, event.cookie));
	EXPECT_EQ(EVENT, take(f.fd, &event, EVENT));
	EXPECT_EQ(3 * PAGE, event.addr);
	EXPECT_EQ(RESPONSE, respond(f.fd, event.cookie));
	close_faults(&f);
}

/* An answer that cannot be read answers nothing. */
static void run_bad_write(const void *arg)
{
	unsigned char *end = guarded_end();
	struct iommu_hwpt_page_response *last = (void *)end;
	struct iommu_hwpt_pgfault events[2];
	struct faults f;

	(void)arg;
	open_faults(&f);
	ASSERT_OK(trigger(&f, 0));
	ASSERT_OK(trigger(&f, PAGE));
	ASSERT_EQ(2 * EVENT, take(f.fd, events, 2 * EVENT));
	EXPECT_ERR(-EFAULT, give(f.fd, end, RESPONSE));
	EXPECT_ERR(-EFAULT, give(f.fd, end - RESPONSE + 1, RESPONSE));
	EXPECT_ERR(rig_peer_is("iommufd") ? -ESPIPE : -EINVAL,
		   give(f.fd, end - RESPONSE, RESPONSE - 1));
	EXPECT_ERR(-EINVAL, respond(f.fd, events[0].cookie + events[1].cookie + 1));

	/* Of two, the first can be read, and that one is answered. */
	last[-1].cookie = events[0].cookie;
	last[-1].code = IOMMUFD_PAGE_RESP_SUCCESS;
	EXPECT_EQ(RESPONSE, give(f.fd, last - 1, 2 * RESPONSE));
	EXPECT_ERR(-EINVAL, respond(f.fd, events[0].cookie));
	EXPECT_EQ(RESPONSE, respond(f.fd, events[1].cookie));
	close_faults(&f);
}

/*
 * Read or not, they end when the device moves to another HWPT: to one without a queue, one with
 * another queue, one with the same.
 */
static void run_replaced(const void *arg)
{
	struct iommu_hwpt_pgfault event, left;
	__u32 queue, other, same;
	struct mock_device *d;
	struct faults f;
	int fd;

	(void)arg;
	open_faults(&f);
	d = &f.mock.device;
	ASSERT_OK(fault_queue_alloc(f.mock.iofd, &queue, &fd));
	ASSERT_OK(mock_nested(f.mock.iofd, d->dev, f.parent, queue, &other));
	ASSERT_OK(mock_nested(f.mock.iofd, d->dev, f.parent, f.queue, &same));

	ASSERT_OK(trigger(&f, PAGE));
	ASSERT_OK(trigger(&f, 2 * PAGE));
	ASSERT_EQ(EVENT, take(f.fd, &left, EVENT));
	ASSERT_OK(mock_replace(f.mock.iofd, d->stdev, same));
	EXPECT_TRUE(!is_readable(f.fd));
	EXPECT_EQ(0, take(f.fd, &event, EVENT));
	EXPECT_ERR(-EINVAL, respond(f.fd, left.cookie));

	ASSERT_OK(trigger(&f, 3 * PAGE));
	ASSERT_OK(trigger(&f, 4 * PAGE));
	ASSERT_EQ(EVENT, take(f.fd, &left, EVENT));
	EXPECT_EQ(3 * PAGE, left.addr);
	ASSERT_OK(mock_replace(f.mock.iofd, d->stdev, other));
	EXPECT_EQ(0, take(f.fd, &event, EVENT));
	EXPECT_ERR(-EINVAL, respond(f.fd, left.cookie));

	ASSERT_OK(trigger(&f, 5 * PAGE));
	EXPECT_EQ(0, take(f.fd, &event, EVENT));
	EXPECT_EQ(EVENT, take(fd, &left, EVENT));
	EXPECT_EQ(5 * PAGE, left.addr);
	EXPECT_ERR(-EINVAL, respond(f.fd, left.cookie));
	ASSERT_OK(trigger(&f, 6 * PAGE));
	ASSERT_OK(mock_replace(f.mock.iofd, d->stdev, f.mock.ioas));
	EXPECT_EQ(0, take(fd, &event, EVENT));
	EXPECT_ERR(-EINVAL, respond(fd, left.cookie));
	EXPECT_EQ(0, close(fd));
	close_faults(&f);
}

/* And when the device goes, or everything. */
static void run_left_over(const void *arg)
{
	struct iommu_hwpt_pgfault event, left;
	struct mock_device *d;
	struct faults f;

	(void)arg;
	open_faults(&f);
	d = &f.mock.device;
	ASSERT_OK(trigger(&f, PAGE));
	ASSERT_OK(trigger(&f, 2 * PAGE));
	ASSERT_EQ(EVENT, take(f.fd, &left, EVENT));
	EXPECT_OK(iofd_destroy(f.mock.iofd, d->stdev));
	EXPECT_EQ(0, take(f.fd, &event, EVENT));
	EXPECT_ERR(-EINVAL, respond(f.fd, left.cookie));
	EXPECT_OK(iofd_destroy(f.mock.iofd, f.hwpt));
	EXPECT_ERR(-EBUSY, iofd_destroy(f.mock.iofd, f.queue));

	ASSERT_OK(mock_device(f.mock.iofd, f.mock.ioas, 0, d));
	ASSERT_OK(mock_nested(f.mock.iofd, d->dev, f.parent, f.queue, &f.hwpt));
	ASSERT_OK(mock_replace(f.mock.iofd, d->stdev, f.hwpt));
	ASSERT_OK(trigger(&f, 3 * PAGE));
	ASSERT_OK(trigger(&f, 4 * PAGE));
	EXPECT_EQ(EVENT, take(f.fd, &left, EVENT));
	EXPECT_EQ(3 * PAGE, left.addr);
	close_faults(&f);
}

/* More than are looked at in one go. */
#define MANY 200

/* In a queue with another device's: those of the one that goes end, wherever they are. */
static void run_among_others(const void *arg)
{
	static struct iommu_hwpt_pgfault events[2 * MANY];
	struct mock_device other;
	struct faults f;
	__u32 hwpt;
	__u64 i;

	(void)arg;
	open_faults(&f);
	ASSERT_OK(mock_device(f.mock.iofd, f.mock.ioas, 0, &other));
	ASSERT_OK(mock_nested(f.mock.iofd, other.dev, f.parent, f.queue, &hwpt));
	ASSERT_OK(mock_replace(f.mock.iofd, other.stdev, hwpt));
	for (i = 0; i < 2 * MANY; i++)
		ASSERT_OK(mock_trigger_fault(f.mock.iofd, i % 2 ? other.dev : f.mock.device.dev, 5,
					     7, i * PAGE));
	ASSERT_OK(mock_replace(f.mock.iofd, other.stdev, f.mock.ioas));
	EXPECT_EQ(MANY * EVENT, take(f.fd, events, sizeof(events)));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(2 * i * PAGE, events[i].addr);
	ASSERT_OK(mock_replace(f.mock.iofd, f.mock.device.stdev, f.mock.ioas));
	close_faults(&f);
}

static const struct ktap_case cases[] = {
	{ "short-read", run_short_read, NULL },
	{ "bad-read", run_bad_read, NULL },
	{ "bad-write", run_bad_write, NULL },
	{ "replaced", run_replaced, NULL },
	{ "left-over", run_left_over, NULL },
	{ "among-others", run_among_others, NULL },
	{}
};

const struct ktap_suite mock_fault = { "mock-fault", cases };

// SPDX-License-Identifier: GPL-2.0-only
/*
 * An ioctl that makes a file and fails late: where the answer cannot be written, or there is no
 * descriptor left, there is neither a file nor an object.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "mock.h"

/* No object of a case has an ID as high. */
#define MANY_IDS 256

struct late {
	struct mock mock;
	__u32 parent;
	__u32 viommu;
};

/* An ioctl that makes a file, and what it takes. */
struct maker {
	unsigned long cmd;
	void (*fill)(struct late *late, void *cmd);
};

static void fill_faults(struct late *late, void *to)
{
	(void)late;
	*(struct iommu_fault_alloc *)to = (struct iommu_fault_alloc){
		.size = sizeof(struct iommu_fault_alloc),
	};
}

static void fill_events(struct late *late, void *to)
{
	*(struct iommu_veventq_alloc *)to = (struct iommu_veventq_alloc){
		.size = sizeof(struct iommu_veventq_alloc),
		.viommu_id = late->viommu,
		.type = IOMMU_VEVENTQ_TYPE_SELFTEST,
		.veventq_depth = 1,
	};
}

static void open_late(struct late *late)
{
	struct mock *m = &late->mock;

	mock_open(m);
	ASSERT_OK(hwpt_alloc(m->iofd, IOMMU_HWPT_ALLOC_NEST_PARENT, m->device.dev, m->ioas,
			     &late->parent));
	ASSERT_OK(mock_viommu(m->iofd, m->device.dev, late->parent, &late->viommu));
}

/* The descriptor that the next file gets: the lowest one that is free. */
static int next_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

static void run_no_answer(const void *arg)
{
	const struct maker *maker = arg;
	unsigned char *page;
	struct late late;
	__u32 id;
	int fd;

	open_late(&late);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(page != MAP_FAILED);
	maker->fill(&late, page);
	fd = next_fd();
	ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ));
	EXPECT_ERR(-EFAULT, iofd_ioctl(late.mock.iofd, maker->cmd, page));
	EXPECT_EQ(fd, next_fd());

	/* The rest goes in order; what the ioctl made would be in the way of it. */
	EXPECT_OK(iofd_destroy(late.mock.iofd, late.viommu));
	EXPECT_OK(iofd_destroy(late.mock.iofd, late.parent));
	EXPECT_OK(iofd_destroy(late.mock.iofd, late.mock.device.stdev));
	EXPECT_OK(iofd_destroy(late.mock.iofd, late.mock.ioas));
	for (id = 0; id < MANY_IDS; id++)
		EXPECT_ERR(-ENOENT, iofd_destroy(late.mock.iofd, id));
	mock_close(&late.mock);
}

static void run_no_descriptor(const void *arg)
{
	const struct maker *maker = arg;
	struct rlimit before, limit;
	unsigned char cmd[PAGE];
	struct late late;
	__u32 id;
	int fd;

	open_late(&late);
	maker->fill(&late, cmd);
	fd = next_fd();
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	limit = before;
	limit.rlim_cur = fd;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_ERR(-EMFILE, iofd_ioctl(late.mock.iofd, maker->cmd, cmd));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
	EXPECT_EQ(fd, next_fd());

	/* And then it works, with the ID and the descriptor that were not taken. */
	maker->fill(&late, cmd);
	EXPECT_OK(iofd_ioctl(late.mock.iofd, maker->cmd, cmd));
	EXPECT_EQ(fd + 1, next_fd());
	EXPECT_EQ(0, close(fd));
	EXPECT_OK(iofd_destroy(late.mock.iofd, late.mock.device.stdev));
	for (id = MANY_IDS; id--;)
		iofd_destroy(late.mock.iofd, id);
	for (id = 0; id < MANY_IDS; id++)
		EXPECT_ERR(-ENOENT, iofd_destroy(late.mock.iofd, id));
	mock_close(&late.mock);
}

static const struct maker faults = { IOMMU_FAULT_QUEUE_ALLOC, fill_faults };
static const struct maker events = { IOMMU_VEVENTQ_ALLOC, fill_events };

static const struct ktap_case cases[] = {
	{ "faults-no-answer", run_no_answer, &faults },
	{ "faults-no-descriptor", run_no_descriptor, &faults },
	{ "events-no-answer", run_no_answer, &events },
	{ "events-no-descriptor", run_no_descriptor, &events },
	{}
};

const struct ktap_suite mock_late = { "mock-late", cases };

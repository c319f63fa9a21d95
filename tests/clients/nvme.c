// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver of an NVMe device in user space, of the kind that libvfn and SPDK have: an admin queue
 * and one for I/O, in memory that it maps for the device through an iommufd or a container of
 * VFIO's. Each byte that it writes to the disk it reads back into other memory.
 *
 * nvme_test [-l] [PATTERN...]: runs (lists) the cases whose "suite/case" matches a pattern. DEVICE
 * in the environment is the device's PCI address. What is on the disk is lost.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "iofd.h"
#include "memory.h"
#include "rig.h"
#include "util.h"
#include "vfio_pci.h"

/* Registers. */
#define CAP 0x00
#define CC 0x14
#define CSTS 0x1c
#define AQA 0x24
#define ASQ 0x28
#define ACQ 0x30
#define DOORBELLS 0x1000
#define BAR_BYTES (2 * PAGE)

#define CC_ENABLE (1 | 6 << 16 | 4 << 20)	/* entries of 64 and of 16 bytes */
#define CSTS_READY 1

#define ADMIN_CREATE_SQ 0x01
#define ADMIN_CREATE_CQ 0x05
#define ADMIN_IDENTIFY 0x06
#define IO_WRITE 0x01
#define IO_READ 0x02

#define DEPTH 32U
#define MAX_PAGES 32U
#define TIMEOUT_SECONDS 60

/* What the device is told by: two queues of each kind, and a list of pages for each entry. */
#define RINGS_IOVA 0x100000UL
#define RINGS_BYTES ((4 + DEPTH) * PAGE)
#define IOVA GIB

struct command {
	__u8 opcode;
	__u8 flags;
	__u16 id;
	__u32 namespace;
	__u64 unused[2];
	__u64 prp[2];
	__u32 words[6];
};

struct completion {
	__u32 result;
	__u32 unused;
	__u16 head;
	__u16 queue;
	__u16 id;
	__u16 status;		/* bit 0: which round of the queue it is of */
};

struct queue {
	struct command *commands;
	volatile struct completion *completions;
	unsigned char *doorbells;	/* of the commands; behind it, of the completions */
	size_t stride;
	unsigned int tail;
	unsigned int head;
	unsigned int round;
};

struct nvme {
	bool container;
	int dma;		/* the iommufd or the container */
	int group;
	int device;
	__u32 ioas;
	unsigned char *bar;
	unsigned char *rings;
	struct queue admin;
	struct queue io;
	__u64 blocks_per_page;
	__u64 npages;		/* of the disk */
};

static __u64 pattern;

static int map(struct nvme *nvme, void *va, size_t bytes, __u64 iova)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (unsigned long)va,
		.iova = iova,
		.size = bytes,
	};

	if (!nvme->container)
		return ioas_map_at(nvme->dma, nvme->ioas, va, bytes, iova);
	return ioctl(nvme->dma, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

/* All that is mapped there, which is @bytes in all. */
static int unmap(struct nvme *nvme, __u64 iova, size_t length, size_t bytes)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = length,
	};
	__u64 unmapped = length;
	int ret;

	if (nvme->container) {
		ret = ioctl(nvme->dma, VFIO_IOMMU_UNMAP_DMA, &unmap) ? -errno : 0;
		unmapped = unmap.size;
	} else {
		ret = ioas_unmap(nvme->dma, nvme->ioas, iova, &unmapped);
	}
	if (ret)
		return ret;
	return unmapped == bytes ? 0 : -EIO;
}

static __u32 read_register(struct nvme *nvme, unsigned int reg)
{
	return __atomic_load_n((__u32 *)(nvme->bar + reg), __ATOMIC_ACQUIRE);
}

static void write_register(struct nvme *nvme, unsigned int reg, __u32 value)
{
	__atomic_store_n((__u32 *)(nvme->bar + reg), value, __ATOMIC_RELEASE);
}

/* By the clock of the machine that this is in. */
static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void await_ready(struct nvme *nvme, __u32 ready)
{
	double end = now() + TIMEOUT_SECONDS;

	while ((read_register(nvme, CSTS) & CSTS_READY) != ready)
		ASSERT_TRUE(now() < end);
}

/* A command, which the device sees by the next ring(). */
static struct command *post(struct queue *queue, __u8 opcode)
{
	struct command *command = &queue->commands[queue->tail];

	memset(command, 0, sizeof(*command));
	command->opcode = opcode;
	command->id = queue->tail;
	queue->tail = (queue->tail + 1) % DEPTH;
	return command;
}

/* The device does them, @n commands in all. 0, or the status of the last that failed. */
static int ring(struct queue *queue, unsigned int n)
{
	double end = now() + TIMEOUT_SECONDS;
	int failed = 0;

	__atomic_store_n((__u32 *)queue->doorbells, queue->tail, __ATOMIC_RELEASE);
	while (n--) {
		volatile struct completion *done = &queue->completions[queue->head];

		while ((le16toh(done->status) & 1) != queue->round) {
			if (now() > end)
				return -ETIMEDOUT;
		}
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (le16toh(done->status) >> 1)
			failed = le16toh(done->status) >> 1;
		queue->head = (queue->head + 1) % DEPTH;
		if (!queue->head)
			queue->round ^= 1;
		__atomic_store_n((__u32 *)(queue->doorbells + queue->stride), queue->head,
				 __ATOMIC_RELEASE);
	}
	return failed;
}

static void queue_init(struct queue *queue, struct nvme *nvme, unsigned int id, size_t stride)
{
	queue->commands = (struct command *)(nvme->rings + 2 * id * PAGE);
	queue->completions = (struct completion *)(nvme->rings + (2 * id + 1) * PAGE);
	queue->doorbells = nvme->bar + DOORBELLS + 2 * id * stride;
	queue->stride = stride;
	queue->round = 1;
}

/* What the device says of itself (1) or of its disk (0), 4 KiB. Its status. */
static int identify(struct nvme *nvme, __u32 what, __u64 iova)
{
	struct command *command = post(&nvme->admin, ADMIN_IDENTIFY);

	command->namespace = htole32(what ? 0 : 1);
	command->prp[0] = htole64(iova);
	command->words[0] = htole32(what);
	return ring(&nvme->admin, 1);
}

static void create_io_queue(struct nvme *nvme)
{
	struct command *command = post(&nvme->admin, ADMIN_CREATE_CQ);

	command->prp[0] = htole64(RINGS_IOVA + 3 * PAGE);
	command->words[0] = htole32((DEPTH - 1) << 16 | 1);
	command->words[1] = htole32(1);
	ASSERT_EQ(0, ring(&nvme->admin, 1));
	command = post(&nvme->admin, ADMIN_CREATE_SQ);
	command->prp[0] = htole64(RINGS_IOVA + 2 * PAGE);
	command->words[0] = htole32((DEPTH - 1) << 16 | 1);
	command->words[1] = htole32(1 << 16 | 1);
	ASSERT_EQ(0, ring(&nvme->admin, 1));
}

/* The device's directory in sysfs. */
static const char *device_address(void)
{
	const char *address = getenv("DEVICE");

	if (!address || !*address)
		ktap_skip("needs an NVMe device, DEVICE=its address");
	return address;
}

static void open_cdev(struct nvme *nvme)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };
	char path[300];
	glob_t found;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev/vfio*", device_address());
	ASSERT_EQ(0, glob(path, 0, NULL, &found));
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", strrchr(found.gl_pathv[0], '/') + 1);
	globfree(&found);
	nvme->device = open(path, O_RDWR | O_CLOEXEC);
	ktap_assert(EXPECT_TRUE(nvme->device >= 0));
	nvme->dma = iofd_open();
	ktap_assert(EXPECT_TRUE(nvme->dma >= 0));
	ASSERT_OK(ioas_alloc(nvme->dma, &nvme->ioas));
	bind.iommufd = nvme->dma;
	ASSERT_OK(ioctl(nvme->device, VFIO_DEVICE_BIND_IOMMUFD, &bind) ? -errno : 0);
	attach.pt_id = nvme->ioas;
	ASSERT_OK(ioctl(nvme->device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach) ? -errno : 0);
}

static void open_container(struct nvme *nvme)
{
	char path[300], group[300] = "";

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", device_address());
	ASSERT_TRUE(readlink(path, group, sizeof(group) - 1) > 0);
	snprintf(path, sizeof(path), "/dev/vfio%s", strrchr(group, '/'));
	nvme->group = open(path, O_RDWR | O_CLOEXEC);
	ktap_assert(EXPECT_TRUE(nvme->group >= 0));
	nvme->dma = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	ktap_assert(EXPECT_TRUE(nvme->dma >= 0));
	ASSERT_OK(ioctl(nvme->group, VFIO_GROUP_SET_CONTAINER, &nvme->dma) ? -errno : 0);
	ASSERT_OK(ioctl(nvme->dma, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) ? -errno : 0);
	nvme->device = ioctl(nvme->group, VFIO_GROUP_GET_DEVICE_FD, device_address());
	ktap_assert(EXPECT_TRUE(nvme->device >= 0));
}

/* What the disk is like, by what the device says of it. */
static void read_size(struct nvme *nvme)
{
	unsigned char *about = nvme->rings + 4 * PAGE;
	__u64 nblocks;
	__u32 format;

	ASSERT_EQ(0, identify(nvme, 0, RINGS_IOVA + 4 * PAGE));
	memcpy(&nblocks, about, sizeof(nblocks));
	memcpy(&format, about + 128 + 4 * (about[26] & 15), sizeof(format));
	nvme->blocks_per_page = PAGE >> (le32toh(format) >> 16 & 0xff);
	ASSERT_TRUE(nvme->blocks_per_page > 0);
	nvme->npages = le64toh(nblocks) / nvme->blocks_per_page;
	ASSERT_TRUE(nvme->npages >= 1024);
}

static void nvme_open(struct nvme *nvme, bool container)
{
	size_t stride;

	*nvme = (struct nvme){ .container = container, .group = -1 };
	if (container)
		open_container(nvme);
	else
		open_cdev(nvme);
	ASSERT_OK(vfio_enable(nvme->device, true));
	ASSERT_OK(vfio_map_bar(nvme->device, BAR_BYTES, &nvme->bar));
	/* Whoever had it before may not have let it go. */
	write_register(nvme, CC, 0);
	await_ready(nvme, 0);

	nvme->rings = mmap(NULL, RINGS_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ktap_assert(nvme->rings != MAP_FAILED);
	ASSERT_OK(map(nvme, nvme->rings, RINGS_BYTES, RINGS_IOVA));
	stride = 4UL << (read_register(nvme, CAP + 4) & 15);
	ASSERT_TRUE(DOORBELLS + 4 * stride <= BAR_BYTES);
	queue_init(&nvme->admin, nvme, 0, stride);
	queue_init(&nvme->io, nvme, 1, stride);
	write_register(nvme, AQA, (DEPTH - 1) << 16 | (DEPTH - 1));
	write_register(nvme, ASQ, RINGS_IOVA);
	write_register(nvme, ASQ + 4, 0);
	write_register(nvme, ACQ, RINGS_IOVA + PAGE);
	write_register(nvme, ACQ + 4, 0);
	write_register(nvme, CC, CC_ENABLE);
	await_ready(nvme, CSTS_READY);
	create_io_queue(nvme);
	read_size(nvme);
}

static void nvme_close(struct nvme *nvme)
{
	write_register(nvme, CC, 0);
	await_ready(nvme, 0);
	EXPECT_OK(unmap(nvme, RINGS_IOVA, RINGS_BYTES, RINGS_BYTES));
	munmap(nvme->rings, RINGS_BYTES);
	munmap(nvme->bar, BAR_BYTES);
	close(nvme->device);
	if (nvme->container) {
		EXPECT_OK(ioctl(nvme->group, VFIO_GROUP_UNSET_CONTAINER) ? -errno : 0);
		close(nvme->group);
	}
	close(nvme->dma);
}

/*
 * A write or a read of @npages pages of the disk from @page on, in memory at these IOVAs, of which
 * the first need not begin a page if it is the only one. What it does is done by ring().
 */
static void post_io(struct nvme *nvme, __u8 opcode, __u64 page, const __u64 *iovas,
		    unsigned int npages)
{
	unsigned int slot = nvme->io.tail;
	struct command *command = post(&nvme->io, opcode);
	__u64 *list = (__u64 *)(nvme->rings + (4 + slot) * PAGE);
	__u64 block = page * nvme->blocks_per_page;
	unsigned int i;

	command->namespace = htole32(1);
	command->prp[0] = htole64(iovas[0]);
	for (i = 1; i < npages; i++)
		list[i - 1] = htole64(iovas[i]);
	if (npages == 2)
		command->prp[1] = list[0];
	else if (npages > 2)
		command->prp[1] = htole64(RINGS_IOVA + (4 + slot) * PAGE);
	command->words[0] = htole32(block);
	command->words[1] = htole32(block >> 32);
	command->words[2] = htole32(npages * nvme->blocks_per_page - 1);
}

static int io(struct nvme *nvme, __u8 opcode, __u64 page, const __u64 *iovas, unsigned int npages)
{
	post_io(nvme, opcode, page, iovas, npages);
	return ring(&nvme->io, 1);
}

static void run_identify(const void *arg)
{
	struct nvme nvme;
	unsigned char *page;

	nvme_open(&nvme, *(const bool *)arg);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		    -1, 0);
	ktap_assert(page != MAP_FAILED);
	ASSERT_OK(map(&nvme, page, PAGE, IOVA));
	EXPECT_EQ(0, identify(&nvme, 1, IOVA));
	/* QEMU's vendor, Red Hat, and its name. */
	EXPECT_EQ(0x1b36, page[0] | page[1] << 8);
	EXPECT_BYTES("QEMU NVMe Ctrl", page + 24, strlen("QEMU NVMe Ctrl"));

	/* It does not reach what is not mapped any more. */
	ASSERT_OK(unmap(&nvme, IOVA, PAGE, PAGE));
	memset(page, 0xee, PAGE);
	identify(&nvme, 1, IOVA);
	for (size_t i = 0; i < PAGE; i++) {
		if (!EXPECT_EQ(0xee, page[i]))
			break;
	}
	munmap(page, PAGE);
	nvme_close(&nvme);
}

struct shaped {
	bool container;
	enum shape shape;
};

static int map_shaped(struct nvme *nvme, const struct memory *mem, __u64 iova)
{
	if (nvme->container)
		return map(nvme, mem->va, mem->bytes, iova);
	return memory_map(mem, nvme->dma, nvme->ioas, IOAS_FIXED_RW, 0, mem->bytes, &iova);
}

/* A disk's worth of memory to the disk, in commands of all lengths, many at a time, and back. */
static void run_copies(const void *arg)
{
	const struct shaped *shaped = arg;
	const size_t bytes = 4 * MIB, npages = bytes / PAGE;
	const __u64 iova[2] = { IOVA, IOVA + GIB };
	struct memory mem[2];
	struct nvme nvme;
	int write;

	nvme_open(&nvme, shaped->container);
	for (int i = 0; i < 2; i++) {
		memory_alloc(&mem[i], shaped->shape, bytes);
		ASSERT_OK(map_shaped(&nvme, &mem[i], iova[i]));
	}
	memory_fill(mem[0].va, bytes, ktap_seed());
	memset(mem[1].va, 0, bytes);
	for (write = 1; write >= 0; write--) {
		unsigned int posted = 0, length = 1;

		for (size_t page = 0; page < npages; page += length) {
			__u64 iovas[MAX_PAGES];

			length = 1 + (page * 7 + write) % MAX_PAGES;
			if (length > npages - page)
				length = npages - page;
			for (unsigned int i = 0; i < length; i++)
				iovas[i] = iova[!write] + (page + i) * PAGE;
			post_io(&nvme, write ? IO_WRITE : IO_READ, page, iovas, length);
			if (++posted == DEPTH / 2 || page + length == npages) {
				ASSERT_EQ(0, ring(&nvme.io, posted));
				posted = 0;
			}
		}
	}
	EXPECT_BYTES(mem[0].va, mem[1].va, bytes);
	for (int i = 0; i < 2; i++) {
		EXPECT_OK(unmap(&nvme, iova[i], bytes, bytes));
		memory_free(&mem[i]);
	}
	nvme_close(&nvme);
}

/* Pages that are mapped one by one. */
struct pages {
	struct nvme nvme;
	struct memory mem;
	size_t npages;
	double map_seconds;
	double unmap_seconds;
};

static void pages_open(struct pages *pages, bool container, size_t npages)
{
	memset(pages, 0, sizeof(*pages));
	pages->npages = npages;
	memory_alloc(&pages->mem, POPULATE4K, npages * PAGE);
	nvme_open(&pages->nvme, container);
}

static void pages_close(struct pages *pages)
{
	nvme_close(&pages->nvme);
	memory_free(&pages->mem);
}

/* Neighbours in memory and in IOVAs are not mapped after one another. */
static unsigned char *page_of(struct pages *pages, size_t n)
{
	return pages->mem.va + n * 769 % pages->npages * PAGE;
}

static __u64 iova_of(size_t n)
{
	return IOVA + 2 * n * PAGE;
}

static bool map_page(struct pages *pages, size_t n, size_t place)
{
	double begun = now();
	int ret = map(&pages->nvme, page_of(pages, n), PAGE, iova_of(place));

	pages->map_seconds += now() - begun;
	return EXPECT_OK(ret);
}

static bool unmap_page(struct pages *pages, size_t place)
{
	double begun = now();
	int ret = unmap(&pages->nvme, iova_of(place), PAGE, PAGE);

	pages->unmap_seconds += now() - begun;
	return EXPECT_OK(ret);
}

/* From half of these to the disk, in one command, and to the other half. */
static bool copy_pages(struct pages *pages, const size_t *n, const size_t *place)
{
	const unsigned int half = MAX_PAGES / 2;
	__u64 iovas[MAX_PAGES], page;

	page = ktap_random(&pattern) % (pages->nvme.npages - half);
	for (unsigned int i = 0; i < MAX_PAGES; i++) {
		iovas[i] = iova_of(place[i]);
		if (i < half)
			memory_fill(page_of(pages, n[i]), PAGE, ktap_random(&pattern));
		else
			memset(page_of(pages, n[i]), 0, PAGE);
	}
	if (!EXPECT_EQ(0, io(&pages->nvme, IO_WRITE, page, iovas, half)) ||
	    !EXPECT_EQ(0, io(&pages->nvme, IO_READ, page, iovas + half, half)))
		return false;
	for (unsigned int i = 0; i < half; i++) {
		if (!EXPECT_BYTES(page_of(pages, n[i]), page_of(pages, n[i + half]), PAGE))
			return false;
	}
	return true;
}

#define WINDOW 1024UL
#define ONE_BY_ONE 100000UL

/*
 * Maps one page after the other, with so many at a time, and unmaps the oldest; after each 64 there
 * is I/O. Until it has mapped so many.
 */
static bool churn(struct pages *pages, size_t total)
{
	size_t n[MAX_PAGES], place[MAX_PAGES];

	for (size_t i = 0; i < total; i++) {
		if (i >= WINDOW && !unmap_page(pages, i % WINDOW))
			return false;
		if (!map_page(pages, i, i % WINDOW))
			return false;
		if (i < WINDOW || i % 64)
			continue;
		for (unsigned int j = 0; j < MAX_PAGES; j++) {
			n[j] = i - (i / 64 * 37 + j * 31) % WINDOW;
			place[j] = n[j] % WINDOW;
		}
		if (!copy_pages(pages, n, place))
			return false;
	}
	return true;
}

/* For scripts/test/clients.py. */
static void tell(const struct pages *pages, const char *name, size_t unmapped)
{
	ktap_note("nvme-%s/%s: a page: map %.0f ns, unmap %.0f ns",
		  pages->nvme.container ? "container" : "cdev", name,
		  pages->map_seconds / ONE_BY_ONE * 1e9, pages->unmap_seconds / unmapped * 1e9);
}

static void run_one_by_one(const void *arg)
{
	struct pages pages;

	pattern = ktap_seed();
	pages_open(&pages, *(const bool *)arg, 4 * WINDOW);
	if (churn(&pages, ONE_BY_ONE))
		tell(&pages, "one-by-one", ONE_BY_ONE - WINDOW);
	EXPECT_OK(unmap(&pages.nvme, IOVA, 2 * WINDOW * PAGE, WINDOW * PAGE));
	pages_close(&pages);
}

/* A hundred thousand of them at a time. A page is mapped at many places. */
static void run_at_once(const void *arg)
{
	const size_t half = ONE_BY_ONE / 2;
	struct pages pages;

	pattern = ktap_seed();
	pages_open(&pages, *(const bool *)arg, 4 * WINDOW);
	for (size_t i = 0; i < ONE_BY_ONE; i++) {
		if (!map_page(&pages, i, i))
			return;
	}
	for (unsigned int i = 0; i < 128; i++) {
		size_t n[MAX_PAGES], first = ktap_random(&pattern) % (ONE_BY_ONE - WINDOW);

		for (unsigned int j = 0; j < MAX_PAGES; j++)
			n[j] = first + j * 31;
		if (!copy_pages(&pages, n, n))
			return;
	}
	for (size_t i = 0; i < half; i++) {
		if (!unmap_page(&pages, i))
			return;
	}
	tell(&pages, "at-once", half);
	EXPECT_OK(unmap(&pages.nvme, iova_of(half), 2 * half * PAGE, half * PAGE));
	pages_close(&pages);
}

/* A driver that is killed in the midst of it leaves nothing, and the next one finds the device. */
static void run_killed(const void *arg)
{
	const bool container = *(const bool *)arg;
	struct pages pages;
	int told[2], status;
	pid_t driver;
	char byte;

	pattern = ktap_seed();
	ASSERT_EQ(0, pipe(told));
	driver = fork();
	ktap_assert(driver >= 0);
	if (!driver) {
		pages_open(&pages, container, 4 * WINDOW);
		if (!churn(&pages, 2 * WINDOW) || write(told[1], "", 1) != 1)
			_exit(1);
		for (;;) {
			for (size_t i = 0; i < WINDOW; i++)
				unmap_page(&pages, i);
			churn(&pages, 2 * WINDOW);
		}
	}
	close(told[1]);
	ASSERT_EQ(1, read(told[0], &byte, 1));
	usleep(20000);
	kill(driver, SIGKILL);
	ASSERT_EQ(driver, waitpid(driver, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	pages_open(&pages, container, 4 * WINDOW);
	if (churn(&pages, 2 * WINDOW))
		EXPECT_OK(unmap(&pages.nvme, IOVA, 2 * WINDOW * PAGE, WINDOW * PAGE));
	pages_close(&pages);
}

static const bool no, yes = true;

#define COPIES(shape_name, container, shape) \
	{ "copies-" shape_name, run_copies, &(const struct shaped){ container, shape } }

static const struct ktap_case cdev_cases[] = {
	{ "identify", run_identify, &no },
	COPIES("base", false, POPULATE4K),
	COPIES("scattered", false, SCATTER4K),
	COPIES("thp", false, THP),
	COPIES("hugetlb", false, HUGETLB2M),
	COPIES("memfd", false, MAPFILE4K),
	COPIES("memfd-huge", false, MAPFILE2M),
	{ "one-by-one", run_one_by_one, &no },
	{ "at-once", run_at_once, &no },
	{ "killed", run_killed, &no },
	{}
};

static const struct ktap_case container_cases[] = {
	{ "identify", run_identify, &yes },
	COPIES("base", true, POPULATE4K),
	COPIES("scattered", true, SCATTER4K),
	COPIES("thp", true, THP),
	COPIES("hugetlb", true, HUGETLB2M),
	COPIES("memfd", true, MEMFD4K),
	COPIES("memfd-huge", true, MEMFD2M),
	{ "one-by-one", run_one_by_one, &yes },
	{ "at-once", run_at_once, &yes },
	{ "killed", run_killed, &yes },
	{}
};

static const struct ktap_suite cdev = { "nvme-cdev", cdev_cases };
static const struct ktap_suite container = { "nvme-container", container_cases };
static const struct ktap_suite * const suites[] = { &cdev, &container, NULL };

int main(int argc, char **argv)
{
	struct ktap_hooks hooks = rig_hooks;

	hooks.case_seconds = 600;
	return ktap_main(argc, argv, &hooks, suites);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is tried with a driver of an NVMe device in user space (nvme.h). Each byte that is written
 * to the disk is read back into other memory.
 *
 * nvme_test [-l] [PATTERN...]: runs (lists) the cases whose "suite/case" matches a pattern. DEVICE
 * in the environment is the device's PCI address. What is on the disk is lost.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edu.h"
#include "iofd.h"
#include "memory.h"
#include "nvme.h"
#include "rig.h"
#include "util.h"
#include "vfio_pci.h"

#define IOVA GIB

static __u64 pattern;

static void run_identify(const void *arg)
{
	struct nvme nvme;
	unsigned char *page;

	nvme_open(&nvme, *(const bool *)arg);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		    -1, 0);
	ktap_assert(page != MAP_FAILED);
	ASSERT_OK(nvme_map(&nvme, page, PAGE, IOVA));
	EXPECT_EQ(0, nvme_identify(&nvme, 1, IOVA));
	/* QEMU's vendor, Red Hat, and its name. */
	EXPECT_EQ(0x1b36, page[0] | page[1] << 8);
	EXPECT_BYTES("QEMU NVMe Ctrl", page + 24, strlen("QEMU NVMe Ctrl"));

	/* It does not reach what is not mapped any more. */
	ASSERT_OK(nvme_unmap(&nvme, IOVA, PAGE, PAGE));
	memset(page, 0xee, PAGE);
	nvme_identify(&nvme, 1, IOVA);
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
		return nvme_map(nvme, mem->va, mem->bytes, iova);
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
			nvme_post(&nvme, write ? IO_WRITE : IO_READ, page, iovas, length);
			if (++posted == DEPTH / 2 || page + length == npages) {
				ASSERT_EQ(0, nvme_ring(&nvme, posted));
				posted = 0;
			}
		}
	}
	EXPECT_BYTES(mem[0].va, mem[1].va, bytes);
	for (int i = 0; i < 2; i++) {
		EXPECT_OK(nvme_unmap(&nvme, iova[i], bytes, bytes));
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
	int ret = nvme_map(&pages->nvme, page_of(pages, n), PAGE, iova_of(place));

	pages->map_seconds += now() - begun;
	return EXPECT_OK(ret);
}

static bool unmap_page(struct pages *pages, size_t place)
{
	double begun = now();
	int ret = nvme_unmap(&pages->nvme, iova_of(place), PAGE, PAGE);

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
	if (!EXPECT_EQ(0, nvme_io(&pages->nvme, IO_WRITE, page, iovas, half)) ||
	    !EXPECT_EQ(0, nvme_io(&pages->nvme, IO_READ, page, iovas + half, half)))
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
	EXPECT_OK(nvme_unmap(&pages.nvme, IOVA, 2 * WINDOW * PAGE, WINDOW * PAGE));
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
	EXPECT_OK(nvme_unmap(&pages.nvme, iova_of(half), 2 * half * PAGE, half * PAGE));
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
		EXPECT_OK(nvme_unmap(&pages.nvme, IOVA, 2 * WINDOW * PAGE, WINDOW * PAGE));
	pages_close(&pages);
}

/* A reset in the midst of it: what is mapped stays so, and the device is there again. */
static void run_reset(const void *arg)
{
	const unsigned int npages = DEPTH - 1;
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct pages pages;
	__u64 iova;

	pattern = ktap_seed();
	pages_open(&pages, *(const bool *)arg, 4 * WINDOW);
	ASSERT_OK(ioctl(pages.nvme.device, VFIO_DEVICE_GET_INFO, &info) ? -errno : 0);
	if (!(info.flags & VFIO_DEVICE_FLAGS_RESET))
		ktap_skip("needs a device that can be reset");
	if (!churn(&pages, 2 * WINDOW))
		return;
	for (unsigned int i = 0; i < npages; i++) {
		iova = iova_of(i);
		nvme_post(&pages.nvme, IO_READ, i, &iova, 1);
	}
	nvme_start(&pages.nvme);
	ASSERT_OK(vfio_reset(pages.nvme.device));
	/* It is quiet now, and none of them is done any more. */
	for (unsigned int i = 0; i < npages; i++)
		memset(page_of(&pages, WINDOW + i), 0xee, PAGE);
	usleep(100000);
	for (unsigned int i = 0; i < npages; i++)
		EXPECT_EQ(0xee, page_of(&pages, WINDOW + i)[PAGE - 1]);
	nvme_enable(&pages.nvme);
	EXPECT_OK(nvme_unmap(&pages.nvme, IOVA, 2 * WINDOW * PAGE, WINDOW * PAGE));
	if (churn(&pages, 2 * WINDOW))
		EXPECT_OK(nvme_unmap(&pages.nvme, IOVA, 2 * WINDOW * PAGE, WINDOW * PAGE));
	pages_close(&pages);
}

/* What another device reads of a register there; nothing that the device has if it can not. */
static __u32 read_by(struct edu *edu, void *va, __u64 word_iova, __u64 iova)
{
	volatile __u32 *word = va;

	*word = 0;
	ASSERT_OK(edu_dma_read(edu, iova, sizeof(*word)));
	ASSERT_OK(edu_dma_write(edu, word_iova, sizeof(*word)));
	return *word;
}

/* A reset takes its registers from another device that has them mapped; the next map has them. */
static void run_peer(const void *arg)
{
	const __u64 at = IOVA, again = IOVA + GIB, word_iova = IOVA + 2 * GIB;
	__u32 version, pt;
	struct memory mem;
	struct nvme nvme;
	struct edu edu;
	__u64 iova;
	int fd;

	nvme_open(&nvme, *(const bool *)arg);
	fd = vfio_dmabuf(nvme.device, 0, NVME_BAR_BYTES);
	if (fd == -ENOTTY || fd == -EOPNOTSUPP)
		ktap_skip("vfio-pci exports no dma-buf in this kernel");
	ktap_assert(EXPECT_TRUE(fd >= 0));
	memory_alloc(&mem, POPULATE4K, PAGE);
	ASSERT_OK(nvme_map(&nvme, mem.va, PAGE, word_iova));
	ASSERT_OK(edu_open(&edu, 0));
	ASSERT_OK(edu_bind(&edu, nvme.dma));
	pt = nvme.ioas;
	ASSERT_OK(edu_attach(&edu, &pt));
	iova = at;
	ASSERT_OK(ioas_map_file(nvme.dma, nvme.ioas, IOAS_FIXED_RW, fd, 0, NVME_BAR_BYTES, &iova));
	version = nvme_version(&nvme);
	EXPECT_NE(0, version);
	EXPECT_EQ(version, read_by(&edu, mem.va, word_iova, at + NVME_VERSION));

	ASSERT_OK(vfio_reset(nvme.device));
	EXPECT_EQ(0, read_by(&edu, mem.va, word_iova, at + NVME_VERSION));
	nvme_enable(&nvme);
	EXPECT_EQ(0, read_by(&edu, mem.va, word_iova, at + NVME_VERSION));
	iova = again;
	EXPECT_OK(ioas_map_file(nvme.dma, nvme.ioas, IOAS_FIXED_RW, fd, 0, NVME_BAR_BYTES, &iova));
	EXPECT_EQ(version, read_by(&edu, mem.va, word_iova, again + NVME_VERSION));
	EXPECT_EQ(0, read_by(&edu, mem.va, word_iova, at + NVME_VERSION));

	edu_close(&edu);
	close(fd);
	EXPECT_OK(nvme_unmap(&nvme, word_iova, PAGE, PAGE));
	EXPECT_OK(nvme_unmap(&nvme, at, NVME_BAR_BYTES, NVME_BAR_BYTES));
	EXPECT_OK(nvme_unmap(&nvme, again, NVME_BAR_BYTES, NVME_BAR_BYTES));
	memory_free(&mem);
	nvme_close(&nvme);
}

struct resetting {
	struct nvme nvme;
	unsigned int nr_resets;
	bool stop;
};

static void *reset_again(void *arg)
{
	struct resetting *r = arg;

	do {
		if (!EXPECT_OK(vfio_reset(r->nvme.device)))
			break;
		__atomic_add_fetch(&r->nr_resets, 1, __ATOMIC_RELAXED);
	} while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED));
	return NULL;
}

/* What a reset takes away is mapped, copied, and let another device have, meanwhile. */
static bool use_while_reset(struct nvme *nvme, int fd, struct edu *edu)
{
	__u64 iova = IOVA + GIB;
	__u32 hwpt;
	int ret;

	ret = ioas_map_file(nvme->dma, nvme->ioas, IOAS_FIXED_RW, fd, 0, NVME_BAR_BYTES, &iova);
	if (ret != -ENODEV &&
	    !(EXPECT_OK(ret) && EXPECT_OK(nvme_unmap(nvme, iova, NVME_BAR_BYTES, NVME_BAR_BYTES))))
		return false;
	return EXPECT_OK(ioas_copy(nvme->dma, IOAS_FIXED_RW, nvme->ioas, nvme->ioas, NVME_BAR_BYTES,
				   &iova, IOVA)) &&
	       EXPECT_OK(nvme_unmap(nvme, iova, NVME_BAR_BYTES, NVME_BAR_BYTES)) &&
	       EXPECT_OK(hwpt_alloc(nvme->dma, 0, edu->devid, nvme->ioas, &hwpt)) &&
	       EXPECT_OK(iofd_destroy(nvme->dma, hwpt)) &&
	       EXPECT_OK(edu_detach(edu)) &&
	       EXPECT_OK(edu_attach(edu, &(__u32){ nvme->ioas }));
}

static void run_resets(const void *arg)
{
	const __u64 word_iova = IOVA + 2 * GIB;
	struct resetting r = {};
	struct nvme *nvme = &r.nvme;
	unsigned int rounds = 0;
	pthread_t resetter;
	struct memory mem;
	struct edu edu;
	__u64 iova = IOVA;
	__u32 pt;
	int fd;

	nvme_open(nvme, *(const bool *)arg);
	fd = vfio_dmabuf(nvme->device, 0, NVME_BAR_BYTES);
	if (fd == -ENOTTY || fd == -EOPNOTSUPP)
		ktap_skip("vfio-pci exports no dma-buf in this kernel");
	ktap_assert(EXPECT_TRUE(fd >= 0));
	memory_alloc(&mem, POPULATE4K, PAGE);
	ASSERT_OK(nvme_map(nvme, mem.va, PAGE, word_iova));
	ASSERT_OK(edu_open(&edu, 0));
	ASSERT_OK(edu_bind(&edu, nvme->dma));
	pt = nvme->ioas;
	ASSERT_OK(edu_attach(&edu, &pt));
	ASSERT_OK(ioas_map_file(nvme->dma, nvme->ioas, IOAS_FIXED_RW, fd, 0, NVME_BAR_BYTES,
				&iova));
	ASSERT_EQ(0, pthread_create(&resetter, NULL, reset_again, &r));
	while (__atomic_load_n(&r.nr_resets, __ATOMIC_RELAXED) < 20 || rounds < 200) {
		if (!use_while_reset(nvme, fd, &edu))
			break;
		rounds++;
	}
	__atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
	pthread_join(resetter, NULL);
	ASSERT_EQ(0, ktap_failures());
	nvme_enable(nvme);
	EXPECT_EQ(0, read_by(&edu, mem.va, word_iova, IOVA + NVME_VERSION));

	edu_close(&edu);
	close(fd);
	EXPECT_OK(nvme_unmap(nvme, word_iova, PAGE, PAGE));
	EXPECT_OK(nvme_unmap(nvme, IOVA, NVME_BAR_BYTES, NVME_BAR_BYTES));
	memory_free(&mem);
	nvme_close(nvme);
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
	{ "reset", run_reset, &no },
	{ "peer", run_peer, &no },
	{ "resets", run_resets, &no },
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
	{ "reset", run_reset, &yes },
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

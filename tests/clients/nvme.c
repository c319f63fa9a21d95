// SPDX-License-Identifier: GPL-2.0-only
/* The device of nvme.h. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "iofd.h"
#include "ktap.h"
#include "nvme.h"
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

#define CC_ENABLE (1 | 6 << 16 | 4 << 20)	/* entries of 64 and of 16 bytes */
#define CSTS_READY 1

#define ADMIN_CREATE_SQ 0x01
#define ADMIN_CREATE_CQ 0x05
#define ADMIN_IDENTIFY 0x06

#define TIMEOUT_SECONDS 60

/* What the device is told by: two queues of each kind, and a list of pages for each entry. */
#define RINGS_IOVA 0x100000UL
#define RINGS_BYTES ((4 + DEPTH) * PAGE)

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

int nvme_map(struct nvme *nvme, void *va, size_t bytes, __u64 iova)
{
	if (!nvme->container)
		return ioas_map_at(nvme->dma, nvme->ioas, va, bytes, iova);
	return vfio_dma_map(nvme->dma, va, bytes, iova);
}

int nvme_unmap(struct nvme *nvme, __u64 iova, size_t length, size_t bytes)
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

double now(void)
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

/* A command, which the device sees by the next nvme_ring(). */
static struct command *post(struct queue *queue, __u8 opcode)
{
	struct command *command = &queue->commands[queue->tail];

	memset(command, 0, sizeof(*command));
	command->opcode = opcode;
	command->id = queue->tail;
	queue->tail = (queue->tail + 1) % DEPTH;
	return command;
}

static void start(struct queue *queue)
{
	__atomic_store_n((__u32 *)queue->doorbells, queue->tail, __ATOMIC_RELEASE);
}

/* The device does them, @n commands in all. 0, or the status of the last that failed. */
static int ring(struct queue *queue, unsigned int n)
{
	double end = now() + TIMEOUT_SECONDS;
	int failed = 0;

	start(queue);
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
	*queue = (struct queue){
		.commands = (struct command *)(nvme->rings + 2 * id * PAGE),
		.completions = (struct completion *)(nvme->rings + (2 * id + 1) * PAGE),
		.doorbells = nvme->bar + DOORBELLS + 2 * id * stride,
		.stride = stride,
		.round = 1,
	};
	/* Of completions it matters which were there before. */
	memset(nvme->rings + (2 * id + 1) * PAGE, 0, PAGE);
}

int nvme_identify(struct nvme *nvme, __u32 what, __u64 iova)
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

	ASSERT_EQ(0, nvme_identify(nvme, 0, RINGS_IOVA + 4 * PAGE));
	memcpy(&nblocks, about, sizeof(nblocks));
	memcpy(&format, about + 128 + 4 * (about[26] & 15), sizeof(format));
	nvme->blocks_per_page = PAGE >> (le32toh(format) >> 16 & 0xff);
	ASSERT_TRUE(nvme->blocks_per_page > 0);
	nvme->npages = le64toh(nblocks) / nvme->blocks_per_page;
	ASSERT_TRUE(nvme->npages >= 1024);
}

void nvme_enable(struct nvme *nvme)
{
	size_t stride;

	ASSERT_OK(vfio_enable(nvme->device, true));
	/* Whoever had it before may not have let it go. */
	write_register(nvme, CC, 0);
	await_ready(nvme, 0);
	stride = 4UL << (read_register(nvme, CAP + 4) & 15);
	ASSERT_TRUE(DOORBELLS + 4 * stride <= NVME_BAR_BYTES);
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

__u32 nvme_version(struct nvme *nvme)
{
	return read_register(nvme, NVME_VERSION);
}

void nvme_open(struct nvme *nvme, bool container)
{
	*nvme = (struct nvme){ .container = container, .group = -1 };
	if (container)
		open_container(nvme);
	else
		open_cdev(nvme);
	ASSERT_OK(vfio_map_bar(nvme->device, NVME_BAR_BYTES, &nvme->bar));
	nvme->rings = mmap(NULL, RINGS_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ktap_assert(nvme->rings != MAP_FAILED);
	ASSERT_OK(nvme_map(nvme, nvme->rings, RINGS_BYTES, RINGS_IOVA));
	nvme_enable(nvme);
}

void nvme_close(struct nvme *nvme)
{
	write_register(nvme, CC, 0);
	await_ready(nvme, 0);
	EXPECT_OK(nvme_unmap(nvme, RINGS_IOVA, RINGS_BYTES, RINGS_BYTES));
	munmap(nvme->rings, RINGS_BYTES);
	munmap(nvme->bar, NVME_BAR_BYTES);
	close(nvme->device);
	if (nvme->container) {
		EXPECT_OK(ioctl(nvme->group, VFIO_GROUP_UNSET_CONTAINER) ? -errno : 0);
		close(nvme->group);
	}
	close(nvme->dma);
}

void nvme_post(struct nvme *nvme, __u8 opcode, __u64 page, const __u64 *iovas,
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

void nvme_start(struct nvme *nvme)
{
	start(&nvme->io);
}

int nvme_ring(struct nvme *nvme, unsigned int n)
{
	return ring(&nvme->io, n);
}

int nvme_io(struct nvme *nvme, __u8 opcode, __u64 page, const __u64 *iovas, unsigned int npages)
{
	nvme_post(nvme, opcode, page, iovas, npages);
	return ring(&nvme->io, 1);
}


/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver of an NVMe device in user space, of the kind that libvfn and SPDK have: an admin queue
 * and one for I/O, in memory that it maps for the device through an iommufd or a container of
 * VFIO's. What the test can not go on without ends it.
 */
#ifndef NVME_H
#define NVME_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "util.h"

#define IO_WRITE 0x01
#define IO_READ 0x02

/* Of its registers, which are in BAR 0, those with the version of what it can. */
#define NVME_VERSION 0x08
#define NVME_BAR_BYTES (2 * PAGE)

/* How many commands a queue has room for, one less than that at a time; and a command for pages. */
#define DEPTH 32U
#define MAX_PAGES 32U

struct command;
struct completion;

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

/*
 * The device whose PCI address is DEVICE of the environment (the case is skipped without), from
 * being VFIO's to being ready for I/O.
 */
void nvme_open(struct nvme *nvme, bool container);
void nvme_close(struct nvme *nvme);

/* All that the device was told, again: a reset has it forget. Memory stays mapped. */
void nvme_enable(struct nvme *nvme);

__u32 nvme_version(struct nvme *nvme);

/* 0 or -errno. What is unmapped has to be @bytes in all, or it is -EIO. */
int nvme_map(struct nvme *nvme, void *va, size_t bytes, __u64 iova);
int nvme_unmap(struct nvme *nvme, __u64 iova, size_t length, size_t bytes);

/* What the device says of itself (1) or of its disk (0), 4 KiB. Its status. */
int nvme_identify(struct nvme *nvme, __u32 what, __u64 iova);

/*
 * A write or a read of @npages pages of the disk from @page on, in memory at these IOVAs. What it
 * does is done by nvme_ring().
 */
void nvme_post(struct nvme *nvme, __u8 opcode, __u64 page, const __u64 *iovas,
	       unsigned int npages);

/* The device begins with what was posted. */
void nvme_start(struct nvme *nvme);

/* And does it, @n commands in all. 0, -ETIMEDOUT, or the status of the last that failed. */
int nvme_ring(struct nvme *nvme, unsigned int n);

/* Both, of one command. */
int nvme_io(struct nvme *nvme, __u8 opcode, __u64 page, const __u64 *iovas, unsigned int npages);

/* By the clock of the machine that this is in. */
double now(void);

#endif

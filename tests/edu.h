/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EDU_H
#define EDU_H

/*
 * QEMU's educational PCI device (1234:11e8), driven from user space through the VFIO cdev.
 *
 * It has one DMA engine and an inner buffer of 4096 bytes. A transfer is started by a register and
 * carried out by a timer, 100 ms later; the buffer cannot be read by the CPU, so what the device
 * read is seen only after it is written back elsewhere. A read that the IOMMU refuses leaves zeros
 * in the buffer, a refused write leaves memory alone.
 */

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* QEMU 7.2 ends (the whole process) when a transfer reaches the last byte of the buffer. */
#define EDU_DMA_MAX 4095

/* Registers of 4 bytes: what it is, and the complement of what was written there last. */
#define EDU_IDENTITY 0x00
#define EDU_IS 0x010000ed
#define EDU_LIVE 0x04

#define EDU_BAR_BYTES (1UL << 20)

struct edu {
	int fd;
	__u32 devid;		/* the iommufd object of this binding */
	unsigned char *bar;
};

/*
 * How many edu devices are bound to vfio-pci; they are numbered in the order of their PCI
 * addresses.
 */
unsigned int edu_count(void);

/* The IOMMU group of the index-th, or -errno. */
int edu_group(unsigned int index);

/*
 * Opens the index-th device's cdev; -errno when it cannot. Nothing of it can be used before
 * edu_bind().
 */
int edu_open(struct edu *edu, unsigned int index);

/* Binds it to an iommufd, maps its registers and makes it a bus master. */
int edu_bind(struct edu *edu, int iofd);

/*
 * The other way to open one: of a VFIO group that has a container. It can do DMA at once; attach
 * and detach are not for it.
 */
int edu_open_in_group(struct edu *edu, unsigned int index, int group);

/* The same two for the device that has no IOMMU: it is not among those that are counted. */
int edu_open_bare(struct edu *edu);
int edu_open_bare_in_group(struct edu *edu, int group);

/* Attaches to an IOAS or HWPT; *pt becomes the HWPT that is attached. Attaching again replaces. */
int edu_attach(struct edu *edu, __u32 *pt);
int edu_detach(struct edu *edu);

/* Unmaps the registers and closes, which unbinds. */
void edu_close(struct edu *edu);

/* Its registers; they answer while it is enabled, as it is from the beginning (0 or -errno). */
__u32 edu_read(struct edu *edu, unsigned int reg);
void edu_write(struct edu *edu, unsigned int reg, __u32 value);
int edu_enable(struct edu *edu, bool on);

/* 0, or -errno: it has no way to be reset. */
int edu_reset(struct edu *edu);

/* A dma-buf of a range of its BAR: a descriptor, or -errno. */
int edu_dmabuf(struct edu *edu, __u64 offset, __u64 length);

/* The index-th device's PCI address: 0 or -errno. */
int edu_address(unsigned int index, char *address, size_t len);

/* Both return 0, or -ETIMEDOUT. They do not tell whether the IOMMU let the transfer pass. */
int edu_dma_read(struct edu *edu, __u64 iova, size_t len);	/* memory to device */
int edu_dma_write(struct edu *edu, __u64 iova, size_t len);	/* device to memory */

/* The same in two halves: between them the transfer is on its way. */
void edu_dma_start(struct edu *edu, __u64 iova, size_t len, bool to_memory);
int edu_dma_wait(struct edu *edu);

#endif

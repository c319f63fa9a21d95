/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A world for two operations to meet in: an iommufd with the objects that they touch,
 * and what can be seen of these.
 */
#ifndef KUNIT_PAIRS_WORLD_H
#define KUNIT_PAIRS_WORLD_H

#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/iommufd.h>
#include <linux/mutex.h>

#include "balance.h"
#include "mock_rig.h"

struct dma_buf;

/* What operations touch, and a world is made of. */
#define ON_IOAS		BIT(0)	/* what D and E reach; with two mappings */
#define ON_OTHER	BIT(1)	/* an IOAS with a mapping, and nobody at it */
#define ON_IOASES	BIT(2)	/* the list of all of them */
#define ON_PLAIN	BIT(3)	/* a HWPT of the first IOAS, with nobody at it */
#define ON_AUTO		BIT(4)	/* an automatic one, with device E at it */
#define ON_PARENT	BIT(5)	/* a nesting parent, with device D at it */
#define ON_NESTED	BIT(6)	/* one nested there, with D at it instead */
#define ON_FAULTS	BIT(7)	/* its fault queue: one to be read, one read */
#define ON_D		BIT(8)	/* device D */
#define ON_E		BIT(9)	/* device E */
#define ON_TAGGED	BIT(10)	/* a HWPT with a PASID of D at it */
#define ON_VIOMMU	BIT(11)	/* a vIOMMU on the parent */
#define ON_VDEVICE	BIT(12)	/* that stands for E there */
#define ON_QUEUE	BIT(13)	/* a hardware queue there */
#define ON_ACCESS	BIT(14)	/* an access with a page of the second mapping */
#define ON_DMABUF	BIT(15)	/* a dma-buf that is mapped in the first IOAS */
#define ON_NEW		BIT(16)	/* the next ID */
#define ON_EVENTS	BIT(17)	/* the vIOMMU's event queue, with one event */
#define ON_READER	BIT(18)	/* its file */
#define ON_CONTAINER	BIT(19)	/* which IOAS is the compatibility IOAS */
#define ON_COMPAT	BIT(20)	/* the other IOAS is it */
#define ON_SMALL	BIT(21)	/* the other IOAS maps by the page */

/* Where things are mapped. */
#define MAPPED_IOVA	SZ_32M
#define USED_IOVA	(MAPPED_IOVA + WORLD_BYTES)
#define DMABUF_IOVA	SZ_128M
#define FREE_IOVA	SZ_256M
#define WORLD_NPAGES	4UL
#define WORLD_BYTES	(WORLD_NPAGES << PAGE_SHIFT)

#define WORLD_PASID	7
#define FREE_PASID	8
#define VIRT_ID		9
#define FREE_VIRT_ID	10

/* How many events its queue has room for. */
#define WORLD_DEPTH	2

/**
 * struct driver - one that lets go of its pages when it is asked to
 * @access: its access, or NULL
 * @lock: held while it pins and takes note of it
 * @nr_mapped: how often it has a page of the first mapping pinned
 * @nr_used: how often it has one of the second
 */
struct driver {
	struct iommufd_access *access;
	struct mutex lock; /* @nr_mapped, @nr_used */
	unsigned int nr_mapped;
	unsigned int nr_used;
};

/**
 * struct sight - what can be seen of a world; all bytes of it are compared
 * @nr_objects: how many there are, by type
 * @nr_uses: long-term uses of these
 * @nr_areas: how many mappings each IOAS has
 * @where: sums of where these are
 * @nr_lost: how many of them are of a dma-buf that is revoked
 * @nr_domains: how many domains each IOAS has
 * @dev_at: the HWPT, if it was there before, or its type, where D and E are
 * @tagged_at: the same of PASIDs of D
 * @nr_unread: faults to be read
 * @nr_read: faults to be answered
 * @nr_vdevices: virtual devices
 * @nr_events: events to be read
 * @compat: the compatibility IOAS: the first, the other, or a new one; or none
 * @no_iommu: there is to be none
 * @combine: whether neighbouring pages form large entries, for each IOAS
 * @alignment_bytes: of places in each IOAS
 * @nr_pins: pins
 * @nr_charged: pages that are charged to the process
 */
struct sight {
	u64 nr_objects[IOMMUFD_OBJ_MAX];
	u64 nr_uses;
	u64 nr_areas[2];
	u64 where[2];
	u64 nr_lost;
	u64 nr_domains[2];
	u64 dev_at[2];
	u64 tagged_at[2];
	u64 nr_unread;
	u64 nr_read;
	u64 nr_vdevices;
	u64 nr_events;
	u64 compat;
	u64 no_iommu;
	u64 combine[2];
	u64 alignment_bytes[2];
	u64 nr_pins;
	u64 nr_charged;
};

/**
 * struct world - it; IDs are 0 where there is no such thing
 * @test: the case
 * @parts: what it is made of
 * @rig: the iommufd, with the first IOAS and D
 * @before: what was pinned when there was nothing
 * @fd: of a file to map
 * @va: memory to map
 * @dmabuf_fd: of the dma-buf, or negative
 * @queue_file: of the fault queue, or NULL
 * @cookie: of the fault that was read
 * @other: the other IOAS
 * @plain: the HWPT with nobody at it
 * @parent: the nesting parent
 * @nested: the nested one
 * @faults: the fault queue
 * @tagged: where a PASID of D is
 * @stdev: of E
 * @dev: of E
 * @automatic: where E is
 * @viommu: the vIOMMU
 * @vdevice: the virtual device
 * @queue: the hardware queue
 * @events: the event queue
 * @events_file: its file, or NULL
 * @next: the ID that the next object gets
 * @driver: with the access that is attached
 * @idle_driver: with one that is not
 * @ids: what is visible
 * @made: what was to be seen once it was made
 * @ioas: the first IOAS
 * @other_ioas: the other one, as long as nobody destroys it
 */
struct world {
	struct kunit *test;
	unsigned long parts;
	struct mock_rig rig;
	struct balance before;
	int fd;
	unsigned long va;
	int dmabuf_fd;
	struct file *queue_file;
	u32 cookie;
	u32 other;
	u32 plain;
	u32 parent;
	u32 nested;
	u32 faults;
	u32 tagged;
	u32 stdev;
	u32 dev;
	u32 automatic;
	u32 viommu;
	u32 vdevice;
	u32 queue;
	u32 events;
	struct file *events_file;
	u32 next;
	struct driver driver;
	struct driver idle_driver;
	DECLARE_BITMAP(ids, 64);
	struct sight made;
	struct iommufd_ioas *ioas;
	struct iommufd_ioas *other_ioas;
};

void world_make(struct kunit *test, struct world *world, unsigned long parts,
		int fd, unsigned long va);
bool world_mend(struct world *world);
void world_see(struct world *world, struct sight *sight);
void world_end(struct world *world);
void world_close_fd(int fd);

int driver_pin(struct driver *driver, unsigned long iova, unsigned int *nr);
void driver_unpin(struct driver *driver, unsigned long iova, unsigned int *nr);

#endif

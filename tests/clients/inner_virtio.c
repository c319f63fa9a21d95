// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that comes and goes by a virtio device of QEMU's: a balloon, which is given pages of the
 * inner guest's, and virtio-mem, of which blocks are asked for and given back. Both are asked for
 * by whoever talks to QEMU. One queue, one request at a time.
 */
#include "inner.h"

#define VIRTIO_BALLOON 0x10451af4
#define VIRTIO_MEM 0x10581af4

#define CAP_POINTER 0x34
#define CAP_VENDOR 9
#define CAP_COMMON 1
#define CAP_NOTIFY 2
#define CAP_DEVICE 4

/* What is common to all virtio devices. */
#define FEATURES_SELECT 0x08
#define FEATURES 0x0c
#define STATUS 0x14
#define QUEUE_SELECT 0x16
#define QUEUE_SIZE 0x18
#define QUEUE_ENABLE 0x1c
#define QUEUE_NOTIFY 0x1e
#define QUEUE_DESC 0x20
#define QUEUE_AVAIL 0x28
#define QUEUE_USED 0x30

#define FOUND 3			/* and there is a driver */
#define FEATURES_OK 8
#define DRIVER_OK 4
#define VERSION_1 1		/* of the upper half */
#define UNPLUGGED_INACCESSIBLE 2
#define DESC_NEXT 1
#define DESC_WRITE 2
#define QUEUE_LEN 8

#define MEM_PLUG 0
#define MEM_UNPLUG 1

struct descriptor {
	uint64_t address;
	uint32_t bytes;
	uint16_t flags;
	uint16_t next;
};

struct virtio {
	uint32_t common;
	uint32_t device;
	uint32_t notify;
};

static struct descriptor descriptors[QUEUE_LEN] __attribute__((aligned(16)));
static volatile uint16_t available[2 + QUEUE_LEN + 1] __attribute__((aligned(2)));
static volatile struct {
	uint16_t flags;
	uint16_t index;
	uint32_t ring[2 * QUEUE_LEN];
	uint16_t event;
} used __attribute__((aligned(4)));

static uint16_t read16(uint32_t at)
{
	return *(volatile uint16_t *)at;
}

static void write16(uint32_t at, uint16_t value)
{
	*(volatile uint16_t *)at = value;
}

static uint32_t read32(uint32_t at)
{
	return *(volatile uint32_t *)at;
}

static void write32(uint32_t at, uint32_t value)
{
	*(volatile uint32_t *)at = value;
}

static void add_status(const struct virtio *virtio, uint8_t bit)
{
	volatile uint8_t *status = (volatile uint8_t *)(virtio->common + STATUS);

	*status |= bit;
	if (!(*status & bit))
		fail("virtio device refuses", bit);
}

/* Where its registers are, a capability each. The number of queue 0's doorbell is put in @step. */
static void find_registers(struct virtio *virtio, uint32_t slot, uint32_t *step)
{
	uint32_t cap = config_read(slot, CAP_POINTER) & 0xfc;

	while (cap) {
		uint32_t head = config_read(slot, cap);
		uint32_t bar = config_read(slot, cap + 4) & 0xff;
		uint32_t at = bar_address(slot, bar) + config_read(slot, cap + 8);

		if ((head & 0xff) == CAP_VENDOR) {
			switch (head >> 24) {
			case CAP_COMMON:
				virtio->common = at;
				break;
			case CAP_DEVICE:
				virtio->device = at;
				break;
			case CAP_NOTIFY:
				virtio->notify = at;
				*step = config_read(slot, cap + 16);
				break;
			}
		}
		cap = head >> 8 & 0xfc;
	}
}

static void virtio_open(struct virtio *virtio, uint32_t id, uint32_t features)
{
	uint32_t slot = find_device(id, 0), step = 0;

	if (slot == 32)
		fail("no virtio device", id);
	find_registers(virtio, slot, &step);
	let_master(slot);
	*(volatile uint8_t *)(virtio->common + STATUS) = 0;
	add_status(virtio, FOUND);
	write32(virtio->common + FEATURES_SELECT, 0);
	write32(virtio->common + FEATURES, features);
	write32(virtio->common + FEATURES_SELECT, 1);
	write32(virtio->common + FEATURES, VERSION_1);
	add_status(virtio, FEATURES_OK);
	write16(virtio->common + QUEUE_SELECT, 0);
	write16(virtio->common + QUEUE_SIZE, QUEUE_LEN);
	write32(virtio->common + QUEUE_DESC, (uint32_t)descriptors);
	write32(virtio->common + QUEUE_AVAIL, (uint32_t)available);
	write32(virtio->common + QUEUE_USED, (uint32_t)&used);
	virtio->notify += read16(virtio->common + QUEUE_NOTIFY) * step;
	write16(virtio->common + QUEUE_ENABLE, 1);
	add_status(virtio, DRIVER_OK);
}

/* A request, and an answer unless @answer_bytes is 0. */
static void request(const struct virtio *virtio, const void *what, uint32_t bytes, void *answer,
		    uint32_t answer_bytes)
{
	uint16_t index = available[1];

	descriptors[0] = (struct descriptor){
		(uint32_t)what, bytes, answer_bytes ? DESC_NEXT : 0, 1
	};
	descriptors[1] = (struct descriptor){ (uint32_t)answer, answer_bytes, DESC_WRITE, 0 };
	available[2 + index % QUEUE_LEN] = 0;
	asm volatile("" : : : "memory");
	available[1] = index + 1;
	write16(virtio->notify, 0);
	while (used.index != (uint16_t)(index + 1))
		asm volatile("pause" : : : "memory");
}

/* Pages of the upper half of memory, which the device uses all the same: QEMU leaves them alone. */
void virtio_balloon(uint32_t slot, uint32_t len)
{
	volatile uint32_t *edu = edu_enable(slot);
	static uint32_t pages[256];
	uint32_t given = 0, asked, round = 0;
	struct virtio virtio = {};

	virtio_open(&virtio, VIRTIO_BALLOON, 0);
	do {
		edu_copy(edu, round++, len);
		say("using\n");
		asked = read32(virtio.device);
	} while (!asked);
	if (asked > len / 2 / PAGE)
		asked = len / 2 / PAGE;
	while (given < asked) {
		uint32_t n = 0;

		while (n < 256 && given < asked)
			pages[n++] = (FIRST + len / 2) / PAGE + given++;
		request(&virtio, pages, n * sizeof(*pages), NULL, 0);
	}
	write32(virtio.device + 4, given);
	say("given\n");
}

struct mem_request {
	uint16_t type;
	uint16_t unused[3];
	uint64_t address;
	uint16_t blocks;
	uint16_t unused_too[3];
};

struct mem_config {
	uint64_t block_bytes;
	uint16_t node;
	uint16_t unused[3];
	uint64_t address;
	uint64_t region_bytes;
	uint64_t usable_bytes;
	uint64_t plugged_bytes;
	uint64_t asked_bytes;
};

static void mem_request(const struct virtio *virtio, uint16_t type, uint64_t address)
{
	static struct mem_request what;
	static uint16_t answer[5];

	what = (struct mem_request){ .type = type, .address = address, .blocks = 1 };
	answer[0] = 0xffff;
	request(virtio, &what, sizeof(what), answer, sizeof(answer));
	if (answer[0])
		fail("virtio-mem refuses", answer[0]);
}

/* As much as is asked for, block by block, and given back when nothing is asked for any more. */
void virtio_mem(uint32_t slot, uint32_t len)
{
	volatile uint32_t *edu = edu_enable(slot);
	const volatile struct mem_config *config;
	uint32_t block, bytes, round = 0;
	struct virtio virtio = {};
	uint64_t address;

	virtio_open(&virtio, VIRTIO_MEM, UNPLUGGED_INACCESSIBLE);
	config = (const volatile struct mem_config *)virtio.device;
	do {
		edu_copy(edu, round++, len);
		say("using\n");
		bytes = config->asked_bytes;
	} while (!bytes);
	block = config->block_bytes;
	address = config->address;
	for (uint32_t at = 0; at < bytes; at += block)
		mem_request(&virtio, MEM_PLUG, address + at);
	edu_copy_there(edu, address, bytes, len);
	say("plugged\n");
	while (config->asked_bytes)
		asm volatile("hlt");
	/* The blocks that are left over, between those that were given back, are no neighbours. */
	for (uint32_t at = 0; at < bytes; at += 2 * block)
		mem_request(&virtio, MEM_UNPLUG, address + at);
	edu_copy_there(edu, address + block, block, len);
	for (uint32_t at = block; at < bytes; at += 2 * block)
		mem_request(&virtio, MEM_UNPLUG, address + at);
	say("less\n");
}

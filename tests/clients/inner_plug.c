// SPDX-License-Identifier: GPL-2.0-only
/* What is plugged in and taken away, by the registers that QEMU's firmware has for it. */
#include "inner.h"

/* QEMU's way to unplug a device: slots that it asks for, that are given back; of which bus. */
#define HOTPLUG_DOWN 0xae04
#define HOTPLUG_EJECT 0xae08
#define HOTPLUG_BUS 0xae10

/* QEMU's way to plug memory in: which slot is asked about, and what is there. */
#define MEMORY_SLOT 0xa00
#define MEMORY_ADDRESS 0xa00
#define MEMORY_BYTES 0xa08
#define MEMORY_FLAGS 0xa14
#define MEMORY_THERE 1

/* The device is in use until it is asked for. */
void replug(uint32_t slot, uint32_t len)
{
	uint32_t bar = config_read(slot, 0x10), round = 0, asked;
	volatile uint32_t *edu = edu_enable(slot);

	out32(HOTPLUG_BUS, 0);
	do {
		edu_copy(edu, round++, len);
		say("using\n");
		asked = in32(HOTPLUG_DOWN);
	} while (!asked);
	out32(HOTPLUG_EJECT, asked);
	if (find_device(EDU_ID, 0) < 32)
		fail("still there", asked);
	say("unplugged\n");
	while (find_device(EDU_ID, 0) != slot)
		asm volatile("hlt");
	config_write(slot, 0x10, bar);
	say("plugged\n");
}

/* The device is in use until memory is plugged in, which is above what is addressed here. */
void await_memory(uint32_t slot, uint32_t len)
{
	volatile uint32_t *edu = edu_enable(slot);
	uint32_t round = 0, bytes;
	uint64_t there;

	out32(MEMORY_SLOT, 0);
	do {
		edu_copy(edu, round++, len);
		say("using\n");
	} while (!(in32(MEMORY_FLAGS) & MEMORY_THERE));
	there = in32(MEMORY_ADDRESS) | (uint64_t)in32(MEMORY_ADDRESS + 4) << 32;
	bytes = in32(MEMORY_BYTES);
	if (bytes < 4 << 20)
		fail("too little memory there", bytes);
	edu_copy_there(edu, there, bytes, len);
	say("more\n");
}

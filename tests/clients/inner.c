// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an inner guest boots into, in place of a kernel: a driver of the edu device that is assigned
 * to it, and nothing else. A virtual machine on an emulated CPU of an emulated machine takes
 * minutes to boot a Linux, and a second for this. It lets the device copy between places all over
 * its memory and looks at every byte, and at those around.
 *
 * A multiboot image: one CPU, 32 bits, no paging; the whole of its memory is below 4 GiB. Its
 * command line is the number of rounds, 0 for rounds without an end; "replug" before it, and the
 * device is given back when it is asked for, and awaited again, before that (of QEMU's machines
 * that which is called pc); "dimm", and more memory is awaited. It talks to port 0xe9, and its last
 * word is "ok", or why not.
 */
#include "inner.h"

#define EDU_ID 0x11e81234
#define EDU_MAGIC 0x010000ed
#define EDU_BUFFER 0x40000
#define EDU_DMA_SRC 0x80
#define EDU_DMA_DST 0x88
#define EDU_DMA_COUNT 0x90
#define EDU_DMA_CMD 0x98
#define EDU_DMA_RUN 1
#define EDU_DMA_TO_MEMORY 2

#define PCI_COMMAND_MEMORY_AND_MASTER 6

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

/* The device has a buffer of one byte more, which an older QEMU does not let it fill. */
#define LEN 4095
/* What is around what the device writes to. */
#define GUARD 64
/* Of memory, what neither firmware nor this program uses begins here. */
#define FIRST 0x1000000

struct descriptor {
	uint16_t limit;
	uint32_t base;
} __attribute__((packed));

static uint64_t idt[256];

static void out8(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void out32(uint16_t port, uint32_t value)
{
	asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static uint32_t in32(uint16_t port)
{
	uint32_t value;

	asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static void say(const char *text)
{
	while (*text)
		out8(0xe9, *text++);
}

static void say_hex(uint32_t value)
{
	for (int shift = 28; shift >= 0; shift -= 4)
		out8(0xe9, "0123456789abcdef"[value >> shift & 15]);
}

/* A reset, which ends a QEMU that has -no-reboot. */
static void end(void) __attribute__((noreturn));
static void end(void)
{
	out8(0xcf9, 6);
	for (;;)
		asm volatile("cli; hlt");
}

static void fail(const char *what, uint32_t where) __attribute__((noreturn));
static void fail(const char *what, uint32_t where)
{
	say("not ok ");
	say(what);
	say(" at ");
	say_hex(where);
	say("\n");
	end();
}

static void let_interrupts_in(void)
{
	const struct descriptor descriptor = { sizeof(idt) - 1, (uint32_t)idt };
	uint32_t handler = (uint32_t)interrupt;

	for (int i = 0; i < 256; i++)
		idt[i] = (uint64_t)(handler >> 16) << 48 | 0x8e0000080000 | (handler & 0xffff);
	/* Of all of them the timer. */
	out8(0x21, 0xfe);
	out8(0xa1, 0xff);
	asm volatile("lidt %0; sti" : : "m"(descriptor));
}

static uint32_t config_read(uint32_t slot, uint32_t offset)
{
	out32(0xcf8, 0x80000000 | slot << 11 | offset);
	return in32(0xcfc);
}

static void config_write(uint32_t slot, uint32_t offset, uint32_t value)
{
	out32(0xcf8, 0x80000000 | slot << 11 | offset);
	out32(0xcfc, value);
}

/* The slot of the edu device, of bus 0; 32 without one. */
static uint32_t find_edu(void)
{
	uint32_t slot = 0;

	while (slot < 32 && config_read(slot, 0) != EDU_ID)
		slot++;
	return slot;
}

/* The registers of the device in @slot. */
static volatile uint32_t *enable(uint32_t slot)
{
	volatile uint32_t *regs = (volatile uint32_t *)(config_read(slot, 0x10) & ~15);

	config_write(slot, 4, PCI_COMMAND_MEMORY_AND_MASTER);
	if (*regs != EDU_MAGIC)
		fail("wrong device", *regs);
	return regs;
}

/* In one access: a write to the lower half of a register clears the upper. */
static void write64(volatile uint32_t *reg, uint64_t value)
{
	asm volatile("movq %1, %%mm0; movq %%mm0, %0; emms"
		     : "=m"(*(volatile uint64_t *)reg) : "m"(value));
}

static void dma(volatile uint32_t *edu, uint64_t from, uint64_t to, uint32_t direction)
{
	write64(&edu[EDU_DMA_SRC / 4], from);
	write64(&edu[EDU_DMA_DST / 4], to);
	edu[EDU_DMA_COUNT / 4] = LEN;
	edu[EDU_DMA_CMD / 4] = EDU_DMA_RUN | direction;
	while (edu[EDU_DMA_CMD / 4] & EDU_DMA_RUN)
		asm volatile("hlt");
}

static uint8_t pattern(uint32_t round, uint32_t i)
{
	return round * 131 + i + (i >> 8) * 7 + 1;
}

/*
 * A place of that round, neither a whole page nor aligned to anything, in the lower or the upper
 * half of @len bytes. Every other one is astride a border of 2 MiB.
 */
static uint8_t *place(uint32_t round, uint32_t len, uint32_t half)
{
	uint32_t steps = (len / 2 >> 21) - 2, step = (round * 7 + 3) % steps;
	uint32_t offset = round & 1 ? 0x200000 - LEN / 2 + 3 : 0x1234 * round + 5;

	return (uint8_t *)(FIRST + half * (len / 2) + (step << 21) + (offset & 0x1fffff));
}

static void check(const uint8_t *at, uint32_t round)
{
	for (uint32_t i = 0; i < LEN; i++)
		if (at[i] != pattern(round, i))
			fail("wrong byte", (uint32_t)&at[i]);
}

static void copy(volatile uint32_t *edu, uint32_t round, uint32_t len)
{
	uint8_t *from = place(round, len, 0), *to = place(round, len, 1);

	for (uint32_t i = 0; i < LEN; i++)
		from[i] = pattern(round, i);
	for (uint32_t i = 0; i < LEN + 2 * GUARD; i++)
		to[i - GUARD] = 0;
	dma(edu, (uint32_t)from, EDU_BUFFER, 0);
	dma(edu, EDU_BUFFER, (uint32_t)to, EDU_DMA_TO_MEMORY);
	check(from, round);
	check(to, round);
	for (uint32_t i = 0; i < GUARD; i++)
		if (to[i - GUARD] || to[i + LEN])
			fail("written beyond", (uint32_t)&to[i]);
}

static const char *next_word(const char *word)
{
	while (*word && *word != ' ')
		word++;
	while (*word == ' ')
		word++;
	return word;
}

/* The device is in use until it is asked for. */
static void replug(uint32_t slot, uint32_t len)
{
	uint32_t bar = config_read(slot, 0x10), round = 0, asked;
	volatile uint32_t *edu = enable(slot);

	out32(HOTPLUG_BUS, 0);
	do {
		copy(edu, round++, len);
		say("using\n");
		asked = in32(HOTPLUG_DOWN);
	} while (!asked);
	out32(HOTPLUG_EJECT, asked);
	if (find_edu() < 32)
		fail("still there", asked);
	say("unplugged\n");
	while (find_edu() != slot)
		asm volatile("hlt");
	config_write(slot, 0x10, bar);
	say("plugged\n");
}

/* From memory by way of the device into what only the device can address, and back. */
static void copy_there(volatile uint32_t *edu, uint32_t round, uint64_t there, uint32_t len)
{
	uint8_t *from = place(round, len, 0), *to = place(round, len, 1);

	for (uint32_t i = 0; i < LEN; i++) {
		from[i] = pattern(round, i);
		to[i] = 0;
	}
	dma(edu, (uint32_t)from, EDU_BUFFER, 0);
	dma(edu, EDU_BUFFER, there, EDU_DMA_TO_MEMORY);
	/* Something else into the buffer. */
	dma(edu, (uint32_t)to, EDU_BUFFER, 0);
	dma(edu, there, EDU_BUFFER, 0);
	dma(edu, EDU_BUFFER, (uint32_t)to, EDU_DMA_TO_MEMORY);
	check(to, round);
}

/* The device is in use until memory is plugged in, which is above what is addressed here. */
static void await_memory(volatile uint32_t *edu, uint32_t len)
{
	uint32_t round = 0, bytes;
	uint64_t there;

	out32(MEMORY_SLOT, 0);
	do {
		copy(edu, round++, len);
		say("using\n");
	} while (!(in32(MEMORY_FLAGS) & MEMORY_THERE));
	there = in32(MEMORY_ADDRESS) | (uint64_t)in32(MEMORY_ADDRESS + 4) << 32;
	bytes = in32(MEMORY_BYTES);
	if (bytes < 4 << 20)
		fail("too little memory there", bytes);
	copy_there(edu, round, there, len);
	copy_there(edu, round + 1, there + bytes / 2 - LEN / 2, len);
	copy_there(edu, round + 2, there + bytes - LEN, len);
	say("more\n");
}

void start(const struct multiboot_info *info)
{
	uint32_t rounds = 0, memory = 0x100000 + info->upper_kib * 1024, len = memory - FIRST;
	/* The first word is the name of the image. */
	const char *word = next_word(info->command_line);
	volatile uint32_t *edu;
	uint32_t slot;

	say("up\n");
	let_interrupts_in();
	if (memory < FIRST + (32 << 20))
		fail("too little memory", memory);
	slot = find_edu();
	if (slot == 32)
		fail("no edu device", slot);
	if (*word == 'r') {
		replug(slot, len);
		word = next_word(word);
	}
	edu = enable(slot);
	if (*word == 'd') {
		await_memory(edu, len);
		word = next_word(word);
	}
	for (; *word >= '0' && *word <= '9'; word++)
		rounds = rounds * 10 + *word - '0';
	for (uint32_t round = 0; !rounds || round < rounds; round++) {
		copy(edu, round, len);
		say("round\n");
	}
	say("ok\n");
	end();
}

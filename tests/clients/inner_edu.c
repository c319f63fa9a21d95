// SPDX-License-Identifier: GPL-2.0-only
/*
 * The edu device that is assigned. It has a buffer of a page, and copies from memory to that or
 * back; a timer does it, 100 ms later.
 */
#include "inner.h"

#define MAGIC 0x010000ed
#define LIVE 4
#define BUFFER 0x40000
#define DMA_SRC 0x80
#define DMA_DST 0x88
#define DMA_COUNT 0x90
#define DMA_CMD 0x98
#define DMA_RUN 1
#define DMA_TO_MEMORY 2

/* The buffer has one byte more, which an older QEMU does not let it fill. */
#define LEN 4095
/* What is around what the device writes to. */
#define GUARD 64

volatile uint32_t *edu_enable(uint32_t slot)
{
	volatile uint32_t *regs = (volatile uint32_t *)bar_address(slot, 0);

	let_master(slot);
	if (*regs != MAGIC)
		fail("wrong device", *regs);
	return regs;
}

static void dma(volatile uint32_t *edu, uint64_t from, uint64_t to, uint32_t bytes,
		uint32_t direction)
{
	write64(&edu[DMA_SRC / 4], from);
	write64(&edu[DMA_DST / 4], to);
	edu[DMA_COUNT / 4] = bytes;
	edu[DMA_CMD / 4] = DMA_RUN | direction;
	while (edu[DMA_CMD / 4] & DMA_RUN)
		asm volatile("hlt");
}

void edu_to_memory(volatile uint32_t *edu, uint64_t to, uint32_t bytes)
{
	dma(edu, BUFFER, to, bytes, DMA_TO_MEMORY);
}

void edu_from_memory(volatile uint32_t *edu, uint64_t from, uint32_t bytes)
{
	dma(edu, from, BUFFER, bytes, 0);
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

static void fill(uint8_t *at, uint32_t round)
{
	for (uint32_t i = 0; i < LEN; i++)
		at[i] = pattern(round, i);
}

static void check(const uint8_t *at, uint32_t round)
{
	for (uint32_t i = 0; i < LEN; i++)
		if (at[i] != pattern(round, i))
			fail("wrong byte", (uint32_t)&at[i]);
}

void edu_copy(volatile uint32_t *edu, uint32_t round, uint32_t len)
{
	uint8_t *from = place(round, len, 0), *to = place(round, len, 1);

	fill(from, round);
	for (uint32_t i = 0; i < LEN + 2 * GUARD; i++)
		to[i - GUARD] = 0;
	edu_from_memory(edu, (uint32_t)from, LEN);
	edu_to_memory(edu, (uint32_t)to, LEN);
	check(from, round);
	check(to, round);
	for (uint32_t i = 0; i < GUARD; i++)
		if (to[i - GUARD] || to[i + LEN])
			fail("written beyond", (uint32_t)&to[i]);
}

/* Of @bytes from @there on the beginning, the middle and the end. */
void edu_copy_there(volatile uint32_t *edu, uint64_t there, uint32_t bytes, uint32_t len)
{
	const uint64_t places[] = { there, there + bytes / 2 - LEN / 2, there + bytes - LEN };

	for (uint32_t round = 0; round < 3; round++) {
		uint8_t *from = place(round, len, 0), *to = place(round, len, 1);

		fill(from, round);
		for (uint32_t i = 0; i < LEN; i++)
			to[i] = 0;
		edu_from_memory(edu, (uint32_t)from, LEN);
		edu_to_memory(edu, places[round], LEN);
		/* Something else into the buffer. */
		edu_from_memory(edu, (uint32_t)to, LEN);
		edu_from_memory(edu, places[round], LEN);
		edu_to_memory(edu, (uint32_t)to, LEN);
		check(to, round);
	}
}

/* The other's answer to what it is told is the complement. */
void edu_to_edu(uint32_t slot, uint32_t len)
{
	volatile uint32_t *edu = edu_enable(slot), *other;
	uint32_t other_slot = find_device(EDU_ID, slot + 1);
	volatile uint32_t *word = (volatile uint32_t *)place(1, len, 0);

	if (other_slot == 32)
		fail("no other edu device", slot);
	other = edu_enable(other_slot);
	for (uint32_t round = 0; round < 4; round++) {
		uint32_t told = 0x12345678 + round;

		*word = told;
		edu_from_memory(edu, (uint32_t)word, sizeof(*word));
		edu_to_memory(edu, (uint32_t)other + LIVE, sizeof(*word));
		if (other[LIVE / 4] != ~told)
			fail("other device not written", other[LIVE / 4]);
		edu_from_memory(edu, (uint32_t)other + LIVE, sizeof(*word));
		edu_to_memory(edu, (uint32_t)word, sizeof(*word));
		if (*word != ~told)
			fail("other device not read", *word);
	}
	say("peers\n");
}

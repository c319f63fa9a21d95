// SPDX-License-Identifier: GPL-2.0-only
/*
 * The inner guest's own IOMMU, as QEMU emulates Intel's (VT-d, with caching-mode=on): each page
 * that is mapped in it is a map of one page in the machine that QEMU runs on, and each that is
 * unmapped an unmap. Tables of three levels, 39 bits of IOVA; all of it is told by registers.
 */
#include "inner.h"

#define REGS 0xfed90000U
#define CAP 0x08
#define CAP_39_BITS (1 << 9)
#define ECAP 0x10
#define GCMD 0x18
#define GSTS 0x1c
#define ENABLE (1U << 31)
#define SET_ROOT (1U << 30)
#define RTADDR 0x20
#define CCMD 0x28
#define INVALIDATE (1ULL << 63)
#define CONTEXTS_ALL (1ULL << 61)
#define TLB_ALL (1ULL << 60)
#define TLB_PAGES (3ULL << 60)

#define PRESENT 1
#define WIDTH_39_BITS 1
#define READ_WRITE 3
#define DOMAIN 1ULL

#define ENTRIES (PAGE / 8)
/* Prime to 769, see word_of(). */
#define NPAGES (16 * ENTRIES)
#define IOVA 0x40000000U

static uint64_t root[ENTRIES] __attribute__((aligned(4096)));
static uint64_t contexts[ENTRIES] __attribute__((aligned(4096)));
static uint64_t top[ENTRIES] __attribute__((aligned(4096)));
static uint64_t middle[ENTRIES] __attribute__((aligned(4096)));
static uint64_t lowest[NPAGES] __attribute__((aligned(4096)));
static uint32_t shift;

static uint32_t read_register(uint32_t offset)
{
	return *(volatile uint32_t *)(REGS + offset);
}

static void write_register(uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)(REGS + offset) = value;
}

static void command(uint32_t bit)
{
	write_register(GCMD, bit);
	while (!(read_register(GSTS) & bit))
		;
}

static void invalidate(uint32_t offset, uint64_t what)
{
	write64((volatile void *)(REGS + offset), INVALIDATE | what);
	while (read_register(offset + 4) >> 31)
		;
}

/* Where the two registers for what is kept of page tables are, is for the IOMMU to say. */
static uint32_t tlb_registers(void)
{
	return (read_register(ECAP) >> 8 & 0x3ff) * 16;
}

static void invalidate_page(uint32_t iova)
{
	write64((volatile void *)(REGS + tlb_registers()), iova);
	invalidate(tlb_registers() + 8, TLB_PAGES | DOMAIN << 32);
}

/* DMA of what is in @slot is translated from now on, and nothing is mapped. */
static void enable(uint32_t slot)
{
	if (!(read_register(CAP) & CAP_39_BITS))
		fail("no IOMMU of 39 bits", read_register(CAP));
	root[0] = (uint32_t)contexts | PRESENT;
	contexts[2 * (slot << 3)] = (uint32_t)top | PRESENT;
	contexts[2 * (slot << 3) + 1] = DOMAIN << 8 | WIDTH_39_BITS;
	top[IOVA >> 30] = (uint32_t)middle | READ_WRITE;
	for (uint32_t i = 0; i < NPAGES / ENTRIES; i++)
		middle[i] = (uint32_t)&lowest[i * ENTRIES] | READ_WRITE;
	write64((volatile void *)(REGS + RTADDR), (uint32_t)root);
	command(SET_ROOT);
	invalidate(CCMD, CONTEXTS_ALL);
	invalidate(tlb_registers() + 8, TLB_ALL);
	command(ENABLE);
}

/* DMA is not translated any more, and all of memory is there for it again. */
static void disable(void)
{
	write_register(GCMD, 0);
	while (read_register(GSTS) & ENABLE)
		;
}

static void set_page(uint32_t n, uint64_t entry)
{
	lowest[n] = entry;
	invalidate_page(IOVA + n * PAGE);
}

/* The words of the page that is mapped at the n-th place. No neighbours there are so in memory. */
static volatile uint32_t *word_of(uint32_t n)
{
	return (volatile uint32_t *)(FIRST + (n + shift) * 769 % NPAGES * PAGE);
}

/* The device moves the first word of one page to the second of another, where both are mapped. */
static void expect_moved(volatile uint32_t *edu, uint32_t from, uint32_t to, bool mapped)
{
	word_of(to)[1] = 0;
	edu_from_memory(edu, IOVA + from * PAGE, 4);
	edu_to_memory(edu, IOVA + to * PAGE + 4, 4);
	if ((word_of(to)[1] == word_of(from)[0]) != mapped)
		fail(mapped ? "not moved" : "moved where nothing is mapped", to);
}

void iommu_maps(uint32_t slot, uint32_t len)
{
	volatile uint32_t *edu = edu_enable(slot);

	if (len < NPAGES * PAGE)
		fail("too little memory", len);
	enable(slot);
	say("translated\n");
	for (uint32_t n = 0; n < NPAGES; n++) {
		word_of(n)[0] = n * 2654435761U + 1;
		word_of(n)[1] = 0;
		set_page(n, (uint32_t)word_of(n) | READ_WRITE);
	}
	say("mapped\n");
	for (uint32_t i = 0; i < 4; i++)
		expect_moved(edu, i * 101, NPAGES - 1 - i * 57, true);

	/* Every other one. What is unmapped is neither written nor read. */
	for (uint32_t n = 1; n < NPAGES; n += 2)
		set_page(n, 0);
	say("halved\n");
	expect_moved(edu, 2, 11, false);
	expect_moved(edu, 11, 2, false);
	expect_moved(edu, 2, 12, true);

	/* Each page again, elsewhere: those that are left are replaced. */
	shift = 1;
	for (uint32_t n = 0; n < NPAGES; n++)
		set_page(n, (uint32_t)word_of(n) | READ_WRITE);
	say("moved\n");
	expect_moved(edu, 5, 8, true);
	expect_moved(edu, 8, 5, true);
	for (uint32_t n = 0; n < NPAGES; n++)
		set_page(n, 0);
	say("unmapped\n");
	expect_moved(edu, 20, 30, false);
	disable();
}

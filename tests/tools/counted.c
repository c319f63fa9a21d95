// SPDX-License-Identifier: GPL-2.0-only
/*
 * Code of which it is known what bench/profile has to count: profile_test.py runs it in an emulator
 * of a process. Each case is a benchmark of two rounds, of which the second counts.
 */
#include <stddef.h>
#include <stdint.h>

#include "../../bench/profile/mark.h"

#define SIZE_BYTES (1 << 20)

static char memory[SIZE_BYTES] __attribute__((aligned(4096)));
static uint64_t word;

/* Reads so many times, each so many bytes behind the one before. */
static void read_each(long stride_bytes, long count)
{
	char *at = memory;

	asm volatile("1: mov (%0), %%rdx\n\tadd %2, %0\n\tdec %1\n\tjnz 1b"
		     : "+r" (at), "+r" (count) : "r" (stride_bytes) : "rdx", "memory");
}

static void read_twice(void)
{
	read_each(64, 100);
	read_each(64, 100);
}

static void read_in_order(void)
{
	read_each(64, SIZE_BYTES / 64);
}

static void read_every_other_line(void)
{
	read_each(128, SIZE_BYTES / 128);
}

static void read_pages(void)
{
	read_each(4096, 200);
}

static void read_across(void)
{
	asm volatile("mov %0, %%rdx" : : "m" (memory[60]) : "rdx");
}

static void do_atomics(void)
{
	uint64_t a = 1, b = 2;

	asm volatile(".rept 5\n\tlock incq %0\n\t.endr\n\t"
		     "xchg %1, %0\n\t"
		     ".rept 3\n\txchg %1, %2\n\tincq %0\n\t.endr"
		     : "+m" (word), "+r" (a), "+r" (b));
}

static void clear_a_page(void)
{
	char *at = memory;
	long count = 4096;

	asm volatile("rep stosb" : "+D" (at), "+c" (count) : "a" (0) : "memory");
}

/* A bit decides each, and bits are random, or 0. */
static void branch(uint64_t state)
{
	long count = 1000;

	asm volatile("1: mov %0, %%rdx\n\tshl $13, %%rdx\n\txor %%rdx, %0\n\t"
		     "mov %0, %%rdx\n\tshr $7, %%rdx\n\txor %%rdx, %0\n\t"
		     "mov %0, %%rdx\n\tshl $17, %%rdx\n\txor %%rdx, %0\n\t"
		     "test $1, %0\n\tjz 2f\n\tnop\n"
		     "2: dec %1\n\tjnz 1b"
		     : "+r" (state), "+r" (count) : : "rdx", "cc");
}

static void branch_at_random(void)
{
	branch(88172645463325252ULL);
}

static void branch_alike(void)
{
	branch(0);
}

/* In the order in which profile_test.py names them. */
static void (*const cases[])(void) = {
	read_twice, read_in_order, read_every_other_line, read_pages, read_across, do_atomics,
	clear_a_page, branch_at_random, branch_alike, NULL
};

int main(void)
{
	unsigned int i, round;

	for (i = 0; cases[i]; i++) {
		mark(MARK_BENCHMARK);
		for (round = 0; round < 2; round++) {
			mark(MARK_DROP);
			mark(MARK_BEGIN);
			cases[i]();
			mark(MARK_END);
		}
		mark(MARK_KEEP_FIRST);
	}
	return 0;
}

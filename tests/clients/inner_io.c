// SPDX-License-Identifier: GPL-2.0-only
/* How the inner guest gets at ports and registers, what it says by port 0xe9, and how it ends. */
#include "inner.h"

void out8(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

void out32(uint16_t port, uint32_t value)
{
	asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

uint32_t in32(uint16_t port)
{
	uint32_t value;

	asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

void write64(volatile void *reg, uint64_t value)
{
	asm volatile("movq %1, %%mm0; movq %%mm0, %0; emms"
		     : "=m"(*(volatile uint64_t *)reg) : "m"(value));
}

void say(const char *text)
{
	while (*text)
		out8(0xe9, *text++);
}

static void say_hex(uint32_t value)
{
	for (int shift = 28; shift >= 0; shift -= 4)
		out8(0xe9, "0123456789abcdef"[value >> shift & 15]);
}

void end(const char *last_word)
{
	say(last_word);
	/* A reset. */
	out8(0xcf9, 6);
	for (;;)
		asm volatile("cli; hlt");
}

void fail(const char *what, uint32_t where)
{
	say("not ok ");
	say(what);
	say(" at ");
	say_hex(where);
	end("\n");
}

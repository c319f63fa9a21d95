// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an inner guest boots into, in place of a kernel: a driver of the edu device that is assigned
 * to it, and little else. A virtual machine on an emulated CPU of an emulated machine takes
 * minutes to boot a Linux, and a second for this. It lets the device copy between places all over
 * its memory and looks at every byte, and at those around.
 *
 * A multiboot image: one CPU, 32 bits, no paging; the whole of its memory is below 4 GiB. Its
 * command line is the number of rounds, 0 for rounds without an end, and before that words for what
 * is to happen first (lives, below). It talks to port 0xe9, and its last word is "ok", or why not.
 */
#include "inner.h"

struct descriptor {
	uint16_t limit;
	uint32_t base;
} __attribute__((packed));

static uint64_t idt[256];

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

static const char *next_word(const char *word)
{
	while (*word && *word != ' ')
		word++;
	while (*word == ' ')
		word++;
	return word;
}

static bool same_word(const char *word, const char *other)
{
	while (*other && *word == *other) {
		word++;
		other++;
	}
	return !*other && (!*word || *word == ' ');
}

static const struct {
	const char *word;
	void (*live)(uint32_t slot, uint32_t len);
} lives[] = {
	{ "replug", replug },
	{ "dimm", await_memory },
	{ "balloon", virtio_balloon },
	{ "virtio-mem", virtio_mem },
	{ "iommu", iommu_maps },
	{ "peer", edu_to_edu },
};

/* Whether it was a word for something that was to happen. */
static bool live(const char *word, uint32_t slot, uint32_t len)
{
	for (size_t i = 0; i < sizeof(lives) / sizeof(*lives); i++) {
		if (same_word(word, lives[i].word)) {
			lives[i].live(slot, len);
			return true;
		}
	}
	return false;
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
	slot = find_device(EDU_ID, 0);
	if (slot == 32)
		fail("no edu device", slot);
	while (live(word, slot, len))
		word = next_word(word);
	edu = edu_enable(slot);
	for (; *word >= '0' && *word <= '9'; word++)
		rounds = rounds * 10 + *word - '0';
	if (*word)
		fail("no such word", *word);
	for (uint32_t round = 0; !rounds || round < rounds; round++) {
		edu_copy(edu, round, len);
		say("round\n");
	}
	end("ok\n");
}

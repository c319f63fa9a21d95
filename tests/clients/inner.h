/* SPDX-License-Identifier: GPL-2.0-only */
/* What entry.S and inner.c have of each other. */
#ifndef INNER_H
#define INNER_H

#include <stdint.h>

/* What a multiboot loader tells, as far as it matters here. */
struct multiboot_info {
	uint32_t flags;
	uint32_t lower_kib;
	uint32_t upper_kib;
	uint32_t boot_device;
	const char *command_line;
};

void start(const struct multiboot_info *info) __attribute__((noreturn));
void interrupt(void);

#endif

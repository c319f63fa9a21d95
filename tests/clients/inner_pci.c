// SPDX-License-Identifier: GPL-2.0-only
/* What is in the slots of bus 0, each of which has one function. */
#include "inner.h"

#define COMMAND 4
#define COMMAND_MEMORY_AND_MASTER 6
#define BARS 0x10
#define BAR_FLAGS 15

uint32_t config_read(uint32_t slot, uint32_t offset)
{
	out32(0xcf8, 0x80000000 | slot << 11 | offset);
	return in32(0xcfc);
}

void config_write(uint32_t slot, uint32_t offset, uint32_t value)
{
	out32(0xcf8, 0x80000000 | slot << 11 | offset);
	out32(0xcfc, value);
}

uint32_t find_device(uint32_t id, uint32_t slot)
{
	while (slot < 32 && config_read(slot, 0) != id)
		slot++;
	return slot;
}

uint32_t bar_address(uint32_t slot, unsigned int bar)
{
	return config_read(slot, BARS + 4 * bar) & ~BAR_FLAGS;
}

void let_master(uint32_t slot)
{
	config_write(slot, COMMAND, COMMAND_MEMORY_AND_MASTER);
}

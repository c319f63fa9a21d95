/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's functions by address, as its /proc/kallsyms lists them. */
#ifndef PROFILE_SYMBOLS_H
#define PROFILE_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

/* What is no function of the kernel. */
#define SYMBOL_USER 0
#define SYMBOL_UNKNOWN 1
#define SYMBOL_OTHER_TASK 2

/* Everything from here on is the kernel's. */
#define KERNEL_START 0xffff800000000000ull

/**
 * symbols_read() - read a copy of /proc/kallsyms
 * @path: the file; NULL where there is no kernel
 *
 * Return: 0 or -errno; -ENODATA if the addresses in it are hidden.
 */
int symbols_read(const char *path);

/**
 * symbols_find() - the function that an address is in
 * @address: of an instruction
 * @first: set to whether it is the function's first
 *
 * The unlikely part of a function that the compiler moved away (name.cold) is the function.
 *
 * Return: a small number for it; the same for the same function.
 */
unsigned int symbols_find(uint64_t address, bool *first);

/**
 * symbols_name() - the name of a function, with its module in brackets
 * @symbol: what symbols_find() returned
 */
const char *symbols_name(unsigned int symbol);

/**
 * symbols_address() - where a symbol is
 * @name: of the kernel itself
 *
 * Return: its address, 0 if there is no such symbol.
 */
uint64_t symbols_address(const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Follows one CPU from block to block of its code, and so knows at any time who called whom: a
 * stack beside the real one. It has to survive calls through a thunk that changes its own return
 * address, interrupts between any two instructions, faults, and other tasks.
 */
#ifndef PROFILE_STACKS_H
#define PROFILE_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a block of instructions ends. */
enum block_end {
	END_OTHER,	/* goes on anywhere, in the same function or in another */
	END_JUMP,	/* to where a register or memory says */
	END_CALL,
	END_RETURN,
	END_LEAVE,	/* of an interrupt, a fault or a system call: sysret, iret */
};

/**
 * struct block - instructions that are executed one after another, unless something happens
 * @start: address of the first
 * @end: address behind the last
 * @target: where the last leads to, 0 if the instruction does not say
 * @ninsns: how many there are
 * @end_with: what the last one does
 * @conditional: it may also go on at @target
 * @symbol: the function, -1 as long as it was not looked up
 * @first: the block begins the function
 */
struct block {
	uint64_t start;
	uint64_t end;
	uint64_t target;
	size_t ninsns;
	enum block_end end_with;
	bool conditional;
	int symbol;
	bool first;
};

/**
 * stacks_decode() - see what an instruction does that may be the last of a block
 * @block: @end_with, @conditional and @target are set
 * @bytes: of the instruction
 * @size: of it
 * @end: address behind it
 */
void stacks_decode(struct block *block, const unsigned char *bytes, size_t size, uint64_t end);

/**
 * stacks_begin() - start to count, in user space
 * @now: a counter of all instructions that are executed
 */
void stacks_begin(uint64_t now);

/* Stop to count. */
void stacks_end(uint64_t now);

/**
 * stacks_enter() - a block is about to be executed
 * @block: which; must stay
 * @now: that counter
 */
void stacks_enter(struct block *block, uint64_t now);

/**
 * stacks_save() - the stack pointer of the running task is put away, to continue with another's
 * @where: where to, which is what tells tasks apart
 */
void stacks_save(uint64_t where);

/**
 * stacks_load() - the task whose stack pointer was put away continues
 * @where: where it is
 * @now: that counter
 */
void stacks_load(uint64_t where, uint64_t now);

/**
 * stacks_entry_code() - say where the code is that interrupts, faults and system calls begin in
 * @start: first address
 * @end: behind the last
 */
void stacks_entry_code(uint64_t start, uint64_t end);

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include "stacks.h"

#include <string.h>

#include "branches.h"
#include "symbols.h"
#include "tree.h"

#define MAX_DEPTH 256
#define MAX_STACKS 64

/**
 * struct frame - a function that has not returned yet
 * @node: it, as called from where it was called
 * @returns_to: where it will return to; 0 if it was not called but interrupted what is below it
 * @interrupted: the block that was before that one, to go on with
 */
struct frame {
	struct node *node;
	uint64_t returns_to;
	struct block interrupted;
};

/* A task's; the lowest frame returns to nowhere. */
struct stack {
	uint64_t where;
	struct node *base;
	unsigned int depth;
	struct frame frames[MAX_DEPTH];
};

static struct stack stacks[MAX_STACKS], *stack = stacks;
static unsigned int nstacks;
static uint64_t entry_start, entry_end;

/* The block that runs, and the counter when it began and when it was last attributed. */
static struct block running;
static uint64_t began, attributed;

void stacks_entry_code(uint64_t start, uint64_t end)
{
	entry_start = start;
	entry_end = end;
}

static bool is_entry_code(uint64_t address)
{
	return address >= entry_start && address < entry_end;
}

/* Of segments, of size, of repetition, REX. */
static bool is_prefix(unsigned char byte)
{
	return memchr("\x26\x2e\x36\x3e\x64\x65\x66\x67\xf2\xf3", byte, 10) ||
	       (byte & 0xf0) == 0x40;
}

void stacks_decode(struct block *block, const unsigned char *bytes, size_t size, uint64_t end)
{
	size_t at = 0;
	int32_t offset;

	block->end_with = END_OTHER;
	block->conditional = false;
	block->target = 0;
	while (at + 1 < size && is_prefix(bytes[at]))
		at++;
	switch (bytes[at]) {
	case 0xe8:
		block->end_with = END_CALL;
		memcpy(&offset, bytes + size - sizeof(offset), sizeof(offset));
		block->target = end + offset;
		break;
	case 0xff:
		if (at + 1 < size && (bytes[at + 1] >> 3 & 7) == 2)
			block->end_with = END_CALL;
		else if (at + 1 < size && (bytes[at + 1] >> 3 & 7) == 4)
			block->end_with = END_JUMP;
		break;
	case 0x70 ... 0x7f:
		block->conditional = true;
		block->target = end + (int8_t)bytes[size - 1];
		break;
	case 0xc2:
	case 0xc3:
		block->end_with = END_RETURN;
		break;
	case 0xcf:
		block->end_with = END_LEAVE;
		break;
	case 0x0f:
		if (at + 1 >= size)
			break;
		if (bytes[at + 1] == 0x07) {
			block->end_with = END_LEAVE;
		} else if ((bytes[at + 1] & 0xf0) == 0x80) {
			block->conditional = true;
			memcpy(&offset, bytes + size - sizeof(offset), sizeof(offset));
			block->target = end + offset;
		}
		break;
	}
}

static struct frame *top(void)
{
	return &stack->frames[stack->depth - 1];
}

static void reset(struct stack *which, uint64_t where, unsigned int base)
{
	which->where = where;
	which->base = tree_child(&tree_root, base);
	which->depth = 1;
	which->frames[0] = (struct frame){ .node = which->base };
}

/* Too deep a stack is as if its last frame had called nobody. */
static void push(uint64_t returns_to, const struct block *interrupted)
{
	struct frame *frame;

	if (stack->depth == MAX_DEPTH)
		return;
	frame = &stack->frames[stack->depth++];
	frame->node = NULL;
	frame->returns_to = returns_to;
	if (interrupted)
		frame->interrupted = *interrupted;
}

/* A return to @address, out of as many functions as were left by it. */
static bool find_return(uint64_t address, unsigned int *depth)
{
	unsigned int i;

	for (i = stack->depth; i > 1 && stack->frames[i - 1].returns_to; i--) {
		if (stack->frames[i - 1].returns_to == address) {
			*depth = i - 1;
			return true;
		}
	}
	return false;
}

/*
 * Leaves the innermost interruption, if there is one, and says what was interrupted. Else this is
 * where a task, which was not followed so far, begins to be.
 */
static struct block leave(void)
{
	unsigned int i;

	for (i = stack->depth; i > 1; i--) {
		if (!stack->frames[i - 1].returns_to) {
			stack->depth = i - 1;
			return stack->frames[i - 1].interrupted;
		}
	}
	stack->depth = 1;
	return (struct block){ .end_with = END_OTHER };
}

static void attribute(uint64_t now, uint64_t calls)
{
	tree_count(top()->node, now - attributed, calls);
	attributed = now;
}

/* Whether @before led to @address itself, and not something that came between. */
static bool led_to(const struct block *before, uint64_t address)
{
	unsigned int depth;

	if (before->end_with == END_CALL)
		return before->target == address;
	return before->end_with == END_RETURN && find_return(address, &depth);
}

/* Moves the stack from the end of @before to @address. */
static void go(struct block before, uint64_t address)
{
	unsigned int depth;

	if (before.end_with == END_LEAVE && is_entry_code(before.start))
		before = leave();
	if (is_entry_code(address) && !is_entry_code(before.start) && !led_to(&before, address)) {
		push(0, &before);
		return;
	}
	/* User space is one function here. */
	if (before.start < KERNEL_START)
		return;
	if (before.end_with == END_CALL) {
		push(before.end, NULL);
	} else if (before.end_with == END_RETURN) {
		/* One that leads elsewhere is a jump, from a thunk to where it was to lead. */
		if (find_return(address, &depth))
			stack->depth = depth;
	}
}

/* Whether the branch at the end of the block that ran, if there is one, was guessed. */
static bool guessed(uint64_t address)
{
	if (running.conditional) {
		if (address == running.end || address == running.target)
			return branches_taken(running.end, address == running.target);
	} else if (!running.target &&
		   (running.end_with == END_CALL || running.end_with == END_JUMP)) {
		return branches_led(running.end, address);
	}
	/* None, or an interrupt came between. */
	return true;
}

void stacks_enter(struct block *block, uint64_t now)
{
	unsigned int depth = stack->depth;
	struct frame *frame;

	/* Cut short: what its last instruction does was not done. */
	if (now - began < running.ninsns) {
		running.end_with = END_OTHER;
		running.conditional = false;
	}
	if (!guessed(block->start))
		tree_events.of[MISPREDICTED]++;
	attribute(now, 0);
	began = now;
	go(running, block->start);
	running = *block;

	if (block->symbol < 0)
		block->symbol = symbols_find(block->start, &block->first);
	frame = top();
	if (!frame->node || frame->node->symbol != (unsigned int)block->symbol) {
		struct node *caller = stack->depth > 1 ? top()[-1].node : &tree_root;

		if (stack->depth == 1 && stack->base->symbol == SYMBOL_OTHER_TASK)
			caller = stack->base;
		frame->node = tree_child(caller, block->symbol);
	}
	if (block->first || stack->depth > depth)
		attribute(now, 1);
}

void stacks_begin(uint64_t now)
{
	nstacks = 1;
	stack = stacks;
	reset(stack, 0, SYMBOL_USER);
	running = (struct block){ .end_with = END_OTHER };
	began = now;
	attributed = now;
}

void stacks_end(uint64_t now)
{
	attribute(now, 0);
}

void stacks_save(uint64_t where)
{
	stack->where = where;
}

void stacks_load(uint64_t where, uint64_t now)
{
	unsigned int i;

	attribute(now, 0);
	for (i = 0; i < nstacks && stacks[i].where != where; i++)
		;
	if (i == nstacks) {
		if (nstacks < MAX_STACKS)
			nstacks++;
		else
			i--;
		reset(&stacks[i], where, SYMBOL_OTHER_TASK);
	}
	stack = &stacks[i];
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who was called by whom, and how many instructions were executed there. What is counted is pending
 * until it is known whether the round counts.
 */
#ifndef PROFILE_TREE_H
#define PROFILE_TREE_H

#include <stdint.h>
#include <stdio.h>

#include "mark.h"

/* Instructions in the function itself, and how often it was entered. */
struct count {
	uint64_t insns;
	uint64_t calls;
};

/**
 * struct node - a function, called from where its parent is
 * @parent: its caller's node; the root has none
 * @children: those that it called
 * @next: the next of the parent's children
 * @touched: the next that has something pending
 * @symbol: the function
 * @has_pending: it is in that list
 * @pending: of the current round
 * @total: of the rounds that count, for each figure
 */
struct node {
	struct node *parent;
	struct node *children;
	struct node *next;
	struct node *touched;
	unsigned int symbol;
	int has_pending;
	struct count pending;
	struct count total[MARK_FIGURES];
};

extern struct node tree_root;

/* The node of a function that is called in another; it is made if there is none. */
struct node *tree_child(struct node *parent, unsigned int symbol);

void tree_count(struct node *node, uint64_t insns, uint64_t calls);

/* What is pending counts for a figure, or for none if @figure is negative. */
void tree_settle(int figure);

/*
 * Writes "FIGURE CALLS STACK INSNS" for each node, a stack being names with semicolons between
 * them, the caller first.
 */
void tree_write(FILE *file);

#endif

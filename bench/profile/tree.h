/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who was called by whom, and what was counted there. It is pending until it is known whether the
 * round counts.
 */
#ifndef PROFILE_TREE_H
#define PROFILE_TREE_H

#include <stdint.h>
#include <stdio.h>

#include "counts.h"
#include "mark.h"

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
	struct counts pending;
	struct counts total[MARK_FIGURES];
};

extern struct node tree_root;

/* The node of a function that is called in another; it is made if there is none. */
struct node *tree_child(struct node *parent, unsigned int symbol);

/* What happened since the last tree_count(), but for instructions and calls. */
extern struct counts tree_events;

/* Instructions and calls of a function, and @tree_events, which are none afterwards. */
void tree_count(struct node *node, uint64_t insns, uint64_t calls);

/* What is pending counts for a figure, or for none if @figure is negative. */
void tree_settle(int figure);

/*
 * Writes "FIGURE COUNT... STACK" for each node, with its counts in the order of enum what, a stack
 * being names with semicolons between them, the caller first.
 */
void tree_write(FILE *file);

/* Nothing was counted so far. */
void tree_reset(void);

#endif

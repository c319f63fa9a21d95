// SPDX-License-Identifier: GPL-2.0-only
#include "tree.h"

#include <stdlib.h>
#include <string.h>

#include "symbols.h"

struct node tree_root;
static struct node *touched;
struct counts tree_events;

static void add(struct counts *to, const struct counts *from)
{
	unsigned int i;

	for (i = 0; i < COUNTS; i++)
		to->of[i] += from->of[i];
}

struct node *tree_child(struct node *parent, unsigned int symbol)
{
	struct node **link, *node;

	for (link = &parent->children; *link; link = &(*link)->next)
		if ((*link)->symbol == symbol)
			break;
	node = *link;
	if (!node) {
		node = calloc(1, sizeof(*node));
		if (!node)
			abort();
		node->parent = parent;
		node->symbol = symbol;
	} else {
		*link = node->next;
	}
	/* To the front: it is likely to be asked for again. */
	node->next = parent->children;
	parent->children = node;
	return node;
}

void tree_count(struct node *node, uint64_t insns, uint64_t calls)
{
	if (!node->has_pending) {
		node->has_pending = 1;
		node->touched = touched;
		touched = node;
	}
	tree_events.of[INSNS] = insns;
	tree_events.of[CALLS] = calls;
	add(&node->pending, &tree_events);
	tree_events = (struct counts){};
}

void tree_settle(int figure)
{
	struct node *node;

	for (node = touched; node; node = node->touched) {
		if (figure >= 0)
			add(&node->total[figure], &node->pending);
		node->pending = (struct counts){};
		node->has_pending = 0;
	}
	touched = NULL;
}

static void write_stack(FILE *file, const struct node *node)
{
	if (node->parent != &tree_root) {
		write_stack(file, node->parent);
		fputc(';', file);
	}
	fputs(symbols_name(node->symbol), file);
}

static int by_name(const void *a, const void *b)
{
	const struct node *const *left = a, *const *right = b;

	return strcmp(symbols_name((*left)->symbol), symbols_name((*right)->symbol));
}

/* The children by name, for their order is that of their last use. */
static void write_children(FILE *file, const struct node *parent)
{
	struct node *node, **children;
	size_t count = 0, i;
	int figure, what;

	for (node = parent->children; node; node = node->next)
		count++;
	children = calloc(count + 1, sizeof(*children));
	if (!children)
		abort();
	for (i = 0, node = parent->children; node; node = node->next)
		children[i++] = node;
	qsort(children, count, sizeof(*children), by_name);
	for (i = 0; i < count; i++) {
		node = children[i];
		for (figure = 0; figure < MARK_FIGURES; figure++) {
			const struct counts *total = &node->total[figure];

			if (!total->of[INSNS] && !total->of[CALLS])
				continue;
			fprintf(file, "%d ", figure);
			for (what = 0; what < COUNTS; what++)
				fprintf(file, "%lu ", total->of[what]);
			write_stack(file, node);
			fputc('\n', file);
		}
		write_children(file, node);
	}
	free(children);
}

void tree_write(FILE *file)
{
	write_children(file, &tree_root);
}

/* The nodes stay: there may be some on a stack. */
static void reset(struct node *node)
{
	for (; node; node = node->next) {
		memset(node->total, 0, sizeof(node->total));
		reset(node->children);
	}
}

void tree_reset(void)
{
	tree_settle(-1);
	reset(tree_root.children);
}

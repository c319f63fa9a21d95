// SPDX-License-Identifier: GPL-2.0-only
#include "tree.h"

#include <stdlib.h>
#include <string.h>

#include "symbols.h"

struct node tree_root;
static struct node *touched;

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
	node->pending.insns += insns;
	node->pending.calls += calls;
}

void tree_settle(int figure)
{
	struct node *node;

	for (node = touched; node; node = node->touched) {
		if (figure >= 0) {
			node->total[figure].insns += node->pending.insns;
			node->total[figure].calls += node->pending.calls;
		}
		node->pending = (struct count){};
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
	int figure;

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
			const struct count *total = &node->total[figure];

			if (!total->insns && !total->calls)
				continue;
			fprintf(file, "%d %lu ", figure, total->calls);
			write_stack(file, node);
			fprintf(file, " %lu\n", total->insns);
		}
		write_children(file, node);
	}
	free(children);
}

void tree_write(FILE *file)
{
	write_children(file, &tree_root);
}

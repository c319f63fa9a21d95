// SPDX-License-Identifier: GPL-2.0-only
#include "op.h"

int op_map(const struct op_case *c)
{
	if (c->kind->by_file)
		return c->peer->map_file(c->space, c->shape, c->bytes, c->iova);
	return c->peer->map(c->space, c->shape, c->bytes, c->iova);
}

int op_unmap(const struct op_case *c)
{
	return c->peer->unmap(c->space, c->iova, c->bytes);
}

unsigned int op_iterations(const struct op_case *c)
{
	bool huge = c->kind && c->kind->leaf_bytes > PAGE_BYTES;

	if (!c->kind)
		return 20;
	/* What is large and only there to see whether cost grows. */
	if (c->kind->use == SHAPE_LARGE)
		return huge ? 2 : 1;
	if (c->kind->use == SHAPE_FRESH)
		return 5;
	if (c->bytes <= 4 * KIB)
		return 1000;
	if (c->bytes <= 64 * KIB)
		return 300;
	if (c->bytes <= MIB)
		return 200;
	/* Some peers are done with huge pages in so few instructions that an interrupt shows. */
	if (c->bytes <= 16 * MIB)
		return huge ? 50 : 20;
	return huge ? 10 : 3;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmod/core/object.c, as it is. See scheme.h.
 */
#include <err.h>

#include "core/object.h"
#include "scheme.h"

static struct object_table table;

static void destroy_nothing(struct iommufd_object *obj)
{
	(void)obj;
}

static const object_destroy_fn destroy_ops[IOMMUFD_OBJ_MAX] = {
	[IOMMUFD_OBJ_IOAS] = destroy_nothing,
};

static void init(void)
{
	object_table_init(&table, destroy_ops);
}

static void end(void)
{
	object_table_destroy(&table);
}

static u32 create(void)
{
	struct iommufd_object *obj = object_alloc(&table, OBJECT_BYTES,
						  IOMMUFD_OBJ_IOAS);
	u32 id;

	if (IS_ERR(obj))
		errx(1, "no memory for an object");
	/* Once published it may go. */
	id = obj->id;
	object_publish(&table, obj);
	return id;
}

static void destroy(u32 id)
{
	if (object_destroy(&table, id))
		errx(1, "an object is not there");
}

static unsigned long look_up(const u32 *ids, unsigned int nr_ids,
			     unsigned long ops)
{
	unsigned long found = 0;

	for (unsigned long i = 0; i < ops; i++) {
		struct iommufd_object *obj =
			object_get(&table, ids[i & (nr_ids - 1)],
				   IOMMUFD_OBJ_IOAS);

		if (IS_ERR(obj))
			continue;
		object_put(&table, obj);
		found++;
	}
	return found;
}

const struct scheme scheme_rcu = {
	.name = "rcu",
	.init = init,
	.exit = end,
	.create = create,
	.destroy = destroy,
	.look_up = look_up,
};

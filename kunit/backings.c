// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backings for suites. See backings.h.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "backings.h"
#include "ioas/area.h"
#include "memory/memory.h"

/**
 * backing_create_user() - backing_init_user() in memory that is allocated for it
 * @va: page aligned address
 * @writable: mappings of it may be writable
 * @account_by_mm: charge the process and not its user
 *
 * Return: the backing with one reference, and room for its first area, or
 * ERR_PTR(-ENOMEM).
 */
struct backing *backing_create_user(unsigned long va, bool writable,
				    bool account_by_mm)
{
	struct new_mapping *new = kmalloc_obj(*new, GFP_KERNEL);

	if (!new)
		return ERR_PTR(-ENOMEM);
	backing_init_user(&new->backing, va, writable, account_by_mm);
	return &new->backing;
}

/**
 * backing_create_file() - backing_init_file() in memory that is allocated for it
 * @file: the file
 * @start: page aligned byte offset
 * @writable: mappings of it may be writable
 * @account_by_mm: charge the process and not its user
 *
 * Return: the backing with one reference, and room for its first area, or
 * ERR_PTR() of -ENOMEM or what backing_init_file() says.
 */
struct backing *backing_create_file(struct file *file, loff_t start,
				    bool writable, bool account_by_mm)
{
	struct new_mapping *new = kmalloc_obj(*new, GFP_KERNEL);
	int rc;

	if (!new)
		return ERR_PTR(-ENOMEM);
	rc = backing_init_file(&new->backing, file, start, writable,
			       account_by_mm);
	if (rc) {
		kfree(new);
		return ERR_PTR(rc);
	}
	return &new->backing;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* A cache that replaces what was not used for longest: of lines, or of translations. */
#ifndef PROFILE_CACHE_H
#define PROFILE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct cache - see above
 * @sets: how many; what goes into which is its number modulo this
 * @ways: entries of a set
 * @entries: of all sets, those of a set in the order of their last use
 */
struct cache {
	size_t sets;
	size_t ways;
	uint64_t *entries;
};

/**
 * cache_init() - an empty cache
 * @cache: which
 * @entries: how many it has
 * @ways: of a set; @entries is a multiple of it
 *
 * Return: 0, -EINVAL, or -ENOMEM.
 */
int cache_init(struct cache *cache, size_t entries, size_t ways);

/**
 * cache_touch() - use an entry, and have it afterwards
 * @cache: where
 * @number: of a line, or of a page
 *
 * Return: whether it was there.
 */
bool cache_touch(struct cache *cache, uint64_t number);

#endif

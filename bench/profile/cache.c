// SPDX-License-Identifier: GPL-2.0-only
#include "cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int cache_init(struct cache *cache, size_t entries, size_t ways)
{
	if (!ways || !entries || entries % ways)
		return -EINVAL;
	cache->sets = entries / ways;
	cache->ways = ways;
	cache->entries = calloc(entries, sizeof(*cache->entries));
	return cache->entries ? 0 : -ENOMEM;
}

bool cache_touch(struct cache *cache, uint64_t number)
{
	uint64_t *set = cache->entries + number % cache->sets * cache->ways;
	/* 0 is an entry that was never used. */
	uint64_t entry = number + 1;
	size_t at = 0;
	bool there;

	if (set[0] == entry)
		return true;
	while (at < cache->ways - 1 && set[at] != entry)
		at++;
	there = set[at] == entry;
	memmove(set + 1, set, at * sizeof(*set));
	set[0] = entry;
	return there;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cache.h"
#include "counts.h"

#define PAGE_BITS 12
#define LARGE_BITS 21
#define MAX_LARGE 16
/* What the prefetcher follows at a time. */
#define STREAMS 16

/* Where the page table is made of 2 MiB leaves: addresses from and to, both included. */
static struct {
	uint64_t from, to;
} large[MAX_LARGE];
static unsigned int nlarge;

static struct cache l1, l2, llc, tlb, last_tlb;

static const struct {
	const char *name;
	struct cache *cache;
	size_t unit_bytes;
} caches[] = {
	{ "l1", &l1, MODEL_LINE_BYTES },
	{ "l2", &l2, MODEL_LINE_BYTES },
	{ "llc", &llc, MODEL_LINE_BYTES },
	{ "tlb", &tlb, 1 },
	{ "last_tlb", &last_tlb, 1 },
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool read_line(const char *line)
{
	unsigned long long from, to;
	unsigned long size, ways;
	char word[32];
	size_t i;

	if (sscanf(line, "%31s", word) != 1 || word[0] == '#')
		return true;
	/* How much each costs is for who estimates: scripts/results/estimate.py. */
	if (!strcmp(word, "weight"))
		return true;
	if (sscanf(line, "large %llx %llx", &from, &to) == 2 && nlarge < COUNT_OF(large)) {
		large[nlarge].from = from;
		large[nlarge++].to = to;
		return true;
	}
	if (sscanf(line, "%*s %lu %lu", &size, &ways) != 2)
		return false;
	for (i = 0; i < COUNT_OF(caches); i++)
		if (!strcmp(word, caches[i].name))
			return !cache_init(caches[i].cache, size / caches[i].unit_bytes, ways);
	return false;
}

bool model_read(const char *path, const char **why)
{
	FILE *file = fopen(path, "re");
	char line[512];
	bool good = true;
	size_t i;

	if (!file) {
		*why = strerror(errno);
		return false;
	}
	while (good && fgets(line, sizeof(line), file))
		good = read_line(line);
	fclose(file);
	*why = "a line that is not understood";
	for (i = 0; good && i < COUNT_OF(caches); i++) {
		if (!caches[i].cache->entries) {
			*why = "a cache is missing";
			good = false;
		}
	}
	return good;
}

/* Pages of the two sizes share a TLB; the highest bit tells them apart. */
static uint64_t page_of(uint64_t vaddr)
{
	unsigned int i;

	for (i = 0; i < nlarge; i++)
		if (vaddr >= large[i].from && vaddr <= large[i].to)
			return vaddr >> LARGE_BITS | 1ull << 63;
	return vaddr >> PAGE_BITS;
}

/*
 * Whether a line that is missed was foreseen: it is the one behind one that was missed, of the last
 * that began or continued so. Each entry is the line that is expected next.
 */
static bool foreseen(uint64_t line)
{
	static uint64_t streams[STREAMS];
	unsigned int at = 0;
	bool found;

	while (at < STREAMS - 1 && streams[at] != line)
		at++;
	found = streams[at] == line;
	memmove(streams + 1, streams, at * sizeof(*streams));
	streams[0] = line + 1;
	return found;
}

/* The line comes from where it is. */
static model_misses miss(uint64_t line)
{
	model_misses missed = 1 << L1_MISSES;

	if (!cache_touch(&l2, line)) {
		missed |= 1 << L2_MISSES;
		if (!cache_touch(&llc, line))
			missed |= 1 << LLC_MISSES;
	}
	return foreseen(line) ? 1 << STREAMED : missed;
}

model_misses model_touch(uint64_t vaddr, uint64_t line)
{
	uint64_t page = page_of(vaddr);
	model_misses missed = 0;

	if (!cache_touch(&tlb, page)) {
		missed |= 1 << TLB_MISSES;
		if (!cache_touch(&last_tlb, page))
			missed |= 1 << WALKS;
	}
	if (!cache_touch(&l1, line))
		missed |= miss(line);
	return missed;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "ktap.h"
#include "race_places.h"
#include "scene.h"

struct place places[NPLACES] = {
	{ "kept-base", POPULATE4K, KEPT, .private = true },
	{ "kept-scattered", SCATTER4K, KEPT, .private = true },
	{ "kept-64k", MTHP64K, KEPT, .private = true },
	{ "kept-thp", THP, KEPT, .private = true },
	{ "kept-protected", POPULATE4K, KEPT, PROTECTED, .private = true },
	{ "kept-alike", POPULATE4K, KEPT, .private = true, .alike = true },
	{ "kept-alike-thp", THP, KEPT, .private = true, .alike = true },
	{ "kept-copied", MEMFD4K, KEPT, .private = true, .copied = true },
	{ "kept-shmem", MEMFD4K, KEPT },
	{ "kept-shmem-64k", MEMFD64K, KEPT },
	{ "changed-base", POPULATE4K, CHANGED, .private = true },
	{ "changed-64k", MTHP64K, CHANGED, .private = true },
	{ "changed-thp", THP, CHANGED, .private = true },
	{ "changed-copied", MEMFD4K, CHANGED, .private = true, .copied = true },
	{ "changed-shmem", MEMFD4K, CHANGED },
	{ "changed-shmem-64k", MEMFD64K, CHANGED },
	{ "changed-missing", POPULATE4K, CHANGED, MISSING, .private = true },
	{ "changed-minor", MEMFD4K, CHANGED, MINOR },
	{ "kept-hugetlb-shared", MEMFD2M, KEPT },
	/* Last: a child that gets no huge page of its own ends there. */
	{ "kept-hugetlb", HUGETLB2M, KEPT, .private = true },
};

/* As many more for a child, and to move them. */
#define MORE_HUGE_PAGES "16"

static unsigned int index_of(const struct place *p)
{
	return p - places;
}

__u64 place_stamp(const struct place *p, __u64 random)
{
	return (index_of(p) + 1ULL) << 56 | (random >> 8);
}

bool place_is_stamp(const struct place *p, __u64 word)
{
	return !word || word >> 56 == index_of(p) + 1;
}

void place_choose(__u64 *random, size_t *first, size_t *npages)
{
	static const size_t most[] = { 1, 8, 40, PART / PAGE };
	size_t max = most[ktap_random(random) % ARRAY_SIZE(most)];

	*first = ktap_random(random) % (PART / PAGE);
	if (max > PART / PAGE - *first)
		max = PART / PAGE - *first;
	*npages = 1 + ktap_random(random) % max;
}

const struct place *place_of(__u64 va)
{
	unsigned int i;

	for (i = 0; i < NPLACES; i++) {
		if (va - (__u64)places[i].mem.va < PLACE_BYTES)
			return &places[i];
	}
	return NULL;
}

static void register_faults(const struct place *p, int uffd)
{
	static const __u64 modes[] = {
		[MISSING] = UFFDIO_REGISTER_MODE_MISSING,
		[PROTECTED] = UFFDIO_REGISTER_MODE_WP,
		[MINOR] = UFFDIO_REGISTER_MODE_MINOR,
	};
	struct uffdio_register arg = {
		.range = { .start = (__u64)p->mem.va, .len = PLACE_BYTES },
		.mode = modes[p->fault],
	};

	if (p->fault != NO_FAULTS)
		ASSERT_EQ(0, ioctl(uffd, UFFDIO_REGISTER, &arg));
}

void places_open(int uffd)
{
	unsigned int i;

	scene_tell("/proc/sys/vm/nr_hugepages", MORE_HUGE_PAGES);
	for (i = 0; i < NPLACES; i++) {
		struct place *p = &places[i];

		memory_alloc(&p->mem, p->shape, PLACE_BYTES);
		memset(p->mem.va, 0, PLACE_BYTES);
		if (p->copied)
			ASSERT_TRUE(mmap(p->mem.va, PLACE_BYTES, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_FIXED, p->mem.fd, 0) == p->mem.va);
		register_faults(p, uffd);
	}
}

void places_close(void)
{
	unsigned int i;

	for (i = 0; i < NPLACES; i++) {
		const struct place *p = &places[i];

		ktap_note("%s: mapped %lu times, refused %lu, %lu changes", p->name, p->maps,
			  p->refused, p->changes);
		EXPECT_LT(0, p->maps);
		EXPECT_LT(0, p->changes);
		memory_free(&places[i].mem);
	}
}

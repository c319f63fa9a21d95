// SPDX-License-Identifier: GPL-2.0-only
/* What a process and the kernel do to the places. See race_places.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ktap.h"
#include "race_places.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

#define NODES 2
/* A page that goes bad is gone for good: the first of so many times. */
#define SELDOM 8

static void write_stamps(const struct place *p, unsigned char *va, size_t npages, __u64 *random)
{
	size_t i;

	for (i = 0; i < npages; i++)
		*(volatile __u64 *)(va + i * PAGE + ktap_random(random) % 512 * 8) =
			place_stamp(p, ktap_random(random));
}

/* Gone, and there again: new memory, or what the file has. */
static void map_anew(const struct place *p, unsigned char *va, size_t bytes)
{
	int flags = p->private ? MAP_PRIVATE : MAP_SHARED;
	off_t offset = p->mem.fd < 0 ? 0 : va - p->mem.va;

	if (p->mem.fd < 0)
		flags |= MAP_ANONYMOUS;
	ASSERT_EQ(0, munmap(va, bytes));
	sched_yield();
	ASSERT_TRUE(mmap(va, bytes, PROT_READ | PROT_WRITE, flags | MAP_FIXED, p->mem.fd,
			 offset) == va);
	if (p->shape == THP)
		ASSERT_EQ(0, madvise(va, bytes, MADV_HUGEPAGE));
}

static void move_away_and_back(unsigned char *va, size_t bytes)
{
	void *other = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_TRUE(other != MAP_FAILED);
	ASSERT_TRUE(mremap(va, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, other) == other);
	sched_yield();
	ASSERT_TRUE(mremap(other, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, va) == va);
}

static void punch(const struct place *p, unsigned char *va, size_t bytes)
{
	EXPECT_EQ(0, fallocate(p->mem.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       va - p->mem.va, bytes));
}

/* A page is lost, and another one comes in its place. */
static void make_bad(struct changes *changes, const struct place *p, unsigned char *va)
{
	/* A page of its own, not the one of zeroes, which everybody has. */
	*(volatile __u64 *)va = place_stamp(p, 0);
	madvise(va, PAGE, MADV_HWPOISON);
	if (p->mem.fd >= 0)
		punch(p, va, PAGE);
	EXPECT_EQ(0, madvise(va, PAGE, MADV_DONTNEED));
	changes->made_bad++;
}

static __u64 move(int uffd, void *to, void *from, size_t bytes)
{
	struct uffdio_move arg = {
		.dst = (__u64)to,
		.src = (__u64)from,
		.len = bytes,
		.mode = UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES,
	};

	/* Up to what is pinned, or comes from elsewhere at this moment. */
	ioctl(uffd, UFFDIO_MOVE, &arg);
	return arg.move > 0 ? arg.move : 0;
}

static void move_aside_and_back(struct changes *changes, unsigned char *va, size_t bytes)
{
	struct aside *aside = &changes->aside;

	changes->moved_aside += move(aside->uffd, aside->va, va, bytes) / PAGE;
	sched_yield();
	changes->moved_back += move(aside->uffd, va, aside->va, bytes) / PAGE;
	EXPECT_EQ(0, madvise(aside->va, bytes, MADV_DONTNEED));
}

/* The first three of all: there is nothing any more, or what is there may go. */
static bool change_by_advice(const struct place *p, unsigned char *va, size_t bytes,
			     unsigned int which)
{
	switch (which) {
	case 0:
		EXPECT_EQ(0, madvise(va, bytes, MADV_DONTNEED));
		return true;
	case 1:
		/* Of anonymous memory alone. */
		EXPECT_EQ(p->mem.fd < 0 ? 0 : -1, madvise(va, bytes, MADV_FREE));
		return true;
	case 2:
		madvise(va, bytes, MADV_PAGEOUT);
		return true;
	}
	return false;
}

/* For places that userfaultfd watches, which some of the others would end. */
static void change_watched(struct changes *changes, struct place *p, unsigned char *va,
			   size_t bytes, __u64 *random)
{
	unsigned int which = ktap_random(random) % (p->fault == MISSING ? 4 : 3);

	if (!change_by_advice(p, va, bytes, which))
		move_aside_and_back(changes, va, bytes);
}

static void change_other(struct changes *changes, struct place *p, unsigned char *va, size_t bytes,
			 __u64 *random)
{
	unsigned int which = ktap_random(random) % 9;

	if (change_by_advice(p, va, bytes, which))
		return;
	switch (which) {
	case 3:
		map_anew(p, va, bytes);
		break;
	case 4:
		move_away_and_back(va, bytes);
		break;
	case 5:
		EXPECT_EQ(0, mprotect(va, bytes, PROT_READ));
		EXPECT_EQ(0, mprotect(va, bytes, PROT_READ | PROT_WRITE));
		break;
	case 6:
		if (p->mem.fd >= 0)
			punch(p, va, bytes);
		break;
	case 7:
		madvise(va, bytes, MADV_COLLAPSE);
		break;
	case 8:
		if (changes->bad_asked++ % SELDOM == 0)
			make_bad(changes, p, va);
		break;
	}
}

void place_change(struct changes *changes, struct place *p, unsigned char *va, size_t npages,
		  __u64 *random)
{
	p->changes++;
	if (p->fault == NO_FAULTS)
		change_other(changes, p, va, npages * PAGE, random);
	else
		change_watched(changes, p, va, npages * PAGE, random);
	write_stamps(p, va, npages, random);
}

void place_protect(int uffd, const unsigned char *va, size_t bytes, bool on)
{
	struct uffdio_writeprotect arg = {
		.range = { .start = (__u64)va, .len = bytes },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	/* -EAGAIN while the mappings change. */
	ioctl(uffd, UFFDIO_WRITEPROTECT, &arg);
}

/* To another node, where there is one. */
static void send(struct changes *changes, unsigned char *va, size_t npages, int node)
{
	void *pages[PART / PAGE];
	int nodes[PART / PAGE], status[PART / PAGE];
	size_t i;

	for (i = 0; i < npages; i++) {
		pages[i] = va + i * PAGE;
		nodes[i] = node;
	}
	if (syscall(SYS_move_pages, 0, npages, pages, nodes, status, MPOL_MF_MOVE) < 0)
		return;
	for (i = 0; i < npages; i++)
		changes->sent += status[i] == node;
}

static bool is_hugetlb(const struct place *p)
{
	return p->shape == HUGETLB2M || p->shape == MEMFD2M;
}

void place_disturb(struct changes *changes, struct place *p, unsigned char *va, size_t npages,
		   __u64 *random)
{
	static const int advice[] = {
		MADV_COLD, MADV_PAGEOUT, MADV_COLLAPSE, MADV_MERGEABLE, MADV_MERGEABLE,
		MADV_UNMERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_POPULATE_READ,
	};
	unsigned int what = ktap_random(random) % (ARRAY_SIZE(advice) + 4);
	size_t bytes = npages * PAGE;

	p->changes++;
	if (p->fault == PROTECTED) {
		place_protect(changes->aside.uffd, va, bytes, true);
		return;
	}
	switch (what - ARRAY_SIZE(advice)) {
	case 0:
		mlock(va, bytes);
		break;
	case 1:
		munlock(va, bytes);
		break;
	case 2:
		send(changes, va, npages, ktap_random(random) % NODES);
		break;
	case 3:
		/* A huge page as a whole would be lost. */
		if (!is_hugetlb(p) && changes->soft_asked++ % SELDOM == 0)
			changes->soft += !madvise(va, PAGE, MADV_SOFT_OFFLINE);
		break;
	default:
		madvise(va, bytes, advice[what]);
		break;
	}
}

static void on_bus_error(int number)
{
	(void)number;
}

/* Who finds a page bad is told so by a signal. */
static void survive_bus_errors(void)
{
	const struct sigaction action = { .sa_handler = on_bus_error };

	ASSERT_EQ(0, sigaction(SIGBUS, &action, NULL));
}

void changes_open(struct changes *changes, int uffd)
{
	unsigned char *area = mmap(NULL, 2 * PART, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct uffdio_register arg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	ASSERT_TRUE(area != MAP_FAILED);
	*changes = (struct changes){
		.aside = { .uffd = uffd, .va = area + -(unsigned long)area % PART },
	};
	arg.range = (struct uffdio_range){ .start = (__u64)changes->aside.va, .len = PART };
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_REGISTER, &arg));
	survive_bus_errors();
}

void changes_close(struct changes *changes)
{
	ktap_note("moved by userfaultfd: %lu pages, and %lu back", changes->moved_aside,
		  changes->moved_back);
	ktap_note("bad: %lu pages, and %lu taken out before; to other nodes: %lu",
		  changes->made_bad, changes->soft, changes->sent);
}

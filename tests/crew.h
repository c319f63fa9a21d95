/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CREW_H
#define CREW_H

/*
 * What helpers of a map are to the process whose memory is mapped (kmod/memory/crew.h): the suites
 * of crew_test, and the process that maps.
 *
 * Two pages of its memory are userfaultfd's, one each in the first two parts. Where a thread
 * helps, both stand there, and nothing goes on until the case lets it.
 */

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

#include "ktap.h"
#include "rig.h"
#include "util.h"

#define CREW_BYTES (64 * MIB)
#define CREW_PART_BYTES (8 * MIB)
#define CREW_IOVA GIB

/**
 * enum crew_memory - what it maps; nobody has touched it
 * @CREW_BASE: anonymous memory in base pages
 * @CREW_FILE: a memfd of base pages, by its file
 * @CREW_HUGETLB2M: anonymous memory of hugetlbfs
 * @CREW_HUGETLB1G: the same, in larger pages
 */
enum crew_memory {
	CREW_BASE,
	CREW_FILE,
	CREW_HUGETLB2M,
	CREW_HUGETLB1G,
};

/**
 * struct mapper - a process that maps memory which nobody has touched
 * @rig: where; its iommufd is shared with the case
 * @prepare: what it does before, in its main thread; or NULL
 * @arg: for @prepare
 * @memory: what kind of memory it is; userfaultfd's pages are of CREW_BASE
 * @broken: the last page of the memory can not be used
 * @plain: no page is userfaultfd's
 * @bytes: how much it maps
 * @va: its memory; in the case there is nothing, or something else
 * @pid: the process
 * @uffd: its userfaultfd
 * @tell: a letter that is written there is for a second thread of it: 'x' to exec, 'e' to exit,
 *	'f' to fork
 * @hear: where that thread, or the one that maps, answers
 */
struct mapper {
	struct rig *rig;
	void (*prepare)(struct mapper *mapper);
	const void *arg;
	enum crew_memory memory;
	bool broken;
	bool plain;
	size_t bytes;
	unsigned char *va;
	pid_t pid;
	int uffd;
	int tell;
	int hear;
};

/* Sets how many threads a map may have; skips the case where that can not be. */
void crew_threads(unsigned int nr);

/* Sets huge pages of a size apart; skips the case where there are not as many. */
void crew_huge_pages(size_t page_bytes, size_t nr);

/* How many threads helped with what is mapped at CREW_IOVA, of the iommufd that the case opened. */
int crew_helped(void);

/* Starts it. It maps, answers with what the map returned as an int, and waits for 'q' to end. */
void mapper_start(struct mapper *mapper, struct rig *rig);

/* The thread that stands at a page of userfaultfd's, and the page. */
pid_t mapper_await_fault(struct mapper *mapper, __u64 *va);
void mapper_give_page(struct mapper *mapper, __u64 va);

/* Both threads stand. Returns the helper's. */
pid_t mapper_await_both(struct mapper *mapper);
void mapper_give_both(struct mapper *mapper);

/* What it answers: 0 or -errno of the map. */
int mapper_answer(struct mapper *mapper);

/* Ends it; returns what waitpid() says. */
int mapper_end(struct mapper *mapper);
int mapper_wait(struct mapper *mapper, int options);

/* How many threads it has, and which: as many as there is room for. */
int mapper_threads(const struct mapper *mapper, pid_t *tid, int room);

/* A line of a file in /proc is the same for the thread that maps and for its helper. */
void mapper_expect_alike(const struct mapper *mapper, pid_t helper, const char *file,
			 const char *word);

/* A control group for it, with one controller; it joins as what it does before it maps. */
void group_make(const char *controller);
void group_remove(void);
int group_tell(const char *file, const char *text);
void group_join(struct mapper *mapper);

/* The number behind a word that begins a line of a file of the group. */
long long group_read(const char *file, const char *word);

extern const struct ktap_suite crew_life;
extern const struct ktap_suite crew_limits;
extern const struct ktap_suite crew_place;

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SPACE_H
#define SPACE_H

/* An IOAS: what it has mapped, with which rights, and where that is pinned. */

#include "pages.h"
#include "world.h"

#define NR_AREAS	96	/* of an IOAS */
#define NR_RESERVED	16
#define MOCK_ALIGN	2048UL

/* Memory that was given to map: shared by all copies of that. */
struct backing {
	unsigned int refs;
	bool file;
	bool dmabuf;
	bool writable;
	__u64 start;			/* a page's address, or place in the file */
	__u64 npages;
	struct page **pinned;		/* the first ones */
	unsigned short *claims;
};

struct area {
	__u64 first, last;
	__u64 start_byte;
	struct backing *backing;
	unsigned int flags;		/* IOMMU_IOAS_MAP_* */
	unsigned int owners;
};

struct range {
	__u64 first, last;
};

struct ioas {
	struct area area[NR_AREAS];
	unsigned int nr;
	struct range reserved[NR_RESERVED];
	unsigned int nr_reserved;
	unsigned int nr_domains;
	unsigned int nr_accesses, nr_pinning;
	bool small;			/* no large entries */
	bool allows;			/* only some IOVAs */
};

/* With a reference, which the last area that has it gives up. */
struct backing *backing_new(bool file, bool writable, __u64 start, __u64 npages);
void backing_put(struct backing *backing);

/* All of its pins go, whoever has them. */
void backing_let_go(struct backing *backing);

/* What a page of it is, pinned or just now; NULL: nothing that can be used. */
struct page *backing_page(const struct backing *backing, __u64 index);

/* Whether these pages of it can be pinned. */
bool can_claim(const struct backing *backing, __u64 first, __u64 last);

bool area_can_claim(const struct area *area);
void area_claim(struct area *area);

struct area *area_at(struct ioas *ioas, __u64 iova);

/* The first one that has something of a range. */
struct area *area_in(struct ioas *ioas, __u64 first, __u64 last);
void area_remove(struct ioas *ioas, struct area *area);

/* The parts of a range, all of which is mapped: claimed, or let go of. */
void claim_range(struct ioas *ioas, __u64 first, __u64 last, bool on, int owners);

/* What must be a multiple of this, in bytes. */
__u64 alignment(const struct ioas *ioas);
bool is_aligned(const struct ioas *ioas, __u64 align);

/* Where a fixed mapping goes: is there room? 0 or the errno. */
int check_place(const struct ioas *ioas, __u64 start_byte, __u64 iova, __u64 bytes);

/* A domain pins all there is, when it is the first. NULL, or what is wrong. */
const char *add_domain(struct ioas *ioas);
void remove_domain(struct ioas *ioas);

void ioas_empty(struct ioas *ioas);

#endif

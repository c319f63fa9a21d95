/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PAGES_H
#define PAGES_H

/* The memory that programs change: which page is at each address, and what is in it. */

#include <linux/types.h>
#include <stdbool.h>

#include "../util.h"

/* A page of memory, whoever has it. */
struct page {
	unsigned int refs;
	bool unknown;	/* what is in it */
	unsigned char data[PAGE];
};

/* What is at an address. */
struct place {
	bool file;
	bool readable;
	bool writable;
	unsigned int index;	/* of the file */
	struct page *page;	/* of what is no file; NULL: zeros, once it is used */
};

void page_put(struct page *page);

/* A place of the file; NULL behind its end. */
struct page *file_page(__u64 index);

/* What is at an address, in pages of the memory; NULL: it can not be used so. */
struct page *page_at(__u64 index, bool write);

/* npages from a page of the memory on: of the file, or nothing that was ever there. */
void set_places(__u64 page, __u64 npages, bool file, __u64 index, bool access);

/* Pages of the file that are no more. */
void drop_file(__u64 first, __u64 nr);

/* Whether a call of "fill" would harm nobody. */
bool can_fill(const __u64 *a);

/* What a call that changes memory has changed. */
const char *after_memory(const char *name, const __u64 *a, long ret);

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

struct page *page_new(void)
{
	struct page *page = calloc(1, sizeof(*page));

	if (!page)
		abort();
	page->refs = 1;
	return page;
}

void page_put(struct page *page)
{
	if (page && !--page->refs)
		free(page);
}

struct page *file_page(__u64 index)
{
	if (index >= m->file_pages)
		return NULL;
	if (!m->file[index])
		m->file[index] = page_new();
	return m->file[index];
}

/* What is at an address, in pages of the memory; NULL: it can not be used so. */
struct page *page_at(__u64 index, bool write)
{
	struct place *place;

	if (index >= MEM_PAGES)
		return NULL;
	place = &m->place[index];
	if (!place->readable || (write && !place->writable))
		return NULL;
	if (place->file)
		return file_page(place->index);
	if (!place->page)
		place->page = page_new();
	return place->page;
}

static void place_set(struct place *place, const struct place *to)
{
	page_put(place->page);
	*place = *to;
}

void set_places(__u64 page, __u64 npages, bool file, __u64 index, bool access)
{
	__u64 i;

	for (i = 0; i < npages; i++) {
		place_set(&m->place[page + i], &(struct place){
			.file = file, .index = index + i, .readable = access, .writable = access,
		});
	}
}

static bool is_inside(__u64 page, __u64 npages)
{
	return npages && page < MEM_PAGES && npages <= MEM_PAGES - page;
}

bool can_fill(const __u64 *a)
{
	__u64 i;

	if (!is_inside(a[0], a[1]))
		return false;
	for (i = 0; i < a[1]; i++) {
		if (!page_at(a[0] + i, true))
			return false;
	}
	return true;
}

static void fill(const __u64 *a)
{
	__u64 i;

	for (i = 0; i < a[1]; i++) {
		struct page *page = page_at(a[0] + i, true);

		memset(page->data, a[2], PAGE);
		page->unknown = false;
	}
}

static void move_places(const __u64 *a, bool moved)
{
	__u64 i;

	for (i = 0; moved && i < a[1]; i++) {
		place_set(&m->place[a[2] + i], &m->place[a[0] + i]);
		m->place[a[0] + i].page = NULL;
	}
	if (!moved)
		set_places(a[2], a[1], false, 0, false);
	set_places(a[0], a[1], false, 0, false);
}

void drop_file(__u64 first, __u64 nr)
{
	__u64 i;

	for (i = first; i < FILE_PAGES && nr--; i++) {
		page_put(m->file[i]);
		m->file[i] = NULL;
	}
}

const char *after_memory(const char *name, const __u64 *a, long ret)
{
	__u64 i;

	if (!strcmp(name, "mem_move")) {
		if (ret != -EINVAL)
			move_places(a, !ret);
	} else if (ret) {
		return NULL;
	} else if (!strcmp(name, "fill")) {
		fill(a);
	} else if (!strcmp(name, "mem_map")) {
		set_places(a[0], a[1], a[2], a[2] ? (a[2] - 1) % FILE_PAGES : 0, true);
	} else if (!strcmp(name, "mem_unmap")) {
		set_places(a[0], a[1], false, 0, false);
	} else if (!strcmp(name, "mem_uffd")) {
		set_places(a[0], a[1], false, 0, true);
	} else if (!strcmp(name, "mem_zap")) {
		for (i = a[0]; i < a[0] + a[1]; i++) {
			page_put(m->place[i].page);
			m->place[i].page = NULL;
		}
	} else if (!strcmp(name, "mem_protect")) {
		for (i = a[0]; i < a[0] + a[1]; i++) {
			m->place[i].readable = a[2] % 3 > 0;
			m->place[i].writable = a[2] % 3 > 1;
		}
	} else if (!strcmp(name, "file_punch")) {
		drop_file(a[0], a[1]);
	} else if (!strcmp(name, "file_size")) {
		m->file_pages = a[0] % (FILE_PAGES + 1);
		drop_file(m->file_pages, FILE_PAGES);
	}
	return NULL;
}

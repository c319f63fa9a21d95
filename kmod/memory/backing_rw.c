// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading and writing a backing with the CPU.
 */
#include <linux/highmem.h>
#include <linux/mm.h>

#include "backing.h"
#include "core/killed.h"
#include "pin.h"

/**
 * struct copy - a copy between a backing and a buffer, under way
 * @start_byte: where it is in the backing
 * @data: where it is in the buffer
 * @left_bytes: what is left
 * @write: to the backing
 */
struct copy {
	unsigned long start_byte;
	void *data;
	size_t left_bytes;
	bool write;
};

/*
 * Of the next @npages as much as is in @ex, of which page 0 is page @first_index
 * of the backing.
 */
static void copy_extents(struct copy *copy, const struct extents *ex,
			 unsigned long first_index, unsigned long npages)
{
	unsigned long index = (copy->start_byte >> PAGE_SHIFT) - first_index;
	struct extents_iter it;

	while (npages-- && extents_seek(ex, index, &it)) {
		struct page *page = pfn_to_page(extent_pfn(it.run) + index -
						it.index);
		size_t offset = offset_in_page(copy->start_byte);
		size_t n = min(copy->left_bytes, PAGE_SIZE - offset);

		if (copy->write)
			memcpy_to_page(page, offset, copy->data, n);
		else
			memcpy_from_page(copy->data, page, offset, n);
		copy->start_byte += n;
		copy->data += n;
		copy->left_bytes -= n;
		index++;
	}
}

/* Between two looks at signals. Memory that is not pinned is, for so long. */
#define RW_BATCH_NPAGES	16

/* Of what is left a few pages, all of them pinned already or none. */
static int copy_some(struct backing *backing, struct copy *copy)
{
	unsigned long index = copy->start_byte >> PAGE_SHIFT;
	unsigned long last_byte = copy->start_byte + copy->left_bytes - 1;
	unsigned long npages = (last_byte >> PAGE_SHIFT) - index + 1;
	struct segment *segment = backing_segment(backing, index);
	struct extents ex;
	int rc;

	npages = min(npages, RW_BATCH_NPAGES);
	if (segment && segment->first_index <= index) {
		copy_extents(copy, &segment->extents, segment->first_index,
			     npages);
		return 0;
	}
	if (segment)
		npages = min(npages, segment->first_index - index);
	extents_init(&ex);
	rc = backing->ops->pin(backing, index, npages, &ex);
	if (rc < 0)
		return rc;
	copy_extents(copy, &ex, index, npages);
	unpin_extents(&ex, backing->writable);
	return 0;
}

/**
 * backing_rw() - read or write with the CPU
 * @backing: the backing
 * @start_byte: where, in bytes
 * @data: where to read to, or write from
 * @length_bytes: how much, at least 1
 * @write: write; @backing is writable
 *
 * What is not pinned yet is pinned for the while of the copy, and not charged.
 *
 * Context: Process; sleeps, faults in user memory. Takes @backing->lock.
 * Return: 0, or maybe with a part done -EINTR for a fatal signal, or what
 * pin_user_range() or pin_file_range() say.
 */
int backing_rw(struct backing *backing, unsigned long start_byte, void *data,
	       size_t length_bytes, bool write)
{
	struct copy copy = {
		.start_byte = start_byte,
		.data = data,
		.left_bytes = length_bytes,
		.write = write,
	};
	int rc;

	rc = mutex_lock_killable(&backing->lock);
	if (rc)
		return rc;
	for (;;) {
		rc = copy_some(backing, &copy);
		if (rc || !copy.left_bytes)
			break;
		rc = cond_resched_killable();
		if (rc)
			break;
	}
	mutex_unlock(&backing->lock);
	return rc;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading and writing a backing with the CPU.
 */
#include <linux/highmem.h>
#include <linux/mm.h>

#include "backing.h"
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

/* As much as is in @ex, of which page 0 is page @first_index of the backing. */
static void copy_extents(struct copy *copy, const struct extents *ex,
			 unsigned long first_index)
{
	unsigned long index = (copy->start_byte >> PAGE_SHIFT) - first_index;
	struct extents_iter it;

	while (copy->left_bytes && extents_seek(ex, index, &it)) {
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

/* Memory that is not pinned is, for a moment. */
#define RW_BATCH_NPAGES	16

/**
 * backing_rw() - read or write with the CPU
 * @backing: the backing
 * @start_byte: where, in bytes
 * @data: where to read to, or write from
 * @length_bytes: how much
 * @write: write; @backing is writable
 *
 * What is not pinned yet is pinned for the while of the copy, and not charged.
 *
 * Context: Process; sleeps, faults in user memory. Takes @backing->lock.
 * Return: 0, or maybe with a part done what pin_user_range() or
 * pin_file_range() say.
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
	int rc = 0;

	mutex_lock(&backing->lock);
	while (!rc && copy.left_bytes) {
		unsigned long index = copy.start_byte >> PAGE_SHIFT;
		unsigned long last_byte = copy.start_byte + copy.left_bytes - 1;
		unsigned long npages = (last_byte >> PAGE_SHIFT) - index + 1;
		struct segment *segment = backing_segment(backing, index);
		struct extents ex;

		if (segment && segment->first_index <= index) {
			copy_extents(&copy, &segment->extents,
				     segment->first_index);
			continue;
		}
		if (segment)
			npages = min(npages, segment->first_index - index);
		npages = min(npages, RW_BATCH_NPAGES);
		extents_init(&ex);
		rc = backing_pin(backing, index, npages, &ex);
		if (rc)
			break;
		copy_extents(&copy, &ex, index);
		unpin_extents(&ex, backing->writable);
	}
	mutex_unlock(&backing->lock);
	return rc;
}

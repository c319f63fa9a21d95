/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pins: user memory and files to extents, and back.
 *
 * Pins are FOLL_LONGTERM: pages are moved out of CMA and movable zones first,
 * or refused. Memory accounting is not done here (account.h).
 */
#ifndef IOMMUFD_PIN_H
#define IOMMUFD_PIN_H

#include <linux/types.h>

#include "extent.h"

/*
 * What one call pins, pages or folios: as many pointers as a page holds. Short
 * ranges use an array on the stack; 16 pointers are 128 bytes of it.
 */
#define PIN_BATCH_LEN		(PAGE_SIZE / sizeof(void *))
#define PIN_STACK_LEN		16

struct file;
struct mm_struct;

int pin_user_range(struct mm_struct *mm, unsigned long va, unsigned long npages,
		   bool write, struct extents *ex);
int pin_file_range(struct file *file, loff_t start, unsigned long npages,
		   struct extents *ex);
long pin_add_runs(struct extents *ex, const extent_t *run,
		  unsigned int nr_runs);
void unpin_run(extent_t e, bool dirty);
void unpin_extents(struct extents *ex, bool dirty);
int pin_cut(struct extents *ex, unsigned long index, struct extents *tail);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backings that are a range of a memfd. See backing.h.
 */
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>

#include "backing.h"
#include "pin.h"

static unsigned int file_seals(struct file *file)
{
	if (shmem_file(file))
		return READ_ONCE(SHMEM_I(file_inode(file))->seals);
#ifdef CONFIG_HUGETLBFS
	return READ_ONCE(HUGETLBFS_I(file_inode(file))->seals);
#else
	return 0;
#endif
}

/*
 * As for mmap(), it has to be open for reading in any case: not every IO page
 * table has memory that may be written and not read. F_SEAL_WRITE is for
 * mapping_map_writable() to answer.
 */
static bool may_map(struct file *file, bool writable)
{
	const struct inode *inode = file_inode(file);

	if (!(file->f_mode & FMODE_READ))
		return false;
	if (!writable)
		return true;
	return (file->f_mode & FMODE_WRITE) && !IS_IMMUTABLE(inode) &&
	       !IS_APPEND(inode) && !(file_seals(file) & F_SEAL_FUTURE_WRITE);
}

static int pin_file(struct backing *backing, unsigned long first_index,
		    unsigned long npages, struct extents *ex)
{
	return pin_file_range(backing->file,
			      backing->start + (first_index << PAGE_SHIFT),
			      npages, ex);
}

static void release_file(struct backing *backing)
{
	if (backing->writable)
		mapping_unmap_writable(backing->file->f_mapping);
	fput(backing->file);
}

static const struct backing_ops file_ops = {
	.pin = pin_file,
	.release = release_file,
	.outlives_process = true,
};

/**
 * backing_init_file() - begin a backing that is a range of a memfd
 * @backing: as of backing_init()
 * @file: the file; a reference of its own is taken
 * @start: page aligned byte offset, where it begins
 * @writable: mappings of it may be writable
 * @account_by_mm: charge the process and not its user
 *
 * While a writable backing lives the file counts as mapped shared and writable,
 * so that it can not be sealed against writing. F_SEAL_FUTURE_WRITE is for
 * backings that are made later.
 *
 * Return: 0, or with nothing begun
 *
 * * -EINVAL: not a file of shmem or hugetlbfs
 * * -EPERM: the file is not open for reading; or @writable, and it is not open
 *   for writing, is sealed against that, immutable or only to be appended to
 */
int backing_init_file(struct backing *backing, struct file *file, loff_t start,
		      bool writable, bool account_by_mm)
{
	int rc;

	if (!shmem_file(file) && !is_file_hugepages(file))
		return -EINVAL;
	if (!may_map(file, writable))
		return -EPERM;
	if (writable) {
		rc = mapping_map_writable(file->f_mapping);
		if (rc)
			return rc;
	}
	backing_init(backing, &file_ops, start, writable, account_by_mm);
	backing->file = get_file(file);
	return 0;
}

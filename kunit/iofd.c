// SPDX-License-Identifier: GPL-2.0-only
/*
 * An open /dev/iommu, and what is in it. See iofd.h.
 */
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/uaccess.h>

#include "ioas/ioas.h"
#include "iofd.h"
#include "memory.h"

/**
 * iofd_open() - open /dev/iommu, without the device node
 * @test: the case, which gets an address space
 * @iofd: set to the open file; the case has to close it
 */
void iofd_open(struct kunit *test, struct iofd *iofd)
{
	struct file *file;

	iofd->arg = memory_map_prot(test, 1, PROT_READ | PROT_WRITE);
	file = anon_inode_getfile("[kunit-iommufd]", ctx_fops(), NULL,
				  O_RDWR);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	KUNIT_ASSERT_EQ(test, ctx_fops()->open(file_inode(file), file), 0);
	iofd->file = file;
	iofd->ictx = file->private_data;
}

/**
 * iofd_close() - close it, and have it done when this returns
 * @iofd: the open file
 */
void iofd_close(struct iofd *iofd)
{
	__fput_sync(iofd->file);
}

/**
 * iofd_raw_ioctl() - an ioctl, with any argument
 * @iofd: the open file
 * @cmd: its number
 * @arg: what a program gives
 *
 * Return: what the program would get.
 */
long iofd_raw_ioctl(struct iofd *iofd, unsigned int cmd, unsigned long arg)
{
	return ctx_fops()->unlocked_ioctl(iofd->file, cmd, arg);
}

/**
 * iofd_ioctl() - an ioctl, with a structure in the program's memory
 * @test: the case
 * @iofd: the open file
 * @cmd: its number
 * @arg: the structure; set to what the ioctl made of it
 * @size_bytes: its size
 *
 * Return: what the program would get.
 */
long iofd_ioctl(struct kunit *test, struct iofd *iofd, unsigned int cmd,
		void *arg, size_t size_bytes)
{
	void __user *user = (void __user *)iofd->arg;
	long rc;

	KUNIT_ASSERT_LE(test, size_bytes, PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, copy_to_user(user, arg, size_bytes), 0);
	rc = iofd_raw_ioctl(iofd, cmd, iofd->arg);
	KUNIT_ASSERT_EQ(test, copy_from_user(arg, user, size_bytes), 0);
	return rc;
}

/**
 * iofd_put_arg() - put the structure of an ioctl in memory of its own
 * @test: the case
 * @arg: the structure
 * @size_bytes: its size, which becomes its first member
 *
 * Return: its address.
 */
unsigned long iofd_put_arg(struct kunit *test, const void *arg,
			   size_t size_bytes)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 1);
	const u32 size = size_bytes;

	KUNIT_ASSERT_LE(test, size_bytes, PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)va, arg, size_bytes),
			0);
	KUNIT_ASSERT_EQ(test, put_user(size, (u32 __user *)va), 0);
	return va;
}

/**
 * iofd_call() - do an ioctl, in a thread that may not assert
 * @data: struct iofd_call
 */
void iofd_call(void *data)
{
	struct iofd_call *call = data;

	call->rc = iofd_raw_ioctl(call->iofd, call->cmd, call->arg);
}

/**
 * iofd_ioas() - make an IOAS
 * @test: the case
 * @iofd: the open file
 *
 * Return: the IOAS, visible.
 */
struct iommufd_ioas *iofd_ioas(struct kunit *test, struct iofd *iofd)
{
	struct iommufd_ioas *ioas = ioas_create(iofd->ictx);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ioas);
	object_publish(&iofd->ictx->objects, &ioas->obj);
	return ioas;
}

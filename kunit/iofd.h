/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An open /dev/iommu, and what is in it.
 */
#ifndef KUNIT_IOFD_H
#define KUNIT_IOFD_H

#include <linux/types.h>

struct file;
struct iommufd_ctx;
struct iommufd_ioas;
struct kunit;

/**
 * struct iofd - an open file
 * @file: it
 * @ictx: what it holds
 * @arg: the address of a page where a program would have its arguments
 */
struct iofd {
	struct file *file;
	struct iommufd_ctx *ictx;
	unsigned long arg;
};

/**
 * struct iofd_call - an ioctl that a thread of its own does
 * @iofd: the open file
 * @cmd: its number
 * @arg: the address of its structure
 * @rc: what the program would get
 */
struct iofd_call {
	struct iofd *iofd;
	unsigned int cmd;
	unsigned long arg;
	long rc;
};

void iofd_open(struct kunit *test, struct iofd *iofd);
void iofd_close(struct iofd *iofd);
long iofd_raw_ioctl(struct iofd *iofd, unsigned int cmd, unsigned long arg);
long iofd_ioctl(struct kunit *test, struct iofd *iofd, unsigned int cmd,
		void *arg, size_t size_bytes);

unsigned long iofd_put_arg(struct kunit *test, const void *arg,
			   size_t size_bytes);
void iofd_call(void *data);

struct iommufd_ioas *iofd_ioas(struct kunit *test, struct iofd *iofd);

#endif

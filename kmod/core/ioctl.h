/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One ioctl under way, as its handler sees it.
 *
 * The handler's structure is there, copied in and completed with zeroes; what
 * it changes there reaches userspace with ioctl_reply() only. So a handler that
 * fails has changed nothing, and one whose reply fails can still undo. What can not
 * be undone replies first: when it fails then, the ID that it gave names nothing.
 *
 * The handlers are in the wings, one uAPI noun a file; which ioctl is whose is
 * said in main.c.
 */
#ifndef IOMMUFD_IOCTL_H
#define IOMMUFD_IOCTL_H

#include <linux/types.h>

#ifdef CONFIG_IOMMUFD_TEST
#include <iommufd_test.h>
#endif

struct iommufd_ctx;

/**
 * struct ioctl_call - an ioctl under way
 * @ictx: whose
 * @arg: the structure
 * @user: where it came from
 * @size_bytes: how much of @arg userspace knows
 */
struct ioctl_call {
	struct iommufd_ctx *ictx;
	void *arg;
	void __user *user;
	u32 size_bytes;
};

/**
 * struct ioctl_op - one ioctl
 * @cmd: its number as userspace gives it
 * @size_bytes: of its structure, at most IOCTL_ARG_BYTES
 * @min_bytes: the least that userspace must know of it
 * @handler: what carries it out
 */
struct ioctl_op {
	unsigned int cmd;
	u16 size_bytes;
	u16 min_bytes;
	int (*handler)(struct ioctl_call *call);
};

/* Room for the largest of the structures. */
#ifdef CONFIG_IOMMUFD_TEST
#define IOCTL_ARG_BYTES		sizeof(struct iommu_test_cmd)
#else
#define IOCTL_ARG_BYTES		64
#endif

long ioctl_run(struct iommufd_ctx *ictx, const struct ioctl_op *op,
	       void __user *user);
int ioctl_reply(const struct ioctl_call *call);
int ioctl_destroy(struct ioctl_call *call);

#endif

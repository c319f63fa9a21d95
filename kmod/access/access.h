/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accesses: drivers in the kernel that use an IOAS in software (mdev).
 *
 * The driver is the long-term user of the object, and the object of the IOAS
 * that it is attached to. A driver that pins pages promises to unpin them when
 * its unmap callback asks for it, before the callback returns.
 */
#ifndef IOMMUFD_ACCESS_H
#define IOMMUFD_ACCESS_H

#include <linux/mutex.h>

#include "ioas/ioas.h"

/**
 * struct iommufd_access - a driver's access to an IOAS
 * @obj: what userspace sees
 * @ictx: the iommufd; a reference
 * @ops: the driver's
 * @data: what @ops are called with
 * @notifier: by which an IOAS asks it to let go of pages
 * @lock: protects @ioas and @ioas_unpin; taken before the locks of an IOAS, and
 *        not held while @ops are called
 * @ioas: what pins and reads go to; NULL while not attached
 * @ioas_unpin: what unpins go to: @ioas, or while that changes the one before
 */
struct iommufd_access {
	struct iommufd_object obj;
	struct iommufd_ctx *ictx;
	const struct iommufd_access_ops *ops;
	void *data;
	struct ioas_notifier notifier;
	struct mutex lock; /* @ioas, @ioas_unpin */
	struct iommufd_ioas *ioas;
	struct iommufd_ioas *ioas_unpin;
};

void access_destroy(struct iommufd_object *obj);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses of drivers in software. See access.h.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/iommufd.h>
#include <linux/overflow.h>

#include "access.h"
#include "ioas/ioas.h"

/**
 * access_destroy() - end an access
 * @obj: the access, detached
 */
void access_destroy(struct iommufd_object *obj)
{
	struct iommufd_access *access =
		container_of(obj, struct iommufd_access, obj);

	WARN_ON(access->ioas_unpin);
	mutex_destroy(&access->lock);
}

static void ask_to_unmap(struct ioas_notifier *notifier, unsigned long first,
			 unsigned long last)
{
	struct iommufd_access *access =
		container_of(notifier, struct iommufd_access, notifier);

	access->ops->unmap(access->data, first, last - first + 1);
}

/**
 * iommufd_access_create() - make an access
 * @ictx: the iommufd
 * @ops: the driver's; unmap is needed by those that pin pages
 * @data: what @ops are called with
 * @id: set to the ID that userspace knows it by
 *
 * Context: Process; sleeps.
 * Return: the access, until iommufd_access_destroy(); or ERR_PTR() of -EINVAL
 * when pages are to be pinned and there is no unmap, or -ENOMEM.
 */
struct iommufd_access *
iommufd_access_create(struct iommufd_ctx *ictx,
		      const struct iommufd_access_ops *ops, void *data, u32 *id)
{
	struct iommufd_access *access;

	if (ops->needs_pin_pages && !ops->unmap)
		return ERR_PTR(-EINVAL);
	access = object_alloc(&ictx->objects, sizeof(*access),
			      IOMMUFD_OBJ_ACCESS);
	if (IS_ERR(access))
		return access;
	access->data = data;
	access->ops = ops;
	access->ictx = ictx;
	access->notifier.obj = &access->obj;
	access->notifier.unmap = ops->unmap ? ask_to_unmap : NULL;
	access->notifier.whole_pages = ops->needs_pin_pages;
	mutex_init(&access->lock);
	iommufd_ctx_get(ictx);
	/* The driver's long-term use. */
	object_hold(&access->obj);
	*id = access->obj.id;
	object_publish(&ictx->objects, &access->obj);
	return access;
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_create, "IOMMUFD");

/* Have the driver unpin all, while unpins still go to the IOAS it leaves. */
static void leave_ioas(struct iommufd_access *access)
{
	struct iommufd_ioas *ioas = access->ioas;

	lockdep_assert_held(&access->lock);

	access->ioas = NULL;
	if (access->ops->unmap) {
		mutex_unlock(&access->lock);
		race_point("access:leaving");
		access->ops->unmap(access->data, 0, ULONG_MAX);
		mutex_lock(&access->lock);
	}
	access->ioas_unpin = NULL;
	race_point("access:left");
	ioas_remove_notifier(ioas, &access->notifier);
	object_release(&ioas->obj);
}

/* Attach to the IOAS with an ID, in place of another one or not. */
static int attach(struct iommufd_access *access, u32 ioas_id, bool replace)
{
	struct iommufd_ioas *ioas = ioas_get(access->ictx, ioas_id);
	bool held;
	int rc;

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);

	rc = mutex_lock_killable(&access->lock);
	if (rc)
		goto out_put;
	/* Leaving an IOAS drops the lock: another thread may be doing that. */
	rc = -EINVAL;
	if ((access->ioas && !replace) || access->ioas != access->ioas_unpin)
		goto out_unlock;
	rc = 0;
	if (access->ioas == ioas)
		goto out_unlock;

	rc = ioas_add_notifier(ioas, &access->notifier);
	if (rc)
		goto out_unlock;
	race_point("access:notified");
	held = object_hold(&ioas->obj);
	if (!held) {
		rc = -ENOENT;
		ioas_remove_notifier(ioas, &access->notifier);
		goto out_unlock;
	}
	if (access->ioas)
		leave_ioas(access);
	access->ioas_unpin = ioas;
	access->ioas = ioas;
	race_point("access:attached");
out_unlock:
	mutex_unlock(&access->lock);
out_put:
	ioas_put(ioas);
	return rc;
}

/**
 * iommufd_access_attach() - attach an access to an IOAS
 * @access: the access, not attached
 * @ioas_id: the IOAS
 *
 * Context: Process; sleeps.
 * Return: 0, -ENOENT, -EINVAL when attached already, -EADDRINUSE when pages are
 * to be pinned and something is mapped at less than page alignment, -ENOMEM,
 * -EINTR for a fatal signal, also while waiting.
 */
int iommufd_access_attach(struct iommufd_access *access, u32 ioas_id)
{
	return attach(access, ioas_id, false);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_attach, "IOMMUFD");

/**
 * iommufd_access_replace() - attach an access to another IOAS
 * @access: the access, attached or not
 * @ioas_id: the IOAS
 *
 * The driver's unmap callback is called for everything.
 *
 * Context: Process; sleeps. Nothing is held that the callback takes.
 * Return: as iommufd_access_attach().
 */
int iommufd_access_replace(struct iommufd_access *access, u32 ioas_id)
{
	return attach(access, ioas_id, true);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_replace, "IOMMUFD");

/**
 * iommufd_access_detach() - detach an access
 * @access: the access, attached
 *
 * The driver's unmap callback is called for everything.
 *
 * Context: Process; sleeps. Nothing is held that the callback takes.
 */
void iommufd_access_detach(struct iommufd_access *access)
{
	mutex_lock(&access->lock);
	if (!WARN_ON(!access->ioas))
		leave_ioas(access);
	mutex_unlock(&access->lock);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_detach, "IOMMUFD");

/**
 * iommufd_access_destroy() - end an access
 * @access: the access, attached or not; it is gone afterwards
 *
 * Context: Process; sleeps. Nothing is held that the unmap callback takes.
 */
void iommufd_access_destroy(struct iommufd_access *access)
{
	struct iommufd_ctx *ictx = access->ictx;

	mutex_lock(&access->lock);
	if (access->ioas)
		leave_ioas(access);
	mutex_unlock(&access->lock);
	race_point("access:detached");
	WARN_ON(!object_release_destroy(&ictx->objects, &access->obj));
	iommufd_ctx_put(ictx);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_destroy, "IOMMUFD");

/**
 * iommufd_access_pin_pages() - pin the pages behind a range of IOVAs
 * @access: an access that needs_pin_pages, attached
 * @iova: the first IOVA, at the start of a page of memory
 * @length: how much, in bytes
 * @out_pages: set to the pages, as many as the range touches
 * @flags: IOMMUFD_ACCESS_RW_WRITE: they will be written to
 *
 * Pins add up: each call is undone by one of iommufd_access_unpin_pages() with
 * the same range.
 *
 * Context: Process; sleeps, faults in user memory.
 * Return: 0, or with nothing pinned
 *
 * * -EINVAL: not such an access, nothing to pin, unknown flags, not at the start
 *   of a page, a part of a page is mapped in the midst of it, or a dma-buf is
 *   mapped there
 * * -EOVERFLOW: the range wraps
 * * -ENOENT: not attached, or not all of the range is mapped
 * * -EPERM: not mapped so that it may be read, or written
 * * -EINTR: a fatal signal, also while waiting
 * * what backing_claim() says
 */
int iommufd_access_pin_pages(struct iommufd_access *access, unsigned long iova,
			     unsigned long length, struct page **out_pages,
			     unsigned int flags)
{
	unsigned long last;
	int rc;

	if (!access->ops->needs_pin_pages || !length ||
	    flags & ~IOMMUFD_ACCESS_RW_WRITE)
		return -EINVAL;
	if (check_add_overflow(iova, length - 1, &last))
		return -EOVERFLOW;

	rc = mutex_lock_killable(&access->lock);
	if (rc)
		return rc;
	rc = -ENOENT;
	if (access->ioas)
		rc = ioas_pin_pages(access->ioas, iova, last, out_pages,
				    flags & IOMMUFD_ACCESS_RW_WRITE);
	mutex_unlock(&access->lock);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_pin_pages, "IOMMUFD");

/**
 * iommufd_access_unpin_pages() - let go of pinned pages
 * @access: which pinned them
 * @iova: the first IOVA, the same as when they were pinned
 * @length: in bytes, the same too
 *
 * Context: Process; sleeps.
 */
void iommufd_access_unpin_pages(struct iommufd_access *access,
				unsigned long iova, unsigned long length)
{
	unsigned long last;

	if (WARN_ON(!length) ||
	    WARN_ON(check_add_overflow(iova, length - 1, &last)))
		return;
	mutex_lock(&access->lock);
	/* Too late when the driver did not unpin in its callback. */
	if (!WARN_ON(!access->ioas_unpin))
		ioas_unpin_pages(access->ioas_unpin, iova, last);
	mutex_unlock(&access->lock);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_unpin_pages, "IOMMUFD");

/**
 * iommufd_access_rw() - read or write the memory behind a range of IOVAs
 * @access: the access, attached
 * @iova: the first IOVA
 * @data: where to read to, or write from
 * @len: how much, in bytes
 * @flags: IOMMUFD_ACCESS_RW_WRITE; IOMMUFD_ACCESS_RW_KTHREAD is accepted, and
 *         makes no difference: any thread can do this
 *
 * Context: Process; sleeps, faults in user memory.
 * Return: 0, or maybe with a part done
 *
 * * -EINVAL: nothing to do, unknown flags, or a dma-buf is mapped there
 * * -EOVERFLOW: the range wraps
 * * -ENOENT: not attached, or not all of the range is mapped
 * * -EPERM: not mapped so that it may be read, or written
 * * -EINTR: a fatal signal while waiting, or where it is more than 16 pages or
 *   than one mapping
 * * -EFAULT, -ENOMEM: as pin_user_range() says
 */
int iommufd_access_rw(struct iommufd_access *access, unsigned long iova,
		      void *data, size_t len, unsigned int flags)
{
	unsigned long last;
	int rc;

	if (!len || flags & ~(IOMMUFD_ACCESS_RW_WRITE |
			      IOMMUFD_ACCESS_RW_KTHREAD |
			      __IOMMUFD_ACCESS_RW_SLOW_PATH))
		return -EINVAL;
	if (check_add_overflow(iova, len - 1, &last))
		return -EOVERFLOW;

	rc = mutex_lock_killable(&access->lock);
	if (rc)
		return rc;
	rc = -ENOENT;
	if (access->ioas)
		rc = ioas_rw(access->ioas, iova, last, data,
			     flags & IOMMUFD_ACCESS_RW_WRITE);
	mutex_unlock(&access->lock);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_rw, "IOMMUFD");

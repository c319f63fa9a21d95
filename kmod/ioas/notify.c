// SPDX-License-Identifier: GPL-2.0-only
/*
 * Those who are asked to let go of pages before these are unmapped.
 */
#include <linux/jiffies.h>
#include <linux/rcupdate_wait.h>
#include <linux/wait.h>

#include "area.h"
#include "core/core.h"
#include "ioas.h"
#include "notify.h"

/**
 * ioas_add_notifier() - be asked when something is unmapped
 * @ioas: the IOAS
 * @notifier: who
 *
 * Return: 0, -EADDRINUSE when it is for whole pages only and something is mapped at
 * less than page alignment, -ENOMEM, or -EINTR for a fatal signal, also while waiting.
 */
int ioas_add_notifier(struct iommufd_ioas *ioas, struct ioas_notifier *notifier)
{
	u32 id = notifier->obj->id;
	int rc;

	rc = down_write_killable(&ioas->domains_rwsem);
	if (rc)
		return rc;
	rc = xa_insert(&ioas->notifiers, id, notifier, GFP_KERNEL_ACCOUNT);
	if (rc)
		goto out_unlock;
	if (notifier->whole_pages) {
		rc = ioas_raise_alignment(ioas, PAGE_SIZE);
		if (rc)
			xa_erase(&ioas->notifiers, id);
		else
			ioas->nr_whole_pages++;
	}
	if (!rc)
		WRITE_ONCE(ioas->nr_notifiers, ioas->nr_notifiers + 1);
out_unlock:
	up_write(&ioas->domains_rwsem);
	return rc;
}

/**
 * ioas_remove_notifier() - undo ioas_add_notifier()
 * @ioas: the IOAS
 * @notifier: who; it has nothing pinned there
 */
void ioas_remove_notifier(struct iommufd_ioas *ioas,
			  struct ioas_notifier *notifier)
{
	down_write(&ioas->domains_rwsem);
	xa_erase(&ioas->notifiers, notifier->obj->id);
	WRITE_ONCE(ioas->nr_notifiers, ioas->nr_notifiers - 1);
	ioas->nr_whole_pages -= notifier->whole_pages;
	ioas_reset_alignment(ioas);
	up_write(&ioas->domains_rwsem);
}

/* Ask all of them to unpin what they have pinned in a range. */
static void ask_all(struct iommufd_ioas *ioas, unsigned long first,
		    unsigned long last)
{
	struct object_table *objects = &ioas->ictx->objects;
	struct ioas_notifier *notifier;
	unsigned long id;

	/* There may be as many as userspace likes, so no lock is held for all. */
	rcu_read_lock();
	xa_for_each(&ioas->notifiers, id, notifier) {
		struct iommufd_object *obj = notifier->obj;

		if (notifier->unmap && refcount_inc_not_zero(&obj->wait_cnt)) {
			rcu_read_unlock();
			race_point("notify:found");
			notifier->unmap(notifier, first, last);
			race_point("notify:asked");
			object_put(objects, obj);
			rcu_read_lock();
		}
		cond_resched_rcu();
	}
	rcu_read_unlock();
}

/* Is an area in there still in use? It may be gone meanwhile. */
static bool is_unused(struct iommufd_ioas *ioas, unsigned long first,
		      unsigned long last)
{
	struct area *area;
	bool unused;

	spin_lock(&ioas->space.lock);
	area = area_of(iova_space_find(&ioas->space, first, last));
	unused = !area || !area->nr_users;
	spin_unlock(&ioas->space.lock);
	return unused;
}

/* How long drivers may take to unpin, in all, before one is taken for broken. */
#define UNUSED_TIMEOUT		(10 * HZ)
/* How long to wait before they are asked again. */
#define UNUSED_PATIENCE		(HZ / 10)

/**
 * ioas_wait_unused() - have the use of an area end
 * @ioas: the IOAS
 * @first: the area's first IOVA
 * @last: its last IOVA
 *
 * The area is blocked, so that no further use begins. Drivers are asked again
 * while this waits: one that pins pages, and then notes that it did, may just
 * have been in between.
 *
 * A program that has timers must be able to unmap, so only a fatal signal
 * interrupts this; who reads or writes is through in time, or is stuck.
 *
 * Context: Process; sleeps. Nothing is held that unmap callbacks may take.
 * Return: 0, -EDEADLK when the use does not end in UNUSED_TIMEOUT, or
 * -ERESTARTSYS for a fatal signal
 */
int ioas_wait_unused(struct iommufd_ioas *ioas, unsigned long first,
		     unsigned long last)
{
	unsigned long end = jiffies + UNUSED_TIMEOUT;
	long left;

	do {
		ask_all(ioas, first, last);
		left = wait_event_killable_timeout(ioas->unused,
						   is_unused(ioas, first, last),
						   UNUSED_PATIENCE);
		if (left < 0)
			return left;
	} while (!left && time_before(jiffies, end));
	return left ? 0 : -EDEADLK;
}

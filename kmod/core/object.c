// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object table. See object.h.
 */
#include "object.h"
#include "portable.h"
#include "race_point.h"

/* With its head this is 256 bytes; most iommufds have fewer objects. */
#define LEAST_ROOM	29

/**
 * object_table_init() - start with no objects
 * @table: the table
 * @destroy: as in struct object_table
 */
void object_table_init(struct object_table *table,
		       const object_destroy_fn *destroy)
{
	xa_init_flags(&table->objects, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	RCU_INIT_POINTER(table->slots, NULL);
	table->longer = NULL;
	init_waitqueue_head(&table->idle);
	table->destroy = destroy;
}

static struct object_slots *slots_of(struct object_table *table)
{
	return rcu_dereference_protected(table->slots,
					 lockdep_is_held(&table->objects.xa_lock));
}

/* How many slots are copied before others get the lock. */
#define SLICE_SLOTS	512

/*
 * One at a time has slots that are to take the place of the others. False when
 * there is as much room already, for another thread was faster.
 */
static bool begin_exchange(struct object_table *table,
			   struct object_slots *longer)
{
	struct object_slots *now;
	bool begun;

	xa_lock(&table->objects);
	while (table->longer) {
		xa_unlock(&table->objects);
		wait_event(table->idle, !READ_ONCE(table->longer));
		xa_lock(&table->objects);
	}
	now = slots_of(table);
	begun = !now || now->room < longer->room;
	if (begun)
		table->longer = longer;
	xa_unlock(&table->objects);
	return begun;
}

/*
 * Puts a longer copy in the place of the slots, and returns what is to free. There
 * are as many as userspace likes, so the lock is taken for some at a time; what
 * changes meanwhile is written to both.
 */
static struct object_slots *exchange_slots(struct object_table *table,
					   struct object_slots *longer)
{
	struct object_slots *now;
	u32 from, nr;

	if (!begin_exchange(table, longer))
		return longer;
	/* It stays: nobody else exchanges it now. */
	now = rcu_dereference_protected(table->slots, true);
	for (from = 0; now && from < now->room; from += nr) {
		nr = min_t(u32, now->room - from, SLICE_SLOTS);
		xa_lock(&table->objects);
		memcpy(longer->slot + from, now->slot + from,
		       flex_array_size(now, slot, nr));
		xa_unlock(&table->objects);
		race_point("object:copied");
		cond_resched();
	}
	xa_lock(&table->objects);
	rcu_assign_pointer(table->slots, longer);
	WRITE_ONCE(table->longer, NULL);
	xa_unlock(&table->objects);
	wake_up_all(&table->idle);
	return now;
}

static int make_room(struct object_table *table, u32 id)
{
	struct object_slots *slots;
	u32 room;

	rcu_read_lock();
	slots = rcu_dereference(table->slots);
	room = slots ? slots->room : 0;
	rcu_read_unlock();
	if (id < room)
		return 0;

	room = id < LEAST_ROOM ? LEAST_ROOM : roundup_pow_of_two(id + 1);
	slots = kvzalloc_flex(*slots, slot, room, GFP_KERNEL_ACCOUNT);
	if (!slots)
		return -ENOMEM;
	slots->room = room;
	slots = exchange_slots(table, slots);
	if (slots)
		kvfree_rcu(slots, rcu);
	return 0;
}

/*
 * @id names @obj from here on, or if that is NULL nothing, and stays taken. Can
 * not fail: there is an entry, and room, for each ID that object_alloc() took.
 * Called with the table's lock held.
 */
static void set_visible(struct object_table *table, u32 id,
			struct iommufd_object *obj)
{
	rcu_assign_pointer(slots_of(table)->slot[id], obj);
	if (table->longer)
		rcu_assign_pointer(table->longer->slot[id], obj);
	__xa_store(&table->objects, id, obj ? (void *)obj : XA_ZERO_ENTRY,
		   GFP_NOWAIT);
}

/**
 * object_alloc() - make an object that nobody sees yet
 * @table: the table
 * @size_bytes: of the structure whose first member is a struct iommufd_object
 * @type: its type
 *
 * Its ID is taken, and looks up as if there was nothing.
 *
 * Context: May sleep.
 * Return: zeroed memory, or ERR_PTR(-ENOMEM).
 */
void *object_alloc(struct object_table *table, size_t size_bytes,
		   enum iommufd_object_type type)
{
	struct iommufd_object *obj;
	u32 id;

	if (xa_alloc(&table->objects, &id, XA_ZERO_ENTRY, xa_limit_31b,
		     GFP_KERNEL_ACCOUNT))
		return ERR_PTR(-ENOMEM);
	if (make_room(table, id))
		goto err_erase;
	obj = kzalloc(size_bytes, GFP_KERNEL_ACCOUNT);
	if (!obj)
		goto err_erase;
	obj->id = id;
	obj->type = type;
	refcount_set(&obj->users, 1);
	refcount_set(&obj->wait_cnt, 1);
	race_point("object:allocated");
	return obj;

err_erase:
	xa_erase(&table->objects, id);
	return ERR_PTR(-ENOMEM);
}

/**
 * object_publish() - make an object visible
 * @table: the table
 * @obj: complete; from here on any thread may use and destroy it
 */
void object_publish(struct object_table *table, struct iommufd_object *obj)
{
	xa_lock(&table->objects);
	set_visible(table, obj->id, obj);
	xa_unlock(&table->objects);
	race_point("object:published");
}

/**
 * object_abort() - give up an object that was never visible
 * @table: the table
 * @obj: freed, with its ID; all that hangs on it is the caller's to free first
 */
void object_abort(struct object_table *table, struct iommufd_object *obj)
{
	xa_erase(&table->objects, obj->id);
	kfree(obj);
}

/**
 * object_get() - look an ID up, and become a short-term user
 * @table: the table
 * @id: the ID
 * @type: what it must be, or IOMMUFD_OBJ_ANY
 *
 * Context: Any; takes no lock, and does not sleep.
 * Return: the object, or ERR_PTR(-ENOENT) when there is no such ID, it is of
 * another type, or is being destroyed.
 */
struct iommufd_object *object_get(struct object_table *table, u32 id,
				  enum iommufd_object_type type)
{
	struct iommufd_object *obj = NULL;
	struct object_slots *slots;

	rcu_read_lock();
	slots = rcu_dereference(table->slots);
	if (slots && id < slots->room)
		obj = rcu_dereference(slots->slot[array_index_nospec(id, slots->room)]);
	if (!obj || (type != IOMMUFD_OBJ_ANY && obj->type != type) ||
	    !refcount_inc_not_zero(&obj->wait_cnt))
		obj = ERR_PTR(-ENOENT);
	rcu_read_unlock();
	return obj;
}

/**
 * object_put() - the end of object_get()
 * @table: the table
 * @obj: the object
 *
 * The table must outlive the call, and does: its file is open.
 */
void object_put(struct object_table *table, struct iommufd_object *obj)
{
	if (refcount_dec_and_test(&obj->wait_cnt))
		wake_up_all(&table->idle);
}

/*
 * As object_hide(), called with the table's lock held: what is visible and who may
 * hide it change in one step.
 */
static bool hide_locked(struct object_table *table, struct iommufd_object *obj)
{
	if (!refcount_dec_if_one(&obj->users))
		return false;
	set_visible(table, obj->id, NULL);
	return true;
}

/**
 * object_hide() - take an object out of sight, to end it
 * @table: the table
 * @obj: the object, visible or not; the caller protects its memory, by RCU
 *
 * Its ID stays taken, so that it does not name two objects in turn.
 *
 * Context: Process; does not sleep.
 * Return: false when it has long-term users, or another thread has hidden it.
 */
bool object_hide(struct object_table *table, struct iommufd_object *obj)
{
	bool hidden;

	xa_lock(&table->objects);
	hidden = hide_locked(table, obj);
	xa_unlock(&table->objects);
	return hidden;
}

/*
 * The wait for a hidden object was interrupted. Returns true when @obj is back
 * as it was, false when its last short-term user went just now.
 */
static bool unhide(struct object_table *table, struct iommufd_object *obj)
{
	if (!refcount_inc_not_zero(&obj->wait_cnt))
		return false;
	xa_lock(&table->objects);
	refcount_set(&obj->users, 1);
	set_visible(table, obj->id, obj);
	xa_unlock(&table->objects);
	race_point("object:unhidden");
	/* Who could not hide it can now. */
	wake_up_all(&table->idle);
	return true;
}

/* @obj is hidden and has no users of either kind. */
static void end(struct object_table *table, struct iommufd_object *obj)
{
	u32 id = obj->id;

	table->destroy[obj->type](obj);
	kfree_rcu_mightsleep(obj);
	race_point("object:ended");
	xa_erase(&table->objects, id);
}

/* Acquire: what the last user did comes before what the destroyer does. */
static bool is_idle(struct iommufd_object *obj)
{
	return !atomic_read_acquire(&obj->wait_cnt.refs);
}

/* Wait for the last short-term user of a hidden object. */
static void wait_idle(struct object_table *table, struct iommufd_object *obj)
{
	if (!refcount_dec_and_test(&obj->wait_cnt))
		wait_event(table->idle, is_idle(obj));
}

/**
 * object_destroy_but() - destroy an object for userspace
 * @table: the table
 * @id: its ID
 * @but: unless it is of this type
 *
 * Waits for short-term users, which includes all ioctls that use the ID.
 *
 * Context: Process; sleeps.
 * Return: 0, or with the object as it was
 *
 * * -ENOENT: there is no such ID
 * * -EBUSY: it has long-term users; waiting for them could be for ever
 * * -ERESTARTSYS: a signal while waiting
 * * -EAGAIN: it is of type @but
 */
int object_destroy_but(struct object_table *table, u32 id,
		       enum iommufd_object_type but)
{
	struct iommufd_object *obj = object_get(table, id, IOMMUFD_OBJ_ANY);

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	if (obj->type == but) {
		object_put(table, obj);
		return -EAGAIN;
	}
	if (!object_hide(table, obj)) {
		/* Another thread is just destroying it, or it is in use. */
		bool gone = !refcount_read(&obj->users);

		object_put(table, obj);
		return gone ? -ENOENT : -EBUSY;
	}
	race_point("object:hidden");
	object_put(table, obj);
	if (!refcount_dec_and_test(&obj->wait_cnt) &&
	    wait_event_interruptible(table->idle, is_idle(obj)) &&
	    unhide(table, obj))
		return -ERESTARTSYS;
	end(table, obj);
	return 0;
}

/**
 * object_release_destroy() - the end of object_hold(), and of the object
 * @table: the table
 * @obj: the object; the caller must not touch it again
 *
 * For objects that the kernel ends with the last use of its own. Userspace that
 * destroys the same object finds it in use, and then not at all: who has the last
 * use ends it, and when this returns it is ended.
 *
 * Context: Process; sleeps until the last short-term user went.
 * Return: false when it has other long-term users, and stays.
 */
bool object_release_destroy(struct object_table *table,
			    struct iommufd_object *obj)
{
	bool hidden;

	/*
	 * In one step, so that nobody finds it without users in between, and
	 * ends it instead. Who hides it needs the lock, so its memory stays.
	 */
	xa_lock(&table->objects);
	object_release(obj);
	hidden = hide_locked(table, obj);
	xa_unlock(&table->objects);
	race_point("object:released");
	if (!hidden)
		return false;
	wait_idle(table, obj);
	end(table, obj);
	return true;
}

/**
 * object_entomb() - end an object for good
 * @table: the table
 * @obj: the object, which the caller has hidden; it must not touch it again
 *
 * Its ID is not given to another object as long as the table lives: userspace
 * was not asked, and may still mean this one by it.
 *
 * Context: Process; sleeps until the last short-term user went.
 */
void object_entomb(struct object_table *table, struct iommufd_object *obj)
{
	wait_idle(table, obj);
	table->destroy[obj->type](obj);
	kfree_rcu_mightsleep(obj);
}

/**
 * object_table_destroy() - destroy all objects
 * @table: the table; nobody else uses it any more
 *
 * Those that others are built on go after them, which may take several rounds.
 *
 * Context: Process; sleeps.
 */
void object_table_destroy(struct object_table *table)
{
	struct iommufd_object *obj;
	bool progress, left;
	unsigned long id;

	do {
		progress = false;
		left = false;
		xa_for_each(&table->objects, id, obj) {
			if (!object_hide(table, obj)) {
				left = true;
				continue;
			}
			wait_idle(table, obj);
			end(table, obj);
			progress = true;
		}
	} while (progress);

	/* An object that holds itself up would be a bug of ours. */
	WARN_ON(left);
	xa_destroy(&table->objects);
	kvfree(rcu_dereference_protected(table->slots, true));
	RCU_INIT_POINTER(table->slots, NULL);
	table->longer = NULL;
}

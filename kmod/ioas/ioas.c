// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of an IOAS: uAPI structures in, calls to the core out.
 */
#include <linux/file.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "area.h"
#include "core/core.h"
#include "ioas.h"
#include "memory/memory.h"

#define MAP_FLAGS (IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE | \
		   IOMMU_IOAS_MAP_READABLE)

/**
 * ioas_get() - look an IOAS up
 * @ictx: whose
 * @id: its ID
 *
 * Return: the IOAS, until ioas_put(); or ERR_PTR(-ENOENT).
 */
struct iommufd_ioas *ioas_get(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj = object_get(&ictx->objects, id,
						IOMMUFD_OBJ_IOAS);

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	return container_of(obj, struct iommufd_ioas, obj);
}

/**
 * ioas_put() - the end of ioas_get()
 * @ioas: the IOAS
 */
void ioas_put(struct iommufd_ioas *ioas)
{
	object_put(&ioas->ictx->objects, &ioas->obj);
}

static void forget(struct iommufd_ioas *ioas)
{
	mutex_lock(&ioas->ictx->process_lock);
	list_del(&ioas->node);
	mutex_unlock(&ioas->ictx->process_lock);
}

static void destroy_locks(struct iommufd_ioas *ioas)
{
	mutex_destroy(&ioas->hwpts_lock);
	mutex_destroy(&ioas->attach_lock);
}

/**
 * ioas_destroy() - end an IOAS
 * @obj: the IOAS, with no domains
 *
 * Context: Process; sleeps.
 */
void ioas_destroy(struct iommufd_object *obj)
{
	struct iommufd_ioas *ioas = container_of(obj, struct iommufd_ioas, obj);

	/* Known by its ID only, which is not another's yet. */
	cmpxchg(&ioas->ictx->vfio_ioas_id, ioas->obj.id, 0);
	forget(ioas);
	WARN_ON(ioas_unmap_whole(ioas, 0, ULONG_MAX));
	iova_space_destroy(&ioas->space);
	destroy_locks(ioas);
}

/**
 * ioas_create() - make an IOAS
 * @ictx: whose
 *
 * Context: Process; sleeps while the process changes that pages are charged to.
 * Return: the IOAS, not visible yet, or ERR_PTR() of -ENOMEM, or -EINTR for a
 * fatal signal.
 */
struct iommufd_ioas *ioas_create(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas;

	ioas = object_alloc(&ictx->objects, sizeof(*ioas), IOMMUFD_OBJ_IOAS);
	if (IS_ERR(ioas))
		return ioas;
	ioas->ictx = ictx;
	iova_space_init(&ioas->space);
	init_rwsem(&ioas->domains_rwsem);
	INIT_LIST_HEAD(&ioas->domains);
	ioas->combine = true;
	xa_init(&ioas->notifiers);
	init_waitqueue_head(&ioas->unused);
	mutex_init(&ioas->attach_lock);
	mutex_init(&ioas->hwpts_lock);
	INIT_LIST_HEAD(&ioas->hwpts);
	if (mutex_lock_killable(&ictx->process_lock)) {
		destroy_locks(ioas);
		object_abort(&ictx->objects, &ioas->obj);
		return ERR_PTR(-EINTR);
	}
	list_add_tail(&ioas->node, &ictx->ioases);
	mutex_unlock(&ictx->process_lock);
	return ioas;
}

/**
 * ioas_abort() - free an IOAS that was never visible
 * @ioas: the IOAS, with nothing in it
 */
void ioas_abort(struct iommufd_ioas *ioas)
{
	forget(ioas);
	destroy_locks(ioas);
	object_abort(&ioas->ictx->objects, &ioas->obj);
}

/**
 * ioas_set_combine() - set whether neighbouring pages form large entries
 * @ioas: the IOAS
 * @combine: they do; if not, all is mapped by the page, and aligned to pages
 *
 * Return: 0, or when there are to be no large entries -EINVAL when something is
 * mapped in a domain already that may have some, -EADDRINUSE when something is
 * mapped that is not aligned to pages, -EINTR for a fatal signal.
 */
int ioas_set_combine(struct iommufd_ioas *ioas, bool combine)
{
	int rc;

	rc = down_write_killable(&ioas->domains_rwsem);
	if (rc)
		return rc;
	if (!combine && ioas->combine && !list_empty(&ioas->domains) &&
	    !RB_EMPTY_ROOT(&ioas->space.mapped))
		rc = -EINVAL;
	else if (!combine)
		rc = ioas_raise_alignment(ioas, PAGE_SIZE);
	if (!rc) {
		race_point("ioas:aligned");
		WRITE_ONCE(ioas->combine, combine);
		ioas_reset_alignment(ioas);
	}
	up_write(&ioas->domains_rwsem);
	return rc;
}

/**
 * ioctl_ioas_alloc() - IOMMU_IOAS_ALLOC
 * @call: the ioctl
 *
 * Return: 0, -EOPNOTSUPP for unknown flags, -ENOMEM, -EFAULT, -EINTR for a fatal
 * signal.
 */
int ioctl_ioas_alloc(struct ioctl_call *call)
{
	struct iommu_ioas_alloc *arg = call->arg;
	struct iommufd_ioas *ioas;
	int rc;

	if (arg->flags)
		return -EOPNOTSUPP;
	ioas = ioas_create(call->ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	arg->out_ioas_id = ioas->obj.id;
	rc = ioctl_reply(call);
	if (rc)
		ioas_abort(ioas);
	else
		object_publish(&call->ictx->objects, &ioas->obj);
	return rc;
}

/* Write the usable ranges to userspace; returns how many there are, or errno. */
static long write_usable(struct iommufd_ioas *ioas,
			 struct iommu_iova_range __user *user, u32 room)
{
	struct interval_tree_span_iter span;
	long nr = 0;
	int rc;

	interval_tree_for_each_span(&span, &ioas->space.reserved, 0,
				    ULONG_MAX) {
		struct iommu_iova_range range = {
			.start = span.start_hole,
			.last = span.last_hole,
		};

		if (!span.is_hole)
			continue;
		if (nr < room && copy_to_user(&user[nr], &range, sizeof(range)))
			return -EFAULT;
		nr++;
		rc = cond_resched_killable();
		if (rc)
			return rc;
	}
	return nr;
}

/**
 * ioctl_ioas_iova_ranges() - IOMMU_IOAS_IOVA_RANGES
 * @call: the ioctl
 *
 * Return: 0, -EMSGSIZE with the number of ranges given back when the array is
 * too small, -EOPNOTSUPP for a reserved field that is not 0, -ENOENT, -EFAULT,
 * -EINTR for a fatal signal.
 */
int ioctl_ioas_iova_ranges(struct ioctl_call *call)
{
	struct iommu_ioas_iova_ranges *arg = call->arg;
	struct iommufd_ioas *ioas;
	u32 room = arg->num_iovas;
	long nr;
	int rc;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	ioas = ioas_get(call->ictx, arg->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);

	nr = down_read_killable(&ioas->domains_rwsem);
	if (!nr) {
		nr = write_usable(ioas, u64_to_user_ptr(arg->allowed_iovas),
				  room);
		arg->out_iova_alignment = ioas->space.alignment_bytes;
		up_read(&ioas->domains_rwsem);
	}
	ioas_put(ioas);

	if (nr < 0)
		return nr;
	arg->num_iovas = nr;
	rc = ioctl_reply(call);
	if (rc)
		return rc;
	return nr > room ? -EMSGSIZE : 0;
}

static int read_allowed(struct rb_root_cached *ranges,
			const struct iommu_iova_range __user *user, u32 nr)
{
	for (u32 i = 0; i < nr; i++) {
		struct iommu_iova_range range;
		int rc;

		if (copy_from_user(&range, &user[i], sizeof(range)))
			return -EFAULT;
		rc = iova_ranges_add(ranges, range.start, range.last);
		if (!rc)
			rc = cond_resched_killable();
		if (rc)
			return rc;
	}
	return 0;
}

/**
 * ioctl_ioas_allow_iovas() - IOMMU_IOAS_ALLOW_IOVAS
 * @call: the ioctl
 *
 * Return: 0, -EADDRINUSE when a range is partly reserved, -EINVAL when one is
 * empty or overlaps another, -EOPNOTSUPP for a reserved field that is not 0,
 * -ENOENT, -ENOMEM, -EFAULT, -EINTR for a fatal signal.
 */
int ioctl_ioas_allow_iovas(struct ioctl_call *call)
{
	struct iommu_ioas_allow_iovas *arg = call->arg;
	struct rb_root_cached ranges = RB_ROOT_CACHED;
	struct iommufd_ioas *ioas;
	int rc;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	ioas = ioas_get(call->ictx, arg->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);

	rc = read_allowed(&ranges, u64_to_user_ptr(arg->allowed_iovas),
			  arg->num_iovas);
	if (!rc)
		rc = down_write_killable(&ioas->domains_rwsem);
	if (!rc) {
		rc = iova_space_set_allowed(&ioas->space, &ranges);
		up_write(&ioas->domains_rwsem);
	}
	iova_ranges_destroy(&ranges);
	ioas_put(ioas);
	return rc;
}

static int prot_of_flags(u32 flags)
{
	int prot = IOMMU_CACHE;

	if (flags & IOMMU_IOAS_MAP_READABLE)
		prot |= IOMMU_READ;
	if (flags & IOMMU_IOAS_MAP_WRITEABLE)
		prot |= IOMMU_WRITE;
	return prot;
}

static int check_flags(u32 flags)
{
	if (flags & ~MAP_FLAGS)
		return -EOPNOTSUPP;
	if (!(flags & (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)))
		return -EINVAL;
	return 0;
}

/* What map and copy have in common: flags, and a range that does not wrap. */
static int check_map(u32 flags, u64 address, u64 iova, u64 length_bytes)
{
	unsigned long last;
	int rc;

	rc = check_flags(flags);
	if (rc)
		return rc;
	if (iova > ULONG_MAX || length_bytes >= ULONG_MAX ||
	    address > ULONG_MAX)
		return -EOVERFLOW;
	if (!length_bytes)
		return -EINVAL;
	if (check_add_overflow(address, length_bytes - 1, &last))
		return -EOVERFLOW;
	if ((flags & IOMMU_IOAS_MAP_FIXED_IOVA) &&
	    check_add_overflow(iova, length_bytes - 1, &last))
		return -EOVERFLOW;
	return 0;
}

/*
 * Add a chain of areas, which is consumed, and report the IOVA if the kernel
 * chose it.
 */
static int map_and_reply(struct iommufd_ioas *ioas, struct area *area,
			 u32 flags, unsigned long length_bytes,
			 unsigned long iova, u64 __user *user_iova)
{
	bool fixed = flags & IOMMU_IOAS_MAP_FIXED_IOVA;
	int rc;

	rc = ioas_map_chain(ioas, area, &iova, fixed);
	if (rc) {
		area_free_chain(area);
		return rc;
	}
	if (fixed || !put_user(iova, user_iova))
		return 0;
	ioas_unmap_whole(ioas, iova, iova + length_bytes - 1);
	return -EFAULT;
}

/**
 * ioas_map_user() - map a range of the calling process's memory
 * @ioas: the IOAS
 * @flags: IOMMU_IOAS_MAP_*
 * @va: its address
 * @length_bytes: its length
 * @iova: where to map it, for a fixed mapping
 * @user_iova: where to report what place the kernel chose; unused if fixed
 *
 * Return: as ioctl_ioas_map().
 */
int ioas_map_user(struct iommufd_ioas *ioas, u32 flags, u64 va,
		  u64 length_bytes, u64 iova, u64 __user *user_iova)
{
	struct new_mapping *new;
	struct area *area;
	unsigned long end;
	int rc;

	rc = check_map(flags, va, iova, length_bytes);
	if (rc)
		return rc;
	/* Nobody has memory there, and its end would not be a number. */
	if (check_add_overflow(va, length_bytes, &end))
		return -EOVERFLOW;
	new = kmalloc_obj(*new, GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	backing_init_user(&new->backing, va & PAGE_MASK,
			  flags & IOMMU_IOAS_MAP_WRITEABLE,
			  ioas->ictx->account_by_mm);
	area = area_init_first(new, offset_in_page(va), length_bytes,
			       prot_of_flags(flags));
	return map_and_reply(ioas, area, flags, length_bytes, iova, user_iova);
}

/**
 * ioctl_ioas_map() - IOMMU_IOAS_MAP
 * @call: the ioctl
 *
 * Return: 0; -EOPNOTSUPP for unknown flags or a reserved field that is not 0;
 * -EINVAL for a length of 0, neither readable nor writable, not aligned, or a
 * reserved IOVA; -EOVERFLOW for a range that wraps, or memory up to the last
 * address there is; -EEXIST, -ENOSPC, -ENOENT, -ENOMEM, -EFAULT, -EINTR as
 * ioas_map() says.
 */
int ioctl_ioas_map(struct ioctl_call *call)
{
	struct iommu_ioas_map __user *user = call->user;
	const struct iommu_ioas_map *arg = call->arg;
	struct iommufd_ioas *ioas;
	int rc;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	rc = check_flags(arg->flags);
	if (rc)
		return rc;
	ioas = ioas_get(call->ictx, arg->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = ioas_map_user(ioas, arg->flags, arg->user_va, arg->length,
			   arg->iova, &user->iova);
	ioas_put(ioas);
	return rc;
}

static int init_file(struct backing *backing, struct iommufd_ctx *ictx,
		     const struct iommu_ioas_map_file *arg)
{
	bool writable = arg->flags & IOMMU_IOAS_MAP_WRITEABLE;
	unsigned long start = arg->start & PAGE_MASK;
	int rc;

	CLASS(fd, file)(arg->fd);
	if (fd_empty(file))
		return -EBADF;
	rc = backing_init_file(backing, fd_file(file), start, writable,
			       ictx->account_by_mm);
	if (rc != -EINVAL)
		return rc;
	/* Not a memfd. */
	return backing_init_dmabuf(backing, arg->fd, start,
				   arg->length + offset_in_page(arg->start),
				   writable, ictx->account_by_mm);
}

/**
 * ioctl_ioas_map_file() - IOMMU_IOAS_MAP_FILE
 * @call: the ioctl
 *
 * Return: as ioctl_ioas_map(), and -EBADF when the descriptor is not open,
 * -EINVAL when it is neither a memfd nor a dma-buf of vfio-pci, or ends before
 * the range does, -EPERM for a file that is not open for reading or a writable
 * mapping of one that may not be written, -ENODEV for a dma-buf that is revoked.
 */
int ioctl_ioas_map_file(struct ioctl_call *call)
{
	struct iommu_ioas_map_file __user *user = call->user;
	const struct iommu_ioas_map_file *arg = call->arg;
	struct new_mapping *new;
	struct iommufd_ioas *ioas;
	struct area *area;
	int rc;

	rc = check_map(arg->flags, arg->start, arg->iova, arg->length);
	if (rc)
		return rc;
	if (arg->start + arg->length - 1 > MAX_LFS_FILESIZE)
		return -EOVERFLOW;
	ioas = ioas_get(call->ictx, arg->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);

	new = kmalloc_obj(*new, GFP_KERNEL_ACCOUNT);
	rc = new ? init_file(&new->backing, call->ictx, arg) : -ENOMEM;
	if (rc) {
		kfree(new);
		goto out_put;
	}
	area = area_init_first(new, offset_in_page(arg->start), arg->length,
			       prot_of_flags(arg->flags));
	rc = map_and_reply(ioas, area, arg->flags, arg->length, arg->iova,
			   &user->iova);
out_put:
	ioas_put(ioas);
	return rc;
}

/**
 * ioctl_ioas_copy() - IOMMU_IOAS_COPY
 * @call: the ioctl
 *
 * Return: as ioctl_ioas_map(), and -ENOENT when the source is not all mapped;
 * -EPERM for a writable copy of what was mapped for reading
 * only.
 */
int ioctl_ioas_copy(struct ioctl_call *call)
{
	struct iommu_ioas_copy __user *user = call->user;
	const struct iommu_ioas_copy *arg = call->arg;
	struct iommufd_ioas *src, *dst;
	struct area *area;
	int rc;

	rc = check_map(arg->flags, arg->src_iova, arg->dst_iova, arg->length);
	if (rc)
		return rc;
	src = ioas_get(call->ictx, arg->src_ioas_id);
	if (IS_ERR(src))
		return PTR_ERR(src);
	area = ioas_copy_areas(src, arg->src_iova, arg->length,
			       prot_of_flags(arg->flags));
	ioas_put(src);
	if (IS_ERR(area))
		return PTR_ERR(area);
	race_point("ioas:copied");

	dst = ioas_get(call->ictx, arg->dst_ioas_id);
	if (IS_ERR(dst)) {
		area_free_chain(area);
		return PTR_ERR(dst);
	}
	rc = map_and_reply(dst, area, arg->flags, arg->length, arg->dst_iova,
			   &user->dst_iova);
	ioas_put(dst);
	return rc;
}

/**
 * ioctl_ioas_unmap() - IOMMU_IOAS_UNMAP
 * @call: the ioctl
 *
 * Return: 0 with the number of bytes unmapped given back; -ENOENT when the
 * range cuts a mapping, or nothing is mapped there and it is not the range of
 * all; -EINVAL for a length of 0; -EOVERFLOW for a range that wraps; -EBUSY,
 * -EDEADLK and -EINTR as ioas_unmap() says; -EFAULT.
 */
int ioctl_ioas_unmap(struct ioctl_call *call)
{
	struct iommu_ioas_unmap __user *user = call->user;
	const struct iommu_ioas_unmap *arg = call->arg;
	bool all = !arg->iova && arg->length == U64_MAX;
	unsigned long last = ULONG_MAX, unmapped_bytes;
	struct iommufd_ioas *ioas;
	int rc;

	if (!arg->length)
		return -EINVAL;
	if (!all && (arg->iova > ULONG_MAX || arg->length >= ULONG_MAX ||
		     check_add_overflow(arg->iova, arg->length - 1, &last)))
		return -EOVERFLOW;

	ioas = ioas_get(call->ictx, arg->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = ioas_unmap(ioas, arg->iova, last, &unmapped_bytes);
	ioas_put(ioas);
	if (rc)
		return rc;
	if (!unmapped_bytes && !all)
		return -ENOENT;
	return put_user(unmapped_bytes, &user->length);
}

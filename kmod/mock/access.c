// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses that userspace steers: each is a file, and the driver that an access
 * needs is here. See mock.h.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommufd.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "core/core.h"
#include "parts.h"

/* What one read or write may move: it goes through memory of the kernel. */
#define RW_MAX_BYTES	SZ_16M

/**
 * struct mock_access - an access
 * @ictx: whose; @access has the reference
 * @access: the access
 * @lock: protects @pins and @next_id. Pinning happens under it, so that what is
 *        pinned is also on the list when the callback looks there.
 * @pins: struct access_pin
 * @next_id: of the next one
 */
struct mock_access {
	struct iommufd_ctx *ictx;
	struct iommufd_access *access;
	struct mutex lock; /* @pins, @next_id */
	struct list_head pins;
	u32 next_id;
};

/**
 * struct access_pin - a range that is pinned
 * @node: in the access's pins
 * @id: what userspace knows it by
 * @iova: where it begins
 * @last: where it ends, inclusive
 */
struct access_pin {
	struct list_head node;
	u32 id;
	unsigned long iova;
	unsigned long last;
};

static void unpin(struct mock_access *mock, const struct access_pin *pin)
{
	iommufd_access_unpin_pages(mock->access, pin->iova,
				   pin->last - pin->iova + 1);
}

/* Give back what is pinned in a range. */
static void mock_access_unmap(void *data, unsigned long iova,
			      unsigned long length_bytes)
{
	struct access_pin *pin, *next;
	struct mock_access *mock = data;
	unsigned long last;

	if (check_add_overflow(iova, length_bytes - 1, &last))
		last = ULONG_MAX;
	mutex_lock(&mock->lock);
	list_for_each_entry_safe(pin, next, &mock->pins, node) {
		if (pin->iova > last || pin->last < iova)
			continue;
		list_del(&pin->node);
		unpin(mock, pin);
		kfree(pin);
	}
	mutex_unlock(&mock->lock);
}

static const struct iommufd_access_ops rw_ops = {};

static const struct iommufd_access_ops pin_ops = {
	.needs_pin_pages = 1,
	.unmap = mock_access_unmap,
};

static void free_access(struct mock_access *mock)
{
	mock_access_unmap(mock, 0, ULONG_MAX);
	iommufd_access_destroy(mock->access);
	mutex_destroy(&mock->lock);
	kfree(mock);
}

static int release_access(struct inode *inode, struct file *file)
{
	free_access(file->private_data);
	return 0;
}

static const struct file_operations access_fops = {
	.owner = THIS_MODULE,
	.release = release_access,
};

static struct mock_access *alloc_access(struct iommufd_ctx *ictx, u32 ioas_id,
					const struct iommufd_access_ops *ops)
{
	struct mock_access *mock = kzalloc_obj(*mock, GFP_KERNEL_ACCOUNT);
	u32 id;
	int rc;

	if (!mock)
		return ERR_PTR(-ENOMEM);
	mock->ictx = ictx;
	mutex_init(&mock->lock);
	INIT_LIST_HEAD(&mock->pins);
	mock->access = iommufd_access_create(ictx, ops, mock, &id);
	if (IS_ERR(mock->access)) {
		rc = PTR_ERR(mock->access);
		kfree(mock);
		return ERR_PTR(rc);
	}
	rc = iommufd_access_attach(mock->access, ioas_id);
	if (rc) {
		free_access(mock);
		return ERR_PTR(rc);
	}
	return mock;
}

/**
 * mock_access_create() - IOMMU_TEST_OP_CREATE_ACCESS
 * @call: the ioctl
 *
 * Return: 0; -EOPNOTSUPP for unknown flags; what the access API says, -EMFILE,
 * -ENOMEM, -EFAULT.
 */
int mock_access_create(struct ioctl_call *call)
{
	struct iommu_test_cmd *cmd = call->arg;
	u32 flags = cmd->create_access.flags;
	struct mock_access *mock;
	struct file *file;
	int fd, rc;

	if (flags & ~MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES)
		return -EOPNOTSUPP;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	mock = alloc_access(call->ictx, cmd->id, flags ? &pin_ops : &rw_ops);
	if (IS_ERR(mock)) {
		rc = PTR_ERR(mock);
		goto err_put_fd;
	}
	file = anon_inode_getfile("[iommufd_mock_access]", &access_fops, mock,
				  O_RDWR);
	if (IS_ERR(file)) {
		rc = PTR_ERR(file);
		free_access(mock);
		goto err_put_fd;
	}
	cmd->create_access.out_access_fd = fd;
	rc = ioctl_reply(call);
	if (rc)
		goto err_put_file;
	fd_install(fd, file);
	return 0;

err_put_file:
	fput(file);
err_put_fd:
	put_unused_fd(fd);
	return rc;
}

/* The access behind a file, if it is one, and of this iommufd. */
static struct mock_access *access_of(struct ioctl_call *call, struct file *file)
{
	struct mock_access *mock;

	if (!file)
		return ERR_PTR(-EBADF);
	if (file->f_op != &access_fops)
		return ERR_PTR(-EBADFD);
	mock = file->private_data;
	return mock->ictx == call->ictx ? mock : ERR_PTR(-EINVAL);
}

/* Are these the pages that the caller has at @uptr? */
static int compare_pages(unsigned long uptr, struct page **page,
			 unsigned long npages)
{
	for (unsigned long i = 0; i < npages; i++, uptr += PAGE_SIZE) {
		struct page *own;

		if (get_user_pages_fast(uptr, 1, 0, &own) != 1)
			return -EFAULT;
		put_page(own);
		if (own != page[i])
			return -EIO;
	}
	return 0;
}

static int pin_and_compare(struct mock_access *mock,
			   const struct access_pin *pin, unsigned long uptr,
			   unsigned int flags)
{
	unsigned long npages = (pin->last >> PAGE_SHIFT) -
			       (pin->iova >> PAGE_SHIFT) + 1;
	struct page **page;
	int rc;

	page = kvzalloc_objs(*page, npages, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!page)
		return -ENOMEM;
	rc = iommufd_access_pin_pages(mock->access, pin->iova,
				      pin->last - pin->iova + 1, page, flags);
	if (!rc) {
		rc = compare_pages(uptr & PAGE_MASK, page, npages);
		if (rc)
			unpin(mock, pin);
	}
	kvfree(page);
	return rc;
}

/* Pin, compare, and put @pin on the list: there the callback may free it. */
static int add_pin(struct mock_access *mock, struct access_pin *pin,
		   unsigned long uptr, unsigned int flags, u32 *id)
{
	int rc;

	rc = mutex_lock_killable(&mock->lock);
	if (rc)
		return rc;
	rc = pin_and_compare(mock, pin, uptr, flags);
	if (!rc) {
		pin->id = ++mock->next_id;
		*id = pin->id;
		list_add_tail(&pin->node, &mock->pins);
	}
	mutex_unlock(&mock->lock);
	return rc;
}

static int drop_pin(struct mock_access *mock, u32 id)
{
	struct access_pin *pin;
	int rc = -ENOENT;

	mutex_lock(&mock->lock);
	list_for_each_entry(pin, &mock->pins, node) {
		if (pin->id != id)
			continue;
		list_del(&pin->node);
		unpin(mock, pin);
		kfree(pin);
		rc = 0;
		break;
	}
	mutex_unlock(&mock->lock);
	return rc;
}

/**
 * mock_access_pin() - IOMMU_TEST_OP_ACCESS_PAGES: pin, and compare the pages
 * @call: the ioctl
 *
 * Return: 0; -EIO when they are not the caller's; -EINVAL for an empty range or
 * an access of another iommufd; -EOVERFLOW; -EOPNOTSUPP for unknown flags (those
 * for fuzzers are); -EBADF, -EBADFD for what is no access; what
 * iommufd_access_pin_pages() says; -ENOMEM, -EFAULT.
 */
int mock_access_pin(struct ioctl_call *call)
{
	struct iommu_test_cmd *cmd = call->arg;
	u32 flags = cmd->access_pages.flags;
	struct mock_access *mock;
	struct access_pin *pin;
	unsigned long last;
	u32 id;
	int rc;

	if (flags & ~MOCK_FLAGS_ACCESS_WRITE)
		return -EOPNOTSUPP;
	if (!cmd->access_pages.length)
		return -EINVAL;
	if (check_add_overflow(cmd->access_pages.iova,
			       cmd->access_pages.length - 1, &last))
		return -EOVERFLOW;
	CLASS(fd, f)(cmd->id);
	mock = access_of(call, fd_file(f));
	if (IS_ERR(mock))
		return PTR_ERR(mock);

	pin = kzalloc_obj(*pin, GFP_KERNEL_ACCOUNT);
	if (!pin)
		return -ENOMEM;
	pin->iova = cmd->access_pages.iova;
	pin->last = last;
	rc = add_pin(mock, pin, cmd->access_pages.uptr,
		     flags ? IOMMUFD_ACCESS_RW_WRITE : 0, &id);
	if (rc) {
		kfree(pin);
		return rc;
	}
	cmd->access_pages.out_access_pages_id = id;
	rc = ioctl_reply(call);
	if (rc)
		drop_pin(mock, id);
	return rc;
}

/**
 * mock_access_unpin() - IOMMU_TEST_OP_DESTROY_ACCESS_PAGES
 * @call: the ioctl
 *
 * Return: 0; -ENOENT when it is not, or not any more; as mock_access_pin() for
 * what is no access.
 */
int mock_access_unpin(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;
	struct mock_access *mock;

	CLASS(fd, f)(cmd->id);
	mock = access_of(call, fd_file(f));
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	return drop_pin(mock, cmd->destroy_access_pages.access_pages_id);
}

/* Flags as the access API has them; or an errno. */
static int rw_flags(u32 flags)
{
	static_assert((int)MOCK_ACCESS_RW_WRITE == IOMMUFD_ACCESS_RW_WRITE);
	static_assert((int)MOCK_ACCESS_RW_SLOW_PATH ==
		      __IOMMUFD_ACCESS_RW_SLOW_PATH);

	if (flags & ~(MOCK_ACCESS_RW_WRITE | MOCK_ACCESS_RW_SLOW_PATH))
		return -EOPNOTSUPP;
	return flags;
}

static int rw(struct mock_access *mock, unsigned long iova, void __user *user,
	      size_t length_bytes, unsigned int flags)
{
	void *data = kvzalloc(length_bytes, GFP_KERNEL_ACCOUNT);
	int rc = 0;

	if (!data)
		return -ENOMEM;
	if (flags & IOMMUFD_ACCESS_RW_WRITE &&
	    copy_from_user(data, user, length_bytes))
		rc = -EFAULT;
	if (!rc)
		rc = iommufd_access_rw(mock->access, iova, data, length_bytes,
				       flags);
	if (!rc && !(flags & IOMMUFD_ACCESS_RW_WRITE) &&
	    copy_to_user(user, data, length_bytes))
		rc = -EFAULT;
	kvfree(data);
	return rc;
}

/**
 * mock_access_rw() - IOMMU_TEST_OP_ACCESS_RW
 * @call: the ioctl
 *
 * Return: 0; -EINVAL for more than 16 MiB; -EOPNOTSUPP for unknown flags; as
 * mock_access_pin() for what is no access; what iommufd_access_rw() says;
 * -ENOMEM, -EFAULT.
 */
int mock_access_rw(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;
	int flags = rw_flags(cmd->access_rw.flags);
	struct mock_access *mock;

	if (flags < 0)
		return flags;
	if (cmd->access_rw.length > RW_MAX_BYTES)
		return -EINVAL;
	CLASS(fd, f)(cmd->id);
	mock = access_of(call, fd_file(f));
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	return rw(mock, cmd->access_rw.iova,
		  u64_to_user_ptr(cmd->access_rw.uptr), cmd->access_rw.length,
		  flags);
}

/**
 * mock_access_replace() - IOMMU_TEST_OP_ACCESS_REPLACE_IOAS
 * @call: the ioctl
 *
 * Return: 0; as mock_access_pin() for what is no access; what
 * iommufd_access_replace() says.
 */
int mock_access_replace(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;
	struct mock_access *mock;

	CLASS(fd, f)(cmd->id);
	mock = access_of(call, fd_file(f));
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	return iommufd_access_replace(mock->access,
				      cmd->access_replace_ioas.ioas_id);
}

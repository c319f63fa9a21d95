// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues in guest memory that hardware serves by itself. See viommu.h.
 */
#include <linux/err.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd.h>

#include "core/core.h"
#include "device/device.h"
#include "ioas/ioas.h"
#include "viommu.h"

static struct iommufd_ioas *ioas_of(const struct iommufd_viommu *viommu)
{
	return viommu->hwpt->hwpt.ioas;
}

/* The first and last IOVA of the pages that the queue is in. */
static unsigned long first_iova(const struct iommufd_hw_queue *queue)
{
	return queue->base_addr & PAGE_MASK;
}

static unsigned long last_iova(const struct iommufd_hw_queue *queue)
{
	return (queue->base_addr + queue->length - 1) | ~PAGE_MASK;
}

static void unpin(struct iommufd_hw_queue *queue)
{
	ioas_disown_pages(ioas_of(queue->viommu), first_iova(queue),
			  last_iova(queue));
}

/* -EFAULT when the pages are not one after the other in memory. */
static int check_contiguous(struct page **pages, unsigned long npages)
{
	for (unsigned long i = 1; i < npages; i++) {
		if (page_to_pfn(pages[i]) != page_to_pfn(pages[0]) + i)
			return -EFAULT;
	}
	return 0;
}

/* Pin the queue's pages, and say where it is. */
static int pin(struct iommufd_hw_queue *queue, phys_addr_t *phys)
{
	unsigned long first = first_iova(queue), last = last_iova(queue);
	unsigned long npages = ((last - first) >> PAGE_SHIFT) + 1;
	struct page **pages;
	int rc;

	pages = kvmalloc_objs(*pages, npages,
			      GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!pages)
		return -ENOMEM;
	rc = ioas_own_pages(ioas_of(queue->viommu), first, last, pages);
	if (rc)
		goto out_free;
	rc = check_contiguous(pages, npages);
	if (rc)
		unpin(queue);
	else
		*phys = page_to_phys(pages[0]) +
			offset_in_page(queue->base_addr);
out_free:
	kvfree(pages);
	return rc;
}

/**
 * hw_queue_destroy() - end a hardware queue
 * @obj: the queue
 */
void hw_queue_destroy(struct iommufd_object *obj)
{
	struct iommufd_hw_queue *queue =
		container_of(obj, struct iommufd_hw_queue, obj);

	if (queue->destroy)
		queue->destroy(queue);
	race_point("hw_queue:ended");
	unpin(queue);
	race_point("hw_queue:unpinned");
	object_release(&queue->viommu->obj);
}

static struct iommufd_hw_queue *alloc(struct iommufd_viommu *viommu,
				      const struct iommu_hw_queue_alloc *arg)
{
	const struct iommufd_viommu_ops *ops = viommu->ops;
	struct iommufd_hw_queue *queue;
	size_t size_bytes = 0;

	if (ops->get_hw_queue_size && ops->hw_queue_init_phys)
		size_bytes = ops->get_hw_queue_size(viommu, arg->type);
	if (!size_bytes)
		return ERR_PTR(-EOPNOTSUPP);
	if (WARN_ON_ONCE(size_bytes < sizeof(*queue)))
		return ERR_PTR(-EOPNOTSUPP);
	queue = object_alloc(&viommu->ictx->objects, size_bytes,
			     IOMMUFD_OBJ_HW_QUEUE);
	if (IS_ERR(queue))
		return queue;
	queue->viommu = viommu;
	queue->type = arg->type;
	queue->base_addr = arg->nesting_parent_iova;
	queue->length = arg->length;
	return queue;
}

/*
 * The driver finds the queues that this one is built on in a list of its own, where
 * one that is being destroyed is until its end has come to the driver; and nobody may
 * become a user of that any more.
 */
static int init_in_driver(struct iommufd_hw_queue *queue, u32 index,
			  phys_addr_t phys)
{
	struct iommufd_viommu *viommu = queue->viommu;
	int rc;

	rc = down_write_killable(&viommu->ictx->queues_rwsem);
	if (rc)
		return rc;
	race_point("hw_queue:alone");
	rc = viommu->ops->hw_queue_init_phys(queue, index, phys);
	up_write(&viommu->ictx->queues_rwsem);
	return rc;
}

/* All of it that can fail. From then on a queue that comes next may need it. */
static int set_up(struct iommufd_hw_queue *queue, u32 index)
{
	struct iommufd_viommu *viommu = queue->viommu;
	phys_addr_t phys;
	int rc;

	if (!object_hold(&viommu->obj))
		return -ENOENT;
	rc = pin(queue, &phys);
	if (rc)
		goto err_release;
	race_point("hw_queue:pinned");
	rc = init_in_driver(queue, index, phys);
	if (rc)
		goto err_unpin;
	race_point("hw_queue:set-up");
	return 0;

err_unpin:
	unpin(queue);
err_release:
	object_release(&viommu->obj);
	return rc;
}

static int create(struct ioctl_call *call, struct iommufd_viommu *viommu)
{
	struct object_table *objects = &call->ictx->objects;
	struct iommu_hw_queue_alloc *arg = call->arg;
	struct iommufd_hw_queue *queue = alloc(viommu, arg);
	int rc;

	if (IS_ERR(queue))
		return PTR_ERR(queue);
	/* First: a reply that fails could not be undone when it is needed. */
	arg->out_hw_queue_id = queue->obj.id;
	rc = ioctl_reply(call);
	if (!rc)
		rc = set_up(queue, arg->index);
	if (rc)
		object_abort(objects, &queue->obj);
	else
		object_publish(objects, &queue->obj);
	return rc;
}

static int check(const struct iommu_hw_queue_alloc *arg)
{
	unsigned long last;

	if (arg->flags || arg->type == IOMMU_HW_QUEUE_TYPE_DEFAULT)
		return -EOPNOTSUPP;
	if (!arg->length)
		return -EINVAL;
	if (check_add_overflow(arg->nesting_parent_iova, arg->length - 1,
			       &last))
		return -EOVERFLOW;
	return 0;
}

/**
 * ioctl_hw_queue_alloc() - IOMMU_HW_QUEUE_ALLOC
 * @call: the ioctl
 *
 * As long as the queue is there, its memory can not be unmapped.
 *
 * Return: 0; -EOPNOTSUPP for flags, and a type that the vIOMMU does not have;
 * -EINVAL for no length; -EOVERFLOW; -EFAULT when its memory is not physically
 * contiguous; -ENOENT; what iommufd_access_pin_pages() and the IOMMU driver say;
 * -EINTR for a fatal signal; -ENOMEM, -EFAULT.
 */
int ioctl_hw_queue_alloc(struct ioctl_call *call)
{
	const struct iommu_hw_queue_alloc *arg = call->arg;
	struct iommufd_viommu *viommu;
	int rc;

	rc = check(arg);
	if (rc)
		return rc;
	viommu = viommu_get(call->ictx, arg->viommu_id);
	if (IS_ERR(viommu))
		return PTR_ERR(viommu);
	rc = create(call, viommu);
	viommu_put(viommu);
	return rc;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * vIOMMUs of the mock IOMMU: pages that can be mapped, a cache for each device,
 * and queues that have to be made in order. See mock.h.
 */
#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/mutex.h>

#include "core/core.h"
#include "device/device.h"
#include "parts.h"

#define MMIO_ORDER	1
#define MMIO_BYTES	(PAGE_SIZE << MMIO_ORDER)

/**
 * struct mock_viommu - a vIOMMU
 * @core: what is the same for all
 * @pages: the pages, or 0
 * @mmio_offset_bytes: where they are in the file
 * @lock: protects @queues
 * @queues: by index
 */
struct mock_viommu {
	struct iommufd_viommu core;
	unsigned long pages;
	unsigned long mmio_offset_bytes;
	struct mutex lock; /* @queues */
	struct mock_hw_queue *queues[IOMMU_TEST_HW_QUEUE_MAX];
};

/**
 * struct mock_hw_queue - a queue
 * @core: what is the same for all
 * @prev: the one with the index before, which must not go first; or NULL
 * @index: its index
 */
struct mock_hw_queue {
	struct iommufd_hw_queue core;
	struct mock_hw_queue *prev;
	u32 index;
};

static struct mock_viommu *to_mock_viommu(struct iommufd_viommu *viommu)
{
	return container_of(viommu, struct mock_viommu, core);
}

static struct mock_hw_queue *to_mock_hw_queue(struct iommufd_hw_queue *queue)
{
	return container_of(queue, struct mock_hw_queue, core);
}

static void destroy(struct iommufd_viommu *viommu)
{
	struct mock_viommu *mock = to_mock_viommu(viommu);

	if (mock->pages) {
		iommufd_viommu_destroy_mmap(viommu, mock->mmio_offset_bytes);
		free_pages(mock->pages, MMIO_ORDER);
	}
	mutex_destroy(&mock->lock);
}

/* Forget entries of one device's cache. */
static int invalidate_one(struct iommufd_viommu *viommu,
			  const struct iommu_user_data_array *array, u32 index)
{
	struct iommu_viommu_invalidate_selftest request;
	struct mock_device *mdev;
	struct device *dev;
	int rc;

	rc = iommu_copy_struct_from_user_array(&request, array,
					       IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST,
					       index, cache_id);
	if (rc)
		return rc;
	if (request.flags & ~IOMMU_TEST_INVALIDATE_FLAG_ALL)
		return -EOPNOTSUPP;
	if (request.cache_id > MOCK_DEV_CACHE_ID_MAX)
		return -EINVAL;
	/* The lock keeps the virtual device, and so the real one. */
	xa_lock(&viommu->vdevs);
	dev = iommufd_viommu_find_dev(viommu, request.vdev_id);
	rc = -EINVAL;
	if (!dev)
		goto out_unlock;
	mdev = to_mock_device(dev);
	if (request.flags & IOMMU_TEST_INVALIDATE_FLAG_ALL)
		memset(mdev->cache, 0, sizeof(mdev->cache));
	else
		mdev->cache[request.cache_id] = 0;
	rc = 0;
out_unlock:
	xa_unlock(&viommu->vdevs);
	return rc;
}

static int invalidate(struct iommufd_viommu *viommu,
		      struct iommu_user_data_array *array)
{
	u32 nr = array->entry_num;
	int rc = 0;

	array->entry_num = 0;
	if (array->type != IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST)
		return -EINVAL;
	for (u32 i = 0; i < nr; i++) {
		/* Who reads an entry asks that there is one. */
		array->entry_num = nr;
		rc = invalidate_one(viommu, array, i);
		array->entry_num = rc ? i : i + 1;
		if (rc)
			break;
	}
	return rc;
}

static size_t hw_queue_size(struct iommufd_viommu *viommu,
			    enum iommu_hw_queue_type type)
{
	if (type != (enum iommu_hw_queue_type)IOMMU_HW_QUEUE_TYPE_SELFTEST)
		return 0;
	return HW_QUEUE_STRUCT_SIZE(struct mock_hw_queue, core);
}

static void hw_queue_end(struct iommufd_hw_queue *queue)
{
	struct mock_viommu *mock = to_mock_viommu(queue->viommu);
	struct mock_hw_queue *own = to_mock_hw_queue(queue);

	mutex_lock(&mock->lock);
	mock->queues[own->index] = NULL;
	if (own->prev)
		iommufd_hw_queue_undepend(own, own->prev, core);
	mutex_unlock(&mock->lock);
}

/* With the lock held. */
static int insert_queue(struct mock_viommu *mock, struct mock_hw_queue *own,
			u32 index)
{
	int rc;

	if (mock->queues[index])
		return -EEXIST;
	if (index) {
		if (!mock->queues[index - 1])
			return -EIO;
		rc = iommufd_hw_queue_depend(own, mock->queues[index - 1],
					     core);
		if (rc)
			return rc;
		own->prev = mock->queues[index - 1];
	}
	own->index = index;
	mock->queues[index] = own;
	return 0;
}

static int hw_queue_init(struct iommufd_hw_queue *queue, u32 index,
			 phys_addr_t base_phys)
{
	struct mock_viommu *mock = to_mock_viommu(queue->viommu);
	int rc;

	if (index >= IOMMU_TEST_HW_QUEUE_MAX)
		return -EINVAL;
	/* What the guest calls its address is there, for the parent too. */
	if (iommu_iova_to_phys(queue->viommu->hwpt->hwpt.domain,
			       queue->base_addr) != base_phys)
		return -EFAULT;
	mutex_lock(&mock->lock);
	rc = insert_queue(mock, to_mock_hw_queue(queue), index);
	mutex_unlock(&mock->lock);
	if (!rc)
		queue->destroy = hw_queue_end;
	return rc;
}

static const struct iommufd_viommu_ops mock_viommu_ops = {
	.destroy = destroy,
	.alloc_domain_nested = mock_nested_alloc_viommu,
	.cache_invalidate = invalidate,
	.get_hw_queue_size = hw_queue_size,
	.hw_queue_init_phys = hw_queue_init,
};

/**
 * mock_viommu_size() - how large is a vIOMMU?
 * @dev: unused: the same for all mock devices
 * @type: of the vIOMMU
 *
 * Return: bytes, or 0 when there is no such type.
 */
size_t mock_viommu_size(struct device *dev, enum iommu_viommu_type type)
{
	if (type != (enum iommu_viommu_type)IOMMU_VIOMMU_TYPE_SELFTEST)
		return 0;
	return VIOMMU_STRUCT_SIZE(struct mock_viommu, core);
}

/* Pages that begin with what userspace gave, and say so. */
static int add_mmio(struct mock_viommu *mock,
		    const struct iommu_user_data *user_data)
{
	struct iommufd_viommu *viommu = &mock->core;
	struct iommu_viommu_selftest data = {};
	int rc;

	rc = iommu_copy_struct_from_user(&data, user_data,
					 IOMMU_VIOMMU_TYPE_SELFTEST,
					 out_mmap_length);
	if (rc)
		return rc;
	mock->pages = __get_free_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO,
				       MMIO_ORDER);
	if (!mock->pages)
		return -ENOMEM;
	*(u32 *)mock->pages = data.in_data;
	rc = iommufd_viommu_alloc_mmap(viommu, __pa(mock->pages), MMIO_BYTES,
				       &mock->mmio_offset_bytes);
	if (rc)
		goto err_free;
	data.out_data = data.in_data;
	data.out_mmap_offset = mock->mmio_offset_bytes;
	data.out_mmap_length = MMIO_BYTES;
	rc = iommu_copy_struct_to_user(user_data, &data,
				       IOMMU_VIOMMU_TYPE_SELFTEST,
				       out_mmap_length);
	if (rc)
		goto err_remove;
	return 0;

err_remove:
	iommufd_viommu_destroy_mmap(viommu, mock->mmio_offset_bytes);
err_free:
	free_pages(mock->pages, MMIO_ORDER);
	return rc;
}

/**
 * mock_viommu_init() - make the mock's part of a vIOMMU
 * @viommu: the vIOMMU
 * @parent: unused: any domain of the mock IOMMU can be its parent
 * @user_data: struct iommu_viommu_selftest, or NULL for no pages
 *
 * Return: 0, -EINVAL when @user_data is too short, -EFAULT, -ENOMEM.
 */
int mock_viommu_init(struct iommufd_viommu *viommu,
		     struct iommu_domain *parent,
		     const struct iommu_user_data *user_data)
{
	struct mock_viommu *mock = to_mock_viommu(viommu);
	int rc = 0;

	if (user_data)
		rc = add_mmio(mock, user_data);
	if (rc)
		return rc;
	mutex_init(&mock->lock);
	viommu->ops = &mock_viommu_ops;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables of a mock guest: there is no table, but a small cache that can be
 * invalidated. See mock.h.
 */
#include <linux/iommu.h>
#include <linux/slab.h>

#include "core/core.h"
#include "device/device.h"
#include "parts.h"

/**
 * struct mock_nested - a nested domain
 * @domain: what the IOMMU core sees
 * @viommu: the vIOMMU that it is of, or NULL
 * @iotlb: the cache
 */
struct mock_nested {
	struct iommu_domain domain;
	struct iommufd_viommu *viommu;
	u32 iotlb[MOCK_NESTED_DOMAIN_IOTLB_NUM];
};

static struct mock_nested *to_mock_nested(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_nested, domain);
}

static int invalidate_one(struct mock_nested *nested,
			  const struct iommu_user_data_array *array, u32 index)
{
	struct iommu_hwpt_invalidate_selftest request;
	int rc;

	rc = iommu_copy_struct_from_user_array(&request, array,
					       IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
					       index, iotlb_id);
	if (rc)
		return rc;
	if (request.flags & ~IOMMU_TEST_INVALIDATE_FLAG_ALL)
		return -EOPNOTSUPP;
	if (request.flags & IOMMU_TEST_INVALIDATE_FLAG_ALL) {
		memset(nested->iotlb, 0, sizeof(nested->iotlb));
		return 0;
	}
	if (request.iotlb_id > MOCK_NESTED_DOMAIN_IOTLB_ID_MAX)
		return -EINVAL;
	nested->iotlb[request.iotlb_id] = 0;
	return 0;
}

static int invalidate(struct iommu_domain *domain,
		      struct iommu_user_data_array *array)
{
	u32 nr = array->entry_num;
	int rc = 0;

	array->entry_num = 0;
	if (array->type != IOMMU_HWPT_INVALIDATE_DATA_SELFTEST)
		return -EINVAL;
	for (u32 i = 0; i < nr; i++) {
		/* Who reads an entry asks that there is one. */
		array->entry_num = nr;
		rc = invalidate_one(to_mock_nested(domain), array, i);
		array->entry_num = rc ? i : i + 1;
		if (rc)
			break;
	}
	return rc;
}

static void free_nested(struct iommu_domain *domain)
{
	kfree(to_mock_nested(domain));
}

/* What is of a vIOMMU is for the devices that it knows. */
static int attach(struct iommu_domain *domain, struct device *dev,
		  struct iommu_domain *old)
{
	struct iommufd_viommu *viommu = to_mock_nested(domain)->viommu;
	unsigned long virt_id;
	int rc = 0;

	if (viommu)
		rc = iommufd_viommu_get_vdev_id(viommu, dev, &virt_id);
	if (rc)
		return rc;
	return mock_attach_dev(domain, dev, old);
}

static const struct iommu_domain_ops mock_nested_ops = {
	.attach_dev = attach,
	.set_dev_pasid = mock_attach_pasid,
	.cache_invalidate_user = invalidate,
	.free = free_nested,
};

static struct iommu_domain *
alloc_nested(struct iommufd_viommu *viommu, u32 flags,
	     const struct iommu_user_data *user_data)
{
	struct iommu_hwpt_selftest data = {};
	struct mock_nested *nested;
	int rc;

	if (flags & ~IOMMU_HWPT_ALLOC_PASID ||
	    user_data->type != IOMMU_HWPT_DATA_SELFTEST)
		return ERR_PTR(-EOPNOTSUPP);
	rc = iommu_copy_struct_from_user(&data, user_data,
					 IOMMU_HWPT_DATA_SELFTEST, iotlb);
	if (rc)
		return ERR_PTR(rc);
	nested = kzalloc_obj(*nested, GFP_KERNEL_ACCOUNT);
	if (!nested)
		return ERR_PTR(-ENOMEM);
	nested->domain.type = IOMMU_DOMAIN_NESTED;
	nested->domain.ops = &mock_nested_ops;
	nested->viommu = viommu;
	for (int i = 0; i < MOCK_NESTED_DOMAIN_IOTLB_NUM; i++)
		nested->iotlb[i] = data.iotlb;
	return &nested->domain;
}

/**
 * mock_nested_alloc() - make a nested domain on another one
 * @dev: unused: the same for all mock devices
 * @parent: the other one, a paging domain of the mock IOMMU
 * @flags: 0 or IOMMU_HWPT_ALLOC_PASID
 * @user_data: struct iommu_hwpt_selftest
 *
 * Return: the domain; or ERR_PTR() of -EINVAL when @user_data is too short;
 * -EOPNOTSUPP; -EFAULT, -ENOMEM.
 */
struct iommu_domain *
mock_nested_alloc(struct device *dev, struct iommu_domain *parent, u32 flags,
		  const struct iommu_user_data *user_data)
{
	return alloc_nested(NULL, flags, user_data);
}

/**
 * mock_nested_alloc_viommu() - make a nested domain on a vIOMMU
 * @viommu: the vIOMMU
 * @flags: 0 or IOMMU_HWPT_ALLOC_PASID
 * @user_data: struct iommu_hwpt_selftest
 *
 * Return: as mock_nested_alloc().
 */
struct iommu_domain *
mock_nested_alloc_viommu(struct iommufd_viommu *viommu, u32 flags,
			 const struct iommu_user_data *user_data)
{
	return alloc_nested(viommu, flags, user_data);
}

/**
 * mock_nested_check_iotlb() - IOMMU_TEST_OP_MD_CHECK_IOTLB
 * @call: the ioctl
 *
 * Return: 0 when an entry is as said; -EINVAL when not, when there is no such
 * entry, or the HWPT is no mock; -ENOENT.
 */
int mock_nested_check_iotlb(struct ioctl_call *call)
{
	const struct iommu_test_cmd *cmd = call->arg;
	struct iommufd_object *obj = object_get(&call->ictx->objects, cmd->id,
						IOMMUFD_OBJ_HWPT_NESTED);
	u32 entry = cmd->check_iotlb.id;
	struct iommu_domain *domain;
	int rc = -EINVAL;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	domain = hwpt_of(obj)->domain;
	if (domain->ops == &mock_nested_ops &&
	    entry < MOCK_NESTED_DOMAIN_IOTLB_NUM &&
	    to_mock_nested(domain)->iotlb[entry] == cmd->check_iotlb.iotlb)
		rc = 0;
	object_put(&call->ictx->objects, obj);
	return rc;
}

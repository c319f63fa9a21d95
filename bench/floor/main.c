// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/iommufd-floor: the least that a driver can do to let a device reach memory of a process, to
 * measure the others against. What it costs beyond area.c is an ioctl, one uncontended mutex and a
 * list that is searched from its newest end. It is for benchmarks on a machine of one's own: root
 * only, and no device should be left in it.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "area.h"
#include "floor.h"

/**
 * struct space - what one open file has
 * @lock: protects all of this
 * @pdev: the claimed device, or NULL
 * @domain: what @pdev is attached to
 * @second: filled like @domain but attached to nothing, or NULL
 * @areas: what is mapped in @domain and in @second, the newest first
 */
struct space {
	struct mutex lock; /* all of this */
	struct pci_dev *pdev;
	struct iommu_domain *domain;
	struct iommu_domain *second;
	struct list_head areas;
};

static long space_claim(struct space *space, const struct floor_claim *cmd)
{
	struct iommu_domain *domain;
	struct pci_dev *pdev;
	int rc;

	if (space->pdev)
		return -EBUSY;
	if (cmd->bus > 0xff || cmd->devfn > 0xff)
		return -EINVAL;
	pdev = pci_get_domain_bus_and_slot(cmd->segment, cmd->bus, cmd->devfn);
	if (!pdev)
		return -ENODEV;
	/*
	 * The owner of a device is meant to be its driver, which keeps it from being unplugged
	 * meanwhile. Here it is whoever runs the benchmark that does not pull it out.
	 */
	rc = iommu_device_claim_dma_owner(&pdev->dev, space);
	if (rc)
		goto put;
	domain = iommu_paging_domain_alloc(&pdev->dev);
	if (IS_ERR(domain)) {
		rc = PTR_ERR(domain);
		goto release;
	}
	rc = iommu_attach_device(domain, &pdev->dev);
	if (rc)
		goto free;
	space->pdev = pdev;
	space->domain = domain;
	return 0;
free:
	iommu_domain_free(domain);
release:
	iommu_device_release_dma_owner(&pdev->dev);
put:
	pci_dev_put(pdev);
	return rc;
}

/* The last of an area: out of both domains, out of the list, unpinned. */
static void space_drop(struct space *space, struct area *area)
{
	if (space->second)
		area_unmap(area, space->second);
	area_unmap(area, space->domain);
	list_del(&area->node);
	area_free(area);
}

/* Maps a new area, which is the space's from here on, or freed if that fails. */
static long space_add(struct space *space, struct area *area, unsigned long iova)
{
	int rc;

	if (IS_ERR(area))
		return PTR_ERR(area);
	area->iova = iova;
	rc = area_map(area, space->domain);
	if (rc)
		goto free;
	if (space->second) {
		rc = area_map(area, space->second);
		if (rc)
			goto unmap;
	}
	list_add(&area->node, &space->areas);
	return 0;
unmap:
	area_unmap(area, space->domain);
free:
	area_free(area);
	return rc;
}

static struct area *space_find(struct space *space, unsigned long iova)
{
	struct area *area;

	list_for_each_entry(area, &space->areas, node)
		if (area->iova == iova)
			return area;
	return NULL;
}

static bool range_ok(u64 start, u64 length, u64 iova)
{
	u64 end;

	return length && PAGE_ALIGNED(start | length | iova) &&
	       !check_add_overflow(start, length, &end) &&
	       !check_add_overflow(iova, length, &end);
}

static long space_map(struct space *space, const struct floor_map *cmd)
{
	struct area *area;

	if (!space->domain)
		return -ENODEV;
	if (!range_ok(cmd->va, cmd->length, cmd->iova))
		return -EINVAL;
	if (!is_power_of_2(cmd->leaf_bytes) || cmd->leaf_bytes < PAGE_SIZE ||
	    cmd->leaf_bytes > PUD_SIZE)
		return -EINVAL;
	area = area_pin_memory(cmd->va, cmd->length >> PAGE_SHIFT, cmd->leaf_bytes >> PAGE_SHIFT);
	return space_add(space, area, cmd->iova);
}

static long space_map_file(struct space *space, const struct floor_map_file *cmd)
{
	struct file *file;
	struct area *area;

	if (!space->domain)
		return -ENODEV;
	if (!range_ok(cmd->start, cmd->length, cmd->iova) || cmd->start > LLONG_MAX - cmd->length ||
	    cmd->__reserved)
		return -EINVAL;
	file = fget(cmd->fd);
	if (!file)
		return -EBADF;
	area = area_pin_file(file, cmd->start, cmd->length >> PAGE_SHIFT);
	/* A pinned folio outlives its file. */
	fput(file);
	return space_add(space, area, cmd->iova);
}

static long space_copy(struct space *space, const struct floor_copy *cmd)
{
	struct area *src = space_find(space, cmd->src_iova);

	if (!src)
		return -ENOENT;
	if (src->src || !range_ok(0, src->npages << PAGE_SHIFT, cmd->iova))
		return -EINVAL;
	return space_add(space, area_borrow(src), cmd->iova);
}

static long space_unmap(struct space *space, const struct floor_unmap *cmd)
{
	struct area *area = space_find(space, cmd->iova);

	if (!area)
		return -ENOENT;
	if (area->ncopies)
		return -EBUSY;
	space_drop(space, area);
	return 0;
}

static long space_attach(struct space *space)
{
	struct iommu_domain *domain;
	struct area *area;
	int rc;

	if (!space->domain)
		return -ENODEV;
	if (space->second)
		return -EBUSY;
	domain = iommu_paging_domain_alloc(&space->pdev->dev);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	list_for_each_entry(area, &space->areas, node) {
		rc = area_map(area, domain);
		if (rc)
			goto undo;
	}
	space->second = domain;
	return 0;
undo:
	list_for_each_entry_continue_reverse(area, &space->areas, node)
		area_unmap(area, domain);
	iommu_domain_free(domain);
	return rc;
}

static long space_detach(struct space *space)
{
	struct area *area;

	if (!space->second)
		return -ENOENT;
	list_for_each_entry(area, &space->areas, node)
		area_unmap(area, space->second);
	iommu_domain_free(space->second);
	space->second = NULL;
	return 0;
}

static long space_ioctl(struct file *file, unsigned int nr, unsigned long arg)
{
	struct space *space = file->private_data;
	union {
		struct floor_claim claim;
		struct floor_map map;
		struct floor_map_file map_file;
		struct floor_unmap unmap;
		struct floor_copy copy;
	} cmd;
	long rc;

	if (nr == FLOOR_NOP)
		return 0;
	if (_IOC_TYPE(nr) != 'F' || _IOC_SIZE(nr) > sizeof(cmd))
		return -ENOTTY;
	if (copy_from_user(&cmd, (void __user *)arg, _IOC_SIZE(nr)))
		return -EFAULT;

	mutex_lock(&space->lock);
	switch (nr) {
	case FLOOR_CLAIM:
		rc = space_claim(space, &cmd.claim);
		break;
	case FLOOR_MAP:
		rc = space_map(space, &cmd.map);
		break;
	case FLOOR_MAP_FILE:
		rc = space_map_file(space, &cmd.map_file);
		break;
	case FLOOR_UNMAP:
		rc = space_unmap(space, &cmd.unmap);
		break;
	case FLOOR_COPY:
		rc = space_copy(space, &cmd.copy);
		break;
	case FLOOR_ATTACH:
		rc = space_attach(space);
		break;
	case FLOOR_DETACH:
		rc = space_detach(space);
		break;
	default:
		rc = -ENOTTY;
	}
	mutex_unlock(&space->lock);
	return rc;
}

static int space_open(struct inode *inode, struct file *file)
{
	struct space *space = kzalloc(sizeof(*space), GFP_KERNEL_ACCOUNT);

	if (!space)
		return -ENOMEM;
	mutex_init(&space->lock);
	INIT_LIST_HEAD(&space->areas);
	file->private_data = space;
	return 0;
}

static int space_release(struct inode *inode, struct file *file)
{
	struct space *space = file->private_data;
	struct area *area, *next;

	/* A copy is always newer than what it borrows from, so it goes first. */
	list_for_each_entry_safe(area, next, &space->areas, node)
		space_drop(space, area);
	if (space->second)
		iommu_domain_free(space->second);
	if (space->pdev) {
		iommu_detach_device(space->domain, &space->pdev->dev);
		iommu_domain_free(space->domain);
		iommu_device_release_dma_owner(&space->pdev->dev);
		pci_dev_put(space->pdev);
	}
	mutex_destroy(&space->lock);
	kfree(space);
	return 0;
}

static const struct file_operations space_fops = {
	.owner = THIS_MODULE,
	.open = space_open,
	.release = space_release,
	.unlocked_ioctl = space_ioctl,
};

static struct miscdevice space_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "iommufd-floor",
	.mode = 0600,
	.fops = &space_fops,
};
module_misc_device(space_misc);

MODULE_DESCRIPTION("The least that pinning and mapping costs, to measure iommufd against");
MODULE_LICENSE("GPL");
MODULE_VERSION("1");

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access by drivers in software (mdev): not supported yet.
 *
 * The symbols exist, for vfio.ko links to them. What creates an access says
 * -EOPNOTSUPP, so that no access ever comes to the others. docs/status.md says
 * the same to users.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/iommufd.h>

/**
 * iommufd_access_create() - not supported yet
 * @ictx: unused
 * @ops: unused
 * @data: unused
 * @id: unused
 *
 * Return: ERR_PTR(-EOPNOTSUPP).
 */
struct iommufd_access *
iommufd_access_create(struct iommufd_ctx *ictx,
		      const struct iommufd_access_ops *ops, void *data, u32 *id)
{
	return ERR_PTR(-EOPNOTSUPP);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_create, "IOMMUFD");

/**
 * iommufd_access_destroy() - nothing: there is no access
 * @access: unused
 */
void iommufd_access_destroy(struct iommufd_access *access)
{
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_destroy, "IOMMUFD");

/**
 * iommufd_access_attach() - not supported yet
 * @access: unused
 * @ioas_id: unused
 *
 * Return: -EOPNOTSUPP.
 */
int iommufd_access_attach(struct iommufd_access *access, u32 ioas_id)
{
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_attach, "IOMMUFD");

/**
 * iommufd_access_replace() - not supported yet
 * @access: unused
 * @ioas_id: unused
 *
 * Return: -EOPNOTSUPP.
 */
int iommufd_access_replace(struct iommufd_access *access, u32 ioas_id)
{
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_replace, "IOMMUFD");

/**
 * iommufd_access_detach() - nothing: there is no access
 * @access: unused
 */
void iommufd_access_detach(struct iommufd_access *access)
{
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_detach, "IOMMUFD");

/**
 * iommufd_access_pin_pages() - not supported yet
 * @access: unused
 * @iova: unused
 * @length: unused
 * @out_pages: unused
 * @flags: unused
 *
 * Return: -EOPNOTSUPP.
 */
int iommufd_access_pin_pages(struct iommufd_access *access, unsigned long iova,
			     unsigned long length, struct page **out_pages,
			     unsigned int flags)
{
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_pin_pages, "IOMMUFD");

/**
 * iommufd_access_unpin_pages() - nothing: there is no access
 * @access: unused
 * @iova: unused
 * @length: unused
 */
void iommufd_access_unpin_pages(struct iommufd_access *access,
				unsigned long iova, unsigned long length)
{
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_unpin_pages, "IOMMUFD");

/**
 * iommufd_access_rw() - not supported yet
 * @access: unused
 * @iova: unused
 * @data: unused
 * @len: unused
 * @flags: unused
 *
 * Return: -EOPNOTSUPP.
 */
int iommufd_access_rw(struct iommufd_access *access, unsigned long iova,
		      void *data, size_t len, unsigned int flags)
{
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_rw, "IOMMUFD");

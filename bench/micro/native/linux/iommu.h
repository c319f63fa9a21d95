/* SPDX-License-Identifier: GPL-2.0-only */
/* A stub: only names, for linux/iommufd.h to build; nothing portable uses them. */
#ifndef NATIVE_LINUX_IOMMU_H
#define NATIVE_LINUX_IOMMU_H

#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/types.h>

typedef unsigned int ioasid_t;

struct iommu_domain;
struct iommu_device;

#endif

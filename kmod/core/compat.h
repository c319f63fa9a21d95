/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What headers of the kernels that the module builds for lack. All that differs
 * between these kernels is here, so that no other file asks which one it is.
 *
 * 7.2 does not know IOMMU_IOAS_NOIOMMU_GET_PA, nor devices without an IOMMU, of whose
 * memory it would tell: there it is -EOPNOTSUPP. Its pte_uffd() has an older name.
 */
#ifndef IOMMUFD_COMPAT_H
#define IOMMUFD_COMPAT_H

#include <linux/pgtable.h>
#include <uapi/linux/iommufd.h>

/* The name of the bit has changed with it: that of x86, and that of arm64. */
#if !defined(_PAGE_UFFD) && !defined(PTE_UFFD)
#define pte_uffd	pte_uffd_wp
#endif

#ifndef IOMMU_IOAS_NOIOMMU_GET_PA
/**
 * struct iommu_ioas_noiommu_get_pa - its structure, as of 7.3
 * @size: of the structure
 * @flags: 0
 * @ioas_id: ID of the IOAS
 * @__reserved: 0
 * @iova: where
 * @length: at most how much; set to how much there is in one piece
 * @out_phys: set to the address
 */
struct iommu_ioas_noiommu_get_pa {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 __reserved;
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 out_phys;
};

#define IOMMU_IOAS_NOIOMMU_GET_PA	_IO(IOMMUFD_TYPE, 0x95)
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's own code reads of our structures, and that it is where it looks.
 *
 * A kernel that is configured for iommufd has a part of it built in
 * (CONFIG_IOMMUFD_DRIVER_CORE), for IOMMU drivers that are built in, too, and can not
 * call a module. It takes what it is given for structures of the kernel's own module,
 * whose header says how they are laid out. So each field that it reads has the same
 * place and size in the structures of ours that take theirs, or the wing's contract.c
 * does not compile: made for that alone, and linked to nothing.
 *
 * Structures of both kinds have the same names, so the kernel's get others here. Kbuild
 * has this included before all else.
 */
#ifndef IOMMUFD_CONTRACT_H
#define IOMMUFD_CONTRACT_H

#define iommufd_ctx		kernels_ctx
#define iommufd_device		kernels_device
#define iommufd_hwpt_nested	kernels_hwpt_nested
#define iommufd_hwpt_paging	kernels_hwpt_paging
#define iommufd_ioas		kernels_ioas

#include <iommufd/iommufd_private.h>

#undef iommufd_ctx
#undef iommufd_device
#undef iommufd_hwpt_nested
#undef iommufd_hwpt_paging
#undef iommufd_ioas

#define ASSERT_SAME(_ours, _our_field, _kernels, _kernels_field)	  \
	static_assert(offsetof(struct _ours, _our_field) ==		  \
			      offsetof(struct _kernels, _kernels_field) && \
		      sizeof_field(struct _ours, _our_field) ==		  \
			      sizeof_field(struct _kernels, _kernels_field))

#endif

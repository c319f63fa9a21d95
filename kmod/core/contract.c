// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel's own code reads of an iommufd. See contract.h.
 */
#include "ctx.h"
#include "eventq.h"
#include "mmio.h"

ASSERT_SAME(iommufd_ctx, mmio, kernels_ctx, mt_mmap);

/* What is in there it makes and frees. */
ASSERT_SAME(mmio_region, owner, iommufd_mmap, owner);
ASSERT_SAME(mmio_region, first_pgoff, iommufd_mmap, vm_pgoff);
ASSERT_SAME(mmio_region, start_phys, iommufd_mmap, mmio_addr);
ASSERT_SAME(mmio_region, length_bytes, iommufd_mmap, length);

ASSERT_SAME(eventq, obj, iommufd_eventq, obj);
ASSERT_SAME(eventq, lock, iommufd_eventq, lock);
ASSERT_SAME(eventq, unread, iommufd_eventq, deliver);
ASSERT_SAME(eventq, readers, iommufd_eventq, wait_queue);
static_assert(sizeof(struct eventq) == sizeof(struct iommufd_eventq));

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel's own code reads of an iommufd. See contract.h.
 */
#include "ctx.h"
#include "eventq.h"
#include "mmio.h"
#include "msi.h"

ASSERT_SAME(iommufd_ctx, mmio, kernels_ctx, mt_mmap);
ASSERT_SAME(iommufd_ctx, msi_lock, kernels_ctx, sw_msi_lock);
ASSERT_SAME(iommufd_ctx, msi_doorbells, kernels_ctx, sw_msi_list);
ASSERT_SAME(iommufd_ctx, nr_msi_doorbells, kernels_ctx, sw_msi_id);

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

ASSERT_SAME(msi_doorbell, node, iommufd_sw_msi_map, sw_msi_item);
ASSERT_SAME(msi_doorbell, window_iova, iommufd_sw_msi_map, sw_msi_start);
ASSERT_SAME(msi_doorbell, phys, iommufd_sw_msi_map, msi_addr);
ASSERT_SAME(msi_doorbell, pgoff, iommufd_sw_msi_map, pgoff);
ASSERT_SAME(msi_doorbell, id, iommufd_sw_msi_map, id);
ASSERT_SAME(msi_doorbell_set, ids, iommufd_sw_msi_maps, bitmap);

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel's own code reads of event queues. See core/contract.h.
 */
#include "viommu.h"

ASSERT_SAME(veventq, queue, iommufd_veventq, common);
ASSERT_SAME(veventq, viommu, iommufd_veventq, viommu);
ASSERT_SAME(veventq, node, iommufd_veventq, node);
ASSERT_SAME(veventq, type, iommufd_veventq, type);
ASSERT_SAME(veventq, depth, iommufd_veventq, depth);
ASSERT_SAME(veventq, nr_events, iommufd_veventq, num_events);
ASSERT_SAME(veventq, sequence, iommufd_veventq, sequence);
ASSERT_SAME(veventq, lost.node, iommufd_veventq, lost_events_header.node);

ASSERT_SAME(vevent, header, iommufd_vevent, header);
ASSERT_SAME(vevent, node, iommufd_vevent, node);
ASSERT_SAME(vevent, length_bytes, iommufd_vevent, data_len);
static_assert(sizeof(struct vevent) ==
	      offsetof(struct iommufd_vevent, event_data));

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a device's DMA reads and writes exactly the memory that is mapped, for as long as it is.
 *
 * dma_test [-l] [PATTERN...]: runs (lists) the cases whose "suite/case" matches a pattern.
 */
#include "dma.h"
#include "rig.h"

static const struct ktap_suite * const suites[] = {
	&dma_shapes, &dma_parts, &dma_rights, &dma_gone, &dma_copies, &dma_domains, &dma_memlock,
	&dma_process, &dma_many, &dma_group, &dma_vfio, &dma_dmabufs, &dma_revoked,
	&dma_interrupts,
	NULL,
};

int main(int argc, char **argv)
{
	return ktap_main(argc, argv, &rig_hooks, suites);
}

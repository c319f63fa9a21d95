/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMA_H
#define DMA_H

/* The suites of dma_test: what a real device can reach. One file a suite. */

#include "ktap.h"

extern const struct ktap_suite dma_shapes;
extern const struct ktap_suite dma_parts;
extern const struct ktap_suite dma_rights;
extern const struct ktap_suite dma_gone;
extern const struct ktap_suite dma_copies;
extern const struct ktap_suite dma_domains;
extern const struct ktap_suite dma_memlock;
extern const struct ktap_suite dma_process;
extern const struct ktap_suite dma_many;
extern const struct ktap_suite dma_group;
extern const struct ktap_suite dma_vfio;
extern const struct ktap_suite dma_dmabufs;
extern const struct ktap_suite dma_revoked;
extern const struct ktap_suite dma_interrupts;

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* QEMU's edu device, which lends its IOMMU. Nothing else is asked of it. */
#ifndef E2E_EDU_H
#define E2E_EDU_H

/**
 * edu_find() - where there is one
 * @nth: how many to leave out, in the order of their addresses
 *
 * Return: its PCI address, which stays until the next call; NULL if there are not as many.
 */
const char *edu_find(unsigned int nth);

#endif

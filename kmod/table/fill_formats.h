/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The formats of generic_pt that are filled, as the kernel itself has them built:
 * with which features, and what it notes in a table. Its own sources say so, and
 * no header; fill_rules.h sees to it that this stays the same.
 */
#ifndef IOMMUFD_FILL_FORMATS_H
#define IOMMUFD_FILL_FORMATS_H

#include <linux/bits.h>
#include <linux/generic_pt/common.h>

#define FILL_FEATURES_amdv1                        \
	(BIT(PT_FEAT_FULL_VA) |                    \
	 BIT(PT_FEAT_DYNAMIC_TOP) |                \
	 BIT(PT_FEAT_FLUSH_RANGE) |                \
	 BIT(PT_FEAT_FLUSH_RANGE_NO_GAPS) |        \
	 BIT(PT_FEAT_AMDV1_ENCRYPT_TABLES) |       \
	 BIT(PT_FEAT_AMDV1_FORCE_COHERENCE))

#define FILL_FEATURES_vtdss                        \
	(BIT(PT_FEAT_FLUSH_RANGE) |                \
	 BIT(PT_FEAT_VTDSS_FORCE_COHERENCE) |      \
	 BIT(PT_FEAT_VTDSS_FORCE_WRITEABLE) |      \
	 BIT(PT_FEAT_DMA_INCOHERENT))

#define FILL_FEATURES_x86_64                       \
	(BIT(PT_FEAT_SIGN_EXTEND) |                \
	 BIT(PT_FEAT_FLUSH_RANGE) |                \
	 BIT(PT_FEAT_FLUSH_RANGE_NO_GAPS) |        \
	 BIT(PT_FEAT_X86_64_AMD_ENCRYPT_TABLES) |  \
	 BIT(PT_FEAT_DMA_INCOHERENT))

/*
 * The software bit that says that a new table has been flushed, in formats whose
 * tables the IOMMU may not snoop.
 */
#define FILL_TABLE_FLUSHED_BIT	0

#endif

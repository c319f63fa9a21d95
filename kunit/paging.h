/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paging domains that no hardware uses.
 *
 * Their page tables are the real ones of generic_pt, so a domain says what
 * an IOMMU would see; or, for PAGING_RECORD, a plain record of calls, with
 * pages as small as PAGING_SMALL_BYTES.
 */
#ifndef KUNIT_PAGING_H
#define KUNIT_PAGING_H

#include <linux/generic_pt/iommu.h>
#include <linux/xarray.h>

struct kunit;

/**
 * enum paging_format - formats of page tables
 * @PAGING_VTDSS: VT-d second stage
 * @PAGING_VTDSS_INCOHERENT: the same, by an IOMMU that does not snoop
 * @PAGING_X86_64: VT-d first stage, AMD v2
 * @PAGING_AMDV1: AMD v1: page sizes of every power of two
 * @PAGING_AMDV1_GROWING: the same, with a table that gets higher when needed
 * @PAGING_RECORD: see above
 * @PAGING_NR_FORMATS: how many there are
 */
enum paging_format {
	PAGING_VTDSS,
	PAGING_VTDSS_INCOHERENT,
	PAGING_X86_64,
	PAGING_AMDV1,
	PAGING_AMDV1_GROWING,
	PAGING_RECORD,
	PAGING_NR_FORMATS,
};

extern const char *const paging_format_name[PAGING_NR_FORMATS];

#define PAGING_SMALL_BYTES	(PAGE_SIZE / 8)

/**
 * struct paging - a domain
 * @domain: what the IOMMU core sees
 * @vtdss: its page table, of one format
 * @x86_64: or of another one
 * @amdv1: or of a third one
 * @format: which of them
 * @top_lock: for a table that gets higher
 * @record: what is mapped, as values, by IOVA / PAGING_SMALL_BYTES
 * @nr_map_calls: how often map_pages was called
 * @fail_map_call: the call that fails, counted from 1; 0 for none
 * @nr_sync_maps: how often iotlb_sync_map was called
 * @synced_bytes: for how much in all
 * @sync_map_rc: what it returns
 * @nr_flushes: how often iotlb_sync was called
 * @nr_freed_tables: how many tables it got to free
 */
struct paging {
	union {
		struct iommu_domain domain;
		struct pt_iommu_vtdss vtdss;
		struct pt_iommu_x86_64 x86_64;
		struct pt_iommu_amdv1 amdv1;
	};
	enum paging_format format;
	spinlock_t top_lock; /* the table's top */
	struct xarray record;
	atomic_t nr_map_calls;
	unsigned int fail_map_call;
	atomic_t nr_sync_maps;
	atomic_long_t synced_bytes;
	int sync_map_rc;
	atomic_t nr_flushes;
	atomic_t nr_freed_tables;
};

const void *paging_gen_tables(struct kunit *test, const void *prev, char *desc);
enum paging_format paging_table(struct kunit *test);
struct paging *paging_create(struct kunit *test, enum paging_format format);
struct paging *paging_create_narrow(struct kunit *test,
				    enum paging_format format,
				    unsigned int pa_bits);
bool paging_is_empty(struct paging *paging, unsigned long iova,
		     unsigned long length_bytes);
void paging_expect_mapped(struct kunit *test, struct paging *paging,
			  unsigned long iova, unsigned long va,
			  unsigned long npages);
bool paging_same(struct paging *a, struct paging *b);

#endif

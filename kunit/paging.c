// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paging domains that no hardware uses. See paging.h.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>

#include <iommu-pages.h>

#include "memory.h"
#include "paging.h"

const char *const paging_format_name[PAGING_NR_FORMATS] = {
	[PAGING_VTDSS] = "vtdss",
	[PAGING_VTDSS_INCOHERENT] = "vtdss-incoherent",
	[PAGING_X86_64] = "x86-64",
	[PAGING_AMDV1] = "amdv1",
	[PAGING_AMDV1_GROWING] = "amdv1-growing",
	[PAGING_RECORD] = "record",
};

/* All but the one that is no table. */
static const enum paging_format tables[] = {
	PAGING_VTDSS, PAGING_VTDSS_INCOHERENT, PAGING_X86_64, PAGING_AMDV1,
	PAGING_AMDV1_GROWING,
};

static void describe_table(const enum paging_format *param, char *desc)
{
	strscpy(desc, paging_format_name[*param], KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(table, tables, describe_table);

/**
 * paging_gen_tables() - have a case once for each format of a table
 * @test: the case
 * @prev: the last parameter, or NULL
 * @desc: gets the name of the format
 *
 * Return: the next parameter: for paging_table().
 */
const void *paging_gen_tables(struct kunit *test, const void *prev, char *desc)
{
	return table_gen_params(test, prev, desc);
}

/**
 * paging_table() - which format a case is about
 * @test: the case, of paging_gen_tables()
 *
 * Return: the format.
 */
enum paging_format paging_table(struct kunit *test)
{
	return *(const enum paging_format *)test->param_value;
}

PT_IOMMU_CHECK_DOMAIN(struct paging, vtdss.iommu, domain);
PT_IOMMU_CHECK_DOMAIN(struct paging, x86_64.iommu, domain);
PT_IOMMU_CHECK_DOMAIN(struct paging, amdv1.iommu, domain);

static struct paging *to_paging(struct iommu_domain *domain)
{
	return container_of(domain, struct paging, domain);
}

static void iotlb_sync(struct iommu_domain *domain,
		       struct iommu_iotlb_gather *gather)
{
	struct paging *paging = to_paging(domain);

	atomic_inc(&paging->nr_flushes);
	atomic_add(list_count_nodes(&gather->freelist.pages),
		   &paging->nr_freed_tables);
	iommu_put_pages_list(&gather->freelist);
}

static int iotlb_sync_map(struct iommu_domain *domain, unsigned long iova,
			  size_t size)
{
	struct paging *paging = to_paging(domain);

	atomic_inc(&paging->nr_sync_maps);
	atomic_long_add(size, &paging->synced_bytes);
	return paging->sync_map_rc;
}

#define TABLE_OPS(format)                                       \
	static const struct iommu_domain_ops format##_ops = {   \
		IOMMU_PT_DOMAIN_OPS(format),                    \
		.iotlb_sync = iotlb_sync,                       \
		.iotlb_sync_map = iotlb_sync_map,               \
	}

TABLE_OPS(vtdss);
TABLE_OPS(x86_64);
TABLE_OPS(amdv1);

static int record_one(struct paging *paging, unsigned long iova,
		      phys_addr_t paddr)
{
	return xa_insert(&paging->record, iova / PAGING_SMALL_BYTES,
			 xa_mk_value(paddr / PAGING_SMALL_BYTES), GFP_KERNEL);
}

static int record_map(struct iommu_domain *domain, unsigned long iova,
		      phys_addr_t paddr, size_t page_bytes, size_t nr, int prot,
		      gfp_t gfp, size_t *mapped_bytes)
{
	struct paging *paging = to_paging(domain);

	if (atomic_inc_return(&paging->nr_map_calls) == paging->fail_map_call)
		return -ENOMEM;
	for (size_t done = 0; done < page_bytes * nr;
	     done += PAGING_SMALL_BYTES) {
		int rc = record_one(paging, iova + done, paddr + done);

		if (rc)
			return rc;
		*mapped_bytes += PAGING_SMALL_BYTES;
	}
	return 0;
}

static size_t record_unmap(struct iommu_domain *domain, unsigned long iova,
			   size_t page_bytes, size_t nr,
			   struct iommu_iotlb_gather *gather)
{
	struct paging *paging = to_paging(domain);
	size_t done;

	for (done = 0; done < page_bytes * nr; done += PAGING_SMALL_BYTES) {
		if (!xa_erase(&paging->record,
			      (iova + done) / PAGING_SMALL_BYTES))
			break;
	}
	return done;
}

static phys_addr_t record_iova_to_phys(struct iommu_domain *domain,
				       dma_addr_t iova)
{
	void *value = xa_load(&to_paging(domain)->record,
			      iova / PAGING_SMALL_BYTES);

	if (!value)
		return 0;
	return xa_to_value(value) * PAGING_SMALL_BYTES +
	       iova % PAGING_SMALL_BYTES;
}

static const struct iommu_domain_ops record_ops = {
	.map_pages = record_map,
	.unmap_pages = record_unmap,
	.iova_to_phys = record_iova_to_phys,
	.iotlb_sync = iotlb_sync,
	.iotlb_sync_map = iotlb_sync_map,
};

static void change_top(struct pt_iommu *iommu_table, phys_addr_t top_paddr,
		       unsigned int top_level)
{
}

static spinlock_t *get_top_lock(struct pt_iommu *iommu_table)
{
	return &to_paging(&iommu_table->domain)->top_lock;
}

static const struct pt_iommu_driver_ops driver_ops = {
	.change_top = change_top,
	.get_top_lock = get_top_lock,
};

static int init_vtdss(struct paging *paging, unsigned int features,
		      unsigned int pa_bits)
{
	const struct pt_iommu_vtdss_cfg cfg = {
		.common.features = features | BIT(PT_FEAT_FLUSH_RANGE),
		.common.hw_max_vasz_lg2 = 48,
		.common.hw_max_oasz_lg2 = pa_bits,
		.top_level = 3,
	};

	paging->domain.ops = &vtdss_ops;
	return pt_iommu_vtdss_init(&paging->vtdss, &cfg, GFP_KERNEL);
}

static int init_x86_64(struct paging *paging, unsigned int pa_bits)
{
	const struct pt_iommu_x86_64_cfg cfg = {
		.common.features = BIT(PT_FEAT_SIGN_EXTEND) |
				   BIT(PT_FEAT_FLUSH_RANGE),
		.common.hw_max_vasz_lg2 = 48,
		.common.hw_max_oasz_lg2 = pa_bits,
		.top_level = 3,
	};

	paging->domain.ops = &x86_64_ops;
	return pt_iommu_x86_64_init(&paging->x86_64, &cfg, GFP_KERNEL);
}

/* The format knows no other than those that can grow; one does not need to. */
static int init_amdv1(struct paging *paging, bool growing, unsigned int pa_bits)
{
	const struct pt_iommu_amdv1_cfg cfg = {
		.common.features = BIT(PT_FEAT_FLUSH_RANGE) |
				   BIT(PT_FEAT_DYNAMIC_TOP) |
				   BIT(PT_FEAT_AMDV1_ENCRYPT_TABLES) |
				   BIT(PT_FEAT_AMDV1_FORCE_COHERENCE),
		.common.hw_max_vasz_lg2 = growing ? 64 : 48,
		.common.hw_max_oasz_lg2 = pa_bits,
		.starting_level = growing ? 2 : 3,
	};

	paging->domain.ops = &amdv1_ops;
	return pt_iommu_amdv1_init(&paging->amdv1, &cfg, GFP_KERNEL);
}

static int init_record(struct paging *paging)
{
	paging->domain.ops = &record_ops;
	paging->domain.type = __IOMMU_DOMAIN_PAGING;
	paging->domain.pgsize_bitmap = PAGING_SMALL_BYTES | PAGE_SIZE |
				       8 * PAGE_SIZE;
	paging->domain.geometry = (struct iommu_domain_geometry){
		.aperture_end = ULONG_MAX,
		.force_aperture = true,
	};
	return 0;
}

static int init(struct paging *paging, enum paging_format format,
		unsigned int pa_bits, struct device *dev)
{
	/* Where it is in any of the formats. */
	paging->vtdss.iommu.nid = NUMA_NO_NODE;
	paging->vtdss.iommu.driver_ops = &driver_ops;
	paging->vtdss.iommu.iommu_device = dev;

	switch (format) {
	case PAGING_VTDSS:
		return init_vtdss(paging, 0, pa_bits);
	case PAGING_VTDSS_INCOHERENT:
		return init_vtdss(paging, BIT(PT_FEAT_DMA_INCOHERENT), pa_bits);
	case PAGING_X86_64:
		return init_x86_64(paging, pa_bits);
	case PAGING_AMDV1:
	case PAGING_AMDV1_GROWING:
		return init_amdv1(paging, format == PAGING_AMDV1_GROWING,
				  pa_bits);
	default:
		return init_record(paging);
	}
}

/* What an IOMMU that does not snoop flushes the CPU's caches by. */
static struct device *iommu_device(struct kunit *test)
{
	static atomic_t nr;
	struct device *dev;
	char name[32];

	snprintf(name, sizeof(name), "kunit-iommu-%d", atomic_inc_return(&nr));
	dev = kunit_device_register(test, name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	/* Where that is done by the DMA API, which must not copy to memory further down. */
	KUNIT_ASSERT_EQ(test, dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(64)), 0);
	return dev;
}

static void destroy(void *data)
{
	struct paging *paging = data;

	if (paging->domain.is_iommupt)
		pt_iommu_deinit(iommupt_from_domain(&paging->domain));
	xa_destroy(&paging->record);
}

/**
 * paging_create_narrow() - make a domain that does not reach all memory
 * @test: the case; the domain ends with it
 * @format: of its page table
 * @pa_bits: how many bits a physical address in it has
 *
 * Return: the domain, empty.
 */
struct paging *paging_create_narrow(struct kunit *test,
				    enum paging_format format,
				    unsigned int pa_bits)
{
	struct paging *paging = kunit_kzalloc(test, sizeof(*paging),
					      GFP_KERNEL);
	struct device *dev = NULL;

	KUNIT_ASSERT_NOT_NULL(test, paging);
	paging->format = format;
	if (format == PAGING_VTDSS_INCOHERENT)
		dev = iommu_device(test);
	spin_lock_init(&paging->top_lock);
	xa_init(&paging->record);
	KUNIT_ASSERT_EQ(test, init(paging, format, pa_bits, dev), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, destroy, paging),
			0);
	return paging;
}

/**
 * paging_create() - make a domain
 * @test: the case; the domain ends with it
 * @format: of its page table
 *
 * Return: the domain, empty.
 */
struct paging *paging_create(struct kunit *test, enum paging_format format)
{
	return paging_create_narrow(test, format, 52);
}

/**
 * paging_is_empty() - is nothing mapped?
 * @paging: the domain
 * @iova: where to look
 * @length_bytes: how far
 *
 * Return: true if so.
 */
bool paging_is_empty(struct paging *paging, unsigned long iova,
		     unsigned long length_bytes)
{
	for (unsigned long i = 0; i < length_bytes; i += PAGE_SIZE) {
		if (iommu_iova_to_phys(&paging->domain, iova + i))
			return false;
	}
	return true;
}

/**
 * paging_expect_mapped() - expect that a domain maps memory of the case's process
 * @test: the case
 * @paging: the domain
 * @iova: where
 * @va: the memory
 * @npages: how much
 */
void paging_expect_mapped(struct kunit *test, struct paging *paging,
			  unsigned long iova, unsigned long va,
			  unsigned long npages)
{
	for (unsigned long i = 0; i < npages; i++)
		KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(&paging->domain,
							 iova + i * PAGE_SIZE),
				PFN_PHYS(memory_pfn(va + i * PAGE_SIZE)));
}

/* The table at the top of a domain, and its level, counted from the leaves. */
static phys_addr_t top_table(struct paging *paging, unsigned int *level)
{
	struct pt_iommu_x86_64_hw_info x86_64;
	struct pt_iommu_vtdss_hw_info vtdss;
	struct pt_iommu_amdv1_hw_info amdv1;

	switch (paging->format) {
	case PAGING_X86_64:
		pt_iommu_x86_64_hw_info(&paging->x86_64, &x86_64);
		*level = x86_64.levels - 1;
		return x86_64.gcr3_pt;
	case PAGING_AMDV1:
	case PAGING_AMDV1_GROWING:
		pt_iommu_amdv1_hw_info(&paging->amdv1, &amdv1);
		*level = amdv1.mode - 1;
		return amdv1.host_pt_root;
	default:
		pt_iommu_vtdss_hw_info(&paging->vtdss, &vtdss);
		*level = vtdss.aw + 1;
		return vtdss.ssptptr;
	}
}

/* An entry, which is not empty, that leads to a table of the next level. */
static bool is_table(const struct paging *paging, u64 entry, unsigned int level)
{
	unsigned int next_level = (entry >> 9) & 7;

	if (paging->format == PAGING_AMDV1 ||
	    paging->format == PAGING_AMDV1_GROWING)
		return next_level != 0 && next_level != 7;
	return level && !(entry & BIT(7));
}

static bool same_tables(const struct paging *paging, phys_addr_t a_table,
			phys_addr_t b_table, unsigned int level)
{
	const u64 *a = phys_to_virt(a_table), *b = phys_to_virt(b_table);

	for (size_t i = 0; i < SZ_4K / sizeof(*a); i++) {
		bool table = a[i] && is_table(paging, a[i], level);

		if (table != (b[i] && is_table(paging, b[i], level)))
			return false;
		if (!table && a[i] != b[i])
			return false;
		if (table && !same_tables(paging, a[i] & GENMASK_ULL(51, 12),
					  b[i] & GENMASK_ULL(51, 12),
					  level - 1))
			return false;
	}
	return true;
}

/**
 * paging_same() - are the tables of two domains the same, entry by entry?
 * @a: one
 * @b: the other, of the same format, which has a table
 *
 * Return: true if so; where tables lie does not matter.
 */
bool paging_same(struct paging *a, struct paging *b)
{
	unsigned int a_level, b_level;
	phys_addr_t a_table = top_table(a, &a_level);
	phys_addr_t b_table = top_table(b, &b_level);

	return a_level == b_level &&
	       same_tables(a, a_table, b_table, a_level);
}

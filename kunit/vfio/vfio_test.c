// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compatibility with the VFIO container: what kmod/vfio/vfio.h and type1's
 * uAPI promise.
 */
#include <kunit/test.h>
#include <linux/iommufd.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>
#include <uapi/linux/vfio.h>

#include "alloc_fault.h"
#include "balance.h"
#include "hold.h"
#include "ioas/ioas.h"
#include "iofd.h"
#include "memory.h"
#include "paging.h"
#include "vfio/vfio.h"

#define RW	(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define IOVA	SZ_1G

static struct iofd iofd;

static long set_iommu(unsigned long type)
{
	return iofd_raw_ioctl(&iofd, VFIO_SET_IOMMU, type);
}

static long check_extension(unsigned long extension)
{
	return iofd_raw_ioctl(&iofd, VFIO_CHECK_EXTENSION, extension);
}

static long map(struct kunit *test, u64 iova, unsigned long va,
		unsigned long npages, u32 flags)
{
	struct vfio_iommu_type1_dma_map cmd = {
		.argsz = sizeof(cmd),
		.flags = flags,
		.vaddr = va,
		.iova = iova,
		.size = npages << PAGE_SHIFT,
	};

	return iofd_ioctl(test, &iofd, VFIO_IOMMU_MAP_DMA, &cmd, sizeof(cmd));
}

/* In pages from IOVA on; returns how many were unmapped, or errno. */
static long unmap(struct kunit *test, unsigned long first, unsigned long npages,
		  u32 flags)
{
	bool all = flags & VFIO_DMA_UNMAP_FLAG_ALL;
	struct vfio_iommu_type1_dma_unmap cmd = {
		.argsz = sizeof(cmd),
		.flags = flags,
		.iova = all ? first : IOVA + first * PAGE_SIZE,
		.size = npages << PAGE_SHIFT,
	};
	long rc = iofd_ioctl(test, &iofd, VFIO_IOMMU_UNMAP_DMA, &cmd,
			     sizeof(cmd));

	return rc ? rc : cmd.size >> PAGE_SHIFT;
}

static int vfio_ioas(struct kunit *test, u16 op, u32 *id)
{
	struct iommu_vfio_ioas cmd = {
		.size = sizeof(cmd),
		.ioas_id = *id,
		.op = op,
	};
	int rc = iofd_ioctl(test, &iofd, IOMMU_VFIO_IOAS, &cmd, sizeof(cmd));

	*id = cmd.ioas_id;
	return rc;
}

/* The compatibility IOAS, as VFIO makes it for the first group. */
static struct iommufd_ioas *create(struct kunit *test)
{
	struct iommufd_ioas *ioas;

	KUNIT_ASSERT_EQ(test, iommufd_vfio_compat_ioas_create(iofd.ictx), 0);
	ioas = vfio_compat_ioas(iofd.ictx);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ioas);
	ioas_put(ioas);
	return ioas;
}

static void vfio_without_an_ioas_there_is_no_container(struct kunit *test)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	u32 id = 0;

	KUNIT_EXPECT_EQ(test, iofd_raw_ioctl(&iofd, VFIO_GET_API_VERSION, 0),
			VFIO_API_VERSION);
	KUNIT_EXPECT_EQ(test, check_extension(VFIO_DMA_CC_IOMMU), -ENODEV);
	KUNIT_EXPECT_EQ(test, set_iommu(VFIO_TYPE1_IOMMU), -ENODEV);
	KUNIT_EXPECT_EQ(test, map(test, IOVA, 0, 1, RW), -ENODEV);
	KUNIT_EXPECT_EQ(test, unmap(test, 0, 1, 0), -ENODEV);
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, VFIO_IOMMU_GET_INFO,
					 &info, sizeof(info)), -ENODEV);
	KUNIT_EXPECT_EQ(test, vfio_ioas(test, IOMMU_VFIO_IOAS_GET, &id),
			-ENODEV);
	KUNIT_EXPECT_EQ(test, iommufd_vfio_compat_ioas_get_id(iofd.ictx, &id),
			-ENODEV);
}

static void vfio_ioas_is_set_and_cleared(struct kunit *test)
{
	u32 first = iofd_ioas(test, &iofd)->obj.id, id = first;
	u32 second = iofd_ioas(test, &iofd)->obj.id, none = second + 1;

	KUNIT_EXPECT_EQ(test, vfio_ioas(test, IOMMU_VFIO_IOAS_SET, &none),
			-ENOENT);
	KUNIT_ASSERT_EQ(test, vfio_ioas(test, IOMMU_VFIO_IOAS_SET, &id), 0);
	id = 0;
	KUNIT_EXPECT_EQ(test, vfio_ioas(test, IOMMU_VFIO_IOAS_GET, &id), 0);
	KUNIT_EXPECT_EQ(test, id, first);
	KUNIT_ASSERT_EQ(test, vfio_ioas(test, IOMMU_VFIO_IOAS_SET, &second), 0);
	KUNIT_EXPECT_EQ(test, iommufd_vfio_compat_ioas_get_id(iofd.ictx, &id),
			0);
	KUNIT_EXPECT_EQ(test, id, second);
	KUNIT_EXPECT_EQ(test, vfio_ioas(test, IOMMU_VFIO_IOAS_CLEAR, &id), 0);
	KUNIT_EXPECT_EQ(test, vfio_ioas(test, IOMMU_VFIO_IOAS_GET, &id),
			-ENODEV);
	KUNIT_EXPECT_EQ(test, vfio_ioas(test, 7, &id), -EOPNOTSUPP);
}

static void vfio_ioas_that_is_destroyed_is_forgotten(struct kunit *test)
{
	struct iommufd_ioas *ioas = create(test);
	u32 id = ioas->obj.id, other;

	KUNIT_ASSERT_EQ(test, object_destroy(&iofd.ictx->objects, id), 0);
	KUNIT_EXPECT_EQ(test, iommufd_vfio_compat_ioas_get_id(iofd.ictx, &id),
			-ENODEV);
	/* And only that one. */
	id = create(test)->obj.id;
	other = iofd_ioas(test, &iofd)->obj.id;
	KUNIT_ASSERT_EQ(test, object_destroy(&iofd.ictx->objects, other), 0);
	KUNIT_EXPECT_EQ(test, iommufd_vfio_compat_ioas_get_id(iofd.ictx,
							      &other), 0);
	KUNIT_EXPECT_EQ(test, other, id);
}

static void vfio_ioas_is_made_once(struct kunit *test)
{
	struct iommufd_ioas *ioas = create(test);

	KUNIT_EXPECT_PTR_EQ(test, create(test), ioas);
	KUNIT_EXPECT_EQ(test, iommufd_vfio_compat_set_no_iommu(iofd.ictx),
			-EINVAL);
}

static void vfio_without_an_iommu_has_no_ioas(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, set_iommu(VFIO_NOIOMMU_IOMMU), -EINVAL);
	KUNIT_ASSERT_EQ(test, iommufd_vfio_compat_set_no_iommu(iofd.ictx), 0);
	KUNIT_EXPECT_EQ(test, iommufd_vfio_compat_ioas_create(iofd.ictx),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, set_iommu(VFIO_NOIOMMU_IOMMU), 0);
	KUNIT_EXPECT_EQ(test, set_iommu(VFIO_TYPE1_IOMMU), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_iommu(VFIO_TYPE1v2_IOMMU), -EINVAL);
	KUNIT_EXPECT_EQ(test, check_extension(VFIO_TYPE1_IOMMU), 0);
	KUNIT_EXPECT_EQ(test, check_extension(VFIO_TYPE1v2_IOMMU), 0);
	KUNIT_EXPECT_EQ(test, check_extension(VFIO_UNMAP_ALL), 0);
	KUNIT_EXPECT_EQ(test, unmap(test, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL),
			-ENODEV);
}

/**
 * struct asking - a thread that asks for the compatibility IOAS
 * @id: what it is told
 * @rc: and the result
 */
struct asking {
	u32 id;
	int rc;
};

static void ask(void *data)
{
	struct asking *asking = data;

	asking->rc = iommufd_vfio_compat_ioas_get_id(iofd.ictx, &asking->id);
}

/* Its ID is another's before who has read it looks it up. */
static void vfio_ioas_is_not_another_of_its_id(struct kunit *test)
{
	u32 id = create(test)->obj.id;
	struct asking asking = {};
	struct held *asker;

	asker = hold_start(test, "vfio:found", ask, &asking);
	KUNIT_ASSERT_EQ(test, object_destroy(&iofd.ictx->objects, id), 0);
	KUNIT_ASSERT_EQ(test, iofd_ioas(test, &iofd)->obj.id, id);
	hold_finish(test, asker);
	KUNIT_EXPECT_EQ(test, asking.rc, -ENODEV);
}

/* There always is one, while another takes the place of the one that ends. */
static void vfio_ioas_is_the_one_that_follows(struct kunit *test)
{
	u32 id = create(test)->obj.id, next = iofd_ioas(test, &iofd)->obj.id;
	struct asking asking = {};
	struct held *asker;

	asker = hold_start(test, "vfio:found", ask, &asking);
	KUNIT_ASSERT_EQ(test, vfio_ioas(test, IOMMU_VFIO_IOAS_SET, &next), 0);
	KUNIT_ASSERT_EQ(test, object_destroy(&iofd.ictx->objects, id), 0);
	hold_finish(test, asker);
	KUNIT_EXPECT_EQ(test, asking.rc, 0);
	KUNIT_EXPECT_EQ(test, asking.id, next);
}

static void vfio_ioas_create_fails_without_a_trace(struct kunit *test)
{
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		int rc;

		fault_arm(&fault);
		rc = iommufd_vfio_compat_ioas_create(iofd.ictx);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, rc))
			KUNIT_EXPECT_EQ(test, rc, -ENOMEM);
		else
			KUNIT_ASSERT_EQ(test, object_destroy(&iofd.ictx->objects,
							     1), 0);
		KUNIT_ASSERT_TRUE(test, xa_empty(&iofd.ictx->objects.objects));
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
}

static const struct extension_case {
	const char *name;
	unsigned long extension;
	long rc;
} extension_cases[] = {
	{ "type1", VFIO_TYPE1_IOMMU, 1 },
	{ "type1v2", VFIO_TYPE1v2_IOMMU, 1 },
	{ "unmap-all", VFIO_UNMAP_ALL, 1 },
	{ "no-device-that-bypasses-caches", VFIO_DMA_CC_IOMMU, 1 },
	{ "no-iommu", VFIO_NOIOMMU_IOMMU, IS_ENABLED(CONFIG_VFIO_NOIOMMU) },
	{ "nesting", __VFIO_RESERVED_TYPE1_NESTING_IOMMU, 0 },
	{ "update-vaddr", VFIO_UPDATE_VADDR, 0 },
	{ "spapr", VFIO_SPAPR_TCE_IOMMU, 0 },
	{ "unknown", 1000, 0 },
};

KUNIT_ARRAY_PARAM_DESC(extension, extension_cases, name);

static void vfio_check_extension_tells_what_there_is(struct kunit *test)
{
	const struct extension_case *param = test->param_value;

	create(test);
	KUNIT_EXPECT_EQ(test, check_extension(param->extension), param->rc);
}

static const struct type_case {
	const char *name;
	unsigned long type;
	long rc;
	bool combine;
} type_cases[] = {
	{ "type1", VFIO_TYPE1_IOMMU, 0, false },
	{ "type1v2", VFIO_TYPE1v2_IOMMU, 0, true },
	{ "nesting", __VFIO_RESERVED_TYPE1_NESTING_IOMMU, -EINVAL, true },
	{ "no-iommu", VFIO_NOIOMMU_IOMMU, -EINVAL, true },
	{ "unknown", 1000, -EINVAL, true },
};

KUNIT_ARRAY_PARAM_DESC(type, type_cases, name);

static void vfio_set_iommu_takes_both_versions_of_type1(struct kunit *test)
{
	const struct type_case *param = test->param_value;
	struct iommufd_ioas *ioas = create(test);

	KUNIT_EXPECT_EQ(test, set_iommu(param->type), param->rc);
	KUNIT_EXPECT_EQ(test, ioas->combine, param->combine);
}

static const struct map_case {
	const char *name;
	u32 argsz_less;
	u32 flags;
	unsigned long npages;
	u64 iova;
	long rc;
} map_cases[] = {
	{ "read-and-write", 0, RW, 3, IOVA, 0 },
	{ "read", 0, VFIO_DMA_MAP_FLAG_READ, 3, IOVA, 0 },
	{ "write", 0, VFIO_DMA_MAP_FLAG_WRITE, 3, IOVA, 0 },
	{ "neither", 0, 0, 3, IOVA, -EINVAL },
	{ "new-address", 0, RW | VFIO_DMA_MAP_FLAG_VADDR, 3, IOVA, -EINVAL },
	{ "short-structure", 1, RW, 3, IOVA, -EINVAL },
	{ "nothing", 0, RW, 0, IOVA, -EINVAL },
	{ "taken", 0, RW, 3, SZ_2G, -EEXIST },
};

KUNIT_ARRAY_PARAM_DESC(map, map_cases, name);

static void vfio_map_dma_maps_as_told(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 3);
	struct paging *paging = paging_create(test, PAGING_VTDSS);
	const struct map_case *param = test->param_value;
	struct ioas_domain member = { .domain = &paging->domain };
	struct iommufd_ioas *ioas = create(test);
	struct vfio_iommu_type1_dma_map cmd = {
		.argsz = sizeof(cmd) - param->argsz_less,
		.flags = param->flags,
		.vaddr = va,
		.iova = param->iova,
		.size = param->npages << PAGE_SHIFT,
	};

	KUNIT_ASSERT_EQ(test, ioas_add_domain(ioas, &member), 0);
	KUNIT_ASSERT_EQ(test, map(test, SZ_2G, va, 1, RW), 0);
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, VFIO_IOMMU_MAP_DMA, &cmd,
					 sizeof(cmd)), param->rc);
	if (!param->rc)
		paging_expect_mapped(test, paging, IOVA, va, 3);
	KUNIT_EXPECT_EQ(test, unmap(test, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL),
			param->rc ? 1 : 4);
	ioas_remove_domain(ioas, &member);
}

static const struct unmap_case {
	const char *name;
	unsigned long first;
	unsigned long npages;
	u32 flags;
	/* How many pages are unmapped, or errno, by the version of type1 */
	long type1;
	long type1v2;
} unmap_cases[] = {
	/* Pages 0 to 9 and 10 to 19 are mapped, each at once. */
	{ "one", 0, 10, 0, 10, 10 },
	{ "both", 0, 20, 0, 20, 20 },
	{ "more-than-there-is", 0, 100, 0, 20, 20 },
	{ "start-of-one", 0, 4, 0, 4, -ENOENT },
	{ "middle-of-one", 3, 4, 0, 4, -ENOENT },
	{ "end-of-one", 6, 4, 0, 4, -ENOENT },
	{ "across-both", 6, 8, 0, 8, -ENOENT },
	{ "where-nothing-is", 30, 4, 0, 0, 0 },
	{ "no-pages", 0, 0, 0, -EINVAL, -EINVAL },
	{ "all", 0, 0, VFIO_DMA_UNMAP_FLAG_ALL, 20, 20 },
	{ "all-of-a-part", 0, 5, VFIO_DMA_UNMAP_FLAG_ALL, -EINVAL, -EINVAL },
	{ "all-from-somewhere", IOVA, 0, VFIO_DMA_UNMAP_FLAG_ALL, -EINVAL,
	  -EINVAL },
	{ "with-dirty-bitmap", 0, 10, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
	  -EINVAL, -EINVAL },
	{ "up-to-the-end-of-all", 0, (ULONG_MAX - IOVA) / PAGE_SIZE + 1, 0, 20,
	  20 },
	{ "beyond-the-end-of-all", 0, (ULONG_MAX - IOVA) / PAGE_SIZE + 2, 0,
	  -EOVERFLOW, -EOVERFLOW },
};

KUNIT_ARRAY_PARAM_DESC(unmap, unmap_cases, name);

/* What is left still is where it was, and all of it goes at the end. */
static void vfio_unmap_dma_by_version(struct kunit *test, unsigned long type,
				      long expected)
{
	unsigned long va = memory_map(test, MEMORY_MIXED, 20);
	struct paging *paging = paging_create(test, PAGING_VTDSS);
	const struct unmap_case *param = test->param_value;
	struct ioas_domain member = { .domain = &paging->domain };
	struct balance before = balance_now();
	struct iommufd_ioas *ioas = create(test);
	long unmapped = max(expected, 0L);

	KUNIT_ASSERT_EQ(test, set_iommu(type), 0);
	KUNIT_ASSERT_EQ(test, ioas_add_domain(ioas, &member), 0);
	KUNIT_ASSERT_EQ(test, map(test, IOVA, va, 10, RW), 0);
	KUNIT_ASSERT_EQ(test, map(test, IOVA + 10 * PAGE_SIZE,
				  va + 10 * PAGE_SIZE, 10, RW), 0);
	KUNIT_EXPECT_EQ(test, unmap(test, param->first, param->npages,
				    param->flags), expected);
	for (unsigned long i = 0; i < 20; i++) {
		bool gone = unmapped && i >= param->first &&
			    i < param->first + unmapped;

		if (gone)
			KUNIT_EXPECT_TRUE(test,
					  paging_is_empty(paging, IOVA +
							  i * PAGE_SIZE,
							  PAGE_SIZE));
		else
			paging_expect_mapped(test, paging, IOVA + i * PAGE_SIZE,
					     va + i * PAGE_SIZE, 1);
	}
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, 20 - unmapped);
	KUNIT_EXPECT_EQ(test, unmap(test, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL),
			20 - unmapped);
	balance_expect_even(test, &before);
	ioas_remove_domain(ioas, &member);
}

static void vfio_unmap_dma_of_type1(struct kunit *test)
{
	const struct unmap_case *param = test->param_value;

	vfio_unmap_dma_by_version(test, VFIO_TYPE1_IOMMU, param->type1);
}

static void vfio_unmap_dma_of_type1v2(struct kunit *test)
{
	const struct unmap_case *param = test->param_value;

	vfio_unmap_dma_by_version(test, VFIO_TYPE1v2_IOMMU, param->type1v2);
}

static const struct gone_case {
	const char *name;
	u64 iova;
	u64 size;
	long rc;
	u64 gone;
} gone_cases[] = {
	/* One page is mapped at IOVA, and four that are one follow it. */
	{ "cut", IOVA, 3 * PAGE_SIZE, -ENOENT, 0 },
	{ "beyond-the-end-of-all", IOVA, U64_MAX, -EOVERFLOW, 0 },
	{ "all", IOVA, 5 * PAGE_SIZE, 0, 5 * PAGE_SIZE },
};

KUNIT_ARRAY_PARAM_DESC(gone, gone_cases, name);

/* Programs may go by the size alone. */
static void vfio_unmap_dma_tells_what_is_gone(struct kunit *test)
{
	const struct gone_case *param = test->param_value;
	struct vfio_iommu_type1_dma_unmap cmd = {
		.argsz = sizeof(cmd),
		.iova = param->iova,
		.size = param->size,
	};

	create(test);
	KUNIT_ASSERT_EQ(test, map(test, IOVA, 0, 1, RW), 0);
	KUNIT_ASSERT_EQ(test, map(test, IOVA + PAGE_SIZE, 0, 4, RW), 0);
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, VFIO_IOMMU_UNMAP_DMA,
					 &cmd, sizeof(cmd)), param->rc);
	KUNIT_EXPECT_EQ(test, cmd.size, param->gone);
}

static void vfio_unmap_dma_takes_its_structure(struct kunit *test)
{
	struct vfio_iommu_type1_dma_unmap cmd = {
		.argsz = sizeof(cmd) - 1,
		.iova = IOVA,
		.size = PAGE_SIZE,
	};

	create(test);
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, VFIO_IOMMU_UNMAP_DMA,
					 &cmd, sizeof(cmd)), -EINVAL);
	KUNIT_EXPECT_EQ(test, iofd_raw_ioctl(&iofd, VFIO_IOMMU_UNMAP_DMA, 0),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, iofd_raw_ioctl(&iofd, VFIO_IOMMU_MAP_DMA, 0),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, iofd_raw_ioctl(&iofd, VFIO_IOMMU_GET_INFO, 0),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, iofd_raw_ioctl(&iofd, VFIO_IOMMU_DIRTY_PAGES, 0),
			-ENOTTY);
}

/**
 * struct info - the answer to VFIO_IOMMU_GET_INFO, with room for more
 * @info: its fixed part
 * @caps: capabilities, and what follows
 */
struct info {
	struct vfio_iommu_type1_info info;
	u8 caps[200];
};

static long get_info(struct kunit *test, struct info *info, u32 argsz)
{
	memset(info, 0xee, sizeof(*info));
	info->info.argsz = argsz;
	return iofd_ioctl(test, &iofd, VFIO_IOMMU_GET_INFO, info,
			  sizeof(*info));
}

static const void *find_cap(struct kunit *test, const struct info *info, u16 id)
{
	u32 at = info->info.cap_offset;

	while (at) {
		const struct vfio_info_cap_header *cap = (void *)info + at;

		KUNIT_ASSERT_LE(test, at + sizeof(*cap), info->info.argsz);
		if (cap->id == id)
			return cap;
		at = cap->next;
	}
	return NULL;
}

static void vfio_get_info_tells_as_much_as_there_is_room(struct kunit *test)
{
	const u32 fixed = offsetof(struct vfio_iommu_type1_info, cap_offset);
	struct info info;
	u32 all;

	create(test);
	KUNIT_EXPECT_EQ(test, get_info(test, &info, fixed - 1), -EINVAL);
	KUNIT_ASSERT_EQ(test, get_info(test, &info, fixed), 0);
	all = info.info.argsz;
	KUNIT_EXPECT_GT(test, all, sizeof(info.info));
	KUNIT_EXPECT_EQ(test, info.info.flags, VFIO_IOMMU_INFO_PGSIZES |
					       VFIO_IOMMU_INFO_CAPS);
	/* Not a byte more than there is room for. */
	KUNIT_EXPECT_EQ(test, info.info.cap_offset, 0xeeeeeeee);
	KUNIT_ASSERT_EQ(test, get_info(test, &info, all - 1), 0);
	KUNIT_EXPECT_EQ(test, info.info.argsz, all);
	KUNIT_EXPECT_EQ(test, info.info.cap_offset, 0);
	KUNIT_EXPECT_EQ(test, info.caps[0], 0xee);
	KUNIT_ASSERT_EQ(test, get_info(test, &info, sizeof(info)), 0);
	KUNIT_EXPECT_EQ(test, info.info.argsz, all);
	KUNIT_EXPECT_NE(test, info.info.cap_offset, 0);
	KUNIT_EXPECT_EQ(test, info.caps[all - sizeof(info.info)], 0xee);
}

static void vfio_get_info_describes_the_domains(struct kunit *test)
{
	const struct vfio_iommu_type1_info_cap_iova_range *ranges;
	const struct vfio_iommu_type1_info_dma_avail *avail;
	struct paging *paging = paging_create(test, PAGING_RECORD);
	struct ioas_domain member = { .domain = &paging->domain };
	struct iommufd_ioas *ioas = create(test);
	struct info info;

	paging->domain.geometry.aperture_start = 0x2000;
	paging->domain.geometry.aperture_end = SZ_4G - 1;
	KUNIT_ASSERT_EQ(test, ioas_add_domain(ioas, &member), 0);
	KUNIT_ASSERT_EQ(test, iova_space_reserve(&ioas->space, 0x5000, 0x5fff,
						 &iofd), 0);
	KUNIT_ASSERT_EQ(test, get_info(test, &info, sizeof(info)), 0);
	/* Pages of less than PAGE_SIZE are not for memory that is pinned. */
	KUNIT_EXPECT_EQ(test, info.info.iova_pgsizes, PAGE_SIZE |
						      8 * PAGE_SIZE);
	avail = find_cap(test, &info, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
	KUNIT_ASSERT_NOT_NULL(test, avail);
	KUNIT_EXPECT_EQ(test, avail->avail, U32_MAX);
	ranges = find_cap(test, &info, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	KUNIT_ASSERT_NOT_NULL(test, ranges);
	KUNIT_ASSERT_EQ(test, ranges->nr_iovas, 2);
	KUNIT_EXPECT_EQ(test, ranges->iova_ranges[0].start, 0x2000);
	KUNIT_EXPECT_EQ(test, ranges->iova_ranges[0].end, 0x4fff);
	KUNIT_EXPECT_EQ(test, ranges->iova_ranges[1].start, 0x6000);
	KUNIT_EXPECT_EQ(test, ranges->iova_ranges[1].end, SZ_4G - 1);
	iova_space_unreserve(&ioas->space, &iofd);
	ioas_remove_domain(ioas, &member);
}

/* Programs add 1 to the end of a range, which must not be 0 then. */
static void vfio_get_info_ends_before_the_last_page(struct kunit *test)
{
	const struct vfio_iommu_type1_info_cap_iova_range *ranges;
	struct iommufd_ioas *ioas = create(test);
	struct info info;

	KUNIT_ASSERT_EQ(test, get_info(test, &info, sizeof(info)), 0);
	ranges = find_cap(test, &info, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	KUNIT_ASSERT_NOT_NULL(test, ranges);
	KUNIT_ASSERT_EQ(test, ranges->nr_iovas, 1);
	KUNIT_EXPECT_EQ(test, ranges->iova_ranges[0].start, 0);
	KUNIT_EXPECT_EQ(test, ranges->iova_ranges[0].end + 1, -PAGE_SIZE);

	/* Where only that page is left there is no range at all. */
	KUNIT_ASSERT_EQ(test, iova_space_reserve(&ioas->space, 0,
						 ULONG_MAX - PAGE_SIZE, &iofd),
			0);
	KUNIT_ASSERT_EQ(test, get_info(test, &info, sizeof(info)), 0);
	ranges = find_cap(test, &info, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	KUNIT_ASSERT_NOT_NULL(test, ranges);
	KUNIT_EXPECT_EQ(test, ranges->nr_iovas, 0);
	iova_space_unreserve(&ioas->space, &iofd);
}

static void vfio_get_info_fails_where_there_is_no_memory(struct kunit *test)
{
	struct info *info = (struct info *)iofd.arg;
	struct fault fault;

	create(test);
	fault_require(test);
	for_each_fault(&fault) {
		int rc;

		KUNIT_ASSERT_EQ(test, put_user((u32)sizeof(*info),
					       (u32 __user *)info), 0);
		fault_arm(&fault);
		rc = iofd_raw_ioctl(&iofd, VFIO_IOMMU_GET_INFO,
				    (unsigned long)info);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, rc))
			KUNIT_EXPECT_EQ(test, rc, -ENOMEM);
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
}

static int vfio_test_init(struct kunit *test)
{
	iofd_open(test, &iofd);
	return 0;
}

static void vfio_test_exit(struct kunit *test)
{
	if (iofd.file)
		iofd_close(&iofd);
	iofd.file = NULL;
}

static struct kunit_case vfio_test_cases[] = {
	KUNIT_CASE(vfio_without_an_ioas_there_is_no_container),
	KUNIT_CASE(vfio_ioas_is_set_and_cleared),
	KUNIT_CASE(vfio_ioas_that_is_destroyed_is_forgotten),
	KUNIT_CASE(vfio_ioas_is_made_once),
	KUNIT_CASE(vfio_without_an_iommu_has_no_ioas),
	KUNIT_CASE(vfio_ioas_is_not_another_of_its_id),
	KUNIT_CASE(vfio_ioas_is_the_one_that_follows),
	KUNIT_CASE(vfio_ioas_create_fails_without_a_trace),
	KUNIT_CASE_PARAM(vfio_check_extension_tells_what_there_is,
			 extension_gen_params),
	KUNIT_CASE_PARAM(vfio_set_iommu_takes_both_versions_of_type1,
			 type_gen_params),
	KUNIT_CASE_PARAM(vfio_map_dma_maps_as_told, map_gen_params),
	KUNIT_CASE_PARAM(vfio_unmap_dma_of_type1, unmap_gen_params),
	KUNIT_CASE_PARAM(vfio_unmap_dma_of_type1v2, unmap_gen_params),
	KUNIT_CASE_PARAM(vfio_unmap_dma_tells_what_is_gone, gone_gen_params),
	KUNIT_CASE(vfio_unmap_dma_takes_its_structure),
	KUNIT_CASE(vfio_get_info_tells_as_much_as_there_is_room),
	KUNIT_CASE(vfio_get_info_describes_the_domains),
	KUNIT_CASE(vfio_get_info_ends_before_the_last_page),
	KUNIT_CASE(vfio_get_info_fails_where_there_is_no_memory),
	{}
};

static struct kunit_suite vfio_test_suite = {
	.name = "iommufd-vfio",
	.init = vfio_test_init,
	.exit = vfio_test_exit,
	.test_cases = vfio_test_cases,
};

kunit_test_suite(vfio_test_suite);

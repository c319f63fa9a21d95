// SPDX-License-Identifier: GPL-2.0-only
/* The ioctls of a VFIO container, without a group: what they answer when they fail. */
#include <errno.h>
#include <linux/vfio.h>
#include <unistd.h>

#include "uapi.h"

#define IOVA 0x11000UL

/* An iommufd with a compatibility IOAS, where four pages are mapped at once. */
static int container_open(void)
{
	struct iommu_vfio_ioas set = { .size = sizeof(set), .op = IOMMU_VFIO_IOAS_SET };
	int iofd = iofd_open();

	ASSERT_OK(ioas_alloc(iofd, &set.ioas_id));
	ASSERT_OK(iofd_ioctl(iofd, IOMMU_VFIO_IOAS, &set));
	ASSERT_OK(ioas_map_at(iofd, set.ioas_id, (void *)GIB, 4 * PAGE, IOVA));
	return iofd;
}

struct unmap {
	__u64 iova, size;
	int error;
	__u64 gone;		/* what the size says afterwards */
};

/* Programs may go by the size alone. */
static void run_unmap(const void *arg)
{
	const struct unmap *unmap = arg;
	struct vfio_iommu_type1_dma_unmap cmd = {
		.argsz = sizeof(cmd),
		.iova = unmap->iova,
		.size = unmap->size,
	};
	int iofd = container_open();

	EXPECT_ERR(unmap->error, iofd_ioctl(iofd, VFIO_IOMMU_UNMAP_DMA, &cmd));
	EXPECT_EQ(unmap->gone, cmd.size);
	close(iofd);
}

static const struct unmap whole = { IOVA, 4 * PAGE, 0, 4 * PAGE };
static const struct unmap cut = { IOVA - PAGE, 3 * PAGE, -ENOENT, 0 };
static const struct unmap nothing = { IOVA + GIB, PAGE, 0, 0 };
static const struct unmap overflow = { IOVA, ~0ULL - PAGE, -EOVERFLOW, 0 };
static const struct unmap no_bytes = { IOVA, 0, -EINVAL, 0 };

static const struct ktap_case cases[] = {
	{ "unmap-whole", run_unmap, &whole },
	{ "unmap-cut", run_unmap, &cut },
	{ "unmap-nothing", run_unmap, &nothing },
	{ "unmap-overflow", run_unmap, &overflow },
	{ "unmap-no-bytes", run_unmap, &no_bytes },
	{}
};

const struct ktap_suite uapi_container = { "container", cases };

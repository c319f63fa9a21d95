// SPDX-License-Identifier: GPL-2.0-only
/* What holds for every ioctl: numbers, structure sizes, the pointer. */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "uapi.h"

/*
 * An ioctl with a structure that it accepts. Fields after the first min bytes may be missing. undo
 * takes back what a success did.
 */
struct op {
	unsigned long cmd;
	size_t min;
	size_t full;
	void (*fill)(struct uapi *u, void *cmd);
	void (*undo)(struct uapi *u, void *cmd);
};

static void fill_destroy(struct uapi *u, void *to)
{
	struct iommu_destroy *cmd = to;

	ASSERT_OK(ioas_alloc(u->rig.iofd, &cmd->id));
}

static void undo_ioas_alloc(struct uapi *u, void *to)
{
	struct iommu_ioas_alloc *cmd = to;

	EXPECT_OK(iofd_destroy(u->rig.iofd, cmd->out_ioas_id));
}

static void fill_iova_ranges(struct uapi *u, void *to)
{
	static struct iommu_iova_range ranges[16];
	struct iommu_ioas_iova_ranges *cmd = to;

	cmd->ioas_id = u->rig.ioas;
	cmd->num_iovas = ARRAY_SIZE(ranges);
	cmd->allowed_iovas = (__u64)ranges;
}

static void fill_allow_iovas(struct uapi *u, void *to)
{
	struct iommu_ioas_allow_iovas *cmd = to;

	cmd->ioas_id = u->rig.ioas;
}

static void fill_map(struct uapi *u, void *to)
{
	struct iommu_ioas_map *cmd = to;

	cmd->flags = IOAS_FIXED_RW;
	cmd->ioas_id = u->rig.ioas;
	cmd->user_va = (__u64)u->mem.va;
	cmd->length = PAGE;
	cmd->iova = UAPI_FREE;
}

static void undo_map(struct uapi *u, void *to)
{
	(void)to;
	EXPECT_OK(ioas_unmap_at(u->rig.iofd, u->rig.ioas, UAPI_FREE, PAGE));
}

static void fill_map_file(struct uapi *u, void *to)
{
	struct iommu_ioas_map_file *cmd = to;
	int fd = memfd_create("table", MFD_CLOEXEC);

	ASSERT_EQ(0, ftruncate(fd, PAGE));
	cmd->flags = IOAS_FIXED_RW;
	cmd->ioas_id = u->rig.ioas;
	cmd->fd = fd;
	cmd->length = PAGE;
	cmd->iova = UAPI_FREE;
}

static void undo_map_file(struct uapi *u, void *to)
{
	struct iommu_ioas_map_file *cmd = to;

	close(cmd->fd);
	undo_map(u, to);
}

static void fill_copy(struct uapi *u, void *to)
{
	struct iommu_ioas_copy *cmd = to;

	cmd->flags = IOAS_FIXED_RW;
	cmd->dst_ioas_id = u->rig.ioas;
	cmd->src_ioas_id = u->rig.ioas;
	cmd->length = UAPI_ANCHOR_BYTES;
	cmd->dst_iova = UAPI_FREE;
	cmd->src_iova = UAPI_ANCHOR;
}

static void undo_copy(struct uapi *u, void *to)
{
	(void)to;
	EXPECT_OK(ioas_unmap_at(u->rig.iofd, u->rig.ioas, UAPI_FREE, UAPI_ANCHOR_BYTES));
}

static void fill_unmap(struct uapi *u, void *to)
{
	struct iommu_ioas_unmap *cmd = to;

	ASSERT_OK(ioas_map_at(u->rig.iofd, u->rig.ioas, u->mem.va, PAGE, UAPI_FREE));
	cmd->ioas_id = u->rig.ioas;
	cmd->iova = UAPI_FREE;
	cmd->length = PAGE;
}

static void fill_option(struct uapi *u, void *to)
{
	struct iommu_option *cmd = to;

	cmd->option_id = IOMMU_OPTION_HUGE_PAGES;
	cmd->op = IOMMU_OPTION_OP_GET;
	cmd->object_id = u->rig.ioas;
}

static void fill_hwpt_alloc(struct uapi *u, void *to)
{
	struct iommu_hwpt_alloc *cmd = to;

	cmd->dev_id = u->rig.edu[0].devid;
	cmd->pt_id = u->rig.ioas;
}

static void undo_hwpt_alloc(struct uapi *u, void *to)
{
	struct iommu_hwpt_alloc *cmd = to;

	EXPECT_OK(iofd_destroy(u->rig.iofd, cmd->out_hwpt_id));
}

static void fill_hw_info(struct uapi *u, void *to)
{
	struct iommu_hw_info *cmd = to;

	cmd->dev_id = u->rig.edu[0].devid;
}

/* Calls it with the first size bytes of a good structure and whatever follows in room. */
static int call(struct uapi *u, const struct op *op, unsigned char *room, __u32 size)
{
	memcpy(room, &size, sizeof(size));
	return iofd_ioctl(u->rig.iofd, op->cmd, room);
}

static void expect_accepted(struct uapi *u, const struct op *op, unsigned char *room, __u32 size)
{
	memset(room, 0, 2 * PAGE);
	op->fill(u, room);
	if (!EXPECT_OK(call(u, op, room, size)))
		ktap_note("with a size of %u", size);
	else if (op->undo)
		op->undo(u, room);
	uapi_note_state(u);
}

static void run_op(const void *arg)
{
	static unsigned char room[2 * PAGE];
	const struct op *op = arg;
	unsigned char *page;
	struct uapi u;
	__u32 size;

	uapi_open(&u);

	/* Refused before anything is looked at: the structure need not be good. */
	for (size = 0; size < op->min; size++)
		EXPECT_REFUSED(&u, -EINVAL, call(&u, op, room, size));
	EXPECT_REFUSED(&u, -EFAULT, iofd_ioctl(u.rig.iofd, op->cmd, NULL));
	EXPECT_REFUSED(&u, -EFAULT, iofd_ioctl(u.rig.iofd, op->cmd, (void *)(~0UL << 47)));

	for (size = op->min; size <= op->full; size += 4)
		expect_accepted(&u, op, room, size);
	expect_accepted(&u, op, room, op->full + 1);
	expect_accepted(&u, op, room, op->full + 8);
	expect_accepted(&u, op, room, 2 * PAGE);

	memset(room, 0, sizeof(room));
	op->fill(&u, room);
	uapi_note_state(&u);
	room[op->full + 7] = 1;
	EXPECT_REFUSED(&u, -E2BIG, call(&u, op, room, op->full + 8));
	EXPECT_REFUSED(&u, -E2BIG, call(&u, op, room, 2 * PAGE));
	room[op->full + 7] = 0;
	room[op->full] = 0x80;
	EXPECT_REFUSED(&u, -E2BIG, call(&u, op, room, op->full + 1));
	room[op->full] = 0;

	/* The end of the structure, or of what it says is its tail, cannot be read. */
	page = uapi_guarded_page();
	memcpy(page + PAGE - op->full + 4, room, op->full - 4);
	EXPECT_REFUSED(&u, -EFAULT, call(&u, op, page + PAGE - op->full + 4, op->full));
	memcpy(page + PAGE - op->full, room, op->full);
	EXPECT_REFUSED(&u, -EFAULT, call(&u, op, page + PAGE - op->full, op->full + 8));

	/* And the structure was good all the time. */
	EXPECT_OK(call(&u, op, room, op->full));
	if (op->undo)
		op->undo(&u, room);
	uapi_close(&u);
}

static void run_numbers(const void *arg)
{
	static unsigned char room[PAGE];
	__u32 size = sizeof(room);
	unsigned int nr;
	struct uapi u;

	(void)arg;
	uapi_open(&u);
	memcpy(room, &size, sizeof(size));
	/*
	 * One of them, in a kernel for tests, is IOMMU_TEST_CMD, which does nothing for an empty
	 * structure.
	 */
	for (nr = 0x96; nr < 0x100; nr++)
		EXPECT_ERR2(-ENOTTY, nr == IOMMUFD_CMD_BASE + 32 ? -EOPNOTSUPP : 1,
			    iofd_ioctl(u.rig.iofd, _IO(IOMMUFD_TYPE, nr), room));
	/* Below are VFIO's numbers, 100 and up; the container's among them may be answered. */
	for (nr = 0; nr < VFIO_BASE; nr++)
		EXPECT_ERR(-ENOTTY, iofd_ioctl(u.rig.iofd, _IO(IOMMUFD_TYPE, nr), room));
	/* The number alone is not the command. */
	for (nr = IOMMUFD_CMD_BASE; nr <= IOMMUFD_CMD_IOAS_NOIOMMU_GET_PA; nr++) {
		EXPECT_ERR(-ENOTTY, iofd_ioctl(u.rig.iofd, _IO('<', nr), room));
		EXPECT_ERR(-ENOTTY, iofd_ioctl(u.rig.iofd, _IOWR(IOMMUFD_TYPE, nr, int), room));
	}
	EXPECT_TRUE(uapi_unchanged(__FILE__, __LINE__, &u));
	uapi_close(&u);
}

/* What a file is asked besides ioctls. */
static void run_file(const void *arg)
{
	int iofd = iofd_open();
	char byte = 0;

	(void)arg;
	ASSERT_TRUE(iofd >= 0);
	EXPECT_EQ(-1, read(iofd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(iofd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, iofd, 0) == MAP_FAILED);
	close(iofd);
}

static void fill_nothing(struct uapi *u, void *to)
{
	(void)u;
	(void)to;
}

/* The minimum is the size of the structure in the first kernel that had the ioctl. */
#define OP(_name, _cmd, _min, _full, _fill, _undo) \
	{ _name, run_op, &(const struct op){ _cmd, _min, sizeof(struct _full), _fill, _undo } }

static const struct ktap_case cases[] = {
	{ "numbers", run_numbers, NULL },
	{ "file", run_file, NULL },
	OP("destroy", IOMMU_DESTROY, 8, iommu_destroy, fill_destroy, NULL),
	OP("ioas-alloc", IOMMU_IOAS_ALLOC, 12, iommu_ioas_alloc, fill_nothing, undo_ioas_alloc),
	OP("ioas-iova-ranges", IOMMU_IOAS_IOVA_RANGES, 32, iommu_ioas_iova_ranges,
	   fill_iova_ranges, NULL),
	OP("ioas-allow-iovas", IOMMU_IOAS_ALLOW_IOVAS, 24, iommu_ioas_allow_iovas,
	   fill_allow_iovas, NULL),
	OP("ioas-map", IOMMU_IOAS_MAP, 40, iommu_ioas_map, fill_map, undo_map),
	OP("ioas-map-file", IOMMU_IOAS_MAP_FILE, 40, iommu_ioas_map_file, fill_map_file,
	   undo_map_file),
	OP("ioas-copy", IOMMU_IOAS_COPY, 40, iommu_ioas_copy, fill_copy, undo_copy),
	OP("ioas-unmap", IOMMU_IOAS_UNMAP, 24, iommu_ioas_unmap, fill_unmap, NULL),
	OP("option", IOMMU_OPTION, 24, iommu_option, fill_option, NULL),
	OP("hwpt-alloc", IOMMU_HWPT_ALLOC, 24, iommu_hwpt_alloc, fill_hwpt_alloc, undo_hwpt_alloc),
	OP("get-hw-info", IOMMU_GET_HW_INFO, 32, iommu_hw_info, fill_hw_info, NULL),
	{}
};

const struct ktap_suite uapi_table = { "table", cases };

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls: how their structures are taken, and what they refuse. What they
 * then do is tested with the units that do it.
 */
#include <kunit/test.h>
#include <linux/iommufd.h>
#include <linux/mman.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "alloc_fault.h"
#include "balance.h"
#include "hold.h"
#include "ioas/ioas.h"
#include "iofd.h"
#include "memory.h"

static struct iofd iofd;

/*
 * All ioctls: the structure as it was first released, and the whole of it.
 * Filled with nothing but the size, each is refused for what it lacks.
 */
static const struct op_case {
	const char *name;
	unsigned int cmd;
	size_t min_bytes;
	size_t size_bytes;
	int rc;
} op_cases[] = {
	{ "destroy", IOMMU_DESTROY, 8, sizeof(struct iommu_destroy), -ENOENT },
	{ "ioas-alloc", IOMMU_IOAS_ALLOC, 12, sizeof(struct iommu_ioas_alloc),
	  0 },
	{ "ioas-allow-iovas", IOMMU_IOAS_ALLOW_IOVAS, 24,
	  sizeof(struct iommu_ioas_allow_iovas), -ENOENT },
	{ "ioas-copy", IOMMU_IOAS_COPY, 40, sizeof(struct iommu_ioas_copy),
	  -EINVAL },
	{ "ioas-iova-ranges", IOMMU_IOAS_IOVA_RANGES, 32,
	  sizeof(struct iommu_ioas_iova_ranges), -ENOENT },
	{ "ioas-map", IOMMU_IOAS_MAP, 40, sizeof(struct iommu_ioas_map),
	  -EINVAL },
	{ "ioas-map-file", IOMMU_IOAS_MAP_FILE, 40,
	  sizeof(struct iommu_ioas_map_file), -EINVAL },
	{ "ioas-unmap", IOMMU_IOAS_UNMAP, 24, sizeof(struct iommu_ioas_unmap),
	  -EINVAL },
	{ "option", IOMMU_OPTION, 24, sizeof(struct iommu_option), 0 },
	{ "vfio-ioas", IOMMU_VFIO_IOAS, 12, sizeof(struct iommu_vfio_ioas),
	  -ENODEV },
	{ "hwpt-alloc", IOMMU_HWPT_ALLOC, 24, sizeof(struct iommu_hwpt_alloc),
	  -ENOENT },
	{ "get-hw-info", IOMMU_GET_HW_INFO, 32, sizeof(struct iommu_hw_info),
	  -ENOENT },
};

KUNIT_ARRAY_PARAM_DESC(op, op_cases, name);

/* A structure of zeroes but for its size, and the page that follows. */
static long call_zeroed(struct kunit *test, const struct op_case *op,
			u32 size_bytes)
{
	void __user *user = (void __user *)iofd.arg;

	KUNIT_ASSERT_EQ(test, clear_user(user, PAGE_SIZE), 0);
	KUNIT_ASSERT_EQ(test, put_user(size_bytes, (u32 __user *)user), 0);
	return iofd_raw_ioctl(&iofd, op->cmd, iofd.arg);
}

static void ioctl_takes_its_structure(struct kunit *test)
{
	const struct op_case *op = test->param_value;

	KUNIT_EXPECT_EQ(test, call_zeroed(test, op, op->size_bytes), op->rc);
}

static void ioctl_takes_the_first_release(struct kunit *test)
{
	const struct op_case *op = test->param_value;

	KUNIT_EXPECT_EQ(test, call_zeroed(test, op, op->min_bytes), op->rc);
}

static void ioctl_refuses_a_shorter_structure(struct kunit *test)
{
	const struct op_case *op = test->param_value;
	static const u32 sizes[] = { 0, 1, 4 };

	KUNIT_EXPECT_EQ(test, call_zeroed(test, op, op->min_bytes - 1),
			-EINVAL);
	for (int i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_EQ(test, call_zeroed(test, op, sizes[i]), -EINVAL);
}

static void ioctl_takes_a_longer_structure_of_zeroes(struct kunit *test)
{
	const struct op_case *op = test->param_value;

	KUNIT_EXPECT_EQ(test, call_zeroed(test, op, op->size_bytes + 1),
			op->rc);
	KUNIT_EXPECT_EQ(test, call_zeroed(test, op, PAGE_SIZE), op->rc);
}

/* The last byte is what the kernel does not know. */
static void ioctl_refuses_what_it_does_not_know(struct kunit *test)
{
	void __user *user = (void __user *)iofd.arg;
	const struct op_case *op = test->param_value;

	KUNIT_ASSERT_EQ(test, clear_user(user, PAGE_SIZE), 0);
	KUNIT_ASSERT_EQ(test, put_user((u32)op->size_bytes + 40,
				       (u32 __user *)user), 0);
	memory_write(test, iofd.arg + op->size_bytes + 39, 1);
	KUNIT_EXPECT_EQ(test, iofd_raw_ioctl(&iofd, op->cmd, iofd.arg), -E2BIG);
	/* Beyond what it was told of, it does not look. */
	memory_write(test, iofd.arg + op->size_bytes + 39, 0);
	memory_write(test, iofd.arg + op->size_bytes + 40, 1);
	KUNIT_EXPECT_EQ(test, iofd_raw_ioctl(&iofd, op->cmd, iofd.arg), op->rc);
}

static void ioctl_fails_where_there_is_no_memory(struct kunit *test)
{
	unsigned long hole = memory_map_prot(test, 1, PROT_NONE);
	const struct op_case *op = test->param_value;
	unsigned long end;

	KUNIT_EXPECT_EQ(test, iofd_raw_ioctl(&iofd, op->cmd, 0), -EFAULT);
	KUNIT_EXPECT_EQ(test, iofd_raw_ioctl(&iofd, op->cmd, hole), -EFAULT);
	/* The size is there, and the rest is not. */
	end = memory_map_prot(test, MEMORY_HUGE_NPAGES, PROT_READ | PROT_WRITE);
	KUNIT_ASSERT_EQ(test, vm_munmap(end + PAGE_SIZE, PAGE_SIZE), 0);
	end += PAGE_SIZE - sizeof(u32);
	KUNIT_ASSERT_EQ(test, put_user((u32)op->size_bytes,
				       (u32 __user *)end), 0);
	KUNIT_EXPECT_EQ(test, iofd_raw_ioctl(&iofd, op->cmd, end), -EFAULT);
}

static const struct unknown_case {
	const char *name;
	unsigned int cmd;
} unknown_cases[] = {
	{ "below-the-first", _IO(IOMMUFD_TYPE, IOMMUFD_CMD_BASE - 1) },
	{ "beyond-the-last", _IO(IOMMUFD_TYPE, 0xff) },
	{ "between", _IO(IOMMUFD_TYPE, 0x9f) },
	{ "other-type", _IO('x', IOMMUFD_CMD_DESTROY) },
	{ "with-a-size", _IOW(IOMMUFD_TYPE, IOMMUFD_CMD_DESTROY, u64) },
	{ "zero", 0 },
	{ "all-ones", 0xffffffff },
};

KUNIT_ARRAY_PARAM_DESC(unknown, unknown_cases, name);

static void ioctl_unknown_is_no_typewriter(struct kunit *test)
{
	const struct unknown_case *param = test->param_value;

	KUNIT_EXPECT_EQ(test, iofd_raw_ioctl(&iofd, param->cmd, iofd.arg),
			-ENOTTY);
	KUNIT_EXPECT_EQ(test, iofd_raw_ioctl(&iofd, param->cmd, 0), -ENOTTY);
}

static u32 alloc_ioas(struct kunit *test)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };

	KUNIT_ASSERT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_ALLOC, &cmd,
					 sizeof(cmd)), 0);
	return cmd.out_ioas_id;
}

static int destroy(struct kunit *test, u32 id)
{
	struct iommu_destroy cmd = { .size = sizeof(cmd), .id = id };

	return iofd_ioctl(test, &iofd, IOMMU_DESTROY, &cmd, sizeof(cmd));
}

static void ioctl_ioas_lives_from_alloc_to_destroy(struct kunit *test)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd), .flags = 1 };
	u32 id = alloc_ioas(test);

	KUNIT_EXPECT_NE(test, id, 0);
	KUNIT_EXPECT_EQ(test, destroy(test, id + 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, destroy(test, id), 0);
	KUNIT_EXPECT_EQ(test, destroy(test, id), -ENOENT);
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_ALLOC, &cmd,
					 sizeof(cmd)), -EOPNOTSUPP);
	KUNIT_EXPECT_TRUE(test, xa_empty(&iofd.ictx->objects.objects));
}

/* The argument can be read, but not written back. */
static void ioctl_undoes_when_it_cannot_reply(struct kunit *test)
{
	struct file *file = memory_shmem(test, 1);
	unsigned long rw = memory_map_file(test, file, 1);
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	unsigned long ro = memory_map_as(test, file, 0, PAGE_SIZE, PROT_READ,
					 MAP_SHARED);

	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)rw, &cmd,
					   sizeof(cmd)), 0);
	KUNIT_EXPECT_EQ(test, iofd_raw_ioctl(&iofd, IOMMU_IOAS_ALLOC, ro),
			-EFAULT);
	KUNIT_EXPECT_TRUE(test, xa_empty(&iofd.ictx->objects.objects));
}

static void ioctl_ioas_alloc_fails_without_a_trace(struct kunit *test)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	struct fault fault;

	fault_require(test);
	for_each_fault(&fault) {
		int rc;

		KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)iofd.arg,
						   &cmd, sizeof(cmd)), 0);
		fault_arm(&fault);
		rc = iofd_raw_ioctl(&iofd, IOMMU_IOAS_ALLOC, iofd.arg);
		fault_disarm(&fault);
		if (fault_failed(test, &fault, rc))
			KUNIT_EXPECT_EQ(test, rc, -ENOMEM);
		else
			KUNIT_EXPECT_EQ(test, destroy(test, 1), 0);
		KUNIT_ASSERT_TRUE(test, xa_empty(&iofd.ictx->objects.objects));
	}
	KUNIT_EXPECT_GE(test, fault.nr_failed, 1);
}

#define READABLE	IOMMU_IOAS_MAP_READABLE
#define WRITEABLE	IOMMU_IOAS_MAP_WRITEABLE
#define FIXED		IOMMU_IOAS_MAP_FIXED_IOVA

static const struct map_case {
	const char *name;
	u32 flags;
	u32 reserved;
	u32 id_offset;
	u64 skip_bytes;
	u64 length;
	u64 iova;
	int rc;
} map_cases[] = {
	{ "readable", FIXED | READABLE, 0, 0, 0, 0x1000, 0x10000, 0 },
	{ "writeable", FIXED | WRITEABLE, 0, 0, 0, 0x1000, 0x10000, 0 },
	{ "at-a-chosen-place", READABLE, 0, 0, 0, 0x1000, 0, 0 },
	{ "neither", FIXED, 0, 0, 0, 0x1000, 0x10000, -EINVAL },
	{ "unknown-flag", FIXED | READABLE | BIT(3), 0, 0, 0, 0x1000, 0x10000,
	  -EOPNOTSUPP },
	{ "reserved", FIXED | READABLE, 1, 0, 0, 0x1000, 0x10000,
	  -EOPNOTSUPP },
	{ "no-such-ioas", FIXED | READABLE, 0, 7, 0, 0x1000, 0x10000,
	  -ENOENT },
	{ "nothing", FIXED | READABLE, 0, 0, 0, 0, 0x10000, -EINVAL },
	{ "iova-wraps", FIXED | READABLE, 0, 0, 0, 0x2000,
	  U64_MAX - 0xfff, -EOVERFLOW },
	{ "up-to-the-last-iova", FIXED | READABLE, 0, 0, 0, 0x1000,
	  U64_MAX - 0xfff, 0 },
	{ "address-wraps", FIXED | READABLE, 0, 0, U64_MAX - 0x1000, U64_MAX -
	  1, 0, -EOVERFLOW },
	{ "longer-than-all", FIXED | READABLE, 0, 0, 0, U64_MAX, 0,
	  -EOVERFLOW },
	{ "taken", FIXED | READABLE, 0, 0, 0, 0x1000, 0x5000, -EEXIST },
	{ "partly-taken", FIXED | READABLE, 0, 0, 0, 0x2000, 0x4000,
	  -EEXIST },
};

KUNIT_ARRAY_PARAM_DESC(map, map_cases, name);

/* 0x5000 to 0x5fff are mapped. */
static void ioctl_ioas_map_checks_its_arguments(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 4);
	const struct map_case *param = test->param_value;
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd),
		.flags = FIXED | READABLE,
		.ioas_id = alloc_ioas(test),
		.user_va = va,
		.length = 0x1000,
		.iova = 0x5000,
	};
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = cmd.ioas_id,
		.length = U64_MAX,
	};
	u64 expected = param->rc ? 0x1000 : 0x1000 + param->length;

	KUNIT_ASSERT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_MAP, &cmd,
					 sizeof(cmd)), 0);
	cmd.flags = param->flags;
	cmd.ioas_id += param->id_offset;
	cmd.__reserved = param->reserved;
	cmd.user_va = va + param->skip_bytes;
	cmd.length = param->length;
	cmd.iova = param->iova;
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_MAP, &cmd,
					 sizeof(cmd)), param->rc);
	/* A chosen place is told, and is not the one that is taken. */
	if (!param->rc && !(param->flags & FIXED))
		KUNIT_EXPECT_NE(test, cmd.iova, 0x5000);
	else
		KUNIT_EXPECT_EQ(test, cmd.iova, param->iova);

	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_UNMAP, &unmap,
					 sizeof(unmap)), 0);
	KUNIT_EXPECT_EQ(test, unmap.length, expected);
}

static const struct unmap_case {
	const char *name;
	u32 id_offset;
	u64 iova;
	u64 length;
	int rc;
} unmap_cases[] = {
	{ "all", 0, 0, U64_MAX, 0 },
	{ "it", 0, 0x5000, 0x1000, 0 },
	{ "nothing", 0, 0x5000, 0, -EINVAL },
	{ "where-nothing-is", 0, 0x8000, 0x1000, -ENOENT },
	{ "part-of-it", 0, 0x5000, 0x800, -ENOENT },
	{ "wraps", 0, U64_MAX, 2, -EOVERFLOW },
	{ "longest-but-not-all", 0, 0x5000, U64_MAX, -EOVERFLOW },
	{ "no-such-ioas", 9, 0, U64_MAX, -ENOENT },
};

KUNIT_ARRAY_PARAM_DESC(unmap, unmap_cases, name);

static void ioctl_ioas_unmap_checks_its_arguments(struct kunit *test)
{
	const struct unmap_case *param = test->param_value;
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = FIXED | READABLE,
		.ioas_id = alloc_ioas(test),
		.user_va = memory_map(test, MEMORY_BASE, 1),
		.length = 0x1000,
		.iova = 0x5000,
	};
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd),
		.ioas_id = map.ioas_id + param->id_offset,
		.iova = param->iova,
		.length = param->length,
	};

	KUNIT_ASSERT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_MAP, &map,
					 sizeof(map)), 0);
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_UNMAP, &cmd,
					 sizeof(cmd)), param->rc);
	KUNIT_EXPECT_EQ(test, cmd.length, param->rc ? param->length : 0x1000);
	/* Of nothing, all is a success. */
	cmd.ioas_id = map.ioas_id;
	cmd.iova = 0;
	cmd.length = U64_MAX;
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_UNMAP, &cmd,
					 sizeof(cmd)), 0);
	KUNIT_EXPECT_EQ(test, cmd.length, param->rc ? 0x1000 : 0);
}

static const struct option_case {
	const char *name;
	u32 option;
	u16 op;
	u16 reserved;
	/* Of an IOAS; else there are no objects */
	bool object;
	u64 val64;
	int rc;
	u64 result;
} option_cases[] = {
	{ "get-rlimit-mode", IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_GET, 0,
	  false, 7, 0, 0 },
	{ "set-rlimit-mode", IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET, 0,
	  false, 1, 0, 1 },
	{ "set-rlimit-mode-2", IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_SET,
	  0, false, 2, -EINVAL, 2 },
	{ "rlimit-mode-of-an-object", IOMMU_OPTION_RLIMIT_MODE,
	  IOMMU_OPTION_OP_GET, 0, true, 7, -EOPNOTSUPP, 7 },
	{ "get-huge-pages", IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_GET, 0,
	  true, 7, 0, 1 },
	{ "set-huge-pages", IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_SET, 0,
	  true, 0, 0, 0 },
	{ "set-huge-pages-2", IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_SET, 0,
	  true, 2, -EINVAL, 2 },
	{ "huge-pages-of-nothing", IOMMU_OPTION_HUGE_PAGES,
	  IOMMU_OPTION_OP_GET, 0, false, 7, -ENOENT, 7 },
	{ "unknown-option", 77, IOMMU_OPTION_OP_GET, 0, false, 7, -EOPNOTSUPP,
	  7 },
	{ "unknown-op", IOMMU_OPTION_RLIMIT_MODE, 2, 0, false, 7, -EOPNOTSUPP,
	  7 },
	{ "reserved", IOMMU_OPTION_RLIMIT_MODE, IOMMU_OPTION_OP_GET, 1, false,
	  7, -EOPNOTSUPP, 7 },
};

KUNIT_ARRAY_PARAM_DESC(option, option_cases, name);

static void ioctl_option_gets_and_sets(struct kunit *test)
{
	const struct option_case *param = test->param_value;
	struct iommu_option cmd = {
		.size = sizeof(cmd),
		.option_id = param->option,
		.op = param->op,
		.__reserved = param->reserved,
		.val64 = param->val64,
	};

	if (param->object)
		cmd.object_id = alloc_ioas(test);
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_OPTION, &cmd,
					 sizeof(cmd)), param->rc);
	KUNIT_EXPECT_EQ(test, cmd.val64, param->result);
	if (param->rc || param->op != IOMMU_OPTION_OP_SET)
		return;
	cmd.op = IOMMU_OPTION_OP_GET;
	cmd.val64 = 7;
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_OPTION, &cmd,
					 sizeof(cmd)), 0);
	KUNIT_EXPECT_EQ(test, cmd.val64, param->result);
}

static void ioctl_option_rlimit_mode_comes_first(struct kunit *test)
{
	struct iommu_option cmd = {
		.size = sizeof(cmd),
		.option_id = IOMMU_OPTION_RLIMIT_MODE,
		.op = IOMMU_OPTION_OP_SET,
		.val64 = 1,
	};
	u32 id = alloc_ioas(test);

	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_OPTION, &cmd,
					 sizeof(cmd)), -EBUSY);
	KUNIT_EXPECT_EQ(test, destroy(test, id), 0);
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_OPTION, &cmd,
					 sizeof(cmd)), 0);
}

/**
 * struct option_call - a thread that sets an option
 * @arg: where its structure is
 * @rc: what it gets
 */
struct option_call {
	unsigned long arg;
	long rc;
};

static void set_option(void *data)
{
	struct option_call *call = data;

	call->rc = iofd_raw_ioctl(&iofd, IOMMU_OPTION, call->arg);
}

/* What is made meanwhile came first, and what it maps is charged as it was. */
static void ioctl_option_rlimit_mode_is_too_late(struct kunit *test)
{
	const struct iommu_option option = {
		.option_id = IOMMU_OPTION_RLIMIT_MODE,
		.op = IOMMU_OPTION_OP_SET,
		.val64 = 1,
	};
	struct option_call call = {
		.arg = iofd_put_arg(test, &option, sizeof(option)),
	};
	struct held *setter;

	setter = hold_start(test, "option:permitted", set_option, &call);
	alloc_ioas(test);
	hold_finish(test, setter);
	KUNIT_EXPECT_EQ(test, call.rc, -EBUSY);
	KUNIT_EXPECT_FALSE(test, iofd.ictx->account_by_mm);
}

/* 0x1000 to 0x1fff and the end are reserved, so two ranges are left. */
static void ioctl_ioas_iova_ranges_tells_what_is_usable(struct kunit *test)
{
	struct iommu_iova_range __user *out =
		(void __user *)(iofd.arg + PAGE_SIZE / 2);
	struct iommu_ioas_iova_ranges cmd = {
		.size = sizeof(cmd),
		.ioas_id = alloc_ioas(test),
		.num_iovas = 1,
		.allowed_iovas = (uintptr_t)out,
	};
	struct iommufd_ioas *ioas = ioas_get(iofd.ictx, cmd.ioas_id);
	struct iommu_iova_range ranges[3] = {};

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ioas);
	KUNIT_ASSERT_EQ(test, iova_space_reserve(&ioas->space, 0x1000, 0x1fff,
						 &iofd), 0);
	KUNIT_ASSERT_EQ(test, iova_space_reserve(&ioas->space, 0x9000,
						 ULONG_MAX, &iofd), 0);
	ioas_put(ioas);

	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_IOVA_RANGES,
					 &cmd, sizeof(cmd)), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, cmd.num_iovas, 2);
	cmd.num_iovas = 3;
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_IOVA_RANGES,
					 &cmd, sizeof(cmd)), 0);
	KUNIT_EXPECT_EQ(test, cmd.num_iovas, 2);
	KUNIT_EXPECT_EQ(test, cmd.out_iova_alignment, 1);
	KUNIT_ASSERT_EQ(test, copy_from_user(ranges, out, sizeof(ranges)), 0);
	KUNIT_EXPECT_EQ(test, ranges[0].start, 0);
	KUNIT_EXPECT_EQ(test, ranges[0].last, 0xfff);
	KUNIT_EXPECT_EQ(test, ranges[1].start, 0x2000);
	KUNIT_EXPECT_EQ(test, ranges[1].last, 0x8fff);
	KUNIT_EXPECT_EQ(test, ranges[2].last, 0);

	cmd.__reserved = 1;
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_IOVA_RANGES,
					 &cmd, sizeof(cmd)), -EOPNOTSUPP);
	cmd.__reserved = 0;
	cmd.allowed_iovas = 8;
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_IOVA_RANGES,
					 &cmd, sizeof(cmd)), -EFAULT);
}

static const struct allow_case {
	const char *name;
	u32 nr;
	u32 reserved;
	struct iommu_iova_range ranges[2];
	int rc;
} allow_cases[] = {
	/* 0x1000 to 0x1fff are reserved. */
	{ "none", 0, 0, {}, 0 },
	{ "two", 2, 0, { { 0x2000, 0x2fff }, { 0x4000, 0x4fff } }, 0 },
	{ "not-in-order", 2, 0, { { 0x4000, 0x4fff }, { 0, 0xfff } }, 0 },
	{ "overlapping", 2, 0, { { 0x2000, 0x3fff }, { 0x3000, 0x4fff } },
	  -EINVAL },
	{ "empty", 1, 0, { { 0x2000, 0x1fff } }, -EINVAL },
	{ "reserved-iovas", 1, 0, { { 0, 0x1000 } }, -EADDRINUSE },
	{ "reserved-field", 0, 1, {}, -EOPNOTSUPP },
};

KUNIT_ARRAY_PARAM_DESC(allow, allow_cases, name);

static void ioctl_ioas_allow_iovas_checks_its_arguments(struct kunit *test)
{
	const struct allow_case *param = test->param_value;
	struct iommu_ioas_allow_iovas cmd = {
		.size = sizeof(cmd),
		.ioas_id = alloc_ioas(test),
		.num_iovas = param->nr,
		.__reserved = param->reserved,
		.allowed_iovas = iofd.arg + PAGE_SIZE / 2,
	};
	struct iommufd_ioas *ioas = ioas_get(iofd.ictx, cmd.ioas_id);
	struct interval_tree_node *node;
	u32 nr = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ioas);
	KUNIT_ASSERT_EQ(test, iova_space_reserve(&ioas->space, 0x1000, 0x1fff,
						 &iofd), 0);
	KUNIT_ASSERT_EQ(test, copy_to_user(u64_to_user_ptr(cmd.allowed_iovas),
					   param->ranges,
					   sizeof(param->ranges)), 0);
	KUNIT_EXPECT_EQ(test, iofd_ioctl(test, &iofd, IOMMU_IOAS_ALLOW_IOVAS,
					 &cmd, sizeof(cmd)), param->rc);
	node = interval_tree_iter_first(&ioas->space.allowed, 0, ULONG_MAX);
	for (; node; node = interval_tree_iter_next(node, 0, ULONG_MAX))
		nr++;
	KUNIT_EXPECT_EQ(test, nr, param->rc ? 0 : param->nr);
	ioas_put(ioas);
}

static int ioctl_test_init(struct kunit *test)
{
	iofd_open(test, &iofd);
	return 0;
}

static void ioctl_test_exit(struct kunit *test)
{
	if (iofd.file)
		iofd_close(&iofd);
	iofd.file = NULL;
}

static struct kunit_case ioctl_test_cases[] = {
	KUNIT_CASE_PARAM(ioctl_takes_its_structure, op_gen_params),
	KUNIT_CASE_PARAM(ioctl_takes_the_first_release, op_gen_params),
	KUNIT_CASE_PARAM(ioctl_refuses_a_shorter_structure, op_gen_params),
	KUNIT_CASE_PARAM(ioctl_takes_a_longer_structure_of_zeroes,
			 op_gen_params),
	KUNIT_CASE_PARAM(ioctl_refuses_what_it_does_not_know, op_gen_params),
	KUNIT_CASE_PARAM(ioctl_fails_where_there_is_no_memory, op_gen_params),
	KUNIT_CASE_PARAM(ioctl_unknown_is_no_typewriter, unknown_gen_params),
	KUNIT_CASE(ioctl_ioas_lives_from_alloc_to_destroy),
	KUNIT_CASE(ioctl_undoes_when_it_cannot_reply),
	KUNIT_CASE(ioctl_ioas_alloc_fails_without_a_trace),
	KUNIT_CASE_PARAM(ioctl_ioas_map_checks_its_arguments, map_gen_params),
	KUNIT_CASE_PARAM(ioctl_ioas_unmap_checks_its_arguments,
			 unmap_gen_params),
	KUNIT_CASE_PARAM(ioctl_option_gets_and_sets, option_gen_params),
	KUNIT_CASE(ioctl_option_rlimit_mode_comes_first),
	KUNIT_CASE(ioctl_option_rlimit_mode_is_too_late),
	KUNIT_CASE(ioctl_ioas_iova_ranges_tells_what_is_usable),
	KUNIT_CASE_PARAM(ioctl_ioas_allow_iovas_checks_its_arguments,
			 allow_gen_params),
	{}
};

static struct kunit_suite ioctl_test_suite = {
	.name = "iommufd-ioctl",
	.init = ioctl_test_init,
	.exit = ioctl_test_exit,
	.test_cases = ioctl_test_cases,
};

kunit_test_suite(ioctl_test_suite);

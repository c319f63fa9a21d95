// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of an iommufd under debugfs: what it says, that it hinders nobody, and its
 * end.
 */
#include <kunit/test.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/sizes.h>
#include <uapi/linux/iommufd.h>

#include "balance.h"
#include "core/core.h"
#include "crew_hook.h"
#include "hold.h"
#include "ioas/area.h"
#include "ioas/ioas.h"
#include "iofd.h"
#include "memory.h"
#include "mock_rig.h"
#include "paging.h"

#define HUGE	MEMORY_HUGE_NPAGES
#define RW	(IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define FIXED	(RW | IOMMU_IOAS_MAP_FIXED_IOVA)
#define TEXT_BYTES	(8 * PAGE_SIZE)

static struct iofd iofd;
static struct iommufd_ioas *ioas;
static char *text;
/* A case is a kernel thread, which sees none of the machine's mounts. */
static struct vfsmount *mnt;

static struct file *open_view(const struct iommufd_ctx *ictx)
{
	struct path root = { .mnt = mnt, .dentry = mnt->mnt_root };
	char name[64];

	scnprintf(name, sizeof(name), "iommufd/%d-%u", task_tgid_nr(current),
		  ictx->number);
	return file_open_root(&root, name, O_RDONLY, 0);
}

static struct file *must_open(struct kunit *test)
{
	struct file *file = open_view(iofd.ictx);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	return file;
}

/* From where it is to the end, in pieces. Returns an error, or how much there was. */
static ssize_t read_rest(struct file *file, size_t piece_bytes)
{
	loff_t pos = file->f_pos;
	size_t at = 0;
	ssize_t got;

	do {
		got = kernel_read(file, text + at,
				  min(piece_bytes, TEXT_BYTES - 1 - at), &pos);
		if (got > 0)
			at += got;
	} while (got > 0);
	text[at] = '\0';
	file->f_pos = pos;
	return got ?: at;
}

static void read_view(struct kunit *test, size_t piece_bytes)
{
	struct file *file = must_open(test);

	KUNIT_EXPECT_GT(test, read_rest(file, piece_bytes), 0);
	__fput_sync(file);
}

#define expect_said(test, ...)                                                   \
	do {                                                                     \
		char _what[120];                                                 \
										 \
		snprintf(_what, sizeof(_what), __VA_ARGS__);                     \
		KUNIT_EXPECT_TRUE_MSG(test, strstr(text, _what), "no '%s' in\n%s", \
				      _what, text);                              \
	} while (0)

#define expect_unsaid(test, what)                                            \
	KUNIT_EXPECT_FALSE_MSG(test, strstr(text, what), "'%s' in\n%s", what, \
			       text)

static int map(unsigned long iova, unsigned long va, unsigned long npages)
{
	return ioas_map_user(ioas, FIXED, va, npages << PAGE_SHIFT, iova, NULL);
}

static int unmap(unsigned long first, unsigned long last)
{
	unsigned long unmapped_bytes;

	return ioas_unmap(ioas, first, last, &unmapped_bytes);
}

static void add(struct kunit *test, struct ioas_domain *member)
{
	member->domain = &paging_create(test, PAGING_VTDSS)->domain;
	member->no_table = false;
	KUNIT_ASSERT_EQ(test, ioas_add_domain(ioas, member), 0);
}

static void view_says_what_is_there(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_MIXED, HUGE + 20);
	unsigned long other = memory_map(test, MEMORY_SCATTERED, 5);
	struct ioas_domain member;

	KUNIT_ASSERT_EQ(test, map(SZ_1G, va, HUGE + 20), 0);
	KUNIT_ASSERT_EQ(test, map(SZ_2G, other, 5), 0);
	read_view(test, TEXT_BYTES);
	expect_said(test, "1 ioas users=0\n  domains=0 accesses=0 ");
	expect_said(test, " huge-pages=yes charges=user\n  area iova=0x40000000 ");
	expect_said(test, " length=%#lx prot=rw state=ready users=0 owners=0 ",
		    (HUGE + 20) * PAGE_SIZE);
	expect_said(test, " runs=0 pages_4k=0 pages_2m=0 pages_1g=0 pages_other=0 helpers=0\n");
	expect_said(test, "  total areas=2 length=%#lx runs=0 ",
		    (HUGE + 25) * PAGE_SIZE);

	add(test, &member);
	read_view(test, TEXT_BYTES);
	expect_said(test, "  domains=1 ");
	expect_said(test, " pages_4k=20 pages_2m=%lu pages_1g=0 pages_other=0 helpers=0\n", HUGE);
	expect_said(test, "  area iova=0x80000000 length=%#lx ", 5 * PAGE_SIZE);
	expect_said(test, " pages_4k=5 pages_2m=0 pages_1g=0 pages_other=0 helpers=0\n");
	expect_said(test, "  total areas=2 length=%#lx runs=",
		    (HUGE + 25) * PAGE_SIZE);
	expect_said(test, " pages_4k=25 pages_2m=%lu pages_1g=0 pages_other=0 helpers=0\n", HUGE);
	ioas_remove_domain(ioas, &member);
}

static void view_says_who_helped(struct kunit *test)
{
	const unsigned long npages = 4 * MEMORY_PART_NPAGES;
	unsigned long va = memory_map(test, MEMORY_UNTOUCHED, npages);
	struct ioas_domain member;

	add(test, &member);
	crew_hook_arm(test, CREW_HOOK_FIRST);
	KUNIT_ASSERT_EQ(test, map(SZ_1G, va, npages), 0);
	KUNIT_ASSERT_EQ(test, map(SZ_4G, va, 1), 0);
	read_view(test, TEXT_BYTES);
	expect_said(test, "  area iova=0x40000000 ");
	expect_said(test, " helpers=1\n  area iova=0x100000000 ");
	expect_said(test, " helpers=0\n  total ");
	KUNIT_EXPECT_NOT_NULL(test, strstr(strstr(text, "  total ") ?: "",
					   " helpers=1\n"));
	ioas_remove_domain(ioas, &member);
}

/* A domain that comes is seen in the tables and not in the words of another one. */
static void view_says_which_objects(struct kunit *test)
{
	struct mock_rig rig;
	struct file *file;

	mock_rig_open(test, &rig, 0);
	file = open_view(rig.iofd.ictx);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	KUNIT_EXPECT_GT(test, read_rest(file, TEXT_BYTES), 0);
	__fput_sync(file);
	expect_said(test, "ioas users=1\n  domains=1 accesses=0 ");
	expect_said(test, " device users=");
	expect_said(test, " hwpt users=1\n");
	mock_rig_close(&rig);
}

/* Whatever pieces it is read in. */
static void view_is_the_same_in_pieces(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 200);
	char *whole = kunit_kzalloc(test, TEXT_BYTES, GFP_KERNEL);
	struct ioas_domain member;

	KUNIT_ASSERT_NOT_NULL(test, whole);
	add(test, &member);
	for (unsigned int i = 0; i < 100 * (PAGE_SIZE / SZ_4K); i++)
		KUNIT_ASSERT_EQ(test, map(SZ_1G + i * SZ_1M,
					  va + 2 * (i % 100) * PAGE_SIZE, 2), 0);
	read_view(test, TEXT_BYTES);
	strscpy(whole, text, TEXT_BYTES);
	KUNIT_EXPECT_GT(test, strlen(whole), 2 * PAGE_SIZE);
	read_view(test, 7);
	KUNIT_EXPECT_STREQ(test, text, whole);
	read_view(test, PAGE_SIZE - 1);
	KUNIT_EXPECT_STREQ(test, text, whole);
	ioas_remove_domain(ioas, &member);
}

/* From where somebody has gone back to. */
static void view_can_be_read_again(struct kunit *test)
{
	struct file *file = must_open(test);
	char first[16];

	KUNIT_EXPECT_GT(test, read_rest(file, TEXT_BYTES), 0);
	expect_unsaid(test, "  area ");
	strscpy(first, text, sizeof(first));
	KUNIT_ASSERT_EQ(test, map(SZ_1M, memory_map(test, MEMORY_BASE, 1), 1),
			0);
	KUNIT_EXPECT_EQ(test, vfs_llseek(file, 0, SEEK_SET), 0);
	KUNIT_EXPECT_GT(test, read_rest(file, TEXT_BYTES), 0);
	expect_said(test, "  area iova=0x100000 ");
	text[sizeof(first) - 1] = '\0';
	KUNIT_EXPECT_STREQ(test, text, first);
	__fput_sync(file);
}

/* More extents than one step counts, and more than a chunk of them. */
static void view_counts_in_steps(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 1200);
	struct ioas_domain member;

	add(test, &member);
	KUNIT_ASSERT_EQ(test, map(SZ_1G, va, 1200), 0);
	read_view(test, TEXT_BYTES);
	expect_said(test, " runs=1200 pages_4k=1200 pages_2m=0 ");
	ioas_remove_domain(ioas, &member);
}

/* Who attaches has the one lock while memory comes late, who pins the other one. */
static void view_waits_for_no_lock(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 3);
	struct area *area;
	struct file *file;

	KUNIT_ASSERT_EQ(test, map(SZ_1M, va, 3), 0);
	area = area_of(iova_space_find(&ioas->space, SZ_1M, SZ_1M));
	KUNIT_ASSERT_NOT_NULL(test, area);

	file = must_open(test);
	down_write(&ioas->domains_rwsem);
	KUNIT_EXPECT_GT(test, read_rest(file, TEXT_BYTES), 0);
	up_write(&ioas->domains_rwsem);
	expect_said(test, "  area iova=0x100000 length=%#lx ", 3 * PAGE_SIZE);
	expect_said(test, " runs=0 ");

	KUNIT_EXPECT_EQ(test, vfs_llseek(file, 0, SEEK_SET), 0);
	mutex_lock(&area->backing->lock);
	KUNIT_EXPECT_GT(test, read_rest(file, TEXT_BYTES), 0);
	mutex_unlock(&area->backing->lock);
	__fput_sync(file);
	expect_said(test, "  area iova=0x100000 length=%#lx ", 3 * PAGE_SIZE);
	expect_said(test, " owners=0 in-use\n");
	expect_said(test, "  total areas=1 length=%#lx runs=0 ", 3 * PAGE_SIZE);
}

/**
 * struct reading - a thread that reads the file
 * @file: it
 * @got: how much, or an error
 */
struct reading {
	struct file *file;
	ssize_t got;
};

static void do_read(void *data)
{
	struct reading *reading = data;

	reading->got = read_rest(reading->file, TEXT_BYTES);
}

/* It has found an area, and stands there. All else goes on, and the area, too. */
static void reader_hinders_nobody(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 8);
	struct reading reading = { .file = must_open(test) };
	struct balance before = balance_now();
	struct ioas_domain members[2];
	struct held *reader;

	add(test, &members[0]);
	KUNIT_ASSERT_EQ(test, map(SZ_1M, va, 4), 0);
	KUNIT_ASSERT_EQ(test, map(SZ_2M, va + 4 * PAGE_SIZE, 4), 0);
	reader = hold_start(test, "show:found", do_read, &reading);
	KUNIT_EXPECT_EQ(test, map(SZ_4M, va, 4), 0);
	add(test, &members[1]);
	KUNIT_EXPECT_EQ(test, unmap(SZ_1M, SZ_2M - 1), 0);
	ioas_remove_domain(ioas, &members[1]);
	KUNIT_EXPECT_EQ(test, unmap(0, ULONG_MAX), 0);
	/* Nothing is pinned, though the reader has a reference. */
	KUNIT_EXPECT_EQ(test, balance_since(&before).mm_pinned, 0);
	hold_finish(test, reader);
	KUNIT_EXPECT_GT(test, reading.got, 0);
	expect_said(test, "  area iova=0x100000 length=%#lx ", 4 * PAGE_SIZE);
	expect_unsaid(test, "iova=0x200000");
	expect_said(test, "  total areas=1 ");
	__fput_sync(reading.file);
	ioas_remove_domain(ioas, &members[0]);
	balance_expect_even(test, &before);
}

/* Another area where one was that is half counted. */
static void reader_begins_anew_with_another_area(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_SCATTERED, 600);
	struct reading reading = { .file = must_open(test) };
	struct ioas_domain member;
	struct held *reader;

	add(test, &member);
	KUNIT_ASSERT_EQ(test, map(SZ_1G, va, 600), 0);
	reader = hold_start(test, "show:found", do_read, &reading);
	hold_advance(test, reader, "debugfs:stepped");
	KUNIT_ASSERT_EQ(test, unmap(0, ULONG_MAX), 0);
	KUNIT_ASSERT_EQ(test, map(SZ_1G + PAGE_SIZE, va, 9), 0);
	hold_finish(test, reader);
	expect_said(test, "  area iova=%#lx length=%#lx ", SZ_1G + PAGE_SIZE, 9 * PAGE_SIZE);
	expect_said(test, " runs=9 pages_4k=9 ");
	expect_said(test, "  total areas=1 length=%#lx runs=9 ", 9 * PAGE_SIZE);
	__fput_sync(reading.file);
	ioas_remove_domain(ioas, &member);
}

static void close_file(void *data)
{
	iofd_close(data);
}

/* It ends when the reader's step does, and then there is nothing to read. */
static void close_waits_for_a_step(struct kunit *test)
{
	struct reading reading = { .file = must_open(test) };
	struct held *reader, *closer;
	struct iommufd_ctx *ictx = iofd.ictx;
	u32 number = ictx->number;
	size_t queue;

	if (!IS_ENABLED(CONFIG_PROVE_LOCKING))
		kunit_skip(test, "nothing says what a thread waits for");
	reader = hold_start(test, "debugfs:locked", do_read, &reading);
	closer = hold_start(test, "debugfs:closing", close_file, &iofd);
	KUNIT_EXPECT_NOT_NULL(test, hold_what_it_waits_for(test, closer, reader,
							   NULL, 0, &queue));
	hold_finish(test, reader);
	hold_finish(test, closer);
	iofd.file = NULL;
	KUNIT_EXPECT_GT(test, reading.got, 0);
	expect_said(test, "iommufd=");

	/* Who still has it open finds nothing more, from the first line on. */
	KUNIT_EXPECT_EQ(test, vfs_llseek(reading.file, 0, SEEK_SET), 0);
	KUNIT_EXPECT_GT(test, read_rest(reading.file, TEXT_BYTES), 0);
	expect_said(test, "iommufd=");
	expect_unsaid(test, "ioas");
	__fput_sync(reading.file);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(open_view(&(struct iommufd_ctx){
				.number = number })), -ENOENT);
}

/* A file that somebody opens as it goes is one of an iommufd that has ended. */
static void open_may_come_last(struct kunit *test)
{
	struct held *closer = hold_start(test, "debugfs:closed", close_file,
					 &iofd);
	struct file *file = must_open(test);

	hold_finish(test, closer);
	iofd.file = NULL;
	KUNIT_EXPECT_GT(test, read_rest(file, TEXT_BYTES), 0);
	expect_unsaid(test, "ioas");
	__fput_sync(file);
}

/* A killed reader has no more to read. */
static void reader_can_be_killed(struct kunit *test)
{
	unsigned long va = memory_map(test, MEMORY_BASE, 1);
	struct reading reading = { .file = must_open(test) };
	struct held *reader;

	KUNIT_ASSERT_EQ(test, map(SZ_1M, va, 1), 0);
	reader = hold_start(test, "debugfs:stepped", do_read, &reading);
	hold_expect_killed(test, reader);
	hold_finish(test, reader);
	expect_unsaid(test, "  total ");
	__fput_sync(reading.file);
}

static int debugfs_suite_init(struct kunit_suite *suite)
{
	struct file_system_type *type = get_fs_type("debugfs");

	/* Without debugfs there is nothing to test. */
	if (!type)
		return 0;
	mnt = kern_mount(type);
	module_put(type->owner);
	return PTR_ERR_OR_ZERO(mnt);
}

static void debugfs_suite_exit(struct kunit_suite *suite)
{
	if (!IS_ERR_OR_NULL(mnt))
		kern_unmount(mnt);
}

static int debugfs_test_init(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_DEBUG_FS))
		kunit_skip(test, "this kernel has no debugfs");
	text = kunit_kzalloc(test, TEXT_BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, text);
	iofd_open(test, &iofd);
	ioas = iofd_ioas(test, &iofd);
	return 0;
}

static void debugfs_test_exit(struct kunit *test)
{
	if (iofd.file)
		iofd_close(&iofd);
	iofd.file = NULL;
}

static struct kunit_case debugfs_test_cases[] = {
	KUNIT_CASE(view_says_what_is_there),
	KUNIT_CASE(view_says_who_helped),
	KUNIT_CASE(view_says_which_objects),
	KUNIT_CASE(view_is_the_same_in_pieces),
	KUNIT_CASE(view_can_be_read_again),
	KUNIT_CASE(view_counts_in_steps),
	KUNIT_CASE(view_waits_for_no_lock),
	KUNIT_CASE(reader_hinders_nobody),
	KUNIT_CASE(reader_begins_anew_with_another_area),
	KUNIT_CASE(close_waits_for_a_step),
	KUNIT_CASE(open_may_come_last),
	KUNIT_CASE(reader_can_be_killed),
	{}
};

static struct kunit_suite debugfs_test_suite = {
	.name = "iommufd-debugfs",
	.suite_init = debugfs_suite_init,
	.suite_exit = debugfs_suite_exit,
	.init = debugfs_test_init,
	.exit = debugfs_test_exit,
	.test_cases = debugfs_test_cases,
};

kunit_test_suite(debugfs_test_suite);

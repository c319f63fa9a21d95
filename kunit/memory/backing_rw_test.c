// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading and writing a backing with the CPU: what backing_rw() promises.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "alloc_fault.h"
#include "backings.h"
#include "balance.h"
#include "memory.h"
#include "memory/backing.h"
#include "race.h"

#define NPAGES		60
#define LENGTH_BYTES	(NPAGES * PAGE_SIZE)

/* What is at a byte of the memory before it is written to, and after. */
static u8 old_byte(unsigned long i)
{
	return i * 7 + i / PAGE_SIZE;
}

static u8 new_byte(unsigned long i)
{
	return ~old_byte(i);
}

static u8 *buffer(struct kunit *test, u8 (*byte)(unsigned long i),
		  unsigned long start_byte, size_t length_bytes)
{
	u8 *buf = kunit_kmalloc(test, length_bytes, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (size_t i = 0; i < length_bytes; i++)
		buf[i] = byte(start_byte + i);
	return buf;
}

static struct backing *create(struct kunit *test, enum memory_layout layout,
			      unsigned long *va, bool writable)
{
	u8 *buf = buffer(test, old_byte, 0, LENGTH_BYTES);
	struct backing *backing;

	*va = memory_map(test, layout, NPAGES);
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)*va, buf,
					   LENGTH_BYTES), 0);
	backing = backing_create_user(*va, writable, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, backing);
	return backing;
}

static const struct rw_case {
	const char *name;
	unsigned long start_byte;
	size_t length_bytes;
	/* What is pinned meanwhile; nothing if the first is the greater one */
	unsigned long first;
	unsigned long last;
} rw_cases[] = {
	{ "one-byte", 0, 1, 1, 0 },
	{ "the-last-byte", LENGTH_BYTES - 1, 1, 1, 0 },
	{ "a-page", PAGE_SIZE, PAGE_SIZE, 1, 0 },
	{ "across-pages", 2 * PAGE_SIZE - 3, 6, 1, 0 },
	{ "everything", 0, LENGTH_BYTES, 1, 0 },
	{ "everything-pinned", 0, LENGTH_BYTES, 0, NPAGES - 1 },
	{ "middle-pinned", 5, LENGTH_BYTES - 10, 20, 25 },
	{ "start-pinned", 5, LENGTH_BYTES - 10, 0, 25 },
	{ "end-pinned", 5, LENGTH_BYTES - 10, 30, NPAGES - 1 },
	{ "part-of-pinned", 25 * PAGE_SIZE + 1, 3 * PAGE_SIZE, 20, 40 },
};

KUNIT_ARRAY_PARAM_DESC(rw, rw_cases, name);

static void backing_rw_reads(struct kunit *test)
{
	const struct rw_case *param = test->param_value;
	struct interval_tree_node claim;
	struct backing *backing;
	struct balance before;
	u8 *expected, *buf;
	unsigned long va;

	backing = create(test, MEMORY_SCATTERED, &va, false);
	expected = buffer(test, old_byte, param->start_byte,
			  param->length_bytes);
	buf = buffer(test, new_byte, param->start_byte, param->length_bytes);
	if (param->first <= param->last)
		KUNIT_ASSERT_EQ(test, backing_claim(backing, &claim,
						    param->first, param->last),
				0);
	before = balance_now();
	KUNIT_EXPECT_EQ(test, backing_rw(backing, param->start_byte, buf,
					 param->length_bytes, false), 0);
	KUNIT_EXPECT_EQ(test, memcmp(buf, expected, param->length_bytes), 0);
	balance_expect_even(test, &before);
	if (param->first <= param->last)
		backing_unclaim(backing, &claim);
	backing_put(backing);
}

static void backing_rw_writes(struct kunit *test)
{
	const struct rw_case *param = test->param_value;
	struct interval_tree_node claim;
	struct backing *backing;
	struct balance before;
	unsigned long va;
	u8 *buf, *seen;

	backing = create(test, MEMORY_MIXED, &va, true);
	buf = buffer(test, new_byte, param->start_byte, param->length_bytes);
	seen = buffer(test, old_byte, 0, LENGTH_BYTES);
	if (param->first <= param->last)
		KUNIT_ASSERT_EQ(test, backing_claim(backing, &claim,
						    param->first, param->last),
				0);
	before = balance_now();
	KUNIT_EXPECT_EQ(test, backing_rw(backing, param->start_byte, buf,
					 param->length_bytes, true), 0);
	balance_expect_even(test, &before);

	KUNIT_ASSERT_EQ(test, copy_from_user(seen, (void __user *)va,
					     LENGTH_BYTES), 0);
	for (unsigned long i = 0; i < LENGTH_BYTES; i++) {
		bool in = i - param->start_byte < param->length_bytes;

		KUNIT_ASSERT_EQ(test, seen[i], in ? new_byte(i) : old_byte(i));
	}
	if (param->first <= param->last)
		backing_unclaim(backing, &claim);
	backing_put(backing);
}

static void backing_rw_of_a_file(struct kunit *test)
{
	struct file *file = memory_shmem(test, NPAGES);
	unsigned long va = memory_map_file(test, file, NPAGES);
	struct backing *backing;
	u8 buf[100];

	backing = backing_create_file(file, 10 << PAGE_SHIFT, true, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, backing);
	memset(buf, 0x5a, sizeof(buf));
	KUNIT_EXPECT_EQ(test, backing_rw(backing, 2 * PAGE_SIZE - 50, buf,
					 sizeof(buf), true), 0);
	KUNIT_EXPECT_EQ(test, memory_read(test, va + 12 * PAGE_SIZE - 51), 0);
	KUNIT_EXPECT_EQ(test, memory_read(test, va + 12 * PAGE_SIZE - 50),
			0x5a);
	KUNIT_EXPECT_EQ(test, memory_read(test, va + 12 * PAGE_SIZE + 49),
			0x5a);
	KUNIT_EXPECT_EQ(test, memory_read(test, va + 12 * PAGE_SIZE + 50), 0);
	backing_put(backing);
}

/* What somebody else left there before the pages were the file's. */
static void backing_rw_of_a_file_reads_zeros(struct kunit *test)
{
	unsigned long npages = SZ_64M >> PAGE_SHIFT;
	struct file *file = memory_shmem(test, npages);
	struct backing *backing;
	u8 *buf;

	memory_soil(test, file, 0, npages, 0);
	backing = backing_create_file(file, 0, false, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, backing);
	buf = kunit_kmalloc(test, SZ_64K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (unsigned long at = 0; at < SZ_64M; at += SZ_64K) {
		memset(buf, ~MEMORY_SOIL, SZ_64K);
		KUNIT_ASSERT_EQ(test, backing_rw(backing, at, buf, SZ_64K,
						 false), 0);
		KUNIT_ASSERT_NULL(test, memchr_inv(buf, 0, SZ_64K));
	}
	backing_put(backing);
}

/* Nor is what is written undone, when the process first looks at the page. */
static void backing_rw_of_a_file_is_seen_by_the_process(struct kunit *test)
{
	struct file *file = memory_shmem(test, NPAGES);
	struct backing *backing;
	unsigned long va;
	u8 byte = 0x5a;

	memory_soil(test, file, 0, NPAGES, 0);
	backing = backing_create_file(file, 0, true, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, backing);
	KUNIT_EXPECT_EQ(test, backing_rw(backing, 5 * PAGE_SIZE + 9, &byte, 1,
					 true), 0);
	va = memory_map_file(test, file, NPAGES) + 5 * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, memory_read(test, va + 9), 0x5a);
	KUNIT_EXPECT_EQ(test, memory_read(test, va + 8), 0);
	KUNIT_EXPECT_EQ(test, memory_read(test, va + 10), 0);
	backing_put(backing);
}

/**
 * struct remote_rw - reading by a thread that is not of the process
 * @backing: what
 * @buf: where to
 * @rc: what backing_rw() said
 */
struct remote_rw {
	struct backing *backing;
	u8 *buf;
	int rc;
};

static void read_remotely(void *data)
{
	struct remote_rw *remote = data;

	remote->rc = backing_rw(remote->backing, 3, remote->buf,
				3 * PAGE_SIZE, false);
}

static void backing_rw_by_any_thread(struct kunit *test)
{
	u8 *expected = buffer(test, old_byte, 3, 3 * PAGE_SIZE);
	struct remote_rw remote = {
		.buf = buffer(test, new_byte, 3, 3 * PAGE_SIZE),
	};
	unsigned long va;

	remote.backing = create(test, MEMORY_BASE, &va, false);
	run_elsewhere(test, read_remotely, &remote);
	KUNIT_EXPECT_EQ(test, remote.rc, 0);
	KUNIT_EXPECT_EQ(test, memcmp(remote.buf, expected, 3 * PAGE_SIZE), 0);
	backing_put(remote.backing);
}

static void backing_rw_fails_for_what_is_not_mapped(struct kunit *test)
{
	unsigned long va = memory_map_prot(test, 4, PROT_NONE);
	struct balance before = balance_now();
	struct backing *backing;
	u8 byte = 0;

	backing = backing_create_user(va, true, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, backing);
	KUNIT_EXPECT_EQ(test, backing_rw(backing, 5, &byte, 1, false), -EFAULT);
	KUNIT_EXPECT_EQ(test, backing_rw(backing, 5, &byte, 1, true), -EFAULT);
	balance_expect_even(test, &before);
	backing_put(backing);
}

/* Pages of which none is pinned, and some are; it is all the same. */
static void backing_rw_fails_without_a_trace(struct kunit *test)
{
	struct interval_tree_node claim;
	struct backing *backing;
	struct balance before;
	struct fault fault;
	unsigned long va;
	u8 *buf;

	fault_require(test);
	backing = create(test, MEMORY_SCATTERED, &va, true);
	buf = buffer(test, old_byte, 0, LENGTH_BYTES);
	KUNIT_ASSERT_EQ(test, backing_claim(backing, &claim, 20, 24), 0);
	before = balance_now();
	for_each_fault(&fault) {
		int rc;

		fault_arm(&fault);
		rc = backing_rw(backing, 0, buf, LENGTH_BYTES, true);
		fault_disarm(&fault);
		fault_failed(test, &fault, rc);
		balance_expect_even(test, &before);
	}
	KUNIT_EXPECT_GT(test, fault.nr_failed, 0);
	backing_unclaim(backing, &claim);
	backing_put(backing);
}

static int backing_rw_test_init(struct kunit *test)
{
	return memory_attach();
}

static struct kunit_case backing_rw_test_cases[] = {
	KUNIT_CASE_PARAM(backing_rw_reads, rw_gen_params),
	KUNIT_CASE_PARAM(backing_rw_writes, rw_gen_params),
	KUNIT_CASE(backing_rw_of_a_file),
	KUNIT_CASE(backing_rw_of_a_file_reads_zeros),
	KUNIT_CASE(backing_rw_of_a_file_is_seen_by_the_process),
	KUNIT_CASE(backing_rw_by_any_thread),
	KUNIT_CASE(backing_rw_fails_for_what_is_not_mapped),
	KUNIT_CASE(backing_rw_fails_without_a_trace),
	{}
};

static struct kunit_suite backing_rw_test_suite = {
	.name = "iommufd-backing-rw",
	.init = backing_rw_test_init,
	.test_cases = backing_rw_test_cases,
};

kunit_test_suite(backing_rw_test_suite);

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KUnit for programs: all comparisons, and else as much of it as the suites of
 * the portable core use, so that the files in kunit/ build here as they are.
 * check.c runs the suites.
 */
#ifndef NATIVE_KUNIT_H
#define NATIVE_KUNIT_H

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>
#include <setjmp.h>
#include <stdio.h>

#undef strscpy
#define strscpy(to, from, size)	snprintf(to, size, "%s", from)

#define KUNIT_PARAM_DESC_SIZE	128

enum kunit_status {
	KUNIT_SUCCESS,
	KUNIT_SKIPPED,
	KUNIT_FAILURE,
};

/**
 * struct kunit - a case that runs
 * @param_value: its parameter
 * @priv: whatever the suite likes
 * @status: so far; set by any thread
 * @status_comment: why it was skipped
 * @memory: allocations that end with it
 * @end: where to go on when it can not
 */
struct kunit {
	const void *param_value;
	void *priv;
	enum kunit_status status;
	char status_comment[256];
	struct kunit_memory *memory;
	jmp_buf end;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(struct kunit *test, const void *prev,
				       char *desc);
};

struct kunit_suite {
	const char *name;
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
	struct kunit_suite *next;
};

void kunit_add_suite(struct kunit_suite *suite);
void kunit_broken(struct kunit *test, const char *file, int line,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void kunit_end(struct kunit *test) __attribute__((noreturn));
void *kunit_kcalloc(struct kunit *test, size_t n, size_t size, gfp_t gfp);

static inline void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	return kunit_kcalloc(test, 1, size, gfp);
}

#define kunit_info(test, fmt, ...) \
	((void)(test), printf("    # " fmt, ##__VA_ARGS__))

#define kunit_skip(test, fmt, ...)                                           \
do {                                                                         \
	(test)->status = KUNIT_SKIPPED;                                      \
	snprintf((test)->status_comment, sizeof((test)->status_comment), fmt, \
		 ##__VA_ARGS__);                                             \
	kunit_end(test);                                                     \
} while (0)

#define kunit_test_suite(suite)                                       \
	static void __attribute__((constructor)) suite##_add(void)    \
	{                                                             \
		kunit_add_suite(&(suite));                            \
	}

#define KUNIT_CASE(fn)			{ .run_case = fn, .name = #fn }
#define KUNIT_CASE_PARAM(fn, gen)	\
	{ .run_case = fn, .name = #fn, .generate_params = gen }

/* A parameter's name is a member of it, a string. */
static inline void native_describe(char *desc, const void *param, size_t offset)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s",
		 *(const char *const *)(param + offset));
}

#define NATIVE_ARRAY_PARAM(name, array, describe)                             \
	static const void *name##_gen_params(struct kunit *test,              \
					     const void *prev, char *desc)    \
	{                                                                     \
		typeof(&(array)[0]) next = prev;                              \
									      \
		(void)test;                                                   \
		next = prev ? next + 1 : (array);                             \
		if (next >= (array) + ARRAY_SIZE(array))                      \
			return NULL;                                          \
		describe;                                                     \
		return next;                                                  \
	}
#define KUNIT_ARRAY_PARAM(name, array, get_desc) \
	NATIVE_ARRAY_PARAM(name, array, (get_desc)(next, desc))
#define KUNIT_ARRAY_PARAM_DESC(name, array, member)                           \
	NATIVE_ARRAY_PARAM(name, array,                                       \
			   native_describe(desc, next,                        \
					   offsetof(typeof((array)[0]), member)))

/* Compare, say what was wrong, and where @stop, end the case. */
#define NATIVE_CHECK(test, left, op, right, stop, fmt, ...)                   \
do {                                                                          \
	typeof(left) __left = (left);                                         \
	typeof(right) __right = (right);                                      \
	if (!(__left op __right)) {                                           \
		kunit_broken(test, __FILE__, __LINE__,                        \
			     "%s %s %s: %lld, %lld " fmt, #left, #op, #right, \
			     (long long)__left, (long long)__right,           \
			     ##__VA_ARGS__);                                  \
		if (stop)                                                     \
			kunit_end(test);                                      \
	}                                                                     \
} while (0)

#define KUNIT_EXPECT_EQ(t, l, r)	NATIVE_CHECK(t, l, ==, r, false, "")
#define KUNIT_EXPECT_NE(t, l, r)	NATIVE_CHECK(t, l, !=, r, false, "")
#define KUNIT_EXPECT_LT(t, l, r)	NATIVE_CHECK(t, l, <, r, false, "")
#define KUNIT_EXPECT_LE(t, l, r)	NATIVE_CHECK(t, l, <=, r, false, "")
#define KUNIT_EXPECT_GT(t, l, r)	NATIVE_CHECK(t, l, >, r, false, "")
#define KUNIT_EXPECT_GE(t, l, r)	NATIVE_CHECK(t, l, >=, r, false, "")
#define KUNIT_ASSERT_EQ(t, l, r)	NATIVE_CHECK(t, l, ==, r, true, "")
#define KUNIT_ASSERT_NE(t, l, r)	NATIVE_CHECK(t, l, !=, r, true, "")
#define KUNIT_ASSERT_LT(t, l, r)	NATIVE_CHECK(t, l, <, r, true, "")
#define KUNIT_ASSERT_LE(t, l, r)	NATIVE_CHECK(t, l, <=, r, true, "")
#define KUNIT_ASSERT_GT(t, l, r)	NATIVE_CHECK(t, l, >, r, true, "")
#define KUNIT_ASSERT_GE(t, l, r)	NATIVE_CHECK(t, l, >=, r, true, "")

#define KUNIT_EXPECT_TRUE(t, c)		NATIVE_CHECK(t, !!(c), ==, true, false, "")
#define KUNIT_EXPECT_FALSE(t, c)	NATIVE_CHECK(t, !!(c), ==, false, false, "")
#define KUNIT_ASSERT_TRUE(t, c)		NATIVE_CHECK(t, !!(c), ==, true, true, "")
#define KUNIT_ASSERT_FALSE(t, c)	NATIVE_CHECK(t, !!(c), ==, false, true, "")
#define KUNIT_EXPECT_TRUE_MSG(t, c, fmt, ...) \
	NATIVE_CHECK(t, !!(c), ==, true, false, fmt, ##__VA_ARGS__)

#define KUNIT_EXPECT_PTR_EQ(t, l, r) \
	NATIVE_CHECK(t, (long)(l), ==, (long)(r), false, "")
#define KUNIT_ASSERT_PTR_EQ(t, l, r) \
	NATIVE_CHECK(t, (long)(l), ==, (long)(r), true, "")
#define KUNIT_EXPECT_NULL(t, p)		KUNIT_EXPECT_PTR_EQ(t, p, NULL)
#define KUNIT_ASSERT_NOT_NULL(t, p)	KUNIT_ASSERT_TRUE(t, p)
#define KUNIT_ASSERT_NOT_ERR_OR_NULL(t, p) \
	KUNIT_ASSERT_FALSE(t, IS_ERR_OR_NULL(p))

#define KUNIT_FAIL(t, fmt, ...) \
	kunit_broken(t, __FILE__, __LINE__, fmt, ##__VA_ARGS__)

#endif

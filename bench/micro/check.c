// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run the KUnit suites of the portable core. Results as KTAP.
 *
 *	check [GLOB]	all cases, or those whose "suite/case" matches
 */
#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>

#include "kernel.h"
#include "portable.h"

/**
 * struct kunit_memory - memory that ends with its case
 * @next: allocated before it
 * @memory: the allocation
 */
struct kunit_memory {
	struct kunit_memory *next;
	void *memory;
};

static struct kunit_suite *suites;

/** kunit_add_suite() - what kunit_test_suite() does */
void kunit_add_suite(struct kunit_suite *suite)
{
	struct kunit_suite **at = &suites;

	while (*at)
		at = &(*at)->next;
	*at = suite;
}

/** kunit_broken() - something was not as it should be */
void kunit_broken(struct kunit *test, const char *file, int line,
		  const char *fmt, ...)
{
	va_list args;

	__atomic_store_n(&test->status, KUNIT_FAILURE, __ATOMIC_RELAXED);
	printf("    # %s:%d: ", file, line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

/** kunit_end() - leave the case */
void kunit_end(struct kunit *test)
{
	longjmp(test->end, 1);
}

/** kunit_kcalloc() - memory that ends with the case */
void *kunit_kcalloc(struct kunit *test, size_t n, size_t size, gfp_t gfp)
{
	struct kunit_memory *entry = malloc(sizeof(*entry));

	(void)gfp;
	if (!entry)
		return NULL;
	entry->memory = calloc(n, size);
	entry->next = test->memory;
	test->memory = entry;
	return entry->memory;
}

static void free_memory(struct kunit *test)
{
	struct kunit_memory *entry;

	while ((entry = test->memory)) {
		test->memory = entry->next;
		free(entry->memory);
		free(entry);
	}
}

/* One case with one parameter. Its status is in @test. */
static void run_one(struct kunit_suite *suite, struct kunit_case *which,
		    struct kunit *test)
{
	if (!setjmp(test->end)) {
		if (suite->init && suite->init(test))
			kunit_broken(test, suite->name, 0, "init failed");
		else
			which->run_case(test);
	}
	if (!setjmp(test->end) && suite->exit)
		suite->exit(test);
	free_memory(test);
}

static const char *verdict(enum kunit_status status)
{
	return status == KUNIT_FAILURE ? "not ok" : "ok";
}

static void print_result(const char *indent, int nr, const char *name,
			 const struct kunit *test)
{
	printf("%s%s %d %s", indent, verdict(test->status), nr, name);
	if (test->status == KUNIT_SKIPPED)
		printf(" # SKIP %s", test->status_comment);
	putchar('\n');
	fflush(stdout);
}

/* A case with all of its parameters. Returns the worst. */
static enum kunit_status run_params(struct kunit_suite *suite,
				    struct kunit_case *which)
{
	enum kunit_status worst = KUNIT_SUCCESS;
	char desc[KUNIT_PARAM_DESC_SIZE];
	struct kunit generator = {};
	const void *param = NULL;
	int nr = 0;

	printf("        KTAP version 1\n        # Subtest: %s\n", which->name);
	while ((param = which->generate_params(&generator, param, desc))) {
		struct kunit test = { .param_value = param };

		run_one(suite, which, &test);
		print_result("        ", ++nr, desc, &test);
		worst = max(worst, test.status);
	}
	return worst;
}

static bool wanted(const struct kunit_suite *suite,
		   const struct kunit_case *which, const char *glob)
{
	char name[256];

	snprintf(name, sizeof(name), "%s/%s", suite->name, which->name);
	return !glob || !fnmatch(glob, name, 0);
}

static int nr_wanted(struct kunit_suite *suite, const char *glob)
{
	int nr = 0;

	for (struct kunit_case *which = suite->test_cases; which->run_case;
	     which++)
		nr += wanted(suite, which, glob);
	return nr;
}

static enum kunit_status run_suite(struct kunit_suite *suite, const char *glob)
{
	enum kunit_status worst = KUNIT_SUCCESS;
	int nr = 0;

	printf("    KTAP version 1\n    # Subtest: %s\n    1..%d\n", suite->name,
	       nr_wanted(suite, glob));
	for (struct kunit_case *which = suite->test_cases; which->run_case;
	     which++) {
		struct kunit test = {};

		if (!wanted(suite, which, glob))
			continue;
		if (which->generate_params)
			test.status = run_params(suite, which);
		else
			run_one(suite, which, &test);
		print_result("    ", ++nr, which->name, &test);
		worst = max(worst, test.status);
	}
	return worst;
}

int main(int argc, char **argv)
{
	const char *glob = argc > 1 ? argv[1] : NULL;
	int nr = 0, nr_failed = 0;

	kernel_start();
	for (struct kunit_suite *suite = suites; suite; suite = suite->next)
		nr += !!nr_wanted(suite, glob);
	if (!nr) {
		fprintf(stderr, "error: no case matches '%s'\n", glob);
		return 1;
	}
	printf("KTAP version 1\n1..%d\n", nr);
	nr = 0;
	for (struct kunit_suite *suite = suites; suite; suite = suite->next) {
		enum kunit_status status;

		if (!nr_wanted(suite, glob))
			continue;
		status = run_suite(suite, glob);
		printf("%s %d %s\n", verdict(status), ++nr, suite->name);
		nr_failed += status == KUNIT_FAILURE;
	}
	kernel_leave();
	return nr_failed ? 1 : 0;
}

/*
 * Allocations that fail: those that the kernel's fault injection would let
 * fail. The linker sends them here (--wrap) in place of the shims.
 */
void *__real_kmalloc(size_t size, gfp_t gfp);
void *__real_kmem_cache_alloc_lru(struct kmem_cache *cache,
				  struct list_lru *lru, int gfp);
void *__wrap_kmalloc(size_t size, gfp_t gfp);
void *__wrap_kmem_cache_alloc_lru(struct kmem_cache *cache,
				  struct list_lru *lru, int gfp);

static bool should_fail(void)
{
	return current->fail_nth && !--current->fail_nth;
}

/* Threads take turns here: else one is through before the other is awake. */
void *__wrap_kmalloc(size_t size, gfp_t gfp)
{
	sched_yield();
	return should_fail() ? NULL : __real_kmalloc(size, gfp);
}

void *__wrap_kmem_cache_alloc_lru(struct kmem_cache *cache,
				  struct list_lru *lru, int gfp)
{
	return should_fail() ? NULL :
			       __real_kmem_cache_alloc_lru(cache, lru, gfp);
}

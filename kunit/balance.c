// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is pinned and charged, before and after. See balance.h.
 */
#include <kunit/test.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/sched/user.h>
#include <linux/stop_machine.h>
#include <linux/vmstat.h>

#include "balance.h"

/* With what the CPUs have not passed on yet. */
static long node_count(enum node_stat_item item)
{
	long count = 0;
	int node, cpu;

	for_each_online_node(node) {
		count += atomic_long_read(&NODE_DATA(node)->vm_stat[item]);
		for_each_online_cpu(cpu)
			count += per_cpu_ptr(NODE_DATA(node)->per_cpu_nodestats,
					     cpu)->vm_node_stat_diff[item];
	}
	return count;
}

static int count_pins(void *data)
{
	long *pins = data;

	*pins = node_count(NR_FOLL_PIN_ACQUIRED) -
		node_count(NR_FOLL_PIN_RELEASED);
	return 0;
}

/**
 * balance_now() - what is pinned and charged
 *
 * Context: Process; sleeps.
 * Return: the counts, exact while nobody else pins.
 */
struct balance balance_now(void)
{
	struct mm_struct *mm = current->mm;
	long pins;

	/*
	 * A CPU that goes idle passes on what it has counted; in the midst of that
	 * it is nowhere.
	 */
	stop_machine(count_pins, &pins, NULL);
	return (struct balance){
		.pins = pins,
		.mm_pinned = mm ? atomic64_read(&mm->pinned_vm) : 0,
		.mm_locked = mm ? mm->locked_vm : 0,
		.user_locked = atomic_long_read(&current_user()->locked_vm),
	};
}

/**
 * balance_since() - what has been pinned and charged, and not given back
 * @before: what balance_now() said
 *
 * Return: the difference.
 */
struct balance balance_since(const struct balance *before)
{
	struct balance now = balance_now();

	return (struct balance){
		.pins = now.pins - before->pins,
		.mm_pinned = now.mm_pinned - before->mm_pinned,
		.mm_locked = now.mm_locked - before->mm_locked,
		.user_locked = now.user_locked - before->user_locked,
	};
}

/** balance_is_even() - is everything as it was @before? */
bool balance_is_even(const struct balance *before)
{
	struct balance since = balance_since(before);

	return !since.pins && !since.mm_pinned && !since.mm_locked &&
	       !since.user_locked;
}

/**
 * balance_expect_even() - expect that all was given back
 * @test: the case
 * @before: what balance_now() said
 */
void balance_expect_even(struct kunit *test, const struct balance *before)
{
	struct balance since = balance_since(before);

	KUNIT_EXPECT_EQ_MSG(test, since.pins, 0, "pins are left");
	KUNIT_EXPECT_EQ_MSG(test, since.mm_pinned, 0, "VmPin is left");
	KUNIT_EXPECT_EQ_MSG(test, since.mm_locked, 0, "VmLck is left");
	KUNIT_EXPECT_EQ_MSG(test, since.user_locked, 0,
			    "locked memory of the user is left");
}

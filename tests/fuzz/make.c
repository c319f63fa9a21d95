// SPDX-License-Identifier: GPL-2.0-only
/* Programs out of nothing, and out of others. */
#include <linux/types.h>
#include <string.h>

#include "../ktap.h"
#include "../util.h"
#include "prog.h"

static __u64 below(__u64 *random, __u64 n)
{
	return (ktap_random(random) >> 8) % n;
}

static bool one_in(__u64 *random, unsigned int n)
{
	return !below(random, n);
}

/* Few places, so that calls meet; below and behind what mock devices reach, too. */
static __u64 make_iova(__u64 *random)
{
	static const __u64 base[] = {
		16 * MIB, 16 * MIB, 16 * MIB, 16 * MIB, 16 * MIB, 16 * MIB, 18 * MIB, 20 * MIB,
		32 * MIB, 0, 0x7fffffff - 64 * KIB + 1, 1ULL << 40, ~0ULL - 64 * KIB + 1,
		0xfee00000,
	};
	__u64 iova = base[below(random, ARRAY_SIZE(base))];

	iova += below(random, 12) * PAGE;
	if (one_in(random, 6))
		iova += 2048;
	if (one_in(random, 12))
		iova += below(random, PAGE);
	return iova;
}

static __u64 make_bytes(__u64 *random)
{
	static const __u64 odd[] = {
		0, 1, 7, 2048, 2048, 4095, 4097, 6144, 16 * MIB, 1ULL << 31, 1ULL << 48, ~0ULL,
		~0ULL, ~0ULL - PAGE + 1, 1ULL << 63,
	};
	/* What has many pages takes long, and says little more. */
	static const __u64 large[] = { 512 * KIB, 2 * MIB, 2 * MIB + PAGE };

	if (one_in(random, 6))
		return odd[below(random, ARRAY_SIZE(odd))];
	if (one_in(random, 100))
		return large[below(random, ARRAY_SIZE(large))];
	if (one_in(random, 10))
		return (1 + below(random, one_in(random, 8) ? 300 : 40)) * PAGE;
	if (one_in(random, 10))
		return below(random, 3 * PAGE);
	return (1 + below(random, 6)) * PAGE;
}

static __u64 make_mem(__u64 *random)
{
	static const __u64 wild[] = {
		1ULL << 47, (1ULL << 47) - PAGE, ~0ULL - PAGE + 1, ~0ULL, 0xffff888000000000,
		0xffffffff81000000, WILD, (1ULL << 47) - 2 * PAGE,
	};
	__u64 page = below(random, 16);

	if (one_in(random, 24))
		return wild[below(random, ARRAY_SIZE(wild))];
	if (one_in(random, 4))
		page = ANON_PAGES - 4 + below(random, 16);
	if (one_in(random, 6))
		page = below(random, MEM_PAGES);
	if (one_in(random, 8))
		page = below(random, 3) * 512;
	page *= PAGE;
	if (one_in(random, 8))
		page += 2048;
	if (one_in(random, 16))
		page += below(random, PAGE);
	return page;
}

static __u64 make_slot(__u64 *random)
{
	if (one_in(random, 40))
		return below(random, 6) + below(random, NR_KINDS + 1) * 256;
	if (one_in(random, 60))
		return below(random, NR_SLOTS) + 65536;
	return one_in(random, 2) ? 0 : below(random, NR_SLOTS);
}

static __u64 make_pt(__u64 *random, bool viommu)
{
	__u64 ref = make_slot(random);

	if (ref >= NR_SLOTS || !one_in(random, 2))
		return ref;
	if (viommu && one_in(random, 4))
		return ref + (KIND_VIOMMU + 1) * 256;
	return ref + (KIND_HWPT + 1) * 256;
}

static __u64 make_word(__u64 *random)
{
	static const __u64 words[] = {
		0, 1, 2, 3, 4, 8, 16, 24, 40, 48, 72, 0x7fffffff, 0x80000000, 0xffffffff, ~0ULL,
		PAGE, 4095, 0xdead, 0xdeadbeef,
	};

	switch (below(random, 4)) {
	case 0:
		return make_iova(random);
	case 1:
		return ktap_random(random);
	}
	return words[below(random, ARRAY_SIZE(words))];
}

static __u64 make_arg(enum arg arg, __u64 *random)
{
	static const __u64 map_flags[] = { 7, 7, 7, 7, 7, 7, 5, 5, 3, 6, 6, 4, 2, 1, 0, 8, 15 };
	static const __u64 hwpt_flags[] = { 0, 0, 1, 1, 1, 2, 3, 4, 4, 5, 8, 9, 16, 6 };
	static const __u64 page_bytes[] = { 2048, 4096, 4096, 4096, 0, 1, 1024, 8192, 2 * MIB };

	switch (arg) {
	case ARG_FD:
		return one_in(random, 8);
	case ARG_SLOT:
	case ARG_IOAS:
	case ARG_HWPT:
	case ARG_OBJECT:
		return make_slot(random);
	case ARG_PT:
		return make_pt(random, false);
	case ARG_PARENT:
		return make_pt(random, true);
	case ARG_KIND:
		return below(random, NR_KINDS);
	case ARG_MAP_FLAGS:
		return map_flags[below(random, ARRAY_SIZE(map_flags))];
	case ARG_DEVICE_FLAGS:
		return one_in(random, 3) ? below(random, 8) : 4;
	case ARG_HWPT_FLAGS:
		return hwpt_flags[below(random, ARRAY_SIZE(hwpt_flags))];
	case ARG_MEM:
		return make_mem(random);
	case ARG_FILE:
		if (one_in(random, 20))
			return make_word(random);
		return below(random, FILE_PAGES / 8) * 2048 * (1 + below(random, 3));
	case ARG_BYTES:
		return make_bytes(random);
	case ARG_IOVA:
		return make_iova(random);
	case ARG_PAGE_BYTES:
		return page_bytes[below(random, ARRAY_SIZE(page_bytes))];
	case ARG_PAGE:
		return one_in(random, 3) ? ANON_PAGES + below(random, 16) : below(random, 16);
	case ARG_PAGES:
		if (one_in(random, 8))
			return below(random, one_in(random, 12) ? MEM_PAGES : 64);
		return 1 + below(random, 8);
	case ARG_FILE_PAGE:
		return one_in(random, 2) ? 0 : below(random, one_in(random, 4) ? FILE_PAGES : 16);
	case ARG_BOOL:
		return one_in(random, 30) ? make_word(random) : below(random, 2);
	case ARG_SMALL:
		if (one_in(random, 30))
			return make_word(random);
		return below(random, below(random, 2) ? 2 : 13);
	case ARG_BYTE:
		return 1 + below(random, 255);
	default:
		return make_word(random);
	}
}

static unsigned int make_op(__u64 *random)
{
	static unsigned int sum;
	unsigned int i, at;

	if (!sum) {
		for (i = 0; i < nr_ops; i++)
			sum += ops[i].weight;
	}
	at = below(random, sum);
	for (i = 0; at >= ops[i].weight; i++)
		at -= ops[i].weight;
	return i;
}

/* A value that the program has elsewhere, of the same kind: so that calls meet. */
static bool borrow(struct prog *prog, enum arg arg, __u64 *value, __u64 *random)
{
	unsigned int tries, i;

	for (tries = 0; tries < 8; tries++) {
		const struct call *call = &prog->call[below(random, prog->nr)];

		i = below(random, ops[call->op].nr_args);
		if (ops[call->op].arg[i] == arg) {
			*value = call->arg[i];
			return true;
		}
	}
	return false;
}

static void make_call(struct prog *prog, struct call *call, __u64 *random)
{
	unsigned int i;

	memset(call, 0, sizeof(*call));
	call->op = make_op(random);
	for (i = 0; i < ops[call->op].nr_args; i++) {
		enum arg arg = ops[call->op].arg[i];

		if (!prog->nr || one_in(random, 3) || !borrow(prog, arg, &call->arg[i], random))
			call->arg[i] = make_arg(arg, random);
	}
	if (one_in(random, 16))
		call->fail = 1 + below(random, one_in(random, 4) ? 60 : 12);
	if (one_in(random, 100))
		call->twist = 1 + below(random, NR_TWISTS - 1);
}

/* It stands still while those that come next run. */
static void make_hold(struct call *call, __u64 *random)
{
	if (!prog_is_ioctl(call))
		return;
	call->hold = 1 + below(random, one_in(random, 3) ? 16 : 5);
	call->span = 1 + below(random, 3);
	if (one_in(random, 8))
		call->fail = 1 + below(random, 20);
	if (one_in(random, 6))
		call->twist = 1 + below(random, NR_TWISTS - 1);
}

static void set_call(struct call *call, const char *name, const __u64 *arg)
{
	unsigned int i;

	memset(call, 0, sizeof(*call));
	for (i = 0; i < nr_ops; i++) {
		if (!strcmp(ops[i].name, name))
			call->op = i;
	}
	memcpy(call->arg, arg, ops[call->op].nr_args * sizeof(*arg));
}

/* Most begin as most users do, so that what follows has something to act on. */
void prog_make(struct prog *prog, __u64 *random)
{
	unsigned int nr = 4 + below(random, MAX_CALLS - 8);
	struct call call;

	prog->nr = 0;
	set_call(&prog->call[prog->nr++], "ioas", (__u64[]){ 0, 0 });
	if (!one_in(random, 3))
		set_call(&prog->call[prog->nr++], "device", (__u64[]){ 0, 0, 0, 4 });
	if (one_in(random, 2))
		set_call(&prog->call[prog->nr++], "access", (__u64[]){ 0, 0, 0, below(random, 2) });
	while (prog->nr < nr) {
		make_call(prog, &call, random);
		prog->call[prog->nr++] = call;
	}
}

static void change_arg(struct prog *prog, __u64 *random)
{
	struct call *call = &prog->call[below(random, prog->nr)];
	unsigned int i = below(random, ops[call->op].nr_args);
	enum arg arg = ops[call->op].arg[i];
	static const __s64 steps[] = { 1, -1, 2048, -2048, 4096, -4096, 2 * MIB };

	switch (below(random, 6)) {
	case 0:
		call->arg[i] += steps[below(random, ARRAY_SIZE(steps))];
		return;
	case 1:
	case 2:
		if (borrow(prog, arg, &call->arg[i], random))
			return;
	}
	call->arg[i] = make_arg(arg, random);
}

static void insert_call(struct prog *prog, unsigned int at, const struct call *call)
{
	if (prog->nr == MAX_CALLS)
		prog_cut(prog, MAX_CALLS - 1, 1);
	if (at > prog->nr)
		at = prog->nr;
	memmove(&prog->call[at + 1], &prog->call[at], (prog->nr - at) * sizeof(*call));
	prog->call[at] = *call;
	prog->nr++;
}

static void splice(struct prog *prog, const struct prog *other, __u64 *random)
{
	unsigned int from = below(random, other->nr), nr = 1 + below(random, other->nr - from);
	unsigned int at = below(random, prog->nr + 1), i;

	for (i = 0; i < nr; i++)
		insert_call(prog, at + i, &other->call[from + i]);
}

void prog_change(struct prog *prog, const struct prog *other, __u64 *random)
{
	unsigned int changes = 1 + below(random, 4);
	struct call call;

	while (changes--) {
		switch (below(random, 11)) {
		case 0:
			splice(prog, other, random);
			break;
		case 1:
			if (prog->nr > 2)
				prog_cut(prog, below(random, prog->nr), 1);
			break;
		case 2:
			prog->call[below(random, prog->nr)].fail =
				one_in(random, 3) ? 0 : 1 + below(random, 40);
			break;
		case 3:
			insert_call(prog, below(random, prog->nr + 1),
				    &prog->call[below(random, prog->nr)]);
			break;
		case 4:
			make_hold(&prog->call[below(random, prog->nr)], random);
			break;
		case 5:
		case 6:
		case 7:
			make_call(prog, &call, random);
			insert_call(prog, below(random, prog->nr + 1), &call);
			break;
		default:
			change_arg(prog, random);
		}
	}
}

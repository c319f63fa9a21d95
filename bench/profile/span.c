// SPDX-License-Identifier: GPL-2.0-only
/*
 * A TCG plugin for QEMU that counts what one call costs that several threads are at: the
 * instructions of each (work), and of those that are executed one after another on the longest way
 * through it, how many there are (span).
 *
 *	-plugin file=span.so,out=FILE,kallsyms=FILE
 *
 * For a guest whose CPUs QEMU emulates in turn, in one thread. A round is a turn of each; CPUs that
 * worked at the same time would need for it what the one needs that executes most in its turn, and
 * the sum of that over all rounds is the span. The shorter a turn is, the closer that comes.
 *
 * Counted is what the thread executes that calls, between MARK_BEGIN and MARK_END, and what the
 * threads do that it has the kernel make (vhost_task), until MARK_KEEP_FIRST, for they end when the
 * call is over. The timer's interrupt is none of it: its clock goes by what all CPUs execute
 * together, so that of N CPUs each is interrupted N times as often as it would be by time.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insns.h"
#include "mark.h"
#include "qemu.h"
#include "symbols.h"

#define MAX_CPUS 256
#define MAX_TASKS 1024

QEMU_EXPORT int qemu_plugin_version = QEMU_PLUGIN_API;

/**
 * struct block - what is translated at once
 * @start: its address
 * @entry: whether an interrupt or a fault begins in it; negative: not looked up
 * @timer: it is the timer's
 * @helper: a thread begins in it that the kernel made for the caller
 */
struct block {
	uint64_t start;
	int entry;
	bool timer;
	bool helper;
};

/**
 * struct task - one that ran on a CPU since MARK_BEGIN
 * @where: its stack pointer is put away, which tells tasks apart; 0 as long as it never was
 * @crew: it is the caller, or a helper
 * @depth: how many interrupts and faults it is in
 * @timer_depth: which of them is the timer's; 0 if none is
 * @insns: what it executed, but for
 * @timer_insns: what the timer's interrupts did
 */
struct task {
	uint64_t where;
	bool crew;
	unsigned int depth;
	unsigned int timer_depth;
	uint64_t insns;
	uint64_t timer_insns;
};

/* The first is the caller; the last is for all that have no other. */
static struct task tasks[MAX_TASKS];
static unsigned int ntasks;
/* What each CPU runs; what it ran already at MARK_BEGIN is not known. */
static struct task *running[MAX_CPUS];

static const char *kallsyms_path, *out_path;
static FILE *out;
static bool have_symbols;

/* Counting is: not at all, until the call is over, until its helpers have ended. */
static enum { NOTHING, CALL, HELPERS } counting;
/* Executed by all, and how much of it has been attributed. */
static uint64_t executed, attributed;
/* Whose turn it is, what the crew executed in it, and the most in one of this round. */
static unsigned int turn;
static uint64_t turn_insns, round_insns, span_insns;
/* Of rounds, in how many the crew executed something. */
static unsigned long nrounds;
/* What the caller executed until its call was over. */
static uint64_t caller_insns;

/* A line that begins as QEMU's own do is found by scripts/guest/guest.sh. */
static void die(const char *path, const char *why)
{
	fprintf(stderr, "qemu: span: %s: %s\n", path, why);
	exit(1);
}

static void attribute(void)
{
	struct task *task = running[turn] ?: &tasks[MAX_TASKS - 1];
	uint64_t insns = executed - attributed;

	attributed = executed;
	if (task->timer_depth) {
		task->timer_insns += insns;
		return;
	}
	task->insns += insns;
	if (task->crew)
		turn_insns += insns;
}

static void end_turn(void)
{
	attribute();
	if (turn_insns > round_insns)
		round_insns = turn_insns;
	turn_insns = 0;
}

static void end_round(void)
{
	if (counting == CALL) {
		span_insns += round_insns;
		nrounds += !!round_insns;
	}
	round_insns = 0;
}

static struct task *find_task(uint64_t where)
{
	unsigned int i;

	for (i = 0; i < ntasks && tasks[i].where != where; i++)
		;
	if (i == ntasks && ntasks < MAX_TASKS - 1)
		tasks[ntasks++].where = where;
	else if (i == ntasks)
		die("tasks", "too many");
	return &tasks[i];
}

static void begin(unsigned int cpu)
{
	int rc = have_symbols ? 0 : symbols_read(kallsyms_path);

	if (rc)
		die(kallsyms_path, strerror(-rc));
	have_symbols = true;
	memset(tasks, 0, sizeof(tasks));
	memset(running, 0, sizeof(running));
	ntasks = 1;
	tasks[0].crew = true;
	running[cpu] = &tasks[0];
	attributed = executed;
	turn = cpu;
	turn_insns = 0;
	round_insns = 0;
	span_insns = 0;
	nrounds = 0;
	counting = CALL;
}

static void end(void)
{
	if (counting != CALL)
		return;
	end_turn();
	end_round();
	caller_insns = tasks[0].insns;
	tasks[0].crew = false;
	counting = HELPERS;
}

/* A line: how many helpers, then instructions. */
static void keep(void)
{
	uint64_t work = caller_insns, most = work, timer = 0, others = 0;
	unsigned int helpers = 0, i;

	end_turn();
	for (i = 0; i < MAX_TASKS; i++) {
		const struct task *task = &tasks[i];

		timer += task->timer_insns;
		if (task->crew) {
			helpers++;
			work += task->insns;
			most = task->insns > most ? task->insns : most;
		} else if (i) {
			others += task->insns;
		}
	}
	fprintf(out, "kept %u %lu %lu %lu %lu %lu %lu\n", helpers, work, span_insns, most, timer,
		others, nrounds);
	fflush(out);
	counting = NOTHING;
}

static void on_mark(unsigned int cpu, void *arg)
{
	switch ((unsigned long)arg) {
	case MARK_BENCHMARK:
		fputs("benchmark\n", out);
		break;
	case MARK_BEGIN:
		begin(cpu);
		break;
	case MARK_END:
		end();
		break;
	case MARK_DROP:
		counting = NOTHING;
		break;
	case MARK_KEEP_FIRST:
		keep();
		break;
	}
}

static void look_up(struct block *block)
{
	const char *name;
	bool first;

	name = symbols_name(symbols_find(block->start, &first));
	/* asm_exc_page_fault, asm_sysvec_apic_timer_interrupt, ... */
	block->entry = first && !strncmp(name, "asm_", 4);
	/* The second is what a device interrupts with: one that is the timer of all CPUs. */
	block->timer = first && (!strcmp(name, "asm_sysvec_apic_timer_interrupt") ||
				 !strcmp(name, "asm_common_interrupt"));
	block->helper = first && !strcmp(name, "vhost_task_fn");
}

static void on_block(unsigned int cpu, void *arg)
{
	struct block *block = arg;
	struct task *task;

	if (counting == NOTHING)
		return;
	if (cpu != turn) {
		end_turn();
		if (cpu < turn)
			end_round();
		turn = cpu;
	}
	if (block->entry < 0)
		look_up(block);
	task = running[cpu];
	if (!task)
		return;
	if (block->helper)
		task->crew = true;
	if (block->entry) {
		attribute();
		task->depth++;
		if (block->timer && !task->timer_depth)
			task->timer_depth = task->depth;
	}
}

/* iret, which also ends some system calls. */
static void on_return(unsigned int cpu, void *arg)
{
	struct task *task = running[cpu];

	(void)arg;
	if (counting == NOTHING || !task || !task->depth)
		return;
	attribute();
	if (task->depth == task->timer_depth)
		task->timer_depth = 0;
	task->depth--;
}

static void on_save(unsigned int cpu, uint32_t info, uint64_t vaddr, void *arg)
{
	(void)info;
	(void)arg;
	if (counting != NOTHING && running[cpu])
		running[cpu]->where = vaddr;
}

static void on_load(unsigned int cpu, uint32_t info, uint64_t vaddr, void *arg)
{
	(void)info;
	(void)arg;
	if (counting == NOTHING)
		return;
	attribute();
	running[cpu] = find_task(vaddr);
}

static void look_at(struct qemu_plugin_insn *insn)
{
	const unsigned char *bytes = qemu_plugin_insn_data(insn);
	bool kernel = qemu_plugin_insn_vaddr(insn) >= KERNEL_START;
	size_t size = qemu_plugin_insn_size(insn);
	enum insn_kind kind;
	uint32_t what;

	kind = insn_kind(bytes, size, &what);
	if (!kernel && kind != INSN_MARK)
		return;
	switch (kind) {
	case INSN_MARK:
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_NO_REGS,
						       (void *)(uintptr_t)what);
		break;
	case INSN_SAVE:
		qemu_plugin_register_vcpu_mem_cb(insn, on_save, QEMU_PLUGIN_NO_REGS,
						 QEMU_PLUGIN_WRITES, NULL);
		break;
	case INSN_LOAD:
		/* QEMU 7.2 takes READS for nothing. */
		qemu_plugin_register_vcpu_mem_cb(insn, on_load, QEMU_PLUGIN_NO_REGS,
						 QEMU_PLUGIN_BOTH, NULL);
		break;
	case INSN_OTHER:
		if (size == 2 && bytes[0] == 0x48 && bytes[1] == 0xcf)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_return,
							       QEMU_PLUGIN_NO_REGS, NULL);
		break;
	}
}

/* The memory of a block stays: nothing tells when QEMU translates it anew. */
static void on_translation(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb), i;
	struct block *block = calloc(1, sizeof(*block));
	bool kernel = qemu_plugin_tb_vaddr(tb) >= KERNEL_START;
	struct qemu_plugin_insn *insn;

	(void)id;
	if (!block)
		die("calloc", "no memory");
	block->start = qemu_plugin_tb_vaddr(tb);
	block->entry = kernel ? -1 : 0;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_NO_REGS, block);
	for (i = 0; i < count; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_ADD_U64, &executed, 1);
		look_at(insn);
	}
}

int qemu_plugin_install(uint64_t id, const struct qemu_plugin_info *info, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "kallsyms=", 9))
			kallsyms_path = strdup(argv[i] + 9);
		else if (!strncmp(argv[i], "out=", 4))
			out_path = strdup(argv[i] + 4);
	}
	if (!out_path || !kallsyms_path || !info->system_emulation) {
		fprintf(stderr, "qemu: span: needs a guest, out= and kallsyms=\n");
		return -1;
	}
	out = fopen(out_path, "we");
	if (!out)
		die(out_path, strerror(errno));
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}

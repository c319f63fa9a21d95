// SPDX-License-Identifier: GPL-2.0-only
/*
 * A TCG plugin for QEMU that counts where the instructions of a benchmark are executed: every one
 * of those that the benchmark marks as timed (mark.h), with its callers. There is no sampling in
 * it, so the sum is what the benchmark says. Beside them it counts what counts.h says.
 *
 *	-plugin file=profile.so,model=FILE,out=FILE[,kallsyms=FILE]
 *
 * kallsyms is read when the first round begins: the guest has to have written it by then. For a
 * guest of one CPU, or (without kallsyms) a program of one thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insns.h"
#include "mark.h"
#include "model.h"
#include "qemu.h"
#include "stacks.h"
#include "symbols.h"
#include "touched.h"
#include "tree.h"

QEMU_EXPORT int qemu_plugin_version = QEMU_PLUGIN_API;

/* As the columns are called, which scripts/results/counts.py reads. */
static const char *const names[COUNTS] = {
	[INSNS] = "insns",
	[CALLS] = "calls",
	[LOADS] = "loads",
	[STORES] = "stores",
	[MMIO] = "mmio",
	[LINES] = "lines",
	[STREAMED] = "streamed",
	[L1_MISSES] = "l1_misses",
	[L2_MISSES] = "l2_misses",
	[LLC_MISSES] = "llc_misses",
	[TLB_MISSES] = "tlb_misses",
	[WALKS] = "walks",
	[ATOMICS] = "atomics",
	[MISPREDICTED] = "mispredicted",
	[STRINGS] = "strings",
	[STRING_BYTES] = "string_bytes",
};

static const char *kallsyms_path, *out_path, *model_path;
static FILE *out;
static uint64_t executed, rounds[MARK_FIGURES];
static unsigned long benchmarks;
static bool counting, have_symbols;
/* From a benchmark's first round on: what comes between rounds uses the caches, too. */
static bool modelling;
static bool has_physical;

/* A line that begins as QEMU's own do is found by scripts/guest/guest.sh. */
static void die(const char *path, const char *why)
{
	fprintf(stderr, "qemu: profile: %s: %s\n", path, why);
	exit(1);
}

static void find_symbols(void)
{
	int rc = symbols_read(kallsyms_path);

	if (rc)
		die(kallsyms_path ? kallsyms_path : "symbols", strerror(-rc));
	stacks_entry_code(symbols_address("__entry_text_start"),
			  symbols_address("__entry_text_end"));
	have_symbols = true;
}

/* What was counted of a benchmark, if there was one. */
static void write_benchmark(void)
{
	int figure, what;

	if (!benchmarks)
		return;
	if (!out) {
		out = fopen(out_path, "we");
		if (!out)
			die(out_path, strerror(errno));
		fputs("columns", out);
		for (what = 0; what < COUNTS; what++)
			fprintf(out, " %s", names[what]);
		fputc('\n', out);
	}
	fprintf(out, "benchmark %lu\n", benchmarks - 1);
	for (figure = 0; figure < MARK_FIGURES; figure++) {
		if (rounds[figure])
			fprintf(out, "rounds %d %lu\n", figure, rounds[figure]);
		rounds[figure] = 0;
	}
	if (have_symbols)
		tree_write(out);
}

static void on_mark(unsigned int cpu, void *arg)
{
	unsigned long what = (unsigned long)arg;

	(void)cpu;
	switch (what) {
	case MARK_BEGIN:
		if (!have_symbols)
			find_symbols();
		stacks_begin(executed);
		touched_forget();
		modelling = true;
		counting = true;
		break;
	case MARK_END:
		if (counting)
			stacks_end(executed);
		counting = false;
		break;
	case MARK_BENCHMARK:
		write_benchmark();
		tree_reset();
		benchmarks++;
		modelling = false;
		break;
	case MARK_DROP:
		tree_settle(-1);
		break;
	case MARK_KEEP_FIRST:
	case MARK_KEEP_SECOND:
		tree_settle(what - MARK_KEEP_FIRST);
		rounds[what - MARK_KEEP_FIRST]++;
		break;
	}
}

static void on_block(unsigned int cpu, void *arg)
{
	(void)cpu;
	if (counting)
		stacks_enter(arg, executed);
}

static void on_save(unsigned int cpu, uint32_t info, uint64_t vaddr, void *arg)
{
	(void)cpu;
	(void)info;
	(void)arg;
	if (counting)
		stacks_save(vaddr);
}

static void on_load(unsigned int cpu, uint32_t info, uint64_t vaddr, void *arg)
{
	(void)cpu;
	(void)info;
	(void)arg;
	if (counting)
		stacks_load(vaddr, executed);
}

static void on_event(unsigned int cpu, void *arg)
{
	(void)cpu;
	if (counting)
		tree_events.of[(unsigned long)arg]++;
}

static void on_line(uint64_t vaddr, uint64_t line)
{
	model_misses missed = model_touch(vaddr, line);
	unsigned int i;

	if (!counting)
		return;
	for (i = 0; missed; i++, missed >>= 1)
		tree_events.of[i] += missed & 1;
	tree_events.of[LINES] += touched_first(line);
}

/* The argument says whether it is one of a string instruction. */
static void on_access(unsigned int cpu, uint32_t info, uint64_t vaddr, void *arg)
{
	unsigned int size_bytes = 1 << qemu_plugin_mem_size_shift(info);
	bool store = qemu_plugin_mem_is_store(info);
	struct qemu_plugin_hwaddr *haddr;
	uint64_t paddr = vaddr;

	(void)cpu;
	if (!modelling)
		return;
	if (counting) {
		tree_events.of[store ? STORES : LOADS]++;
		if (arg && store)
			tree_events.of[STRING_BYTES] += size_bytes;
	}
	if (has_physical) {
		haddr = qemu_plugin_get_hwaddr(info, vaddr);
		if (!haddr)
			return;
		if (qemu_plugin_hwaddr_is_io(haddr)) {
			if (counting)
				tree_events.of[MMIO]++;
			return;
		}
		paddr = qemu_plugin_hwaddr_phys_addr(haddr);
	}
	on_line(vaddr, paddr / MODEL_LINE_BYTES);
	/* That of the next page may be anywhere: taken for the one behind. */
	if (paddr % MODEL_LINE_BYTES + size_bytes > MODEL_LINE_BYTES)
		on_line(vaddr + size_bytes - 1, paddr / MODEL_LINE_BYTES + 1);
}

/* Of prefixes what is asked for; returns how many there are. */
static size_t skip_prefixes(const unsigned char *bytes, size_t size, bool *lock, bool *rep)
{
	size_t at;

	*lock = false;
	*rep = false;
	for (at = 0; at < size && (memchr("\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3",
					  bytes[at], 11) || (bytes[at] & 0xf0) == 0x40); at++) {
		*lock |= bytes[at] == 0xf0;
		*rep |= bytes[at] == 0xf2 || bytes[at] == 0xf3;
	}
	return at;
}

/* Counts what an instruction is and accesses. */
static void count_insn(struct qemu_plugin_insn *insn)
{
	const unsigned char *bytes = qemu_plugin_insn_data(insn);
	size_t size = qemu_plugin_insn_size(insn), at;
	bool lock, string;

	at = skip_prefixes(bytes, size, &lock, &string);
	/* xchg with memory is locked without saying so. */
	if (at + 1 < size && (bytes[at] & 0xfe) == 0x86 && bytes[at + 1] >> 6 != 3)
		lock = true;
	/* movs and stos. */
	string = string && at < size && memchr("\xa4\xa5\xaa\xab", bytes[at], 4);
	if (lock)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_event, QEMU_PLUGIN_NO_REGS,
						       (void *)ATOMICS);
	if (string)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_event, QEMU_PLUGIN_NO_REGS,
						       (void *)STRINGS);
	qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_NO_REGS, QEMU_PLUGIN_BOTH,
					 (void *)(uintptr_t)string);
}

/* Of the instructions, those that mean something by themselves. */
static void look_at(struct qemu_plugin_insn *insn)
{
	bool kernel = qemu_plugin_insn_vaddr(insn) >= KERNEL_START;
	enum insn_kind kind;
	uint32_t what;

	kind = insn_kind(qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn), &what);
	if (kind == INSN_MARK)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_NO_REGS,
						       (void *)(uintptr_t)what);
	else if (kernel && kind == INSN_SAVE)
		qemu_plugin_register_vcpu_mem_cb(insn, on_save, QEMU_PLUGIN_NO_REGS,
						 QEMU_PLUGIN_WRITES, NULL);
	else if (kernel && kind == INSN_LOAD) /* QEMU 7.2 takes READS for nothing. */
		qemu_plugin_register_vcpu_mem_cb(insn, on_load, QEMU_PLUGIN_NO_REGS,
						 QEMU_PLUGIN_BOTH, NULL);
}

/* The memory of a block stays: nothing tells when QEMU translates it anew. */
static void on_translation(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb), i, size;
	struct block *block = calloc(1, sizeof(*block));
	struct qemu_plugin_insn *insn = NULL;

	(void)id;
	if (!block)
		die("calloc", "no memory");
	for (i = 0; i < count; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_ADD_U64, &executed, 1);
		look_at(insn);
		count_insn(insn);
	}
	size = qemu_plugin_insn_size(insn);
	block->start = qemu_plugin_tb_vaddr(tb);
	block->end = qemu_plugin_insn_vaddr(insn) + size;
	block->ninsns = count;
	block->symbol = -1;
	stacks_decode(block, qemu_plugin_insn_data(insn), size, block->end);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_NO_REGS, block);
}

static void on_exit_of_qemu(uint64_t id, void *arg)
{
	(void)id;
	(void)arg;
	write_benchmark();
	if (out)
		fclose(out);
}

int qemu_plugin_install(uint64_t id, const struct qemu_plugin_info *info, int argc, char **argv)
{
	const char *why;
	int i;

	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "kallsyms=", 9))
			kallsyms_path = argv[i] + 9;
		else if (!strncmp(argv[i], "out=", 4))
			out_path = argv[i] + 4;
		else if (!strncmp(argv[i], "model=", 6))
			model_path = argv[i] + 6;
	}
	has_physical = info->system_emulation;
	if (!out_path || !model_path || !kallsyms_path == has_physical) {
		fprintf(stderr, "qemu: profile: needs model=, out= and, of a guest, kallsyms=\n");
		return -1;
	}
	if (!model_read(model_path, &why)) {
		fprintf(stderr, "qemu: profile: %s: %s\n", model_path, why);
		return -1;
	}
	/* argv goes with this call. */
	kallsyms_path = kallsyms_path ? strdup(kallsyms_path) : NULL;
	out_path = strdup(out_path);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
	return 0;
}

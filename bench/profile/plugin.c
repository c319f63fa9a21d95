// SPDX-License-Identifier: GPL-2.0-only
/*
 * A TCG plugin for QEMU that counts where the instructions of a benchmark are executed: every one
 * of those that the benchmark marks as timed (mark.h), with its callers. There is no sampling in
 * it, so the sum is what the benchmark says.
 *
 *	-plugin file=profile.so,kallsyms=FILE,out=FILE
 *
 * kallsyms is read when the first round begins: the guest has to have written it by then. For a
 * guest of one CPU.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"
#include "qemu.h"
#include "stacks.h"
#include "symbols.h"
#include "tree.h"

QEMU_EXPORT int qemu_plugin_version = QEMU_PLUGIN_API;

static const char *kallsyms_path, *out_path;
static uint64_t executed, rounds[MARK_FIGURES];
static bool counting, have_symbols;

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
		die(kallsyms_path, strerror(-rc));
	stacks_entry_code(symbols_address("__entry_text_start"),
			  symbols_address("__entry_text_end"));
	have_symbols = true;
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
		counting = true;
		break;
	case MARK_END:
		if (counting)
			stacks_end(executed);
		counting = false;
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

/* Of the instructions, those that mean something by themselves. */
static void look_at(struct qemu_plugin_insn *insn)
{
	static const unsigned char opcode[] = MARK_OPCODE;
	/* mov %rsp, offset(%rdi) and mov offset(%rsi), %rsp are only in __switch_to_asm(). */
	static const unsigned char save[] = { 0x48, 0x89, 0xa7 }, load[] = { 0x48, 0x8b, 0xa6 };
	const unsigned char *bytes = qemu_plugin_insn_data(insn);
	bool kernel = qemu_plugin_insn_vaddr(insn) >= KERNEL_START;
	uint32_t what;

	if (qemu_plugin_insn_size(insn) != 7)
		return;
	memcpy(&what, bytes + sizeof(opcode), sizeof(what));
	if (!memcmp(bytes, opcode, sizeof(opcode)) && (what & ~0xff) == MARK_MAGIC)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_NO_REGS,
						       (void *)(uintptr_t)(what & 0xff));
	if (kernel && !memcmp(bytes, save, sizeof(save)))
		qemu_plugin_register_vcpu_mem_cb(insn, on_save, QEMU_PLUGIN_NO_REGS,
						 QEMU_PLUGIN_WRITES, NULL);
	if (kernel && !memcmp(bytes, load, sizeof(load)))
		qemu_plugin_register_vcpu_mem_cb(insn, on_load, QEMU_PLUGIN_NO_REGS,
						 QEMU_PLUGIN_READS, NULL);
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
	FILE *file = fopen(out_path, "we");
	int figure;

	(void)id;
	(void)arg;
	if (!file) {
		perror(out_path);
		return;
	}
	for (figure = 0; figure < MARK_FIGURES; figure++)
		if (rounds[figure])
			fprintf(file, "rounds %d %lu\n", figure, rounds[figure]);
	if (have_symbols)
		tree_write(file);
	fclose(file);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "kallsyms=", 9))
			kallsyms_path = argv[i] + 9;
		else if (!strncmp(argv[i], "out=", 4))
			out_path = argv[i] + 4;
	}
	if (!kallsyms_path || !out_path) {
		fprintf(stderr, "qemu: profile: needs kallsyms= and out=\n");
		return -1;
	}
	/* argv goes with this call. */
	kallsyms_path = strdup(kallsyms_path);
	out_path = strdup(out_path);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
	return 0;
}

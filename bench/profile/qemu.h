/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is used here of the interface that QEMU 7.2 has for TCG plugins (version 1), for Debian
 * packages no header of it. A QEMU that no longer speaks this version refuses the plugin by itself.
 */
#ifndef PROFILE_QEMU_H
#define PROFILE_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_API 1
#define QEMU_EXPORT __attribute__((visibility("default")))

/* What a plugin is told of the QEMU that loads it; there is more behind it. */
struct qemu_plugin_info {
	const char *target_name;
	struct {
		int min;
		int cur;
	} version;
	bool system_emulation;
};

/* What QEMU looks for in a plugin; 0 or -1. */
QEMU_EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_plugin_info *info, int argc,
				    char **argv);

/* A block of guest code that is translated at once, and an instruction in it. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum qemu_plugin_op { QEMU_PLUGIN_ADD_U64 };
enum qemu_plugin_regs { QEMU_PLUGIN_NO_REGS };
enum qemu_plugin_rw { QEMU_PLUGIN_READS = 1, QEMU_PLUGIN_WRITES, QEMU_PLUGIN_BOTH };

typedef void (*qemu_plugin_tb_fn)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_cpu_fn)(unsigned int cpu, void *arg);
typedef void (*qemu_plugin_mem_fn)(unsigned int cpu, uint32_t info, uint64_t vaddr, void *arg);
typedef void (*qemu_plugin_exit_fn)(uint64_t id, void *arg);

/* Called for every block before it is translated. */
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, qemu_plugin_tb_fn fn);
void qemu_plugin_register_atexit_cb(uint64_t id, qemu_plugin_exit_fn fn, void *arg);

/* Only within the callback of a translation: called, or counted, whenever it is executed. */
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_plugin_cpu_fn fn,
					  enum qemu_plugin_regs regs, void *arg);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_plugin_cpu_fn fn,
					    enum qemu_plugin_regs regs, void *arg);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
						enum qemu_plugin_op op, void *counter,
						uint64_t value);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_plugin_mem_fn fn,
				      enum qemu_plugin_regs regs, enum qemu_plugin_rw rw,
				      void *arg);

/*
 * Only within the callback of an access to memory: of its size the binary logarithm, whether it
 * writes, and, where QEMU emulates a machine, what is at the physical address.
 */
struct qemu_plugin_hwaddr;
unsigned int qemu_plugin_mem_size_shift(uint32_t info);
bool qemu_plugin_mem_is_store(uint32_t info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t vaddr);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *haddr);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *haddr);

uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);

uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);

#endif

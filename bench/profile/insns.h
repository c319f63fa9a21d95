/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions that mean something by themselves, found by their bytes.
 */
#ifndef PROFILE_INSNS_H
#define PROFILE_INSNS_H

#include <stdint.h>
#include <string.h>

#include "mark.h"

/* What there is to find. */
enum insn_kind {
	INSN_OTHER,
	INSN_MARK,	/* of a benchmark, see mark.h */
	/* These two are of this form only in the kernel's __switch_to_asm(). */
	INSN_SAVE,	/* mov %rsp, offset(%rdi): a task's stack pointer is put away */
	INSN_LOAD,	/* mov offset(%rsi), %rsp: it continues with another's */
};

/* What an instruction is; @what is set to what a mark says. */
static inline enum insn_kind insn_kind(const unsigned char *bytes, size_t size, uint32_t *what)
{
	static const unsigned char mark[] = MARK_OPCODE;
	static const unsigned char save[] = { 0x48, 0x89, 0xa7 }, load[] = { 0x48, 0x8b, 0xa6 };

	if (size != sizeof(mark) + sizeof(*what))
		return INSN_OTHER;
	memcpy(what, bytes + sizeof(mark), sizeof(*what));
	if (!memcmp(bytes, mark, sizeof(mark)) && (*what & ~0xff) == MARK_MAGIC) {
		*what &= 0xff;
		return INSN_MARK;
	}
	if (!memcmp(bytes, save, sizeof(save)))
		return INSN_SAVE;
	return memcmp(bytes, load, sizeof(load)) ? INSN_OTHER : INSN_LOAD;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* The beginning of each program that is printed as C, from where this is built. */
	.section .rodata
	.globl world_text, world_text_end, calls_text, calls_text_end, held_text, held_text_end
world_text:
	.incbin "fuzz/world.h"
world_text_end:
calls_text:
	.incbin "fuzz/calls.c"
calls_text_end:
held_text:
	.incbin "fuzz/held.c"
held_text_end:
	.section .note.GNU-stack, "", @progbits

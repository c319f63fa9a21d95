/* SPDX-License-Identifier: GPL-2.0-only */
/* The beginning of each program that is printed as C, from where this is built. */
	.section .rodata
	.globl calls_text, calls_text_end
calls_text:
	.incbin "fuzz/world.h"
	.incbin "fuzz/call.h"
	.incbin "fuzz/call.c"
	.incbin "fuzz/calls_ioas.c"
	.incbin "fuzz/calls_device.c"
	.incbin "fuzz/calls_viommu.c"
	.incbin "fuzz/calls_vfio.c"
	.incbin "fuzz/calls_memory.c"
	.incbin "fuzz/calls_other.c"
	.incbin "fuzz/held.c"
calls_text_end:
	.section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a multiboot loader finds the inner guest, and what it does not leave: a stack, and segments
 * that can be loaded again.
 */
	.section .rodata
	.align 8
gdt:
	.quad	0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdt_end:
gdt_descriptor:
	.word	gdt_end - gdt - 1
	.long	gdt

	.bss
	.align 16
	.skip	16384
stack_end:

	.text
	/* It looks no further than the first 8 KiB, and this file is linked first. */
	.align 4
	.long	0x1badb002, 2, -(0x1badb002 + 2)

	.globl	_start
_start:
	mov	$stack_end, %esp
	push	%ebx		/* what the loader tells */
	lgdt	gdt_descriptor
	ljmp	$8, $1f
1:	mov	$16, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	call	start

/* An interrupt is there to end a HLT: the BIOS has left a timer, and that is all. */
	.globl	interrupt
interrupt:
	push	%eax
	mov	$0x20, %al
	out	%al, $0x20
	pop	%eax
	iret

	.section .note.GNU-stack, "", @progbits

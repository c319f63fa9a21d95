// SPDX-License-Identifier: GPL-2.0-only
/* A kernel that is stuck, for the test of what ends such a guest: loading this never returns. */
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/processor.h>

static int __init stuck_init(void)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
	return 0;
}

module_init(stuck_init);

MODULE_DESCRIPTION("Keeps a CPU for ever, with interrupts off");
MODULE_LICENSE("GPL");

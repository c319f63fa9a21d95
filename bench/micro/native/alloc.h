/* SPDX-License-Identifier: GPL-2.0-only */
/* What tools/include/linux/slab.h has not. */
#ifndef SHIM_LINUX_SLAB_H
#define SHIM_LINUX_SLAB_H

#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#ifndef GFP_KERNEL_ACCOUNT
#define GFP_KERNEL_ACCOUNT	(GFP_KERNEL | __GFP_ACCOUNT)
#endif

#define kmalloc_obj(obj, ...) \
	kmalloc(sizeof(obj), default_gfp(__VA_ARGS__))

/* Memory is memory here. */
#define kvzalloc_flex(obj, member, count, gfp) \
	kzalloc(sizeof(obj) + sizeof(*(obj).member) * (count), gfp)
#define flex_array_size(ptr, member, count) \
	(sizeof(*(ptr)->member) * (count))
#define kvfree(memory)		kfree(memory)
#define kvfree_rcu(ptr, head)	((void)&(ptr)->head, kfree_rcu_mightsleep(ptr))

void *krealloc(const void *old, size_t size, gfp_t gfp);
void *kvrealloc(const void *old, size_t size, gfp_t gfp);
void kfree_rcu_mightsleep(void *memory);

#endif

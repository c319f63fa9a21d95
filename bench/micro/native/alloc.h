/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory: what tools/include/linux/slab.h has not. mm.h beside it has PAGE_SIZE,
 * but asks for a linux/mmzone.h that each of its users has to bring.
 */
#ifndef NATIVE_ALLOC_H
#define NATIVE_ALLOC_H

#include <linux/const.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#define PAGE_SIZE	(_AC(1, UL) << PAGE_SHIFT)

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

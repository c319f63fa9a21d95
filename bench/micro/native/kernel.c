// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the portable core needs of a kernel. See kernel.h.
 */
#include <malloc.h>
#include <stdlib.h>

#include "kernel.h"
#include "portable.h"
#include "radix-tree.h"

struct kmem_cache *radix_tree_node_cachep;

/* An empty node; the cache keeps them so while they are free. */
static void node_init(void *memory)
{
	struct xa_node *node = memory;

	memset(node, 0, sizeof(*node));
	INIT_LIST_HEAD(&node->private_list);
}

/** kernel_start() - before anything else; also does kernel_enter() */
void kernel_start(void)
{
	kernel_enter();
	radix_tree_node_cachep = kmem_cache_create("xarray nodes",
						   sizeof(struct xa_node), 0, 0,
						   node_init);
}

/** kernel_enter() - this thread is going to use the core */
void kernel_enter(void)
{
	rcu_register_thread();
}

/** kernel_leave() - this thread will not use the core any more */
void kernel_leave(void)
{
	rcu_unregister_thread();
}

/* What lib/xarray.c calls to free a node that readers may still look at. */
void radix_tree_node_rcu_free(struct rcu_head *head)
{
	struct xa_node *node = container_of(head, struct xa_node, rcu_head);

	node_init(node);
	kmem_cache_free(radix_tree_node_cachep, node);
}

/**
 * krealloc() - enlarge an allocation
 * @old: the allocation, or NULL
 * @size: in bytes
 * @gfp: as for kmalloc()
 *
 * Allocates and copies: as the kernel does, and through kmalloc(), where
 * check.c lets allocations fail.
 */
void *krealloc(const void *old, size_t size, gfp_t gfp)
{
	void *memory = kmalloc(size, gfp);
	size_t old_size = malloc_usable_size((void *)old);

	if (!memory)
		return NULL;
	if (old)
		memcpy(memory, old, min(old_size, size));
	kfree((void *)old);
	return memory;
}

/**
 * kvrealloc() - enlarge an allocation that need not be in one piece
 * @old: the allocation, or NULL
 * @size: in bytes
 * @gfp: as for kmalloc()
 *
 * More than a page is not had by kmalloc() alone: where check.c lets that fail,
 * there are pages.
 */
void *kvrealloc(const void *old, size_t size, gfp_t gfp)
{
	void *memory = krealloc(old, size, gfp);

	if (!memory && size > PAGE_SIZE)
		memory = realloc((void *)old, size);
	return memory;
}

/* Memory that is freed once all readers of today are through. */
struct doomed {
	struct rcu_head head;
	void *memory;
};

static void free_doomed(struct rcu_head *head)
{
	struct doomed *doomed = container_of(head, struct doomed, head);

	kfree(doomed->memory);
	free(doomed);
}

/** kfree_rcu_mightsleep() - free memory after a grace period */
void kfree_rcu_mightsleep(void *memory)
{
	struct doomed *doomed = malloc(sizeof(*doomed));

	if (!doomed) {
		synchronize_rcu();
		kfree(memory);
		return;
	}
	doomed->memory = memory;
	call_rcu(&doomed->head, free_doomed);
}

/** init_waitqueue_head() - nobody waits */
void init_waitqueue_head(wait_queue_head_t *queue)
{
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->wake, NULL);
}

/** wake_up_all() - have all who wait look again */
void wake_up_all(wait_queue_head_t *queue)
{
	pthread_mutex_lock(&queue->lock);
	pthread_cond_broadcast(&queue->wake);
	pthread_mutex_unlock(&queue->lock);
}

/** shim_wait_a_little() - until woken, or a millisecond; its lock is held */
void shim_wait_a_little(wait_queue_head_t *queue)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&queue->wake, &queue->lock, &until);
}

static __thread struct task_struct *current_task;
static __thread struct task_struct first_task = { .pid = 1 };

/** shim_current() - the thread that calls */
struct task_struct *shim_current(void)
{
	return current_task ? current_task : &first_task;
}

static void *run_kthread(void *data)
{
	current_task = data;
	kernel_enter();
	current_task->fn(current_task->data);
	kernel_leave();
	return NULL;
}

/** shim_kthread_run() - what kthread_run() is */
struct task_struct *shim_kthread_run(int (*fn)(void *data), void *data)
{
	static int last_pid = 1;
	struct task_struct *task = calloc(1, sizeof(*task));

	if (!task)
		return ERR_PTR(-ENOMEM);
	task->pid = __atomic_add_fetch(&last_pid, 1, __ATOMIC_RELAXED);
	task->fn = fn;
	task->data = data;
	if (pthread_create(&task->thread, NULL, run_kthread, task)) {
		free(task);
		return ERR_PTR(-ENOMEM);
	}
	return task;
}

/** kthread_stop_put() - wait for the end of a thread, and forget it */
int kthread_stop_put(struct task_struct *task)
{
	pthread_join(task->thread, NULL);
	free(task);
	return 0;
}

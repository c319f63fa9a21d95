// SPDX-License-Identifier: GPL-2.0-only
/* The memory of the process, the file that is a part of it, and what may be pinned. */
#include <linux/capability.h>
#include <linux/falloc.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef CALL_H
#include "call.h"
#endif

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* Where memory is changed: whole pages inside of it. Returns false where there are none. */
static int is_inside(__u64 page, __u64 npages)
{
	return npages && page < MEM_PAGES && npages <= MEM_PAGES - page;
}

/* page, pages, byte. Of a mapping that may be written to. */
long call_fill(const __u64 *a)
{
	if (!is_inside(a[0], a[1]))
		return -EINVAL;
	memset(w->m.mem + a[0] * PAGE_BYTES, a[2], a[1] * PAGE_BYTES);
	return 0;
}

static long map_anonymous(__u64 page, __u64 npages, int prot)
{
	void *va = w->m.mem + page * PAGE_BYTES;

	va = mmap(va, npages * PAGE_BYTES, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	return va == MAP_FAILED ? -errno : 0;
}

static long map_memfd(__u64 page, __u64 npages, __u64 first)
{
	void *va = w->m.mem + page * PAGE_BYTES;

	va = mmap(va, npages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		  w->m.memfd, first * PAGE_BYTES);
	return va == MAP_FAILED ? -errno : 0;
}

/* page, pages, 0: anonymous, or a page of the file + 1 */
long call_mem_map(const __u64 *a)
{
	if (!is_inside(a[0], a[1]))
		return -EINVAL;
	if (!a[2])
		return map_anonymous(a[0], a[1], PROT_READ | PROT_WRITE);
	return map_memfd(a[0], a[1], (a[2] - 1) % FILE_PAGES);
}

/* page, pages. The addresses stay ours: nobody else's memory gets there. */
long call_mem_unmap(const __u64 *a)
{
	if (!is_inside(a[0], a[1]))
		return -EINVAL;
	return map_anonymous(a[0], a[1], PROT_NONE);
}

/* page, pages */
long call_mem_zap(const __u64 *a)
{
	if (!is_inside(a[0], a[1]))
		return -EINVAL;
	return result(madvise(w->m.mem + a[0] * PAGE_BYTES, a[1] * PAGE_BYTES, MADV_DONTNEED));
}

/* page, pages, 0: nothing, 1: read, 2: and write */
long call_mem_protect(const __u64 *a)
{
	static const int prot[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };

	if (!is_inside(a[0], a[1]))
		return -EINVAL;
	return result(mprotect(w->m.mem + a[0] * PAGE_BYTES, a[1] * PAGE_BYTES, prot[a[2] % 3]));
}

/* It may have come half the way: then nothing is at either place. */
static long move(__u64 from, __u64 npages, __u64 to)
{
	size_t bytes = npages * PAGE_BYTES;
	long ret = 0;

	if (mremap(w->m.mem + from * PAGE_BYTES, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
		   w->m.mem + to * PAGE_BYTES) == MAP_FAILED)
		ret = map_anonymous(to, npages, PROT_NONE) ?: -EFAULT;
	return map_anonymous(from, npages, PROT_NONE) ?: ret;
}

/* page, pages, to page: of one mapping, and what is there now goes */
long call_mem_move(const __u64 *a)
{
	long ret;

	if (!is_inside(a[0], a[1]) || !is_inside(a[2], a[1]) ||
	    (a[2] < a[0] + a[1] && a[0] < a[2] + a[1]))
		return -EINVAL;
	pthread_mutex_lock(&layout_lock);
	ret = move(a[0], a[1], a[2]);
	pthread_mutex_unlock(&layout_lock);
	return ret;
}

/* page, pages: huge pages, if there are some */
long call_mem_collapse(const __u64 *a)
{
	if (!is_inside(a[0], a[1]))
		return -EINVAL;
	madvise(w->m.mem + a[0] * PAGE_BYTES, a[1] * PAGE_BYTES, MADV_HUGEPAGE);
	madvise(w->m.mem + a[0] * PAGE_BYTES, a[1] * PAGE_BYTES, MADV_COLLAPSE);
	return 0;
}

/* Answers faults with zeros, a little late. */
static void *serve_faults(void *arg)
{
	static unsigned char zeros[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
	int uffd = (int)(long)arg;
	struct uffd_msg msg;

	while (read(uffd, &msg, sizeof(msg)) == sizeof(msg)) {
		struct uffdio_copy copy = {
			.dst = msg.arg.pagefault.address & -PAGE_BYTES,
			.src = (__u64)zeros,
			.len = PAGE_BYTES,
		};

		if (msg.event != UFFD_EVENT_PAGEFAULT)
			continue;
		if (ioctl(uffd, UFFDIO_COPY, &copy)) {
			struct uffdio_range range = { .start = copy.dst, .len = PAGE_BYTES };

			ioctl(uffd, UFFDIO_WAKE, &range);
		}
	}
	return NULL;
}

static int user_faults(void)
{
	static int uffd = -1;
	struct uffdio_api api = { .api = UFFD_API };
	pthread_t thread;

	pthread_mutex_lock(&layout_lock);
	if (uffd < 0) {
		uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
		if (uffd >= 0 &&
		    (ioctl(uffd, UFFDIO_API, &api) ||
		     pthread_create(&thread, NULL, serve_faults, (void *)(long)uffd))) {
			close(uffd);
			uffd = -1;
		}
	}
	pthread_mutex_unlock(&layout_lock);
	return uffd;
}

/* page, pages: anonymous memory whose faults a program serves */
long call_mem_uffd(const __u64 *a)
{
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int uffd = user_faults();
	long ret;

	if (!is_inside(a[0], a[1]))
		return -EINVAL;
	ret = map_anonymous(a[0], a[1], PROT_READ | PROT_WRITE);
	if (ret || uffd < 0)
		return ret;
	range.range.start = (__u64)w->m.mem + a[0] * PAGE_BYTES;
	range.range.len = a[1] * PAGE_BYTES;
	return result(ioctl(uffd, UFFDIO_REGISTER, &range));
}

/* page, pages */
long call_file_punch(const __u64 *a)
{
	if (!a[1] || a[0] >= FILE_PAGES || a[1] > FILE_PAGES - a[0])
		return -EINVAL;
	return result(fallocate(w->m.memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				a[0] * PAGE_BYTES, a[1] * PAGE_BYTES));
}

/* page, pages: pages that nobody has used */
long call_file_alloc(const __u64 *a)
{
	if (!a[1] || a[0] >= FILE_PAGES || a[1] > FILE_PAGES - a[0])
		return -EINVAL;
	return result(fallocate(w->m.memfd, FALLOC_FL_KEEP_SIZE, a[0] * PAGE_BYTES,
				a[1] * PAGE_BYTES));
}

/* pages */
long call_file_size(const __u64 *a)
{
	return result(ftruncate(w->m.memfd, a[0] % (FILE_PAGES + 1) * PAGE_BYTES));
}

static int gone(void *arg)
{
	return 0;
}

/*
 * A child that is gone at once; with 1 the memory is not its own. What is open is never its own:
 * else a file that another thread closes meanwhile would end with the child, and what the file has
 * would be in use until then.
 */
long call_forks(const __u64 *a)
{
	char stack[16384] __attribute__((aligned(16)));
	int flags = CLONE_FILES | SIGCHLD | (a[0] & 1 ? CLONE_VM | CLONE_VFORK : 0);
	int status;
	pid_t pid = clone(gone, stack + sizeof(stack), flags, NULL);

	return pid < 0 || waitpid(pid, &status, 0) < 0 ? -errno : 0;
}

/* Whether limits of what may be pinned are for this thread: for root's they are not. */
static int set_limited(int limited)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (w->limited == limited)
		return 0;
	if (syscall(SYS_capget, &head, data))
		return -1;
	data[0].effective &= ~(1U << CAP_IPC_LOCK);
	if (!limited)
		data[0].effective |= 1U << CAP_IPC_LOCK;
	if (syscall(SYS_capset, &head, data))
		return -1;
	w->limited = limited;
	return 0;
}

/* pages that may be pinned, from now on */
long call_memlock(const __u64 *a)
{
	struct rlimit limit;

	if (set_limited(1) || getrlimit(RLIMIT_MEMLOCK, &limit))
		return -errno;
	limit.rlim_cur = a[0] % (MEM_PAGES + 1) * PAGE_BYTES;
	return result(setrlimit(RLIMIT_MEMLOCK, &limit));
}

int memory_reset(void)
{
	return set_limited(0) || ftruncate(w->m.memfd, 0) ||
	       ftruncate(w->m.memfd, FILE_PAGES * PAGE_BYTES) ||
	       map_anonymous(0, ANON_PAGES, PROT_READ | PROT_WRITE) ||
	       map_memfd(ANON_PAGES, FILE_PAGES, 0);
}

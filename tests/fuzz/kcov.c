// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <linux/kcov.h>
#include <linux/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kcov.h"
#include "state.h"

#define TRACE_LEN	(256UL << 10)
#define MAP_BITS	18

static __thread unsigned long *trace;
/* By a hash of the two places; of all threads and processes. */
static struct ways {
	unsigned int count;
	unsigned char seen[1 << MAP_BITS];
} *ways;

void kcov_setup(void)
{
	ways = shared_alloc(sizeof(*ways));
}

bool kcov_open(void)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	void *va;

	if (fd < 0)
		return false;
	if (ioctl(fd, KCOV_INIT_TRACE, TRACE_LEN))
		goto err_close;
	va = mmap(NULL, TRACE_LEN * sizeof(*trace), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (va == MAP_FAILED)
		goto err_close;
	if (ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		goto err_close;
	trace = va;
	return true;

err_close:
	close(fd);
	return false;
}

void kcov_start(void)
{
	if (trace)
		__atomic_store_n(&trace[0], 0, __ATOMIC_RELAXED);
}

unsigned int kcov_stop(void)
{
	unsigned long nr, i, last = 0;
	unsigned int found = 0;

	if (!trace)
		return 0;
	nr = __atomic_load_n(&trace[0], __ATOMIC_RELAXED);
	for (i = 1; i <= nr && i < TRACE_LEN; i++) {
		unsigned long way = (trace[i] ^ last << 1) * 0x9e3779b97f4a7c15;

		last = trace[i];
		if (!__atomic_exchange_n(&ways->seen[way >> (64 - MAP_BITS)], 1, __ATOMIC_RELAXED))
			found++;
	}
	__atomic_add_fetch(&ways->count, found, __ATOMIC_RELAXED);
	return found;
}

unsigned int kcov_count(void)
{
	return __atomic_load_n(&ways->count, __ATOMIC_RELAXED);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../util.h"
#include "state.h"

#define MAGIC	0x7a7a7566756d6d69ULL

struct state *state;

void *shared_alloc(size_t bytes)
{
	void *va = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (va == MAP_FAILED) {
		perror("shared memory");
		exit(2);
	}
	return va;
}

static bool map_file(const char *path, int flags, int prot)
{
	int fd = open(path, flags | O_CLOEXEC);
	struct stat st;
	void *va;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) || (size_t)st.st_size < sizeof(*state)) {
		errno = EINVAL;
		close(fd);
		return false;
	}
	va = mmap(NULL, sizeof(*state), prot, MAP_SHARED, fd, 0);
	close(fd);
	if (va == MAP_FAILED)
		return false;
	state = va;
	return true;
}

bool state_open(const char *path)
{
	if (!path)
		state = shared_alloc(sizeof(*state));
	else if (!map_file(path, O_RDWR, PROT_READ | PROT_WRITE))
		return false;
	memset(state, 0, sizeof(*state));
	state->magic = MAGIC;
	return true;
}

void state_keep_from_children(void)
{
	if (madvise(state, (sizeof(*state) + PAGE - 1) & -PAGE, MADV_DONTFORK))
		perror("MADV_DONTFORK");
}

bool state_read(const char *path)
{
	if (!map_file(path, O_RDONLY, PROT_READ))
		return false;
	errno = ENODATA;
	return state->magic == MAGIC && state->nr_seats <= MAX_SEATS;
}

unsigned long state_programs(void)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < state->nr_seats; i++)
		sum += state->seat[i].programs;
	return sum;
}

/* Only as much of it as there is: the memory may be a device's. */
static void copy(struct prog *to, const struct prog *from)
{
	unsigned int i;

	to->nr = 0;
	for (i = 0; i < from->nr; i++)
		to->call[i] = from->call[i];
	to->nr = from->nr;
}

void seat_enter(struct seat *seat, const struct prog *prog)
{
	copy(&seat->now, prog);
}

void seat_leave(struct seat *seat)
{
	copy(&seat->recent[seat->programs++ % BATCH], &seat->now);
	if (seat->nr_recent < BATCH)
		seat->nr_recent++;
}

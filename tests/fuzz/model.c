// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "after.h"
#include "answer.h"
#include "parts.h"

__thread struct model *m;

/* Calls that are no ioctl of io() in call.c. */
static bool is_memory(const char *name)
{
	return !strncmp(name, "mem_", 4) || !strncmp(name, "file_", 5) || !strcmp(name, "fill") ||
	       !strcmp(name, "forks") || !strcmp(name, "memlock");
}

static bool is_other(const char *name)
{
	static const char * const others[] = {
		"open", "close", "access_end", "fault_read", "fault_answer", "event_read",
		"dma_map", "dma_unmap", "dma_info", "vfio", "vfio_attach", "mmio", "raw",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		if (!strcmp(name, others[i]))
			return true;
	}
	return false;
}

/* Calls whose answer comes before the structure is looked at. */
static bool is_early(const char *name, const __u64 *a)
{
	int (*file)[NR_SLOTS] = m->seen.t[a[0] % NR_FDS]->file;
	__u64 slot = a[1] % NR_SLOTS;

	if (!strcmp(name, "access"))
		return file[FILE_ACCESS][slot] >= 0;
	if (!strcmp(name, "faults"))
		return file[FILE_FAULTS][slot] >= 0;
	if (!strcmp(name, "events"))
		return file[FILE_EVENTS][slot] >= 0;
	if (!strcmp(name, "dmabuf"))
		return file[FILE_DMABUF][slot] >= 0 || a[2] > MEM_ALIGN;
	return false;
}

bool model_before(const struct call *call)
{
	const char *name = ops[call->op].name;
	unsigned int f;

	m->seen = *w;
	for (f = 0; f < NR_FDS; f++) {
		m->seen.own[f] = *w->t[f];
		m->seen.t[f] = &m->seen.own[f];
	}
	return strcmp(name, "fill") || can_fill(call->arg);
}

/* What is looked at of an ioctl that the model understands. */
static const struct {
	const char *name;
	const char *(*after)(const __u64 *a, long ret, bool fired);
} checks[] = {
	{ "ioas", after_ioas },
	{ "destroy", after_destroy },
	{ "map", after_map_user },
	{ "map_file", after_map_file },
	{ "unmap", after_unmap },
	{ "copy", after_copy },
	{ "allow", after_allow },
	{ "option", after_option },
	{ "device", after_device },
	{ "replace", after_replace },
	{ "access", after_access },
	{ "access_move", after_access_move },
	{ "pin", after_pin },
	{ "unpin", after_unpin },
	{ "rw", after_rw },
	{ "check_map", after_check_map },
	{ "reserve", after_reserve },
	{ "hwpt", after_hwpt },
	{ "viommu", after_viommu },
	{ "queue", after_queue },
	{ "vdevice", after_vdevice },
	{ "events", after_events },
	{ "faults", after_faults },
	{ "revoke", after_revoke },
	{ "dirty", after_dirty },
};

static const char *after_ioctl(const char *name, const __u64 *a, long ret, bool fired)
{
	struct iommufd *fd = iommufd_of(a[0]);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		if (!strcmp(name, checks[i].name))
			return checks[i].after(a, ret, fired);
	}
	if (!strcmp(name, "pasid") && !ret) {
		struct object *pt = object_of(a[0], KIND_HWPT, a[3]);

		/* Without a PASID the device itself moves, and what it leaves may end. */
		if (!(__u32)a[2] || !pt || pt->automatic)
			fd->lost = true;
	}
	return NULL;
}

static const char *after_other(const char *name, const __u64 *a, long ret)
{
	unsigned int f;

	if (!strcmp(name, "access_end"))
		return after_access_end(a, ret);
	if (!strcmp(name, "vfio") || !strcmp(name, "vfio_attach")) {
		for (f = 0; f < NR_FDS && !ret; f++)
			m->iommufd[f].lost = true;
	}
	/* Those of a container say more than 0, and an answer that is none may be one, too. */
	if (!strcmp(name, "raw") || !strncmp(name, "dma_", 4))
		iommufd_of(a[0])->lost = true;
	return NULL;
}

const char *model_after(const struct call *call, long ret, bool fired)
{
	const char *name = ops[call->op].name;
	const __u64 *a = call->arg;
	struct iommufd *fd = iommufd_of(a[0]);

	/* Unless one that stands still uses it, on a machine that is too busy to let it go. */
	if (ret == -EDEADLK && !m->given_up)
		return wrong("who uses memory did not let go of it in time");
	if (is_memory(name))
		return after_memory(name, a, ret);
	if (m->given_up)
		return NULL;
	if (!strcmp(name, "close") && ret != -EBADF) {
		iommufd_close(fd);
		return NULL;
	}
	if (m->seen.shared && a[0] % NR_FDS == NR_FDS - 1)
		fd->lost = true;
	if (fd->lost)
		return NULL;
	if (is_other(name))
		return after_other(name, a, ret);
	if (!is_early(name, a)) {
		if (m->seen.fd[a[0] % NR_FDS] < 0)
			return EXPECT("it is not open", -EBADF);
		if (call->twist == 1)
			return EXPECT("the structure is too short", -EINVAL);
		if (call->twist == 2)
			return EXPECT("the structure is too long", -E2BIG);
		if (call->twist == 4)
			return EXPECT("the structure is not there", -EFAULT);
		/* What has been done by then can not always be undone. */
		if (call->twist == READ_ONLY && ret == -EFAULT) {
			fd->lost = true;
			return NULL;
		}
	}
	return after_ioctl(name, a, ret, fired);
}

void model_give_up(void)
{
	m->given_up = true;
}

void model_init(void)
{
	m = calloc(1, sizeof(*m));
	if (!m)
		exit(2);
	model_reset();
}

/* As world_reset(). */
void model_reset(void)
{
	unsigned int f;

	for (f = 0; f < NR_FDS; f++)
		iommufd_close(&m->iommufd[f]);
	m->given_up = false;
	m->revoked = false;
	m->file_pages = FILE_PAGES;
	drop_file(0, FILE_PAGES);
	set_places(0, ANON_PAGES, false, 0, true);
	set_places(ANON_PAGES, FILE_PAGES, true, 0, true);
	m->seen = *w;
}

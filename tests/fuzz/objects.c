// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "parts.h"

struct iommufd *iommufd_of(__u64 f)
{
	return &m->iommufd[f % NR_FDS];
}

struct object *object_find(struct iommufd *fd, __u32 id)
{
	unsigned int i;

	for (i = 0; id && i < fd->nr; i++) {
		if (fd->object[i].id == id)
			return &fd->object[i];
	}
	return NULL;
}

/* As the call found it. */
__u32 seen_id(__u64 f, enum kind kind, __u64 ref)
{
	struct world *now = w;
	__u32 id;

	w = &m->seen;
	id = id_of(f, kind, ref);
	w = now;
	return id;
}

int seen_file(__u64 f, enum file_kind kind, __u64 ref)
{
	struct world *now = w;
	int fd;

	w = &m->seen;
	fd = file_of(f, kind, ref);
	w = now;
	return fd;
}

struct object *object_of(__u64 f, enum kind kind, __u64 ref)
{
	struct object *obj = object_find(iommufd_of(f), seen_id(f, kind, ref));

	return obj && obj->kind == kind ? obj : NULL;
}

struct ioas *ioas_of(__u64 f, __u64 ref)
{
	struct object *obj = object_of(f, KIND_IOAS, ref);

	return obj ? obj->ioas : NULL;
}

/* IDs that nobody may have twice. Returns NULL, with the iommufd lost, where there are too many. */
struct object *object_add(struct iommufd *fd, __u32 id, enum kind kind)
{
	struct object *obj = object_find(fd, id);

	if (!id || obj || fd->nr == NR_OBJECTS) {
		fd->lost = true;
		return NULL;
	}
	obj = &fd->object[fd->nr++];
	memset(obj, 0, sizeof(*obj));
	obj->id = id;
	obj->kind = kind;
	return obj;
}

void object_remove(struct iommufd *fd, struct object *obj)
{
	if (obj->kind == KIND_IOAS) {
		ioas_empty(obj->ioas);
		free(obj->ioas);
	}
	*obj = fd->object[--fd->nr];
}

/* The drivers of accesses let go of what is unmapped. */
void drop_pins(struct iommufd *fd, struct ioas *ioas, struct access *access, __u64 first,
	       __u64 last)
{
	unsigned int i;

	for (i = 0; i < NR_PINS; i++) {
		struct pin *pin = &fd->pin[i];
		struct object *obj;

		if (!pin->access || (access && pin->access != access) || pin->first > last ||
		    pin->last < first)
			continue;
		obj = object_find(fd, pin->access->ioas);
		if (!obj || obj->ioas != ioas)
			continue;
		claim_range(ioas, pin->first, pin->last, false, 0);
		pin->access = NULL;
	}
}

struct access *access_of(__u64 f, __u64 ref, int *want)
{
	int fd = seen_file(f, FILE_ACCESS, ref);
	unsigned int i, slot;

	*want = 0;
	if (fd < 0) {
		*want = -EBADF;
		return NULL;
	}
	for (i = 0; i < NR_FDS; i++) {
		for (slot = 0; slot < NR_SLOTS; slot++) {
			if (m->iommufd[i].access[slot].fd != fd)
				continue;
			if (i == f % NR_FDS)
				return &m->iommufd[i].access[slot];
			*want = -EINVAL;
			return NULL;
		}
	}
	*want = -EBADFD;
	return NULL;
}

void access_leave(struct iommufd *fd, struct access *access)
{
	struct object *obj = object_find(fd, access->ioas);

	if (!obj)
		return;
	drop_pins(fd, obj->ioas, access, 0, ~0ULL);
	obj->ioas->nr_accesses--;
	obj->ioas->nr_pinning -= access->pins;
	access->ioas = 0;
}

void hwpt_leave(struct iommufd *fd, __u32 id)
{
	struct object *hwpt = object_find(fd, id);

	if (!hwpt || hwpt->kind != KIND_HWPT || --hwpt->nr_devices || !hwpt->automatic)
		return;
	remove_domain(hwpt->ioas);
	object_remove(fd, hwpt);
}

/* A device is at a HWPT, which may be a new one of an IOAS. */
const char *hwpt_join(struct iommufd *fd, __u32 id, __u32 pt)
{
	struct object *hwpt = object_find(fd, id), *ioas;
	const char *bad = NULL;

	if (hwpt && hwpt->kind != KIND_HWPT)
		return wrong("attached to what is no HWPT");
	ioas = object_find(fd, pt);
	if (!ioas)
		return wrong("attached to what is not there");
	if (!hwpt) {
		if (ioas->kind != KIND_IOAS)
			return wrong("attached to a HWPT that nobody made");
		hwpt = object_add(fd, id, KIND_HWPT);
		if (!hwpt)
			return NULL;
		hwpt->automatic = true;
		hwpt->ioas = ioas->ioas;
		bad = add_domain(hwpt->ioas);
	}
	hwpt->nr_devices++;
	return bad;
}

void iommufd_close(struct iommufd *fd)
{
	unsigned int i;

	/* Without a care for its claims: all of the backings go. */
	for (i = 0; i < fd->nr; i++) {
		struct ioas *ioas = fd->object[i].ioas;
		unsigned int j;

		if (fd->object[i].kind != KIND_IOAS)
			continue;
		for (j = 0; j < ioas->nr; j++) {
			struct backing *backing = ioas->area[j].backing;

			if (backing->refs == 1)
				backing_let_go(backing);
			backing_put(backing);
		}
		free(ioas);
	}
	memset(fd, 0, sizeof(*fd));
	for (i = 0; i < NR_SLOTS; i++)
		fd->access[i].fd = -1;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <iommufd_test.h>

#include "after.h"
#include "answer.h"
#include "parts.h"

const char *after_device(const __u64 *a, long ret, bool fired)
{
	__u64 f = a[0] % NR_FDS, slot = a[1] % NR_SLOTS;
	struct iommufd *fd = iommufd_of(a[0]);
	__u32 pt = seen_id(a[0], KIND_IOAS, a[2]);
	struct object *obj;
	const char *bad;

	(void)fired;
	if (ret)
		return NULL;
	bad = hwpt_join(fd, w->out, pt);
	if (bad)
		return bad;
	obj = object_add(fd, w->t[f]->id[KIND_STDEV][slot], KIND_STDEV);
	if (obj) {
		obj->hwpt = w->out;
		obj->partner = w->t[f]->id[KIND_IDEV][slot];
	}
	obj = object_add(fd, w->t[f]->id[KIND_IDEV][slot], KIND_IDEV);
	if (obj)
		obj->partner = w->t[f]->id[KIND_STDEV][slot];
	return NULL;
}

const char *after_replace(const __u64 *a, long ret, bool fired)
{
	struct iommufd *fd = iommufd_of(a[0]);
	struct object *dev = object_of(a[0], KIND_STDEV, a[1]);
	__u32 old, id = dev ? dev->id : 0;
	const char *bad;

	if (!dev)
		return EXPECT("no device", -ENOENT);
	if (ret)
		return NULL;
	old = dev->hwpt;
	bad = hwpt_join(fd, w->out, seen_id(a[0], KIND_IOAS, a[2]));
	if (bad)
		return bad;
	dev = object_find(fd, id);
	if (dev)
		dev->hwpt = w->out;
	hwpt_leave(fd, old);
	return NULL;
}

const char *after_hwpt(const __u64 *a, long ret, bool fired)
{
	struct iommufd *fd = iommufd_of(a[0]);
	struct object *pt = object_find(fd, seen_id(a[0], KIND_IOAS, a[3])), *obj;
	struct ioas *ioas;

	if (!object_of(a[0], KIND_IDEV, a[2]) || !pt)
		return ret < 0 ? NULL : wrong("made of what is not there");
	if (ret)
		return NULL;
	(void)fired;
	ioas = pt->kind == KIND_IOAS ? pt->ioas : NULL;
	obj = object_add(fd, w->out, KIND_HWPT);
	if (!obj)
		return NULL;
	obj->ioas = ioas;
	return ioas ? add_domain(ioas) : NULL;
}

static bool is_same_page(struct ioas *ioas, __u64 iova, const struct page *page, __u64 offset)
{
	struct area *area = area_at(ioas, iova);
	__u64 byte;

	if (!area || area->backing->dmabuf)
		return false;
	byte = area->start_byte + iova - area->first;
	return byte % PAGE == offset && area->backing->pinned[byte / PAGE] == page;
}

const char *after_check_map(const __u64 *a, long ret, bool fired)
{
	struct object *obj = object_of(a[0], KIND_HWPT, a[1]);
	__u64 at, last, va = (__u64)address_of(a[4]);

	if (!a[3] || (a[2] | va | a[3]) % MOCK_ALIGN || ends(a[2], a[3], &last) ||
	    ends(va, a[3], &last))
		return EXPECT("range", -EINVAL);
	if (!obj)
		return EXPECT("no HWPT", -ENOENT);
	if (!obj->ioas)
		return ret < 0 ? NULL : wrong("a nested HWPT has a mapping");
	for (at = 0; at < a[3]; at += MOCK_ALIGN) {
		struct page *page = page_at((va + at) / PAGE - (__u64)m->seen.m.mem / PAGE, false);

		if (!page)
			return EXPECT("the memory", -EFAULT);
		if (!is_same_page(obj->ioas, a[2] + at, page, (va + at) % PAGE))
			return EXPECT("it is not mapped to this", -EINVAL);
	}
	return EXPECT("it is mapped to this", 0);
}

/* An access has an ID that nobody is told: one that was another object's before may be it. */
static bool has_access(const struct iommufd *fd)
{
	unsigned int i;

	for (i = 0; i < NR_SLOTS; i++) {
		if (fd->access[i].fd >= 0)
			return true;
	}
	return false;
}

const char *after_destroy(const __u64 *a, long ret, bool fired)
{
	struct iommufd *fd = iommufd_of(a[0]);
	struct object *obj = object_find(fd, seen_id(a[0], a[1] % NR_KINDS, a[2])), *partner;
	unsigned int i;
	__u32 hwpt;

	if (!obj && ret == -EBUSY && has_access(fd))
		return NULL;
	if (!obj)
		return EXPECT("no object", -ENOENT);
	if (obj->kind == KIND_IOAS && (obj->ioas->nr_domains || obj->ioas->nr_accesses))
		return EXPECT("it is in use", -EBUSY);
	if (obj->kind == KIND_IDEV)
		return EXPECT("its driver has it", -EBUSY);
	if (obj->kind == KIND_IOAS || obj->kind == KIND_STDEV) {
		if (ret)
			return EXPECT("it is not in use", 0);
	} else if (ret) {
		return EXPECT("it may be in use", -EBUSY);
	}
	switch (obj->kind) {
	case KIND_HWPT:
		if (obj->automatic)
			return wrong("destroyed while a device is attached");
		if (obj->ioas)
			remove_domain(obj->ioas);
		break;
	case KIND_QUEUE:
		claim_range(obj->ioas, obj->range.first, obj->range.last, false, -1);
		break;
	case KIND_STDEV:
		hwpt = obj->hwpt;
		partner = object_find(fd, obj->partner);
		object_remove(fd, obj);
		/* What was last has taken its place. */
		partner = partner == &fd->object[fd->nr] ? obj : partner;
		if (partner)
			object_remove(fd, partner);
		hwpt_leave(fd, hwpt);
		/* And with the device its virtual one, whichever that is. */
		for (i = 0; i < fd->nr; i++) {
			if (fd->object[i].kind == KIND_VDEVICE)
				fd->lost = true;
		}
		return NULL;
	default:
		break;
	}
	object_remove(fd, obj);
	return NULL;
}

const char *after_queue(const __u64 *a, long ret, bool fired)
{
	struct iommufd *fd = iommufd_of(a[0]);
	struct object *viommu = object_of(a[0], KIND_VIOMMU, a[2]), *obj;
	__u64 first = a[4] & -PAGE, last;
	struct ioas *ioas;
	int want;

	if (!a[5])
		return EXPECT("length", -EINVAL);
	if (ends(a[4], a[5], &last))
		return EXPECT("range", -EOVERFLOW);
	if (!viommu)
		return EXPECT("no vIOMMU", -ENOENT);
	last |= PAGE - 1;
	if (ret)
		return NULL;
	(void)fired;
	ioas = viommu->ioas;
	want = check_pin(ioas, first, last, IOMMU_IOAS_MAP_WRITEABLE);
	if (want) {
		fd->lost = true;
		return wrong("a queue where %d says that there is none", want);
	}
	obj = object_add(fd, w->out, KIND_QUEUE);
	if (!obj)
		return NULL;
	obj->ioas = ioas;
	obj->range.first = first;
	obj->range.last = last;
	claim_range(ioas, first, last, true, 1);
	return NULL;
}

const char *after_viommu(const __u64 *a, long ret, bool fired)
{
	struct iommufd *fd = iommufd_of(a[0]);
	struct object *hwpt = object_of(a[0], KIND_HWPT, a[3]), *obj;
	struct ioas *ioas = hwpt ? hwpt->ioas : NULL;

	(void)fired;
	if (!ioas || !object_of(a[0], KIND_IDEV, a[2]))
		return ret < 0 ? NULL : wrong("a vIOMMU of what is not there");
	if (ret)
		return NULL;
	obj = object_add(fd, w->out, KIND_VIOMMU);
	if (obj)
		obj->ioas = ioas;
	return NULL;
}

/* An object that the model knows nothing more of, in its slot. */
static const char *after_new(const __u64 *a, long ret, enum kind kind)
{
	if (!ret)
		object_add(iommufd_of(a[0]), w->t[a[0] % NR_FDS]->id[kind][a[1] % NR_SLOTS], kind);
	return NULL;
}

const char *after_vdevice(const __u64 *a, long ret, bool fired)
{
	(void)fired;
	return after_new(a, ret, KIND_VDEVICE);
}

const char *after_events(const __u64 *a, long ret, bool fired)
{
	(void)fired;
	return after_new(a, ret, KIND_EVENTS);
}

const char *after_faults(const __u64 *a, long ret, bool fired)
{
	(void)fired;
	return after_new(a, ret, KIND_FAULTS);
}

const char *after_revoke(const __u64 *a, long ret, bool fired)
{
	(void)fired;
	m->revoked |= !ret && a[2] & 1;
	return NULL;
}

/* Of what devices have written to it knows nothing, but that they may have to all of a dma-buf. */
const char *after_dirty(const __u64 *a, long ret, bool fired)
{
	struct object *obj = object_of(a[0], KIND_HWPT, a[1]);
	__u64 first = a[3], last, i;
	struct area *area;

	(void)fired;
	if (ret || m->revoked || !obj || !obj->ioas || !a[5] || first % a[5] ||
	    ends(first, a[4], &last))
		return NULL;
	while ((area = area_in(obj->ioas, first, last))) {
		__u64 to = last < area->last ? last : area->last;

		first = area->first > first ? area->first : first;
		for (i = (first - a[3]) / a[5]; i <= (to - a[3]) / a[5]; i++) {
			if (area->backing->dmabuf && area->flags & IOMMU_IOAS_MAP_WRITEABLE &&
			    !(w->data[i / 8] >> i % 8 & 1))
				return wrong("bit %llu: a dma-buf is not dirty", i);
		}
		if (to == last)
			break;
		first = to + 1;
	}
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <iommufd_test.h>
#include <string.h>

#include "after.h"
#include "answer.h"
#include "parts.h"

const char *after_access(const __u64 *a, long ret, bool fired)
{
	struct access *access = &iommufd_of(a[0])->access[a[1] % NR_SLOTS];
	struct object *obj = object_of(a[0], KIND_IOAS, a[2]);

	if (m->seen.t[a[0] % NR_FDS]->file[FILE_ACCESS][a[1] % NR_SLOTS] >= 0)
		return EXPECT("there is one", -EEXIST);
	if ((__u32)a[3] & ~1U)
		return EXPECT("flags", -EOPNOTSUPP);
	if (!obj)
		return EXPECT("no IOAS", -ENOENT);
	if (a[3] && !is_aligned(obj->ioas, PAGE))
		return EXPECT("not in pages", -EADDRINUSE);
	if (ret)
		return EXPECT("it can be made", 0);
	access->fd = w->t[a[0] % NR_FDS]->file[FILE_ACCESS][a[1] % NR_SLOTS];
	access->pins = a[3];
	access->ioas = obj->id;
	obj->ioas->nr_accesses++;
	obj->ioas->nr_pinning += access->pins;
	return NULL;
}

const char *after_access_move(const __u64 *a, long ret, bool fired)
{
	struct iommufd *fd = iommufd_of(a[0]);
	struct object *obj = object_of(a[0], KIND_IOAS, a[2]);
	struct access *access;
	int want;

	access = access_of(a[0], a[1], &want);
	if (!access)
		return EXPECT("no access", want);
	if (!obj)
		return EXPECT("no IOAS", -ENOENT);
	if (access->ioas == obj->id)
		return EXPECT("it is there", 0);
	if (access->pins && !is_aligned(obj->ioas, PAGE))
		return EXPECT("not in pages", -EADDRINUSE);
	if (ret)
		return EXPECT("it can move", 0);
	access_leave(fd, access);
	access->ioas = obj->id;
	obj->ioas->nr_accesses++;
	obj->ioas->nr_pinning += access->pins;
	return NULL;
}

/* Is a range something that can be pinned? */
int check_pin(struct ioas *ioas, __u64 first, __u64 last, unsigned int right)
{
	__u64 at = first;

	for (;;) {
		struct area *area = area_at(ioas, at);
		__u64 end, start_byte, end_byte;

		if (!area)
			return -ENOENT;
		if (area->backing->dmabuf)
			return -EINVAL;
		if (!(area->flags & right))
			return -EPERM;
		end = last < area->last ? last : area->last;
		start_byte = area->start_byte + at - area->first;
		end_byte = area->start_byte + end - area->first + 1;
		if (start_byte % PAGE || (end != last && end_byte % PAGE))
			return -EINVAL;
		if (!can_claim(area->backing, start_byte / PAGE, (end_byte - 1) / PAGE))
			return -EFAULT;
		if (end == last)
			return 0;
		at = end + 1;
	}
}

/* The page that a range has nth. */
static struct page *range_page(struct ioas *ioas, __u64 iova, __u64 last)
{
	struct area *area = area_at(ioas, iova < last ? iova : last);

	return backing_page(area->backing, (area->start_byte + iova - area->first) / PAGE);
}

const char *after_pin(const __u64 *a, long ret, bool fired)
{
	struct iommufd *fd = iommufd_of(a[0]);
	__u64 last, iova, page = (__u64)address_of(a[6]) / PAGE - (__u64)m->seen.m.mem / PAGE;
	struct access *access;
	struct object *obj;
	unsigned int i;
	int want;

	if ((__u32)a[3] & ~1U)
		return EXPECT("flags", -EOPNOTSUPP);
	if (!a[5])
		return EXPECT("length", -EINVAL);
	if (ends(a[4], a[5], &last))
		return EXPECT("range", -EOVERFLOW);
	access = access_of(a[0], a[1], &want);
	if (!access)
		return EXPECT("no access", want);
	if (a[5] > GIB && ret == -ENOMEM)
		return NULL;
	if (!access->pins)
		return EXPECT("it does not pin", -EINVAL);
	obj = object_find(fd, access->ioas);
	want = check_pin(obj->ioas, a[4], last,
			 (__u32)a[3] ? IOMMU_IOAS_MAP_WRITEABLE : IOMMU_IOAS_MAP_READABLE);
	if (want == -EFAULT)
		return EXPECT("the memory", -EFAULT, -EINVAL);
	if (want)
		return EXPECT("what is mapped", want);
	for (iova = a[4]; iova <= last && !want; iova += PAGE, page++) {
		struct page *own = page_at(page, false);

		if (!own)
			want = -EFAULT;
		else if (own != range_page(obj->ioas, iova, last))
			want = -EIO;
	}
	if (want)
		return EXPECT("not this memory", want);
	if (ret)
		return EXPECT("it can be pinned", 0);
	claim_range(obj->ioas, a[4], last, true, 0);
	for (i = 0; i < NR_PINS && fd->pin[i].access; i++)
		;
	if (i == NR_PINS) {
		fd->lost = true;
		return NULL;
	}
	fd->pin[i] = (struct pin){
		.id = w->out, .access = access, .first = a[4], .last = last,
	};
	return NULL;
}

const char *after_unpin(const __u64 *a, long ret, bool fired)
{
	struct iommufd *fd = iommufd_of(a[0]);
	__u32 id = m->seen.t[a[0] % NR_FDS]->pin[a[1] % NR_SLOTS][a[2] % NR_SLOTS];
	struct access *access;
	unsigned int i;
	int want;

	access = access_of(a[0], a[1], &want);
	if (!access)
		return EXPECT("no access", want);
	for (i = 0; i < NR_PINS; i++) {
		struct pin *pin = &fd->pin[i];

		if (pin->access != access || pin->id != id)
			continue;
		if (ret)
			return wrong("%ld: it is pinned", ret);
		claim_range(object_find(fd, access->ioas)->ioas, pin->first, pin->last, false, 0);
		pin->access = NULL;
		return NULL;
	}
	return EXPECT("it is not pinned", -ENOENT);
}

/* Are these bytes what a read gave? Or writes them. */
static bool same_bytes(struct area *area, __u64 iova, __u64 bytes, unsigned char *data, bool write)
{
	while (bytes) {
		__u64 byte = area->start_byte + iova - area->first;
		struct page *page = backing_page(area->backing, byte / PAGE);
		__u64 n = PAGE - byte % PAGE;

		if (n > bytes)
			n = bytes;
		if (write)
			memcpy(page->data + byte % PAGE, data, n);
		else if (!page->unknown && memcmp(page->data + byte % PAGE, data, n))
			return false;
		iova += n;
		data += n;
		bytes -= n;
	}
	return true;
}

static void forget_bytes(struct area *area, __u64 iova, __u64 bytes)
{
	__u64 byte = area->start_byte + iova - area->first, i;

	for (i = byte / PAGE; i <= (byte + bytes - 1) / PAGE; i++) {
		struct page *page = backing_page(area->backing, i);

		if (page)
			page->unknown = true;
	}
}

static bool has_memory(struct area *area, __u64 iova, __u64 bytes)
{
	__u64 byte = area->start_byte + iova - area->first, i;

	for (i = byte / PAGE; i <= (byte + bytes - 1) / PAGE; i++) {
		if (!backing_page(area->backing, i))
			return false;
	}
	return true;
}

const char *after_rw(const __u64 *a, long ret, bool fired)
{
	__u64 bytes = a[4] > RW_MAX_BYTES && a[4] < WILD ? RW_MAX_BYTES : a[4];
	__u64 iova = a[3], last;
	bool write = a[2] & MOCK_ACCESS_RW_WRITE;
	unsigned char *data = w->data;
	struct access *access;
	struct object *obj;
	int want;

	if ((__u32)a[2] & ~(MOCK_ACCESS_RW_WRITE | MOCK_ACCESS_RW_SLOW_PATH))
		return EXPECT("flags", -EOPNOTSUPP);
	if (bytes > 16 * MIB)
		return EXPECT("length", -EINVAL);
	access = access_of(a[0], a[1], &want);
	if (!access)
		return EXPECT("no access", want);
	if (!bytes)
		return EXPECT("length", -EINVAL);
	if (ends(iova, bytes, &last))
		return EXPECT("range", -EOVERFLOW);
	obj = object_find(iommufd_of(a[0]), access->ioas);
	while (bytes) {
		struct area *area = area_at(obj->ioas, iova);
		__u64 n;

		if (!area)
			return EXPECT("it is not mapped", -ENOENT);
		if (area->backing->dmabuf)
			return EXPECT("it is a dma-buf", -EINVAL);
		if (!(area->flags & (write ? IOMMU_IOAS_MAP_WRITEABLE : IOMMU_IOAS_MAP_READABLE)))
			return EXPECT("rights", -EPERM);
		n = (last < area->last ? last : area->last) - iova + 1;
		if (write && (ret || !has_memory(area, iova, n)))
			forget_bytes(area, iova, n);
		if (!has_memory(area, iova, n))
			return EXPECT("the memory", -EFAULT, -EINVAL);
		if (!ret && !same_bytes(area, iova, n, data, write))
			return wrong("other bytes than are in the memory at 0x%llx", iova);
		iova += n;
		data += n;
		bytes -= n;
	}
	return ret ? EXPECT("it can be read or written", 0) : NULL;
}

const char *after_access_end(const __u64 *a, long ret)
{
	struct iommufd *fd = iommufd_of(a[0]);
	struct access *access = &fd->access[a[2] % NR_SLOTS];

	if (ret || a[1] % NR_FILE_KINDS != FILE_ACCESS || access->fd < 0)
		return NULL;
	access_leave(fd, access);
	access->fd = -1;
	return NULL;
}

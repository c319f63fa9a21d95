// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <iommufd_test.h>
#include <stdlib.h>

#include "after.h"
#include "answer.h"
#include "parts.h"

static __u64 npages_of(__u64 start, __u64 bytes)
{
	return (start % PAGE + bytes - 1) / PAGE + 1;
}

/* A mapping was made: all that goes for any. */
static const char *add_area(struct iommufd *fd, struct ioas *ioas, __u32 flags, __u64 start_byte,
			    __u64 iova, __u64 bytes, struct backing *backing)
{
	struct area *area;
	int bad;

	bad = check_place(ioas, start_byte, iova, bytes);
	if (bad || iova + bytes - 1 < iova) {
		fd->lost = true;
		return wrong("mapped at 0x%llx, where %d says that it can not be", iova, bad);
	}
	if (ioas->nr == NR_AREAS) {
		fd->lost = true;
		return NULL;
	}
	area = &ioas->area[ioas->nr++];
	*area = (struct area){
		.first = iova, .last = iova + bytes - 1,
		.start_byte = start_byte, .backing = backing, .flags = flags,
	};
	backing->refs++;
	if (!ioas->nr_domains)
		return NULL;
	if (!area_can_claim(area)) {
		ioas->nr--;
		backing->refs--;
		fd->lost = true;
		return wrong("mapped memory that is not there");
	}
	area_claim(area);
	return NULL;
}

/* Of a mapping of one area. */
static const char *after_map(struct iommufd *fd, struct ioas *ioas, __u32 flags, __u64 start_byte,
			     __u64 iova, __u64 bytes, struct backing *backing, long ret, bool fired)
{
	bool fixed = flags & IOMMU_IOAS_MAP_FIXED_IOVA;
	struct area area = {
		.first = 0, .last = bytes - 1, .start_byte = start_byte, .backing = backing,
	};
	int want = 0;

	if (!ret)
		return add_area(fd, ioas, flags, start_byte, fixed ? iova : w->out, bytes, backing);
	if (fixed)
		want = check_place(ioas, start_byte, iova, bytes);
	if (want)
		return EXPECT("the place", want);
	if (backing->dmabuf)
		return NULL;
	if (ioas->nr_domains && !area_can_claim(&area))
		return fixed ? EXPECT("the memory", -EFAULT, -EINVAL) :
			       EXPECT("the memory", -EFAULT, -EINVAL, -ENOSPC);
	if (fixed)
		return EXPECT("it can be mapped", 0);
	if (ioas->allows || bytes >= GIB || ((start_byte | bytes) & (alignment(ioas) - 1)))
		return EXPECT("no room", -ENOSPC, -EINVAL);
	return EXPECT("there is room", 0);
}

const char *after_map_user(const __u64 *a, long ret, bool fired)
{
	__u64 va = (__u64)address_of(a[3]), bytes = a[4];
	struct iommufd *fd = iommufd_of(a[0]);
	struct ioas *ioas = ioas_of(a[0], a[1]);
	struct backing *backing;
	const char *bad;
	int want;

	want = check_flags(a[2]);
	if (want)
		return EXPECT("flags", want);
	if (!ioas)
		return EXPECT("no IOAS", -ENOENT);
	want = check_range(a[2], va, a[5], bytes);
	if (!want && va + bytes < va)
		want = -EOVERFLOW;
	if (want)
		return EXPECT("range", want);
	backing = backing_new(false, a[2] & IOMMU_IOAS_MAP_WRITEABLE, va & -PAGE,
			      npages_of(va, bytes));
	bad = after_map(fd, ioas, a[2], va % PAGE, a[5], bytes, backing, ret, fired);
	backing_put(backing);
	return bad;
}

const char *after_map_file(const __u64 *a, long ret, bool fired)
{
	struct iommufd *fd = iommufd_of(a[0]);
	struct ioas *ioas = ioas_of(a[0], a[1]);
	struct backing *backing;
	const char *bad;
	int want;

	want = check_flags(a[2]);
	if (!want)
		want = check_range(a[2], a[4], a[6], a[5]);
	if (!want && a[4] + a[5] - 1 > 0x7fffffffffffffffULL)
		want = -EOVERFLOW;
	if (want)
		return EXPECT("flags or range", want);
	if (!ioas)
		return EXPECT("no IOAS", -ENOENT);
	if (a[3] && seen_file(a[0], FILE_DMABUF, a[3] - 1) < 0)
		return EXPECT("no file", -EBADF);
	/* Which dma-bufs can be mapped it does not say. */
	if (a[3] && ret)
		return NULL;
	backing = backing_new(true, a[2] & IOMMU_IOAS_MAP_WRITEABLE, a[4] & -PAGE,
			      npages_of(a[4], a[5]));
	backing->dmabuf = a[3];
	bad = after_map(fd, ioas, a[2], a[4] % PAGE, a[6], a[5], backing, ret, fired);
	backing_put(backing);
	return bad;
}

const char *after_unmap(const __u64 *a, long ret, bool fired)
{
	bool all = !a[2] && a[3] == ~0ULL;
	struct iommufd *fd = iommufd_of(a[0]);
	struct ioas *ioas = ioas_of(a[0], a[1]);
	__u64 first = a[2], last = ~0ULL, bytes = 0;
	struct area *area;

	if (!a[3])
		return EXPECT("length", -EINVAL);
	if (!all && (a[3] == ~0ULL || ends(first, a[3], &last)))
		return EXPECT("range", -EOVERFLOW);
	if (!ioas)
		return EXPECT("no IOAS", -ENOENT);
	area = area_in(ioas, first, last);
	if (area && area->first < first)
		return EXPECT("a mapping is cut", -ENOENT);
	area = area_at(ioas, last);
	if (area && area->last > last)
		return EXPECT("a mapping is cut", -ENOENT);
	while ((area = area_in(ioas, first, last))) {
		if (area->owners)
			return EXPECT("hardware has it", -EBUSY);
		drop_pins(fd, ioas, NULL, area->first, area->last);
		bytes += area->last - area->first + 1;
		area_remove(ioas, area);
	}
	if (!bytes && !all)
		return EXPECT("nothing is mapped", -ENOENT);
	if (!ret && w->out != bytes)
		return wrong("0x%llx bytes unmapped for 0x%llx", w->out, bytes);
	return ret ? wrong("%ld: it can be unmapped", ret) : NULL;
}

/* The pieces of a copy. */
struct piece {
	struct backing *backing;
	__u64 start_byte;
	__u64 bytes;
};

static int find_pieces(struct ioas *src, __u64 iova, __u64 last, bool write, struct piece *piece,
		       unsigned int *nr)
{
	for (*nr = 0; *nr < NR_AREAS; iova += piece[(*nr)++].bytes) {
		struct area *area;

		if (*nr && iova > last)
			return 0;
		if (*nr && !iova)
			return 0;
		area = area_at(src, iova);
		if (!area)
			return -ENOENT;
		if (write && !area->backing->writable)
			return -EPERM;
		piece[*nr].backing = area->backing;
		piece[*nr].start_byte = area->start_byte + iova - area->first;
		piece[*nr].bytes = (last < area->last ? last : area->last) - iova + 1;
	}
	return 0;
}

const char *after_copy(const __u64 *a, long ret, bool fired)
{
	bool fixed = a[3] & IOMMU_IOAS_MAP_FIXED_IOVA;
	struct iommufd *fd = iommufd_of(a[0]);
	struct ioas *dst = ioas_of(a[0], a[1]), *src = ioas_of(a[0], a[2]);
	struct piece piece[NR_AREAS];
	bool memory = true;
	__u64 iova = a[6], joint = 0, align;
	const char *bad = NULL;
	unsigned int nr, i;
	int want;

	want = check_flags(a[3]);
	if (!want)
		want = check_range(a[3], a[4], a[6], a[5]);
	if (want)
		return EXPECT("flags or range", want);
	if (!src)
		return EXPECT("no IOAS to copy from", -ENOENT);
	want = find_pieces(src, a[4], a[4] + a[5] - 1, a[3] & IOMMU_IOAS_MAP_WRITEABLE, piece, &nr);
	if (want)
		return EXPECT("what is copied", want);
	if (!dst)
		return EXPECT("no IOAS to copy to", -ENOENT);
	if (nr == 1) {
		bad = after_map(fd, dst, a[3], piece->start_byte, a[6], a[5], piece->backing, ret,
				fired);
		return bad;
	}
	align = alignment(dst);
	for (i = 0; i < nr; i++) {
		struct area area = {
			.last = piece[i].bytes - 1, .start_byte = piece[i].start_byte,
			.backing = piece[i].backing,
		};

		joint |= piece[i].start_byte | piece[i].bytes;
		memory = memory && (!dst->nr_domains || area_can_claim(&area));
	}
	if (joint & (align - 1))
		return EXPECT("an end is not aligned", -EINVAL);
	if (fixed)
		want = check_place(dst, piece->start_byte, iova, a[5]);
	if (want)
		return EXPECT("the place", want);
	if (!memory)
		return EXPECT("the memory", -EFAULT, -EINVAL);
	if (ret)
		return fixed || !dst->allows ? EXPECT("it can be copied", 0) :
					       EXPECT("no room", -ENOSPC, -EINVAL);
	if (!fixed)
		iova = w->out;
	/* The first one may be moved by the others, where an IOAS is copied into itself. */
	for (i = 0; i < nr && !bad; i++) {
		bad = add_area(fd, dst, a[3], piece[i].start_byte, iova, piece[i].bytes,
			       piece[i].backing);
		iova += piece[i].bytes;
	}
	return bad;
}

const char *after_ioas(const __u64 *a, long ret, bool fired)
{
	struct object *obj;

	if (ret)
		return EXPECT("it can be made", 0);
	obj = object_add(iommufd_of(a[0]), w->out, KIND_IOAS);
	if (!obj)
		return wrong("the ID %llu twice", w->out);
	obj->ioas = calloc(1, sizeof(*obj->ioas));
	return obj->ioas ? NULL : wrong("no memory");
}

const char *after_reserve(const __u64 *a, long ret, bool fired)
{
	struct ioas *ioas = ioas_of(a[0], a[1]);
	__u64 last;

	if (!a[3])
		return EXPECT("length", -EINVAL);
	if (ends(a[2], a[3], &last))
		return EXPECT("range", -EOVERFLOW);
	if (!ioas)
		return EXPECT("no IOAS", -ENOENT);
	if (area_in(ioas, a[2], last))
		return EXPECT("something is mapped", -EADDRINUSE);
	if (ioas->nr_reserved == NR_RESERVED)
		iommufd_of(a[0])->lost = true;
	else if (!ret)
		ioas->reserved[ioas->nr_reserved++] = (struct range){ a[2], last };
	else if (!ioas->allows)
		return EXPECT("nothing is mapped", 0);
	/* When it fails, what was reserved before is gone, too. */
	if (ret)
		ioas->nr_reserved = 0;
	return NULL;
}

const char *after_option(const __u64 *a, long ret, bool fired)
{
	struct ioas *ioas = ioas_of(a[0], a[2]);

	if ((__u32)a[1] != IOMMU_OPTION_HUGE_PAGES || !a[3])
		return NULL;
	if (a[4] > 1)
		return EXPECT("an option is on or off", -EINVAL);
	if (!ioas)
		return EXPECT("no IOAS", -ENOENT);
	if (ret)
		return NULL;
	if (!a[4] && !is_aligned(ioas, PAGE))
		return wrong("small pages where something is not aligned to them");
	ioas->small = !a[4];
	return NULL;
}

const char *after_allow(const __u64 *a, long ret, bool fired)
{
	struct ioas *ioas = ioas_of(a[0], a[1]);

	if (!ioas)
		return EXPECT("no IOAS", -ENOENT);
	if (!ret)
		ioas->allows = a[2] % 5;
	return NULL;
}

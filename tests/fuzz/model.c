// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <iommufd_test.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../util.h"
#include "model.h"

#define NR_AREAS	96	/* of an IOAS */
#define NR_OBJECTS	64	/* of an iommufd */
#define NR_RESERVED	16
#define NR_PINS		64
#define MAX_CLAIM	(2 * MEM_PAGES)	/* pages: more can not be pinned */
#define MOCK_ALIGN	2048UL
#define MAP_FLAGS	7U

/* A page of memory, whoever has it. */
struct page {
	unsigned int refs;
	bool unknown;	/* what is in it */
	unsigned char data[PAGE];
};

/* What is at an address. */
struct place {
	bool file;
	bool readable;
	bool writable;
	unsigned int index;	/* of the file */
	struct page *page;	/* of what is no file; NULL: zeros, once it is used */
};

/* Memory that was given to map: shared by all copies of that. */
struct backing {
	unsigned int refs;
	bool file;
	bool dmabuf;
	bool writable;
	__u64 start;			/* a page's address, or place in the file */
	__u64 npages;
	struct page **pinned;		/* of the first MAX_CLAIM */
	unsigned short *claims;
};

struct area {
	__u64 first, last;
	__u64 start_byte;
	struct backing *backing;
	unsigned int flags;		/* IOMMU_IOAS_MAP_* */
	unsigned int owners;
};

struct range {
	__u64 first, last;
};

struct ioas {
	struct area area[NR_AREAS];
	unsigned int nr;
	struct range reserved[NR_RESERVED];
	unsigned int nr_reserved;
	unsigned int nr_domains;
	unsigned int nr_accesses, nr_pinning;
	bool small;			/* no large entries */
	bool allows;			/* only some IOVAs */
};

struct object {
	__u32 id;
	enum kind kind;
	struct ioas *ioas;		/* it is, or of the domain of a HWPT, or of a vIOMMU's */
	bool automatic;			/* HWPT: goes with the last device */
	unsigned int nr_devices;
	__u32 hwpt;			/* of a device */
	__u32 partner;			/* a bound device's mock device, and back */
	struct range range;		/* of a queue */
};

struct access {
	int fd;				/* -1: none */
	bool pins;
	__u32 ioas;
};

struct pin {
	__u32 id;
	struct access *access;		/* NULL: none */
	__u64 first, last;
};

struct iommufd {
	bool lost;			/* nothing is known of it */
	struct object object[NR_OBJECTS];
	unsigned int nr;
	struct access access[NR_SLOTS];
	struct pin pin[NR_PINS];
};

struct model {
	struct place place[MEM_PAGES];
	struct page *file[FILE_PAGES];
	unsigned int file_pages;
	struct iommufd iommufd[NR_FDS];
	struct world seen;		/* as the call found it */
	char text[256];
};

static __thread struct model *m;

static const char *wrong(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(m->text, sizeof(m->text), fmt, args);
	va_end(args);
	return m->text;
}

/* --- pages --------------------------------------------------------------------------------- */

static struct page *page_new(void)
{
	struct page *page = calloc(1, sizeof(*page));

	if (!page)
		abort();
	page->refs = 1;
	return page;
}

static void page_put(struct page *page)
{
	if (page && !--page->refs)
		free(page);
}

static struct page *file_page(__u64 index)
{
	if (index >= m->file_pages)
		return NULL;
	if (!m->file[index])
		m->file[index] = page_new();
	return m->file[index];
}

/* What is at an address, in pages of the memory; NULL: it can not be used so. */
static struct page *page_at(__u64 index, bool write)
{
	struct place *place;

	if (index >= MEM_PAGES)
		return NULL;
	place = &m->place[index];
	if (!place->readable || (write && !place->writable))
		return NULL;
	if (place->file)
		return file_page(place->index);
	if (!place->page)
		place->page = page_new();
	return place->page;
}

static void place_set(struct place *place, const struct place *to)
{
	page_put(place->page);
	*place = *to;
}

/* --- backings ------------------------------------------------------------------------------ */

static struct backing *backing_new(bool file, bool writable, __u64 start, __u64 npages)
{
	__u64 room = npages < MAX_CLAIM ? npages : MAX_CLAIM;
	struct backing *backing = calloc(1, sizeof(*backing));

	if (!backing)
		abort();
	backing->refs = 1;
	backing->file = file;
	backing->writable = writable;
	backing->start = start;
	backing->npages = npages;
	backing->pinned = calloc(room, sizeof(*backing->pinned));
	backing->claims = calloc(room, sizeof(*backing->claims));
	if (!backing->pinned || !backing->claims)
		abort();
	return backing;
}

static void backing_put(struct backing *backing)
{
	if (--backing->refs)
		return;
	free(backing->pinned);
	free(backing->claims);
	free(backing);
}

/* What a page of it is, pinned or just now. */
static struct page *backing_page(const struct backing *backing, __u64 index)
{
	__u64 at = backing->start / PAGE + index;

	if (index < MAX_CLAIM && backing->pinned[index])
		return backing->pinned[index];
	if (backing->file)
		return file_page(at);
	return page_at(at - (__u64)m->seen.mem / PAGE, backing->writable);
}

static bool can_claim(const struct backing *backing, __u64 first, __u64 last)
{
	__u64 i;

	if (backing->dmabuf)
		return true;
	if (last >= MAX_CLAIM)
		return false;
	for (i = first; i <= last; i++) {
		if (!backing_page(backing, i))
			return false;
	}
	return true;
}

static void claim(struct backing *backing, __u64 first, __u64 last)
{
	__u64 i;

	for (i = first; !backing->dmabuf && i <= last; i++) {
		if (backing->claims[i]++)
			continue;
		backing->pinned[i] = backing_page(backing, i);
		backing->pinned[i]->refs++;
	}
}

static void unclaim(struct backing *backing, __u64 first, __u64 last)
{
	__u64 i;

	for (i = first; !backing->dmabuf && i <= last; i++) {
		if (--backing->claims[i])
			continue;
		page_put(backing->pinned[i]);
		backing->pinned[i] = NULL;
	}
}

/* --- areas --------------------------------------------------------------------------------- */

static __u64 first_index(const struct area *area)
{
	return area->start_byte / PAGE;
}

static __u64 last_index(const struct area *area)
{
	return (area->start_byte + (area->last - area->first)) / PAGE;
}

static bool area_can_claim(const struct area *area)
{
	return can_claim(area->backing, first_index(area), last_index(area));
}

static void area_claim(struct area *area)
{
	claim(area->backing, first_index(area), last_index(area));
}

static void area_unclaim(struct area *area)
{
	unclaim(area->backing, first_index(area), last_index(area));
}

static struct area *area_at(struct ioas *ioas, __u64 iova)
{
	unsigned int i;

	for (i = 0; i < ioas->nr; i++) {
		if (ioas->area[i].first <= iova && iova <= ioas->area[i].last)
			return &ioas->area[i];
	}
	return NULL;
}

/* The first one that has something of a range. */
static struct area *area_in(struct ioas *ioas, __u64 first, __u64 last)
{
	struct area *found = NULL;
	unsigned int i;

	for (i = 0; i < ioas->nr; i++) {
		struct area *area = &ioas->area[i];

		if (area->last >= first && area->first <= last &&
		    (!found || area->first < found->first))
			found = area;
	}
	return found;
}

static void area_remove(struct ioas *ioas, struct area *area)
{
	if (ioas->nr_domains)
		area_unclaim(area);
	backing_put(area->backing);
	*area = ioas->area[--ioas->nr];
}

static __u64 alignment(const struct ioas *ioas)
{
	if (ioas->small || ioas->nr_pinning)
		return PAGE;
	return ioas->nr_domains ? MOCK_ALIGN : 1;
}

static bool is_reserved(const struct ioas *ioas, __u64 first, __u64 last)
{
	unsigned int i;

	if (ioas->nr_domains && (first < MOCK_APERTURE_START || last > MOCK_APERTURE_LAST))
		return true;
	for (i = 0; i < ioas->nr_reserved; i++) {
		if (first <= ioas->reserved[i].last && last >= ioas->reserved[i].first)
			return true;
	}
	return false;
}

static bool is_aligned(const struct ioas *ioas, __u64 align)
{
	unsigned int i;

	for (i = 0; i < ioas->nr; i++) {
		const struct area *area = &ioas->area[i];

		if ((area->first | (area->last + 1) | area->start_byte) & (align - 1))
			return false;
	}
	return true;
}

static void ioas_empty(struct ioas *ioas)
{
	while (ioas->nr)
		area_remove(ioas, &ioas->area[ioas->nr - 1]);
}

/* --- objects ------------------------------------------------------------------------------- */

static struct iommufd *iommufd_of(__u64 f)
{
	return &m->iommufd[f % NR_FDS];
}

static struct object *object_find(struct iommufd *fd, __u32 id)
{
	unsigned int i;

	for (i = 0; id && i < fd->nr; i++) {
		if (fd->object[i].id == id)
			return &fd->object[i];
	}
	return NULL;
}

/* As the call found it. */
static __u32 seen_id(__u64 f, enum kind kind, __u64 ref)
{
	struct world *now = w;
	__u32 id;

	w = &m->seen;
	id = id_of(f, kind, ref);
	w = now;
	return id;
}

static int seen_file(__u64 f, enum file_kind kind, __u64 ref)
{
	struct world *now = w;
	int fd;

	w = &m->seen;
	fd = file_of(f, kind, ref);
	w = now;
	return fd;
}

static struct object *object_of(__u64 f, enum kind kind, __u64 ref)
{
	struct object *obj = object_find(iommufd_of(f), seen_id(f, kind, ref));

	return obj && obj->kind == kind ? obj : NULL;
}

static struct ioas *ioas_of(__u64 f, __u64 ref)
{
	struct object *obj = object_of(f, KIND_IOAS, ref);

	return obj ? obj->ioas : NULL;
}

/* IDs that nobody may have twice. Returns NULL, with the iommufd lost, where there are too many. */
static struct object *object_add(struct iommufd *fd, __u32 id, enum kind kind)
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

static void object_remove(struct iommufd *fd, struct object *obj)
{
	if (obj->kind == KIND_IOAS) {
		ioas_empty(obj->ioas);
		free(obj->ioas);
	}
	*obj = fd->object[--fd->nr];
}

static const char *add_domain(struct ioas *ioas)
{
	unsigned int i;

	if (!ioas->nr_domains++) {
		if (!is_aligned(ioas, MOCK_ALIGN))
			return wrong("a domain has what is not aligned for it");
		for (i = 0; i < ioas->nr; i++) {
			struct area *area = &ioas->area[i];

			if (area->first < MOCK_APERTURE_START || area->last > MOCK_APERTURE_LAST)
				return wrong("a domain has what it can not address");
			if (!area_can_claim(area))
				return wrong("a domain has memory that is not there");
			area_claim(area);
		}
	}
	return NULL;
}

static void remove_domain(struct ioas *ioas)
{
	unsigned int i;

	if (--ioas->nr_domains)
		return;
	for (i = 0; i < ioas->nr; i++)
		area_unclaim(&ioas->area[i]);
}

static void hwpt_leave(struct iommufd *fd, __u32 id)
{
	struct object *hwpt = object_find(fd, id);

	if (!hwpt || hwpt->kind != KIND_HWPT || --hwpt->nr_devices || !hwpt->automatic)
		return;
	remove_domain(hwpt->ioas);
	object_remove(fd, hwpt);
}

/* A device is at a HWPT, which may be a new one of an IOAS. */
static const char *hwpt_join(struct iommufd *fd, __u32 id, __u32 pt)
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

/* --- what a call may answer ---------------------------------------------------------------- */

/* One of these errnos; 0 for success. */
static const char *expect(long ret, bool fired, const char *why, int first, ...)
{
	va_list args;
	int want;

	if (fired && ret < 0)
		return NULL;
	va_start(args, first);
	for (want = first; want != 1; want = va_arg(args, int)) {
		if (ret == want)
			break;
	}
	va_end(args);
	return want == 1 ? wrong("%ld for %d: %s", ret, first, why) : NULL;
}

#define EXPECT(why, ...) expect(ret, fired, why, __VA_ARGS__, 1)

/* The end of a range, which must not wrap. */
static bool ends(__u64 first, __u64 bytes, __u64 *last)
{
	return __builtin_add_overflow(first, bytes - 1, last);
}

static int check_flags(__u32 flags)
{
	if (flags & ~MAP_FLAGS)
		return -EOPNOTSUPP;
	return flags & (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE) ? 0 : -EINVAL;
}

static int check_range(__u32 flags, __u64 address, __u64 iova, __u64 bytes)
{
	__u64 last;

	if (bytes == ~0ULL)
		return -EOVERFLOW;
	if (!bytes)
		return -EINVAL;
	if (ends(address, bytes, &last))
		return -EOVERFLOW;
	if ((flags & IOMMU_IOAS_MAP_FIXED_IOVA) && ends(iova, bytes, &last))
		return -EOVERFLOW;
	return 0;
}

static __u64 npages_of(__u64 start, __u64 bytes)
{
	return (start % PAGE + bytes - 1) / PAGE + 1;
}

/* Where a fixed mapping goes: is there room? */
static int check_place(const struct ioas *ioas, __u64 start_byte, __u64 iova, __u64 bytes)
{
	__u64 align = alignment(ioas), last = iova + bytes - 1;

	if ((start_byte | iova | (last + 1)) & (align - 1))
		return -EINVAL;
	if (is_reserved(ioas, iova, last))
		return -EINVAL;
	return area_in((struct ioas *)ioas, iova, last) ? -EEXIST : 0;
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

static const char *after_map_user(const __u64 *a, long ret, bool fired)
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

static const char *after_map_file(const __u64 *a, long ret, bool fired)
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

/* The parts of a range, all of which is mapped: claimed, or let go of. */
static void claim_range(struct ioas *ioas, __u64 first, __u64 last, bool on, int owners)
{
	for (;;) {
		struct area *area = area_at(ioas, first);
		__u64 end = last < area->last ? last : area->last;
		__u64 from = (area->start_byte + first - area->first) / PAGE;
		__u64 to = (area->start_byte + end - area->first) / PAGE;

		if (on)
			claim(area->backing, from, to);
		else
			unclaim(area->backing, from, to);
		area->owners += owners;
		if (end == last)
			return;
		first = end + 1;
	}
}

/* The drivers of accesses let go of what is unmapped. */
static void drop_pins(struct iommufd *fd, struct ioas *ioas, struct access *access, __u64 first,
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

static const char *after_unmap(const __u64 *a, long ret, bool fired)
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

static const char *after_copy(const __u64 *a, long ret, bool fired)
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

/* --- accesses ------------------------------------------------------------------------------ */

static struct access *access_of(__u64 f, __u64 ref, int *want)
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

static void access_leave(struct iommufd *fd, struct access *access)
{
	struct object *obj = object_find(fd, access->ioas);

	if (!obj)
		return;
	drop_pins(fd, obj->ioas, access, 0, ~0ULL);
	obj->ioas->nr_accesses--;
	obj->ioas->nr_pinning -= access->pins;
	access->ioas = 0;
}

static const char *after_access(const __u64 *a, long ret, bool fired)
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

static const char *after_access_move(const __u64 *a, long ret, bool fired)
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
static int check_pin(struct ioas *ioas, __u64 first, __u64 last, unsigned int right)
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

static const char *after_pin(const __u64 *a, long ret, bool fired)
{
	struct iommufd *fd = iommufd_of(a[0]);
	__u64 last, iova, page = (__u64)address_of(a[6]) / PAGE - (__u64)m->seen.mem / PAGE;
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

static const char *after_unpin(const __u64 *a, long ret, bool fired)
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

static const char *after_rw(const __u64 *a, long ret, bool fired)
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

/* --- domains ------------------------------------------------------------------------------- */

static const char *after_device(const __u64 *a, long ret, bool fired)
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

static const char *after_replace(const __u64 *a, long ret, bool fired)
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

static const char *after_hwpt(const __u64 *a, long ret, bool fired)
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

static const char *after_check_map(const __u64 *a, long ret, bool fired)
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
		struct page *page = page_at((va + at) / PAGE - (__u64)m->seen.mem / PAGE, false);

		if (!page)
			return EXPECT("the memory", -EFAULT);
		if (!is_same_page(obj->ioas, a[2] + at, page, (va + at) % PAGE))
			return EXPECT("it is not mapped to this", -EINVAL);
	}
	return EXPECT("it is mapped to this", 0);
}

static const char *after_destroy(const __u64 *a, long ret, bool fired)
{
	struct iommufd *fd = iommufd_of(a[0]);
	struct object *obj = object_find(fd, seen_id(a[0], a[1] % NR_KINDS, a[2])), *partner;
	unsigned int i;
	__u32 hwpt;

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

static const char *after_queue(const __u64 *a, long ret, bool fired)
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

static const char *after_viommu(const __u64 *a, long ret, bool fired)
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

static const char *after_vdevice(const __u64 *a, long ret, bool fired)
{
	(void)fired;
	return after_new(a, ret, KIND_VDEVICE);
}

static const char *after_events(const __u64 *a, long ret, bool fired)
{
	(void)fired;
	return after_new(a, ret, KIND_EVENTS);
}

static const char *after_faults(const __u64 *a, long ret, bool fired)
{
	(void)fired;
	return after_new(a, ret, KIND_FAULTS);
}

static const char *after_ioas(const __u64 *a, long ret, bool fired)
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

static const char *after_reserve(const __u64 *a, long ret, bool fired)
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

static const char *after_option(const __u64 *a, long ret, bool fired)
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

static const char *after_allow(const __u64 *a, long ret, bool fired)
{
	struct ioas *ioas = ioas_of(a[0], a[1]);

	if (!ioas)
		return EXPECT("no IOAS", -ENOENT);
	if (!ret)
		ioas->allows = a[2] % 5;
	return NULL;
}

/* --- closing ------------------------------------------------------------------------------- */

static void iommufd_close(struct iommufd *fd)
{
	unsigned int i;

	/* Without a care for its claims: all of the backings go. */
	for (i = 0; i < fd->nr; i++) {
		struct ioas *ioas = fd->object[i].ioas;
		unsigned int j;
		__u64 k;

		if (fd->object[i].kind != KIND_IOAS)
			continue;
		for (j = 0; j < ioas->nr; j++) {
			struct backing *backing = ioas->area[j].backing;

			for (k = 0; backing->refs == 1 && k < backing->npages && k < MAX_CLAIM; k++)
				page_put(backing->pinned[k]);
			backing_put(backing);
		}
		free(ioas);
	}
	memset(fd, 0, sizeof(*fd));
	for (i = 0; i < NR_SLOTS; i++)
		fd->access[i].fd = -1;
}

static const char *after_access_end(const __u64 *a, long ret)
{
	struct iommufd *fd = iommufd_of(a[0]);
	struct access *access = &fd->access[a[2] % NR_SLOTS];

	if (ret || a[1] % NR_FILE_KINDS != FILE_ACCESS || access->fd < 0)
		return NULL;
	access_leave(fd, access);
	access->fd = -1;
	return NULL;
}

/* --- memory -------------------------------------------------------------------------------- */

static void set_places(__u64 page, __u64 npages, bool file, __u64 index, bool access)
{
	__u64 i;

	for (i = 0; i < npages; i++) {
		place_set(&m->place[page + i], &(struct place){
			.file = file, .index = index + i, .readable = access, .writable = access,
		});
	}
}

static bool is_inside(__u64 page, __u64 npages)
{
	return npages && page < MEM_PAGES && npages <= MEM_PAGES - page;
}

static bool can_fill(const __u64 *a)
{
	__u64 i;

	if (!is_inside(a[0], a[1]))
		return false;
	for (i = 0; i < a[1]; i++) {
		if (!page_at(a[0] + i, true))
			return false;
	}
	return true;
}

static void fill(const __u64 *a)
{
	__u64 i;

	for (i = 0; i < a[1]; i++) {
		struct page *page = page_at(a[0] + i, true);

		memset(page->data, a[2], PAGE);
		page->unknown = false;
	}
}

static void move_places(const __u64 *a, bool moved)
{
	__u64 i;

	for (i = 0; moved && i < a[1]; i++) {
		place_set(&m->place[a[2] + i], &m->place[a[0] + i]);
		m->place[a[0] + i].page = NULL;
	}
	if (!moved)
		set_places(a[2], a[1], false, 0, false);
	set_places(a[0], a[1], false, 0, false);
}

static void drop_file(__u64 first, __u64 nr)
{
	__u64 i;

	for (i = first; i < FILE_PAGES && nr--; i++) {
		page_put(m->file[i]);
		m->file[i] = NULL;
	}
}

static const char *after_memory(const char *name, const __u64 *a, long ret)
{
	__u64 i;

	if (!strcmp(name, "mem_move")) {
		if (ret != -EINVAL)
			move_places(a, !ret);
	} else if (ret) {
		return NULL;
	} else if (!strcmp(name, "fill")) {
		fill(a);
	} else if (!strcmp(name, "mem_map")) {
		set_places(a[0], a[1], a[2], a[2] ? (a[2] - 1) % FILE_PAGES : 0, true);
	} else if (!strcmp(name, "mem_unmap")) {
		set_places(a[0], a[1], false, 0, false);
	} else if (!strcmp(name, "mem_uffd")) {
		set_places(a[0], a[1], false, 0, true);
	} else if (!strcmp(name, "mem_zap")) {
		for (i = a[0]; i < a[0] + a[1]; i++) {
			page_put(m->place[i].page);
			m->place[i].page = NULL;
		}
	} else if (!strcmp(name, "mem_protect")) {
		for (i = a[0]; i < a[0] + a[1]; i++) {
			m->place[i].readable = a[2] % 3 > 0;
			m->place[i].writable = a[2] % 3 > 1;
		}
	} else if (!strcmp(name, "file_punch")) {
		drop_file(a[0], a[1]);
	} else if (!strcmp(name, "file_size")) {
		m->file_pages = a[0] % (FILE_PAGES + 1);
		drop_file(m->file_pages, FILE_PAGES);
	}
	return NULL;
}

/* --- the whole ----------------------------------------------------------------------------- */

/* Calls that are no ioctl of io() in calls.c. */
static bool is_memory(const char *name)
{
	return !strncmp(name, "mem_", 4) || !strncmp(name, "file_", 5) || !strcmp(name, "fill") ||
	       !strcmp(name, "forks");
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

		if (!pt || pt->automatic)
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

	if (ret == -EDEADLK)
		return wrong("who uses memory did not let go of it in time");
	if (is_memory(name))
		return after_memory(name, a, ret);
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
	}
	return after_ioctl(name, a, ret, fired);
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
	m->file_pages = FILE_PAGES;
	drop_file(0, FILE_PAGES);
	set_places(0, ANON_PAGES, false, 0, true);
	set_places(ANON_PAGES, FILE_PAGES, true, 0, true);
	m->seen = *w;
}

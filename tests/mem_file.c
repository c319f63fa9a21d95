// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files: cut short or punched while they are mapped, and private mappings of them, where a page is
 * the file's until the process writes to it.
 */
#include <fcntl.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "iofd.h"
#include "scene.h"

#define BYTES (4 * MIB)
#define OTHER_IOVA (2 * GIB)

static const unsigned char zeros[SCENE_LEN];

/*
 * The pages in the hole stay the device's, and are the file's no more: the file has other ones from
 * then on, which a new mapping shows.
 */
static void run_hole(const void *arg)
{
	size_t start = 2 * MIB, bytes;
	unsigned char old[SCENE_LEN], data[SCENE_LEN];
	struct scene s;

	scene_open(&s, *(const enum shape *)arg, BYTES);
	bytes = shape_page_bytes(s.mem.shape);
	memcpy(old, s.mem.va + start, SCENE_LEN);
	ASSERT_EQ(0, fallocate(s.mem.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, start, bytes));
	EXPECT_BYTES(zeros, s.mem.va + start, SCENE_LEN);
	expect_device_sees(&s, old, SCENE_IOVA + start);
	memory_fill(data, SCENE_LEN, 3);
	rig_store(&s.rig, s.edu, SCENE_IOVA + start, data, SCENE_LEN);
	expect_device_sees(&s, data, SCENE_IOVA + start);
	EXPECT_BYTES(zeros, s.mem.va + start, SCENE_LEN);
	expect_shared(&s, SCENE_IOVA, s.mem.va, start);
	if (start + bytes < BYTES)
		expect_shared(&s, SCENE_IOVA + start + bytes, s.mem.va + start + bytes,
			      BYTES - start - bytes);

	ASSERT_OK(scene_map(&s, OTHER_IOVA));
	expect_shared(&s, OTHER_IOVA, s.mem.va, BYTES);
	expect_device_sees(&s, data, SCENE_IOVA + start);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, OTHER_IOVA, BYTES));
	scene_close(&s);
}

/* All pages go from the file, and as many new ones come. */
static void run_truncate(const void *arg)
{
	unsigned char old[SCENE_LEN], data[SCENE_LEN];
	struct scene s;

	scene_open(&s, *(const enum shape *)arg, BYTES);
	memcpy(old, s.mem.va + BYTES / 2, SCENE_LEN);
	ASSERT_EQ(0, ftruncate(s.mem.fd, 0));
	expect_device_sees(&s, old, SCENE_IOVA + BYTES / 2);
	ASSERT_EQ(0, ftruncate(s.mem.fd, BYTES));
	EXPECT_BYTES(zeros, s.mem.va + BYTES / 2, SCENE_LEN);
	memory_fill(data, SCENE_LEN, 3);
	rig_store(&s.rig, s.edu, SCENE_IOVA + BYTES / 2, data, SCENE_LEN);
	EXPECT_BYTES(zeros, s.mem.va + BYTES / 2, SCENE_LEN);
	expect_device_sees(&s, data, SCENE_IOVA + BYTES / 2);

	ASSERT_OK(scene_map(&s, OTHER_IOVA));
	expect_shared(&s, OTHER_IOVA, s.mem.va, BYTES);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, OTHER_IOVA, BYTES));
	scene_close(&s);
}

/* The file goes: closed and unmapped, the device has the last of it. */
static void run_delete(const void *arg)
{
	unsigned char first[SCENE_LEN], last[SCENE_LEN];
	struct scene s;

	scene_open(&s, *(const enum shape *)arg, BYTES);
	memcpy(first, s.mem.va, SCENE_LEN);
	memcpy(last, s.mem.va + BYTES - SCENE_LEN, SCENE_LEN);
	memory_free(&s.mem);
	expect_device_sees(&s, first, SCENE_IOVA);
	rig_store(&s.rig, s.edu, SCENE_IOVA + MIB, first, SCENE_LEN);
	expect_device_sees(&s, first, SCENE_IOVA + MIB);
	expect_device_sees(&s, last, SCENE_IOVA + BYTES - SCENE_LEN);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	rig_close(&s.rig);
}

static void skip_if_not_cleared(enum shape shape)
{
	if (shape == MAPFILE4K && rig_peer_is("iommufd"))
		ktap_skip("known difference: pages of a memfd that no process has used");
}

/* Pages that the file is given, and that no process has looked at. */
static void give_pages(int fd, size_t start, size_t bytes)
{
	ASSERT_EQ(0, fallocate(fd, 0, start, bytes));
}

/* The same in a file of its own, which is the scene's memory. */
static void alloc_unused(struct scene *s, enum shape shape)
{
	unsigned int huge = shape_page_bytes(shape) > PAGE ? MFD_HUGETLB | MFD_HUGE_2MB : 0;

	s->mem = (struct memory){ .bytes = BYTES, .shape = shape };
	s->mem.fd = memfd_create("unused", MFD_CLOEXEC | huge);
	ASSERT_TRUE(s->mem.fd >= 0);
	give_pages(s->mem.fd, 0, BYTES);
}

/* The device is the first who looks, and writes; then the process does. */
static void expect_cleared(struct scene *s, __u64 iova, size_t start, size_t bytes)
{
	size_t step = bytes / 4, offset;
	unsigned char data[SCENE_LEN], *va;

	memory_fill(data, SCENE_LEN, 3);
	for (offset = start; offset < start + bytes; offset += step) {
		expect_device_sees(s, zeros, iova + offset);
		rig_store(&s->rig, s->edu, iova + offset, data, SCENE_LEN);
	}
	va = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, s->mem.fd, 0);
	ASSERT_TRUE(va != MAP_FAILED);
	for (offset = start; offset < start + bytes; offset += step) {
		EXPECT_BYTES(data, va + offset, SCENE_LEN);
		EXPECT_BYTES(zeros, va + offset + SCENE_LEN, SCENE_LEN);
	}
	expect_shared(s, iova + start, va + start, bytes);
	ASSERT_EQ(0, munmap(va, BYTES));
}

static void run_unused(const void *arg)
{
	enum shape shape = *(const enum shape *)arg;
	struct scene s = {};

	skip_if_not_cleared(shape);
	alloc_unused(&s, shape);
	rig_open_attached(&s.rig, 1);
	s.edu = &s.rig.edu[0];
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	expect_cleared(&s, SCENE_IOVA, 0, BYTES);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	rig_close(&s.rig);
}

/* Mapped before there is a device: what is pinned is so when it attaches. */
static void run_unused_attach(const void *arg)
{
	enum shape shape = *(const enum shape *)arg;
	struct scene s = {};

	skip_if_not_cleared(shape);
	alloc_unused(&s, shape);
	rig_open(&s.rig, 1);
	s.edu = &s.rig.edu[0];
	ASSERT_OK(scene_map(&s, SCENE_IOVA));
	rig_attach(&s.rig);
	expect_cleared(&s, SCENE_IOVA, 0, BYTES);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, SCENE_IOVA, BYTES));
	rig_close(&s.rig);
}

/* The file had other pages there, which stay the first mapping's. */
static void run_unused_hole(const void *arg)
{
	enum shape shape = *(const enum shape *)arg;
	size_t start = 2 * MIB, bytes = 2 * MIB;
	unsigned char old[SCENE_LEN];
	struct scene s;

	skip_if_not_cleared(shape);
	scene_open(&s, shape, BYTES);
	memcpy(old, s.mem.va + start, SCENE_LEN);
	ASSERT_EQ(0, fallocate(s.mem.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, start, bytes));
	give_pages(s.mem.fd, start, bytes);
	ASSERT_OK(scene_map(&s, OTHER_IOVA));
	expect_cleared(&s, OTHER_IOVA, start, bytes);
	expect_device_sees(&s, old, SCENE_IOVA + start);
	EXPECT_OK(ioas_unmap_at(s.rig.iofd, s.rig.ioas, OTHER_IOVA, BYTES));
	scene_close(&s);
}

struct private {
	enum shape shape;	/* of the file, whose shared mapping is the scene's memory */
	int prot;
	bool touched;		/* read before it is mapped */
};

static unsigned char *map_private(struct scene *s, const struct private *p)
{
	size_t page = shape_page_bytes(p->shape), offset;
	volatile unsigned char *va;

	va = mmap(NULL, BYTES, p->prot, MAP_PRIVATE, s->mem.fd, 0);
	ASSERT_TRUE(va != MAP_FAILED);
	for (offset = 0; p->touched && offset < BYTES; offset += page)
		(void)va[offset];
	return (unsigned char *)va;
}

/*
 * A device that may only read a private mapping sees what the process sees, also what it writes
 * later; and not what is written to the file from then on.
 */
static void run_private_read(const void *arg)
{
	__u32 readable = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE;
	const struct private *p = arg;
	__u64 iova = SCENE_IOVA;
	unsigned char *va, file[SCENE_LEN], data[SCENE_LEN];
	struct scene s;

	scene_open_unmapped(&s, p->shape, BYTES);
	va = map_private(&s, p);
	memcpy(file, s.mem.va, SCENE_LEN);
	ASSERT_OK(ioas_map(s.rig.iofd, s.rig.ioas, readable, va, BYTES, &iova));
	expect_device_sees(&s, va, SCENE_IOVA);
	expect_device_sees(&s, va + BYTES - SCENE_LEN, SCENE_IOVA + BYTES - SCENE_LEN);

	/* Whether a page that is not written yet follows the file is the kernel's choice. */
	memory_fill(s.mem.va, BYTES, 3);
	expect_device_sees(&s, va, SCENE_IOVA);
	memcpy(file, s.mem.va, SCENE_LEN);
	ASSERT_EQ(0, mprotect(va, BYTES, PROT_READ | PROT_WRITE));
	memory_fill(va, BYTES, 4);
	expect_device_sees(&s, va, SCENE_IOVA);
	expect_device_sees(&s, va + MIB, SCENE_IOVA + MIB);
	EXPECT_BYTES(file, s.mem.va, SCENE_LEN);
	memory_fill(s.mem.va, BYTES, 5);
	expect_device_sees(&s, va, SCENE_IOVA);

	/* A write of the device's is refused. */
	memory_fill(data, SCENE_LEN, 6);
	memcpy(file, va, SCENE_LEN);
	rig_store(&s.rig, s.edu, SCENE_IOVA, data, SCENE_LEN);
	EXPECT_BYTES(file, va, SCENE_LEN);
	EXPECT_EQ(0, munmap(va, BYTES));
	scene_close(&s);
}

/* A device that may write has the process's own copy: the file does not change. */
static void run_private_write(const void *arg)
{
	const struct private *p = arg;
	unsigned char *va, file[SCENE_LEN];
	struct scene s;

	scene_open_unmapped(&s, p->shape, BYTES);
	va = map_private(&s, p);
	memcpy(file, s.mem.va, SCENE_LEN);
	EXPECT_BYTES(file, va, SCENE_LEN);
	ASSERT_OK(ioas_map_at(s.rig.iofd, s.rig.ioas, va, BYTES, SCENE_IOVA));
	expect_device_sees(&s, file, SCENE_IOVA);
	expect_shared(&s, SCENE_IOVA, va, BYTES);
	EXPECT_BYTES(file, s.mem.va, SCENE_LEN);
	memory_fill(s.mem.va, BYTES, 5);
	expect_device_sees(&s, va, SCENE_IOVA);
	expect_shared(&s, SCENE_IOVA, va, BYTES);
	EXPECT_EQ(0, munmap(va, BYTES));
	scene_close(&s);
}

/* One process may only read the file; the device sees what others write to it. */
static void run_shared_read(const void *arg)
{
	__u32 readable = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE;
	__u64 iova = SCENE_IOVA;
	unsigned char *va;
	struct scene s;

	scene_open_unmapped(&s, *(const enum shape *)arg, BYTES);
	va = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, s.mem.fd, 0);
	ASSERT_TRUE(va != MAP_FAILED);
	ASSERT_OK(ioas_map(s.rig.iofd, s.rig.ioas, readable, va, BYTES, &iova));
	expect_device_sees(&s, s.mem.va, SCENE_IOVA);
	memory_fill(s.mem.va, BYTES, 9);
	expect_device_sees(&s, s.mem.va, SCENE_IOVA);
	expect_device_sees(&s, s.mem.va + MIB, SCENE_IOVA + MIB);
	EXPECT_EQ(0, munmap(va, BYTES));
	scene_close(&s);
}

#define FILE_CASE(_name, _run, _shape) { _name, _run, &(const enum shape){ _shape } }
#define PRIVATE(_name, _run, _shape, _prot, _touched) \
	{ "private-" _name, _run, &(const struct private){ _shape, _prot, _touched } }

static const struct ktap_case cases[] = {
	FILE_CASE("hole-memfd4k", run_hole, MEMFD4K),
	FILE_CASE("hole-memfd64k", run_hole, MEMFD64K),
	FILE_CASE("hole-memfd2m", run_hole, MEMFD2M),
	FILE_CASE("hole-mapfile4k", run_hole, MAPFILE4K),
	FILE_CASE("hole-mapfile64k", run_hole, MAPFILE64K),
	FILE_CASE("hole-mapfile2m", run_hole, MAPFILE2M),
	FILE_CASE("truncate-memfd4k", run_truncate, MEMFD4K),
	FILE_CASE("truncate-memfd2m", run_truncate, MEMFD2M),
	FILE_CASE("truncate-mapfile4k", run_truncate, MAPFILE4K),
	FILE_CASE("truncate-mapfile64k", run_truncate, MAPFILE64K),
	FILE_CASE("truncate-mapfile2m", run_truncate, MAPFILE2M),
	FILE_CASE("delete-memfd4k", run_delete, MEMFD4K),
	FILE_CASE("delete-mapfile4k", run_delete, MAPFILE4K),
	FILE_CASE("delete-mapfile2m", run_delete, MAPFILE2M),
	FILE_CASE("unused-mapfile4k", run_unused, MAPFILE4K),
	FILE_CASE("unused-mapfile2m", run_unused, MAPFILE2M),
	FILE_CASE("unused-attach-mapfile4k", run_unused_attach, MAPFILE4K),
	FILE_CASE("unused-attach-mapfile2m", run_unused_attach, MAPFILE2M),
	FILE_CASE("unused-hole-mapfile4k", run_unused_hole, MAPFILE4K),
	FILE_CASE("unused-hole-mapfile2m", run_unused_hole, MAPFILE2M),
	PRIVATE("read-memfd4k", run_private_read, MEMFD4K, PROT_READ, true),
	PRIVATE("read-memfd4k-untouched", run_private_read, MEMFD4K, PROT_READ, false),
	PRIVATE("read-writeable-memfd4k", run_private_read, MEMFD4K, PROT_READ | PROT_WRITE, true),
	PRIVATE("read-memfd2m", run_private_read, MEMFD2M, PROT_READ, true),
	PRIVATE("write-memfd4k", run_private_write, MEMFD4K, PROT_READ | PROT_WRITE, true),
	PRIVATE("write-memfd4k-untouched", run_private_write, MEMFD4K, PROT_READ | PROT_WRITE,
		false),
	PRIVATE("write-memfd2m", run_private_write, MEMFD2M, PROT_READ | PROT_WRITE, true),
	FILE_CASE("shared-read-memfd4k", run_shared_read, MEMFD4K),
	FILE_CASE("shared-read-memfd2m", run_shared_read, MEMFD2M),
	{}
};

const struct ktap_suite mem_file = { "file", cases };

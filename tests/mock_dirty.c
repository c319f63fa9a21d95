// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU_HWPT_GET_DIRTY_BITMAP: bitmaps wherever they are in the caller's memory. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "memory.h"
#include "mock.h"
#include "rig.h"

#define NPAGES 1000UL
#define BITMAP_BYTES (NPAGES / 8)

/* Where user space ends: with four levels of tables; on arm64 with all the bits there can be. */
#ifdef __aarch64__
#define USER_END (1UL << 52)
#else
#define USER_END ((1UL << 47) - PAGE)
#endif

struct dirty {
	struct mock mock;
	struct memory mem;
	__u32 hwpt;
	unsigned char written[BITMAP_BYTES];	/* the pages that a device writes to */
};

/* A HWPT that tracks what is written, and the device at it. */
static void open_dirty(struct dirty *d)
{
	struct mock *m = &d->mock;
	__u64 random = ktap_seed(), apart = 0;
	size_t i;

	mock_open(m);
	memory_alloc(&d->mem, POPULATE4K, NPAGES * PAGE);
	/* Of a large entry all pages are written to, or none. */
	ASSERT_OK(iofd_option(m->iofd, IOMMU_OPTION_HUGE_PAGES, IOMMU_OPTION_OP_SET, m->ioas,
			      &apart));
	ASSERT_OK(ioas_map_at(m->iofd, m->ioas, d->mem.va, d->mem.bytes, MOCK_IOVA));
	ASSERT_OK(hwpt_alloc(m->iofd, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, m->device.dev, m->ioas,
			     &d->hwpt));
	ASSERT_OK(mock_replace(m->iofd, m->device.stdev, d->hwpt));
	ASSERT_OK(hwpt_track_dirty(m->iofd, d->hwpt, true));
	for (i = 0; i < BITMAP_BYTES; i++)
		d->written[i] = ktap_random(&random);
	/* The first and the last, whatever the seed. */
	d->written[0] |= 1;
	d->written[BITMAP_BYTES - 1] |= 0x80;
}

static void close_dirty(struct dirty *d)
{
	EXPECT_OK(hwpt_track_dirty(d->mock.iofd, d->hwpt, false));
	mock_close(&d->mock);
	memory_free(&d->mem);
}

static void write_pages(struct dirty *d)
{
	ASSERT_TRUE(mock_write_pages(d->mock.iofd, d->hwpt, MOCK_IOVA, NPAGES * PAGE, PAGE,
				     d->written) > 0);
}

static int read_bitmap(struct dirty *d, __u32 flags, void *bits)
{
	return hwpt_read_dirty(d->mock.iofd, d->hwpt, flags, MOCK_IOVA, NPAGES * PAGE, PAGE, bits);
}

/* Two pages of memory that one follows which cannot be accessed, and no other is in front of. */
static unsigned char *guarded_pages(void)
{
	unsigned char *pages = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_TRUE(pages != MAP_FAILED);
	ASSERT_EQ(0, mprotect(pages + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE));
	return pages + PAGE;
}

/* Expects the bits at that offset of the pages, and that no byte around them was written to. */
static void expect_bits_at(struct dirty *d, unsigned char *pages, size_t offset)
{
	unsigned char want[2 * PAGE];
	size_t i;

	memset(pages, 0, 2 * PAGE);
	memset(pages, 0xa5, offset);
	memset(pages + offset + BITMAP_BYTES, 0xa5, 2 * PAGE - offset - BITMAP_BYTES);
	memcpy(want, pages, sizeof(want));
	memcpy(want + offset, d->written, BITMAP_BYTES);
	write_pages(d);
	if (!EXPECT_OK(read_bitmap(d, 0, pages + offset)) ||
	    !EXPECT_BYTES(want, pages, sizeof(want)))
		ktap_note("with the bitmap at byte 0x%zx", offset);

	/* They were cleared; and a bit that is set stays. */
	for (i = 0; i < BITMAP_BYTES; i++)
		pages[offset + i] = ~d->written[i];
	memcpy(want, pages, sizeof(want));
	EXPECT_OK(read_bitmap(d, 0, pages + offset));
	EXPECT_BYTES(want, pages, sizeof(want));
}

static void run_odd_address(const void *arg)
{
	const size_t offsets[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 63, 127 };
	unsigned char *pages = guarded_pages();
	struct dirty d;
	unsigned int i;

	(void)arg;
	open_dirty(&d);
	for (i = 0; i < ARRAY_SIZE(offsets); i++)
		expect_bits_at(&d, pages, offsets[i]);
	/* Across two pages of memory, in every way. */
	for (i = 1; i < 9; i++)
		expect_bits_at(&d, pages, PAGE - i);
	for (i = 0; i < 9; i++)
		expect_bits_at(&d, pages, PAGE - BITMAP_BYTES - i);
	close_dirty(&d);
}

/* Of a bitmap that is not there nothing is said: the IOMMU core's helper says nothing of it. */
static void look_at(struct dirty *d, void *bits)
{
	EXPECT_ERR2(0, -EFAULT, read_bitmap(d, IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR, bits));
}

/* With the last byte of the memory, and not one more. */
static void run_end_of_memory(const void *arg)
{
	unsigned char *pages = guarded_pages(), *end = pages + 2 * PAGE, want[BITMAP_BYTES];
	struct dirty d;
	unsigned int i;

	(void)arg;
	open_dirty(&d);
	for (i = 0; i < 9; i++)
		expect_bits_at(&d, pages, 2 * PAGE - BITMAP_BYTES - i);

	/* Where it cannot be written to, the kernel stays quiet, and nothing is lost. */
	write_pages(&d);
	look_at(&d, end);
	look_at(&d, NULL);
	look_at(&d, (void *)-BITMAP_BYTES);
	/* The last page of user space, in which a stack may begin. In-tree, marks are lost. */
	if (rig_peer_is("fast"))
		EXPECT_ERR(-EFAULT, read_bitmap(&d, 0, (void *)(USER_END - PAGE + 8)));
	look_at(&d, end - BITMAP_BYTES / 2);
	ASSERT_EQ(0, mprotect(pages, 2 * PAGE, PROT_READ));
	look_at(&d, pages);
	ASSERT_EQ(0, mprotect(pages, 2 * PAGE, PROT_READ | PROT_WRITE));
	memset(want, 0, sizeof(want));
	memset(end - BITMAP_BYTES, 0, BITMAP_BYTES);
	EXPECT_OK(read_bitmap(&d, 0, end - BITMAP_BYTES));
	EXPECT_BYTES(d.written, end - BITMAP_BYTES, BITMAP_BYTES);
	memset(end - BITMAP_BYTES, 0, BITMAP_BYTES);
	EXPECT_OK(read_bitmap(&d, 0, end - BITMAP_BYTES));
	EXPECT_BYTES(want, end - BITMAP_BYTES, BITMAP_BYTES);
	close_dirty(&d);
}

/* A range whose bits do not fill the last byte: the other bits of that are the caller's. */
static void run_part_of_byte(const void *arg)
{
	unsigned char *end = guarded_pages() + 2 * PAGE;
	struct dirty d;
	unsigned int i;

	(void)arg;
	open_dirty(&d);
	memset(d.written, 0xff, sizeof(d.written));
	for (i = 1; i < 20; i++) {
		unsigned char *bits = end - (i + 7) / 8;

		write_pages(&d);
		memset(bits, 0, end - bits);
		EXPECT_OK(hwpt_read_dirty(d.mock.iofd, d.hwpt, 0, MOCK_IOVA + PAGE, i * PAGE, PAGE,
					  bits));
		EXPECT_EQ(i % 8 ? (1U << i % 8) - 1 : 0xff, end[-1]);
	}
	close_dirty(&d);
}

static const struct ktap_case cases[] = {
	{ "odd-address", run_odd_address, NULL },
	{ "end-of-memory", run_end_of_memory, NULL },
	{ "part-of-byte", run_part_of_byte, NULL },
	{}
};

const struct ktap_suite mock_dirty = { "mock-dirty", cases };

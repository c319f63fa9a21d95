// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "pins.h"
#include "uapi.h"

void uapi_open(struct uapi *u)
{
	memory_alloc(&u->mem, POPULATE4K, UAPI_BYTES);
	rig_open_attached(&u->rig, 1);
	ASSERT_OK(ioas_map_at(u->rig.iofd, u->rig.ioas, u->mem.va, UAPI_ANCHOR_BYTES, UAPI_ANCHOR));
	uapi_note_state(u);
}

void uapi_close(struct uapi *u)
{
	struct edu *edu = &u->rig.edu[0];

	expect_reaches(&u->rig, edu, UAPI_ANCHOR, u->mem.va, 64);
	expect_reaches(&u->rig, edu, UAPI_ANCHOR + UAPI_ANCHOR_BYTES - 64,
		       u->mem.va + UAPI_ANCHOR_BYTES - 64, 64);
	EXPECT_EQ(UAPI_ANCHOR_BYTES + RIG_BOUNCE_BYTES, ioas_unmap_all(u->rig.iofd, u->rig.ioas));
	rig_map_bounce(&u->rig, u->rig.ioas);
	rig_close(&u->rig);
	memory_free(&u->mem);
}

static void read_state(struct uapi *u, struct uapi_state *s)
{
	memset(s, 0, sizeof(*s));
	s->pins = pins_held();
	s->vmpin = pins_vmpin();
	s->vmlck = pins_vmlck();
	s->nranges = ARRAY_SIZE(s->ranges);
	ASSERT_OK(ioas_iova_ranges(u->rig.iofd, u->rig.ioas, s->ranges, &s->nranges, NULL));
}

void uapi_note_state(struct uapi *u)
{
	read_state(u, &u->state);
}

bool uapi_unchanged(const char *file, int line, struct uapi *u)
{
	struct uapi_state now, *was = &u->state;
	__u64 anchor = UAPI_ANCHOR;
	bool good = true;
	int ret;

	read_state(u, &now);
	good &= ktap_check_int(file, line, "pins afterwards", "==", was->pins == now.pins,
			       was->pins, now.pins);
	good &= ktap_check_int(file, line, "VmPin afterwards", "==", was->vmpin == now.vmpin,
			       was->vmpin, now.vmpin);
	good &= ktap_check_int(file, line, "VmLck afterwards", "==", was->vmlck == now.vmlck,
			       was->vmlck, now.vmlck);
	good &= ktap_check_true(file, line, "the IOVA ranges are as before",
				was->nranges == now.nranges &&
					!memcmp(was->ranges, now.ranges, sizeof(now.ranges)));
	ret = ioas_map(u->rig.iofd, u->rig.ioas, IOAS_FIXED_RW, u->mem.va, PAGE, &anchor);
	return good &
	       ktap_check_errno(file, line, "the old mapping is still there", -EEXIST, 1, ret);
}

bool uapi_free(const char *file, int line, struct uapi *u, __u64 iova, size_t length)
{
	int ret = ioas_map_at(u->rig.iofd, u->rig.ioas, u->mem.va, length, iova);

	if (!ktap_check_errno(file, line, "to map where nothing is", 0, 1, ret))
		return false;
	ret = ioas_unmap_at(u->rig.iofd, u->rig.ioas, iova, length);
	return ktap_check_errno(file, line, "to unmap it", 0, 1, ret);
}

unsigned int uapi_destroy_all(int iofd)
{
	unsigned int id, found = 0;

	for (id = 0; id < 256; id++)
		found += !iofd_destroy(iofd, id);
	return found;
}

unsigned char *uapi_guarded_page(void)
{
	int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
	unsigned char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, anonymous, -1, 0);

	ASSERT_TRUE(pages != MAP_FAILED);
	ASSERT_EQ(0, mprotect(pages + PAGE, PAGE, PROT_NONE));
	return pages;
}

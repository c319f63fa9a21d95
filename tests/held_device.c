// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that is in use while something else happens, such as an upgrade of the package: in one
 * mapping it does DMA, over and over. The file READY is made when that has begun; it ends when
 * there is a file END.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "iofd.h"
#include "memory.h"
#include "rig.h"
#include "util.h"

#define HELD_IOVA 0x10000000UL
#define HELD_BYTES (16 * PAGE)

static const char *ready, *end;

static void held(const void *arg)
{
	unsigned int rounds = 0;
	struct memory mem;
	struct rig rig;

	(void)arg;
	rig_open_attached(&rig, 1);
	memory_alloc(&mem, POPULATE4K, HELD_BYTES);
	ASSERT_OK(ioas_map_at(rig.iofd, rig.ioas, mem.va, HELD_BYTES, HELD_IOVA));
	do {
		size_t offset = rounds % 16 * PAGE;

		if (!expect_reaches(&rig, &rig.edu[0], HELD_IOVA + offset, mem.va + offset, 512))
			break;
		if (!rounds++)
			close(open(ready, O_WRONLY | O_CREAT, 0600));
	} while (access(end, F_OK));
	ktap_note("%u rounds", rounds);
	EXPECT_TRUE(rounds > 1);
	EXPECT_OK(ioas_unmap_at(rig.iofd, rig.ioas, HELD_IOVA, HELD_BYTES));
	memory_free(&mem);
	rig_close(&rig);
}

int main(int argc, char **argv)
{
	static const struct ktap_case cases[] = { { "device", held }, { } };
	static const struct ktap_suite suite = { "held", cases };
	static const struct ktap_suite * const suites[] = { &suite, NULL };
	struct ktap_hooks hooks = rig_hooks;

	if (argc != 3) {
		fprintf(stderr, "usage: held_device READY END\n");
		return 2;
	}
	ready = argv[1];
	end = argv[2];
	/* Packages are unpacked meanwhile, by an emulated CPU. */
	hooks.case_seconds = 1800;
	return ktap_main(1, argv, &hooks, suites);
}

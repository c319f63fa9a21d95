// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <unistd.h>

#include "ktap.h"
#include "scene.h"
#include "swap.h"

#define DISK "/dev/zram0"
#define ZRAM "/sys/block/zram0/"
#define ZSWAP "/sys/module/zswap/parameters/enabled"

/* What mkswap writes: the first page of the disk (union swap_header of linux/swap.h). */
static void format(size_t bytes)
{
	struct {
		char boot[1024];
		__u32 version;
		__u32 last_page;
		char rest[PAGE - 1024 - 2 * sizeof(__u32) - 10];
		char magic[10];
	} __attribute__((packed)) header = {
		.version = 1,
		.last_page = bytes / PAGE - 1,
		.magic = { 'S', 'W', 'A', 'P', 'S', 'P', 'A', 'C', 'E', '2' },
	};
	int fd = open(DISK, O_WRONLY | O_CLOEXEC);

	ASSERT_TRUE(fd >= 0);
	ASSERT_EQ(sizeof(header), pwrite(fd, &header, sizeof(header), 0));
	ASSERT_EQ(0, fsync(fd));
	close(fd);
}

void swap_on(size_t bytes, bool zswap)
{
	char text[32];

	if (access("/proc/swaps", F_OK) || access(ZRAM, F_OK))
		ktap_skip("no swap, or no zram, in this kernel");
	/* Of a case that has ended early. */
	swapoff(DISK);
	ASSERT_OK(scene_tell(ZRAM "reset", "1"));
	snprintf(text, sizeof(text), "%zu", bytes);
	ASSERT_OK(scene_tell(ZRAM "disksize", text));
	format(bytes);
	if (scene_tell(ZSWAP, zswap ? "Y" : "N") == -ENOENT && zswap)
		ktap_skip("no zswap in this kernel");
	ASSERT_EQ(0, swapon(DISK, 0));
}

void swap_off(void)
{
	EXPECT_EQ(0, swapoff(DISK));
	scene_tell(ZSWAP, "N");
	EXPECT_OK(scene_tell(ZRAM "reset", "1"));
}

void swap_out(void *va, size_t bytes)
{
	size_t offset;

	/* Of a file that alone is taken which the process's page table has. */
	for (offset = 0; offset < bytes; offset += PAGE)
		(void)*((volatile char *)va + offset);
	ASSERT_EQ(0, madvise(va, bytes, MADV_PAGEOUT));
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iofd.h"
#include "scene.h"

#define PLACES 9

void scene_open_unmapped(struct scene *s, enum shape which, size_t bytes)
{
	memory_alloc(&s->mem, which, bytes);
	memory_fill(s->mem.va, bytes, ktap_seed());
	rig_open_attached(&s->rig, 1);
	s->edu = &s->rig.edu[0];
}

void scene_open(struct scene *s, enum shape which, size_t bytes)
{
	scene_open_unmapped(s, which, bytes);
	ASSERT_OK(scene_map(s, SCENE_IOVA));
}

int scene_map(struct scene *s, __u64 iova)
{
	return memory_map(&s->mem, s->rig.iofd, s->rig.ioas, IOAS_FIXED_RW, 0, s->mem.bytes, &iova);
}

void scene_close(struct scene *s)
{
	EXPECT_OK(ioas_unmap_at(s->rig.iofd, s->rig.ioas, SCENE_IOVA, s->mem.bytes));
	rig_close(&s->rig);
	memory_free(&s->mem);
}

void scene_shared(const char *file, int line, struct scene *s, __u64 iova, void *va, size_t bytes)
{
	size_t step = (bytes - SCENE_LEN) / (PLACES - 1), offset;
	unsigned int i;

	for (i = 0; i < PLACES; i++) {
		/* The last one ends with the last byte. */
		offset = i < PLACES - 1 ? i * step : bytes - SCENE_LEN;
		if (rig_reaches(file, line, &s->rig, s->edu, iova + offset,
				(unsigned char *)va + offset, SCENE_LEN))
			continue;
		ktap_note("at byte 0x%zx of 0x%zx", offset, bytes);
		return;
	}
}

int scene_tell(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

long long scene_number(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long long number = -errno;
	char text[32] = "";

	if (fd < 0)
		return number;
	number = read(fd, text, sizeof(text) - 1) < 0 ? -errno : strtoll(text, NULL, 10);
	close(fd);
	return number;
}

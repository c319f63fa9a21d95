// SPDX-License-Identifier: GPL-2.0-only
/* bench/floor: a module that only pins and maps. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../floor/floor.h"
#include "peer.h"

static int space = -1;

static void floor_close(void)
{
	close(space);
	space = -1;
}

static int floor_open(const char *bdf)
{
	unsigned int segment, bus, slot, function;
	struct floor_claim cmd;
	int rc;

	if (sscanf(bdf, "%x:%x:%x.%x", &segment, &bus, &slot, &function) != 4)
		return -EINVAL;
	cmd.segment = segment;
	cmd.bus = bus;
	cmd.devfn = slot << 3 | function;
	space = open(FLOOR_DEVICE, O_RDWR | O_CLOEXEC);
	if (space < 0)
		return -errno;
	if (!ioctl(space, FLOOR_CLAIM, &cmd))
		return 0;
	rc = -errno;
	floor_close();
	return rc;
}

static int floor_map(const struct shape *shape, size_t bytes, __u64 iova)
{
	struct floor_map cmd = {
		.va = (uintptr_t)shape->va,
		.length = bytes,
		.iova = iova,
		.leaf_bytes = shape->kind->leaf_bytes,
	};

	return ioctl(space, FLOOR_MAP, &cmd) ? -errno : 0;
}

static int floor_map_file(const struct shape *shape, size_t bytes, __u64 iova)
{
	struct floor_map_file cmd = {
		.length = bytes,
		.iova = iova,
		.fd = shape->fd,
	};

	return ioctl(space, FLOOR_MAP_FILE, &cmd) ? -errno : 0;
}

static int floor_unmap(__u64 iova, size_t bytes)
{
	struct floor_unmap cmd = { .iova = iova };

	(void)bytes;
	return ioctl(space, FLOOR_UNMAP, &cmd) ? -errno : 0;
}

static int floor_copy(__u64 src, size_t bytes, __u64 iova)
{
	struct floor_copy cmd = { .src_iova = src, .iova = iova };

	(void)bytes;
	return ioctl(space, FLOOR_COPY, &cmd) ? -errno : 0;
}

static int floor_attach(void)
{
	return ioctl(space, FLOOR_ATTACH) ? -errno : 0;
}

static int floor_detach(void)
{
	return ioctl(space, FLOOR_DETACH) ? -errno : 0;
}

static int floor_nop(void)
{
	return ioctl(space, FLOOR_NOP) ? -errno : 0;
}

const struct peer peer_floor = {
	.name = "floor",
	.modules = { "iommufd_floor" },
	.open = floor_open,
	.close = floor_close,
	.map = floor_map,
	.map_file = floor_map_file,
	.unmap = floor_unmap,
	.copy = floor_copy,
	.attach = floor_attach,
	.detach = floor_detach,
	.lookup = floor_nop,
};

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

static void floor_close(struct space *space)
{
	close(space->fd);
}

static int floor_open(struct space *space, const char *bdf, const struct space *beside)
{
	unsigned int segment, bus, slot, function;
	struct floor_claim cmd;
	int rc;

	if (beside)
		return -EOPNOTSUPP;
	if (sscanf(bdf, "%x:%x:%x.%x", &segment, &bus, &slot, &function) != 4)
		return -EINVAL;
	cmd.segment = segment;
	cmd.bus = bus;
	cmd.devfn = slot << 3 | function;
	space->fd = open(FLOOR_DEVICE, O_RDWR | O_CLOEXEC);
	if (space->fd < 0)
		return -errno;
	if (!ioctl(space->fd, FLOOR_CLAIM, &cmd))
		return 0;
	rc = -errno;
	floor_close(space);
	return rc;
}

static int floor_map(const struct space *space, const struct shape *shape, size_t bytes, __u64 iova)
{
	/* Folios that are mapped by base pages are, for the kernel's calls, base pages. */
	bool is_leaf = shape->kind->huge || shape->kind->leaf_bytes >= HUGE_BYTES;
	struct floor_map cmd = {
		.va = (uintptr_t)shape->va,
		.length = bytes,
		.iova = iova,
		.leaf_bytes = is_leaf ? shape->kind->leaf_bytes : PAGE_BYTES,
	};

	return ioctl(space->fd, FLOOR_MAP, &cmd) ? -errno : 0;
}

static int floor_map_file(const struct space *space, const struct shape *shape, size_t bytes,
			  __u64 iova)
{
	struct floor_map_file cmd = {
		.length = bytes,
		.iova = iova,
		.fd = shape->fd,
	};

	return ioctl(space->fd, FLOOR_MAP_FILE, &cmd) ? -errno : 0;
}

static int floor_unmap(const struct space *space, __u64 iova, size_t bytes)
{
	struct floor_unmap cmd = { .iova = iova };

	(void)bytes;
	return ioctl(space->fd, FLOOR_UNMAP, &cmd) ? -errno : 0;
}

static int floor_copy(const struct space *space, __u64 src, size_t bytes, __u64 iova)
{
	struct floor_copy cmd = { .src_iova = src, .iova = iova };

	(void)bytes;
	return ioctl(space->fd, FLOOR_COPY, &cmd) ? -errno : 0;
}

static int floor_attach(struct space *space)
{
	return ioctl(space->fd, FLOOR_ATTACH) ? -errno : 0;
}

static int floor_detach(const struct space *space)
{
	return ioctl(space->fd, FLOOR_DETACH) ? -errno : 0;
}

static int floor_nop(const struct space *space)
{
	return ioctl(space->fd, FLOOR_NOP) ? -errno : 0;
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

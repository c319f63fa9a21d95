// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device's interrupts arrive: where the IOMMU translates them like all that a device writes, only
 * if their doorbell is mapped where the device is attached.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dma.h"
#include "iofd.h"
#include "rig.h"

/* Registers: to raise an interrupt, and to say that it was seen. */
#define EDU_RAISE 0x60
#define EDU_SEEN 0x64

#define WAIT_MS 5000

/* From here on an MSI of the device's counts in @event; -1: it has none any more. */
static int set_msi(struct edu *edu, int event)
{
	size_t bytes = sizeof(struct vfio_irq_set) + (event < 0 ? 0 : sizeof(event));
	struct vfio_irq_set *set = calloc(1, bytes);
	int ret;

	if (!set)
		return -ENOMEM;
	set->argsz = bytes;
	set->flags = (event < 0 ? VFIO_IRQ_SET_DATA_NONE : VFIO_IRQ_SET_DATA_EVENTFD) |
		     VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = VFIO_PCI_MSI_IRQ_INDEX;
	set->count = event < 0 ? 0 : 1;
	if (event >= 0)
		memcpy(set->data, &event, sizeof(event));
	ret = ioctl(edu->fd, VFIO_DEVICE_SET_IRQS, set) ? -errno : 0;
	free(set);
	return ret;
}

/* Raises one: does it arrive? */
static bool arrives(struct edu *edu, int event)
{
	struct pollfd poll_event = { .fd = event, .events = POLLIN };
	__u64 count = 0;

	edu_write(edu, EDU_RAISE, 1);
	if (poll(&poll_event, 1, WAIT_MS) == 1 && read(event, &count, sizeof(count)) < 0)
		count = 0;
	edu_write(edu, EDU_SEEN, 1);
	return count == 1;
}

static void run_arrive(const void *arg)
{
	int event = eventfd(0, EFD_CLOEXEC);
	struct rig rig;

	(void)arg;
	ASSERT_TRUE(event >= 0);
	rig_open_attached(&rig, 1);
	ASSERT_OK(set_msi(&rig.edu[0], event));
	for (int i = 0; i < 3; i++)
		EXPECT_TRUE(arrives(&rig.edu[0], event));
	EXPECT_OK(set_msi(&rig.edu[0], -1));
	rig_close(&rig);
	close(event);
}

/* What was set up where the device was serves where it goes, and when it comes back. */
static void run_follow(const void *arg)
{
	int event = eventfd(0, EFD_CLOEXEC);
	__u32 other, pt;
	struct rig rig;

	(void)arg;
	ASSERT_TRUE(event >= 0);
	rig_open_attached(&rig, 1);
	ASSERT_OK(set_msi(&rig.edu[0], event));
	ASSERT_OK(ioas_alloc(rig.iofd, &other));
	pt = other;
	ASSERT_OK(edu_attach(&rig.edu[0], &pt));
	EXPECT_TRUE(arrives(&rig.edu[0], event));
	pt = rig.ioas;
	ASSERT_OK(edu_attach(&rig.edu[0], &pt));
	EXPECT_TRUE(arrives(&rig.edu[0], event));
	EXPECT_OK(set_msi(&rig.edu[0], -1));
	rig_close(&rig);
	close(event);
}

static const struct ktap_case cases[] = {
	{ "arrive", run_arrive, NULL },
	{ "follow", run_follow, NULL },
	{}
};

const struct ktap_suite dma_interrupts = { "interrupts", cases };

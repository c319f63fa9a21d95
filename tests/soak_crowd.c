// SPDX-License-Identifier: GPL-2.0-only
/* Many iommufds, and in them objects of all kinds that cost little. */
#include <stdlib.h>
#include <unistd.h>

#include "mock.h"
#include "soak.h"

/* Of an iommufd with a device: the IOAS, the device, its driver, its HWPT, and what a guest has. */
#define DEVICE_OBJECTS 7

/* Its file has the iommufd open, and is not needed: the queue stays. */
static void add_fault_queue(int iofd)
{
	__u32 faults;
	int fd;

	ASSERT_OK(fault_queue_alloc(iofd, &faults, &fd));
	close(fd);
}

/* A device with a guest: the IOAS has a domain then, and every second further HWPT is one more. */
static void fill_with_device(int iofd, __u32 ioas, unsigned int each)
{
	__u32 parent, viommu, vdevice, nested, hwpt;
	struct mock_device device;
	unsigned int made;

	ASSERT_OK(mock_device(iofd, ioas, 0, &device));
	ASSERT_OK(hwpt_alloc(iofd, IOMMU_HWPT_ALLOC_NEST_PARENT, device.dev, ioas, &parent));
	ASSERT_OK(mock_viommu(iofd, device.dev, parent, &viommu));
	ASSERT_OK(mock_vdevice(iofd, viommu, device.dev, 1, &vdevice));
	for (made = DEVICE_OBJECTS; made < each; made++) {
		if (made % 2)
			ASSERT_OK(mock_nested(iofd, device.dev, viommu, 0, &nested));
		else
			ASSERT_OK(hwpt_alloc(iofd, 0, device.dev, ioas, &hwpt));
	}
}

static void fill(int iofd, unsigned int each)
{
	unsigned int made;
	__u32 ioas;

	for (made = 1; made < each; made++) {
		if (made % 8 == 0)
			add_fault_queue(iofd);
		else
			ASSERT_OK(ioas_alloc(iofd, &ioas));
	}
}

static void open_one(struct crowd *crowd, unsigned int index)
{
	int iofd = iofd_open();

	ASSERT_TRUE(iofd >= 0);
	ASSERT_OK(ioas_alloc(iofd, &crowd->ioas[index]));
	if (index < crowd->devices)
		fill_with_device(iofd, crowd->ioas[index], crowd->each);
	else
		fill(iofd, crowd->each);
	crowd->iofd[index] = iofd;
}

void crowd_open(struct crowd *crowd)
{
	unsigned int i;

	crowd->iofd = calloc(crowd->iofds, sizeof(*crowd->iofd));
	crowd->ioas = calloc(crowd->iofds, sizeof(*crowd->ioas));
	ktap_assert(crowd->iofd && crowd->ioas);
	for (i = 0; i < crowd->iofds; i++)
		open_one(crowd, i);
}

void crowd_renew(struct crowd *crowd, unsigned int index)
{
	close(crowd->iofd[index]);
	open_one(crowd, index);
}

bool crowd_exchange(struct crowd *crowd, unsigned int index)
{
	__u32 more;

	/* With a device attached, it is in use. */
	if (index < crowd->devices)
		return EXPECT_ERR(-EBUSY, iofd_destroy(crowd->iofd[index], crowd->ioas[index]));
	return EXPECT_OK(ioas_alloc(crowd->iofd[index], &more)) &&
	       EXPECT_OK(iofd_destroy(crowd->iofd[index], crowd->ioas[index])) &&
	       EXPECT_OK(ioas_alloc(crowd->iofd[index], &crowd->ioas[index])) &&
	       EXPECT_OK(iofd_destroy(crowd->iofd[index], more));
}

void crowd_close(struct crowd *crowd)
{
	unsigned int i;

	for (i = 0; i < crowd->iofds; i++)
		close(crowd->iofd[i]);
	free(crowd->iofd);
	free(crowd->ioas);
}

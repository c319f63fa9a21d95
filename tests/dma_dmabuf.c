// SPDX-License-Identifier: GPL-2.0-only
/*
 * The BAR of one device, as vfio-pci exports it (VFIO_DEVICE_FEATURE_DMA_BUF), mapped for another:
 * that reads and writes the registers, until the exporter takes them back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dma.h"
#include "iofd.h"
#include "memory.h"
#include "mock.h"
#include "peers.h"
#include "pins.h"
#include "rig.h"
#include "scene.h"
#include "util.h"

#define IOAS_FIXED_READ (IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE)
#define SOMEBODY 4242

static void run_reach(const void *arg)
{
	struct peers p;
	__u64 iova;

	(void)arg;
	peers_open(&p);
	peers_expect_no_bar(&p, PEERS_IOVA);
	ASSERT_OK(peers_map(&p, PEERS_IOVA));
	peers_expect_bar(&p, PEERS_IOVA);

	/* Elsewhere, too, and where it is only to be read. */
	EXPECT_OK(peers_copy(&p, PEERS_IOVA + PEERS_STEP, PEERS_IOVA));
	peers_expect_bar(&p, PEERS_IOVA + PEERS_STEP);
	iova = PEERS_IOVA + 2 * PEERS_STEP;
	EXPECT_OK(peers_map_in(&p, p.rig.ioas, IOAS_FIXED_READ, iova));
	EXPECT_EQ(EDU_IS, peers_read(&p, iova));
	edu_write(p.exporter, EDU_LIVE, 1);
	peers_write(&p, iova + EDU_LIVE, 2);
	EXPECT_EQ((__u32)~1, edu_read(p.exporter, EDU_LIVE));

	/* A part of it, and nothing beyond it. */
	iova = PEERS_IOVA + 3 * PEERS_STEP;
	EXPECT_OK(ioas_map_file(p.rig.iofd, p.rig.ioas, IOAS_FIXED_RW, p.fd, 0, PAGE, &iova));
	peers_expect_bar(&p, iova);
	EXPECT_ERR(-EEXIST, peers_map(&p, PEERS_IOVA));
	EXPECT_ERR(-EINVAL, ioas_map_file(p.rig.iofd, p.rig.ioas, IOAS_RW, p.fd, PAGE, PEERS_BYTES,
					  &iova));
	EXPECT_ERR(-EINVAL, ioas_map_file(p.rig.iofd, p.rig.ioas, IOAS_RW, p.fd, PEERS_BYTES, PAGE,
					  &iova));

	EXPECT_OK(ioas_unmap_at(p.rig.iofd, p.rig.ioas, PEERS_IOVA, PEERS_BYTES));
	peers_expect_no_bar(&p, PEERS_IOVA);
	peers_expect_bar(&p, PEERS_IOVA + PEERS_STEP);
	peers_close(&p, 2 * PEERS_BYTES + PAGE);
}

/* Mapped before there is a domain; in a second domain; in one that comes back. */
static void run_domains(const void *arg)
{
	struct peers p;
	__u32 own;

	(void)arg;
	peers_open(&p);
	ASSERT_OK(edu_detach(p.importer));
	ASSERT_OK(peers_map(&p, PEERS_IOVA));
	p.rig.hwpt = p.rig.ioas;
	ASSERT_OK(edu_attach(p.importer, &p.rig.hwpt));
	peers_expect_bar(&p, PEERS_IOVA);
	ASSERT_OK(hwpt_alloc(p.rig.iofd, 0, p.importer->devid, p.rig.ioas, &own));
	p.rig.hwpt = own;
	ASSERT_OK(edu_attach(p.importer, &p.rig.hwpt));
	peers_expect_bar(&p, PEERS_IOVA);
	p.rig.hwpt = p.rig.ioas;
	ASSERT_OK(edu_attach(p.importer, &p.rig.hwpt));
	EXPECT_OK(iofd_destroy(p.rig.iofd, own));
	peers_expect_bar(&p, PEERS_IOVA);
	peers_close(&p, PEERS_BYTES);
}

/* A device may be attached to its own BAR, too. */
static void run_both_ways(const void *arg)
{
	struct peers p;
	__u32 pt;

	(void)arg;
	peers_open(&p);
	pt = p.rig.ioas;
	ASSERT_OK(edu_attach(p.exporter, &pt));
	ASSERT_OK(peers_map(&p, PEERS_IOVA));
	peers_expect_bar(&p, PEERS_IOVA);
	EXPECT_OK(edu_enable(p.exporter, false));
	EXPECT_OK(edu_enable(p.exporter, true));
	peers_expect_no_bar(&p, PEERS_IOVA);
	peers_close(&p, PEERS_BYTES);
}

/* All that can be done with it while it is revoked, and what is left of it once it is not. */
static void run_memory_off(const void *arg)
{
	struct peers p;
	__u32 word = peers_word(), own;

	(void)arg;
	peers_open(&p);
	ASSERT_OK(peers_map(&p, PEERS_IOVA));
	ASSERT_OK(peers_copy(&p, PEERS_IOVA + PEERS_STEP, PEERS_IOVA));
	ASSERT_OK(peers_map(&p, PEERS_IOVA + 2 * PEERS_STEP));
	peers_expect_bar(&p, PEERS_IOVA);
	peers_expect_bar(&p, PEERS_IOVA + PEERS_STEP);
	edu_write(p.exporter, EDU_LIVE, word);

	ASSERT_OK(edu_enable(p.exporter, false));
	EXPECT_NE(EDU_IS, peers_read(&p, PEERS_IOVA));
	peers_write(&p, PEERS_IOVA + EDU_LIVE, peers_word());
	EXPECT_ERR(-ENODEV, peers_map(&p, PEERS_IOVA + 3 * PEERS_STEP));
	/* The mappings are there, with nothing behind them. */
	EXPECT_ERR(-EEXIST, ioas_map_at(p.rig.iofd, p.rig.ioas, p.rig.bounce, PAGE, PEERS_IOVA));
	EXPECT_OK(peers_copy(&p, PEERS_IOVA + 4 * PEERS_STEP, PEERS_IOVA));
	EXPECT_OK(ioas_unmap_at(p.rig.iofd, p.rig.ioas, PEERS_IOVA + PEERS_STEP, PEERS_BYTES));
	EXPECT_OK(hwpt_alloc(p.rig.iofd, 0, p.importer->devid, p.rig.ioas, &own));
	p.rig.hwpt = own;
	EXPECT_OK(edu_attach(p.importer, &p.rig.hwpt));
	EXPECT_NE(EDU_IS, peers_read(&p, PEERS_IOVA + 4 * PEERS_STEP));

	ASSERT_OK(edu_enable(p.exporter, true));
	EXPECT_EQ((__u32)~word, edu_read(p.exporter, EDU_LIVE));
	peers_expect_no_bar(&p, PEERS_IOVA);
	peers_expect_no_bar(&p, PEERS_IOVA + PEERS_STEP);
	peers_expect_no_bar(&p, PEERS_IOVA + 4 * PEERS_STEP);
	p.rig.hwpt = p.rig.ioas;
	EXPECT_OK(edu_attach(p.importer, &p.rig.hwpt));
	EXPECT_OK(iofd_destroy(p.rig.iofd, own));
	peers_expect_no_bar(&p, PEERS_IOVA + 2 * PEERS_STEP);

	/* The same dma-buf can be mapped anew. */
	EXPECT_OK(peers_map(&p, PEERS_IOVA + PEERS_STEP));
	peers_expect_bar(&p, PEERS_IOVA + PEERS_STEP);
	peers_expect_no_bar(&p, PEERS_IOVA);
	peers_close(&p, 4 * PEERS_BYTES);
}

/* With a write on its way. */
static void run_in_flight(const void *arg)
{
	__u32 word = peers_word(), other = peers_word();
	struct peers p;

	(void)arg;
	peers_open(&p);
	ASSERT_OK(peers_map(&p, PEERS_IOVA));
	peers_expect_bar(&p, PEERS_IOVA);
	edu_write(p.exporter, EDU_LIVE, word);
	rig_load_device(&p.rig, p.importer, &other, sizeof(other));
	edu_dma_start(p.importer, PEERS_IOVA + EDU_LIVE, sizeof(other), true);
	EXPECT_OK(edu_enable(p.exporter, false));
	EXPECT_OK(edu_enable(p.exporter, true));
	EXPECT_OK(edu_dma_wait(p.importer));
	EXPECT_EQ((__u32)~word, edu_read(p.exporter, EDU_LIVE));
	peers_close(&p, PEERS_BYTES);
}

/* The exporter is there again: nobody has written to it meanwhile, and its new dma-buf works. */
static void expect_reopened(struct peers *p, __u32 word)
{
	ASSERT_OK(edu_open(p->exporter, 1));
	ASSERT_OK(edu_bind(p->exporter, p->rig.iofd));
	EXPECT_EQ((__u32)~word, edu_read(p->exporter, EDU_LIVE));
	peers_expect_no_bar(p, PEERS_IOVA);
	EXPECT_ERR(-ENODEV, peers_map(p, PEERS_IOVA + PEERS_STEP));
	close(p->fd);
	peers_export(p);
	EXPECT_OK(peers_map(p, PEERS_IOVA + PEERS_STEP));
	peers_expect_bar(p, PEERS_IOVA + PEERS_STEP);
	peers_expect_no_bar(p, PEERS_IOVA);
}

static void run_closed(const void *arg)
{
	__u32 word = peers_word();
	struct peers p;

	(void)arg;
	peers_open(&p);
	ASSERT_OK(peers_map(&p, PEERS_IOVA));
	peers_expect_bar(&p, PEERS_IOVA);
	edu_write(p.exporter, EDU_LIVE, word);
	edu_close(p.exporter);
	EXPECT_NE(EDU_IS, peers_read(&p, PEERS_IOVA));
	peers_write(&p, PEERS_IOVA + EDU_LIVE, peers_word());
	EXPECT_ERR(-ENODEV, peers_map(&p, PEERS_IOVA + PEERS_STEP));
	expect_reopened(&p, word);
	peers_close(&p, 2 * PEERS_BYTES);
}

/*
 * The driver gives the device up, which waits for the file to be closed; then it gets the device
 * back. The dma-buf outlives both.
 */
static void run_unbound(const void *arg)
{
	__u32 word = peers_word();
	char address[64];
	struct peers p;
	int status;
	pid_t pid;

	(void)arg;
	peers_open(&p);
	ASSERT_OK(edu_address(1, address, sizeof(address)));
	ASSERT_OK(peers_map(&p, PEERS_IOVA));
	peers_expect_bar(&p, PEERS_IOVA);
	edu_write(p.exporter, EDU_LIVE, word);
	pid = fork();
	ktap_assert(pid >= 0);
	if (!pid) {
		/* What is mapped here keeps it open, too. */
		edu_close(p.exporter);
		_exit(-scene_tell("/sys/bus/pci/drivers/vfio-pci/unbind", address));
	}
	usleep(100000);
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	edu_close(p.exporter);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_NE(EDU_IS, peers_read(&p, PEERS_IOVA));
	peers_write(&p, PEERS_IOVA + EDU_LIVE, peers_word());
	EXPECT_ERR(-ENODEV, peers_map(&p, PEERS_IOVA + PEERS_STEP));
	ASSERT_OK(scene_tell("/sys/bus/pci/drivers_probe", address));
	expect_reopened(&p, word);
	peers_close(&p, 2 * PEERS_BYTES);
}

/* edu has no reset of its own: what is refused revokes nothing. */
static void run_reset(const void *arg)
{
	struct peers p;

	(void)arg;
	peers_open(&p);
	ASSERT_OK(peers_map(&p, PEERS_IOVA));
	if (edu_reset(p.exporter)) {
		peers_expect_bar(&p, PEERS_IOVA);
		peers_close(&p, PEERS_BYTES);
		ktap_skip("the edu device has no reset");
	}
	ASSERT_OK(edu_enable(p.exporter, true));
	peers_expect_no_bar(&p, PEERS_IOVA);
	EXPECT_OK(peers_map(&p, PEERS_IOVA + PEERS_STEP));
	peers_expect_bar(&p, PEERS_IOVA + PEERS_STEP);
	peers_close(&p, 2 * PEERS_BYTES);
}

/* A driver's access does not get to it, revoked or not. */
static void run_access(const void *arg)
{
	unsigned char bytes[PAGE] = {};
	struct peers p;
	struct mock m;
	int access;
	__u32 pin;

	(void)arg;
	mock_open(&m);
	mock_close(&m);
	peers_open(&p);
	ASSERT_OK(peers_map(&p, PEERS_IOVA));
	access = mock_access(p.rig.iofd, p.rig.ioas, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES);
	ktap_assert(EXPECT_TRUE(access >= 0));
	for (int revoked = 0; revoked < 2; revoked++) {
		EXPECT_ERR(-EINVAL, mock_access_rw(p.rig.iofd, access, 0, PEERS_IOVA, bytes, PAGE));
		EXPECT_ERR(-EINVAL, mock_access_rw(p.rig.iofd, access, MOCK_ACCESS_RW_WRITE,
						   PEERS_IOVA, bytes, PAGE));
		EXPECT_ERR(-EINVAL, mock_access_pin(p.rig.iofd, access, 0, PEERS_IOVA, PAGE, bytes,
						    &pin));
		EXPECT_OK(edu_enable(p.exporter, false));
	}
	EXPECT_OK(edu_enable(p.exporter, true));
	close(access);
	peers_close(&p, PEERS_BYTES);
}

/*
 * Devices may have written to all of it, until it is revoked: its tables, which may go at any time,
 * are not looked at. The bitmap is not on the stack, whose last page the helper of the IOMMU core
 * does not get at.
 */
static void run_dirty(const void *arg)
{
	static __u8 bits[PEERS_BYTES / PAGE / 8];
	const __u8 none[sizeof(bits)] = {};
	struct mock_device device;
	__u8 all[sizeof(bits)];
	__u32 ioas, hwpt;
	struct peers p;
	struct mock m;

	(void)arg;
	if (rig_peer_is("iommufd"))
		ktap_skip("known difference: in-tree, the mock IOMMU maps no dma-buf");
	mock_open(&m);
	mock_close(&m);
	memset(all, 0xff, sizeof(all));
	peers_open(&p);
	ASSERT_OK(ioas_alloc(p.rig.iofd, &ioas));
	ASSERT_OK(peers_map_in(&p, ioas, IOAS_FIXED_RW, MOCK_IOVA));
	ASSERT_OK(mock_device(p.rig.iofd, ioas, 0, &device));
	ASSERT_OK(hwpt_alloc(p.rig.iofd, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, device.dev, ioas, &hwpt));
	EXPECT_OK(hwpt_track_dirty(p.rig.iofd, hwpt, true));
	EXPECT_OK(hwpt_read_dirty(p.rig.iofd, hwpt, 0, MOCK_IOVA, PEERS_BYTES, PAGE, bits));
	EXPECT_BYTES(all, bits, sizeof(bits));
	EXPECT_OK(edu_enable(p.exporter, false));
	memset(bits, 0, sizeof(bits));
	EXPECT_OK(hwpt_read_dirty(p.rig.iofd, hwpt, 0, MOCK_IOVA, PEERS_BYTES, PAGE, bits));
	EXPECT_BYTES(none, bits, sizeof(bits));
	EXPECT_OK(edu_enable(p.exporter, true));
	EXPECT_OK(iofd_destroy(p.rig.iofd, hwpt));
	EXPECT_OK(iofd_destroy(p.rig.iofd, device.stdev));
	EXPECT_EQ(PEERS_BYTES, ioas_unmap_all(p.rig.iofd, ioas));
	peers_close(&p, 0);
}

/* Who may not lock a single page may map one all the same, and copy it, and attach to it. */
static void run_memlock(const void *arg)
{
	const struct rlimit nothing = {};
	struct memory mem;
	struct peers p;
	__u32 own;

	(void)arg;
	peers_open(&p);
	memory_alloc(&mem, POPULATE4K, PAGE);
	/* What is charged is the memory of the bounce page alone. */
	long long charged = pins_vmpin() + pins_vmlck();

	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &nothing));
	ASSERT_EQ(0, setresuid(SOMEBODY, SOMEBODY, SOMEBODY));
	EXPECT_ERR(-ENOMEM, ioas_map_at(p.rig.iofd, p.rig.ioas, mem.va, PAGE, PEERS_IOVA));
	EXPECT_OK(peers_map(&p, PEERS_IOVA));
	EXPECT_OK(peers_copy(&p, PEERS_IOVA + PEERS_STEP, PEERS_IOVA));
	EXPECT_OK(hwpt_alloc(p.rig.iofd, 0, p.importer->devid, p.rig.ioas, &own));
	EXPECT_EQ(charged, pins_vmpin() + pins_vmlck());
	peers_expect_bar(&p, PEERS_IOVA + PEERS_STEP);
	EXPECT_OK(edu_enable(p.exporter, false));
	EXPECT_OK(iofd_destroy(p.rig.iofd, own));
	EXPECT_EQ(2 * PEERS_BYTES + RIG_BOUNCE_BYTES, ioas_unmap_all(p.rig.iofd, p.rig.ioas));
	EXPECT_EQ(0, pins_vmpin());
	EXPECT_EQ(0, pins_vmlck());
}

static const struct ktap_case cases[] = {
	{ "reach", run_reach, NULL },
	{ "domains", run_domains, NULL },
	{ "both-ways", run_both_ways, NULL },
	{ "memory-off", run_memory_off, NULL },
	{ "in-flight", run_in_flight, NULL },
	{ "closed", run_closed, NULL },
	{ "unbound", run_unbound, NULL },
	{ "reset", run_reset, NULL },
	{ "access", run_access, NULL },
	{ "dirty", run_dirty, NULL },
	{ "memlock", run_memlock, NULL },
	{}
};

const struct ktap_suite dma_dmabufs = { "dmabuf", cases };

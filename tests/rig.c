// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iofd.h"
#include "klog.h"
#include "memory.h"
#include "pins.h"
#include "rig.h"
#include "util.h"

static __u64 pattern;

void rig_open(struct rig *rig, unsigned int ndevs)
{
	rig_open_on(rig, iofd_open(), 0, ndevs);
}

void rig_open_on(struct rig *rig, int iofd, unsigned int first, unsigned int ndevs)
{
	unsigned int i;

	memset(rig, 0, sizeof(*rig));
	if (edu_count() < first + ndevs)
		ktap_skip("needs %u edu devices bound to vfio-pci, there are %u", first + ndevs,
			  edu_count());
	rig->iofd = iofd;
	ktap_assert(rig->iofd >= 0);
	ASSERT_OK(ioas_alloc(rig->iofd, &rig->ioas));
	rig->ndevs = ndevs;
	for (i = 0; i < ndevs; i++) {
		ASSERT_OK(edu_open(&rig->edu[i], first + i));
		ASSERT_OK(edu_bind(&rig->edu[i], rig->iofd));
	}
	rig->bounce = mmap(NULL, RIG_BOUNCE_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ktap_assert(rig->bounce != MAP_FAILED);
}

void rig_map_bounce(struct rig *rig, __u32 ioas)
{
	ASSERT_OK(ioas_map_at(rig->iofd, ioas, rig->bounce, RIG_BOUNCE_BYTES, RIG_BOUNCE_IOVA));
}

void rig_attach(struct rig *rig)
{
	unsigned int i;

	for (i = 0; i < rig->ndevs; i++) {
		rig->hwpt = rig->ioas;
		ASSERT_OK(edu_attach(&rig->edu[i], &rig->hwpt));
	}
	rig_map_bounce(rig, rig->ioas);
}

void rig_open_attached(struct rig *rig, unsigned int ndevs)
{
	rig_open(rig, ndevs);
	rig_attach(rig);
}

void rig_close(struct rig *rig)
{
	unsigned int i;

	EXPECT_EQ(RIG_BOUNCE_BYTES, ioas_unmap_all(rig->iofd, rig->ioas));
	for (i = 0; i < rig->ndevs; i++)
		edu_close(&rig->edu[i]);
	close(rig->iofd);
	munmap(rig->bounce, RIG_BOUNCE_BYTES);
}

const void *rig_dump_device(struct rig *rig, struct edu *edu, size_t len)
{
	memset(rig->bounce, 0xee, len);
	ASSERT_OK(edu_dma_write(edu, RIG_BOUNCE_IOVA, len));
	return rig->bounce;
}

void rig_load_device(struct rig *rig, struct edu *edu, const void *data, size_t len)
{
	memcpy(rig->bounce, data, len);
	ASSERT_OK(edu_dma_read(edu, RIG_BOUNCE_IOVA, len));
}

const void *rig_fetch(struct rig *rig, struct edu *edu, __u64 iova, size_t len)
{
	ASSERT_OK(edu_dma_read(edu, iova, len));
	return rig_dump_device(rig, edu, len);
}

void rig_store(struct rig *rig, struct edu *edu, __u64 iova, const void *data, size_t len)
{
	rig_load_device(rig, edu, data, len);
	ASSERT_OK(edu_dma_write(edu, iova, len));
}

bool rig_nothing_leaked(const void *secret, const void *got, size_t len)
{
	const unsigned char *s = secret, *g = got;
	size_t i;

	for (i = 0; i + 8 <= len; i += 8) {
		if (!memcmp(s + i, g + i, 8))
			return false;
	}
	return true;
}

/* Fresh bytes each time, so that nothing left over from before can look right. */
static void new_bytes(void *to, size_t len)
{
	unsigned char bytes[2 * PAGE];

	if (!pattern)
		pattern = ktap_seed();
	memory_fill(bytes, (len + 7) & ~7UL, ktap_random(&pattern));
	memcpy(to, bytes, len);
}

bool rig_reaches(const char *file, int line, struct rig *rig, struct edu *edu, __u64 iova, void *va,
		 size_t len)
{
	unsigned char data[PAGE], first[PAGE], last[PAGE], *bytes = va;
	size_t below = (unsigned long)va % PAGE, above = -((unsigned long)va + len) % PAGE;
	bool good;

	new_bytes(va, len);
	memcpy(data, va, len);
	good = ktap_check_bytes(file, line, "what the device reads", data,
				rig_fetch(rig, edu, iova, len), len);

	/* The rest of the first and of the last page of the target must stay as it is. */
	memcpy(first, bytes - below, below);
	memcpy(last, bytes + len, above);
	new_bytes(data, len);
	rig_store(rig, edu, iova, data, len);
	good &= ktap_check_bytes(file, line, "what the device wrote", data, va, len);
	good &= ktap_check_bytes(file, line, "the bytes before it", first, bytes - below, below);
	good &= ktap_check_bytes(file, line, "the bytes after it", last, bytes + len, above);
	return good;
}

bool rig_no_reach(const char *file, int line, struct rig *rig, struct edu *edu, __u64 iova,
		  void *va, size_t len)
{
	unsigned char data[PAGE], secret[PAGE];
	bool good;

	new_bytes(va, len);
	memcpy(secret, va, len);
	good = ktap_check_true(file, line, "the device reads nothing",
			       rig_nothing_leaked(secret, rig_fetch(rig, edu, iova, len), len));
	new_bytes(data, len);
	rig_store(rig, edu, iova, data, len);
	good &= ktap_check_bytes(file, line, "memory after a refused write", secret, va, len);
	return good;
}

bool rig_peer_is(const char *name)
{
	const char *peer = getenv("PEER");

	return peer && !strcmp(peer, name);
}

static long long pins_before;

static int watch_log(void)
{
	return klog_open(false);
}

static void note_pins(void)
{
	pins_before = pins_held();
}

static int check_pins_and_log(void)
{
	long long left = pins_held() - pins_before;
	int failures = klog_reports();

	if (left) {
		ktap_note("%lld pins were taken and not given back", left);
		failures++;
	}
	return failures;
}

const struct ktap_hooks rig_hooks = {
	.start = watch_log,
	.before = note_pins,
	.after = check_pins_and_log,
};

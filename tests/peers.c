// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <unistd.h>

#include "peers.h"

static __u64 pattern;

__u32 peers_word(void)
{
	if (!pattern)
		pattern = ktap_seed();
	return ktap_random(&pattern) | 1;
}

void peers_export(struct peers *p)
{
	p->fd = edu_dmabuf(p->exporter, 0, PEERS_BYTES);
	if (p->fd == -ENOTTY || p->fd == -EOPNOTSUPP)
		ktap_skip("vfio-pci exports no dma-buf in this kernel");
	ktap_assert(EXPECT_TRUE(p->fd >= 0));
}

void peers_open(struct peers *p)
{
	rig_open(&p->rig, 2);
	p->importer = &p->rig.edu[0];
	p->exporter = &p->rig.edu[1];
	p->rig.hwpt = p->rig.ioas;
	ASSERT_OK(edu_attach(p->importer, &p->rig.hwpt));
	rig_map_bounce(&p->rig, p->rig.ioas);
	peers_export(p);
}

void peers_close(struct peers *p, long long bytes)
{
	EXPECT_EQ(bytes + RIG_BOUNCE_BYTES, ioas_unmap_all(p->rig.iofd, p->rig.ioas));
	rig_map_bounce(&p->rig, p->rig.ioas);
	close(p->fd);
	rig_close(&p->rig);
}

int peers_map_in(struct peers *p, __u32 ioas, __u32 flags, __u64 iova)
{
	return ioas_map_file(p->rig.iofd, ioas, flags, p->fd, 0, PEERS_BYTES, &iova);
}

int peers_map(struct peers *p, __u64 iova)
{
	return peers_map_in(p, p->rig.ioas, IOAS_FIXED_RW, iova);
}

int peers_copy(struct peers *p, __u64 to, __u64 from)
{
	return ioas_copy(p->rig.iofd, IOAS_FIXED_RW, p->rig.ioas, p->rig.ioas, PEERS_BYTES, &to,
			 from);
}

__u32 peers_read(struct peers *p, __u64 iova)
{
	__u32 word;

	memcpy(&word, rig_fetch(&p->rig, p->importer, iova, sizeof(word)), sizeof(word));
	return word;
}

void peers_write(struct peers *p, __u64 iova, __u32 word)
{
	rig_store(&p->rig, p->importer, iova, &word, sizeof(word));
}

static void check(const char *file, int line, const char *what, __u32 want, __u32 got)
{
	ktap_check_int(file, line, what, "==", want == got, want, got);
}

void peers_bar(const char *file, int line, struct peers *p, __u64 iova)
{
	__u32 word = peers_word();

	check(file, line, "what it reads", EDU_IS, peers_read(p, iova + EDU_IDENTITY));
	peers_write(p, iova + EDU_LIVE, word);
	check(file, line, "the register", ~word, edu_read(p->exporter, EDU_LIVE));
	check(file, line, "the register that it reads", ~word, peers_read(p, iova + EDU_LIVE));
}

void peers_no_bar(const char *file, int line, struct peers *p, __u64 iova)
{
	__u32 word = peers_word();

	edu_write(p->exporter, EDU_LIVE, word);
	ktap_check_true(file, line, "the device reads nothing",
			peers_read(p, iova + EDU_IDENTITY) != EDU_IS);
	peers_write(p, iova + EDU_LIVE, peers_word());
	check(file, line, "the register after a refused write", ~word,
	      edu_read(p->exporter, EDU_LIVE));
}

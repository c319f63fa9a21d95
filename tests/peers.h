/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PEERS_H
#define PEERS_H

/*
 * Two devices, of which the second one exports its BAR as a dma-buf and the first one is attached
 * to an IOAS that this is mapped in: it reads and writes the other one's registers.
 */

#include "iofd.h"
#include "rig.h"
#include "util.h"

#define PEERS_BYTES EDU_BAR_BYTES
#define PEERS_IOVA GIB
/* From there to another place. */
#define PEERS_STEP (16 * MIB)

struct peers {
	struct rig rig;
	struct edu *importer;
	struct edu *exporter;
	int fd;			/* the exporter's whole BAR */
};

/* Ends the case as skipped where vfio-pci exports nothing. Nothing is mapped yet. */
void peers_open(struct peers *p);

/* Exports it once more, into p->fd. */
void peers_export(struct peers *p);

/* Expects that so much is mapped beside the bounce page. */
void peers_close(struct peers *p, long long bytes);

/* These return 0 or -errno. */
int peers_map_in(struct peers *p, __u32 ioas, __u32 flags, __u64 iova);
int peers_map(struct peers *p, __u64 iova);
int peers_copy(struct peers *p, __u64 to, __u64 from);

/* A register, by the importer. */
__u32 peers_read(struct peers *p, __u64 iova);
void peers_write(struct peers *p, __u64 iova, __u32 word);

/* Another one each time, and not 0. */
__u32 peers_word(void);

/*
 * Expects that the importer reads and writes the registers there, or does neither; the exporter is
 * open and enabled.
 */
#define peers_expect_bar(p, iova) peers_bar(__FILE__, __LINE__, p, iova)
#define peers_expect_no_bar(p, iova) peers_no_bar(__FILE__, __LINE__, p, iova)

void peers_bar(const char *file, int line, struct peers *p, __u64 iova);
void peers_no_bar(const char *file, int line, struct peers *p, __u64 iova);

#endif

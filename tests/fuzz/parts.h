/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PARTS_H
#define PARTS_H

/* What the parts of the model share: it is the calling thread's. */

#include "../util.h"
#include "model.h"
#include "objects.h"

struct model {
	struct place place[MEM_PAGES];
	struct page *file[FILE_PAGES];
	unsigned int file_pages;
	struct iommufd iommufd[NR_FDS];
	bool given_up;			/* see model_give_up() */
	bool revoked;			/* some dma-buf has been */
	struct world seen;		/* as the call found it */
	char text[256];
};

extern __thread struct model *m;

#endif

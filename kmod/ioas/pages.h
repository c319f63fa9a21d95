/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What accesses do with an IOAS: pin pages of it, read and write it.
 *
 * An area that is pinned, or being read or written, can not be unmapped. Who
 * unmaps it blocks further use, calls the unmap callbacks of all accesses, and
 * waits for the last use to end. Pages that hardware owns (a guest's queues) are
 * different: nobody can be asked, so unmapping fails.
 */
#ifndef IOMMUFD_IOAS_ACCESS_H
#define IOMMUFD_IOAS_ACCESS_H

#include <linux/types.h>

struct iommufd_access;
struct iommufd_ioas;
struct page;

int ioas_add_access(struct iommufd_ioas *ioas, struct iommufd_access *access);
void ioas_remove_access(struct iommufd_ioas *ioas,
			struct iommufd_access *access);
int ioas_wait_unused(struct iommufd_ioas *ioas, unsigned long first,
		     unsigned long last);

int ioas_pin_pages(struct iommufd_ioas *ioas, unsigned long first,
		   unsigned long last, struct page **out_pages, bool write);
void ioas_unpin_pages(struct iommufd_ioas *ioas, unsigned long first,
		      unsigned long last);
int ioas_own_pages(struct iommufd_ioas *ioas, unsigned long first,
		   unsigned long last, struct page **out_pages);
void ioas_disown_pages(struct iommufd_ioas *ioas, unsigned long first,
		       unsigned long last);
int ioas_rw(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
	    void *data, bool write);

#endif

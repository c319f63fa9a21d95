/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The wait for those who use an area that is to be unmapped. It blocks further
 * use, asks all notifiers, and waits for the last use to end.
 */
#ifndef IOMMUFD_NOTIFY_H
#define IOMMUFD_NOTIFY_H

struct iommufd_ioas;

int ioas_wait_unused(struct iommufd_ioas *ioas, unsigned long first,
		     unsigned long last);

#endif

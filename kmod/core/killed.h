/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is as long as userspace likes: it ends when its process is killed, and
 * others get their turn meanwhile.
 *
 * This file is portable, as memory/extent.h says.
 */
#ifndef IOMMUFD_KILLED_H
#define IOMMUFD_KILLED_H

#include "portable.h"

/**
 * cond_resched_killable() - between two steps of something long
 *
 * Context: Process; may sleep.
 * Return: 0, or -EINTR for a fatal signal.
 */
static inline int cond_resched_killable(void)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	cond_resched();
	return 0;
}

#endif

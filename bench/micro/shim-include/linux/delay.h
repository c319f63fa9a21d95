/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_DELAY_H
#define SHIM_LINUX_DELAY_H

#include <unistd.h>

#define msleep(ms)	usleep((ms) * 1000)

static inline void usleep_range(unsigned long low_us, unsigned long high_us)
{
	(void)high_us;
	usleep(low_us);
}

#endif

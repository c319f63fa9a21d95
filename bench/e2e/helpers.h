/* SPDX-License-Identifier: GPL-2.0-only */
/* How many threads one map of fast may have: its parameter pin_threads. */
#ifndef E2E_HELPERS_H
#define E2E_HELPERS_H

/* Where it is. */
#define HELPERS_PATH "/sys/module/iommufd/parameters/pin_threads"

/* Sets *@nr to it. Returns 0 or -errno. */
int helpers_get(unsigned int *nr);

/* Returns 0 or -errno. */
int helpers_set(unsigned int nr);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WHERE_H
#define WHERE_H

#include <sys/types.h>

/* Prints of every thread of a group of processes what it does and where in the kernel it waits. */
void where_print(pid_t group);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REDUCE_H
#define REDUCE_H

/* The shortest program that still shows what a long one showed. */

#include "prog.h"

/* shows() runs a program. Returns how many were run. */
unsigned int reduce(struct prog *prog, bool (*shows)(const struct prog *prog));

#endif

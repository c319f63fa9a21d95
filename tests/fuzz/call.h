/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CALL_H
#define CALL_H

/*
 * What the calls have in common (call.c). These files and world.h are also the beginning of every
 * program that is printed as C, one after the other (text.S), so they stand alone.
 */

#include <errno.h>
#include <fcntl.h>
#include <iommufd_test.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef WORLD_H
#include "world.h"
#endif

/* Where something may be mapped anywhere, nobody has moved away what he comes back to. */
extern pthread_mutex_t layout_lock;

/* -errno where it is negative. */
long result(long ret);

int fd_of(__u64 f);

/* An ioctl, with a structure that is wrong in the way that the world says. */
long io(__u64 f, unsigned long cmd, void *arg, size_t bytes);
#define IO(f, cmd, arg) io(f, cmd, arg, sizeof(*(arg)))
long test(__u64 f, struct iommu_test_cmd *cmd);

/* Of threads that fill the same slot, or close what is in it, one does. */
long file_begin(int *file, int fd);
long file_end(int *file);

/* As nobody has used them: of the memory (calls_memory.c), and what threads share. */
int memory_reset(void);
void mmio_end(void);
void vfio_end(void);

#endif

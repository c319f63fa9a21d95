/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The door of memory/: what is mapped, as long as it has to stay where it is.
 *
 * - backing.h: the memory of one map call. A claim on a range of it has the pages
 *   charged (account.h), pinned (pin.h) and recorded as runs (extent.h); walks over
 *   these runs are all that others read. With the last claim on them they go.
 * - account.h: whom pages are charged to.
 *
 * A backing lives for as long as an area refers to it. Its locks are said in
 * backing.h; they are taken inside of those of an IOAS, and user memory may be
 * waited for under them.
 */
#ifndef IOMMUFD_MEMORY_H
#define IOMMUFD_MEMORY_H

#include "account.h"
#include "backing.h"

#endif

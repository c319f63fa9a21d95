/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AFTER_H
#define AFTER_H

/*
 * After a call, by what it acts on: NULL, or what is wrong with its answer; and the model is as it
 * is now. fired: an error was injected, so it may have failed.
 */

#include "objects.h"

/* IOAS (after_ioas.c) */
const char *after_map_user(const __u64 *a, long ret, bool fired);
const char *after_map_file(const __u64 *a, long ret, bool fired);
const char *after_unmap(const __u64 *a, long ret, bool fired);
const char *after_copy(const __u64 *a, long ret, bool fired);
const char *after_ioas(const __u64 *a, long ret, bool fired);
const char *after_reserve(const __u64 *a, long ret, bool fired);
const char *after_option(const __u64 *a, long ret, bool fired);
const char *after_allow(const __u64 *a, long ret, bool fired);

/* Accesses (after_access.c) */
const char *after_access(const __u64 *a, long ret, bool fired);
const char *after_access_move(const __u64 *a, long ret, bool fired);
const char *after_pin(const __u64 *a, long ret, bool fired);
const char *after_unpin(const __u64 *a, long ret, bool fired);
const char *after_rw(const __u64 *a, long ret, bool fired);
const char *after_access_end(const __u64 *a, long ret);

/* Is a range something that can be pinned? 0 or the errno. */
int check_pin(struct ioas *ioas, __u64 first, __u64 last, unsigned int right);

/* Devices, HWPTs, vIOMMUs and what is theirs (after_device.c) */
const char *after_device(const __u64 *a, long ret, bool fired);
const char *after_replace(const __u64 *a, long ret, bool fired);
const char *after_hwpt(const __u64 *a, long ret, bool fired);
const char *after_check_map(const __u64 *a, long ret, bool fired);
const char *after_destroy(const __u64 *a, long ret, bool fired);
const char *after_queue(const __u64 *a, long ret, bool fired);
const char *after_viommu(const __u64 *a, long ret, bool fired);
const char *after_vdevice(const __u64 *a, long ret, bool fired);
const char *after_events(const __u64 *a, long ret, bool fired);
const char *after_faults(const __u64 *a, long ret, bool fired);
const char *after_revoke(const __u64 *a, long ret, bool fired);
const char *after_dirty(const __u64 *a, long ret, bool fired);

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <iommufd_test.h>
#include <stdarg.h>
#include <stdio.h>

#include "answer.h"
#include "parts.h"

#define MAP_FLAGS	7U

const char *wrong(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(m->text, sizeof(m->text), fmt, args);
	va_end(args);
	return m->text;
}

/* One of these errnos; 0 for success. */
const char *expect(long ret, bool fired, const char *why, int first, ...)
{
	va_list args;
	int want;

	if (fired && ret < 0)
		return NULL;
	va_start(args, first);
	for (want = first; want != 1; want = va_arg(args, int)) {
		if (ret == want)
			break;
	}
	va_end(args);
	return want == 1 ? wrong("%ld for %d: %s", ret, first, why) : NULL;
}

/* The end of a range, which must not wrap. */
bool ends(__u64 first, __u64 bytes, __u64 *last)
{
	return __builtin_add_overflow(first, bytes - 1, last);
}

int check_flags(__u32 flags)
{
	if (flags & ~MAP_FLAGS)
		return -EOPNOTSUPP;
	return flags & (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE) ? 0 : -EINVAL;
}

int check_range(__u32 flags, __u64 address, __u64 iova, __u64 bytes)
{
	__u64 last;

	if (bytes == ~0ULL)
		return -EOVERFLOW;
	if (!bytes)
		return -EINVAL;
	if (ends(address, bytes, &last))
		return -EOVERFLOW;
	if ((flags & IOMMU_IOAS_MAP_FIXED_IOVA) && ends(iova, bytes, &last))
		return -EOVERFLOW;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Prints what the kernel has reported since it booted, and fails if that is anything. */
#include <stdio.h>
#include <string.h>

#include "klog.h"

int main(void)
{
	int ret = klog_open(true);

	if (ret) {
		fprintf(stderr, "klog_check: /dev/kmsg: %s\n", strerror(-ret));
		return 1;
	}
	return klog_reports() ? 1 : 0;
}

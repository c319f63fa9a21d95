// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the callers of the module's exports know only by a pointer: defined here, with
 * nothing in it, which is an error if a header of the kernel has it already. Made
 * for that alone, and linked to nothing. See Kbuild.
 */
#include <linux/iommufd.h>

struct iommufd_ctx {
};

struct iommufd_device {
};

struct iommufd_access {
};

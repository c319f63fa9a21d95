/* SPDX-License-Identifier: GPL-2.0-only */
/* Module parameters: environment variables of the same name. Numbers only. */
#ifndef SHIM_LINUX_MODULEPARAM_H
#define SHIM_LINUX_MODULEPARAM_H

#include <stdlib.h>

#define module_param(name, type, perm)                                 \
	static void __attribute__((constructor)) name##_param(void)    \
	{                                                              \
		const char *value = getenv(#name);                     \
								       \
		(void)(perm);                                          \
		if (value)                                             \
			name = strtoull(value, NULL, 0);               \
	}

#define MODULE_PARM_DESC(name, text)

#endif

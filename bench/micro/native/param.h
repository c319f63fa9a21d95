/* SPDX-License-Identifier: GPL-2.0-only */
/* Module parameters: environment variables of the same name. Numbers only. */
#ifndef NATIVE_PARAM_H
#define NATIVE_PARAM_H

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

#endif

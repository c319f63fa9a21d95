// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "klog.h"
#include "ktap.h"
#include "util.h"

/* A report longer than this is cut; the guest's console log has the whole. */
#define REPORT_LINES 60

/* What begins a report. */
static const char * const starts[] = {
	"WARNING:", "BUG:", "Oops", "KASAN:", "KFENCE:", "UBSAN:", "general protection fault",
	"kernel BUG at", "INFO: task ", "self-detected stall", "detected stalls", "soft lockup",
	"possible circular locking", "possible recursive locking", "inconsistent lock state",
	"suspicious RCU usage", "refcount_t:", "sleeping function called", "list_add corruption",
	"list_del corruption", "unreferenced object", "bad page", "Bad page",
	"DEBUG_LOCKS_WARN_ON", "stack-protector:", "scheduling while atomic",
};

static int kmsg = -1;

int klog_open(bool from_boot)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0 || lseek(kmsg, 0, from_boot ? SEEK_SET : SEEK_END) < 0)
		return -errno;
	return 0;
}

/*
 * The text of the next record, without its prefix and its dictionary; NULL at the end of the log.
 */
static const char *next_line(void)
{
	static char record[8192];
	char *text;
	ssize_t n;

	do {
		n = read(kmsg, record, sizeof(record) - 1);
	} while (n < 0 && errno == EPIPE); /* overwritten before it was read: go on with the next */
	if (n <= 0)
		return NULL;
	record[n] = '\0';
	text = strchr(record, ';');
	if (!text)
		return record;
	text[1 + strcspn(text + 1, "\n")] = '\0';
	return text + 1;
}

static bool starts_report(const char *line)
{
	size_t i;

	/* The first line says between which functions; there are others' races in any kernel. */
	if (strstr(line, "BUG: KCSAN:"))
		return strstr(line, "[iommufd]");
	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		if (strstr(line, starts[i]))
			return true;
	}
	return false;
}

bool klog_has_report(void)
{
	const char *line;
	bool any = false;

	while ((line = next_line()))
		any = starts_report(line) || any;
	return any;
}

int klog_reports(void)
{
	const char *line;
	int reports = 0, left = 0;

	while ((line = next_line())) {
		if (!left && starts_report(line)) {
			reports++;
			left = REPORT_LINES;
			ktap_note("the kernel reported:");
		}
		if (!left)
			continue;
		ktap_note("    %s", line);
		left = strstr(line, "---[ end trace") ? 0 : left - 1;
	}
	return reports;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crew.h"
#include "scene.h"

#define GROUPS "/tmp/crew-groups"
#define GROUP GROUPS "/mapper"

void group_make(const char *controller)
{
	char more[32];

	mkdir(GROUPS, 0755);
	if (mount("none", GROUPS, "cgroup2", 0, NULL) && errno != EBUSY)
		ktap_skip("no control groups in this kernel");
	snprintf(more, sizeof(more), "+%s", controller);
	if (scene_tell(GROUPS "/cgroup.subtree_control", more))
		ktap_skip("no controller '%s' in this kernel", controller);
	ASSERT_TRUE(!mkdir(GROUP, 0755) || errno == EEXIST);
}

void group_remove(void)
{
	int ms;

	/* Who was killed in it is in it until it is gone. */
	for (ms = 0; rmdir(GROUP) && ms < 500000; ms++)
		usleep(1000);
	EXPECT_TRUE(access(GROUP, F_OK));
	umount(GROUPS);
}

int group_tell(const char *file, const char *text)
{
	char path[80];

	snprintf(path, sizeof(path), GROUP "/%s", file);
	return scene_tell(path, text);
}

long long group_read(const char *file, const char *word)
{
	char path[80], line[128];
	long long value = -1;
	size_t len = strlen(word);
	FILE *f;

	snprintf(path, sizeof(path), GROUP "/%s", file);
	f = fopen(path, "re");
	ASSERT_TRUE(f);
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, word, len)) {
			value = atoll(line + len);
			break;
		}
	}
	fclose(f);
	return value;
}

void group_join(struct mapper *mapper)
{
	char text[16];

	(void)mapper;
	snprintf(text, sizeof(text), "%d", getpid());
	if (group_tell("cgroup.procs", text))
		_exit(96);
}

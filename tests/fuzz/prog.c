// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../util.h"
#include "prog.h"

#define NR(...) (sizeof((enum arg[]){ __VA_ARGS__ }) / sizeof(enum arg))
#define OP(_name, _weight, ...) \
	{ #_name, call_##_name, _weight, NR(__VA_ARGS__), { __VA_ARGS__ } }

const struct op ops[] = {
	OP(open, 1, ARG_FD),
	OP(close, 1, ARG_FD),
	OP(ioas, 4, ARG_FD, ARG_SLOT),
	OP(destroy, 6, ARG_FD, ARG_KIND, ARG_OBJECT),
	OP(map, 30, ARG_FD, ARG_IOAS, ARG_MAP_FLAGS, ARG_MEM, ARG_BYTES, ARG_IOVA),
	OP(map_file, 12, ARG_FD, ARG_IOAS, ARG_MAP_FLAGS, ARG_SMALL, ARG_FILE, ARG_BYTES, ARG_IOVA),
	OP(unmap, 16, ARG_FD, ARG_IOAS, ARG_IOVA, ARG_BYTES),
	OP(copy, 14, ARG_FD, ARG_IOAS, ARG_IOAS, ARG_MAP_FLAGS, ARG_IOVA, ARG_BYTES, ARG_IOVA),
	OP(ranges, 2, ARG_FD, ARG_IOAS, ARG_SMALL),
	OP(allow, 1, ARG_FD, ARG_IOAS, ARG_SMALL, ARG_IOVA, ARG_BYTES),
	OP(option, 2, ARG_FD, ARG_BOOL, ARG_IOAS, ARG_BOOL, ARG_BOOL),
	OP(vfio_ioas, 2, ARG_FD, ARG_SMALL, ARG_IOAS),
	OP(device, 10, ARG_FD, ARG_SLOT, ARG_PT, ARG_DEVICE_FLAGS),
	OP(replace, 5, ARG_FD, ARG_SLOT, ARG_PT),
	OP(access, 8, ARG_FD, ARG_SLOT, ARG_IOAS, ARG_BOOL),
	OP(access_move, 3, ARG_FD, ARG_SLOT, ARG_IOAS),
	OP(access_end, 4, ARG_FD, ARG_SMALL, ARG_SLOT),
	OP(pin, 16, ARG_FD, ARG_SLOT, ARG_SLOT, ARG_BOOL, ARG_IOVA, ARG_BYTES, ARG_MEM),
	OP(unpin, 8, ARG_FD, ARG_SLOT, ARG_SLOT),
	OP(rw, 24, ARG_FD, ARG_SLOT, ARG_BOOL, ARG_IOVA, ARG_BYTES, ARG_BYTE),
	OP(check_map, 6, ARG_FD, ARG_HWPT, ARG_IOVA, ARG_BYTES, ARG_MEM),
	OP(reserve, 1, ARG_FD, ARG_IOAS, ARG_IOVA, ARG_BYTES),
	OP(limit, 1, ARG_FD, ARG_WORD),
	OP(hwpt, 10, ARG_FD, ARG_SLOT, ARG_SLOT, ARG_PARENT, ARG_HWPT_FLAGS, ARG_SMALL, ARG_SLOT),
	OP(track, 3, ARG_FD, ARG_HWPT, ARG_BOOL),
	OP(dirty, 4, ARG_FD, ARG_HWPT, ARG_BOOL, ARG_IOVA, ARG_BYTES, ARG_PAGE_BYTES),
	OP(dirtied, 3, ARG_FD, ARG_HWPT, ARG_IOVA, ARG_BYTES, ARG_PAGE_BYTES),
	OP(invalidate, 3, ARG_FD, ARG_HWPT, ARG_SMALL, ARG_BOOL, ARG_SMALL, ARG_SMALL),
	OP(hw_info, 2, ARG_FD, ARG_SLOT, ARG_SMALL, ARG_BOOL),
	OP(faults, 3, ARG_FD, ARG_SLOT),
	OP(fault, 4, ARG_FD, ARG_SLOT, ARG_SMALL, ARG_SMALL, ARG_IOVA),
	OP(fault_read, 3, ARG_FD, ARG_SLOT, ARG_BYTES),
	OP(fault_answer, 3, ARG_FD, ARG_SLOT, ARG_SMALL, ARG_SMALL, ARG_SMALL),
	OP(viommu, 5, ARG_FD, ARG_SLOT, ARG_SLOT, ARG_HWPT, ARG_BOOL),
	OP(vdevice, 5, ARG_FD, ARG_SLOT, ARG_SLOT, ARG_SLOT, ARG_SMALL),
	OP(events, 3, ARG_FD, ARG_SLOT, ARG_SLOT, ARG_SMALL),
	OP(event, 3, ARG_FD, ARG_SLOT),
	OP(event_read, 3, ARG_FD, ARG_SLOT, ARG_BYTES),
	OP(queue, 6, ARG_FD, ARG_SLOT, ARG_SLOT, ARG_SMALL, ARG_IOVA, ARG_BYTES),
	OP(pasid, 4, ARG_FD, ARG_SLOT, ARG_SMALL, ARG_PT, ARG_BOOL),
	OP(pasid_end, 2, ARG_FD, ARG_SLOT, ARG_SMALL),
	OP(process, 2, ARG_FD),
	OP(dma_map, 2, ARG_FD, ARG_SMALL, ARG_MEM, ARG_BYTES, ARG_IOVA),
	OP(dma_unmap, 2, ARG_FD, ARG_SMALL, ARG_IOVA, ARG_BYTES),
	OP(dma_info, 2, ARG_FD, ARG_SMALL, ARG_SMALL),
	OP(fill, 10, ARG_PAGE, ARG_PAGES, ARG_BYTE),
	OP(mem_map, 3, ARG_PAGE, ARG_PAGES, ARG_FILE_PAGE),
	OP(mem_unmap, 3, ARG_PAGE, ARG_PAGES),
	OP(mem_zap, 3, ARG_PAGE, ARG_PAGES),
	OP(mem_protect, 3, ARG_PAGE, ARG_PAGES, ARG_SMALL),
	OP(mem_move, 2, ARG_PAGE, ARG_PAGES, ARG_PAGE),
	OP(mem_collapse, 1, ARG_PAGE, ARG_PAGES),
	OP(mem_uffd, 1, ARG_PAGE, ARG_PAGES),
	OP(file_punch, 3, ARG_FILE_PAGE, ARG_PAGES),
	OP(file_alloc, 3, ARG_FILE_PAGE, ARG_PAGES),
	OP(file_size, 1, ARG_FILE_PAGE),
	OP(forks, 1, ARG_BOOL),
	OP(dmabuf, 3, ARG_FD, ARG_SLOT, ARG_BYTES),
	OP(revoke, 2, ARG_FD, ARG_SLOT, ARG_BOOL),
	OP(vfio, 1, ARG_FD),
	OP(vfio_attach, 1, ARG_FD, ARG_PT),
	OP(mmio, 1, ARG_FD, ARG_SMALL, ARG_SMALL),
	OP(raw, 2, ARG_FD, ARG_WORD, ARG_WORD, ARG_WORD, ARG_WORD, ARG_WORD, ARG_WORD, ARG_WORD),
};

const unsigned int nr_ops = ARRAY_SIZE(ops);

static void print_call(FILE *to, const struct call *call)
{
	const struct op *op = &ops[call->op];
	unsigned int i;

	if (call->fail)
		fprintf(to, "!%u ", call->fail);
	if (call->twist)
		fprintf(to, "~%u ", call->twist);
	fprintf(to, "%s", op->name);
	for (i = 0; i < op->nr_args; i++)
		fprintf(to, call->arg[i] < 10 ? " %llu" : " 0x%llx", call->arg[i]);
	fprintf(to, "\n");
}

void prog_print(FILE *to, const struct prog *prog)
{
	unsigned int i;

	for (i = 0; i < prog->nr; i++)
		print_call(to, &prog->call[i]);
}

static bool find_op(const char *name, struct call *call)
{
	unsigned int i;

	for (i = 0; i < nr_ops; i++) {
		if (!strcmp(ops[i].name, name)) {
			call->op = i;
			return true;
		}
	}
	return false;
}

static bool parse_call(char *line, struct call *call)
{
	char *word = strtok(line, " \t\n");
	unsigned int i;

	memset(call, 0, sizeof(*call));
	for (; word && (*word == '!' || *word == '~'); word = strtok(NULL, " \t\n")) {
		if (*word == '!')
			call->fail = strtoul(word + 1, NULL, 0);
		else
			call->twist = strtoul(word + 1, NULL, 0);
	}
	if (!word || !find_op(word, call))
		return false;
	for (i = 0; i < ops[call->op].nr_args; i++) {
		word = strtok(NULL, " \t\n");
		if (!word)
			return false;
		call->arg[i] = strtoull(word, NULL, 0);
	}
	return !strtok(NULL, " \t\n");
}

bool prog_parse(FILE *from, struct prog *prog)
{
	char line[512], copy[512];

	prog->nr = 0;
	while (prog->nr < MAX_CALLS && fgets(line, sizeof(line), from)) {
		if (*line == '#')
			continue;
		if (line[strspn(line, " \t\n")] == '\0') {
			if (prog->nr)
				break;
			continue;
		}
		strcpy(copy, line);
		if (!parse_call(line, &prog->call[prog->nr])) {
			fprintf(stderr, "no call: %s", copy);
			exit(2);
		}
		prog->nr++;
	}
	return prog->nr;
}

void prog_cut(struct prog *prog, unsigned int first, unsigned int nr)
{
	memmove(&prog->call[first], &prog->call[first + nr],
		(prog->nr - first - nr) * sizeof(prog->call[0]));
	prog->nr -= nr;
}

/* --- as C ---------------------------------------------------------------------------------- */

static const char main_text[] =
	"\n/* --- the program --- */\n"
	"\n"
	"static void fail_nth(unsigned int nth)\n"
	"{\n"
	"\tint fd = open(\"/proc/thread-self/fail-nth\", O_RDWR | O_CLOEXEC);\n"
	"\n"
	"\tif (dprintf(fd, \"%u\", nth) < 0)\n"
	"\t\tperror(\"fail-nth\");\n"
	"\tclose(fd);\n"
	"}\n"
	"\n"
	"#define CALL(fail, how, name, ...) do {\t\t\t\t\\\n"
	"\tlong ret;\t\t\t\t\t\t\\\n"
	"\tw->twist = how;\t\t\t\t\t\t\\\n"
	"\tif (fail)\t\t\t\t\t\t\\\n"
	"\t\tfail_nth(fail);\t\t\t\t\t\\\n"
	"\tret = call_##name((const __u64[]){ __VA_ARGS__ });\t\\\n"
	"\tif (fail)\t\t\t\t\t\t\\\n"
	"\t\tfail_nth(0);\t\t\t\t\t\\\n"
	"\tprintf(\"%s: %ld, 0x%llx\\n\", #name, ret, w->out);\t\\\n"
	"} while (0)\n"
	"\n"
	"int main(void)\n"
	"{\n"
	"\tworld_init();\n";

void prog_print_c(FILE *to, const struct prog *prog, const char *why)
{
	unsigned int i, j;

	fprintf(to, "/*\n * %s\n *\n * %s\n *\t%s\n */\n", why,
		"cc -static -pthread -D_GNU_SOURCE -isystem HEADERS/include",
		"-I LINUX/drivers/iommu/iommufd this.c");
	fwrite(world_text, 1, world_text_end - world_text, to);
	fwrite(calls_text, 1, calls_text_end - calls_text, to);
	fputs(main_text, to);
	for (i = 0; i < prog->nr; i++) {
		const struct call *call = &prog->call[i];
		const struct op *op = &ops[call->op];

		fprintf(to, "\tCALL(%u, %u, %s", call->fail, call->twist, op->name);
		for (j = 0; j < op->nr_args; j++)
			fprintf(to, call->arg[j] < 10 ? ", %llu" : ", 0x%llx", call->arg[j]);
		fprintf(to, ");\n");
	}
	fprintf(to, "\tworld_reset();\n\treturn 0;\n}\n");
}

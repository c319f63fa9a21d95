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
	OP(memlock, 1, ARG_PAGES),
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
	if (call->hold && call->span == 1)
		fprintf(to, "@%u ", call->hold);
	else if (call->hold)
		fprintf(to, "@%u+%u ", call->hold, call->span);
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

/* What stands before a call. Returns false for what is something else. */
static bool parse_mark(char *word, struct call *call)
{
	unsigned long number;
	char *end;

	if (!strchr("!~@", *word))
		return false;
	number = strtoul(word + 1, &end, 0);
	switch (*word) {
	case '!':
		call->fail = number;
		break;
	case '~':
		call->twist = number;
		break;
	case '@':
		call->hold = number;
		call->span = *end == '+' ? strtoul(end + 1, NULL, 0) : 1;
	}
	return true;
}

static bool parse_call(char *line, struct call *call)
{
	char *word = strtok(line, " \t\n");
	unsigned int i;

	memset(call, 0, sizeof(*call));
	while (word && parse_mark(word, call))
		word = strtok(NULL, " \t\n");
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

bool prog_is_ioctl(const struct call *call)
{
	const char *name = ops[call->op].name;

	return strncmp(name, "mem_", 4) && strncmp(name, "file_", 5) && strcmp(name, "fill") &&
	       strcmp(name, "forks") && strcmp(name, "memlock") && strcmp(name, "open") &&
	       strcmp(name, "close") && strncmp(name, "vfio_a", 6) && strcmp(name, "vfio") &&
	       strcmp(name, "mmio");
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
	"#define HELD(nth, fail, how, name, ...)\t\t\t\t\\\n"
	"\theld_start(nth, fail, how, #name, call_##name,\t\t\\\n"
	"\t\t   (const __u64[]){ __VA_ARGS__ },\t\t\t\\\n"
	"\t\t   sizeof((const __u64[]){ __VA_ARGS__ }))\n"
	"\n"
	"int main(void)\n"
	"{\n"
	"\tworld_init();\n";

static bool is_held(const struct call *call)
{
	return call->hold && prog_is_ioctl(call);
}

/* The call after which it goes on. */
static unsigned int held_until(const struct prog *prog, unsigned int i)
{
	unsigned int until = i + prog->call[i].span;

	return until < prog->nr ? until : prog->nr - 1;
}

static void print_call_c(FILE *to, unsigned int i, const struct call *call)
{
	const struct op *op = &ops[call->op];
	unsigned int j;

	if (is_held(call))
		fprintf(to, "\tstruct held *held_%u = HELD(%u, %u, %u, %s", i, call->hold,
			call->fail, call->twist, op->name);
	else
		fprintf(to, "\tCALL(%u, %u, %s", call->fail, call->twist, op->name);
	for (j = 0; j < op->nr_args; j++)
		fprintf(to, call->arg[j] < 10 ? ", %llu" : ", 0x%llx", call->arg[j]);
	fprintf(to, ");\n");
}

void prog_print_c(FILE *to, const struct prog *prog, const char *why)
{
	unsigned int i, j;

	fprintf(to, "/*\n * %s\n *\n * %s\n *\t%s\n */\n", why,
		"cc -static -pthread -D_GNU_SOURCE -isystem HEADERS/include",
		"-I LINUX/drivers/iommu/iommufd this.c");
	fwrite(calls_text, 1, calls_text_end - calls_text, to);
	fputs(main_text, to);
	for (i = 0; i < prog->nr; i++) {
		print_call_c(to, i, &prog->call[i]);
		for (j = 0; j <= i; j++) {
			const struct call *call = &prog->call[j];

			if (is_held(call) && i == held_until(prog, j))
				fprintf(to, "\theld_end(held_%u);\n", j);
		}
	}
	fprintf(to, "\tworld_reset();\n\treturn 0;\n}\n");
}

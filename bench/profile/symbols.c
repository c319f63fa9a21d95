// SPDX-License-Identifier: GPL-2.0-only
#include "symbols.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct symbol {
	uint64_t address;
	char *name;
	/* Of the function that this is a part of: its own, as a rule. */
	unsigned int function;
};

/* By address, behind those that are no functions. */
static struct symbol *symbols;
static unsigned int count, room;

static int by_address(const void *a, const void *b)
{
	const struct symbol *left = a, *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	/* Of several names for one place, always the same. */
	return strcmp(left->name, right->name);
}

static int by_name(const void *a, const void *b)
{
	const struct symbol *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static int add(uint64_t address, const char *name, const char *module)
{
	struct symbol *symbol;

	if (count == room) {
		room = room ? 2 * room : 1024;
		symbols = realloc(symbols, room * sizeof(*symbols));
		if (!symbols)
			return -ENOMEM;
	}
	symbol = &symbols[count];
	symbol->address = address;
	if (asprintf(&symbol->name, module[0] ? "%s %s" : "%s%s", name, module) < 0)
		return -ENOMEM;
	count++;
	return 0;
}

static int read_lines(FILE *file)
{
	char line[512], name[256], module[64], type;
	unsigned long long address;
	int rc = 0, fields;

	while (!rc && fgets(line, sizeof(line), file)) {
		module[0] = '\0';
		fields = sscanf(line, "%llx %c %255s %63s", &address, &type, name, module);
		if (fields >= 3 && !address)
			return -ENODATA;
		if (fields >= 3 && strchr("tTwW", type))
			rc = add(address, name, module);
	}
	return rc;
}

/* Sets symbol->function of all. */
static int join_parts(void)
{
	struct symbol **names = malloc(count * sizeof(*names)), **found, *key, whole;
	unsigned int i;
	char *cold;

	if (!names)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		names[i] = &symbols[i];
		symbols[i].function = i;
	}
	qsort(names, count, sizeof(*names), by_name);
	for (i = 0; i < count; i++) {
		cold = strstr(symbols[i].name, ".cold");
		if (!cold)
			continue;
		whole.name = strdup(symbols[i].name);
		if (!whole.name)
			break;
		/* What is behind it is the module. */
		memmove(whole.name + (cold - symbols[i].name), cold + 5, strlen(cold + 5) + 1);
		key = &whole;
		found = bsearch(&key, names, count, sizeof(*names), by_name);
		if (found)
			symbols[i].function = *found - symbols;
		free(whole.name);
	}
	free(names);
	return i < count ? -ENOMEM : 0;
}

/* Those that are no functions, and are the first. */
static int add_others(void)
{
	return add(0, "[user]", "") ?: add(0, "[unknown]", "") ?: add(0, "[another task]", "");
}

int symbols_read(const char *path)
{
	FILE *file;
	int rc;

	rc = add_others();
	if (rc || !path)
		return rc;
	file = fopen(path, "re");
	if (!file)
		return -errno;
	rc = read_lines(file);
	fclose(file);
	if (!rc && count == SYMBOL_OTHER_TASK + 1)
		rc = -ENODATA;
	if (rc)
		return rc;
	qsort(symbols + SYMBOL_OTHER_TASK + 1, count - SYMBOL_OTHER_TASK - 1, sizeof(*symbols),
	      by_address);
	return join_parts();
}

unsigned int symbols_find(uint64_t address, bool *first)
{
	unsigned int low = SYMBOL_OTHER_TASK, high = count, middle;

	*first = false;
	if (address < KERNEL_START)
		return SYMBOL_USER;
	/* The last one that does not begin behind it. */
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (symbols[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	if (low == SYMBOL_OTHER_TASK)
		return SYMBOL_UNKNOWN;
	/* The first of its names. */
	while (low > SYMBOL_OTHER_TASK + 1 && symbols[low - 1].address == symbols[low].address)
		low--;
	*first = symbols[low].address == address && symbols[low].function == low;
	return symbols[low].function;
}

const char *symbols_name(unsigned int symbol)
{
	return symbols[symbol].name;
}

uint64_t symbols_address(const char *name)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!strcmp(symbols[i].name, name))
			return symbols[i].address;
	return 0;
}

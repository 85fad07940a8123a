/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target without a fuzzer: once with nothing, then over every file of the folders (or files) given as arguments. It
 * is linked with one tests/fuzz/TARGET.c; `make check` runs it over tests/fuzz/corpus/TARGET/, and a crash is replayed by it.
 */
#include "tests/paths.h"
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long done;

/* The input gets a buffer of exactly its size, so that a sanitizer sees a read beyond it. */
static void run_file(const char *path)
{
	static uint8_t whole[INPUT_MAX];
	FILE *f = fopen(path, "rb");
	uint8_t *exact;
	size_t n;

	if (!f) {
		perror(path);
		exit(1);
	}
	n = fread(whole, 1, sizeof(whole), f);
	fclose(f);
	exact = malloc(n ? n : 1);
	if (!exact)
		exit(1);
	if (n)
		memcpy(exact, whole, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	done++;
}

static void run(const char *path)
{
	struct dirent **names;
	struct stat st;
	char file[4096];
	int n;

	if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
		run_file(path);
		return;
	}
	n = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			run_file(file);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

int main(int argc, char **argv)
{
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	/* automake gives a test no arguments: the name of the program says which corpus is its own */
	if (argc == 1) {
		const char *name = strrchr(argv[0], '/');
		char corpus[4096];

		name = name ? name + 1 : argv[0];
		name += !strncmp(name, "lt-", 3) ? 3 : 0;
		name += !strncmp(name, "fuzz-", 5) ? 5 : 0;
		snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus/%s", SRCDIR, name);
		run(corpus);
	}
	for (int i = 1; i < argc; i++)
		run(argv[i]);
	printf("%lu inputs\n", done);
	return 0;
}

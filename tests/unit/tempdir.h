/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A test's own temporary directory, and what reads and writes in it. Include after cmocka's headers. */
#ifndef TESTS_TEMPDIR_H
#define TESTS_TEMPDIR_H

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tempdir {
	char dir[64]; /* absolute, no '/' at its end */
};

static inline void tempdir_make(struct tempdir *w)
{
	const char *base = getenv("TMPDIR");

	if (!base || strlen(base) > 32)
		base = "/tmp";
	snprintf(w->dir, sizeof(w->dir), "%s/miscsi-test.XXXXXX", base);
	if (!mkdtemp(w->dir)) {
		perror(w->dir);
		abort();
	}
}

static inline int tempdir_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void tempdir_remove(struct tempdir *w)
{
	nftw(w->dir, tempdir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *tempdir_path(const struct tempdir *w, const char *name);

static inline void tempdir_put(const struct tempdir *w, const char *name, const char *text)
{
	FILE *f = fopen(tempdir_path(w, name), "w");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

/* "DIR/NAME"; the result lives until the next call. */
static inline const char *tempdir_path(const struct tempdir *w, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	return path;
}

/* How many entries the directory has, hidden ones too. */
static inline unsigned tempdir_count(const struct tempdir *w)
{
	DIR *d = opendir(w->dir);
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n - 2;
}

#endif

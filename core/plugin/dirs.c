/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks over the directories of plugins. */
#include "plugin/dirs.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int dirs_each(const char *dirs, int (*fn)(void *arg, const char *dir), void *arg)
{
	cleanup(x_freep) char *copy = x_strdup(dirs);
	char *at = copy, *dir;
	int rc = copy ? 0 : -ENOMEM;

	while (rc == 0 && (dir = strsep(&at, ":"))) {
		if (*dir)
			rc = fn(arg, dir);
	}
	return rc;
}

struct file_walk {
	const char *suffix;
	int (*fn)(void *arg, const char *dir, const char *name);
	void *arg;
};

/* A name that is the suffix alone has no stem, which would be the plugin's name. */
static bool ends_in(const char *name, const char *suffix)
{
	size_t len = strlen(name), tail = strlen(suffix);

	return len > tail && strcmp(name + len - tail, suffix) == 0;
}

/* Sorted, so that of two plugins that serve one transport it is always the same that is refused. */
static int files_of_dir(void *arg, const char *dir)
{
	const struct file_walk *w = arg;
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, NULL, alphasort), rc = 0;

	if (n < 0)
		return errno == ENOMEM ? -ENOMEM : 0;
	for (int i = 0; i < n; i++) {
		if (rc == 0 && ends_in(entries[i]->d_name, w->suffix))
			rc = w->fn(w->arg, dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

int dirs_each_file(const char *dirs, const char *suffix, int (*fn)(void *arg, const char *dir, const char *name), void *arg)
{
	struct file_walk w = { suffix, fn, arg };

	return dirs_each(dirs, files_of_dir, &w);
}

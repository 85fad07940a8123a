/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks over the directories of plugins. */
#include "plugin/dirs.h"
#include "base/dir.h"
#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int dirs_each(const char *dirs, int (*fn)(void *arg, const char *dir, unsigned nth), void *arg)
{
	cleanup(x_freep) char *copy = x_strdup(dirs);
	char *at = copy, *dir;
	int rc = copy ? 0 : -ENOMEM;

	for (unsigned nth = 0; rc == 0 && (dir = strsep(&at, ":")); nth++) {
		if (*dir)
			rc = fn(arg, dir, nth);
	}
	return rc;
}

struct file_walk {
	const char *suffix;
	int (*fn)(void *arg, const char *dir, unsigned nth, const char *name);
	void *arg;
};

/* A name that is the suffix alone has no stem, which would be the plugin's name. */
static bool ends_in(const char *name, const char *suffix)
{
	size_t len = strlen(name), tail = strlen(suffix);

	return len > tail && strcmp(name + len - tail, suffix) == 0;
}

/* Sorted, so that of two plugins that serve one transport it is always the same that is refused. */
static int files_of_dir(void *arg, const char *dir, unsigned nth)
{
	const struct file_walk *w = arg;
	cleanup(dir_free) struct dir names = { 0 };
	cleanup(file_close) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? 0 : dir_read(fd, "", SIZE_MAX, strcmp, &names);

	if (rc && rc != -ENOMEM)
		return 0;
	for (size_t i = 0; !rc && i < names.n; i++)
		if (ends_in(names.names[i], w->suffix))
			rc = w->fn(w->arg, dir, nth, names.names[i]);
	return rc;
}

int dirs_each_file(
	const char *dirs, const char *suffix, int (*fn)(void *arg, const char *dir, unsigned nth, const char *name), void *arg)
{
	struct file_walk w = { suffix, fn, arg };

	return dirs_each(dirs, files_of_dir, &w);
}

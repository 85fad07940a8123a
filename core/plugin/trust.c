/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owners and modes from a file up to the root. */
#include "plugin/trust.h"
#include "base/strbuf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int not_trusted(struct err *err, const char *path, const char *why)
{
	char escaped[256];

	return err_set(err, MISCSI_ERR_ACCESS, "%s %s", str_escape(escaped, sizeof(escaped), path, strlen(path)), why);
}

/* above: a folder above the one with the file. */
static int check_one(const char *path, bool above, struct err *err)
{
	char why[128];
	struct stat st;

	if (lstat(path, &st) < 0)
		return err_sys(err, MISCSI_ERR_ACCESS, errno, "cannot read the owner and the permissions of %.256s", path);
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		snprintf(why, sizeof(why), "belongs to user %u: run chown root on it", (unsigned)st.st_uid);
		return not_trusted(err, path, why);
	}
	if (above && st.st_mode & S_ISVTX)
		return 0;
	if (st.st_mode & S_IWOTH)
		return not_trusted(err, path, "may be written by every user: run chmod o-w on it");
	/* a user's own group, as a umask of 002 makes the files of his build */
	if (st.st_mode & S_IWGRP && (geteuid() == 0 || st.st_gid != getegid()))
		return not_trusted(err, path, "may be written by its group: run chmod g-w on it");
	return 0;
}

/* From the end of a path without links up to "/"; the first `own` are the file and its folder, or the folder alone. */
static int check_chain(const char *real, unsigned own, struct err *err)
{
	char path[PATH_MAX], *slash;
	int rc = 0;

	snprintf(path, sizeof(path), "%s", real);
	for (unsigned i = 0; rc == 0 && strcmp(path, "/") != 0; i++) {
		rc = check_one(path, i >= own, err);
		slash = strrchr(path, '/');
		slash[slash == path] = '\0';
	}
	return rc ? rc : check_one("/", true, err);
}

int trust_check(const char *dir, const char *file, char real[PATH_MAX], struct err *err)
{
	struct stat st;
	int rc;

	if (!realpath(dir, real))
		return err_sys(err, MISCSI_ERR_ACCESS, errno, "its directory does not exist or cannot be read");
	rc = check_chain(real, 1, err);
	if (rc == 0 && !realpath(file, real))
		return err_sys(err, MISCSI_ERR_ACCESS, errno, "the file does not exist or cannot be read");
	/* first, since nobody should change the mode of a device that a link leads to */
	if (rc == 0 && stat(real, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(err, MISCSI_ERR_ACCESS,
			"it is not a regular file, nor a link to one, but leads to %.200s: remove it from the directory %.200s",
			real, dir);
	return rc ? rc : check_chain(real, 2, err);
}

int trust_check_dir(const char *dir, struct err *err)
{
	char real[PATH_MAX];

	return realpath(dir, real) ?
		check_chain(real, 1, err) :
		err_sys(err, MISCSI_ERR_ACCESS, errno, "the directory %s does not exist or cannot be read", dir);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files below the database's home; see db_tree.h.
 *
 * Every path is walked from the home's descriptor, component by component, and below the first no link is followed. Names come
 * from users and targets, and this runs as root: whatever stands in the database, no file elsewhere is read, written or removed.
 */
#include "config.h"
#include "record/db_tree.h"

#include "base/file.h"
#include "base/mem.h"
#include "record/recfile.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Only root looks into records: they hold secrets. */
#define DIR_MODE 0700
#define FILE_MODE 0600
#define RACES_MAX 10 /* somebody may take directories away while we make files in them */

/*
 * Goes from *at into the component, which is made when that is asked for. On an error *at is still open, and still the caller's.
 */
static int enter_dir(int *at, const char *name, bool make, bool follow)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW);
	int next;

	if (make && mkdirat(*at, name, DIR_MODE) && errno != EEXIST)
		return -errno;
	next = openat(*at, name, flags);
	if (next < 0)
		return -errno;
	file_close(at);
	*at = next;
	return 0;
}

/*
 * Opens the directory that is the first len bytes of path.
 *
 * Component by component, since O_NOFOLLOW only looks at the last. The first component may be a link, of an administrator who has
 * moved a whole directory.
 */
static int open_prefix(int home, const char *path, size_t len, bool make)
{
	cleanup(file_close) int at = fcntl(home, F_DUPFD_CLOEXEC, 0);
	char name[NAME_MAX + 1];
	bool first = true;

	if (at < 0)
		return -errno;
	while (len) {
		const char *slash = memchr(path, '/', len);
		size_t n = slash ? (size_t)(slash - path) : len;
		int rc;

		if (n > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path, n);
		name[n] = '\0';
		rc = enter_dir(&at, name, make, first);
		if (rc)
			return rc;
		first = false;
		path += n + !!slash;
		len -= n + !!slash;
	}
	home = at;
	at = -1;
	return home;
}

int db_tree_open_dir(int home, const char *path, bool make)
{
	return open_prefix(home, path, strlen(path), make);
}

/* With the directory open, what is done to *base is done in it, even if somebody renames it meanwhile. */
int db_tree_open_parent(int home, const char *path, bool make, const char **base)
{
	const char *slash = strrchr(path, '/');

	*base = slash ? slash + 1 : path;
	return open_prefix(home, path, slash ? (size_t)(slash - path) : 0, make);
}

int db_tree_names(int home, const char *path, struct dir *out)
{
	int fd = db_tree_open_dir(home, path, false);

	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return 0;
	return fd < 0 ? fd : dir_read(fd, "", SIZE_MAX, strcmp, out);
}

/*
 * Of the thing itself, not of what a link leads to; type 0 is any. It may be another thing the moment after. Who asks must be
 * able to live with that; opening checks again.
 */
static bool has_type(int home, const char *path, mode_t type)
{
	const char *base;
	cleanup(file_close) int dir = db_tree_open_parent(home, path, false, &base);
	struct stat st;

	return dir >= 0 && !fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) && (!type || (st.st_mode & S_IFMT) == type);
}

bool db_tree_is_dir(int home, const char *path)
{
	return has_type(home, path, S_IFDIR);
}

bool db_tree_exists(int home, const char *path)
{
	return has_type(home, path, 0);
}

/* O_NONBLOCK: a FIFO that somebody put there must not hold us up. */
int db_tree_read(int home, const char *path, char **text, size_t *len)
{
	const char *base;
	cleanup(file_close) int dir = db_tree_open_parent(home, path, false, &base);
	cleanup(file_close) int fd = -1;

	if (dir < 0)
		return dir;
	fd = openat(dir, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : file_read_fd(fd, RECFILE_MAX, text, len);
}

/* -ENOENT: a directory went away between making and using it. */
static int try_write(int home, const char *path, const char *text, size_t len)
{
	const char *base;
	cleanup(file_close) int dir = db_tree_open_parent(home, path, true, &base);

	return dir < 0 ? dir : file_replace(dir, base, text, len, FILE_MODE);
}

/*
 * Longhorn and others remove directories under nodes/ with rm, holding no lock of ours; XenServer's sm takes away nodes/ whole
 * and counts on its return.
 */
int db_tree_write(int home, const char *path, const char *text, size_t len)
{
	int rc = -ENOENT;

	for (int i = 0; rc == -ENOENT && i < RACES_MAX; i++)
		rc = try_write(home, path, text, len);
	return rc;
}

/* Most links are right already: leaving them spares a write to the disk on every rediscovery. */
static bool is_link_to(int dir, const char *name, const char *target)
{
	char now[PATH_MAX];
	ssize_t n = readlinkat(dir, name, now, sizeof(now));

	return n >= 0 && (size_t)n == strlen(target) && !memcmp(now, target, (size_t)n);
}

/* Not atomic, unlike records: a reader that misses a link for a moment misses a line in a list. */
int db_tree_link(int home, const char *path, const char *target)
{
	const char *base;
	cleanup(file_close) int dir = db_tree_open_parent(home, path, true, &base);

	if (dir < 0)
		return dir;
	if (!symlinkat(target, dir, base) || is_link_to(dir, base, target))
		return 0;
	if (errno == EEXIST && !unlinkat(dir, base, 0) && !symlinkat(target, dir, base))
		return 0;
	return -errno;
}

/* What killed writers left: who calls holds the lock, so nobody is writing now. */
static void remove_temporaries(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!d) {
		file_close(&fd);
		return;
	}
	while ((e = readdir(d)))
		if (file_is_temporary(e->d_name))
			unlinkat(dir, e->d_name, 0);
	closedir(d);
}

/* Only a directory that is empty but for rubbish goes. */
static int remove_dir(int home, const char *path)
{
	cleanup(file_close) int self = db_tree_open_dir(home, path, false);
	const char *base;
	cleanup(file_close) int dir = db_tree_open_parent(home, path, false, &base);

	if (self >= 0)
		remove_temporaries(self);
	if (dir < 0)
		return dir;
	return unlinkat(dir, base, AT_REMOVEDIR) ? -errno : 0;
}

/*
 * Emptied directories go as well, up to the first component: a target without records would otherwise be listed by those who read
 * the database by path. The first component stays, for it may be a link.
 */
int db_tree_remove(int home, const char *path)
{
	char up[TREE_PATH_MAX];
	const char *base;
	cleanup(file_close) int dir = db_tree_open_parent(home, path, false, &base);
	char *slash;

	if (dir == -ENOENT)
		return 0;
	if (dir < 0)
		return dir;
	if (unlinkat(dir, base, 0) && errno != ENOENT)
		return -errno;
	snprintf(up, sizeof(up), "%s", path);
	while ((slash = strrchr(up, '/'))) {
		*slash = '\0';
		/* Not empty is the usual end of this. */
		if (!strchr(up, '/') || remove_dir(home, up))
			break;
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files below the database's home; see db_tree.h.
 *
 * Below the first component of a path no link is followed. Names come from users and targets, and this runs as root: whatever
 * stands in the database, no file elsewhere is read, written or removed.
 */
#include "config.h"
#include "record/db_tree.h"

#include "base/file.h"
#include "base/mem.h"
#include "record/recfile.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Only root may read records: they hold secrets. */
#define DIR_MODE 0700
#define FILE_MODE 0600
#define RACES_MAX 10 /* other programs may remove directories while files are made in them */
/* Beside the lock, not beside the records: one place to sweep, and no other program meets a half-written record. */
#define STAGING ".miscsi.new"
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

int db_tree_open(struct db_tree *t, const char *home)
{
	t->home = open(home, DIR_FLAGS);
	return t->home < 0 ? -errno : 0;
}

/* A call for each row of numbers side by side: what other threads opened between them is not closed. musl has no function for it. */
static void close_left(struct db_tree *t)
{
	for (unsigned i = 0, next; i < t->n_left; i = next) {
		next = i + 1;
		while (next < t->n_left && t->left[next] == t->left[next - 1] + 1)
			next++;
		if (next == i + 1 || syscall(SYS_close_range, (unsigned)t->left[i], (unsigned)t->left[next - 1], 0))
			for (unsigned k = i; k < next; k++)
				file_close(&t->left[k]);
	}
	t->n_left = 0;
}

/* The kept directory may have been removed, by this program or another. */
static void forget_kept(struct db_tree *t)
{
	if (t->kept < 0)
		return;
	if (t->n_left == TREE_LEFT)
		close_left(t);
	t->left[t->n_left++] = t->kept;
	t->kept = -1;
	*t->kept_path = '\0';
}

void db_tree_forget(struct db_tree *t)
{
	db_tree_know_nothing(t);
	forget_kept(t);
	close_left(t);
	for (unsigned i = 0; i < t->n_tops; i++)
		file_close(&t->tops[i].fd);
	t->n_tops = 0;
}

void db_tree_close(struct db_tree *t)
{
	db_tree_forget(t);
	file_close(&t->staging);
	file_close(&t->home);
}

/* The first component may be a link, of an administrator who has moved a whole directory. */
static int open_top(struct db_tree *t, const char *name, size_t len, bool make)
{
	char copy[sizeof(t->tops[0].name)];
	int fd;

	for (unsigned i = 0; i < t->n_tops; i++)
		if (!strncmp(t->tops[i].name, name, len) && !t->tops[i].name[len])
			return t->tops[i].fd;
	if (len >= sizeof(copy) || t->n_tops == TREE_TOPS)
		return -EINVAL;
	snprintf(copy, sizeof(copy), "%.*s", (int)len, name);
	if (make && mkdirat(t->home, copy, DIR_MODE) && errno != EEXIST)
		return -errno;
	fd = openat(t->home, copy, DIR_FLAGS);
	if (fd < 0)
		return -errno;
	memcpy(t->tops[t->n_tops].name, copy, sizeof(copy));
	t->tops[t->n_tops++].fd = fd;
	return fd;
}

/*
 * Makes the directory of a record and those above it, and opens it. While each is new, none can be a link, and its path may be walked.
 */
static int make_below(int top, char *path)
{
	char *end = path;
	int made = 0;

	while (!made && (end = strchr(end, '/'))) {
		*end = '\0';
		made = mkdirat(top, path, DIR_MODE);
		*end++ = '/';
	}
	return made || mkdirat(top, path, DIR_MODE) ? -errno : 0;
}

/* Component by component, since O_NOFOLLOW concerns only the last: makes directories, and serves kernels before 5.6. */
static int walk_below(int top, char *path, bool make)
{
	cleanup(file_close) int at = -1;
	char *name;
	int fd = top;

	while ((name = strsep(&path, "/"))) {
		if (make && mkdirat(fd, name, DIR_MODE) && errno != EEXIST)
			return -errno;
		fd = openat(fd, name, DIR_FLAGS | O_NOFOLLOW);
		if (fd < 0)
			return -errno;
		file_close(&at);
		at = fd;
	}
	at = -1;
	return fd;
}

static int open_below(int top, const char *path, size_t len, bool make)
{
	const struct open_how how = { .flags = DIR_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	char copy[TREE_PATH_MAX];
	long fd;

	if (len >= sizeof(copy))
		return -ENAMETOOLONG;
	memcpy(copy, path, len);
	copy[len] = '\0';
	fd = syscall(SYS_openat2, top, copy, &how, sizeof(how));
	if (fd >= 0)
		return (int)fd;
	if (make && errno == ENOENT && !make_below(top, copy))
		fd = syscall(SYS_openat2, top, copy, &how, sizeof(how));
	if (fd >= 0)
		return (int)fd;
	/* Filters of containers answer EPERM for calls that they do not know. */
	if (errno == ENOSYS || errno == EPERM || (make && (errno == ENOENT || errno == EEXIST)))
		return walk_below(top, copy, make);
	return -errno;
}

/* Opens the directory that is the first len bytes of path. */
static int open_prefix(struct db_tree *t, const char *path, size_t len, bool make)
{
	const char *slash = memchr(path, '/', len);
	size_t top_len = slash ? (size_t)(slash - path) : len;
	int fd;

	if (!len)
		return t->home;
	if (t->kept >= 0 && !strncmp(t->kept_path, path, len) && !t->kept_path[len])
		return t->kept;
	fd = open_top(t, path, top_len, make);
	if (fd < 0 || !slash)
		return fd;
	fd = open_below(fd, slash + 1, len - top_len - 1, make);
	if (fd < 0)
		return fd;
	forget_kept(t);
	t->kept = fd;
	snprintf(t->kept_path, sizeof(t->kept_path), "%.*s", (int)len, path);
	return fd;
}

/* With the directory open, *base is used in it, even if somebody renames it meanwhile. */
static int open_parent(struct db_tree *t, const char *path, bool make, const char **base)
{
	const char *slash = strrchr(path, '/');

	*base = slash ? slash + 1 : path;
	return open_prefix(t, path, slash ? (size_t)(slash - path) : 0, make);
}

#define NODES "nodes/"

static int compare_component(const void *name, const void *of)
{
	const char *path = name, *known = *(char *const *)of;
	size_t len = strcspn(path, "/"), n = strlen(known);
	int c = memcmp(path, known, len < n ? len : n);

	return c ? c : (len > n) - (len < n);
}

/* Names with a dot before them are not listed. */
static bool is_new(const struct db_tree *t, const char *path)
{
	const char *name = path + strlen(NODES);

	return t->knows && !strncmp(path, NODES, strlen(NODES)) && *name != '.' &&
		(!t->known.n || !bsearch(name, t->known.names, t->known.n, sizeof(*t->known.names), compare_component));
}

int db_tree_know(struct db_tree *t)
{
	int rc = db_tree_names(t, "nodes", &t->known);

	t->knows = !rc;
	return rc;
}

void db_tree_know_nothing(struct db_tree *t)
{
	dir_free(&t->known);
	t->knows = false;
}

int db_tree_names(struct db_tree *t, const char *path, struct dir *out)
{
	int had = t->kept, fd = is_new(t, path) ? -ENOENT : open_prefix(t, path, strlen(path), false);

	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return 0;
	if (fd < 0)
		return fd;
	/* It may have been read before. */
	if ((fd == had || !strchr(path, '/')) && lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return dir_read(fd, "", SIZE_MAX, strcmp, out);
}

/* Of the object itself, not of a link's target; type 0 is any. It may change at any time: opening checks again. */
static bool has_type(struct db_tree *t, const char *path, mode_t type)
{
	const char *base;
	int dir = open_parent(t, path, false, &base);
	struct stat st;

	return dir >= 0 && !fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) && (!type || (st.st_mode & S_IFMT) == type);
}

bool db_tree_is_dir(struct db_tree *t, const char *path)
{
	return has_type(t, path, S_IFDIR);
}

bool db_tree_exists(struct db_tree *t, const char *path)
{
	return has_type(t, path, 0);
}

void db_tree_stamp(struct db_tree *t, const char *path, struct db_tree_stamp *out)
{
	const char *base;
	int dir = open_parent(t, path, false, &base);
	struct stat st;

	*out = (struct db_tree_stamp){ 0 };
	if (dir < 0 || fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW))
		return;
	out->inode = st.st_ino;
	out->changed = st.st_ctim;
}

/* O_NONBLOCK: a FIFO that somebody put there must not hold us up. */
int db_tree_read(struct db_tree *t, const char *path, char **text, size_t *len)
{
	const char *base;
	int dir = open_parent(t, path, false, &base);
	cleanup(file_close) int fd = -1;

	if (dir < 0)
		return dir;
	fd = openat(dir, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : file_read_fd(fd, RECFILE_MAX, text, len);
}

static int open_staging(struct db_tree *t, bool make)
{
	if (t->staging >= 0)
		return t->staging;
	if (make && mkdirat(t->home, STAGING, DIR_MODE) && errno != EEXIST)
		return -errno;
	t->staging = openat(t->home, STAGING, DIR_FLAGS | O_NOFOLLOW);
	return t->staging < 0 ? -errno : t->staging;
}

/*
 * The caller holds the lock, so that no other writer is at work: these are the files of killed ones. They may hold secrets. Stops
 * at another file, and returns false then.
 */
static bool remove_temporaries(int dir)
{
	int fd = openat(dir, ".", DIR_FLAGS);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	bool alone = true;

	if (!d) {
		file_close(&fd);
		return false;
	}
	while (alone && (e = readdir(d)))
		if (file_is_temporary(e->d_name))
			unlinkat(dir, e->d_name, 0);
		else
			alone = !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
	closedir(d);
	return alone;
}

void db_tree_sweep(struct db_tree *t)
{
	int dir = open_staging(t, false);

	if (dir >= 0)
		remove_temporaries(dir);
}

void db_tree_unstage_all(struct db_tree *t)
{
	if (t->staging < 0)
		return;
	file_close(&t->staging);
	unlinkat(t->home, STAGING, AT_REMOVEDIR);
}

int db_tree_stage(struct db_tree *t, const char *text, size_t len, bool sync, char temporary[NAME_MAX + 1])
{
	int dir = open_staging(t, true);

	return dir < 0 ? dir : file_stage(dir, "record", text, len, FILE_MODE, sync, temporary);
}

void db_tree_unstage(struct db_tree *t, const char *temporary)
{
	unlinkat(t->staging, temporary, 0);
}

/* The directory is on another file system than the home. */
static int publish_copy(struct db_tree *t, const char *temporary, int dir, const char *name)
{
	cleanup(x_wipe_freep) char *text = NULL;
	size_t len = 0;
	int rc = file_read(t->staging, temporary, RECFILE_MAX, &text, &len);

	remove_temporaries(dir);
	return rc ? rc : file_replace(dir, name, text, len, FILE_MODE);
}

/* Two directories and a name, without opening one: as long as each is new, none can be a link. */
static int publish_new(struct db_tree *t, const char *temporary, const char *path)
{
	int top = open_top(t, path, strlen(NODES) - 1, true);
	char dir[TREE_PATH_MAX];

	snprintf(dir, sizeof(dir), "%s", path + strlen(NODES));
	*strrchr(dir, '/') = '\0';
	return top < 0 || make_below(top, dir) ? -EEXIST : file_publish(t->staging, temporary, top, path + strlen(NODES));
}

/*
 * Longhorn and others remove directories under nodes/ with rm, without our lock; XenServer's sm removes nodes/ as a whole and
 * expects that it returns.
 */
int db_tree_publish(struct db_tree *t, const char *temporary, const char *path)
{
	int rc = is_new(t, path) && !publish_new(t, temporary, path) ? 0 : -ENOENT;

	for (int i = 0; rc == -ENOENT && i < RACES_MAX; i++) {
		const char *base;
		int dir = open_parent(t, path, true, &base);

		rc = dir < 0 ? dir : file_publish(t->staging, temporary, dir, base);
		if (rc == -EXDEV) {
			rc = publish_copy(t, temporary, dir, base);
			db_tree_unstage(t, temporary);
		}
		if (rc == -ENOENT)
			forget_kept(t);
	}
	if (rc)
		db_tree_unstage(t, temporary);
	return rc;
}

int db_tree_sync(struct db_tree *t)
{
	return file_sync_all(t->staging);
}

/* Contents, then the name, then the directory: each must be on the disk before the next. */
int db_tree_write(struct db_tree *t, const char *path, const char *text, size_t len)
{
	char temporary[NAME_MAX + 1];
	const char *base;
	int dir, rc = db_tree_stage(t, text, len, true, temporary);

	if (!rc)
		rc = db_tree_publish(t, temporary, path);
	dir = rc ? rc : open_parent(t, path, false, &base);
	return dir < 0 ? dir : file_sync(dir);
}

/* Most links are right already: leaving them spares a write to the disk on every rediscovery. */
static bool is_link_to(int dir, const char *name, const char *target)
{
	char now[PATH_MAX];
	ssize_t n = readlinkat(dir, name, now, sizeof(now));

	return n >= 0 && (size_t)n == strlen(target) && !memcmp(now, target, (size_t)n);
}

/* Not atomic, unlike records: a reader that misses a link for a moment misses a line in a list. */
int db_tree_link(struct db_tree *t, const char *path, const char *target)
{
	const char *base;
	int dir = open_parent(t, path, true, &base);

	if (dir < 0)
		return dir;
	if (!symlinkat(target, dir, base) || is_link_to(dir, base, target))
		return 0;
	if (errno == EEXIST && !unlinkat(dir, base, 0) && !symlinkat(target, dir, base))
		return 0;
	return -errno;
}

int db_tree_unlink(struct db_tree *t, const char *path)
{
	const char *base;
	int dir = open_parent(t, path, false, &base);

	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	return unlinkat(dir, base, 0) && errno != ENOENT ? -errno : 0;
}

/* Only a directory that is empty but for temporary files, which are there if it is not on the home's file system. */
static bool remove_dir(struct db_tree *t, const char *path)
{
	const char *base;
	int dir, self;

	dir = open_parent(t, path, false, &base);
	if (dir < 0)
		return false;
	if (unlinkat(dir, base, AT_REMOVEDIR)) {
		self = errno == ENOTEMPTY || errno == EEXIST ? open_prefix(t, path, strlen(path), false) : -1;
		if (self < 0 || !remove_temporaries(self))
			return false;
		dir = open_parent(t, path, false, &base);
		if (dir < 0 || unlinkat(dir, base, AT_REMOVEDIR))
			return false;
	}
	if (!strcmp(t->kept_path, path))
		forget_kept(t);
	return true;
}

/*
 * Emptied directories are removed as well, up to the first component: programs that read the database by path would otherwise
 * list a target without records. The first component stays, since it may be a link.
 */
int db_tree_remove(struct db_tree *t, const char *path)
{
	char up[TREE_PATH_MAX];
	int rc = db_tree_unlink(t, path);
	char *slash;

	snprintf(up, sizeof(up), "%s", path);
	while (!rc && (slash = strrchr(up, '/'))) {
		*slash = '\0';
		/* A directory that is not empty is the usual end. */
		if (!strchr(up, '/') || !remove_dir(t, up))
			break;
	}
	return rc;
}

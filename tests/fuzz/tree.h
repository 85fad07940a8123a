/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the fuzz targets of boot firmware: a tree of files in memory, ten times as fast as one in /dev/shm. The linker puts these functions
 * in the place of the system's (fuzz_tree in local.mk); what is not of the tree goes to the system.
 */
#ifndef FUZZ_TREE_H
#define FUZZ_TREE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TREE_FD 100000 /* of the root; then of what is open */
#define TREE_OPEN 16
#define TREE_NODES 256
#define TREE_SLOTS 1024

/* The tree itself is not under test: coverage and checks of it would take most of the time. */
#ifdef __clang__
#define TREE_PLAIN __attribute__((no_sanitize("address", "undefined", "coverage")))
#else
#define TREE_PLAIN
#endif

/* A file, or a folder, which exists with or without files. */
struct tree_node {
	char path[128];
	const char *name;
	struct tree_node *parent, *same_slot;
	bool folder;
	const uint8_t *bytes; /* of a file; NULL: there is no such file */
	size_t len;
};

static struct tree_node tree_nodes[TREE_NODES], *tree_slots[TREE_SLOTS], *tree_files[TREE_NODES];
static size_t tree_n, tree_n_files;
static struct tree_open {
	const struct tree_node *node; /* NULL: free */
	size_t at;
} tree_opened[TREE_OPEN];

/* Both names that the linker knows for a call of the system. */
#define TREE_CALL(type, name, ...) \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)
TREE_CALL(int, openat, int dir, const char *path, int flags, ...);
TREE_CALL(int, close, int fd);
TREE_CALL(ssize_t, read, int fd, void *buf, size_t size);
TREE_CALL(int, fstat, int fd, struct stat *st);
TREE_CALL(ssize_t, getdents64, int fd, void *buf, size_t size);
TREE_CALL(int, faccessat, int dir, const char *path, int mode, int flags);
TREE_CALL(ssize_t, readlinkat, int dir, const char *path, char *buf, size_t size);

TREE_PLAIN static struct tree_node **tree_slot(const char *path, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)path[i]) * 16777619u;
	return &tree_slots[hash % TREE_SLOTS];
}

TREE_PLAIN static bool tree_same(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (a[i] != b[i])
			return false;
	return !a[len];
}

TREE_PLAIN static struct tree_node *tree_node(const char *path, size_t len)
{
	struct tree_node *n = *tree_slot(path, len);

	while (n && !tree_same(n->path, path, len))
		n = n->same_slot;
	return n;
}

/* Makes it, and the folders above it. */
static struct tree_node *tree_add(const char *path, size_t len, bool folder)
{
	struct tree_node *n = tree_node(path, len), **slot = tree_slot(path, len);
	const char *slash = memrchr(path, '/', len);

	if (n)
		return n;
	if (tree_n == TREE_NODES || len >= sizeof(n->path))
		abort();
	n = &tree_nodes[tree_n++];
	memcpy(n->path, path, len);
	n->name = slash ? n->path + (slash - path) + 1 : n->path;
	n->folder = folder;
	n->same_slot = *slot;
	*slot = n;
	if (slash)
		n->parent = tree_add(path, (size_t)(slash - path), true);
	return n;
}

/* Once. */
static void tree_set_paths(const char *const *paths, size_t n)
{
	while (tree_n_files < n) {
		tree_files[tree_n_files] = tree_add(paths[tree_n_files], strlen(paths[tree_n_files]), false);
		tree_n_files++;
	}
}

TREE_PLAIN static const struct tree_node *tree_find(const char *path)
{
	size_t len = 0;
	const struct tree_node *n;

	while (path[len])
		len++;
	n = tree_node(path, len);
	return n && (n->folder || n->bytes) ? n : NULL;
}

TREE_PLAIN static struct tree_open *tree_of(int fd)
{
	return fd > TREE_FD && fd <= TREE_FD + TREE_OPEN ? &tree_opened[fd - TREE_FD - 1] : NULL;
}

TREE_PLAIN int __wrap_openat(int dir, const char *path, int flags, ...)
{
	const struct tree_node *n;
	mode_t mode = 0;
	va_list ap;
	int fd = 0;

	if (dir != TREE_FD) {
		va_start(ap, flags);
		mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
		va_end(ap);
		return __real_openat(dir, path, flags, mode);
	}
	n = tree_find(path);
	if (!n || (flags & O_DIRECTORY && !n->folder)) {
		errno = n ? ENOTDIR : ENOENT;
		return -1;
	}
	while (fd < TREE_OPEN && tree_opened[fd].node)
		fd++;
	if (fd == TREE_OPEN)
		abort(); /* the code under test leaves files open */
	tree_opened[fd].node = n;
	tree_opened[fd].at = 0;
	return TREE_FD + 1 + fd;
}

TREE_PLAIN int __wrap_close(int fd)
{
	struct tree_open *o = tree_of(fd);

	if (!o)
		return fd == TREE_FD ? 0 : __real_close(fd);
	if (!o->node)
		abort();
	o->node = NULL;
	return 0;
}

TREE_PLAIN ssize_t __wrap_read(int fd, void *buf, size_t size)
{
	struct tree_open *o = tree_of(fd);

	if (!o)
		return __real_read(fd, buf, size);
	if (o->node->folder) {
		errno = EISDIR;
		return -1;
	}
	size = size < o->node->len - o->at ? size : o->node->len - o->at;
	memcpy(buf, o->node->bytes + o->at, size);
	o->at += size;
	return (ssize_t)size;
}

TREE_PLAIN int __wrap_fstat(int fd, struct stat *st)
{
	const struct tree_open *o = tree_of(fd);

	if (!o)
		return __real_fstat(fd, st);
	memset(st, 0, sizeof(*st));
	st->st_mode = o->node->folder ? S_IFDIR | 0700 : S_IFREG | 0600;
	st->st_size = o->node->folder ? 0 : (off_t)o->node->len;
	return 0;
}

TREE_PLAIN ssize_t __wrap_getdents64(int fd, void *buf, size_t size)
{
	struct tree_open *o = tree_of(fd);
	size_t used = 0;

	if (!o)
		return __real_getdents64(fd, buf, size);
	for (; o->at < tree_n; o->at++) {
		const struct tree_node *n = &tree_nodes[o->at];
		size_t len = 0, room;
		struct dirent64 *e = (void *)((char *)buf + used);

		if (n->parent != o->node || (!n->folder && !n->bytes))
			continue;
		while (n->name[len])
			len++;
		room = (offsetof(struct dirent64, d_name) + len + 8) & ~(size_t)7;
		if (used + room > size)
			break;
		memset(e, 0, room);
		e->d_reclen = (unsigned short)room;
		e->d_type = n->folder ? DT_DIR : DT_REG;
		memcpy(e->d_name, n->name, len);
		used += room;
	}
	return (ssize_t)used;
}

TREE_PLAIN int __wrap_faccessat(int dir, const char *path, int mode, int flags)
{
	if (dir != TREE_FD)
		return __real_faccessat(dir, path, mode, flags);
	if (tree_find(path))
		return 0;
	errno = ENOENT;
	return -1;
}

/* A file may stand for a link, too. */
TREE_PLAIN ssize_t __wrap_readlinkat(int dir, const char *path, char *buf, size_t size)
{
	const struct tree_node *n;

	if (dir != TREE_FD)
		return __real_readlinkat(dir, path, buf, size);
	n = tree_find(path);
	if (!n || n->folder) {
		errno = n ? EINVAL : ENOENT;
		return -1;
	}
	size = size < n->len ? size : n->len;
	memcpy(buf, n->bytes, size);
	return (ssize_t)size;
}

#endif

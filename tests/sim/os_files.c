/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files: sysfs as the kernel's sessions have it (kern_sys.c), and the folder of the sessions' files, in memory. */
#include "config.h"
#include "os.h"
#include "sim.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FILES_MAX 1536 /* a session has one */
#define FILE_MAX 16384

/* A file of OS_RUN; path NULL: a free place. */
static struct {
	const char *path;
	struct os_file *content;
} files[FILES_MAX];
static int places; /* that were ever in use */

struct listing {
	struct dirent entry;
	char **names;
	unsigned n, at, room;
	int fd;
};

void os_files_reset(void)
{
	memset(files, 0, (size_t)places * sizeof(*files));
	places = 0;
}

static int find_file(const char *path)
{
	for (int i = 0; i < places; i++)
		if (files[i].path && strcmp(files[i].path, path) == 0)
			return i;
	return -1;
}

unsigned os_files(void)
{
	unsigned n = 0;

	for (int i = 0; i < places; i++)
		n += files[i].path != NULL;
	return n;
}

bool os_file_exists(const char *name)
{
	return find_file(sim_text(OS_RUN "/%s", name)) >= 0;
}

/* NULL: not the world's. */
static const char *whole_path(int dir, const char *path)
{
	const struct os_file *f = os_file(dir);

	if (*path == '/' && path[strlen(path) - 1] == '/')
		path = sim_text("%.*s", (int)strlen(path) - 1, path);
	if (*path == '/')
		return strncmp(path, "/sim/", 5) == 0 ? path : NULL;
	if (!f || f->kind != OS_DIR)
		return NULL;
	return strcmp(path, ".") == 0 ? f->path : sim_text("%s/%s", f->path, path);
}

static int fail(int error)
{
	errno = error;
	return -1;
}

static bool below(const char *path, const char *root)
{
	size_t n = strlen(root);

	return strncmp(path, root, n) == 0 && (path[n] == '/' || !path[n]);
}

static int open_dir(const char *path)
{
	struct os_file *f;
	int fd = os_open(OS_DIR, &f);

	f->path = sim_text("%s", path);
	return fd;
}

static int open_sys(const char *path, int flags)
{
	const char *text = "";
	int kind = kern_sys(path + strlen(OS_SYS), &text), fd;
	struct os_file *f;

	if (!kind)
		return fail(ENOENT);
	if (kind != 'f')
		return open_dir(path);
	if (flags & O_DIRECTORY)
		return fail(ENOTDIR);
	fd = os_open(OS_FILE, &f);
	f->path = sim_text("%s", path);
	f->len = strlen(path) > 9 && strcmp(path + strlen(path) - 9, "/vpd_pg83") == 0 ? KERN_PAGE_BYTES : strlen(text);
	f->bytes = sim_alloc(f->len + 1);
	memcpy(f->bytes, text, f->len);
	return fd;
}

static int make_file(const char *path)
{
	for (int i = 0; i < FILES_MAX; i++) {
		if (files[i].path)
			continue;
		files[i].path = sim_text("%s", path);
		places = i < places ? places : i + 1;
		files[i].content = sim_alloc(sizeof(*files[i].content));
		files[i].content->bytes = sim_alloc(FILE_MAX);
		return i;
	}
	return fail(ENOSPC);
}

static int open_run(const char *path, int flags)
{
	struct os_file *f;
	int i, fd;

	if (strcmp(path, OS_RUN) == 0)
		return open_dir(path);
	i = find_file(path);
	if (i >= 0 && flags & O_EXCL)
		return fail(EEXIST);
	if (i < 0 && !(flags & O_CREAT))
		return fail(ENOENT);
	if (i < 0 && daemon_dead())
		return fail(EIO);
	if (i < 0)
		i = make_file(path);
	if (i < 0)
		return -1;
	if (flags & O_TRUNC && !daemon_dead())
		files[i].content->len = 0;
	fd = os_open(OS_FILE, &f);
	f->path = files[i].path;
	f->bytes = files[i].content->bytes;
	f->len = files[i].content->len;
	return fd;
}

static int open_world(const char *path, int flags)
{
	if (below(path, OS_SYS))
		return open_sys(path, flags);
	return below(path, OS_RUN) ? open_run(path, flags) : fail(ENOENT);
}

int __wrap_open(const char *path, int flags, ...)
{
	const char *whole = whole_path(-1, path);

	OS_CALL;
	return whole ? open_world(whole, flags) : fail(ENOENT);
}

int __wrap_openat(int dir, const char *path, int flags, ...)
{
	const char *whole = whole_path(dir, path);

	OS_CALL;
	return whole ? open_world(whole, flags) : fail(ENOENT);
}

int __wrap___openat_2(int dir, const char *path, int flags)
{
	OS_CALL;
	return __wrap_openat(dir, path, flags);
}

ssize_t __wrap_read(int fd, void *bytes, size_t len)
{
	struct os_file *f = os_file(fd);
	uint64_t one = 1;

	OS_CALL;
	if (f && f->kind == OS_EVENT) {
		if (!f->readable)
			return fail(EAGAIN);
		f->readable = false;
		memcpy(bytes, &one, sizeof(one));
		return sizeof(one);
	}
	if (!f || f->kind != OS_FILE)
		return fail(EBADF);
	if (len > f->len - f->at)
		len = f->len - f->at;
	memcpy(bytes, f->bytes + f->at, len);
	f->at += len;
	return (ssize_t)len;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
	struct os_file *f = os_file(fd);
	int i, rc;

	OS_CALL;
	if (f && f->kind == OS_EVENT) {
		f->readable = true;
		return (ssize_t)len;
	}
	if (!f || f->kind != OS_FILE)
		return fail(EBADF);
	if (below(f->path, OS_SYS)) {
		rc = daemon_dead() ? -EIO : kern_sys_write(f->path + strlen(OS_SYS), bytes);
		return rc < 0 ? fail(-rc) : (ssize_t)len;
	}
	if (daemon_dead())
		return fail(EIO);
	if (f->at + len > FILE_MAX)
		return fail(EFBIG);
	if (!check_secrets(bytes, len))
		sim_fail("a secret is written to %s", f->path);
	memcpy(f->bytes + f->at, bytes, len);
	f->at += len;
	i = find_file(f->path);
	if (i >= 0 && files[i].content->bytes == f->bytes)
		files[i].content->len = f->at;
	return (ssize_t)len;
}

int __wrap_fstat(int fd, struct stat *st)
{
	struct os_file *f = os_file(fd);

	if (!f)
		return fail(EBADF);
	memset(st, 0, sizeof(*st));
	st->st_mode = f->kind == OS_DIR ? S_IFDIR | 0700 : S_IFREG | 0600;
	st->st_size = (off_t)f->len;
	return 0;
}

int __wrap_fsync(int fd)
{
	OS_CALL;
	return os_file(fd) ? 0 : fail(EBADF);
}

int __wrap_fchmod(int fd, mode_t mode)
{
	OS_CALL;
	(void)mode;
	return os_file(fd) ? 0 : fail(EBADF);
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	const char *a = whole_path(from_dir, from), *b = whole_path(to_dir, to);
	int i = a ? find_file(a) : -1, old = b ? find_file(b) : -1;

	OS_CALL;
	if (i < 0 || daemon_dead())
		return fail(i < 0 ? ENOENT : EIO);
	if (old >= 0)
		files[old].path = NULL;
	files[i].path = sim_text("%s", b);
	return 0;
}

int __wrap_unlinkat(int dir, const char *path, int flags)
{
	const char *whole = whole_path(dir, path);
	int i = whole ? find_file(whole) : -1;

	OS_CALL;
	(void)flags;
	if (i < 0 || daemon_dead())
		return fail(i < 0 ? ENOENT : EIO);
	files[i].path = NULL;
	return 0;
}

int __wrap_unlink(const char *path)
{
	OS_CALL;
	return __wrap_unlinkat(-1, path, 0);
}

/* Folders. */

static void add_name(void *arg, const char *name)
{
	struct listing *l = arg;

	char **more;

	if (l->n == l->room) {
		l->room = l->room ? 4 * l->room : 64;
		more = sim_alloc(l->room * sizeof(*more));
		if (l->n)
			memcpy(more, l->names, l->n * sizeof(*more));
		l->names = more;
	}
	l->names[l->n++] = sim_text("%s", name);
}

static struct listing *list_folder(const struct os_file *f, int fd)
{
	struct listing *l = sim_alloc(sizeof(*l));

	l->fd = fd;
	if (below(f->path, OS_SYS))
		kern_sys_list(f->path + strlen(OS_SYS), add_name, l);
	for (int i = 0; i < places && below(f->path, OS_RUN); i++)
		if (files[i].path)
			add_name(l, strrchr(files[i].path, '/') + 1);
	return l;
}

DIR *__wrap_fdopendir(int fd)
{
	const struct os_file *f = os_file(fd);

	OS_CALL;
	if (f && f->kind == OS_DIR)
		return (DIR *)list_folder(f, fd);
	errno = ENOTDIR;
	return NULL;
}

ssize_t __wrap_getdents64(int fd, void *buf, size_t size)
{
	struct os_file *f = os_file(fd);
	char *at = buf;

	OS_CALL;
	if (!f || f->kind != OS_DIR)
		return fail(ENOTDIR);
	if (!f->listing)
		f->listing = list_folder(f, fd);
	while (f->listing->at < f->listing->n) {
		const char *name = f->listing->names[f->listing->at];
		size_t len = (offsetof(struct dirent64, d_name) + strlen(name) + 8) & ~(size_t)7;
		struct dirent64 *e = (struct dirent64 *)(void *)at;

		if ((size_t)(at - (char *)buf) + len > size)
			break;
		memset(e, 0, len);
		e->d_reclen = (unsigned short)len;
		e->d_type = DT_UNKNOWN;
		memcpy(e->d_name, name, strlen(name));
		at += len;
		f->listing->at++;
	}
	return at - (char *)buf;
}

DIR *__wrap_opendir(const char *path)
{
	int fd = __wrap_open(path, O_DIRECTORY);

	OS_CALL;
	return fd < 0 ? NULL : __wrap_fdopendir(fd);
}

struct dirent *__wrap_readdir(DIR *dir)
{
	struct listing *l = (struct listing *)dir;

	if (l->at == l->n)
		return NULL;
	snprintf(l->entry.d_name, sizeof(l->entry.d_name), "%s", l->names[l->at++]);
	return &l->entry;
}

int __wrap_closedir(DIR *dir)
{
	OS_CALL;
	return __wrap_close(((struct listing *)dir)->fd);
}

ssize_t __wrap_readlinkat(int dir, const char *path, char *buf, size_t size)
{
	const char *whole = whole_path(dir, path), *text;
	size_t len;

	OS_CALL;
	if (!whole || !below(whole, OS_SYS) || kern_sys(whole + strlen(OS_SYS), &text) != 'l')
		return fail(ENOENT);
	len = strlen(text) < size ? strlen(text) : size;
	memcpy(buf, text, len);
	return (ssize_t)len;
}

int __wrap_faccessat(int dir, const char *path, int mode, int flags)
{
	const char *whole = whole_path(dir, path), *text;

	OS_CALL;
	(void)mode, (void)flags;
	return whole && below(whole, OS_SYS) && kern_sys(whole + strlen(OS_SYS), &text) ? 0 : fail(ENOENT);
}

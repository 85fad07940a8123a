/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysfs: every access is openat() below a directory held open, so that many reads of one object look its path up once.
 *
 * The root may be another directory than /sys: tests have a tree of files there.
 */
#include "config.h"
#include "kernel/sysfs.h"
#include "base/ascii.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LIST_MAX 65536

static int path_make(char *path, const char *fmt, va_list ap)
{
	int n = vsnprintf(path, PATH_MAX, fmt, ap);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* The path of a printf-like function's caller, into a buffer of PATH_MAX; sets rc. */
#define PATH(path, fmt, rc) \
	do { \
		va_list ap_; \
		va_start(ap_, fmt); \
		(rc) = path_make((path), fmt, ap_); \
		va_end(ap_); \
	} while (0)

static int open_at(const struct sysfs *s, const char *path, int flags)
{
	int fd = openat(s->fd, path, flags | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}

int sysfs_open(struct sysfs *s, const char *root)
{
	s->fd = open(root ? root : "/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return s->fd < 0 ? -errno : 0;
}

void sysfs_close(struct sysfs *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

int sysfs_dir(const struct sysfs *s, struct sysfs *out, const char *fmt, ...)
{
	char path[PATH_MAX];
	int rc;

	out->fd = -1;
	PATH(path, fmt, rc);
	if (!rc)
		rc = open_at(s, path, O_PATH | O_DIRECTORY);
	if (rc < 0)
		return rc;
	out->fd = rc;
	return 0;
}

/* One read returns the whole attribute; a value that fills the buffer may have been cut. */
static int sysfs_read_attribute(const struct sysfs *s, const char *path, char *buf, size_t size)
{
	int fd = open_at(s, path, O_RDONLY | O_NONBLOCK), rc = 0;
	ssize_t n;

	buf[0] = '\0';
	if (fd < 0)
		return fd;
	do
		n = read(fd, buf, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		rc = -errno;
	else if ((size_t)n == size)
		rc = -EFBIG;
	close(fd);
	n = rc ? 0 : n;
	buf[n] = '\0';
	if (n && buf[n - 1] == '\n')
		buf[n - 1] = '\0';
	return rc;
}

/* "(null)" is how libiscsi's drivers print a string that was never set: no value, not that text. */
int sysfs_read(const struct sysfs *s, char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	int rc;

	buf[0] = '\0';
	PATH(path, fmt, rc);
	if (!rc)
		rc = sysfs_read_attribute(s, path, buf, size);
	if (rc || strcmp(buf, "(null)"))
		return rc;
	buf[0] = '\0';
	return -ENODATA;
}

/* A transport's caps are hexadecimal; all else is decimal, where a leading zero is no octal. */
static int sysfs_read_number(const struct sysfs *s, const char *path, bool negative, uint64_t *out)
{
	char buf[64], *end;
	int rc = sysfs_read_attribute(s, path, buf, sizeof(buf)), base = strncmp(buf, "0x", 2) ? 10 : 16;

	if (rc)
		return rc;
	if (buf[0] == '-' && !negative)
		return -EINVAL;
	errno = 0;
	*out = negative ? (uint64_t)strtoll(buf, &end, base) : strtoull(buf, &end, base);
	if (errno)
		return -errno;
	return end == buf || *end ? -EINVAL : 0;
}

int sysfs_read_int(const struct sysfs *s, int64_t *out, const char *fmt, ...)
{
	char path[PATH_MAX];
	uint64_t value;
	int rc;

	PATH(path, fmt, rc);
	if (!rc)
		rc = sysfs_read_number(s, path, true, &value);
	if (!rc)
		*out = (int64_t)value;
	return rc;
}

int sysfs_read_u64(const struct sysfs *s, uint64_t *out, const char *fmt, ...)
{
	char path[PATH_MAX];
	uint64_t value;
	int rc;

	PATH(path, fmt, rc);
	if (!rc)
		rc = sysfs_read_number(s, path, false, &value);
	if (!rc)
		*out = value;
	return rc;
}

/* One write(): the kernel needs an attribute's value as a whole. */
int sysfs_write(const struct sysfs *s, const char *text, const char *fmt, ...)
{
	char path[PATH_MAX];
	ssize_t n;
	int rc, fd;

	PATH(path, fmt, rc);
	if (rc)
		return rc;
	fd = open_at(s, path, O_WRONLY);
	if (fd < 0)
		return fd;
	n = write(fd, text, strlen(text));
	rc = n < 0 ? -errno : (size_t)n == strlen(text) ? 0 : -EIO;
	close(fd);
	return rc;
}

int sysfs_readlink(const struct sysfs *s, char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	ssize_t n;
	int rc;

	buf[0] = '\0';
	PATH(path, fmt, rc);
	if (rc)
		return rc;
	n = readlinkat(s->fd, path, buf, size);
	if (n < 0)
		return -errno;
	if ((size_t)n == size) {
		buf[0] = '\0';
		return -ENAMETOOLONG;
	}
	buf[n] = '\0';
	return 0;
}

/* A driver has no file for what it does not support. */
int sysfs_exists(const struct sysfs *s, const char *fmt, ...)
{
	char path[PATH_MAX];
	int rc;

	PATH(path, fmt, rc);
	if (rc == 0 && faccessat(s->fd, path, F_OK, 0) < 0)
		rc = -errno;
	return rc == 0 ? 1 : rc == -ENOENT || rc == -ENOTDIR || rc == -ENAMETOOLONG ? 0 : rc;
}

/* By number: session12 behind session2, and target3:0:10 behind target3:0:9. */
int sysfs_list(const struct sysfs *s, struct dir *out, enum sysfs_order order, const char *prefix, const char *fmt, ...)
{
	char path[PATH_MAX];
	cleanup(file_close) int fd = -1;
	int rc;

	*out = (struct dir){ 0 };
	PATH(path, fmt, rc);
	if (rc)
		return rc;
	fd = open_at(s, path, O_RDONLY | O_DIRECTORY);
	return fd < 0 ? fd : dir_read(fd, prefix, LIST_MAX, order == SYSFS_BY_NAME ? strcmp : strverscmp, out);
}

int sysfs_number(const char *name, const char *prefix, uint32_t *out)
{
	size_t len = strlen(prefix);
	uint64_t value = 0;

	if (strncmp(name, prefix, len) || !name[len])
		return -EINVAL;
	for (const char *p = name + len; *p; p++) {
		if (!ascii_digit(*p))
			return -EINVAL;
		value = value * 10 + (uint64_t)(*p - '0');
		if (value > UINT32_MAX)
			return -ERANGE;
	}
	*out = (uint32_t)value;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysfs, or a test's directory in its place: reads and writes attributes below a directory that is held open.
 *
 * A struct sysfs is the root or any directory below; paths are printf-formatted and relative to it. Reads are bounded by a page.
 * Names that come from outside must be checked before they get into a path.
 */
#ifndef KERNEL_SYSFS_H
#define KERNEL_SYSFS_H

#include "base/dir.h"
#include <stddef.h>
#include <stdint.h>

#define SYSFS_VALUE_MAX 4096

struct sysfs {
	int fd; /* -1: closed */
};

#define SYSFS_CLOSED \
	{ \
		.fd = -1 \
	}

int sysfs_open(struct sysfs *s, const char *root); /* root NULL: /sys. -errno */
void sysfs_close(struct sysfs *s); /* usable as cleanup(sysfs_close) on one that is initialised */
/* Opens a directory below s: to read many attributes of one object. -ENOENT: no such directory. */
int sysfs_dir(const struct sysfs *s, struct sysfs *out, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * Reads an attribute into buf, NUL-terminated, without its last newline. 0 and a value, which may be empty; otherwise buf is ""
 * and: -ENODATA     it is "(null)": never set -ENOENT      this driver does not show it -ENOTCONN    no socket or endpoint is
 * bound now -EACCES      needs CAP_SYS_ADMIN -EFBIG       does not fit; other -errno
 */
int sysfs_read(const struct sysfs *s, char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Reads a decimal (or 0x…) number without other characters: -EINVAL otherwise, -ERANGE. *out is not touched on
 * failure. */
int sysfs_read_int(const struct sysfs *s, int64_t *out, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int sysfs_read_u64(const struct sysfs *s, uint64_t *out, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * Writes text unchanged, in one write(). The file must exist. -errno of the kernel's store function. May block for long (scan).
 */
int sysfs_write(const struct sysfs *s, const char *text, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The target of a symbolic link. -EINVAL: not a link. */
int sysfs_readlink(const struct sysfs *s, char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* 1: it exists; 0: it does not; -errno: not known, which is not "gone" */
int sysfs_exists(const struct sysfs *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

enum sysfs_order {
	SYSFS_BY_NAME, /* session12 before session2, as a directory listing */
	SYSFS_BY_NUMBER, /* session2 before session12 */
};

/* Entries of a directory whose names begin with prefix. -ENOENT; -EFBIG beyond 65536. Call dir_free() in any case. */
int sysfs_list(const struct sysfs *s, struct dir *out, enum sysfs_order order, const char *prefix, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* "session12" with prefix "session" is 12; -EINVAL: no number, or other characters follow. */
int sysfs_number(const char *name, const char *prefix, uint32_t *out);

#endif

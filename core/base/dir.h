/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entries of a directory, read at once and sorted. */
#ifndef BASE_DIR_H
#define BASE_DIR_H

#include <stddef.h>

struct dir {
	char **names; /* the byte before each is its type, see dir_type() */
	size_t n, cap;
	struct dir_block *blocks; /* which hold the names */
};

/*
 * Reads the names that begin with prefix, but not with '.', from a directory that is open for reading. order:
 * strcmp or strverscmp. A directory that is removed meanwhile has no further names. -EFBIG: more than max names; -ENOMEM; -errno.
 * Call dir_free() in any case.
 */
int dir_read(int fd, const char *prefix, size_t max, int (*order)(const char *, const char *), struct dir *out);
void dir_free(struct dir *d); /* also for cleanup(dir_free) */

/* DT_REG, DT_DIR … of <dirent.h>; DT_UNKNOWN: the file system does not report it. */
static inline unsigned char dir_type(const struct dir *d, size_t i)
{
	return (unsigned char)d->names[i][-1];
}

#endif

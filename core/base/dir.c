/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories; see dir.h. By getdents64(), since readdir() costs five further calls for each directory. */
#include "config.h"
#include "base/dir.h"

#include "base/mem.h"
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#define BUFFER_BYTES 32768

/*
 * Where ext4, XFS, btrfs, sysfs and newer tmpfs leave the position behind the last entry, so that no call has to ask for more: the
 * largest of 32 and of 64 bits. Elsewhere only a call that returns nothing is the end, since any other may be short.
 */
static bool is_end(int64_t position)
{
	return position == INT32_MAX || position == INT64_MAX;
}

static int append_entry(struct dir *d, const struct dirent64 *e)
{
	char **names = x_grow(d->names, d->n, &d->cap, sizeof(*names), 16);
	size_t len = strlen(e->d_name);
	char *entry;

	if (!names)
		return -ENOMEM;
	d->names = names;
	entry = x_zalloc(len + 2);
	if (!entry)
		return -ENOMEM;
	entry[0] = (char)e->d_type;
	memcpy(entry + 1, e->d_name, len);
	d->names[d->n++] = entry + 1;
	return 0;
}

/* Hidden names are "." and "..", temporary files, and what others put there. 1: these were the last. */
static int append_entries(struct dir *d, const char *at, ssize_t len, const char *prefix, size_t max)
{
	bool end = false;
	int rc = 0;

	for (const char *stop = at + len; !rc && at < stop; at += ((const struct dirent64 *)(const void *)at)->d_reclen) {
		const struct dirent64 *e = (const struct dirent64 *)(const void *)at;

		end = is_end(e->d_off);
		if (e->d_name[0] == '.' || strncmp(e->d_name, prefix, strlen(prefix)))
			continue;
		rc = d->n < max ? append_entry(d, e) : -EFBIG;
	}
	return rc ? rc : end;
}

static int compare_names(const void *a, const void *b, void *order)
{
	return (*(int (**)(const char *, const char *))order)(*(char *const *)a, *(char *const *)b);
}

int dir_read(int fd, const char *prefix, size_t max, int (*order)(const char *, const char *), struct dir *out)
{
	_Alignas(struct dirent64) char buffer[BUFFER_BYTES];
	ssize_t n = 0;
	int rc = 0;

	while (!rc && (n = getdents64(fd, (void *)buffer, sizeof(buffer))) > 0)
		rc = append_entries(out, buffer, n, prefix, max);
	if (!rc && n < 0 && errno != ENOENT)
		rc = -errno;
	rc = rc > 0 ? 0 : rc;
	if (out->n)
		qsort_r(out->names, out->n, sizeof(*out->names), compare_names, &order);
	return rc;
}

void dir_free(struct dir *d)
{
	for (size_t i = 0; i < d->n; i++)
		x_free(d->names[i] - 1);
	x_free(d->names);
	*d = (struct dir){ 0 };
}

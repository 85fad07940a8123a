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

/* The names of one read, with their types before them. */
struct dir_block {
	struct dir_block *next;
	char text[];
};

static const struct dirent64 *entry_at(const char *at)
{
	return (const struct dirent64 *)(const void *)at;
}

/* Hidden names are "." and "..", temporary files, and what others put there. */
static bool is_listed(const struct dirent64 *e, const char *prefix)
{
	return e->d_name[0] != '.' && !strncmp(e->d_name, prefix, strlen(prefix));
}

/* One allocation for all that were read: a directory may have a hundred thousand names. */
static int append_entries(struct dir *d, const char *begin, ssize_t len, const char *prefix, size_t max)
{
	const char *stop = begin + len;
	struct dir_block *block;
	size_t bytes = 0;
	bool end = false;
	char *text;

	for (const char *at = begin; at < stop; at += entry_at(at)->d_reclen)
		if (is_listed(entry_at(at), prefix))
			bytes += strlen(entry_at(at)->d_name) + 2;
	block = x_zalloc(sizeof(*block) + bytes);
	if (!block)
		return -ENOMEM;
	block->next = d->blocks;
	d->blocks = block;
	text = block->text;
	for (const char *at = begin; at < stop; at += entry_at(at)->d_reclen) {
		const struct dirent64 *e = entry_at(at);
		size_t size = strlen(e->d_name) + 1;
		char **names;

		end = is_end(e->d_off);
		if (!is_listed(e, prefix))
			continue;
		if (d->n == max)
			return -EFBIG;
		names = x_grow(d->names, d->n, &d->cap, sizeof(*names), 16);
		if (!names)
			return -ENOMEM;
		d->names = names;
		*text++ = (char)e->d_type;
		memcpy(text, e->d_name, size);
		d->names[d->n++] = text;
		text += size;
	}
	return end;
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
	rc = rc > 0 ? 0 : rc; /* 1: the last entry was read */
	if (out->n)
		qsort_r(out->names, out->n, sizeof(*out->names), compare_names, &order);
	return rc;
}

void dir_free(struct dir *d)
{
	for (struct dir_block *b = d->blocks, *next; b; b = next) {
		next = b->next;
		x_free(b);
	}
	x_free(d->names);
	*d = (struct dir){ 0 };
}

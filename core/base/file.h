/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files: whole bounded reads, atomic replacement, locks that the kernel drops with their holder. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/err.h"
#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Reads a regular file whole: *out is NUL-terminated, x_free() it. dirfd may be AT_FDCWD. -EFBIG beyond max bytes; -errno. Never
 * waits on a FIFO.
 */
int file_read(int dirfd, const char *path, size_t max, char **out, size_t *len);

/* The same for a file that is open already (by openat() with flags of the caller's choice, O_NONBLOCK among them). */
int file_read_fd(int fd, size_t max, char **out, size_t *len);

/*
 * Replaces (or makes) a file so that a reader sees the old one or the new one, also after a crash at any
 * point: temporary file in the same directory, write, fsync, rename, fsync of the directory. -errno; nothing
 * is left behind then.
 */
int file_replace(int dirfd, const char *path, const void *bytes, size_t len, mode_t mode);

/*
 * The same in steps, for many files of which each need not be synced alone: file_stage() writes temporary files (dir is that of
 * the file, name its last component; the temporary one's name goes to temporary), file_sync_all() makes durable what lies on
 * dir's file system, file_publish() renames. Sync before publishing, and after.
 */
int file_stage(int dir, const char *name, const void *bytes, size_t len, mode_t mode, char temporary[NAME_MAX + 1]);
int file_sync_all(int dir);
int file_publish(int dir, const char *temporary, const char *name);

/* mkdir -p; each made with mode. */
int file_mkdirs(const char *path, mode_t mode);

/* Name of the temporary file that file_replace() writes: lets a directory reader skip what a killed writer left. */
bool file_is_temporary(const char *name);

/*
 * An exclusive lock on a file, made when missing (mode 0600): OFD/flock, gone when its holder dies. Waits at most timeout_ms (0:
 * not at all; never for ever). *out is to be given to file_unlock(). -EAGAIN when another holds it; -errno.
 */
int file_lock(const char *path, unsigned timeout_ms, int *out);
void file_unlock(int *lock); /* sets *lock to -1; usable as cleanup(file_unlock) with an initial -1 */

/* close() for cleanup(file_close); -1 is nothing. */
void file_close(int *fd);

/* Tests: the nth write, fsync or rename from now fails with errnum, once. */
void file_fail_at(unsigned long nth, int errnum);

#endif

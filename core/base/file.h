/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files: bounded reads of whole files, atomic replacement, locks that the kernel releases when their holder ends. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/err.h"
#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Reads a whole regular file: *out is NUL-terminated, and the caller frees it (x_free). dirfd may be AT_FDCWD. -EFBIG: longer
 * than max bytes; -errno. Does not block on a FIFO.
 */
int file_read(int dirfd, const char *path, size_t max, char **out, size_t *len);

/* The same for a file that the caller opened, with O_NONBLOCK among the flags. */
int file_read_fd(int fd, size_t max, char **out, size_t *len);

/*
 * Replaces (or makes) a file so that a reader sees either the old or the new one, also after a crash at any point: temporary file
 * in the same directory, write, fsync, rename, fsync of the directory. -errno; the temporary file is then removed.
 */
int file_replace(int dirfd, const char *path, const void *bytes, size_t len, mode_t mode);

/* For a file that is of no use after a crash: writes it at its place, without a sync. -errno; the file is then removed. */
int file_write(const char *path, const void *bytes, size_t len, mode_t mode);

/*
 * The same as file_replace() in steps, for many files with one sync: file_stage() writes a temporary file (dir: the file's directory; name: its
 * last component), syncs it if requested, and returns its name in temporary, file_sync_all() syncs the file system of dir, file_publish() renames. Sync
 * before and after publishing.
 */
int file_stage(int dir, const char *name, const void *bytes, size_t len, mode_t mode, bool sync, char temporary[NAME_MAX + 1]);
int file_sync_all(int dir);
int file_publish(int from, const char *temporary, int to, const char *name); /* renames; both are directories */
int file_sync(int fd); /* one file or directory */

/* As mkdir -p; mode applies to each directory that it makes. */
int file_mkdirs(const char *path, mode_t mode);

/* Returns true for the name of a temporary file of file_replace(), which a killed writer may leave: directory readers skip it. */
bool file_is_temporary(const char *name);

/*
 * Takes an exclusive lock on a file, which is made if missing (mode 0600): OFD/flock, released when its holder dies. Waits at
 * most timeout_ms (0: does not wait). The caller passes *out to file_unlock(). -EAGAIN: another process holds the lock; -errno.
 */
int file_lock(const char *path, unsigned timeout_ms, int *out);
void file_unlock(int *lock); /* sets *lock to -1; usable as cleanup(file_unlock) with an initial -1 */

/* close() for cleanup(file_close); -1 is allowed. */
void file_close(int *fd);

/* Tests: the nth write, fsync or rename from now fails with errnum, once. */
void file_fail_at(unsigned long nth, int errnum);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files: bounded reads, atomic replacement, directories, locks.
 *
 * The rule of all writing: a file is replaced, never changed. The new one is complete and on the disk before it gets the name, so
 * that a reader, a crash or a kill -9 meets the old one or the new one and nothing between.
 */
#include "config.h"
#include "base/file.h"
#include "base/clock.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ".NAME.RRRRRR.tmp": hidden, and of a form that no record has. */
#define RANDOM_LEN 6
#define ALPHABET "abcdefghijklmnopqrstuvwxyz234567"
#define TAIL ".tmp"
#define TEMPORARY_MODE 0600 /* of the owner alone, of whom no umask takes anything */
#define TAIL_LEN (sizeof(TAIL) - 1)
/* So much of NAME that the whole fits into NAME_MAX. */
#define STEM_MAX (NAME_MAX - 1 - 1 - RANDOM_LEN - (int)TAIL_LEN)

/* Bytes that are read first where the size is not known; there has to be room for one byte that is too many, and the NUL. */
#define FIRST_READ 256

/* Set by tests only; a thread's own. */
static __thread unsigned long fail_in;
static __thread int fail_errno;

void file_fail_at(unsigned long nth, int errnum)
{
	fail_in = nth;
	fail_errno = errnum;
}

/* Called before each system call of a replacement, so that a test can make the nth of them fail and check the remaining files. */
static bool file_fails(void)
{
	if (!fail_in || --fail_in)
		return false;
	errno = fail_errno;
	return true;
}

void file_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Moves a buffer into a larger one. It may hold a secret, which must not stay in the old one. */
static int grow_buffer(char **buf, size_t *cap, size_t size)
{
	char *grown = x_zalloc(size);

	if (!grown)
		return -ENOMEM;
	if (*buf)
		memcpy(grown, *buf, *cap);
	mem_wipe(*buf, *cap);
	x_free(*buf);
	*buf = grown;
	*cap = size;
	return 0;
}

/* Reads to the end, but at most max bytes. sysfs and procfs show wrong sizes: only a file that has just its size ends there. */
static int read_to_end(int fd, size_t max, size_t expected, char **out, size_t *len)
{
	char *buf = NULL;
	size_t cap = 0, at = 0;
	ssize_t n = 1;
	int rc = 0;

	while (!rc && n && !(expected && at == expected)) {
		if (at + 1 >= cap)
			rc = grow_buffer(&buf, &cap, cap ? cap * 2 : expected + FIRST_READ);
		n = rc ? 0 : read(fd, buf + at, cap - at - 1);
		if (n < 0 && errno != EINTR)
			rc = -errno;
		at += n > 0 ? (size_t)n : 0;
		if (at > max)
			rc = -EFBIG;
	}
	if (rc) {
		mem_wipe(buf, cap);
		x_free(buf);
		return rc;
	}
	buf[at] = '\0';
	*len = at;
	*out = buf;
	return 0;
}

/* Regular files only: a device or a FIFO in the place of a record could have no end. */
int file_read_fd(int fd, size_t max, char **out, size_t *len)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return read_to_end(fd, max, (uint64_t)st.st_size <= max ? (size_t)st.st_size : 0, out, len);
}

int file_read(int dirfd, const char *path, size_t max, char **out, size_t *len)
{
	/* O_NONBLOCK: opening a FIFO that somebody put there must not wait. */
	cleanup(file_close) int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -errno : file_read_fd(fd, max, out, len);
}

/* Strict, since files with such names are deleted. Names of records never begin with a dot. */
bool file_is_temporary(const char *name)
{
	size_t len = strlen(name);
	const char *dot;

	if (name[0] != '.' || len < 1 + 1 + 1 + RANDOM_LEN + TAIL_LEN)
		return false;
	dot = name + len - TAIL_LEN - RANDOM_LEN - 1;
	return *dot == '.' && !strcmp(name + len - TAIL_LEN, TAIL) && strspn(dot + 1, ALPHABET) == RANDOM_LEN;
}

/* Makes a new, empty file beside base; its name goes to name. */
static int open_temporary(int dir, const char *base, char name[NAME_MAX + 1])
{
	char letters[RANDOM_LEN + 1] = "";

	for (int tries = 0; tries < 100; tries++) {
		struct timespec ts;
		uint64_t differs;
		int fd;

		/*
		 * Not getrandom(): it fails early in an initramfs. O_EXCL needs names that differ, not secret ones; the stack lies
		 * elsewhere in each process.
		 */
		clock_gettime(CLOCK_MONOTONIC, &ts);
		differs = (uint64_t)ts.tv_nsec ^ (uint64_t)(uintptr_t)letters * 2654435761U;
		for (int i = 0; i < RANDOM_LEN; i++, differs >>= 5)
			letters[i] = ALPHABET[differs & 31];
		snprintf(name, NAME_MAX + 1, ".%.*s.%s" TAIL, STEM_MAX, base, letters);
		fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, TEMPORARY_MODE);
		if (fd >= 0 || errno != EEXIST)
			return fd < 0 ? -errno : fd;
	}
	return -EEXIST;
}

static int write_all(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len) {
		ssize_t n = file_fails() ? -1 : write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* errno is file_fails()'s when it was that which failed. */
int file_sync(int fd)
{
	/* Some file systems cannot sync a directory, and need not. */
	return (file_fails() || fsync(fd)) && errno != EINVAL ? -errno : 0;
}

int file_write(const char *path, const void *bytes, size_t len, mode_t mode)
{
	cleanup(file_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
	int rc = fd < 0 ? -errno : write_all(fd, bytes, len);

	if (fd >= 0 && rc)
		unlink(path);
	return rc;
}

/* Opens the directory part of path; *base is the rest. */
static int open_parent(int dirfd, const char *path, const char **base)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd;

	*base = slash ? slash + 1 : path;
	if (!**base)
		return -EINVAL;
	if (slash && (size_t)(slash - path) >= sizeof(dir) - 1)
		return -ENAMETOOLONG;
	if (slash)
		snprintf(dir, sizeof(dir), "%.*s/", (int)(slash - path), path);
	else
		snprintf(dir, sizeof(dir), ".");
	fd = openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Contents and mode are complete before the file gets its name. */
int file_stage(int dir, const char *name, const void *bytes, size_t len, mode_t mode, bool sync, char temporary[NAME_MAX + 1])
{
	cleanup(file_close) int fd = open_temporary(dir, name, temporary);
	int rc;

	if (fd < 0)
		return fd;
	rc = write_all(fd, bytes, len);
	/* What open() did not give: the caller's umask must not change the mode. */
	if (!rc && mode != TEMPORARY_MODE && fchmod(fd, mode))
		rc = -errno;
	if (!rc && sync)
		rc = file_sync(fd);
	if (rc)
		unlinkat(dir, temporary, 0);
	return rc;
}

int file_sync_all(int dir)
{
	return file_fails() || syncfs(dir) ? -errno : 0;
}

int file_publish(int from, const char *temporary, int to, const char *name)
{
	return file_fails() || renameat(from, temporary, to, name) ? -errno : 0;
}

/* Contents, then the name, then the directory: each must be on the disk before what relies on it. */
int file_replace(int dirfd, const char *path, const void *bytes, size_t len, mode_t mode)
{
	const char *base;
	char name[NAME_MAX + 1];
	cleanup(file_close) int dir = open_parent(dirfd, path, &base);
	int rc;

	if (dir < 0)
		return dir;
	rc = file_stage(dir, base, bytes, len, mode, true, name);
	if (rc)
		return rc;
	rc = file_publish(dir, name, dir, base);
	/* The temporary file does not outlive a failure, or directories would fill up on a full disk. */
	if (rc)
		unlinkat(dir, name, 0);
	return rc ? rc : file_sync(dir);
}

/*
 * Makes one directory below *at, and goes there. The mode is set only on what was made here: a directory that an administrator
 * has made keeps its own.
 */
static int make_and_enter(int *at, const char *name, mode_t mode)
{
	int next;

	if (!mkdirat(*at, name, mode)) {
		if (fchmodat(*at, name, mode, 0))
			return -errno;
	} else if (errno != EEXIST) {
		return -errno;
	}
	next = openat(*at, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (next < 0)
		return -errno;
	file_close(at);
	*at = next;
	return 0;
}

int file_mkdirs(const char *path, mode_t mode)
{
	cleanup(x_freep) char *copy = x_strdup(path);
	cleanup(file_close) int at = -1;
	char *rest = copy, *name;
	int rc = 0;

	if (!copy)
		return -ENOMEM;
	at = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return -errno;
	while (!rc && (name = strsep(&rest, "/")))
		if (*name)
			rc = make_and_enter(&at, name, mode);
	return rc;
}

/*
 * Locks are OFD locks: the kernel drops them with the last descriptor, however the holder died. The file stays: taking it away
 * would let two holders lock two files of one name.
 */

/* Most holders are done within a millisecond or two; later ones wait for a sync of the disk. */
#define POLL_FIRST_MS 1
#define POLL_MOST_MS 32

/* Not fcntl()'s older locks: those go with the process, and are lost when any descriptor of the file is closed. */
static int try_lock(int fd)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (!fcntl(fd, F_OFD_SETLK, &fl))
		return 0;
	return errno == EACCES ? -EAGAIN : -errno;
}

/* Polls: F_OFD_SETLKW has no time limit, and a signal for one would be the whole process's. */
static int wait_lock(int fd, unsigned timeout_ms)
{
	uint64_t end = clock_ms() + timeout_ms;
	unsigned nap = POLL_FIRST_MS;
	int rc;

	while ((rc = try_lock(fd)) == -EAGAIN) {
		uint64_t now = clock_ms();
		struct timespec ts = { 0 };

		if (now >= end)
			return -EAGAIN;
		ts.tv_nsec = (long)(end - now < nap ? end - now : nap) * 1000000;
		nanosleep(&ts, NULL);
		nap = nap * 2 > POLL_MOST_MS ? POLL_MOST_MS : nap * 2;
	}
	return rc;
}

/* The file is empty and stays so: nothing is written into it that a reader might believe. */
int file_lock(const char *path, unsigned timeout_ms, int *out)
{
	/* O_NOFOLLOW: in a directory that others can write, a link would have us make files elsewhere. */
	const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	cleanup(file_close) int fd = open(path, flags, 0600);
	struct stat st;
	int rc;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	rc = wait_lock(fd, timeout_ms);
	if (rc)
		return rc;
	*out = fd;
	fd = -1;
	return 0;
}

void file_unlock(int *lock)
{
	file_close(lock);
}

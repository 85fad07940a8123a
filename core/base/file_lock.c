/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File locks (file.h). OFD locks: the kernel drops them with the last descriptor, however the holder died.
 * The file stays: taking it away would let two holders lock two files of one name.
 */
#include "config.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Most holders are done within a millisecond or two; later ones wait for a sync of the disk. */
#define POLL_FIRST_MS 1
#define POLL_MOST_MS 32

/*
 * Not fcntl()'s older locks: those go with the process, and are lost when any descriptor of the file is
 * closed.
 */
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exclusive opens, and the descriptors that procfs shows. */
#include "config.h"
#include "kernel/openers.h"
#include "base/ascii.h"
#include "base/dir.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define ENTRIES_MAX (1U << 22) /* kernel.pid_max at most */

static int cannot_tell(struct err *err, int errnum, const char *what)
{
	return err_sys(err, MISCSI_ERR_BUSY, errnum, OPENERS_UNKNOWN "%s cannot be opened to look for users of the disks", what);
}

/* O_EXCL without O_CREAT is a claim. O_NONBLOCK: a drive without a medium needs none. */
int openers_claim(const struct openers_device *d, struct err *err)
{
	cleanup(file_close) int fd = -1;
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/dev/%s", d->name);
	for (char *c = path; *c; c++)
		if (*c == '!')
			*c = '/';
	fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOMEDIUM)
		return 0;
	if (fd < 0 && errno == EBUSY) {
		err_set(err, MISCSI_ERR_BUSY,
			"%s is in use: a mount that iscsid cannot see, device mapper, md, btrfs, ZFS or a program has opened it "
			"exclusively; stop that user of the disk first ('lsblk' shows most of them)",
			d->name);
		return -EBUSY;
	}
	if (fd < 0)
		return cannot_tell(err, errno, path);
	if (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode) || st.st_rdev != d->number)
		return cannot_tell(err, ENODEV, path);
	return 0;
}

static const struct openers_device *find_device(const struct openers_device *devices, size_t n, dev_t number, bool character)
{
	for (size_t i = 0; i < n; i++)
		if (devices[i].number == number && devices[i].character == character)
			return &devices[i];
	return NULL;
}

/* AT_STATX_DONT_SYNC: a file on a dead network file system must not be waited for. A file that is closed meanwhile is no use. */
static const struct openers_device *device_of(int fds, const char *fd, const struct openers_device *devices, size_t n)
{
	struct statx st;

	if (statx(fds, fd, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &st) < 0 ||
		!(S_ISBLK(st.stx_mode) || S_ISCHR(st.stx_mode)))
		return NULL;
	return find_device(devices, n, makedev(st.stx_rdev_major, st.stx_rdev_minor), S_ISCHR(st.stx_mode));
}

static bool is_gone(int errnum)
{
	return errnum == ENOENT || errnum == ESRCH;
}

static int open_here(int proc, const char *process, const struct openers_device *d, struct err *err)
{
	char path[300], name[64] = "?", shown[200];
	cleanup(file_close) int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/comm", process);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, name, sizeof(name));
	while (n > 0 && name[n - 1] == '\n')
		n--;
	if (n <= 0)
		n = 1;
	err_set(err, MISCSI_ERR_BUSY, "%s is in use: process %s (%s) has opened it; end that process first", d->name, process,
		str_escape(shown, sizeof(shown), name, (size_t)n));
	return -EBUSY;
}

static int look_at_process(int proc, const char *process, const struct openers_device *devices, size_t n, struct err *err)
{
	cleanup(dir_free) struct dir files = { 0 };
	const struct openers_device *d = NULL;
	cleanup(file_close) int fds = -1;
	char path[300];
	int rc;

	snprintf(path, sizeof(path), "%s/fd", process);
	fds = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fds < 0)
		return is_gone(errno) ? 0 : cannot_tell(err, errno, path);
	rc = dir_read(dup(fds), "", ENTRIES_MAX, strcmp, &files);
	if (rc < 0)
		return is_gone(-rc) ? 0 : cannot_tell(err, -rc, path);
	for (size_t i = 0; i < files.n && !d; i++)
		d = device_of(fds, files.names[i], devices, n);
	return d ? open_here(proc, process, d, err) : 0;
}

/* A loop device keeps its file open, and no process does. */
static int look_at_loops(const struct sysfs *sysfs, const struct openers_device *devices, size_t n, struct err *err)
{
	cleanup(dir_free) struct dir loops = { 0 };
	int rc = sysfs_list(sysfs, &loops, SYSFS_BY_NUMBER, "loop", "class/block");

	for (size_t i = 0; i < loops.n; i++) {
		char file[512];
		const struct openers_device *d = NULL;
		struct statx st;

		if (sysfs_read(sysfs, file, sizeof(file), "class/block/%s/loop/backing_file", loops.names[i]) < 0)
			continue;
		if (statx(AT_FDCWD, file, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &st) == 0 && S_ISBLK(st.stx_mode))
			d = find_device(devices, n, makedev(st.stx_rdev_major, st.stx_rdev_minor), false);
		if (!d)
			continue;
		err_set(err, MISCSI_ERR_BUSY, "%s is in use by loop device %s ('losetup -d' frees it)", d->name, loops.names[i]);
		return -EBUSY;
	}
	return rc < 0 && rc != -ENOENT ?
		err_sys(err, MISCSI_ERR_BUSY, -rc, OPENERS_UNKNOWN "the loop devices in sysfs cannot be listed") :
		0;
}

int openers_find(const char *proc, const struct sysfs *sysfs, const struct openers_device *devices, size_t n, struct err *err)
{
	cleanup(dir_free) struct dir processes = { 0 };
	cleanup(file_close) int fd = open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char own[16];
	int rc;

	if (!n)
		return 0;
	if (fd < 0)
		return cannot_tell(err, errno, proc);
	rc = dir_read(dup(fd), "", ENTRIES_MAX, strcmp, &processes);
	if (rc < 0)
		return cannot_tell(err, -rc, proc);
	snprintf(own, sizeof(own), "%d", (int)getpid());
	for (size_t i = 0; i < processes.n && rc == 0; i++)
		if (ascii_digit(processes.names[i][0]) && strcmp(processes.names[i], own) != 0)
			rc = look_at_process(fd, processes.names[i], devices, n, err);
	return rc < 0 ? rc : look_at_loops(sysfs, devices, n, err);
}

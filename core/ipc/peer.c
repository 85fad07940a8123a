/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credentials of the kernel, and what procfs shows of the process. */
#include "config.h"
#include "ipc/peer.h"
#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#define STATUS_MAX 65536

static bool is_in_our_user_namespace(pid_t pid)
{
	struct stat ours, theirs;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	return stat("/proc/self/ns/user", &ours) == 0 && stat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino &&
		ours.st_dev == theirs.st_dev;
}

static bool has_sys_admin(pid_t pid)
{
	cleanup(x_freep) char *status = NULL;
	unsigned long long effective = 0;
	const char *line;
	char path[40];
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (file_read(AT_FDCWD, path, STATUS_MAX, &status, &len) < 0)
		return false;
	line = strstr(status, "\nCapEff:");
	return line && sscanf(line, "\nCapEff: %llx", &effective) == 1 && effective >> CAP_SYS_ADMIN & 1;
}

static int hold_process(int fd, pid_t pid)
{
	socklen_t len = sizeof(int);
	int pidfd = -1;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) == 0)
		return pidfd;
	return errno == ENOPROTOOPT ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

static bool has_power(int fd, pid_t pid)
{
	cleanup(file_close) int pidfd = pid > 0 ? hold_process(fd, pid) : -1; /* 0: of a process that this pid namespace lacks */
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };

	return pidfd >= 0 && has_sys_admin(pid) && is_in_our_user_namespace(pid) && poll(&ended, 1, 0) == 0;
}

static bool have_one_text(const char *a, const char *b)
{
	cleanup(x_freep) char *one = NULL, *other = NULL;
	size_t len, other_len;

	return file_read(AT_FDCWD, a, STATUS_MAX, &one, &len) == 0 &&
		file_read(AT_FDCWD, b, STATUS_MAX, &other, &other_len) == 0 && len == other_len && memcmp(one, other, len) == 0;
}

/* Without CAP_SYS_PTRACE, the namespace of a process with more capabilities than ours is hidden, but not how it maps users. */
static bool is_in_another_user_namespace(pid_t pid)
{
	char link[40], map[40];
	struct stat st;

	snprintf(link, sizeof(link), "/proc/%d/ns/user", (int)pid);
	snprintf(map, sizeof(map), "/proc/%d/uid_map", (int)pid);
	if (stat(link, &st) < 0 && (errno == EACCES || errno == EPERM))
		return !have_one_text("/proc/self/uid_map", map);
	return !is_in_our_user_namespace(pid);
}

bool peer_is_powerless_root(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) || cred.uid || cred.pid <= 0)
		return false;
	return !has_sys_admin(cred.pid) || is_in_another_user_namespace(cred.pid);
}

int peer_uid(int fd, uid_t *uid)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return -errno;
	*uid = cred.uid || has_power(fd, cred.pid) ? cred.uid : PEER_POWERLESS;
	return 0;
}

/* Root's commands send passwords: not to a root without power either, such as that of a container with the host's network. */
int peer_check_server(int fd, const char *name, struct err *err)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return err_sys(
			err, MISCSI_ERR_ISCSID_COMM_ERR, errno, "cannot find out which process owns iscsid's socket %s", name);
	if (!geteuid() && peer_is_powerless_root(fd))
		err_set(err, MISCSI_ERR_ISCSID_NOTCONN,
			"process %d, which is root without CAP_SYS_ADMIN in this user namespace (root of a container?), listens "
			"on %s: nothing was sent to it, since requests contain passwords; end that process first",
			(int)cred.pid, name);
	else if (cred.uid && cred.uid != geteuid())
		err_set(err, MISCSI_ERR_ISCSID_NOTCONN,
			"a process of user %u, not root's iscsid, listens on %s: nothing was sent to it, since requests contain "
			"passwords; end that process first",
			(unsigned)cred.uid, name);
	else
		return 0;
	return -EPERM;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A static program cannot load libkmod: it runs modprobe(8), if there is one. */
#include "kernel/modprobe.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

/* 0, or -ENOENT: modprobe refuses. Its messages are dropped, since ours name the module and the remedy. */
static int run_modprobe(const char *option, const char *name, struct err *err)
{
	static const char *const paths[] = { "/sbin/modprobe", "/usr/sbin/modprobe" };
	const char *const argv[] = { "modprobe", "-b", option, "--", name, NULL };
	static const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	const char *path = paths[access(paths[0], X_OK) != 0];
	posix_spawn_file_actions_t actions;
	int status, rc = posix_spawn_file_actions_init(&actions);
	pid_t pid;

	if (rc)
		return -rc;
	for (int fd = 0; !rc && fd < 3; fd++)
		rc = posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	if (!rc)
		rc = posix_spawn(&pid, path, &actions, NULL, (char *const *)argv, (char *const *)environment);
	posix_spawn_file_actions_destroy(&actions);
	if (rc) {
		err_sys(err, MISCSI_ERR_TRANS_NOT_FOUND, rc,
			"cannot look for kernel module %s, because the program %s (package kmod) cannot be run", name, path);
		return -ENOSYS;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status == 0 ? 0 : -ENOENT;
}

/* modprobe does not tell built-in modules from others: what sysfs does not show counts as a file. */
int modprobe_is_builtin(const char *name, struct err *err)
{
	return run_modprobe("-n", name, err);
}

int modprobe_insert(const char *name, struct err *err)
{
	return run_modprobe("-q", name, err);
}

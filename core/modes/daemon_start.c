/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command may be the daemon itself, which continues in the background, or a service manager's client. Both exit soon.
 *
 * No shell, since that would interpret quotes and ';' in iscsid.conf.
 */
#include "modes/daemon_start.h"

#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 16
/* Only a successful connect shows that the daemon listens. */
#define STEP_MS 50

/* Requires an absolute path, because PATH comes from the caller. */
static int split_command(char *command, char *argv[WORDS_MAX + 1])
{
	char *save = NULL;
	int n = 0;

	for (char *word = strtok_r(command, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
		if (n == WORDS_MAX)
			return -E2BIG;
		argv[n++] = word;
	}
	argv[n] = NULL;
	return n > 0 && argv[0][0] == '/' ? 0 : -EINVAL;
}

/* With a clean environment, stdin and stdout on /dev/null, no other descriptors of ours, and default signal handling. */
static int spawn_command(char *const argv[], pid_t *pid)
{
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *const env[] = { path, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	sigfillset(&all); /* also those that our caller ignores */
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn(pid, argv[0], &files, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return -rc;
}

/*
 * Only as root: the daemon of another user could not reach the kernel, but would occupy the socket's name.
 *
 * The wait continues after the command has succeeded, because the daemon is its grandchild and may still be adopting sessions.
 */
int daemon_start(const char *command, const struct log *log, int (*connected)(void *arg), void *arg)
{
	cleanup(x_freep) char *copy = x_strdup(command);
	char *argv[WORDS_MAX + 1];
	bool ended = false;
	int status, rc;
	pid_t pid;

	if (geteuid() != 0)
		return -EPERM;
	if (!copy)
		return -ENOMEM;
	rc = split_command(copy, argv);
	if (rc >= 0)
		rc = spawn_command(argv, &pid);
	if (rc < 0) {
		log_err(log, "start",
			"iscsid is not running, and the command that starts it (iscsid.startup: %s) cannot be run: %s", command,
			strerror(-rc));
		return rc;
	}
	for (unsigned waited = 0; waited < DAEMON_START_MS; waited += STEP_MS) {
		if (connected(arg) >= 0)
			return 0;
		if (!ended && waitpid(pid, &status, WNOHANG) == pid) {
			ended = true;
			if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
				log_err(log, "start",
					"iscsid is not running, and the command that starts it (iscsid.startup: %s) failed with "
					"status %d: its messages may have the reason",
					argv[0], WIFEXITED(status) ? WEXITSTATUS(status) : -1);
				return -ECHILD;
			}
		}
		poll(NULL, 0, STEP_MS);
	}
	return -ETIMEDOUT;
}

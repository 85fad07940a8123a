/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trials: a fork, its end, and what that says. No other thread may be in the dynamic linker, whose lock the copy would have. */
#include "plugin/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_S 10u

/* Its end is expected: no core file, and no words of the dynamic linker's on the terminal. The alarm ends what hangs, also where the caller has it blocked or ignored. */
static void in_child(void (*run)(void *arg), void *arg)
{
	static const int fatal[] = { SIGALRM, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		signal(fatal[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(LIMIT_S);
	run(arg);
	_exit(0);
}

static int did_not_end(struct err *err)
{
	err_set(err, MISCSI_ERR_INTERNAL, "did not end within %u s", LIMIT_S);
	return -ENOEXEC;
}

static int outcome(int status, struct err *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status))
		err_set(err, MISCSI_ERR_INTERNAL, "ended the process with status %d", WEXITSTATUS(status));
	else if (WTERMSIG(status) == SIGKILL)
		return -EAGAIN;
	else if (WTERMSIG(status) == SIGALRM)
		return did_not_end(err);
	else
		err_set(err, MISCSI_ERR_INTERNAL, "ended with signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	return -ENOEXEC;
}

/*
 * The alarm does not end a process that waits for a disk that does not answer: it is no longer waited for, and ends with its wait.
 * Without pidfds (before Linux 5.3) it is waited for.
 */
static bool ends_in_time(pid_t pid)
{
	struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int rc;

	do {
		rc = p.fd < 0 ? 1 : poll(&p, 1, (int)(LIMIT_S + 1) * 1000);
	} while (rc < 0 && errno == EINTR);
	if (p.fd >= 0)
		close(p.fd);
	if (rc == 0)
		kill(pid, SIGKILL);
	return rc != 0;
}

/* Where a program ignores SIGCHLD, it would not learn how its child ended. */
int trial_run(void (*run)(void *arg), void *arg, struct err *err)
{
	struct sigaction before, usual = { .sa_handler = SIG_DFL };
	int status = 0, rc;
	pid_t pid, got;

	sigaction(SIGCHLD, &usual, &before);
	pid = fork();
	if (pid == 0)
		in_child(run, arg);
	rc = pid < 0 ? -errno : ends_in_time(pid) ? 0 : did_not_end(err);
	do {
		got = rc ? -1 : waitpid(pid, &status, 0);
	} while (rc == 0 && got < 0 && errno == EINTR);
	sigaction(SIGCHLD, &before, NULL);
	return rc ? rc : got == pid ? outcome(status, err) : -EAGAIN;
}

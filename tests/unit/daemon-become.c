/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pid file of iscsid: its lock, not its text, keeps a second one from starting. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "daemon/iscsid.h"
#include "tempdir.h"
#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void a_second_daemon_is_refused_while_the_first_holds_the_lock(void **state)
{
	struct err err = ERR_INIT;
	struct tempdir t;
	int first, second;

	(void)state;
	tempdir_make(&t);
	assert_int_equal(become_pid_file(tempdir_path(&t, "pid"), &first, &err), 0);
	assert_int_equal(become_pid_file(tempdir_path(&t, "pid"), &second, &err), -EIO);
	assert_non_null(strstr(err.text, "another iscsid is running"));
	assert_non_null(strstr(err.text, tempdir_path(&t, "pid")));
	become_pid_file_remove(tempdir_path(&t, "pid"), first);
	assert_int_equal(tempdir_count(&t), 0);
	tempdir_remove(&t);
}

static void a_file_left_by_a_killed_daemon_is_overwritten(void **state)
{
	struct err err = ERR_INIT;
	struct tempdir t;
	char text[32] = "", own[32];
	int fd;

	(void)state;
	tempdir_make(&t);
	tempdir_put(&t, "pid", "4000000000\n");
	assert_int_equal(become_pid_file(tempdir_path(&t, "pid"), &fd, &err), 0);
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	snprintf(own, sizeof(own), "%d\n", (int)getpid());
	assert_string_equal(text, own);
	become_pid_file_remove(tempdir_path(&t, "pid"), fd);
	tempdir_remove(&t);
}

/* A session needs a descriptor, and systemd starts with 1024. */
static void as_many_files_as_allowed_can_be_open(void **state)
{
	const struct log log = { .level = LOG_LEVEL_ERR, .write = log_to_stderr };
	struct rlimit few, now;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &few), 0);
	few.rlim_cur = few.rlim_max / 2;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	become_many_files(&log);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	assert_int_equal(now.rlim_cur, few.rlim_max);
}

/* In a child, since it forks: the parent's status is that of the daemon, which exits before it is ready, or 0 as soon as it is ready. */
static int status_of_start(bool ready)
{
	pid_t pid = fork();
	int pipe_fd, status;

	if (pid == 0) {
		if (become_daemon(&pipe_fd) < 0)
			_exit(99);
		if (ready)
			become_ready(pipe_fd);
		_exit(7);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void the_starter_gets_the_status_of_a_daemon_that_fails(void **state)
{
	(void)state;
	assert_int_equal(status_of_start(true), 0);
	assert_int_equal(status_of_start(false), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_daemon_is_refused_while_the_first_holds_the_lock),
		cmocka_unit_test(as_many_files_as_allowed_can_be_open),
		cmocka_unit_test(a_file_left_by_a_killed_daemon_is_overwritten),
		cmocka_unit_test(the_starter_gets_the_status_of_a_daemon_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

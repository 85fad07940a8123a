/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The authority of real processes: root counts with CAP_SYS_ADMIN in this user namespace, and only while it lives. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ipc/listener.h"
#include "ipc/peer.h"
#include "tempdir.h"
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

static bool stays_as_it_is(void)
{
	return true;
}

static bool drop_sys_admin(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	data[0].effective &= ~(1U << CAP_SYS_ADMIN);
	return syscall(SYS_capset, &header, data) == 0;
}

static bool leave_namespace(void)
{
	FILE *f = unshare(CLONE_NEWUSER) == 0 ? fopen("/proc/self/uid_map", "w") : NULL;

	return f && fputs("0 0 1\n", f) >= 0 && fclose(f) == 0;
}

static bool become_nobody(void)
{
	return setresuid(12345, 12345, 12345) == 0;
}

/* The uid of a process that did this, and connected, and ended if it does not live; -1: it could not do it. */
static long uid_after(bool (*prepare)(void), bool lives)
{
	char name[PATH_MAX];
	struct sockaddr_un addr;
	struct tempdir t;
	socklen_t len;
	int listening, fd, status;
	uid_t uid = 0;
	pid_t pid;

	tempdir_make(&t);
	assert_int_equal(chmod(t.dir, 0755), 0);
	snprintf(name, sizeof(name), "%s", tempdir_path(&t, "socket"));
	assert_int_equal(listener_open(name, &listening, NULL), 0);
	assert_int_equal(listener_address(name, &addr, &len), 0);
	pid = fork();
	if (pid == 0) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (!prepare() || connect(fd, (struct sockaddr *)&addr, len) < 0)
			_exit(1);
		while (lives)
			pause();
		_exit(0);
	}
	if (!lives)
		assert_int_equal(waitpid(pid, &status, 0), pid);
	do {
		fd = accept(listening, NULL, NULL);
		usleep(1000);
	} while (fd < 0 && (!lives || waitpid(pid, &status, WNOHANG) == 0) && lives);
	if (fd >= 0)
		assert_int_equal(peer_uid(fd, &uid), 0);
	if (lives) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	close(fd);
	close(listening);
	tempdir_remove(&t);
	return fd < 0 ? -1 : (long)uid;
}

static void only_root_with_power_is_root(void **state)
{
	const long powerless = (long)PEER_POWERLESS;
	long uid;

	(void)state;
	if (geteuid() || uid_after(stays_as_it_is, true) != 0)
		skip(); /* this is not such a root itself */
	assert_int_equal(uid_after(drop_sys_admin, true), powerless);
	assert_int_equal(uid_after(become_nobody, true), 12345);
	uid = uid_after(leave_namespace, true);
	if (uid != -1) /* user namespaces may be switched off */
		assert_int_equal(uid, powerless);
}

static void a_root_that_ended_has_no_power(void **state)
{
	(void)state;
	assert_int_equal(uid_after(stays_as_it_is, false), geteuid() ? (long)geteuid() : (long)PEER_POWERLESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_root_with_power_is_root),
		cmocka_unit_test(a_root_that_ended_has_no_power),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

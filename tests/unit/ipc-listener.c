/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of ipc/listener: sockets of its own and of systemd. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ipc/listener.h"
#include "tempdir.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static int try_connect(const char *name)
{
	struct sockaddr_un addr;
	socklen_t len;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	assert_int_equal(listener_address(name, &addr, &len), 0);
	rc = connect(fd, (struct sockaddr *)&addr, len) ? -errno : 0;
	close(fd);
	return rc;
}

static void a_path_is_made_ready_for_everyone(void **state)
{
	struct tempdir w;
	struct stat st;
	char path[128];
	mode_t old = umask(077);
	int fd;

	(void)state;
	tempdir_make(&w);
	snprintf(path, sizeof(path), "%s/run/deep/socket", w.dir);
	assert_int_equal(listener_open(path, &fd, NULL), 0);
	umask(old);
	assert_int_equal(try_connect(path), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0666);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	tempdir_remove(&w);
}

static void a_dead_socket_is_replaced_a_living_is_not(void **state)
{
	struct err err = ERR_INIT;
	struct tempdir w;
	char path[128];
	int fd, again;

	(void)state;
	tempdir_make(&w);
	snprintf(path, sizeof(path), "%s/socket", w.dir);
	assert_int_equal(listener_open(path, &fd, &err), 0);
	assert_int_equal(listener_open(path, &again, &err), -EADDRINUSE);
	close(fd);
	assert_int_equal(try_connect(path), -ECONNREFUSED);
	assert_int_equal(listener_open(path, &again, &err), 0);
	assert_int_equal(try_connect(path), 0);
	assert_int_equal(tempdir_count(&w), 1); /* nothing beside it */
	listener_unlink(path); /* it lives */
	assert_int_equal(try_connect(path), 0);
	close(again);
	listener_unlink(path);
	assert_int_equal(try_connect(path), -ENOENT);
	tempdir_remove(&w);
}

static void what_is_no_socket_is_not_removed(void **state)
{
	struct tempdir w;
	char path[128];
	int fd;

	(void)state;
	tempdir_make(&w);
	snprintf(path, sizeof(path), "%s/file", w.dir);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	listener_unlink(path);
	assert_int_equal(access(path, F_OK), 0);
	tempdir_remove(&w);
}

static void an_abstract_name_needs_no_file(void **state)
{
	char name[64];
	int fd, again;

	(void)state;
	snprintf(name, sizeof(name), "@org.miscsi.test-%ld", (long)getpid());
	assert_int_equal(listener_open(name, &fd, NULL), 0);
	assert_int_equal(try_connect(name), 0);
	assert_int_equal(listener_open(name, &again, NULL), -EADDRINUSE);
	close(fd);
	assert_int_equal(try_connect(name), -ECONNREFUSED);
}

static void names_are_checked(void **state)
{
	struct sockaddr_un addr;
	socklen_t len;
	char name[128];
	int fd;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(listener_address(name, &addr, &len), -ENAMETOOLONG);
	name[107] = '\0';
	assert_int_equal(listener_address(name, &addr, &len), 0);
	assert_int_equal(len, sizeof(addr));
	assert_int_equal(listener_address("", &addr, &len), -EINVAL);
	assert_int_equal(listener_address("@", &addr, &len), -EINVAL);
	assert_int_equal(listener_address("@ab", &addr, &len), 0);
	assert_int_equal(len, offsetof(struct sockaddr_un, sun_path) + 3);
	assert_int_equal(listener_open("relative", &fd, NULL), -EINVAL);
}

/* In a child, whose descriptors are its own: 3 listens, 4 is a pipe, 5 is a datagram socket, 6 listens. */
static int inherit_in_child(const char *pid, const char *count, int max, int *third)
{
	struct tempdir w;
	int fds[8], a, b, p[2], n;

	tempdir_make(&w);
	if (listener_open(tempdir_path(&w, "a"), &a, NULL) || listener_open(tempdir_path(&w, "b"), &b, NULL) || pipe(p))
		return -1;
	dup2(a, 103);
	dup2(p[0], 104);
	dup2(socket(AF_UNIX, SOCK_DGRAM, 0), 105);
	dup2(b, 106);
	for (int i = 3; i < 7; i++)
		dup2(i + 100, i);
	fcntl(3, F_SETFL, 0);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", count, 1);
	n = listener_inherit(fds, max);
	*third = n > 1 ? fds[1] : -1;
	tempdir_remove(&w);
	if (getenv("LISTEN_PID") || getenv("LISTEN_FDS"))
		return -1;
	if (n > 0 && (!(fcntl(3, F_GETFL) & O_NONBLOCK) || !(fcntl(3, F_GETFD) & FD_CLOEXEC)))
		return -1;
	return n;
}

static int inherited(const char *pid, const char *count, int max)
{
	int status, second;
	char own[32];
	pid_t child = fork();

	if (!child) {
		snprintf(own, sizeof(own), "%ld", (long)getpid());
		status = inherit_in_child(pid ? pid : own, count, max, &second);
		_exit(status < 0 || (status > 1 && second != 6) ? 99 : status);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void sockets_of_systemd_are_taken(void **state)
{
	(void)state;
	assert_int_equal(inherited(NULL, "4", 8), 2);
	assert_int_equal(inherited(NULL, "1", 8), 1);
	assert_int_equal(inherited(NULL, "4", 1), 1);
	assert_int_equal(inherited("1", "4", 8), 0);
	assert_int_equal(inherited(NULL, "0", 8), 0);
	assert_int_equal(inherited(NULL, "-1", 8), 0);
	assert_int_equal(inherited(NULL, "4x", 8), 0);
	assert_int_equal(inherited(NULL, "99999999999999999999", 8), 0);
	assert_int_equal(inherited("", "4", 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_made_ready_for_everyone),
		cmocka_unit_test(a_dead_socket_is_replaced_a_living_is_not),
		cmocka_unit_test(what_is_no_socket_is_not_removed),
		cmocka_unit_test(an_abstract_name_needs_no_file),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(sockets_of_systemd_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

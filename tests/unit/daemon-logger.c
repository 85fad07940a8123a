/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's log never waits, whatever it goes to; what finds no room is counted. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "daemon/logger.h"
#include "tempdir.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

static void log_lines(struct logger *l, unsigned n)
{
	char text[64];

	for (unsigned i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "line %u of some that all have the same length", i);
		logger_write(l, LOG_LEVEL_INFO, "module", text);
	}
}

/* The rest of what was written; does not wait. */
static void read_all(int fd, char *out, size_t size)
{
	size_t at = 0;
	ssize_t n;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while ((n = read(fd, out + at, size - 1 - at)) > 0)
		at += (size_t)n;
	out[at] = '\0';
}

static void a_stream_that_nobody_reads(int writing, int reading)
{
	static char got[1 << 20];
	struct logger l;
	unsigned n, lost;

	logger_open_stderr(&l, writing);
	log_lines(&l, 10000);
	read_all(reading, got, sizeof(got));
	for (n = 0; strstr(got, "iscsid: line "); n++)
		memcpy(strstr(got, "iscsid: line "), "read", 4);
	assert_true(n > 10 && n < 10000);
	log_lines(&l, 1);
	read_all(reading, got, sizeof(got));
	assert_int_equal(sscanf(got, "iscsid: %u lines of the log were lost", &lost), 1);
	assert_int_equal(lost + n, 10000);
	assert_non_null(strstr(got, "\niscsid: line 0 of some that all have the same length\n"));
	logger_close(&l);
	assert_int_equal(fcntl(writing, F_GETFL) & O_NONBLOCK, 0); /* other processes share it */
	close(writing);
	close(reading);
}

static void a_pipe_is_never_waited_for(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	a_stream_that_nobody_reads(ends[1], ends[0]);
}

/* The journal's. */
static void a_socket_is_never_waited_for(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	a_stream_that_nobody_reads(ends[1], ends[0]);
}

static int bind_syslog(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void syslog_is_never_waited_for_and_may_come_late(void **state)
{
	char path[PATH_MAX], got[2048];
	struct tempdir t;
	struct logger l;
	int fd;

	(void)state;
	tempdir_make(&t);
	snprintf(path, sizeof(path), "%s", tempdir_path(&t, "log"));
	logger_open_syslog(&l, path);
	log_lines(&l, 3);
	fd = bind_syslog(path);
	log_lines(&l, 1);
	assert_true(recv(fd, got, sizeof(got), 0) > 0); /* line 0: its failure connects, and the count comes with the next */
	log_lines(&l, 10000);
	while (recv(fd, got, sizeof(got), 0) > 0)
		;
	close(fd); /* started again */
	unlink(path);
	fd = bind_syslog(path);
	log_lines(&l, 1);
	memset(got, 0, sizeof(got));
	assert_true(recv(fd, got, sizeof(got) - 1, 0) > 0);
	assert_memory_equal(got, "<28>", 4); /* daemon, warning */
	assert_non_null(strstr(got, " lines of the log were lost"));
	memset(got, 0, sizeof(got));
	assert_true(recv(fd, got, sizeof(got) - 1, 0) > 0);
	assert_memory_equal(got, "<30>", 4);
	assert_non_null(strstr(got, "]: module: line 0"));
	logger_close(&l);
	close(fd);
	tempdir_remove(&t);
}

static void a_file_is_written_to_by_another_process(void **state)
{
	char path[] = "/var/tmp/miscsi-log.XXXXXX", got[256];
	int fd = mkstemp(path);
	struct logger l;

	(void)state;
	assert_true(fd >= 0);
	logger_open_stderr(&l, fd);
	if (!l.writer) { /* that folder is in memory here */
		unlink(path);
		close(fd);
		skip();
	}
	assert_int_equal(kill(l.writer, SIGSTOP), 0); /* as if its disk did not answer */
	log_lines(&l, 10000);
	assert_int_equal(kill(l.writer, SIGCONT), 0);
	logger_close(&l);
	lseek(fd, 0, SEEK_SET);
	read_all(fd, got, sizeof(got));
	assert_memory_equal(got, "iscsid: line 0 of", 17);
	unlink(path);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pipe_is_never_waited_for),
		cmocka_unit_test(a_socket_is_never_waited_for),
		cmocka_unit_test(syslog_is_never_waited_for_and_may_come_late),
		cmocka_unit_test(a_file_is_written_to_by_another_process),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

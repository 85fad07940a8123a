/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listener for notifications, over real sockets: servers are heard, strangers are not, and neither can take more than its share. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "discovery/isns_listener.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* A notification for "me", and the response to it. */
static const char scn[] = "\0\1\0\x8\0\xc\x4c\0\0\7\0\0\0\0\0\x20\0\0\0\4me\0";
static const char response[] = "\0\1\x80\x8\0\x10\x8c\0\0\7\0\0\0\0\0\0\0\0\0\x20\0\0\0\4me\0";

struct listening {
	struct loop *loop;
	struct isns_listener *listener;
	bool strangers; /* nobody is known */
	unsigned changes;
	struct log log;
	unsigned lines;
	uint64_t now;
};

static bool known(void *arg, const struct sockaddr_storage *from)
{
	struct sockaddr_storage local = { .ss_family = AF_INET };

	((struct sockaddr_in *)&local)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(isns_listener_same(from, &local)); /* whatever family the socket has */
	return !((struct listening *)arg)->strangers;
}

static void changed(void *arg, const struct sockaddr_storage *from)
{
	(void)from;
	((struct listening *)arg)->changes++;
}

static void count_line(void *arg, enum log_level level, const char *module, const char *text)
{
	(void)level;
	(void)module;
	(void)text;
	((struct listening *)arg)->lines++;
}

static uint64_t now_of(void *arg)
{
	return ((struct listening *)arg)->now;
}

static void start(struct listening *w)
{
	struct isns_listener_config config = { .log = &w->log, .known = known, .changed = changed, .arg = w };

	memset(w, 0, sizeof(*w));
	w->log = (struct log){ .level = LOG_LEVEL_INFO, .write = count_line, .arg = w };
	w->now = 1000;
	assert_int_equal(loop_new(&w->loop), 0);
	loop_set_clock(w->loop, now_of, w);
	config.loop = w->loop;
	assert_int_equal(isns_listener_new(&config, &w->listener), 0);
	assert_int_not_equal(isns_listener_port(w->listener), 0);
}

static void stop(struct listening *w)
{
	isns_listener_free(w->listener);
	loop_free(w->loop);
}

static void turn(struct listening *w)
{
	while (loop_step(w->loop, 20) > 0)
		;
}

static int join(struct listening *w)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(isns_listener_port(w->listener)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	turn(w);
	return fd;
}

static bool is_closed(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);

	return n == 0 || (n < 0 && errno != EAGAIN);
}

static void a_server_is_heard_and_answered(void **state)
{
	struct listening w;
	char in[64];
	int fd;

	(void)state;
	start(&w);
	fd = join(&w);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(send(fd, scn, sizeof(scn), 0), sizeof(scn));
		turn(&w);
		assert_int_equal(w.changes, i);
		assert_int_equal(recv(fd, in, sizeof(in), MSG_DONTWAIT), sizeof(response));
		assert_memory_equal(in, response, sizeof(response));
	}
	close(fd);
	turn(&w);
	stop(&w);
}

static void a_stranger_is_not(void **state)
{
	struct listening w;
	int fd;

	(void)state;
	start(&w);
	w.strangers = true;
	fd = join(&w);
	assert_true(is_closed(fd));
	close(fd);
	w.strangers = false;
	fd = join(&w);
	assert_int_equal(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
	turn(&w);
	assert_true(is_closed(fd));
	assert_int_equal(w.changes, 0);
	close(fd);
	stop(&w);
}

/* What any program of the server's host can send. */
static void nonsense_makes_a_line_a_minute(void **state)
{
	struct listening w;

	(void)state;
	start(&w);
	for (unsigned i = 0; i < 100; i++) {
		int fd = join(&w);

		assert_int_equal(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
		turn(&w);
		assert_true(is_closed(fd));
		close(fd);
		w.now += 1000;
	}
	assert_int_equal(w.lines, 2);
	stop(&w);
}

/* The listening socket stays readable: it must not keep the loop busy, and the connection comes when there are descriptors. */
static void without_descriptors_it_waits(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0), next;
	struct rlimit before, few;
	struct listening w;
	unsigned calls = 0;

	(void)state;
	start(&w);
	next = dup(fd);
	close(next);
	to.sin_port = htons(isns_listener_port(w.listener));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){ (rlim_t)next, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	for (unsigned i = 0; i < 20; i++)
		calls += (unsigned)loop_step(w.loop, 10);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_in_range(calls, 1, 2);
	assert_int_equal(w.lines, 1);
	w.now += 1000;
	turn(&w);
	assert_int_equal(send(fd, scn, sizeof(scn), 0), sizeof(scn));
	turn(&w);
	assert_int_equal(w.changes, 1);
	close(fd);
	stop(&w);
}

/* The connection that was silent for longest makes room. */
static void connections_are_few(void **state)
{
	int fds[ISNS_LISTENER_CONNECTIONS + 4];
	struct listening w;

	(void)state;
	start(&w);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = join(&w);
		assert_int_equal(send(fds[0], scn, sizeof(scn), 0), sizeof(scn));
		turn(&w);
	}
	assert_false(recv(fds[0], &(char){ 0 }, 1, MSG_DONTWAIT) != 1);
	for (size_t i = 1; i < ARRAY_SIZE(fds); i++)
		assert_int_equal(is_closed(fds[i]), i <= 4);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	stop(&w);
}

/* One that reads no responses is closed before they take much memory. */
static void a_server_that_reads_nothing_is_closed(void **state)
{
	char many[85 * sizeof(scn)];
	struct listening w;
	int fd, small = 1;
	size_t sent = 0; /* whole notifications, however they are cut */
	ssize_t n = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = scn[i % sizeof(scn)];
	start(&w);
	fd = join(&w);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (unsigned i = 0; i < 100000 && (n > 0 || errno == EAGAIN); i++) {
		n = send(fd, many + sent, sizeof(many) - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		sent = n > 0 ? (sent + (size_t)n) % sizeof(scn) : sent;
		while (loop_step(w.loop, 0) > 0)
			;
	}
	assert_true(n < 0 && (errno == EPIPE || errno == ECONNRESET));
	close(fd);
	stop(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_is_heard_and_answered),
		cmocka_unit_test(a_stranger_is_not),
		cmocka_unit_test(nonsense_makes_a_line_a_minute),
		cmocka_unit_test(without_descriptors_it_waits),
		cmocka_unit_test(connections_are_few),
		cmocka_unit_test(a_server_that_reads_nothing_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

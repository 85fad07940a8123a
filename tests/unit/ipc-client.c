/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of ipc/client: against the real service in another thread, and against daemons that misbehave. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "ipc-manager.h"
#include "ipc/client.h"
#include "ipc/listener.h"
#include "tempdir.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>

static uid_t daemon_uid; /* whom the daemon takes its peers for */

struct daemon {
	struct loop *loop;
	struct service *service;
	struct fake manager;
	pthread_t thread;
	int pair[2];
	struct client *client;
	struct loop_fd ending;
	int end; /* an eventfd: the loop is to end */
};

static int uid_of_peer(int fd, uid_t *uid)
{
	(void)fd;
	*uid = daemon_uid;
	return 0;
}

static void on_stop(void *arg)
{
	loop_quit(((struct daemon *)arg)->loop);
}

static void on_end(void *arg, uint32_t events)
{
	(void)events;
	on_stop(arg);
}

static void *run(void *arg)
{
	struct daemon *d = arg;

	loop_run(d->loop);
	service_free(d->service);
	return NULL;
}

static void start(struct daemon *d, uid_t uid)
{
	struct service_config config = { .ops = &fake_ops, .stop = on_stop, .peer = uid_of_peer };

	memset(d, 0, sizeof(*d));
	daemon_uid = uid;
	assert_int_equal(loop_new(&d->loop), 0);
	d->end = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(loop_fd_add(d->loop, &d->ending, d->end, EPOLLIN, on_end, d), 0);
	fake_start(&d->manager, d->loop);
	d->manager.at_once = true;
	config.loop = d->loop;
	config.manager = (struct manager *)&d->manager;
	config.arg = d;
	assert_int_equal(service_new(&config, &d->service), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, d->pair), 0);
	assert_int_equal(varlink_server_accept(service_server(d->service), d->pair[0]), 0);
	assert_int_equal(client_open_fd(d->pair[1], &d->client), 0);
	assert_int_equal(pthread_create(&d->thread, NULL, run, d), 0);
}

static void join(struct daemon *d)
{
	client_close(d->client);
	pthread_join(d->thread, NULL);
	fake_stop(&d->manager);
	loop_free(d->loop);
	close(d->end);
}

static void stop(struct daemon *d)
{
	struct err err = ERR_INIT;

	assert_int_equal(client_stop(d->client, &err), 0);
	join(d);
}

struct results {
	unsigned n, of[8]; /* of: how often each index came */
	enum miscsi_error code[8];
	uint32_t sid[8];
	char text[8][64];
};

static void on_result(void *arg, const struct client_result *r)
{
	struct results *results = arg;

	assert_true(r->index < 8);
	results->n++;
	results->of[r->index]++;
	results->code[r->index] = r->err.code;
	results->sid[r->index] = r->sid;
	snprintf(results->text[r->index], 64, "%.63s", r->err.text);
}

static struct record *node(const char *target)
{
	struct record *r = record_new(RECORD_NODE);

	assert_int_equal(record_set(r, FIELD_NODE_NAME, target, NULL), 0);
	return r;
}

static void login_gives_each_record_its_result(void **state)
{
	struct record *records[] = { node("iqn.2000-01.a:x"), node("iqn.2000-01.a:denied"), node("iqn.2000-01.a:there") };
	struct results results = { 0 };
	struct err err = ERR_INIT;
	struct daemon d;

	(void)state;
	start(&d, 0);
	assert_int_equal(client_login(d.client, records, 3, true, on_result, &results, &err), 0);
	assert_int_equal(results.n, 3);
	assert_int_equal(results.code[0], MISCSI_ERR_OK);
	assert_int_equal(results.code[1], MISCSI_ERR_LOGIN_AUTH_FAILED);
	assert_int_equal(results.code[2], MISCSI_ERR_SESS_EXISTS);
	assert_string_equal(results.text[1], "because iqn.2000-01.a:denied");
	assert_int_equal(results.sid[0], 1);
	assert_int_equal(client_login(d.client, records, 0, true, on_result, &results, &err), 0);
	for (int i = 0; i < 3; i++)
		record_free(records[i]);
	stop(&d);
}

struct counted {
	unsigned char of[20000];
	unsigned n;
};

static void on_counted(void *arg, const struct client_result *r)
{
	struct counted *c = arg;

	assert_true(r->index < sizeof(c->of));
	c->of[r->index]++;
	c->n++;
}

/* More than the daemon takes in one call. */
static void many_objects_are_several_calls(void **state)
{
	static struct counted counted;
	static uint32_t sids[20000];
	static struct record *records[9000];
	struct err err = ERR_INIT;
	struct daemon d;

	(void)state;
	start(&d, 0);
	for (uint32_t i = 0; i < 20000; i++)
		sids[i] = i + 1;
	assert_int_equal(client_rescan(d.client, sids, 20000, on_counted, &counted, &err), 0);
	assert_int_equal(counted.n, 20000);
	for (unsigned i = 0; i < 20000; i++)
		assert_int_equal(counted.of[i], 1);
	memset(&counted, 0, sizeof(counted));
	records[0] = node("iqn.2000-01.a:x");
	for (unsigned i = 1; i < 9000; i++)
		records[i] = records[0];
	assert_int_equal(client_login(d.client, records, 9000, true, on_counted, &counted, &err), 0);
	for (unsigned i = 0; i < 9000; i++)
		assert_int_equal(counted.of[i], 1);
	record_free(records[0]);
	stop(&d);
}

static void logout_and_rescan_give_each_sid_its_result(void **state)
{
	static const uint32_t sids[] = { 7, 99 };
	struct results results = { 0 };
	struct err err = ERR_INIT;
	struct daemon d;

	(void)state;
	start(&d, 0);
	assert_int_equal(client_logout(d.client, sids, 2, true, on_result, &results, &err), 0);
	assert_int_equal(results.code[0], MISCSI_ERR_OK);
	assert_int_equal(results.code[1], MISCSI_ERR_BUSY);
	assert_true(d.manager.force);
	assert_int_equal(client_rescan(d.client, sids, 1, on_result, &results, &err), 0);
	assert_int_equal(results.of[0], 2);
	stop(&d);
}

static void on_session(void *arg, const struct client_session *s)
{
	char *text = arg;
	size_t n = strlen(text);

	snprintf(text + n, 1024 - n, "%u %s %s:%u,%d %s %s %s/%s [%s] %u %u %d\n", (unsigned)s->sid, s->target, s->address,
		(unsigned)s->port, s->tpgt, s->iface, s->transport, s->state, s->connection, s->error ? s->error : "-",
		s->reconnects, (unsigned)s->since_ms, s->adopted);
}

static void looking_needs_no_root(void **state)
{
	static const uint32_t sid = 1;
	struct results results = { 0 };
	struct err err = ERR_INIT;
	struct daemon d;
	char text[1024] = "";

	(void)state;
	start(&d, 1000);
	assert_int_equal(client_list(d.client, 10000, on_session, text, &err), 0);
	assert_string_equal(text,
		"0 iqn.a 10.0.0.1:3260,-1 default tcp NEW/FREE [-] 0 0 0\n"
		"1 iqn.a 10.0.0.1:3260,1 default tcp LOGGED_IN/LOGGED_IN [-] 0 5 1\n"
		"2 iqn.a 10.0.0.2:3260,1 eth1 tcp FAILED/FREE [gone\\x1b] 3 0 0\n"
		"4 iqn.b 10.0.0.2:3261,2 eth1 tcp LOGGED_IN/LOGGED_IN [-] 0 0 0\n");
	assert_true(client_logout(d.client, &sid, 1, false, on_result, &results, &err) < 0);
	assert_int_equal(err.code, MISCSI_ERR_ACCESS);
	assert_int_equal(results.of[0], 1);
	assert_int_equal(results.code[0], MISCSI_ERR_ACCESS);
	err_clear(&err);
	assert_int_equal(client_stop(d.client, &err), -EACCES);
	assert_int_equal(eventfd_write(d.end, 1), 0);
	join(&d);
}

/* A daemon that says only this; the client is at the other end. */
static struct client *mute(const char *bytes, size_t len, int *other)
{
	struct client *c;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(send(pair[0], bytes, len, 0), len);
	assert_int_equal(client_open_fd(pair[1], &c), 0);
	*other = pair[0];
	return c;
}

static void a_daemon_that_talks_nonsense_is_left(void **state)
{
#define SAY(text) \
	{ \
		text, sizeof(text) \
	}
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = { SAY("x"), SAY(""), SAY("[]"), SAY("{\"parameters\":[]}"), SAY("{\"error\":1}"), SAY("{\"continues\":1}"),
		SAY("{\"parameters\":{},\"continues\":true}") };
	struct err err;
	int other;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct client *c = mute(rows[i].bytes, rows[i].len, &other);

		err_clear(&err);
		assert_true(client_call(c, "a.b.C", NULL, NULL, NULL, 5000, NULL, &err) < 0);
		assert_int_equal(err.code, MISCSI_ERR_ISCSID_COMM_ERR);
		/* and stays left */
		err_clear(&err);
		assert_true(client_call(c, "a.b.C", NULL, NULL, NULL, 5000, NULL, &err) < 0);
		assert_int_equal(err.code, MISCSI_ERR_ISCSID_COMM_ERR);
		client_close(c);
		close(other);
	}
}

static void errors_are_told_apart(void **state)
{
	static const struct {
		const char *reply;
		enum miscsi_error code;
		const char *text;
	} rows[] = {
		{ "{\"error\":\"org.miscsi.Error\",\"parameters\":{\"code\":28,\"text\":\"why\\n\"}}", MISCSI_ERR_BUSY,
			"why\\x0a" },
		{ "{\"error\":\"org.miscsi.Error\",\"parameters\":{\"code\":99}}", MISCSI_ERR_GENERIC, "" },
		{ "{\"error\":\"org.miscsi.Error\",\"parameters\":{\"code\":0}}", MISCSI_ERR_GENERIC, "" },
		{ "{\"error\":\"org.miscsi.Error\"}", MISCSI_ERR_GENERIC, "" },
		{ "{\"error\":\"org.varlink.service.PermissionDenied\"}", MISCSI_ERR_ACCESS,
			"iscsid refuses the request a.b.C: only root may send it, and in a container only with CAP_SYS_ADMIN in "
			"iscsid's user namespace" },
		{ "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"p\"}}",
			MISCSI_ERR_INVALID_MGMT_REQ,
			"iscsid refuses parameter 'p' of a.b.C: restart iscsid, whose version may differ from iscsiadm's" },
		{ "{\"error\":\"x.y\\u001b\"}", MISCSI_ERR_INVALID_MGMT_REQ,
			"iscsid refuses a.b.C with error x.y\\x1b: restart iscsid, whose version may differ from iscsiadm's" },
	};
	struct err err;
	int other;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct client *c = mute(rows[i].reply, strlen(rows[i].reply) + 1, &other);

		err_clear(&err);
		assert_true(client_call(c, "a.b.C", NULL, NULL, NULL, 5000, NULL, &err) < 0);
		assert_int_equal(err.code, rows[i].code);
		assert_string_equal(err.text, rows[i].text);
		/* the connection is good for another call */
		assert_int_equal(send(other, "{}", 3, 0), 3);
		assert_int_equal(client_call(c, "a.b.C", NULL, NULL, NULL, 5000, NULL, &err), 0);
		client_close(c);
		close(other);
	}
}

static void a_dead_daemon_is_seen_at_once(void **state)
{
	static const char one[] = "{\"parameters\":{\"results\":[{\"index\":1,\"sid\":3}]},\"continues\":true}";
	static const uint32_t sids[] = { 1, 2, 3 };
	struct results results = { 0 };
	struct err err = ERR_INIT;
	int other;
	struct client *c = mute(one, sizeof(one), &other);

	(void)state;
	shutdown(other, SHUT_WR);
	assert_true(client_logout(c, sids, 3, false, on_result, &results, &err) < 0);
	assert_int_equal(err.code, MISCSI_ERR_ISCSID_COMM_ERR);
	assert_int_equal(results.n, 3);
	assert_int_equal(results.code[1], MISCSI_ERR_OK);
	assert_int_equal(results.sid[1], 3);
	assert_int_equal(results.code[0], MISCSI_ERR_ISCSID_COMM_ERR);
	assert_int_equal(results.code[2], MISCSI_ERR_ISCSID_COMM_ERR);
	client_close(c);
	close(other);
}

static void every_result_comes_once(void **state)
{
	static const char twice[] = "{\"parameters\":{\"results\":[{\"index\":0},{\"index\":0},{\"index\":9},"
				    "{\"index\":-1},{},7,{\"index\":\"1\"}]}}";
	static const uint32_t sids[] = { 1, 2 };
	struct results results = { 0 };
	struct err err = ERR_INIT;
	int other;
	struct client *c = mute(twice, sizeof(twice), &other);

	(void)state;
	assert_true(client_logout(c, sids, 2, false, on_result, &results, &err) < 0);
	assert_int_equal(results.n, 2);
	assert_int_equal(results.of[0], 1);
	assert_int_equal(results.code[1], MISCSI_ERR_ISCSID_COMM_ERR);
	client_close(c);
	close(other);
}

static void a_wait_ends_by_deadline_or_interrupt(void **state)
{
	struct err err = ERR_INIT;
	int other, event = eventfd(1, EFD_CLOEXEC);
	struct client *c = mute("{", 1, &other);

	(void)state;
	assert_int_equal(client_call(c, "a.b.C", NULL, NULL, NULL, 20, NULL, &err), -ETIMEDOUT);
	assert_int_equal(err.code, MISCSI_ERR_ISCSID_COMM_ERR);
	client_close(c);
	close(other);
	c = mute("{", 1, &other);
	client_set_interrupt(c, event);
	assert_int_equal(client_call(c, "a.b.C", NULL, NULL, NULL, 0, NULL, &err), -EINTR);
	client_close(c);
	close(other);
	close(event);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int signo)
{
	(void)signo;
	alarms++;
}

/* Neither is the call given up, nor does its deadline begin anew with each. */
static void signals_do_not_end_a_wait_nor_lengthen_it(void **state)
{
	const struct sigaction sa = { .sa_handler = on_alarm };
	const struct itimerval often = { .it_value = { .tv_usec = 20000 }, .it_interval = { .tv_usec = 20000 } };
	const struct itimerval never = { .it_value = { .tv_sec = 0 } };
	struct err err = ERR_INIT;
	int other;
	struct client *c = mute("{", 1, &other);

	(void)state;
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	assert_int_equal(client_call(c, "a.b.C", NULL, NULL, NULL, 200, NULL, &err), -ETIMEDOUT);
	setitimer(ITIMER_REAL, &never, NULL);
	assert_true(alarms > 2 && alarms < 100);
	client_close(c);
	close(other);
}

static int leave(void *arg, struct json_object *parameters)
{
	(void)arg, (void)parameters;
	return -ECANCELED;
}

static void a_stream_can_be_left(void **state)
{
	struct err err = ERR_INIT;
	int other;
	struct client *c = mute("{\"continues\":true}", 19, &other);

	(void)state;
	assert_int_equal(client_call(c, "a.b.C", NULL, leave, NULL, 0, NULL, &err), -ECANCELED);
	assert_true(client_call(c, "a.b.C", NULL, NULL, NULL, 0, NULL, &err) < 0);
	client_close(c);
	close(other);
}

static void no_daemon_is_told_apart(void **state)
{
	struct client *c = NULL;
	struct err err = ERR_INIT;
	struct tempdir w;
	int fd;

	(void)state;
	tempdir_make(&w);
	assert_true(client_open(tempdir_path(&w, "none"), 1000, &c, &err) < 0);
	assert_int_equal(err.code, MISCSI_ERR_ISCSID_NOTCONN);
	err_clear(&err);
	assert_int_equal(listener_open(tempdir_path(&w, "s"), &fd, &err), 0);
	assert_int_equal(client_open(tempdir_path(&w, "s"), 1000, &c, &err), 0);
	client_close(c);
	close(fd); /* the daemon died */
	assert_true(client_open(tempdir_path(&w, "s"), 1000, &c, &err) < 0);
	assert_int_equal(err.code, MISCSI_ERR_ISCSID_NOTCONN);
	assert_true(client_open("@org.miscsi.no-such-socket", 1000, &c, &err) < 0);
	assert_int_equal(err.code, MISCSI_ERR_ISCSID_NOTCONN);
	assert_true(client_open("", 1000, &c, &err) < 0);
	assert_int_equal(err.code, MISCSI_ERR_INVAL);
	tempdir_remove(&w);
}

/* Nobody accepts: the queue fills, and then a connect waits. */
static void a_connect_has_a_timeout(void **state)
{
	struct client *c[8] = { NULL };
	struct err err = ERR_INIT;
	struct tempdir w;
	int fd, n = 0;

	(void)state;
	tempdir_make(&w);
	assert_int_equal(listener_open(tempdir_path(&w, "s"), &fd, &err), 0);
	listen(fd, 1);
	while (n < 8 && !client_open(tempdir_path(&w, "s"), 20, &c[n], &err))
		n++;
	assert_in_range(n, 1, 7);
	assert_int_equal(err.code, MISCSI_ERR_ISCSID_COMM_ERR);
	while (n--)
		client_close(c[n]);
	close(fd);
	tempdir_remove(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(login_gives_each_record_its_result),
		cmocka_unit_test(logout_and_rescan_give_each_sid_its_result),
		cmocka_unit_test(many_objects_are_several_calls),
		cmocka_unit_test(looking_needs_no_root),
		cmocka_unit_test(a_daemon_that_talks_nonsense_is_left),
		cmocka_unit_test(errors_are_told_apart),
		cmocka_unit_test(a_dead_daemon_is_seen_at_once),
		cmocka_unit_test(every_result_comes_once),
		cmocka_unit_test(a_wait_ends_by_deadline_or_interrupt),
		cmocka_unit_test(signals_do_not_end_a_wait_nor_lengthen_it),
		cmocka_unit_test(a_stream_can_be_left),
		cmocka_unit_test(no_daemon_is_told_apart),
		cmocka_unit_test(a_connect_has_a_timeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of ipc/varlink_connection: which call is served when there are many. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ipc-peer.h"
#include "ipc/varlink_call.h"

#define ROOT 0
#define USER 1000
#define CALL(method) "{\"method\":\"t.t." method "\"}"
#define EMPTY "{\"parameters\":{}}\n"

struct fixture {
	struct peers p;
	struct log log;
	unsigned handled;
};

static void on_echo(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	(void)parameters;
	((struct fixture *)arg)->handled++;
	varlink_call_reply(call, NULL);
}

/* Takes 10 ms. */
static void on_long(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	((struct fixture *)arg)->p.now += 10;
	on_echo(arg, call, parameters);
}

static const struct varlink_method methods[] = {
	{ "t.t.Echo", false, VARLINK_ONE, on_echo },
	{ "t.t.Long", false, VARLINK_ONE, on_long },
	{ .name = NULL },
};

static void start(struct fixture *f)
{
	struct varlink_config config = { .log = &f->log, .interface = "t.t", .methods = methods, .arg = f, .peer = peers_uid };

	memset(f, 0, sizeof(*f));
	peers_start(&f->p);
	config.loop = f->p.loop;
	assert_int_equal(varlink_server_new(&config, &f->p.server), 0);
}

static void stop(struct fixture *f)
{
	peers_stop(&f->p);
}

static void a_connection_gets_one_call_a_turn(void **state)
{
	struct fixture f;
	int flood, other;

	(void)state;
	start(&f);
	flood = peers_connect(&f.p, ROOT);
	other = peers_connect(&f.p, ROOT);
	for (unsigned i = 0; i < 50; i++)
		send(flood, CALL("Echo"), sizeof(CALL("Echo")), 0);
	send(other, CALL("Echo"), sizeof(CALL("Echo")), 0);
	loop_step(f.p.loop, 0);
	assert_int_equal(f.handled, 2);
	peers_run(&f.p);
	assert_int_equal(f.handled, 51);
	close(flood);
	close(other);
	stop(&f);
}

static void a_user_gets_a_tenth_of_the_time(void **state)
{
	struct fixture f;
	int flood[3], other, root;

	(void)state;
	start(&f);
	for (unsigned i = 0; i < 3; i++)
		flood[i] = peers_connect(&f.p, USER);
	for (unsigned i = 0; i < 3; i++) {
		send(flood[i], CALL("Long"), sizeof(CALL("Long")), 0);
		send(flood[i], CALL("Long"), sizeof(CALL("Long")), 0);
	}
	peers_run(&f.p);
	assert_int_equal(f.handled, 1);
	other = peers_connect(&f.p, USER + 1); /* who is not delayed by it */
	root = peers_connect(&f.p, ROOT);
	assert_string_equal(peer_ask(&f.p, other, CALL("Echo")), EMPTY);
	assert_string_equal(peer_ask(&f.p, root, CALL("Echo")), EMPTY);
	assert_string_equal(peer_ask(&f.p, root, CALL("Echo")), EMPTY);
	f.handled = 1;
	peers_later(&f.p, 80);
	assert_int_equal(f.handled, 1);
	for (unsigned i = 2; i <= 6; i++) {
		peers_later(&f.p, i == 2 ? 12 : 92);
		assert_int_equal(f.handled, i);
	}
	peers_later(&f.p, 1000);
	for (unsigned i = 0; i < 3; i++)
		close(flood[i]);
	assert_string_equal(peer_ask(&f.p, other, CALL("Echo")), EMPTY);
	close(other);
	close(root);
	stop(&f);
}

/* Its client has sent a call and has gone, and nobody reads the reply. */
static void who_goes_while_it_waits_is_forgotten(void **state)
{
	struct fixture f;
	int fd[2];

	(void)state;
	start(&f);
	for (unsigned i = 0; i < 2; i++) {
		fd[i] = peers_connect(&f.p, USER);
		send(fd[i], CALL("Long"), sizeof(CALL("Long")), 0);
	}
	peers_run(&f.p);
	close(fd[1]);
	for (unsigned i = 0; i < 10; i++)
		loop_step(f.p.loop, 0);
	assert_int_equal(varlink_server_connections(f.p.server), 1);
	assert_int_equal(loop_step(f.p.loop, 0), 0); /* and costs nothing */
	close(fd[0]);
	peers_later(&f.p, 1000);
	assert_int_equal(f.handled, 1);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_gets_one_call_a_turn),
		cmocka_unit_test(a_user_gets_a_tenth_of_the_time),
		cmocka_unit_test(who_goes_while_it_waits_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of ipc/server: calls and replies, who may what, and what becomes of peers that behave badly. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "base/log.h"
#include "ipc-peer.h"
#include "ipc/peer.h"
#include "ipc/listener.h"
#include "ipc/varlink_call.h"
#include "tempdir.h"
#include <sys/resource.h>
#include <sys/un.h>

#define ROOT 0
#define USER 1000
#define CALL(method) "{\"method\":\"t.t." method "\"}"
#define EMPTY "{\"parameters\":{}}\n"
#define ERROR(name, members) "{\"error\":\"org.varlink.service." name "\",\"parameters\":{" members "}}\n"

struct fixture {
	struct peers p;
	struct varlink_call *held;
	struct log log;
	unsigned handled, cancelled, complaints;
};

static void on_echo(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	struct fixture *f = arg;
	struct json_object *reply = json_object_new_object();
	const char *text = NULL;
	int error = 0;

	f->handled++;
	varlink_string(parameters, "text", &text);
	varlink_add_text(reply, "text", text, &error);
	varlink_call_reply(call, reply);
}

static void on_count(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	struct fixture *f = arg;

	(void)parameters;
	f->handled++;
	if (varlink_call_more(call)) {
		varlink_call_reply_more(call, NULL);
		varlink_call_reply_more(call, NULL);
	}
	varlink_call_reply(call, NULL);
}

static void on_cancel(void *arg)
{
	struct fixture *f = arg;

	f->held = NULL;
	f->cancelled++;
}

static void on_hold(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	struct fixture *f = arg;

	(void)parameters;
	assert_null(f->held);
	f->handled++;
	f->held = call;
	varlink_call_hold(call, on_cancel, f);
}

static void on_forget(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	(void)arg, (void)call, (void)parameters;
}

static void on_twice(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	(void)arg, (void)parameters;
	varlink_call_reply(call, NULL);
	varlink_call_reply_more(call, json_object_new_object());
	varlink_call_reply_error(call, "t.t.Second", json_object_new_object());
}

/* Too much for a socket's buffer. */
static void on_big(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	static char text[400 << 10];
	struct fixture *f = arg;
	struct json_object *reply = json_object_new_object();
	int error = 0;

	(void)parameters;
	f->handled++;
	memset(text, 'x', sizeof(text) - 1);
	varlink_add_text(reply, "text", text, &error);
	varlink_call_reply(call, reply);
}

static const struct varlink_method methods[] = {
	{ "t.t.Echo", false, VARLINK_ONE, on_echo },
	{ "t.t.Root", true, VARLINK_ONE, on_echo },
	{ "t.t.Count", false, VARLINK_MAY_STREAM, on_count },
	{ "t.t.Must", false, VARLINK_MUST_STREAM, on_count },
	{ "t.t.Hold", false, VARLINK_MAY_STREAM, on_hold },
	{ "t.t.Forget", false, VARLINK_ONE, on_forget },
	{ "t.t.Twice", false, VARLINK_MAY_STREAM, on_twice },
	{ "t.t.Big", false, VARLINK_ONE, on_big },
	{ .name = NULL },
};

static void count_complaints(void *arg, enum log_level level, const char *module, const char *text)
{
	(void)module, (void)text;
	((struct fixture *)arg)->complaints += level == LOG_LEVEL_ERR;
}

static void start_with(struct fixture *f, int (*peer)(int fd, uid_t *uid))
{
	struct varlink_config config = {
		.log = &f->log,
		.vendor = "V",
		.product = "P",
		.version = "1",
		.url = "U",
		.interface = "t.t",
		.description = "interface t.t",
		.methods = methods,
		.arg = f,
		.limits = { .connections = 6, .connections_uid = 3, .message_root = 100000, .message_other = 1000 },
		.peer = peer,
	};

	memset(f, 0, sizeof(*f));
	f->log = (struct log){ .level = LOG_LEVEL_DEBUG, .write = count_complaints, .arg = f };
	peers_start(&f->p);
	config.loop = f->p.loop;
	assert_int_equal(varlink_server_new(&config, &f->p.server), 0);
}

static void start(struct fixture *f)
{
	start_with(f, peers_uid);
}

static void stop(struct fixture *f)
{
	peers_stop(&f->p);
}

static void a_call_has_a_reply(void **state)
{
	struct fixture f;
	int fd;

	(void)state;
	start(&f);
	fd = peers_connect(&f.p, USER);
	assert_string_equal(peer_ask(&f.p, fd, "{\"method\":\"t.t.Echo\",\"parameters\":{\"text\":\"a\"}}"),
		"{\"parameters\":{\"text\":\"a\"}}\n");
	assert_string_equal(peer_ask(&f.p, fd, CALL("Echo")), EMPTY);
	assert_string_equal(
		peer_ask(&f.p, fd, "{\"new\":[1],\"method\":\"t.t.Echo\",\"parameters\":{\"other\":{},\"text\":\"b\"}}"),
		"{\"parameters\":{\"text\":\"b\"}}\n");
	close(fd);
	stop(&f);
}

static void what_cannot_be_called_is_named(void **state)
{
	static const struct {
		const char *call, *reply;
	} rows[] = {
		{ CALL("Nothing"), ERROR("MethodNotFound", "\"method\":\"t.t.Nothing\"") },
		{ "{\"method\":\"org.varlink.service.X\"}", ERROR("MethodNotFound", "\"method\":\"org.varlink.service.X\"") },
		{ "{\"method\":\"t.other.Echo\"}", ERROR("InterfaceNotFound", "\"interface\":\"t.other\"") },
		{ "{\"method\":\"t.t.t.Echo\"}", ERROR("InterfaceNotFound", "\"interface\":\"t.t.t\"") },
		{ "{\"method\":\"\"}", ERROR("InterfaceNotFound", "\"interface\":\"\"") },
		{ "{\"method\":\"t.t.Echo\",\"parameters\":[]}", ERROR("InvalidParameter", "\"parameter\":\"parameters\"") },
		{ "{\"method\":\"t.t.Echo\",\"more\":1}", ERROR("InvalidParameter", "\"parameter\":\"more\"") },
		{ "{\"method\":\"t.t.Echo\",\"oneway\":1}", ERROR("InvalidParameter", "\"parameter\":\"oneway\"") },
		{ "{\"method\":\"t.t.Echo\",\"upgrade\":true}", ERROR("MethodNotImplemented", "\"method\":\"t.t.Echo\"") },
		{ CALL("Must"), ERROR("ExpectedMore", "") },
		{ CALL("Root"), ERROR("PermissionDenied", "") },
	};
	struct fixture f;
	int fd;

	(void)state;
	start(&f);
	fd = peers_connect(&f.p, USER);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(peer_ask(&f.p, fd, rows[i].call), rows[i].reply);
	assert_int_equal(f.handled, 0);
	close(fd);
	fd = peers_connect(&f.p, ROOT);
	assert_string_equal(peer_ask(&f.p, fd, CALL("Root")), EMPTY);
	close(fd);
	stop(&f);
}

static void the_service_describes_itself(void **state)
{
	struct fixture f;
	int fd;

	(void)state;
	start(&f);
	fd = peers_connect(&f.p, USER);
	assert_string_equal(peer_ask(&f.p, fd, "{\"method\":\"org.varlink.service.GetInfo\"}"),
		"{\"parameters\":{\"vendor\":\"V\",\"product\":\"P\",\"version\":\"1\",\"url\":\"U\","
		"\"interfaces\":[\"org.varlink.service\",\"t.t\"]}}\n");
#define DESCRIBE(name) "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"" name "\"}}"
	assert_string_equal(peer_ask(&f.p, fd, DESCRIBE("t.t")), "{\"parameters\":{\"description\":\"interface t.t\"}}\n");
	assert_non_null(strstr(peer_ask(&f.p, fd, DESCRIBE("org.varlink.service")), "method GetInfo()"));
	assert_string_equal(peer_ask(&f.p, fd, DESCRIBE("x.y")), ERROR("InterfaceNotFound", "\"interface\":\"x.y\""));
	close(fd);
	stop(&f);
}

static void a_stream_goes_on_until_its_last_reply(void **state)
{
	struct fixture f;
	int fd;

	(void)state;
	start(&f);
	fd = peers_connect(&f.p, USER);
	assert_string_equal(peer_ask(&f.p, fd, "{\"method\":\"t.t.Count\",\"more\":true}"),
		"{\"parameters\":{},\"continues\":true}\n{\"parameters\":{},\"continues\":true}\n" EMPTY);
	assert_string_equal(peer_ask(&f.p, fd, CALL("Count")), EMPTY);
	/* of a method that does not stream, "more" asks in vain */
	assert_string_equal(peer_ask(&f.p, fd, "{\"method\":\"t.t.Echo\",\"more\":true}"), EMPTY);
	close(fd);
	stop(&f);
}

static void oneway_has_no_reply(void **state)
{
	struct fixture f;
	int fd;

	(void)state;
	start(&f);
	fd = peers_connect(&f.p, USER);
	assert_string_equal(peer_ask(&f.p, fd, "{\"method\":\"t.t.Count\",\"oneway\":true,\"more\":true}"), "");
	assert_string_equal(peer_ask(&f.p, fd, "{\"method\":\"t.t.None\",\"oneway\":true}"), "");
	assert_int_equal(f.handled, 1);
	assert_string_equal(peer_ask(&f.p, fd, CALL("Echo")), EMPTY);
	/* said on the way out, it is heard */
	send(fd, CALL("Count"), sizeof(CALL("Count")), 0);
	close(fd);
	peers_run(&f.p);
	assert_int_equal(f.handled, 3);
	assert_int_equal(varlink_server_connections(f.p.server), 0);
	stop(&f);
}

static void every_call_has_exactly_one_final_reply(void **state)
{
	struct fixture f;
	int fd;

	(void)state;
	start(&f);
	fd = peers_connect(&f.p, USER);
	assert_string_equal(peer_ask(&f.p, fd, CALL("Forget")), ERROR("MethodNotImplemented", "\"method\":\"t.t.Forget\""));
	assert_int_equal(f.complaints, 1);
	assert_string_equal(peer_ask(&f.p, fd, "{\"method\":\"t.t.Twice\",\"more\":true}"), EMPTY);
	assert_int_equal(f.complaints, 3);
	assert_string_equal(peer_ask(&f.p, fd, CALL("Echo")), EMPTY);
	close(fd);
	stop(&f);
}

static void calls_are_served_in_their_order(void **state)
{
	static const char calls[] = CALL("Hold") "\0" CALL("Count") "\0" CALL("Nothing");
	struct fixture f;
	int fd;

	(void)state;
	start(&f);
	fd = peers_connect(&f.p, USER);
	send(fd, calls, sizeof(calls), 0);
	assert_string_equal(peer_hear(&f.p, fd), "");
	assert_int_equal(f.handled, 1);
	send(fd, CALL("Echo"), sizeof(CALL("Echo")), 0);
	assert_int_equal(loop_step(f.p.loop, 0), 0); /* what waits to be read does not keep the loop busy */
	varlink_call_reply_error(f.held, "t.t.Late", NULL);
	assert_string_equal(peer_hear(&f.p, fd),
		"{\"error\":\"t.t.Late\",\"parameters\":{}}\n" EMPTY ERROR("MethodNotFound", "\"method\":\"t.t.Nothing\"") EMPTY);
	close(fd);
	stop(&f);
}

static void a_call_is_cancelled_with_its_connection(void **state)
{
	struct fixture f;
	int fd;

	(void)state;
	start(&f);
	fd = peers_connect(&f.p, USER);
	peer_say(&f.p, fd, CALL("Hold"));
	close(fd);
	peers_run(&f.p);
	assert_int_equal(f.cancelled, 1);
	assert_int_equal(varlink_server_connections(f.p.server), 0);
	fd = peers_connect(&f.p, USER);
	peer_say(&f.p, fd, CALL("Hold"));
	stop(&f); /* and with the server */
	assert_int_equal(f.cancelled, 2);
	close(fd);
}

static void who_only_listens_has_its_reply(void **state)
{
	struct fixture f;
	int fd;

	(void)state;
	start(&f);
	fd = peers_connect(&f.p, USER);
	peer_say(&f.p, fd, CALL("Hold"));
	shutdown(fd, SHUT_WR);
	peers_run(&f.p);
	assert_int_equal(f.cancelled, 0);
	varlink_call_reply(f.held, NULL);
	assert_string_equal(peer_hear(&f.p, fd), EMPTY "EOF");
	close(fd);
	stop(&f);
}

static void a_reply_to_who_is_gone_is_no_error(void **state)
{
	struct fixture f;
	int fd;

	(void)state;
	start(&f);
	fd = peers_connect(&f.p, USER);
	peer_say(&f.p, fd, "{\"method\":\"t.t.Hold\",\"more\":true}");
	close(fd);
	/* before the loop has told */
	varlink_call_reply_more(f.held, NULL);
	assert_int_equal(f.cancelled, 0);
	varlink_call_reply_more(f.held, NULL);
	varlink_call_reply(f.held, NULL);
	peers_run(&f.p);
	assert_int_equal(f.cancelled, 0);
	assert_int_equal(varlink_server_connections(f.p.server), 0);
	stop(&f);
}

static void what_is_no_call_ends_the_connection(void **state)
{
	static const char *const bad[] = { "", "x", "[]", "{}", "{\"method\":1}", "{\"method\":\"a\\u0000b\"}",
		"{\"method\":null}", "{\"method\":\"t.t.Echo\"}}", "\xff", NULL };
	struct fixture f;

	(void)state;
	start(&f);
	for (const char *const *text = bad; *text; text++) {
		int fd = peers_connect(&f.p, USER);

		assert_string_equal(peer_ask(&f.p, fd, *text), "EOF");
		close(fd);
	}
	assert_int_equal(varlink_server_connections(f.p.server), 0);
	stop(&f);
}

static void a_long_message_is_for_root(void **state)
{
	static char text[60001];
	struct fixture f;
	int fd;

	(void)state;
	start(&f);
	memset(text, ' ', sizeof(text) - 1);
	memcpy(text + sizeof(text) - sizeof(CALL("Count")), CALL("Count"), sizeof(CALL("Count")));
	fd = peers_connect(&f.p, USER);
	assert_string_equal(peer_ask(&f.p, fd, text), "EOF");
	close(fd);
	fd = peers_connect(&f.p, ROOT);
	assert_string_equal(peer_ask(&f.p, fd, text), EMPTY);
	memset(text, 'x', sizeof(text) - 1);
	send(fd, text, sizeof(text) - 1, 0);
	assert_string_equal(peer_hear(&f.p, fd), "");
	send(fd, text, sizeof(text) - 1, 0);
	assert_string_equal(peer_hear(&f.p, fd), "EOF");
	close(fd);
	stop(&f);
}

static void a_message_that_has_begun_must_end(void **state)
{
	static const char one_and_a_half[] = CALL("Echo") "\0{\"method\"";
	struct fixture f;
	int idle, slow;

	(void)state;
	start(&f);
	idle = peers_connect(&f.p, USER);
	slow = peers_connect(&f.p, USER);
	peers_later(&f.p, 3600 * 1000); /* silence is allowed */
	send(slow, one_and_a_half, sizeof(one_and_a_half) - 1, 0);
	assert_string_equal(peer_hear(&f.p, slow), EMPTY);
	peers_later(&f.p, 9000);
	send(slow, ":", 1, 0); /* a byte now and then does not help */
	peers_later(&f.p, 900);
	assert_string_equal(peer_hear(&f.p, slow), "");
	peers_later(&f.p, 200);
	assert_string_equal(peer_hear(&f.p, slow), "EOF");
	assert_string_equal(peer_ask(&f.p, idle, CALL("Echo")), EMPTY);
	close(idle);
	close(slow);
	stop(&f);
}

static void each_message_has_its_own_time(void **state)
{
	/* the end of one and the begin of the next come together; no reply makes a difference between them */
	static const char end_and_begin[] = ":\"t.t.Echo\",\"oneway\":true}\0{\"method\"";
	struct fixture f;
	int fd;

	(void)state;
	start(&f);
	fd = peers_connect(&f.p, USER);
	send(fd, "{\"method\"", 9, 0);
	for (unsigned i = 1; i < 5; i++) {
		peers_later(&f.p, 6000);
		send(fd, end_and_begin, sizeof(end_and_begin) - 1, 0);
		assert_string_equal(peer_hear(&f.p, fd), "");
		assert_int_equal(f.handled, i);
	}
	/* while a call is served, nothing is read: no time runs */
	send(fd, ":\"t.t.Hold\"}\0{\"method\"", 22, 0);
	peers_later(&f.p, 60000);
	assert_non_null(f.held);
	varlink_call_reply(f.held, NULL);
	assert_string_equal(peer_hear(&f.p, fd), EMPTY);
	close(fd);
	stop(&f);
}

static void who_does_not_read_is_dropped(void **state)
{
	struct fixture f;
	int fd;

	(void)state;
	start(&f);
	fd = peers_connect(&f.p, USER);
	peer_say(&f.p, fd, CALL("Big"));
	peer_say(&f.p, fd, CALL("Echo"));
	assert_int_equal(f.handled, 1); /* the next is not served before the reply is out */
	peers_later(&f.p, 9000);
	assert_int_equal(strlen(peer_hear(&f.p, fd)), (1 << 16) - 8);
	peers_later(&f.p, 9000); /* it read: new time */
	assert_int_equal(varlink_server_connections(f.p.server), 1);
	peers_later(&f.p, 10001);
	assert_int_equal(varlink_server_connections(f.p.server), 0);
	close(fd);
	stop(&f);
}

static void a_stream_to_who_does_not_read_is_bounded(void **state)
{
	struct fixture f;
	char text[1001];
	int fd;

	(void)state;
	start(&f);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fd = peers_connect(&f.p, USER);
	peer_say(&f.p, fd, "{\"method\":\"t.t.Hold\",\"more\":true}");
	for (unsigned i = 0; i < 2000 && f.held; i++) {
		struct json_object *o = json_object_new_object();
		int error = 0;

		varlink_add_text(o, "text", text, &error);
		varlink_call_reply_more(f.held, o);
		loop_step(f.p.loop, 0);
	}
	assert_null(f.held);
	assert_int_equal(f.cancelled, 1);
	close(fd);
	stop(&f);
}

static void connections_of_a_user_are_bounded(void **state)
{
	struct fixture f;
	int fd[5];

	(void)state;
	start(&f);
	for (int i = 0; i < 3; i++)
		fd[i] = peers_connect(&f.p, USER);
	/* the longest silent goes first, not the oldest */
	assert_string_equal(peer_ask(&f.p, fd[0], CALL("Echo")), EMPTY);
	fd[3] = peers_connect(&f.p, USER);
	assert_true(fd[3] >= 0);
	assert_string_equal(peer_hear(&f.p, fd[1]), "EOF");
	assert_string_equal(peer_ask(&f.p, fd[0], CALL("Echo")), EMPTY);
	/* one that is at work is not idle */
	peer_say(&f.p, fd[2], CALL("Hold"));
	peer_say(&f.p, fd[3], CALL("Big"));
	peer_say(&f.p, fd[0], CALL("Big"));
	assert_int_equal(peers_connect(&f.p, USER), -1);
	fd[4] = peers_connect(&f.p, USER + 1);
	assert_true(fd[4] >= 0);
	assert_int_equal(varlink_server_connections(f.p.server), 4);
	for (int i = 0; i < 5; i++)
		close(fd[i]);
	stop(&f);
}

static void root_always_gets_in(void **state)
{
	struct fixture f;
	int fd[8];

	(void)state;
	start(&f);
	for (int i = 0; i < 6; i++)
		fd[i] = peers_connect(&f.p, i < 2 ? ROOT : (uid_t)(USER + i));
	peer_say(&f.p, fd[5], CALL("Hold"));
	for (int i = 2; i < 5; i++)
		peer_say(&f.p, fd[i], CALL("Big"));
	assert_int_equal(peers_connect(&f.p, USER + 9), -1);
	fd[6] = peers_connect(&f.p, ROOT);
	assert_true(fd[6] >= 0);
	assert_int_equal(varlink_server_connections(f.p.server), 6);
	assert_string_equal(peer_ask(&f.p, fd[0], CALL("Echo")), EMPTY);
	/* root's own go last, the idle before those at work */
	for (int i = 0; i < 3; i++)
		assert_true((fd[7] = peers_connect(&f.p, ROOT)) >= 0 && !close(fd[7]));
	for (int i = 0; i < 7; i++)
		close(fd[i]);
	stop(&f);
	assert_true(f.cancelled <= 1);
}

static void a_user_without_idle_connections_takes_none_of_root(void **state)
{
	struct fixture f;
	int fd[7];

	(void)state;
	start(&f);
	for (int i = 0; i < 6; i++)
		fd[i] = peers_connect(&f.p, ROOT);
	assert_int_equal(peers_connect(&f.p, USER), -1);
	fd[6] = peers_connect(&f.p, ROOT);
	assert_true(fd[6] >= 0);
	assert_string_equal(peer_hear(&f.p, fd[0]), "EOF");
	for (int i = 0; i < 7; i++)
		close(fd[i]);
	stop(&f);
}

/* A socket that listens, and a descriptor that has connected to it. */
static int listen_and_connect(struct fixture *f, struct tempdir *w)
{
	struct sockaddr_un addr;
	socklen_t len;
	int listener, fd;

	tempdir_make(w);
	assert_int_equal(listener_open(tempdir_path(w, "s"), &listener, NULL), 0);
	assert_int_equal(varlink_server_listen(f->p.server, listener), 0);
	assert_int_equal(listener_address(tempdir_path(w, "s"), &addr, &len), 0);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, len), 0);
	return fd;
}

/* Who a peer is, the kernel says. */
static void a_listener_takes_peers_by_their_credentials(void **state)
{
	struct fixture f;
	struct tempdir w;
	uid_t uid;
	int fd;

	(void)state;
	start_with(&f, NULL);
	fd = listen_and_connect(&f, &w);
	assert_int_equal(peer_uid(fd, &uid), 0); /* both ends are this process, which may be a root without power */
	assert_string_equal(peer_ask(&f.p, fd, CALL("Echo")), EMPTY);
	assert_string_equal(peer_ask(&f.p, fd, CALL("Root")), uid ? ERROR("PermissionDenied", "") : EMPTY);
	close(fd);
	stop(&f);
	tempdir_remove(&w);
}

static void without_descriptors_it_pauses_and_goes_on(void **state)
{
	struct rlimit old, none;
	struct fixture f;
	struct tempdir w;
	int fd, spins = 0;

	(void)state;
	start(&f);
	fd = listen_and_connect(&f, &w);
	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	while (spins < 100 && loop_step(f.p.loop, 0) > 0)
		spins++;
	setrlimit(RLIMIT_NOFILE, &old);
	assert_in_range(spins, 1, 10); /* what waits in the queue does not keep it busy */
	assert_int_equal(varlink_server_connections(f.p.server), 0);
	send(fd, CALL("Echo"), sizeof(CALL("Echo")), 0);
	peers_later(&f.p, 1000);
	assert_string_equal(peer_hear(&f.p, fd), EMPTY);
	close(fd);
	stop(&f);
	tempdir_remove(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_has_a_reply),
		cmocka_unit_test(what_cannot_be_called_is_named),
		cmocka_unit_test(the_service_describes_itself),
		cmocka_unit_test(a_stream_goes_on_until_its_last_reply),
		cmocka_unit_test(oneway_has_no_reply),
		cmocka_unit_test(every_call_has_exactly_one_final_reply),
		cmocka_unit_test(calls_are_served_in_their_order),
		cmocka_unit_test(a_call_is_cancelled_with_its_connection),
		cmocka_unit_test(who_only_listens_has_its_reply),
		cmocka_unit_test(a_reply_to_who_is_gone_is_no_error),
		cmocka_unit_test(what_is_no_call_ends_the_connection),
		cmocka_unit_test(a_long_message_is_for_root),
		cmocka_unit_test(a_message_that_has_begun_must_end),
		cmocka_unit_test(each_message_has_its_own_time),
		cmocka_unit_test(who_does_not_read_is_dropped),
		cmocka_unit_test(a_stream_to_who_does_not_read_is_bounded),
		cmocka_unit_test(connections_of_a_user_are_bounded),
		cmocka_unit_test(root_always_gets_in),
		cmocka_unit_test(a_listener_takes_peers_by_their_credentials),
		cmocka_unit_test(without_descriptors_it_pauses_and_goes_on),
		cmocka_unit_test(a_user_without_idle_connections_takes_none_of_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

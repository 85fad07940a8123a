/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of ipc/service: each method of org.miscsi, as bytes on a socket, over a manager that the test plays.
 */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ipc-manager.h"
#include "ipc-peer.h"
#include "ipc/recordjson.h"

#define ROOT 0
#define USER 1000
#define CALL(method, parameters) "{\"method\":\"org.miscsi." method "\",\"parameters\":" parameters "}"
#define MORE(method, parameters) "{\"method\":\"org.miscsi." method "\",\"more\":true,\"parameters\":" parameters "}"
#define NODE(target) "{\"kind\":\"node\",\"settings\":{\"node.name\":\"" target "\"}}"
#define INVALID(parameter) \
	"{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"" parameter "\"}}\n"
#define DENIED "{\"error\":\"org.varlink.service.PermissionDenied\",\"parameters\":{}}\n"
#define EMPTY "{\"parameters\":{}}\n"
#define NO_RESULTS "{\"parameters\":{\"results\":[]}}\n"
#define WHERE ",\"target\":\"iqn.t\",\"address\":\"10.1.1.1\",\"iface\":\"default\",\"port\":3260,\"tpgt\":1"
#define FAILED(code, name, text) ",\"error\":{\"code\":" code ",\"name\":\"" name "\",\"text\":\"" text "\"}"

struct fixture {
	struct peers p;
	struct fake manager;
	struct service *service;
	struct log log;
	unsigned stops, readings;
	int fd; /* root's connection */
};

static void on_stop(void *arg)
{
	((struct fixture *)arg)->stops++;
}

static void note_reading(void *arg)
{
	((struct fixture *)arg)->readings++;
}

static int two_discoveries(void *arg, int (*fn)(void *arg, const struct service_discovery *d), void *fn_arg)
{
	const struct service_discovery good = {
		.type = "isns", .address = "10.0.0.9", .port = 3205, .state = "waiting", .next_ms = 12
	};
	const struct service_discovery bad = { .type = "sendtargets",
		.address = "fe80::1",
		.port = 3260,
		.state = "asking",
		.portals = 7,
		.error = "why",
		.next_ms = -1 };

	(void)arg;
	return fn(fn_arg, &good) || fn(fn_arg, &bad);
}

static void start(struct fixture *f)
{
	struct service_config config = { .ops = &fake_ops,
		.stop = on_stop,
		.peer = peers_uid,
		.read_discoveries = note_reading,
		.discoveries = two_discoveries };

	memset(f, 0, sizeof(*f));
	peers_start(&f->p);
	fake_start(&f->manager, f->p.loop);
	config.loop = f->p.loop;
	config.log = &f->log;
	config.manager = (struct manager *)&f->manager;
	config.arg = f;
	assert_int_equal(service_new(&config, &f->service), 0);
	f->p.server = service_server(f->service);
	f->fd = peers_connect(&f->p, ROOT);
}

static void stop(struct fixture *f)
{
	service_free(f->service);
	f->p.server = NULL;
	fake_stop(&f->manager);
	close(f->fd);
	peers_stop(&f->p);
}

static const char *ask(struct fixture *f, const char *text)
{
	return peer_ask(&f->p, f->fd, text);
}

static void login_streams_results_as_they_end(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	assert_string_equal(ask(&f,
				    MORE("Login",
					    "{\"records\":[" NODE("iqn.2000-01.a:x") "," NODE("iqn.2000-01.a:denied") "," NODE(
						    "iqn.2000-01.a:there") "]}")),
		"");
	assert_int_equal(f.manager.asked, 3);
	fake_answer(&f.manager);
	assert_string_equal(peer_hear(&f.p, f.fd),
		"{\"parameters\":{\"results\":[{\"index\":2,\"sid\":3" WHERE FAILED("15", "SESS_EXISTS",
			"because iqn.2000-01.a:there") "}]},\"continues\":true}\n"
						       "{\"parameters\":{\"results\":[{\"index\":1,\"sid\":"
						       "2" WHERE FAILED("24", "LOGIN_AUTH_FAILED",
							       "because iqn.2000-01.a:denied") "}]},"
											       "\"continues\""
											       ":true}\n"
											       "{\"parameters"
											       "\":{"
											       "\"results\":["
											       "{\"index\":0,"
											       "\"sid\":"
											       "1" WHERE "}]},"
											       "\"continues\""
											       ":true}"
											       "\n" NO_RESULTS);
	stop(&f);
}

static void login_without_more_replies_once(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	f.manager.at_once = true;
	assert_string_equal(ask(&f, CALL("Login", "{\"records\":[" NODE("iqn.2000-01.a:x") "," NODE("iqn.2000-01.a:y") "]}")),
		"{\"parameters\":{\"results\":[{\"index\":1,\"sid\":2" WHERE "},{\"index\":0,\"sid\":1" WHERE "}]}}\n");
	assert_string_equal(ask(&f, CALL("Login", "{\"records\":[]}")), NO_RESULTS);
	stop(&f);
}

static void login_that_does_not_wait_is_forgotten(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	assert_string_equal(ask(&f, MORE("Login", "{\"wait\":false,\"records\":[" NODE("iqn.2000-01.a:x") ",7]}")),
		"{\"parameters\":{\"results\":[{\"index\":1" FAILED("7", "INVAL",
			"record 1 of the login request cannot be read: Bad message") "}]},\"continues\":true}\n"
										     "{\"parameters\":{\"results\":[{\"index\":0}"
										     "]},\"continues\":true}\n" NO_RESULTS);
	assert_int_equal(f.manager.asked, 1);
	assert_int_equal(f.manager.forgotten, 1);
	stop(&f);
}

static void a_bad_record_fails_alone(void **state)
{
	static const char *const bad[] = { "7", "null", "{}", "{\"kind\":\"node\"}", "{\"settings\":{}}",
		"{\"kind\":\"node\",\"settings\":[]}", "{\"kind\":\"iface\",\"settings\":{}}",
		"{\"kind\":\"node\",\"settings\":{\"node.name\":1}}", "{\"kind\":\"node\",\"settings\":{\"node.name\":\"../x\"}}",
		"{\"kind\":\"node\",\"settings\":{\"node.session.cmds_max\":\"many\"}}",
		"{\"kind\":\"node\",\"settings\":{\"new\\nkey\":\"x\"}}",
		"{\"kind\":\"node\",\"settings\":{\"new.key\":\"a\\nb\"}}",
		"{\"kind\":\"node\",\"settings\":{\"plugin.tcp.x\":\"a\\u202eb\"}}",
		"{\"kind\":\"node\",\"settings\":{\"plugin.tcp.x\":\" a\"}}", NULL };
	struct fixture f;
	char text[512];

	(void)state;
	start(&f);
	f.manager.at_once = true;
	for (const char *const *record = bad; *record; record++) {
		snprintf(text, sizeof(text), CALL("Login", "{\"records\":[%s," NODE("iqn.2000-01.a:x") "]}"), *record);
		ask(&f, text);
		fake_answer(&f.manager);
		peer_say(&f.p, f.fd, text);
		assert_non_null(strstr(peer_hear(&f.p, f.fd), "{\"index\":0,\"error\":{\"code\":"));
	}
	assert_int_equal(f.manager.asked, f.manager.sid);
	stop(&f);
}

static void a_record_arrives_as_it_was_sent(void **state)
{
	static const char *const passwords[] = { "plain", "\xc3\xa9 \"", "" };
	struct record *r = record_new(RECORD_NODE), *again;
	struct json_object *o, *settings;
	struct err err;

	(void)state;
	assert_int_equal(record_set(r, FIELD_NODE_NAME, "iqn.2000-01.a:x", &err), 0);
	assert_int_equal(record_set(r, FIELD_SESSION_CMDS_MAX, "64", &err), 0);
	assert_int_equal(record_set(r, FIELD_CONN_ADDRESS, "fe80::1", &err), 0);
	assert_int_equal(record_keep_line(r, "other.setting", "a = b"), 0);
	assert_int_equal(record_set(r, FIELD_SESSION_USERNAME, "u", &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(passwords); i++) {
		assert_int_equal(record_set(r, FIELD_SESSION_PASSWORD, passwords[i], &err), 0);
		assert_int_equal(recordjson_write(r, &o), 0);
		assert_int_equal(varlink_object(o, "settings", &settings), 0);
		assert_in_range(json_object_object_length(settings), 5, 6); /* no defaults */
		assert_int_equal(recordjson_read(o, &again, &err), 0);
		assert_true(record_equal(r, again));
		assert_string_equal(record_kept_line(again, 0), "other.setting = a = b");
		record_free(again);
		varlink_put(o);
	}
	record_free(r);
}

static void a_bad_value_in_a_file_is_left_out(void **state)
{
	struct record *r = record_new(RECORD_NODE), *again;
	struct json_object *o;
	struct err err;

	(void)state;
	assert_int_equal(record_keep_line(r, "node.session.cmds_max", "many"), 0);
	assert_int_equal(recordjson_write(r, &o), 0);
	assert_int_equal(recordjson_read(o, &again, &err), 0);
	assert_int_equal(record_int(again, FIELD_SESSION_CMDS_MAX), 128);
	record_free(again);
	varlink_put(o);
	record_free(r);
}

static void a_secret_reaches_the_manager(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	ask(&f,
		CALL("Login",
			"{\"records\":[{\"kind\":\"node\",\"settings\":{\"node.session.auth.password\":"
			"\"s3cr3t\"}}]}"));
	assert_string_equal(f.manager.password, "s3cr3t");
	stop(&f);
}

static void who_goes_is_forgotten_by_the_manager(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	ask(&f, MORE("Login", "{\"records\":[" NODE("iqn.2000-01.a:x") "," NODE("iqn.2000-01.a:y") "]}"));
	close(f.fd);
	peers_run(&f.p);
	assert_int_equal(f.manager.forgotten, 2);
	f.fd = peers_connect(&f.p, ROOT);
	assert_non_null(strstr(ask(&f, CALL("GetStatus", "{}")), "\"pending\":0"));
	ask(&f, CALL("Logout", "{\"sids\":[1]}"));
	stop(&f); /* the service goes: likewise */
	assert_int_equal(f.manager.forgotten, 3);
}

static void logout_is_by_sid_or_filter(void **state)
{
	static const struct {
		const char *parameters;
		unsigned asked;
		bool force;
		unsigned unused;
	} rows[] = {
		{ "{\"sids\":[1,2,77]}", 3, false, 0 }, { "{\"sids\":[1,2],\"unused\":true}", 2, false, 2 },
		{ "{\"sids\":[],\"force\":true}", 0, false, 0 }, { "{\"sids\":[1],\"force\":true}", 1, true, 0 },
		{ "{\"filter\":{}}", 4, false, 0 }, /* the login under way is one */
		{ "{\"filter\":{\"target\":\"iqn.a\"},\"force\":true}", 3, true, 0 },
		{ "{\"filter\":{\"address\":\"10.0.0.2\"}}", 2, false, 0 }, { "{\"filter\":{\"port\":3261}}", 1, false, 0 },
		{ "{\"filter\":{\"iface\":\"eth1\",\"target\":\"iqn.a\"}}", 1, false, 0 },
		{ "{\"filter\":{\"iface\":\"eth1\",\"target\":\"iqn.c\"},\"sids\":null}", 0, false, 0 },
		{ "{\"filter\":{},\"unused\":true}", 4, false, 4 }, /* the login may be complete by then */
	};
	struct fixture f;

	(void)state;
	start(&f);
	f.manager.at_once = true;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[256];

		f.manager.asked = 0;
		f.manager.force = false;
		f.manager.unused = 0;
		snprintf(text, sizeof(text), CALL("Logout", "%s"), rows[i].parameters);
		assert_non_null(strstr(ask(&f, text), "\"results\":["));
		assert_int_equal(f.manager.asked, rows[i].asked);
		assert_int_equal(f.manager.force, rows[i].force);
		assert_int_equal(f.manager.unused, rows[i].unused);
	}
	assert_int_equal(f.manager.ended_id, 9);
	stop(&f);
}

static void logout_tells_of_each(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	f.manager.at_once = true;
	assert_string_equal(ask(&f, CALL("Logout", "{\"sids\":[99]}")),
		"{\"parameters\":{\"results\":[{\"index\":0,\"sid\":99" WHERE FAILED(
			"28", "BUSY", "because iqn.2000-01.a:busy") "}]}}\n");
	assert_string_equal(
		ask(&f, CALL("Rescan", "{\"sids\":[5]}")), "{\"parameters\":{\"results\":[{\"index\":0,\"sid\":5" WHERE "}]}}\n");
	stop(&f);
}

static char *text_of(const char *begin, const char *object, unsigned n, const char *end)
{
	char *text = malloc(strlen(begin) + (strlen(object) + 1) * n + strlen(end) + 1), *at = text;

	assert_non_null(text);
	at += sprintf(at, "%s", begin);
	for (unsigned i = 0; i < n; i++)
		at += sprintf(at, "%s%s", i ? "," : "", object);
	sprintf(at, "%s", end);
	return text;
}

/* A text that does not fit into the socket at once. */
static void say_long(struct fixture *f, const char *text)
{
	size_t len = strlen(text) + 1;

	for (size_t at = 0; at < len; loop_step(f->p.loop, 0)) {
		ssize_t n = send(f->fd, text + at, len - at, MSG_NOSIGNAL);

		at += n > 0 ? (size_t)n : 0;
	}
}

static void a_call_has_a_limit(void **state)
{
	struct fixture f;
	char *text;

	(void)state;
	start(&f);
	text = text_of("{\"method\":\"org.miscsi.Rescan\",\"parameters\":{\"sids\":[", "7", 4097, "]}}");
	say_long(&f, text);
	assert_non_null(strstr(peer_hear(&f.p, f.fd), "the call names more than 4096 sessions"));
	free(text);
	text = text_of("{\"method\":\"org.miscsi.Login\",\"parameters\":{\"records\":[", "{\"kind\":\"node\"}", 4097, "]}}");
	say_long(&f, text);
	assert_non_null(strstr(peer_hear(&f.p, f.fd), "the call contains more than 4096 records"));
	free(text);
	text = text_of("{\"method\":\"org.miscsi.Rescan\",\"parameters\":{\"sids\":[", "7", 65536, "]}}");
	say_long(&f, text);
	assert_non_null(strstr(peer_hear(&f.p, f.fd), "more than 65536 JSON values"));
	free(text);
	assert_int_equal(f.manager.asked, 0);
	assert_non_null(strstr(ask(&f, CALL("GetStatus", "{}")), "\"pending\":0"));
	stop(&f);
}

static void a_session_that_is_named_twice_is_rescanned_once(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	f.manager.at_once = true;
	assert_string_equal(ask(&f, CALL("Rescan", "{\"sids\":[4,2,4,4,2]}")),
		"{\"parameters\":{\"results\":[{\"index\":0,\"sid\":4" WHERE "},{\"index\":1,\"sid\":2" WHERE "}]}}\n");
	assert_int_equal(f.manager.asked, 2);
	stop(&f);
}

/* Another client's call is served between the parts of a long one; a client that goes does not take the rest with it. */
static void a_long_call_is_worked_on_in_parts(void **state)
{
	struct fixture f;
	int other;
	char *text;

	(void)state;
	start(&f);
	other = peers_connect(&f.p, USER);
	text = text_of("{\"method\":\"org.miscsi.Login\",\"parameters\":{\"records\":[", NODE("iqn.2000-01.a:x"), 1000, "]}}");
	say_long(&f, text);
	for (unsigned i = 0; i < 100 && !f.manager.asked; i++)
		loop_step(f.p.loop, 0);
	assert_in_range(f.manager.asked, 1, 100);
	send(other, CALL("ListSessions", "{}"), sizeof(CALL("ListSessions", "{}")), 0);
	for (unsigned i = 0; i < 3; i++)
		loop_step(f.p.loop, 0);
	assert_in_range(f.manager.asked, 1, 300);
	assert_int_equal(recv(other, text, 1, 0), 1);
	close(f.fd);
	f.fd = -1;
	peers_run(&f.p);
	assert_int_equal(f.manager.asked, 1000);
	assert_int_equal(f.manager.forgotten, 1000);
	close(other);
	free(text);
	stop(&f);
}

static void a_service_that_ends_in_a_long_call_leaves_nothing(void **state)
{
	struct fixture f;
	char *text;

	(void)state;
	start(&f);
	text = text_of("{\"method\":\"org.miscsi.Login\",\"parameters\":{\"records\":[", NODE("iqn.2000-01.a:x"), 200, "]}}");
	assert_true(send(f.fd, text, strlen(text) + 1, 0) > 0);
	free(text);
	while (!f.manager.asked)
		loop_step(f.p.loop, 0);
	assert_in_range(f.manager.asked, 1, 199);
	stop(&f);
}

static void bad_parameters_are_named(void **state)
{
	static const struct {
		const char *call, *reply;
	} rows[] = {
		{ CALL("Login", "{}"), INVALID("records") },
		{ CALL("Login", "{\"records\":{}}"), INVALID("records") },
		{ CALL("Login", "{\"records\":[],\"wait\":0}"), INVALID("wait") },
		{ CALL("Logout", "{}"), INVALID("sids") },
		{ CALL("Logout", "{\"sids\":1}"), INVALID("sids") },
		{ CALL("Logout", "{\"sids\":[0]}"), INVALID("sids") },
		{ CALL("Logout", "{\"sids\":[-1]}"), INVALID("sids") },
		{ CALL("Logout", "{\"sids\":[4294967296]}"), INVALID("sids") },
		{ CALL("Logout", "{\"sids\":[1,\"2\"]}"), INVALID("sids") },
		{ CALL("Logout", "{\"sids\":[1],\"filter\":{}}"), INVALID("filter") },
		{ CALL("Logout", "{\"filter\":[]}"), INVALID("filter") },
		{ CALL("Logout", "{\"filter\":{\"target\":1}}"), INVALID("filter") },
		{ CALL("Logout", "{\"filter\":{\"port\":\"3260\"}}"), INVALID("filter") },
		{ CALL("Logout", "{\"filter\":{\"port\":70000}}"), INVALID("filter") },
		{ CALL("Logout", "{\"sids\":[1],\"force\":\"yes\"}"), INVALID("force") },
		{ CALL("Logout", "{\"sids\":[1],\"unused\":1}"), INVALID("unused") },
		{ CALL("Logout", "{\"sids\":[1],\"unused\":true,\"force\":true}"), INVALID("unused") },
		{ CALL("Rescan", "{}"), INVALID("sids") },
		{ CALL("SetLogLevel", "{}"), INVALID("level") },
		{ CALL("SetLogLevel", "{\"level\":\"loud\"}"), INVALID("level") },
	};
	struct fixture f;

	(void)state;
	start(&f);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(ask(&f, rows[i].call), rows[i].reply);
	assert_int_equal(f.manager.asked, 0);
	stop(&f);
}

static void changing_anything_needs_root(void **state)
{
	static const char *const closed[] = { CALL("Login", "{\"records\":[]}"), CALL("Logout", "{\"sids\":[1]}"),
		CALL("Rescan", "{\"sids\":[1]}"), CALL("SetLogLevel", "{\"level\":\"debug\"}"), CALL("ReadDiscoveries", "{}"),
		CALL("Stop", "{}"), NULL };
	static const char *const open[] = { CALL("ListSessions", "{}"), CALL("GetStatus", "{}"), NULL };
	struct fixture f;
	int fd;

	(void)state;
	start(&f);
	fd = peers_connect(&f.p, USER);
	for (const char *const *call = closed; *call; call++)
		assert_string_equal(peer_ask(&f.p, fd, *call), DENIED);
	for (const char *const *call = open; *call; call++)
		assert_memory_equal(peer_ask(&f.p, fd, *call), "{\"parameters\"", 13);
	assert_int_equal(f.manager.asked + f.stops + f.readings, 0);
	close(fd);
	stop(&f);
}

static void the_list_has_every_session(void **state)
{
	struct fixture f;
	const char *list;

	(void)state;
	start(&f);
	list = ask(&f, CALL("ListSessions", "{}"));
	assert_non_null(strstr(list,
		"{\"target\":\"iqn.a\",\"address\":\"10.0.0.1\",\"port\":3260,\"tpgt\":-1,"
		"\"iface\":\"default\",\"transport\":\"tcp\",\"state\":\"NEW\","
		"\"connection\":\"FREE\",\"reconnects\":0,\"since\":0,\"adopted\":false}"));
	assert_non_null(strstr(list, "\"connection\":\"LOGGED_IN\",\"reconnects\":0,\"since\":5,\"adopted\":true}"));
	assert_non_null(strstr(list, "\"error\":\"gone\\u001b\",\"reconnects\":3"));
	assert_non_null(strstr(list, "{\"sid\":4,"));
	stop(&f);
}

static void status_and_log_level(void **state)
{
	struct fixture f;
	const char *status;

	(void)state;
	start(&f);
	ask(&f, CALL("Logout", "{\"sids\":[1,2]}"));
	peers_later(&f.p, 61500);
	close(f.fd);
	f.fd = peers_connect(&f.p, ROOT);
	assert_string_equal(ask(&f, CALL("SetLogLevel", "{\"level\":\"debug\"}")), EMPTY);
	assert_int_equal(f.log.level, LOG_LEVEL_DEBUG);
	status = ask(&f, CALL("GetStatus", "{}"));
	assert_non_null(strstr(status, "\"version\":\"" PACKAGE_VERSION "\""));
	assert_non_null(strstr(status,
		"\"uptime\":61,\"sessions\":4,\"pending\":0,\"connections\":1,\"longestTurn\":0,\"longestTurnOf\":\"\","
		"\"longestTurnCpu\":0,\"longestTurnCpuOf\":\"\",\"longestTurnBlocked\":0,\"longestTurnBlockedOf\":\"\",\"level\":"
		"\"debug\""));
	stop(&f);
}

static void monitor_tells_changes_until_it_is_left(void **state)
{
	struct fixture f;
	int fd;

	(void)state;
	start(&f);
	assert_string_equal(
		ask(&f, CALL("Monitor", "{}")), "{\"error\":\"org.varlink.service.ExpectedMore\",\"parameters\":{}}\n");
	fd = peers_connect(&f.p, USER);
	assert_string_equal(peer_ask(&f.p, fd, MORE("Monitor", "{}")), "");
	fake_change(&f.manager, &fake_sessions[2]);
	fake_change(&f.manager, &fake_sessions[1]);
	assert_non_null(strstr(peer_hear(&f.p, fd),
		"\"adopted\":false}},\"continues\":true}\n"
		"{\"parameters\":{\"session\":{\"sid\":1,"));
	close(fd);
	peers_run(&f.p);
	assert_true(list_empty(&f.manager.watches));
	assert_string_equal(ask(&f, MORE("Monitor", "{}")), "");
	stop(&f);
	assert_true(list_empty(&f.manager.watches));
}

static void discoveries_are_shown_and_read_again(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	assert_non_null(strstr(ask(&f, CALL("GetStatus", "{}")),
		"\"discoveries\":[{\"type\":\"isns\",\"address\":\"10.0.0.9\",\"port\":3205,\"state\":\"waiting\",\"portals\":0,"
		"\"next\":12},"
		"{\"type\":\"sendtargets\",\"address\":\"fe80::1\",\"port\":3260,\"state\":\"asking\",\"portals\":7,\"error\":"
		"\"why\"}]"));
	assert_string_equal(ask(&f, CALL("ReadDiscoveries", "{}")), EMPTY);
	assert_int_equal(f.readings, 1);
	stop(&f);
}

static void stop_replies_first(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	assert_string_equal(ask(&f, CALL("Stop", "{}")), EMPTY);
	assert_int_equal(f.stops, 1);
	stop(&f);
}

/* Then the peer has a final reply, or its connection ends: never is it left waiting. */
static void memory_may_end_at_any_point(void **state)
{
	static const char *const calls[] = {
		MORE("Login", "{\"records\":[" NODE("iqn.2000-01.a:x") ",7]}"),
		CALL("Login", "{\"records\":[" NODE("iqn.2000-01.a:x") ",7]}"),
		MORE("Logout", "{\"sids\":[1,99,2]}"),
		CALL("Logout", "{\"filter\":{\"target\":\"iqn.a\"}}"),
		CALL("Rescan", "{\"sids\":[1,2]}"),
		CALL("ListSessions", "{}"),
		CALL("GetStatus", "{}"),
		CALL("SetLogLevel", "{\"level\":\"debug\"}"),
		CALL("Nonsense", "{}"),
		"{\"method\":\"org.varlink.service.GetInfo\"}",
		"{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"org.miscsi\"}}",
	};
	struct fixture f;
	const char *heard;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		for (unsigned nth = 1; nth < 120; nth++) {
			start(&f);
			f.manager.at_once = true;
			x_fail_at(nth);
			send(f.fd, calls[i], strlen(calls[i]) + 1, 0);
			heard = peer_hear(&f.p, f.fd);
			x_fail_at(0);
			if (!strstr(heard, "\"parameters\"") && !strstr(heard, "EOF"))
				fail_msg("%s, allocation %u: %s", calls[i], nth, heard);
			stop(&f);
		}
	}
}

/* What the interface's description has, the service has. */
static void every_method_of_the_description_is_there(void **state)
{
	struct fixture f;
	char *text, call[128];
	unsigned n = 0;

	(void)state;
	start(&f);
	text = x_strdup(ask(&f,
		"{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		"\"parameters\":{\"interface\":\"org.miscsi\"}}"));
	for (char *at = text; (at = strstr(at, "\\nmethod ")) && n < 20; n++) {
		at += strlen("\\nmethod ");
		snprintf(call, sizeof(call), "{\"method\":\"org.miscsi.%.*s\"}", (int)strcspn(at, "("), at);
		assert_null(strstr(ask(&f, call), "MethodNotFound"));
	}
	x_free(text);
	assert_int_equal(n, 9);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(login_streams_results_as_they_end),
		cmocka_unit_test(login_without_more_replies_once),
		cmocka_unit_test(login_that_does_not_wait_is_forgotten),
		cmocka_unit_test(a_bad_record_fails_alone),
		cmocka_unit_test(a_record_arrives_as_it_was_sent),
		cmocka_unit_test(a_bad_value_in_a_file_is_left_out),
		cmocka_unit_test(a_secret_reaches_the_manager),
		cmocka_unit_test(who_goes_is_forgotten_by_the_manager),
		cmocka_unit_test(logout_is_by_sid_or_filter),
		cmocka_unit_test(logout_tells_of_each),
		cmocka_unit_test(a_call_has_a_limit),
		cmocka_unit_test(a_session_that_is_named_twice_is_rescanned_once),
		cmocka_unit_test(a_long_call_is_worked_on_in_parts),
		cmocka_unit_test(a_service_that_ends_in_a_long_call_leaves_nothing),
		cmocka_unit_test(bad_parameters_are_named),
		cmocka_unit_test(changing_anything_needs_root),
		cmocka_unit_test(the_list_has_every_session),
		cmocka_unit_test(status_and_log_level),
		cmocka_unit_test(monitor_tells_changes_until_it_is_left),
		cmocka_unit_test(discoveries_are_shown_and_read_again),
		cmocka_unit_test(stop_replies_first),
		cmocka_unit_test(memory_may_end_at_any_point),
		cmocka_unit_test(every_method_of_the_description_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a lost session waits between two logins: by its own clock, for outages and refusals of each kind. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "session-fixture.h"
#include <string.h>

#define SECONDS 1000
#define STEP 25

enum { CLASS_INITIATOR = 2, CLASS_TARGET = 3 };
enum { AUTHENTICATION_FAILED = 1, NOT_FOUND = 3 };

static uint32_t up(struct session_fixture *w, const char *replacement_timeout)
{
	struct record *node = fixture_node(w);
	struct asked a;

	assert_int_equal(record_set(node, FIELD_SESSION_REPLACEMENT_TIMEOUT, replacement_timeout, NULL), 0);
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 0, 0);
	record_free(node);
	assert_int_equal(a.result.err.code, 0);
	return a.result.sid;
}

static void refuse(struct session_fixture *w, uint8_t class, uint8_t detail)
{
	w->status_class = class;
	w->status_detail = detail;
}

/* The target is away for ms, with that answer to logins; gives how long the session was still away when it was well again. */
static uint64_t outage(struct session_fixture *w, uint8_t class, uint8_t detail, uint64_t ms)
{
	unsigned before = fixture_shown(w, 0).reconnects;
	uint64_t well;

	refuse(w, class, detail);
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, fixture_shown(w, 0).sid, 0, ISCSI_ERR_CONN_FAILED);
	fixture_run(w, ms);
	assert_string_equal(fixture_shown(w, 0).state, "FAILED");
	refuse(w, 0, 0);
	well = w->now;
	fixture_reconnected(w, 0, before + 1, STEP, 100 * SECONDS);
	return w->now - well;
}

/* A target that restarts in a loop, a cable that is loose: the seventh outage costs no more than the first. */
static void short_outages_stay_short(void **state)
{
	struct session_fixture *w = *state;

	up(w, "120");
	for (unsigned i = 0; i < 7; i++) {
		assert_in_range(outage(w, CLASS_TARGET, 0, 3 * SECONDS), 0, 2 * SECONDS);
		fixture_run(w, 2 * SECONDS);
	}
}

/* While I/O waits for the session, and for ten minutes if it does not. */
static void a_session_is_back_within_five_seconds(void **state)
{
	static const char *const timeouts[] = { "0", "120", "-1" };
	static const unsigned outages[] = { 4, 25, 600 };

	for (unsigned i = 0; i < ARRAY_SIZE(timeouts); i++) {
		struct session_fixture *w = *state;
		uint32_t sid = up(w, timeouts[i]);
		struct asked a;

		for (unsigned n = 0; n < ARRAY_SIZE(outages); n++) {
			uint64_t took = outage(w, CLASS_TARGET, 1, outages[n] * SECONDS);

			if (took > 5 * SECONDS + 4 * STEP)
				fail_msg("replacement_timeout %s: back %llu ms after an outage of %u s", timeouts[i],
					(unsigned long long)took, outages[n]);
			fixture_run(w, 3 * SECONDS);
		}
		fixture_logout(w, sid, &a);
		fixture_until(w, &a.done, 1, STEP, 30 * SECONDS);
	}
}

/* While the replacement timer runs, for a day if need be; after that an array that is down for long is troubled more and more rarely. */
static void the_wait_is_bounded_while_io_is_held(void **state)
{
	struct session_fixture *w = *state;
	struct asked a;
	uint32_t sid;
	unsigned before;

	sid = up(w, "86400");
	assert_in_range(outage(w, CLASS_TARGET, 1, 1500 * SECONDS), 0, 5 * SECONDS + 4 * STEP);
	fixture_logout(w, sid, &a);
	fixture_until(w, &a.done, 1, STEP, 30 * SECONDS);
	up(w, "120");
	before = w->logins;
	assert_in_range(outage(w, CLASS_TARGET, 1, 1500 * SECONDS), 0, 13 * SECONDS + 4 * STEP);
	assert_in_range(w->logins - before, 150, 250);
}

/* A target that is made again, by a restart or by its administrator, is not there for a moment. */
static void a_target_that_is_not_found_is_tried_again_soon(void **state)
{
	struct session_fixture *w = *state;

	up(w, "120");
	assert_in_range(outage(w, CLASS_INITIATOR, NOT_FOUND, 3 * SECONDS), 0, 2 * SECONDS);
	fixture_run(w, 3 * SECONDS);
	assert_in_range(outage(w, CLASS_INITIATOR, NOT_FOUND, 100 * SECONDS), 0, 5 * SECONDS + 4 * STEP);
}

/* Targets lock accounts for failed authentication: two minutes at the rule's pace, then once a minute. */
static void refused_credentials_are_offered_rarely(void **state)
{
	struct session_fixture *w = *state;
	unsigned before;

	up(w, "86400");
	before = w->logins;
	assert_in_range(outage(w, CLASS_INITIATOR, AUTHENTICATION_FAILED, 120 * SECONDS), 0, 60 * SECONDS);
	assert_in_range(w->logins - before, 20, 30);
	fixture_run(w, 3 * SECONDS);
	before = w->logins;
	assert_in_range(outage(w, CLASS_INITIATOR, AUTHENTICATION_FAILED, 1200 * SECONDS), 0, 60 * SECONDS);
	assert_in_range(w->logins - before, 30, 50);
}

/* An address that comes and goes says nothing about a target that has answered. */
static void a_network_change_wakes_no_session_that_was_refused(void **state)
{
	static const uint8_t details[] = { AUTHENTICATION_FAILED, NOT_FOUND };
	struct session_fixture *w = *state;
	uint32_t sid = up(w, "120");
	unsigned before;

	for (unsigned d = 0; d < ARRAY_SIZE(details); d++) {
		refuse(w, CLASS_INITIATOR, details[d]);
		fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
		fixture_run(w, 200 * SECONDS);
		before = w->logins;
		for (unsigned i = 0; i < 80; i++) {
			manager_wake(w->m);
			fixture_run(w, 250);
		}
		assert_in_range(w->logins - before, 0, 20 / 4);
		refuse(w, 0, 0);
		fixture_reconnected(w, sid, d + 1, 250, 61 * SECONDS);
		fixture_run(w, 3 * SECONDS);
	}
}

/* iscsistart before its network is there: however often there is news, it costs none of its attempts, and each is made at once. */
static void a_first_login_is_tried_when_the_network_comes(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct session *s;
	struct asked a;

	w->status_class = 3;
	fixture_login(w, node, &a);
	fixture_until(w, &w->logins, 2, 250, 10 * SECONDS);
	s = fixture_session(w);
	fixture_run(w, 1);
	for (unsigned i = 3; i < 20; i++) { /* more than the attempts of a first login */
		manager_wake(w->m); /* means those that are lost */
		fixture_until(w, &w->logins, i - 1, 0, 0);
		assert_int_equal(w->logins, i - 1);
		manager_try_now(w->m);
		manager_try_now(w->m);
		fixture_until(w, &w->logins, i, 0, 0);
		for (unsigned n = 0; n < 4 && !loop_timer_active(&s->retry); n++) /* the refusal arrives */
			fixture_run(w, 1);
	}
	w->status_class = 0;
	manager_try_now(w->m);
	fixture_until(w, &a.done, 1, 0, 0);
	assert_int_equal(a.result.err.code, MISCSI_ERR_OK);
	record_free(node);
}

/* Drops each connection as soon as it is up, for ms; gives the longest time that the session was away. */
static uint64_t longest_of_brief_ones(struct session_fixture *w, uint64_t up_ms, uint64_t ms)
{
	uint64_t longest = 0, end = w->now + ms;

	while (w->now < end) {
		unsigned before = fixture_shown(w, 0).reconnects;
		uint64_t lost = w->now;

		fixture_event(w, ISCSI_KEVENT_CONN_ERROR, fixture_shown(w, 0).sid, 0, ISCSI_ERR_CONN_FAILED);
		fixture_reconnected(w, 0, before + 1, STEP, 100 * SECONDS);
		longest = w->now - lost > longest ? w->now - lost : longest;
		fixture_run(w, up_ms);
	}
	return longest;
}

/* A target that accepts every login and drops it at once is tried more rarely, but never seldom. */
static void the_penalty_of_brief_connections_ends(void **state)
{
	static const struct {
		const char *replacement_timeout;
		uint64_t least, most;
	} cases[] = { { "0", 5500, 8000 }, { "120", 4000, 5000 } };

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct session_fixture *w = *state;
		uint32_t sid = up(w, cases[i].replacement_timeout);
		struct asked a;

		fixture_run(w, 3 * SECONDS);
		assert_in_range(longest_of_brief_ones(w, 500, 60 * SECONDS), cases[i].least, cases[i].most + 10 * STEP);
		fixture_run(w, 3 * SECONDS); /* of use again: no penalty is left */
		assert_in_range(longest_of_brief_ones(w, 2250, 20 * SECONDS), 0, 2500 + 10 * STEP);
		fixture_logout(w, sid, &a);
		fixture_until(w, &a.done, 1, STEP, 30 * SECONDS);
	}
}

/* Sessions that are lost together do not come back in one millisecond, and none later than Time2Wait and half a second. */
static void what_is_lost_together_comes_back_spread(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	unsigned back = 0;
	struct asked a;
	uint64_t lost;

	assert_int_equal(record_set(node, FIELD_SESSION_NR_SESSIONS, "64", NULL), 0);
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 0, 0);
	record_free(node);
	fixture_run(w, 3 * SECONDS);
	lost = w->now;
	for (uint32_t sid = 1; sid <= 64; sid++)
		fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
	fixture_reconnected(w, 64, 1, STEP, 10 * SECONDS);
	assert_in_range(w->now - lost, 2000, 2200);
	for (uint32_t sid = 1; sid <= 64; sid++)
		back += fixture_shown(w, sid).reconnects > 0;
	assert_in_range(back, 1, 40);
	for (uint32_t sid = 1; sid <= 64; sid++)
		fixture_reconnected(w, sid, 1, STEP, 10 * SECONDS);
	assert_in_range(w->now - lost, 2200, 2500);
}

/* A socket of which a queue of one is full: the kernel drops each further packet that asks for a connection. */
static int deaf_listener(uint16_t *port, int *in_queue, unsigned n)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(listen(fd, 0), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	for (unsigned i = 0; i < n; i++) {
		in_queue[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		connect(in_queue[i], (struct sockaddr *)&sa, len);
	}
	*port = ntohs(sa.sin_port);
	return fd;
}

/* A portal that is switched off answers nothing: TCP's own repetitions, ever more seldom, are not waited for. */
static void a_silent_portal_is_connected_to_anew(void **state)
{
	struct session_fixture *w = *state;
	int in_queue[3], listener;
	uint32_t sid = up(w, "120");
	struct session *s = fixture_session(w);
	uint16_t port;

	listener = deaf_listener(&port, in_queue, ARRAY_SIZE(in_queue));
	fixture_run(w, 3 * SECONDS);
	assert_int_equal(record_set_int(s->record, FIELD_CONN_PORT, port, NULL), 0);
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
	fixture_run(w, 5 * SECONDS);
	assert_string_equal(fixture_shown(w, sid).connection, "XPT_WAIT");
	for (unsigned i = 0; i < 60; i++)
		fixture_run(w, 1 * SECONDS);
	assert_in_range(s->attempts, 9, 11);
	assert_non_null(strstr(fixture_shown(w, sid).last_error, "within 5 s"));
	assert_int_equal(record_set_int(s->record, FIELD_CONN_PORT, w->port, NULL), 0);
	fixture_reconnected(w, sid, 1, STEP, 7 * SECONDS);
	for (unsigned i = 0; i < ARRAY_SIZE(in_queue); i++)
		close(in_queue[i]);
	close(listener);
}

/* A portal to which no connection can be made from here: the login ends with the cause, and not after eight attempts and 90 s. */
static void what_cannot_get_better_ends_a_first_login(void **state)
{
	static const struct {
		const char *address, *from, *text;
	} rows[] = {
		{ "fe80::1", NULL, "" }, /* which device's? */
		{ "127.0.0.1", "::1", "other family" },
		{ "::1", "127.0.0.1", "" }, /* the other kind, or a machine without IPv6 */
	};
	struct session_fixture *w = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct record *node = fixture_node(w);
		struct asked a;

		assert_int_equal(record_set(node, FIELD_CONN_ADDRESS, rows[i].address, NULL), 0);
		if (rows[i].from)
			assert_int_equal(record_set(node, FIELD_IFACE_IPADDRESS, rows[i].from, NULL), 0);
		fixture_login(w, node, &a);
		fixture_until(w, &a.done, 1, 10, 900);
		assert_int_equal(a.result.err.code, MISCSI_ERR_INVAL);
		if (!strstr(a.text, rows[i].text))
			fail_msg("%s: %s", rows[i].address, a.text);
		record_free(node);
		fixture_run(w, 1 * SECONDS);
		assert_int_equal(manager_count(w->m), 0);
	}
}

/* Text of the last SET_PARAM of that number that the kernel got. */
static void last_param(struct session_fixture *w, uint32_t wanted, char *text, size_t size)
{
	unsigned n = fake_kernel_requests(w->fk);

	*text = '\0';
	for (unsigned i = 0; i < n; i++) {
		struct iscsi_uevent ev;
		uint32_t param;
		char *payload;
		size_t len;

		fake_kernel_request(w->fk, i, &ev, &payload, &len);
		memcpy(&param, ev.u.bytes + 8, sizeof(param));
		if (ev.type == ISCSI_UEVENT_SET_PARAM && param == wanted)
			snprintf(text, size, "%.*s", (int)len, payload);
		x_free(payload);
	}
}

/* Seconds by HZ in an int: what is more overflows, and the kernel fails I/O at once. */
static void trap_19_times_are_multiplied_by_hz(void **state)
{
	static const struct {
		const char *set, *sent;
	} rows[] = { { "2147483647", "2147483" }, { "2147484", "2147483" }, { "2147483", "2147483" }, { "0", "0" },
		{ "-1", "-1" } };
	struct session_fixture *w = *state;
	char text[32];

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct asked a;
		uint32_t sid = up(w, rows[i].set);

		last_param(w, ISCSI_PARAM_SESS_RECOVERY_TMO, text, sizeof(text));
		assert_string_equal(text, rows[i].sent);
		fixture_logout(w, sid, &a);
		fixture_until(w, &a.done, 1, STEP, 30 * SECONDS);
	}
}

/* The target closes the connection in place of an answer, which the kernel does not tell during a logout: nobody waits 15 s for it. */
static void trap_20_a_hang_up_during_a_logout_is_not_told(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = up(w, "120");
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_RECV_PDU };
	struct iscsi_pdu pdu = target_pdu(ISCSI_OP_ASYNC, 0x80, NULL, 0);
	struct asked a;

	w->silent_logout = true;
	fixture_run(w, 3 * SECONDS);
	pdu.bhs[36] = ISCSI_ASYNC_LOGOUT_REQUEST;
	memcpy(ev.r.bytes, &sid, sizeof(sid));
	fake_kernel_event(w->fk, 1, &ev, pdu.bhs, ISCSI_BHS_SIZE);
	fixture_until(w, &w->logouts, 1, STEP, 5 * SECONDS);
	fixture_run(w, 3 * SECONDS);
	assert_string_equal(fixture_shown(w, sid).connection, "LOGOUT_REQUESTED");
	fixture_hang_up(w);
	fixture_reconnected(w, sid, 1, STEP, 3 * SECONDS);
	fixture_logout(w, sid, &a);
	fixture_until(w, &w->logouts, 2, STEP, 5 * SECONDS);
	fixture_hang_up(w);
	fixture_until(w, &a.done, 1, STEP, 2 * SECONDS);
	assert_int_equal(a.result.err.code, 0);
}

static uint32_t up_with(struct session_fixture *w, enum field_id id, const char *value)
{
	struct record *node = fixture_node(w);
	struct asked a;

	assert_int_equal(record_set(node, id, value, NULL), 0);
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 0, 0);
	record_free(node);
	assert_int_equal(a.result.err.code, 0);
	fixture_run(w, 3 * SECONDS);
	return a.result.sid;
}

/* The address moved to a group with other disks: the session waits until it is back, and says why. */
static void another_group_is_refused(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = up_with(w, FIELD_SESSION_FOLLOW_GROUP, "No");

	w->group = true;
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
	fixture_run(w, 60 * SECONDS);
	assert_string_equal(fixture_shown(w, sid).state, "FAILED");
	assert_non_null(strstr(fixture_shown(w, sid).last_error, "target portal group 2 now, and to 1 before"));
	assert_non_null(strstr(fixture_shown(w, sid).last_error, "node.session.follow_group"));
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_START_CONN), 1);
	w->group = false;
	fixture_reconnected(w, sid, 1, STEP, 6 * SECONDS);
}

/* The kernel has started a first login's connection, and somebody has scanned it, before iscsid learns that it was lost. */
static void another_group_is_refused_once_the_kernel_has_started(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a;

	w->hold_start = true;
	fixture_login(w, node, &a);
	for (int i = 0; i < 4000 && strcmp(fixture_shown(w, 0).connection, "STARTING") != 0; i++)
		loop_step(w->loop, 1);
	conn_event(&fixture_session(w)->conn, CONN_EV_LOST);
	w->hold_start = false;
	w->group = true;
	fixture_until(w, &a.done, 1, STEP, 30 * SECONDS);
	assert_non_null(strstr(a.text, "target portal group 2 now, and to 1 before"));
	assert_int_equal(w->logins, 2);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_START_CONN), 1);
	record_free(node);
}

static void another_group_is_followed_where_that_is_wanted(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = up_with(w, FIELD_SESSION_FOLLOW_GROUP, "Yes");

	w->group = true;
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
	fixture_reconnected(w, sid, 1, STEP, 6 * SECONDS);
}

/* The target itself leads to another group; the group of the record's portal is remembered meanwhile. */
static void a_redirection_to_another_group_is_followed(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = up_with(w, FIELD_SESSION_FOLLOW_GROUP, "No");
	struct session *s = fixture_session(w);
	char text[64], portal[48];

	snprintf(portal, sizeof(portal), "[::ffff:127.0.0.1]:%u", w->port);
	snprintf(text, sizeof(text), "TargetAddress=%s", portal);
	w->redirect = text;
	w->group = true;
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
	for (unsigned i = 0; i < 400 && strcmp(session_portal(s), portal) != 0; i++)
		fixture_run(w, 10);
	w->redirect = NULL;
	fixture_reconnected(w, sid, 1, STEP, 6 * SECONDS);
	fixture_run(w, 3 * SECONDS);
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
	fixture_run(w, 20 * SECONDS);
	assert_string_equal(fixture_shown(w, sid).state, "FAILED"); /* to the record's portal again, without a redirection */
	w->group = false;
	fixture_reconnected(w, sid, 2, STEP, 6 * SECONDS);
}

/* And not before: what the kernel keeps of them is what they were. */
static void devices_are_checked_after_a_recovery(void **state)
{
	static const struct fake_lun disks[] = { { 0, "sda" }, { 1, "sdb" }, { FAKE_LUN_END, NULL } };
	struct session_fixture *w = *state;
	uint32_t sid = up(w, "120");
	struct fake_session shown = { .sid = sid, .host = sid + 100, .target = TARGET, .proc_name = "iscsi_tcp", .luns = disks };
	static const char path[] = "class/iscsi_session/session%u/device/target%u:0:0/%u:0:0:%u/rescan";
	char text[2][8] = { "", "" };

	fake_sys_session(&w->sys, &shown);
	for (unsigned lun = 0; lun < 2; lun++)
		fake_sys_write(&w->sys, "", path, sid, shown.host, shown.host, lun);
	fixture_run(w, 3 * SECONDS);
	sysfs_read(&w->sys.sysfs, text[0], sizeof(text[0]), path, sid, shown.host, shown.host, 0);
	assert_string_equal(text[0], "");
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
	fixture_reconnected(w, sid, 1, STEP, 6 * SECONDS);
	for (unsigned i = 0; i < 400 && !(*text[0] && *text[1]); i++) { /* by another process */
		fixture_run(w, 1);
		for (unsigned lun = 0; lun < 2; lun++)
			sysfs_read(&w->sys.sysfs, text[lun], sizeof(text[lun]), path, sid, shown.host, shown.host, lun);
	}
	assert_string_equal(text[0], "1");
	assert_string_equal(text[1], "1");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(short_outages_stay_short),
		T(a_session_is_back_within_five_seconds),
		T(the_wait_is_bounded_while_io_is_held),
		T(a_target_that_is_not_found_is_tried_again_soon),
		T(refused_credentials_are_offered_rarely),
		T(a_network_change_wakes_no_session_that_was_refused),
		T(a_first_login_is_tried_when_the_network_comes),
		T(the_penalty_of_brief_connections_ends),
		T(what_is_lost_together_comes_back_spread),
		T(a_silent_portal_is_connected_to_anew),
		T(what_cannot_get_better_ends_a_first_login),
		T(trap_19_times_are_multiplied_by_hz),
		T(devices_are_checked_after_a_recovery),
		T(another_group_is_refused),
		T(another_group_is_refused_once_the_kernel_has_started),
		T(another_group_is_followed_where_that_is_wanted),
		T(a_redirection_to_another_group_is_followed),
		T(trap_20_a_hang_up_during_a_logout_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adapters that log in by themselves: what they are told before, and how long the engine tries when they say no. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "session-fixture.h"
#include "plugin/private.h"
#include "plugin/report.h"
#include <string.h>

#define SECONDS 1000u

static struct record *node_of_firmware(struct session_fixture *w)
{
	struct record *node = fixture_node(w);

	assert_int_equal(record_set(node, FIELD_IFACE_TRANSPORT, "null", NULL), 0);
	return node;
}

/* Whether a parameter was set, and to what (NULL: to anything). */
static bool was_set(struct session_fixture *w, uint32_t param, const char *value)
{
	bool found = false;

	for (unsigned i = 0; i < fake_kernel_requests(w->fk); i++) {
		struct iscsi_uevent ev;
		char *payload;
		uint32_t number;
		size_t len;

		fake_kernel_request(w->fk, i, &ev, &payload, &len);
		memcpy(&number, ev.u.bytes + 8, sizeof(number));
		if (ev.type == ISCSI_UEVENT_SET_PARAM && number == param)
			found |= !value || strcmp(payload, value) == 0;
		x_free(payload);
	}
	return found;
}

static void the_firmware_logs_in(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a;
	static const uint32_t states[] = { 3, 0 };

	assert_int_equal(record_set(node, FIELD_IFACE_TRANSPORT, "null", NULL), 0);
	assert_int_equal(record_set(node, FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX, "1", NULL), 0);
	for (unsigned i = 0; i < 2; i++) {
		struct asked out;

		fixture_login(w, node, &a);
		fixture_run(w, 1 * SECONDS);
		assert_int_equal(a.done, 0);
		fixture_event(w, ISCSI_KEVENT_CONN_LOGIN_STATE, fixture_session(w)->conn.k.sid, 0, states[i]);
		fixture_until(w, &a.done, 1, 250, 10 * SECONDS);
		assert_int_equal(!a.result.err.code, states[i] == 3);
		assert_int_equal(w->logins, 0); /* no PDU of ours */
		assert_true(fixture_count(w, ISCSI_UEVENT_SET_PARAM) >
			20 * (i + 1)); /* the proposals, from which the firmware negotiates */
		if (a.result.err.code)
			continue;
		fixture_logout(w, a.result.sid, &out);
		fixture_until(w, &out.done, 1, 250, 60 * SECONDS);
		assert_int_equal(w->logouts, 0);
	}
	record_free(node);
	assert_int_equal(manager_count(w->m), 0);
}

static void firmware_session(struct session_fixture *w)
{
	struct record *node = node_of_firmware(w);
	struct asked a;

	fixture_login(w, node, &a);
	fixture_run(w, 1 * SECONDS);
	fixture_event(w, ISCSI_KEVENT_CONN_LOGIN_STATE, fixture_session(w)->conn.k.sid, 0, 3);
	fixture_until(w, &a.done, 1, 250, 10 * SECONDS);
	assert_int_equal(a.result.err.code, MISCSI_ERR_OK);
	record_free(node);
}

/* The plugin's op continues until a timer of its own: until then the session is there. */
static void the_plugin_logs_out_before_the_session_is_removed(void **state)
{
	struct session_fixture *w = *state;
	struct asked out;
	unsigned seen = 0;

	firmware_session(w);
	fixture_logout(w, fixture_session(w)->conn.k.sid, &out);
	for (unsigned i = 0; i < 1000 && !out.done; i++) {
		fixture_run(w, 1);
		if (manager_count(w->m) && fixture_session(w)->conn.run.state == CONN_IN_LOGOUT) {
			seen++;
			assert_int_equal(fixture_count(w, ISCSI_UEVENT_DESTROY_SESSION_ASYNC), 0);
		}
	}
	assert_true(seen > 0);
	assert_int_equal(out.done, 1);
	assert_int_equal(out.result.err.code, MISCSI_ERR_OK);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_DESTROY_SESSION_ASYNC), 1);
}

static void plugin_reports(struct session_fixture *w, uint32_t event, uint32_t number)
{
	struct transport *t;
	struct err err = ERR_INIT;

	assert_int_equal(plugins_find(w->plugins, "null", &t, &err), 0);
	assert_int_equal(report_event(t->plugin, event, number), 0);
	for (unsigned i = 0; i < 5; i++)
		loop_step(w->loop, 0);
}

/* The kernel does not tell of it: the plugin's library does. */
static void session_that_a_plugin_reports_as_lost_is_recovered(void **state)
{
	static const uint32_t events[] = { MISCSI_EVENT_SESSION_LOST, MISCSI_EVENT_HOST_RESET };
	struct session_fixture *w = *state;
	uint32_t number;

	firmware_session(w);
	for (unsigned i = 0; i < 2; i++) {
		number = i ? fixture_session(w)->conn.k.host_no : fixture_session(w)->conn.k.sid;
		plugin_reports(w, events[i], number + 1); /* another's */
		plugin_reports(w, events[i], 0);
		plugin_reports(w, events[!i], number);
		plugin_reports(w, MISCSI_EVENT_HOST_ADDED, fixture_session(w)->conn.k.host_no);
		assert_int_equal(fixture_session(w)->conn.run.state, CONN_LOGGED_IN);
		plugin_reports(w, events[i], number);
		assert_int_not_equal(fixture_session(w)->conn.run.state, CONN_LOGGED_IN);
		assert_non_null(strstr(fixture_session(w)->conn.err.text, "the plugin of transport null reported that"));
		fixture_run(w, 5 * SECONDS);
		fixture_event(w, ISCSI_KEVENT_CONN_LOGIN_STATE, fixture_session(w)->conn.k.sid, 0, 3);
		fixture_run(w, 1 * SECONDS);
		assert_int_equal(fixture_session(w)->conn.run.state, CONN_LOGGED_IN);
	}
}

/* A session that waits for its next attempt begins it within a second. */
static void host_that_is_ready_wakes_its_sessions(void **state)
{
	struct session_fixture *w = *state;
	struct session *s;

	firmware_session(w);
	s = fixture_session(w);
	plugin_reports(w, MISCSI_EVENT_SESSION_LOST, s->conn.k.sid);
	for (unsigned i = 0; !loop_timer_active(&s->retry) || s->retry.due < w->now + 3 * SECONDS; i++) { /* the pauses grow */
		assert_true(i < 2000);
		if (s->conn.run.state == CONN_FW_LOGIN)
			fixture_event(w, ISCSI_KEVENT_CONN_LOGIN_STATE, s->conn.k.sid, 0, 0);
		fixture_run(w, SECONDS / 4);
	}
	plugin_reports(w, MISCSI_EVENT_HOST_ADDED, s->conn.k.host_no + 1);
	assert_true(s->retry.due >= w->now + 3 * SECONDS);
	plugin_reports(w, MISCSI_EVENT_HOST_ADDED, s->conn.k.host_no);
	assert_true(s->retry.due <= w->now + 1 * SECONDS);
}

/* The target's portal group tag and its limits are not known yet: only the initiator's own limits can be set. */
static void firmware_is_told_no_more_than_is_known(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = node_of_firmware(w);
	struct asked a;

	assert_int_equal(record_set(node, FIELD_SESSION_INITIAL_R2T, "No", NULL), 0);
	fixture_login(w, node, &a);
	fixture_run(w, 1 * SECONDS);
	assert_true(was_set(w, ISCSI_PARAM_MAX_RECV_DLENGTH, NULL));
	assert_true(was_set(w, ISCSI_PARAM_INITIAL_R2T_EN, "0")); /* proposed, although it is 0 */
	assert_false(was_set(w, ISCSI_PARAM_MAX_XMIT_DLENGTH, NULL));
	assert_false(was_set(w, ISCSI_PARAM_TPGT, NULL));
	assert_false(was_set(w, ISCSI_PARAM_EXP_STATSN, NULL));
	manager_forget(&a.request);
	record_free(node);
}

static void what_is_known_is_told(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = node_of_firmware(w);
	struct asked a;

	assert_int_equal(record_set(node, FIELD_CONN_MAX_XMIT_LENGTH, "8192", NULL), 0);
	assert_int_equal(record_set(node, FIELD_NODE_TPGT, "3", NULL), 0);
	assert_int_equal(record_set(node, FIELD_SESSION_REPLACEMENT_TIMEOUT, "-1", NULL), 0);
	assert_int_equal(record_set(node, FIELD_CONN_NOOP_INTERVAL, "0", NULL), 0);
	assert_int_equal(record_set(node, FIELD_SESSION_FAST_ABORT, "Yes", NULL), 0);
	fixture_login(w, node, &a);
	fixture_run(w, 1 * SECONDS);
	assert_true(was_set(w, ISCSI_PARAM_MAX_XMIT_DLENGTH, "8192"));
	assert_true(was_set(w, ISCSI_PARAM_TPGT, "3"));
	assert_true(was_set(w, ISCSI_PARAM_SESS_RECOVERY_TMO, "-1"));
	assert_true(was_set(w, ISCSI_PARAM_RECV_TMO, "0"));
	assert_true(was_set(w, ISCSI_PARAM_FAST_ABORT, "1"));
	manager_forget(&a.request);
	record_free(node);
}

/* Until the login is answered; the adapter refuses each attempt, or is silent. Gives the test's seconds. */
static unsigned login_that_fails(struct session_fixture *w, const struct record *node, bool silent, struct asked *a)
{
	uint64_t start = w->now;

	fixture_login(w, node, a);
	while (!a->done) {
		fixture_run(w, SECONDS / 4);
		assert_true(w->now - start < 600 * SECONDS);
		if (!a->done && !silent && fixture_session(w)->conn.run.state == CONN_FW_LOGIN)
			fixture_event(w, ISCSI_KEVENT_CONN_LOGIN_STATE, fixture_session(w)->conn.k.sid, 0, 0);
	}
	return (unsigned)((w->now - start) / SECONDS);
}

static void refusals_of_firmware_end_soon(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = node_of_firmware(w);
	struct asked a;
	unsigned took = login_that_fails(w, node, false, &a);

	assert_int_equal(a.result.err.code, MISCSI_ERR_LOGIN);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_BIND_CONN), 8); /* initial_login_retry_max */
	assert_in_range(took, 7, 20);
	record_free(node);
}

static void a_silent_adapter_is_waited_for_as_long_as_the_settings_say(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = node_of_firmware(w);
	struct asked a;
	unsigned took;

	assert_int_equal(record_set(node, FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX, "4", NULL), 0);
	took = login_that_fails(w, node, true, &a);
	assert_int_equal(a.result.err.code, MISCSI_ERR_TRANS_TIMEOUT);
	assert_in_range(took, 45, 4 * 15 + 5); /* login_timeout */
	record_free(node);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_firmware_logs_in),
		T(the_plugin_logs_out_before_the_session_is_removed),
		T(session_that_a_plugin_reports_as_lost_is_recovered),
		T(host_that_is_ready_wakes_its_sessions),
		T(firmware_is_told_no_more_than_is_known),
		T(what_is_known_is_told),
		T(refusals_of_firmware_end_soon),
		T(a_silent_adapter_is_waited_for_as_long_as_the_settings_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine on a made-up kernel: that every request ends once, that nothing is left behind, that recovery converges and logout wins. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "session-fixture.h"
#include "session/manager_private.h"
#include <dirent.h>
#include <errno.h>
#include <string.h>

#define SECONDS 1000

static unsigned files_in(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* A session that is up, by a request that is over. */
static uint32_t logged_in(struct session_fixture *w, const char *key, const char *value)
{
	struct record *node = fixture_node(w);
	struct asked a;

	if (key)
		assert_int_equal(record_set_key(node, key, value, NULL), 0);
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 0, 0);
	record_free(node);
	if (a.result.err.code)
		fail_msg("%s", a.text);
	return a.result.sid;
}

static void nothing_left(struct session_fixture *w)
{
	fixture_run(w, 1 * SECONDS);
	assert_int_equal(manager_count(w->m), 0);
	assert_int_equal(files_in(w->dir), 0);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_CREATE_SESSION) + fixture_count(w, ISCSI_UEVENT_CREATE_BOUND_SESSION),
		fixture_count(w, ISCSI_UEVENT_DESTROY_SESSION_ASYNC) + fixture_count(w, ISCSI_UEVENT_DESTROY_SESSION));
}

static void login_makes_a_session(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w, NULL, NULL);

	assert_int_equal(sid, 1);
	assert_string_equal(fixture_shown(w, 0).state, "LOGGED_IN");
	assert_int_equal(w->logins, 1);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_START_CONN), 1);
	assert_int_equal(files_in(w->dir), 1);
	assert_null(fixture_session(w)->conn.result); /* nothing of the login stays in memory */
	assert_int_equal(fixture_session(w)->conn.k.binding.kind, MISCSI_BINDING_SOCKET); /* to see it hang up during a logout */
}

/*
 * doc/KERNEL.md, rule 7: what was negotiated lies between the login and START_CONN. The session's name comes before the login: a
 * target that is slow to answer would leave a session of no name in everybody's list.
 */
static void parameters_come_before_the_start(void **state)
{
	struct session_fixture *w = *state;
	unsigned n, bound = 0, name = 0, first_pdu = 0, last_pdu = 0, first_param = 0, last_param = 0, start = 0;
	uint32_t asked;

	asked = logged_in(w, NULL, NULL);
	n = fake_kernel_requests(w->fk);
	for (unsigned i = 0; i < n; i++) {
		struct iscsi_uevent ev;
		uint32_t param, sid;
		char *payload;
		size_t len;

		fake_kernel_request(w->fk, i, &ev, &payload, &len);
		x_free(payload);
		memcpy(&sid, ev.u.bytes, sizeof(sid));
		memcpy(&param, ev.u.bytes + 8, sizeof(param));
		bound = ev.type == ISCSI_UEVENT_BIND_CONN ? i : bound;
		first_pdu = ev.type == ISCSI_UEVENT_SEND_PDU && !first_pdu ? i : first_pdu;
		last_pdu = ev.type == ISCSI_UEVENT_SEND_PDU ? i : last_pdu;
		last_param = ev.type == ISCSI_UEVENT_SET_PARAM ? i : last_param;
		if (ev.type == ISCSI_UEVENT_SET_PARAM && param == ISCSI_PARAM_TARGET_NAME && sid == asked)
			name = i;
		if (ev.type == ISCSI_UEVENT_SET_PARAM && param == ISCSI_PARAM_MAX_RECV_DLENGTH)
			first_param = i;
		start = ev.type == ISCSI_UEVENT_START_CONN ? i : start;
	}
	assert_true(bound < name && name < first_pdu);
	assert_true(last_pdu < first_param && first_param <= last_param && last_param < start);
}

static void two_equal_logins_make_one_session(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a, b, c;

	fixture_login(w, node, &a);
	fixture_login(w, node, &b);
	fixture_until(w, &a.done, 1, 0, 0);
	fixture_until(w, &b.done, 1, 0, 0);
	assert_int_equal(a.result.err.code, 0);
	assert_int_equal(b.result.err.code, 0);
	assert_int_equal(a.result.sid, b.result.sid);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_CREATE_SESSION), 1);
	fixture_login(w, node, &c);
	fixture_until(w, &c.done, 1, 0, 0);
	assert_int_equal(c.result.err.code, MISCSI_ERR_SESS_EXISTS);
	assert_int_equal(c.result.sid, a.result.sid);
	record_free(node);
}

static void a_machine_without_a_name_logs_in_nowhere(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a;

	w->nameless = true;
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 0, 0);
	assert_int_equal(a.result.err.code, MISCSI_ERR_INVAL);
	assert_int_equal(manager_count(w->m), 0);
	w->nameless = false; /* it was given one meanwhile */
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 0, 0);
	assert_int_equal(a.result.err.code, 0);
	assert_string_equal(record_str(fixture_session(w)->record, FIELD_IFACE_INITIATORNAME), "iqn.2026-11.example:host");
	record_free(node);
}

static void nr_sessions_is_exact(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a;

	logged_in(w, NULL, NULL);
	assert_int_equal(record_set(node, FIELD_SESSION_NR_SESSIONS, "3", NULL), 0);
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 0, 0);
	assert_int_equal(a.result.created, 2);
	assert_int_equal(manager_count(w->m), 3);
	record_free(node);
}

static void login_again_is_tried_as_often_as_the_record_says(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a;

	w->status_class = 3; /* target error: may pass */
	assert_int_equal(record_set(node, FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX, "4", NULL), 0);
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 500, 60 * SECONDS);
	assert_int_equal(a.result.err.code, MISCSI_ERR_LOGIN);
	assert_int_equal(w->logins, 4);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_CREATE_SESSION), 1); /* the kernel's session serves all attempts */
	record_free(node);
	nothing_left(w);
}

static void a_failed_login_has_its_first_and_its_last_cause(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a;

	w->status_class = 3;
	w->status_detail = 1;
	fixture_login(w, node, &a);
	fixture_until(w, &w->logins, 2, 500, 60 * SECONDS);
	w->status_class = 2;
	fixture_until(w, &a.done, 1, 500, 60 * SECONDS);
	assert_int_equal(a.result.err.code, MISCSI_ERR_LOGIN_AUTH_FAILED);
	assert_non_null(strstr(a.result.err.text, "authentication failure (0x0201)"));
	assert_non_null(strstr(a.result.err.text,
		"(the first of 3 login attempts failed: the target refused the login: service unavailable (0x0301); the target "
		"may still be starting)"));
	record_free(node);
	nothing_left(w);
}

static void a_refusal_is_final_for_a_first_login(void **state)
{
	static const struct {
		uint8_t detail;
		int code;
	} refusals[] = { { 1, MISCSI_ERR_LOGIN_AUTH_FAILED }, { 2, MISCSI_ERR_LOGIN_AUTH_FAILED },
		{ 3, MISCSI_ERR_FATAL_LOGIN } };
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);

	w->status_class = 2;
	for (unsigned i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct asked a;

		w->status_detail = refusals[i].detail;
		fixture_login(w, node, &a);
		fixture_until(w, &a.done, 1, 500, 10 * SECONDS);
		assert_int_equal(a.result.err.code, refusals[i].code);
		assert_int_equal(w->logins, i + 1);
		nothing_left(w);
	}
	record_free(node);
}

/* Each request of a login fails, in each way that it can: an answer comes, once, and the kernel has nothing left of it. */
static void a_login_survives_any_failing_request(void **state)
{
	static const uint32_t numbers[] = { ISCSI_UEVENT_CREATE_SESSION, ISCSI_UEVENT_CREATE_CONN, ISCSI_UEVENT_BIND_CONN,
		ISCSI_UEVENT_SEND_PDU, ISCSI_UEVENT_START_CONN };
	static const enum fake_fault faults[] = { FAKE_IF_ERROR, FAKE_RETCODE, FAKE_SILENT, FAKE_SHORT, FAKE_SEND };
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);

	assert_int_equal(record_set(node, FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX, "1", NULL), 0);
	w->silent = true; /* a PDU whose sending failed is not answered either */
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++)
		for (unsigned f = 0; f < ARRAY_SIZE(faults); f++) {
			int value = faults[f] == FAKE_RETCODE ? -EINVAL : faults[f] == FAKE_SHORT ? 20 : EINVAL;
			struct asked a;

			if (faults[f] == FAKE_RETCODE && i < 2)
				continue; /* these have none */
			w->silent = numbers[i] == ISCSI_UEVENT_SEND_PDU;
			fake_kernel_fault(w->fk, numbers[i], 1, faults[f], value);
			fixture_login(w, node, &a);
			fixture_until(w, &a.done, 1, 1000, 200 * SECONDS);
			if (!a.result.err.code)
				fail_msg("request %u, fault %u: the login succeeded", numbers[i], f);
			fixture_run(w, 61 * SECONDS);
			assert_int_equal(a.done, 1);
			assert_int_equal(manager_count(w->m), 0);
			assert_int_equal(files_in(w->dir), 0);
		}
	record_free(node);
}

/* The kernel made the session and could not make its connection: the next attempt makes what is missing, and no more. */
static void what_is_missing_is_made_by_the_next_attempt(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct fake_session shown = { .sid = 1, .host = 101, .target = TARGET, .proc_name = "iscsi_tcp" };
	struct asked a;

	fake_sys_session(&w->sys, &shown); /* a session that sysfs does not have is not bound again */
	fake_kernel_fault(w->fk, ISCSI_UEVENT_CREATE_CONN, 1, FAKE_IF_ERROR, ENOMEM);
	fake_kernel_fault(w->fk, ISCSI_UEVENT_BIND_CONN, 1, FAKE_IF_ERROR, EINVAL);
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 250, 60 * SECONDS);
	assert_int_equal(a.result.err.code, 0);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_CREATE_SESSION), 1);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_CREATE_CONN), 2);
	record_free(node);
}

static void a_target_that_says_nothing_is_given_up(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a;

	w->silent = true;
	assert_int_equal(record_set(node, FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX, "1", NULL), 0);
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 1000, 40 * SECONDS);
	assert_int_equal(a.result.err.code, MISCSI_ERR_TRANS_TIMEOUT);
	record_free(node);
	nothing_left(w);
}

static void nobody_listening_is_a_connection_failure(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a;

	assert_int_equal(record_set(node, FIELD_CONN_PORT, "1", NULL), 0);
	assert_int_equal(record_set(node, FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX, "2", NULL), 0);
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 200, 10 * SECONDS);
	assert_int_equal(a.result.err.code, MISCSI_ERR_TRANS);
	assert_int_equal(fake_kernel_requests(w->fk), 0); /* the kernel was not troubled */
	record_free(node);
	nothing_left(w);
}

static void a_redirect_is_followed_and_an_endless_one_ends(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	char text[64];
	struct asked a;

	snprintf(text, sizeof(text), "TargetAddress=127.0.0.1:%u", w->port);
	w->redirect = text;
	assert_int_equal(record_set(node, FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX, "1", NULL), 0);
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 10, 10 * SECONDS);
	assert_int_not_equal(a.result.err.code, 0);
	assert_in_range(w->logins, 3, 32);
	record_free(node);
	nothing_left(w);
}

static void a_lost_connection_is_restored_on_the_same_session(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w, NULL, NULL);
	struct session *s = fixture_session(w);
	uint8_t isid[ISID_LEN];

	memcpy(isid, s->isid, sizeof(isid));
	for (unsigned i = 1; i <= 3; i++) {
		fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_TCP_CONN_CLOSE);
		fixture_reconnected(w, sid, i, 250, 10 * SECONDS);
		assert_string_equal(fixture_shown(w, sid).state, "LOGGED_IN");
		assert_memory_equal(s->isid, isid, sizeof(isid));
	}
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_CREATE_SESSION), 1);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_STOP_CONN), 3);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_BIND_CONN), 4);
}

/* However long the target is away and however it refuses meanwhile: once it is well the session is back within a bound. */
static void recovery_converges(void **state)
{
	static const uint8_t classes[] = { 3, 2 };
	static const uint64_t within[] = { 40 * SECONDS, 70 * SECONDS };
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w, NULL, NULL);

	for (unsigned i = 0; i < 2; i++) {
		w->status_class = classes[i];
		w->status_detail = 1;
		fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
		fixture_run(w, 600 * SECONDS);
		assert_string_equal(fixture_shown(w, sid).state, "FAILED");
		w->status_class = 0;
		fixture_reconnected(w, sid, i + 1, 250, within[i]);
	}
	assert_in_range(w->logins, 10, 180); /* patient with a target that is away */
}

/* A cable is put back: no waiting for the clock. But Time2Wait is the target's to set. */
static void a_better_network_ends_the_wait(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w, NULL, NULL);
	unsigned before;

	w->status_class = 3;
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
	fixture_run(w, 1 * SECONDS);
	before = w->logins;
	manager_wake(w->m);
	fixture_run(w, 500);
	assert_int_equal(w->logins, before); /* Time2Wait: 2 s */
	fixture_run(w, 300 * SECONDS);
	w->status_class = 0;
	manager_wake(w->m);
	fixture_reconnected(w, sid, 1, 50, 1 * SECONDS);
	manager_wake(w->m); /* nothing for one that is up */
	fixture_run(w, 1 * SECONDS);
	assert_string_equal(fixture_shown(w, sid).state, "LOGGED_IN");
}

/* An adapter whose cable is put back tells by its host: its sessions wait no longer, those of others do. */
static void a_link_that_comes_up_wakes_the_sessions_of_its_host(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w, NULL, NULL);
	struct session *s = fixture_session(w);
	unsigned before;

	w->status_class = 3;
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
	fixture_run(w, 300 * SECONDS);
	before = w->logins; /* the next try by the clock is over, so that none falls into the second below */
	for (unsigned i = 0; i < 120 && w->logins == before; i++)
		fixture_run(w, 1 * SECONDS);
	assert_int_equal(w->logins, before + 1);
	fixture_run(w, 2 * SECONDS);
	before = w->logins;
	fixture_event(w, ISCSI_KEVENT_HOST_EVENT, s->conn.k.host_no, 0, ISCSI_EVENT_LINKDOWN);
	fixture_event(w, ISCSI_KEVENT_HOST_EVENT, s->conn.k.host_no + 1, 0, ISCSI_EVENT_LINKUP);
	fixture_run(w, 1 * SECONDS);
	assert_int_equal(w->logins, before);
	w->status_class = 0;
	fixture_event(w, ISCSI_KEVENT_HOST_EVENT, s->conn.k.host_no, 0, ISCSI_EVENT_LINKUP);
	fixture_reconnected(w, sid, 1, 25, 8 * SECONDS);
	assert_string_equal(fixture_shown(w, sid).state, "LOGGED_IN");
}

/* multipathd sets recovery_tmo by sysfs: a new login must not set it back. */
static void recovery_time_is_set_once(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w, NULL, NULL);
	unsigned n, sets = 0;

	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
	fixture_reconnected(w, sid, 1, 250, 10 * SECONDS);
	n = fake_kernel_requests(w->fk);
	for (unsigned i = 0; i < n; i++) {
		struct iscsi_uevent ev;
		char *payload;
		uint32_t param;
		size_t len;

		fake_kernel_request(w->fk, i, &ev, &payload, &len);
		x_free(payload);
		memcpy(&param, ev.u.bytes + 8, sizeof(param));
		sets += ev.type == ISCSI_UEVENT_SET_PARAM && param == ISCSI_PARAM_SESS_RECOVERY_TMO;
	}
	assert_int_equal(sets, 1);
}

static void logout_takes_devices_first(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w, NULL, NULL);
	struct asked a;

	fixture_logout(w, sid, &a);
	fixture_until(w, &a.done, 1, 0, 0);
	assert_int_equal(a.result.err.code, 0);
	assert_int_equal(w->logouts, 1);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_UNBIND_SESSION), 1);
	nothing_left(w);
}

static void logout_wins_over_a_dead_target(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w, NULL, NULL);
	struct asked a;

	w->silent_logout = true;
	fixture_logout(w, sid, &a);
	fixture_until(w, &a.done, 1, 1000, 20 * SECONDS);
	assert_int_equal(a.result.err.code, 0);
	nothing_left(w);
}

/* At every moment of a login and of a recovery. */
static void logout_wins_at_every_moment(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);

	for (unsigned rounds = 0; rounds < 24; rounds++) {
		struct asked login, logout;
		struct session *s;

		fixture_login(w, node, &login);
		for (unsigned i = 0; i < rounds; i++) {
			loop_step(w->loop, 0);
			usleep(100);
		}
		s = fixture_session(w);
		if (rounds % 2 && s->run.state == SESS_LOGGED_IN)
			fixture_event(w, ISCSI_KEVENT_CONN_ERROR, s->conn.k.sid, 0, ISCSI_ERR_CONN_FAILED);
		if (!s->conn.k.sid)
			session_event(s, SESS_EV_CLOSE);
		else
			fixture_logout(w, s->conn.k.sid, &logout);
		if (s->conn.k.sid)
			fixture_until(w, &logout.done, 1, 250, 60 * SECONDS);
		fixture_until(w, &login.done, 1, 250, 60 * SECONDS);
		nothing_left(w);
	}
	record_free(node);
}

/* Trap 9 of the kernel: DESTROY_SESSION says EBUSY. The user is told, once; nothing loops. */
static void what_the_kernel_keeps_is_told(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w, NULL, NULL);
	struct asked a;

	fake_sys_write(&w->sys, "LOGGED_IN\n", "class/iscsi_session/session%u/state", sid);
	fake_kernel_fault(w->fk, ISCSI_UEVENT_DESTROY_SESSION_ASYNC, 1, FAKE_IF_ERROR, EBUSY);
	fixture_logout(w, sid, &a);
	fixture_until(w, &a.done, 1, 250, 60 * SECONDS);
	assert_int_not_equal(a.result.err.code, 0);
	assert_non_null(strstr(a.text, "session 1"));
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_DESTROY_SESSION_ASYNC), 1);
}

/* The session that is to be logged out ended a moment ago: the request succeeds. */
static void logout_of_what_is_gone_is_done(void **state)
{
	struct session_fixture *w = *state;
	struct asked a;

	fixture_logout(w, 77, &a);
	fixture_until(w, &a.done, 1, 0, 0);
	assert_int_equal(a.result.err.code, 0);
}

static void a_session_that_vanishes_is_forgotten(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w, NULL, NULL);

	fixture_event(w, ISCSI_KEVENT_DESTROY_SESSION, sid + 100, sid, 0);
	fixture_run(w, 1 * SECONDS);
	assert_int_equal(manager_count(w->m), 0);
	assert_int_equal(files_in(w->dir), 0);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_DESTROY_SESSION_ASYNC), 0);
}

static void an_asynchronous_logout_request_is_obeyed(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w, NULL, NULL);
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_RECV_PDU };
	struct iscsi_pdu pdu = target_pdu(ISCSI_OP_ASYNC, 0x80, NULL, 0);

	pdu.bhs[36] = ISCSI_ASYNC_LOGOUT_REQUEST;
	memcpy(ev.r.bytes, &sid, sizeof(sid));
	fake_kernel_event(w->fk, 1, &ev, pdu.bhs, ISCSI_BHS_SIZE);
	fixture_reconnected(w, sid, 1, 250, 20 * SECONDS);
	assert_int_equal(w->logouts, 1);
	assert_int_equal(w->logins, 2);
}

/* The unlikely, and the hostile: events of sessions that are none of ours, PDUs of no place, in every state. */
static void events_of_others_do_no_harm(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w, NULL, NULL);

	for (uint32_t type = ISCSI_KEVENT_RECV_PDU; type <= ISCSI_KEVENT_PING_COMP; type++) {
		fixture_event(w, type, 77, 0, 1);
		fixture_event(w, type, 0xffffffff, 0xffffffff, 0xffffffff);
		fixture_event(w, type, 0, 0, 0);
	}
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 5, ISCSI_ERR_CONN_FAILED); /* another connection than ours */
	fixture_event(w, ISCSI_KEVENT_CONN_LOGIN_STATE, sid, 0, 3);
	fixture_event(w, ISCSI_KEVENT_UNBIND_SESSION, sid, 0, 0);
	fixture_run(w, 1 * SECONDS);
	assert_string_equal(fixture_shown(w, sid).state, "LOGGED_IN");
	assert_string_equal(fixture_shown(w, sid).connection, "LOGGED_IN");
}

static void requests_end_when_the_manager_does(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a, b;

	w->silent = true;
	fixture_login(w, node, &a);
	fixture_login(w, node, &b);
	fixture_run(w, 1 * SECONDS);
	manager_forget(&b.request);
	manager_free(w->m);
	w->m = NULL;
	assert_int_equal(a.done, 1);
	assert_int_equal(a.result.err.code, MISCSI_ERR_ISCSID_COMM_ERR);
	assert_int_equal(b.done, 0);
	record_free(node);
}

/* Over an endpoint; gives its number. */
static uint32_t logged_in_over_an_endpoint(struct session_fixture *w)
{
	struct record *node = fixture_node(w);
	struct asked a;

	fake_sys_transport(&w->sys, "cxgb4i");
	assert_int_equal(record_set(node, FIELD_IFACE_TRANSPORT, "cxgb4i", NULL), 0);
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 50, 10 * SECONDS);
	record_free(node);
	assert_int_equal(a.result.err.code, 0);
	return a.result.sid;
}

/* Sessions stay up when the daemon is stopped: those bound to an endpoint, too. */
static void endpoints_of_sessions_stay_when_the_manager_goes(void **state)
{
	struct session_fixture *w = *state;

	logged_in_over_an_endpoint(w);
	manager_free(w->m);
	w->m = NULL;
	fixture_run(w, 1 * SECONDS);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_EP_CONNECT), 1);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_EP_DISCONNECT), 0);
}

/* Another program ends a session, or a driver that goes: nobody else knows of its endpoint. */
static void a_session_that_others_end_leaves_no_endpoint(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in_over_an_endpoint(w);

	fixture_event(w, ISCSI_KEVENT_DESTROY_SESSION, 1, sid, 0);
	for (int i = 0; i < 50 && !fixture_count(w, ISCSI_UEVENT_EP_DISCONNECT); i++)
		fixture_run(w, 1 * SECONDS);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_EP_DISCONNECT), 1);
	assert_int_equal(manager_count(w->m), 0);
}

static void a_forgotten_login_goes_on(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a;

	fixture_login(w, node, &a);
	manager_forget(&a.request);
	fixture_run(w, 2 * SECONDS);
	assert_int_equal(a.done, 0);
	assert_string_equal(fixture_shown(w, 0).state, "LOGGED_IN");
	record_free(node);
}

/* A path may be longer than anything else that is set. */
static void a_plugin_is_told_settings_whole(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct transport_op op = { .settings = NULL };
	char path[RECORD_TEXT_MAX];
	struct asked a;

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(record_set(node, FIELD_SESSION_PASSWORD_FILE, path, NULL), 0);
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 1, 10 * SECONDS);
	conn_op(&fixture_session(w)->conn, &op);
	assert_string_equal(op.setting(op.settings, "node.session.auth.password_file"), path);
	assert_string_equal(op.setting(op.settings, "node.session.iscsi.MaxBurstLength"), "16776192");
	assert_string_equal(op.setting(op.settings, "node.startup"), "manual");
	assert_null(op.setting(op.settings, "node.session.auth.password"));
	record_free(node);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(login_makes_a_session),
		T(parameters_come_before_the_start),
		T(two_equal_logins_make_one_session),
		T(a_machine_without_a_name_logs_in_nowhere),
		T(nr_sessions_is_exact),
		T(login_again_is_tried_as_often_as_the_record_says),
		T(a_failed_login_has_its_first_and_its_last_cause),
		T(a_refusal_is_final_for_a_first_login),
		T(a_login_survives_any_failing_request),
		T(what_is_missing_is_made_by_the_next_attempt),
		T(a_target_that_says_nothing_is_given_up),
		T(nobody_listening_is_a_connection_failure),
		T(a_redirect_is_followed_and_an_endless_one_ends),
		T(a_lost_connection_is_restored_on_the_same_session),
		T(recovery_converges),
		T(a_better_network_ends_the_wait),
		T(a_link_that_comes_up_wakes_the_sessions_of_its_host),
		T(recovery_time_is_set_once),
		T(logout_takes_devices_first),
		T(logout_wins_over_a_dead_target),
		T(logout_wins_at_every_moment),
		T(what_the_kernel_keeps_is_told),
		T(logout_of_what_is_gone_is_done),
		T(a_session_that_vanishes_is_forgotten),
		T(an_asynchronous_logout_request_is_obeyed),
		T(events_of_others_do_no_harm),
		T(requests_end_when_the_manager_does),
		T(endpoints_of_sessions_stay_when_the_manager_goes),
		T(a_session_that_others_end_leaves_no_endpoint),
		T(a_forgotten_login_goes_on),
		T(a_plugin_is_told_settings_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

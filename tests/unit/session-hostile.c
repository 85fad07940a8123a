/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine against bad luck and bad targets: races of events with requests, sessions left half done, targets that mislead. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "link/credentials.h"
#include "session-fixture.h"
#include "session/manager_private.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define SECONDS 1000

static uint32_t logged_in(struct session_fixture *w)
{
	struct record *node = fixture_node(w);
	struct asked a;

	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 0, 0);
	record_free(node);
	if (a.result.err.code)
		fail_msg("%s", a.text);
	return a.result.sid;
}

static void lose(struct session_fixture *w, uint32_t sid)
{
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, sid, 0, ISCSI_ERR_CONN_FAILED);
}

/* Between a session's end and its removal from memory there is a moment: what is asked then ends too. */
static void a_request_about_a_session_that_just_ended_is_answered(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w);
	struct session *s = fixture_session(w);
	struct asked out, again;

	conn_event(&s->conn, CONN_EV_DESTROYED);
	assert_int_equal(s->run.state, SESS_CLOSED);
	fixture_logout(w, sid, &out);
	fixture_asked(&again);
	manager_rescan(w->m, sid, &again.request);
	fixture_until(w, &out.done, 1, 250, 5 * SECONDS);
	assert_int_equal(out.result.err.code, 0);
	fixture_until(w, &again.done, 1, 250, 5 * SECONDS);
	assert_int_equal(again.result.err.code, MISCSI_ERR_SESS_NOT_FOUND);
	assert_int_equal(manager_count(w->m), 0);
}

/* A file of the host that nobody reads: the scan goes on until the pipe is opened. */
static void endless_scan(struct session_fixture *w, uint32_t host, char path[256])
{
	fake_sys_write(&w->sys, "", "class/scsi_host/host%u/proc_name", host);
	snprintf(path, 256, "%s/class/scsi_host/host%u/scan", w->sys.dir, host);
	assert_int_equal(mkfifo(path, 0600), 0);
}

/* The connection goes while the login's scan runs, and the target does not come back: who asked is not kept waiting for ever. */
static void a_login_that_is_lost_during_its_scan_is_answered(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a;
	char path[256];

	assert_int_equal(record_set(node, FIELD_SESSION_SCAN, "auto", NULL), 0);
	endless_scan(w, 101, path);
	fixture_login(w, node, &a);
	for (unsigned i = 0; i < 400 && (manager_count(w->m) == 0 || strcmp(fixture_shown(w, 0).state, "LOGGED_IN") != 0); i++)
		fixture_run(w, 1);
	assert_string_equal(fixture_shown(w, 0).state, "LOGGED_IN");
	assert_int_equal(a.done, 0);
	w->silent = true;
	lose(w, fixture_shown(w, 0).sid);
	fixture_until(w, &a.done, 1, 250, 10 * SECONDS);
	assert_int_equal(a.result.err.code, 0);
	record_free(node);
	fclose(fopen(path, "r"));
}

/* A balancer that sends every login to a portal that is away, for hours: once all is well the session is back. */
static void redirections_to_a_dead_portal_do_not_add_up(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w);

	for (w->redirect_stays = false;; w->redirect_stays = true) {
		unsigned reconnects = fixture_shown(w, sid).reconnects;

		w->redirect = "TargetAddress=127.0.0.1:1";
		lose(w, sid);
		fixture_run(w, 1800 * SECONDS);
		assert_string_equal(fixture_shown(w, sid).state, "FAILED");
		w->redirect = NULL;
		fixture_reconnected(w, sid, reconnects + 1, 250, 70 * SECONDS);
		if (w->redirect_stays)
			break;
	}
}

static void a_permanent_redirection_is_gone_to_first(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w);
	struct session *s = fixture_session(w);
	char text[64], portal[48];

	snprintf(portal, sizeof(portal), "[::ffff:127.0.0.1]:%u", w->port);
	snprintf(text, sizeof(text), "TargetAddress=%s", portal);
	w->redirect = text;
	w->redirect_stays = true;
	lose(w, sid);
	for (unsigned i = 0; i < 400 && strcmp(session_portal(s), portal) != 0; i++)
		fixture_run(w, 10);
	w->redirect = NULL;
	for (unsigned i = 1; i <= 2; i++) {
		fixture_reconnected(w, sid, i, 250, 10 * SECONDS);
		assert_string_equal(session_portal(s), portal);
		lose(w, sid);
	}
}

/* A target that takes every login and drops the connection at once gets no thousand logins a minute. */
static void a_connection_that_does_not_last_is_made_more_rarely(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w);
	struct session *s = fixture_session(w);
	uint64_t end = w->now + 120 * SECONDS;
	unsigned reconnects;

	for (; w->now < end; w->now += 50) {
		s->time2wait = 0;
		if (strcmp(fixture_shown(w, sid).state, "LOGGED_IN") == 0)
			lose(w, sid);
		for (unsigned i = 0; i < 2; i++) {
			loop_step(w->loop, 0);
			usleep(300);
		}
	}
	assert_in_range(fixture_shown(w, sid).reconnects, 5, 30);
	reconnects = fixture_shown(w, sid).reconnects;
	fixture_reconnected(w, sid, reconnects + (strcmp(fixture_shown(w, sid).state, "LOGGED_IN") != 0), 250, 70 * SECONDS);
	fixture_run(w, 120 * SECONDS); /* it has lasted: the next loss is one like the first */
	reconnects = fixture_shown(w, sid).reconnects;
	lose(w, sid);
	fixture_reconnected(w, sid, reconnects + 1, 250, 5 * SECONDS);
}

/* Time2Wait of an asynchronous message has 16 bits; RFC 7143 section 13.15 ends at an hour. */
static void a_target_cannot_keep_a_session_away_for_a_day(void **state)
{
	struct session_fixture *w = *state;
	uint32_t sid = logged_in(w);
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_RECV_PDU };
	struct iscsi_pdu pdu = target_pdu(ISCSI_OP_ASYNC, 0x80, NULL, 0);

	pdu.bhs[36] = ISCSI_ASYNC_SESSION_DROPPED;
	pdu.bhs[40] = pdu.bhs[41] = 0xff;
	memcpy(ev.r.bytes, &sid, sizeof(sid));
	fake_kernel_event(w->fk, 1, &ev, pdu.bhs, ISCSI_BHS_SIZE);
	fixture_run(w, 1 * SECONDS);
	assert_string_equal(fixture_shown(w, sid).state, "FAILED");
	fixture_reconnected(w, sid, 1, 10 * SECONDS, 3700 * SECONDS);
}

/* Routes that come and go all the time wake, but never put off. */
static void being_woken_often_puts_nothing_off(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct session *s;
	struct asked a;

	assert_int_equal(record_set(node, FIELD_SESSION_NR_SESSIONS, "40", NULL), 0);
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 0, 0);
	record_free(node);
	s = manager_find(w->m, 40); /* the higher its number the later it would be tried */
	s->time2wait = 0;
	lose(w, 40);
	for (unsigned i = 0; i < 40 && !fixture_shown(w, 40).reconnects; i++) {
		fixture_run(w, 250);
		manager_wake(w->m);
	}
	assert_int_equal(fixture_shown(w, 40).reconnects, 1);
}

/* Events were lost when the kernel had not yet cleaned up what they told of: sysfs shows it only later. */
static void a_loss_whose_event_was_lost_is_seen(void **state)
{
	struct session_fixture *w = *state;
	struct fake_session shown = { .target = TARGET, .proc_name = "iscsi_tcp" };

	shown.sid = logged_in(w);
	shown.host = shown.sid + 100;
	fake_sys_session(&w->sys, &shown);
	fake_kernel_lose(w->fk, true);
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, 77, 0, 0);
	fixture_run(w, 1 * SECONDS);
	assert_int_equal(fixture_shown(w, shown.sid).reconnects, 0);
	fake_sys_write(&w->sys, "FAILED\n", "class/iscsi_session/session%u/state", shown.sid);
	fixture_reconnected(w, shown.sid, 1, 250, 30 * SECONDS);
}

/* As above, but the session is gone, and in the midst of its first login: nothing is bound to it for a minute. */
static void a_removal_whose_event_was_lost_ends_the_login(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a;

	w->status_class = 3;
	w->status_detail = 1;
	fixture_login(w, node, &a);
	record_free(node);
	while (!w->logins)
		fixture_run(w, 250);
	w->status_class = 0;
	for (unsigned nth = 1; nth <= 8; nth++)
		fake_kernel_fault(w->fk, ISCSI_UEVENT_BIND_CONN, nth, FAKE_RETCODE, -EINVAL);
	fixture_until(w, &a.done, 1, 250, 4 * SECONDS);
	assert_int_equal(a.result.err.code, MISCSI_ERR_SESS_NOT_FOUND);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_BIND_CONN), 2);
}

/* One portal has many spellings; it gets one session. */
static void a_portal_is_the_same_however_it_is_written(void **state)
{
	struct session_fixture *w = *state;
	static const char *const addresses[] = { "2001:db8::1", "2001:0DB8:0::0001", "2001:db8::2" };
	struct asked asked[3];

	for (unsigned i = 0; i < 3; i++) {
		struct record *node = fixture_node(w);

		assert_int_equal(record_set(node, FIELD_CONN_ADDRESS, addresses[i], NULL), 0);
		fixture_login(w, node, &asked[i]);
		record_free(node);
		assert_int_equal(manager_count(w->m), i < 2 ? 1 : 2);
	}
	for (unsigned i = 0; i < 3; i++)
		manager_forget(&asked[i].request);
}

static struct fake_session left_behind(const char *port)
{
	return (struct fake_session){
		.sid = 9, .host = 109, .target = TARGET, .address = "127.0.0.1", .port = port, .proc_name = "iscsi_tcp"
	};
}

/* The daemon was killed when a logout had come as far as the devices: the logout goes on. */
static void a_logout_that_was_cut_short_is_completed(void **state)
{
	struct session_fixture *w = *state;
	struct fake_session kept = left_behind("3260");

	fake_sys_session(&w->sys, &kept);
	fake_sys_write(&w->sys, "UNBOUND\n", "class/iscsi_session/session9/target_state");
	assert_int_equal(fixture_adopt(w), 1);
	fixture_run(w, 5 * SECONDS);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_UNBIND_SESSION), 0); /* done, and the kernel would not tell of it again */
	assert_int_equal(
		fixture_count(w, ISCSI_UEVENT_DESTROY_SESSION_ASYNC) + fixture_count(w, ISCSI_UEVENT_DESTROY_SESSION), 1);
	assert_int_equal(manager_count(w->m), 0);
}

static const struct fake_lun one_disk[] = { { 0, "sda" }, { FAKE_LUN_END, NULL } };

static struct fake_session as_left(const char *port, const char *state)
{
	return (struct fake_session){ .sid = 9,
		.host = 109,
		.target = TARGET,
		.address = "127.0.0.1",
		.port = port,
		.proc_name = "iscsi_tcp",
		.state = state,
		.conn_state = strcmp(state, "FAILED") ? "up" : "failed",
		.luns = one_disk };
}

/* The daemon was started while a plugin's file was away: its sessions are taken over when it is back, also one that was lost meanwhile. */
static void a_session_whose_plugin_was_away_is_adopted_when_it_is_back(void **state)
{
	struct session_fixture *w = *state;
	struct fake_session kept;
	struct asked a;
	char port[8];

	snprintf(port, sizeof(port), "%u", w->port);
	kept = as_left(port, "FAILED");
	fake_sys_session(&w->sys, &kept);
	fixture_plugins(w, w->dir, "null");
	assert_int_equal(fixture_adopt(w), 0);
	fixture_run(w, 60 * SECONDS);
	assert_int_equal(manager_count(w->m), 0);
	fixture_plugin_file(w->dir, "tcp");
	fixture_run(w, 60 * SECONDS);
	assert_int_equal(manager_count(w->m), 1);
	assert_true(w->logins > 0);
	fixture_logout(w, 9, &a);
	fixture_until(w, &a.done, 1, 0, 0);
	assert_int_equal(a.result.err.code, 0);
}

static void note(struct session_fixture *w, uint32_t sid, const char *port, const char *iface, const char *isid)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/session%u", w->dir, sid);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f,
		"# session.isid = %s\nnode.name = " TARGET "\nnode.conn[0].address = 127.0.0.1\nnode.conn[0].port = %s\n"
		"iface.iscsi_ifacename = %s\n",
		isid, port, iface);
	fclose(f);
}

/* Its file may lie on a disk of the session itself: it is read while that is there. */
static void an_adopted_session_has_its_secret_at_once(void **state)
{
	struct session_fixture *w = *state;
	struct fake_session kept = left_behind("3260");
	char path[128], secret[128];
	FILE *f;

	snprintf(secret, sizeof(secret), "%s/secret", w->dir);
	f = fopen(secret, "w");
	assert_non_null(f);
	fputs("twelve bytes", f);
	fclose(f);
	fake_sys_session(&w->sys, &kept);
	note(w, 9, "3260", "default", "800102030405");
	snprintf(path, sizeof(path), "%s/session9", w->dir);
	f = fopen(path, "a");
	assert_non_null(f);
	fprintf(f, "node.session.auth.authmethod = CHAP\nnode.session.auth.password_file = %s\n", secret);
	fclose(f);
	assert_int_equal(w->m->adopter->one(w->m->adopter, 9, NULL), 1);
	for (unsigned i = 0; i < 250 && !credentials_known(fixture_session(w)->conn.credentials); i++)
		fixture_run(w, 1 * SECONDS);
	assert_true(credentials_known(fixture_session(w)->conn.credentials));
}

/* The disk with the file is away when iscsid starts: the kernel has the secret of the last login. */
static void an_adopted_session_has_the_secret_of_the_last_login(void **state)
{
	struct session_fixture *w = *state;
	struct fake_session kept = left_behind("3260");
	const struct session *s;
	char path[128];
	FILE *f;

	kept.username = "user";
	kept.password = "of the kernel";
	fake_sys_session(&w->sys, &kept);
	note(w, 9, "3260", "default", "800102030405");
	snprintf(path, sizeof(path), "%s/session9", w->dir);
	f = fopen(path, "a");
	assert_non_null(f);
	fprintf(f, "node.session.auth.authmethod = CHAP\nnode.session.auth.password_file = %s/nothing\n", w->dir);
	fclose(f);
	assert_int_equal(w->m->adopter->one(w->m->adopter, 9, NULL), 1);
	s = fixture_session(w);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(credentials_known(s->conn.credentials));
		assert_memory_equal(
			credentials_secret(s->record, &credentials_of_session, s->conn.credentials, FIELD_SESSION_PASSWORD)
				->bytes,
			"of the kernel", 13);
		assert_int_equal(
			record_secret(s->record, FIELD_SESSION_PASSWORD)->len, 0); /* the file counts, once it is there */
		fixture_run(w, 1 * SECONDS);
	}
}

/* Numbers of sessions begin anew with the kernel's module: a file that another session left is not this one's. */
static void a_file_of_another_session_is_not_believed(void **state)
{
	struct session_fixture *w = *state;
	struct fake_session kept = left_behind("3260");

	fake_sys_session(&w->sys, &kept);
	for (unsigned i = 0; i < 3; i++) {
		struct session *s;

		note(w, 9, i == 0 ? "3261" : "3260", i == 1 ? "other" : "default", "800102030405");
		assert_int_equal(w->m->adopter->one(w->m->adopter, 9, NULL), 1);
		s = fixture_session(w);
		assert_int_equal(s->isid[0] != 0, i == 2);
		assert_int_equal(record_int(s->record, FIELD_CONN_PORT), 3260);
		assert_string_equal(record_str(s->record, FIELD_IFACE_NAME), "default");
		session_free(s);
	}
}

/* A daemon that was killed leaves files of sessions that ended without it. */
static void files_without_a_session_are_removed(void **state)
{
	struct session_fixture *w = *state;
	struct fake_session kept = left_behind("3260");
	char path[128];

	fake_sys_session(&w->sys, &kept);
	note(w, 9, "3260", "default", "800102030405");
	note(w, 8, "3260", "default", "800102030405");
	snprintf(path, sizeof(path), "%s/.session7.abcdef.tmp", w->dir);
	fclose(fopen(path, "w"));
	assert_int_equal(fixture_adopt(w), 1);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof(path), "%s/session8", w->dir);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof(path), "%s/session9", w->dir);
	assert_int_equal(access(path, F_OK), 0);
}

static void a_session_that_is_up_is_adopted_untouched(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct fake_session kept;
	struct asked a;
	char port[8];

	snprintf(port, sizeof(port), "%u", w->port);
	kept = as_left(port, "LOGGED_IN");
	fake_sys_session(&w->sys, &kept);
	assert_int_equal(fixture_adopt(w), 1);
	fixture_run(w, 60 * SECONDS);
	assert_int_equal(fake_kernel_requests(w->fk), 0);
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 0, 0);
	assert_int_equal(a.result.err.code, MISCSI_ERR_SESS_EXISTS);
	assert_int_equal(a.result.sid, 9);
	fixture_logout(w, 9, &a); /* and it is one like any other */
	fixture_until(w, &a.done, 1, 0, 0);
	assert_int_equal(a.result.err.code, 0);
	record_free(node);
}

static void a_session_that_failed_meanwhile_is_recovered(void **state)
{
	struct session_fixture *w = *state;
	struct fake_session kept;
	char port[8];

	snprintf(port, sizeof(port), "%u", w->port);
	kept = as_left(port, "FAILED");
	fake_sys_session(&w->sys, &kept);
	assert_int_equal(fixture_adopt(w), 1);
	fixture_reconnected(w, 0, 1, 250, 10 * SECONDS);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_STOP_CONN), 1);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_CREATE_SESSION), 0);
}

/* FREE is one whose login a killed daemon began, which nobody waits for, and one that was lost long ago, which has to come back. */
static void a_login_that_a_daemon_left_half_done_is_ended(void **state)
{
	struct session_fixture *w = *state;
	struct fake_session kept;
	char port[8];

	snprintf(port, sizeof(port), "%u", w->port);
	kept = as_left(port, "FREE");
	for (unsigned i = 0; i < 4;
		i++) { /* 1: it has a file; 2: it has a disk; 3: a file as of firmware, which chose the ISID */
		kept.sid = 20 + i;
		kept.host = 120 + i;
		kept.luns = i == 2 ? one_disk : NULL;
		kept.conn_state = i ? "failed" : "down";
		fake_sys_session(&w->sys, &kept);
		if (i == 1 || i == 3)
			note(w, kept.sid, port, "default", i == 1 ? "800102030405" : "000000000000");
		assert_int_equal(w->m->adopter->one(w->m->adopter, kept.sid, NULL), 1);
	}
	for (int i = 0; i < 250 && manager_count(w->m) > 3; i++)
		fixture_run(w, 1 * SECONDS);
	assert_int_equal(manager_count(w->m), 3);
	assert_null(manager_find(w->m, 20));
	for (uint32_t sid = 21; sid < 24; sid++)
		fixture_reconnected(w, sid, 1, 250, 10 * SECONDS);
}

/*
 * A target that answers before it was asked: the login is over while the kernel refuses to send our request. That is a failed
 * login, and one that counts, not a session that was up and is to be restored for ever.
 */
static void a_request_that_was_not_sent_fails_the_login_although_it_was_answered(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);

	assert_int_equal(record_set(node, FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX, "1", NULL), 0);
	for (unsigned i = 0; i < 20; i++) { /* the answer and the refusal come by two ways, in either order */
		struct asked a;

		fake_kernel_fault(w->fk, ISCSI_UEVENT_SEND_PDU, 1, FAKE_RETCODE, -EPERM);
		fixture_login(w, node, &a);
		fixture_until(w, &a.done, 1, 100, 20 * SECONDS);
		if (!a.result.err.code)
			fail_msg("round %u: the login succeeded", i);
		assert_non_null(strstr(a.text, "send"));
		fixture_run(w, 5 * SECONDS);
		assert_int_equal(manager_count(w->m), 0);
		assert_int_equal(w->logins, i + 1);
	}
	record_free(node);
}

/* The kernel loses the connection while it starts it. */
static void a_connection_that_is_lost_while_it_starts_was_never_up(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct session *s;
	struct asked a;

	assert_int_equal(record_set(node, FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX, "1", NULL), 0);
	w->hold_start = true;
	fixture_login(w, node, &a);
	s = fixture_session(w);
	for (int i = 0; i < 4000 && strcmp(fixture_shown(w, 0).connection, "STARTING") != 0; i++)
		loop_step(w->loop, 1);
	assert_string_equal(fixture_shown(w, 0).connection, "STARTING");
	err_set(&s->conn.err, MISCSI_ERR_TRANS, "gone again");
	conn_event(&s->conn, CONN_EV_LOST);
	w->hold_start = false;
	fixture_until(w, &a.done, 1, 100, 20 * SECONDS);
	assert_int_equal(a.result.err.code, MISCSI_ERR_TRANS);
	assert_string_equal(a.text, "gone again");
	fixture_run(w, 5 * SECONDS);
	assert_int_equal(manager_count(w->m), 0);
	assert_int_equal(w->logins, 1);
	record_free(node);
}

/* Nobody answers at the portal, so that the kernel has no session, and the login is tried again and again: a logout ends it. */
static void a_login_without_a_number_can_be_ended(void **state)
{
	static const uint64_t after[] = { 0, 100, 5 * SECONDS };
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a, out;
	uint64_t id = 0;

	assert_int_equal(record_set(node, FIELD_CONN_PORT, "1", NULL), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(after); i++) {
		fixture_login(w, node, &a);
		fixture_run(w, after[i]);
		assert_int_equal(fixture_shown(w, 0).sid, 0);
		assert_true(fixture_session(w)->id > id);
		id = fixture_session(w)->id;
		fixture_asked(&out);
		manager_logout_id(w->m, id, false, &out.request);
		fixture_until(w, &out.done, 1, 250, 5 * SECONDS);
		assert_int_equal(out.result.err.code, 0);
		assert_int_equal(a.done, 1);
		assert_int_equal(a.result.err.code, MISCSI_ERR_SESSION_NOT_CONNECTED);
		fixture_run(w, 1 * SECONDS);
		assert_int_equal(manager_count(w->m), 0);
	}
	fixture_asked(&out);
	manager_logout_id(w->m, id, false, &out.request); /* it has ended meanwhile: as asked */
	fixture_until(w, &out.done, 1, 250, 5 * SECONDS);
	assert_int_equal(out.result.err.code, 0);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_CREATE_SESSION), 0);
	record_free(node);
}

/* What no session knows of: a scan that runs, and a result that the loop had not come to. */
static void rescans_and_refusals_end_with_the_manager_too(void **state)
{
	struct session_fixture *w = *state;
	struct record *nowhere = record_new(RECORD_NODE);
	uint32_t sid = logged_in(w);
	struct asked scan, dropped, refused;

	fixture_asked(&scan);
	manager_rescan(w->m, sid, &scan.request);
	fixture_asked(&dropped);
	manager_rescan(w->m, sid, &dropped.request);
	manager_forget(&dropped.request);
	fixture_login(w, nowhere, &refused);
	manager_free(w->m);
	w->m = NULL;
	assert_int_equal(scan.done, 1);
	assert_int_equal(scan.result.err.code, MISCSI_ERR_ISCSID_COMM_ERR);
	assert_int_equal(refused.done, 1);
	assert_int_equal(refused.result.err.code, MISCSI_ERR_INVAL);
	for (int i = 0; i < 20; i++) {
		loop_step(w->loop, 0);
		usleep(300);
	}
	assert_int_equal(scan.done + refused.done, 2);
	assert_int_equal(dropped.done, 0);
	record_free(nowhere);
}

/* From the record to the plugin's op, and its error back to who asked. */
static void a_plugins_own_setting_reaches_it(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a;

	assert_int_equal(record_set(node, FIELD_IFACE_TRANSPORT, "null", NULL), 0);
	assert_int_equal(record_set_key(node, "plugin.null.fail", "connect", NULL), 0);
	assert_int_equal(record_set(node, FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX, "1", NULL), 0);
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 1, 60 * SECONDS);
	if (!strstr(a.text, "plugin.null.fail is connect"))
		fail_msg("%s", a.text);
	record_free(node);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(a_plugins_own_setting_reaches_it),
		T(a_session_whose_plugin_was_away_is_adopted_when_it_is_back),
		T(a_session_that_is_up_is_adopted_untouched),
		T(a_login_that_a_daemon_left_half_done_is_ended),
		T(a_session_that_failed_meanwhile_is_recovered),
		T(a_request_that_was_not_sent_fails_the_login_although_it_was_answered),
		T(a_connection_that_is_lost_while_it_starts_was_never_up),
		T(a_login_without_a_number_can_be_ended),
		T(rescans_and_refusals_end_with_the_manager_too),
		T(a_request_about_a_session_that_just_ended_is_answered),
		T(a_login_that_is_lost_during_its_scan_is_answered),
		T(redirections_to_a_dead_portal_do_not_add_up),
		T(a_permanent_redirection_is_gone_to_first),
		T(a_connection_that_does_not_last_is_made_more_rarely),
		T(a_target_cannot_keep_a_session_away_for_a_day),
		T(being_woken_often_puts_nothing_off),
		T(a_loss_whose_event_was_lost_is_seen),
		T(a_removal_whose_event_was_lost_ends_the_login),
		T(a_logout_that_was_cut_short_is_completed),
		T(a_portal_is_the_same_however_it_is_written),
		T(an_adopted_session_has_its_secret_at_once),
		T(an_adopted_session_has_the_secret_of_the_last_login),
		T(a_file_of_another_session_is_not_believed),
		T(files_without_a_session_are_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

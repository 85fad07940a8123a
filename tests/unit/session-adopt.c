/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a daemon notes of a session while it makes it, and what the next one does about a session that it finds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "kernel/scan.h"
#include "kernel/tcp_diag.h"
#include "session-fixture.h"
#include "session/adopt.h"
#include "session/manager_private.h"
#include <errno.h>
#include <string.h>

#define SECONDS 1000
#define SID 9
#define HOST 109

static const struct fake_lun one_disk[] = { { 0, "sda" }, { FAKE_LUN_END, NULL } };

static bool noted(const struct session_fixture *w, uint32_t sid, const char *suffix)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/session%u%s", w->dir, sid, suffix);
	return access(path, F_OK) == 0;
}

static void note(const struct session_fixture *w, uint32_t sid, const char *suffix, const char *scan)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/session%u%s", w->dir, sid, suffix);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f,
		"# session.isid = 800102030405\nnode.name = " TARGET
		"\nnode.conn[0].address = 127.0.0.1\nnode.conn[0].port = %u\n"
		"node.session.scan = %s\n",
		w->port, scan);
	fclose(f);
}

/* As an earlier daemon left it, with a file that notes each scan of its host. */
static void left(struct session_fixture *w, uint32_t sid, const char *state, const char *conn_state, bool disk)
{
	char port[8];
	struct fake_session kept = { .sid = sid,
		.host = sid + 100,
		.target = TARGET,
		.address = "127.0.0.1",
		.port = port,
		.proc_name = "iscsi_tcp",
		.state = state,
		.conn_state = conn_state,
		.luns = disk ? one_disk : NULL };

	snprintf(port, sizeof(port), "%u", w->port);
	fake_sys_session(&w->sys, &kept);
	fake_sys_write(&w->sys, "", "class/scsi_host/host%u/scan", sid + 100);
}

static bool scanned(struct session_fixture *w, uint32_t sid)
{
	char text[32] = "";

	return sysfs_read(&w->sys.sysfs, text, sizeof(text), "class/scsi_host/host%u/scan", sid + 100) == 0 &&
		strcmp(text, "- - -") == 0;
}

/* From the moment in which the kernel has it; and no other name is left behind, whatever becomes of the login. */
static void a_session_is_noted_as_soon_as_it_is_made(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a, out;

	w->silent = true;
	fixture_login(w, node, &a);
	for (unsigned i = 0; i < 400 && !w->logins; i++)
		fixture_run(w, 1);
	assert_true(noted(w, 1, ".pending"));
	assert_false(noted(w, 1, ""));
	fixture_logout(w, 1, &out);
	fixture_until(w, &out.done, 1, 250, 60 * SECONDS);
	assert_false(noted(w, 1, ".pending"));
	w->silent = false;
	fixture_login(w, node, &a);
	fixture_until(w, &a.done, 1, 0, 0);
	assert_int_equal(a.result.err.code, 0);
	assert_true(noted(w, a.result.sid, ""));
	assert_false(noted(w, a.result.sid, ".pending"));
	record_free(node);
}

/* The daemon dies while the target has not answered the login: the next one ends what it finds, although that is logged in by now. */
static void a_pending_session_is_ended_by_the_next_daemon(void **state)
{
	struct session_fixture *w = *state;
	struct record *node = fixture_node(w);
	struct asked a;

	w->silent = true;
	fixture_login(w, node, &a);
	for (unsigned i = 0; i < 400 && !w->logins; i++)
		fixture_run(w, 1);
	left(w, 1, "LOGGED_IN", "up", false);
	fixture_plugins(w, w->dir, "tcp");
	for (unsigned i = 0; i < 250 && manager_count(w->m) > 0; i++)
		fixture_run(w, 1 * SECONDS);
	assert_int_equal(manager_count(w->m), 0);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_DESTROY_SESSION_ASYNC), 1);
	assert_false(noted(w, 1, ".pending"));
	record_free(node);
}

/* What it has noted and what it has attached decide, whatever the kernel says of its state; but not of a connection that is down. */
static void what_is_left_is_ended_or_kept(void **state)
{
	static const struct {
		const char *state, *conn_state;
		bool ended; /* by a logout that an earlier daemon had begun */
	} states[] = {
		{ "LOGGED_IN", "up", false },
		{ "FREE", "failed", false },
		{ "FAILED", "failed", false },
		{ "LOGGED_IN", "down", true },
		{ "FAILED", "down", true },
	};
	static const struct {
		const char *file; /* NULL: none */
		bool disk, kept;
	} rows[] = {
		{ NULL, false, false },
		{ NULL, true, true },
		{ ".pending", false, false },
		{ ".pending", true, true }, /* somebody may use it by now */
		{ "", false, true },
		{ "", true, true },
	};

	for (unsigned s = 0; s < ARRAY_SIZE(states); s++)
		for (unsigned r = 0; r < ARRAY_SIZE(rows); r++) {
			struct session_fixture *w = *state;
			uint32_t sid = 20 + s * 10 + r;
			bool kept = rows[r].kept && !states[s].ended;

			left(w, sid, states[s].state, states[s].conn_state, rows[r].disk);
			if (rows[r].file)
				note(w, sid, rows[r].file, "manual");
			assert_int_equal(w->m->adopter->one(w->m->adopter, sid, NULL), 1);
			if ((manager_find(w->m, sid)->run.state != SESS_CLOSING) != kept)
				fail_msg("%s, %s, %s file, %s disk: %s", states[s].state, states[s].conn_state,
					rows[r].file ? rows[r].file : "no", rows[r].disk ? "a" : "no", kept ? "ended" : "kept");
			assert_int_equal(noted(w, sid, ""), kept || (rows[r].file && !*rows[r].file));
			assert_true(!kept || !noted(w, sid, ".pending"));
		}
}

/* An iscsid that was killed had sent a logout that the target requested. The kernel shows the session as before, and will report no loss. */
static void a_session_that_was_to_log_in_again_does(void **state)
{
	struct session_fixture *w = *state;

	left(w, SID, "LOGGED_IN", "up", true);
	note(w, SID, ".leaves", "manual");
	left(w, SID + 1, "LOGGED_IN", "up", true);
	note(w, SID + 1, "", "manual");
	assert_int_equal(fixture_adopt(w), 2);
	assert_int_equal(manager_find(w->m, SID)->conn.run.state, CONN_CLEANUP_WAIT);
	assert_int_equal(manager_find(w->m, SID + 1)->conn.run.state, CONN_LOGGED_IN);
	assert_true(noted(w, SID, ".leaves")); /* until the kernel shows it */
	for (unsigned i = 0; i < 400 && manager_find(w->m, SID)->run.state != SESS_FAILED; i++)
		fixture_run(w, 1);
	assert_true(noted(w, SID, ""));
	assert_false(noted(w, SID, ".leaves"));
}

/* Asynchronous Message of the target to an adopted session: a logout, until it is marked. */
static void is_to_log_out(struct session_fixture *w, uint32_t sid)
{
	struct iscsi_pdu pdu = target_pdu(ISCSI_OP_ASYNC, 0x80, NULL, 0);
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_RECV_PDU };

	pdu.bhs[36] = ISCSI_ASYNC_LOGOUT_REQUEST;
	memcpy(ev.r.bytes, &sid, sizeof(sid));
	fake_kernel_event(w->fk, 1, &ev, pdu.bhs, ISCSI_BHS_SIZE);
	for (unsigned i = 0; i < 400 && !noted(w, sid, ".leaves"); i++)
		fixture_run(w, 1);
	assert_true(noted(w, sid, ".leaves"));
}

/* What is noted during that logout changes the one file that there is: the next iscsid finds the mark, and what was noted. */
static void a_session_that_is_to_log_in_again_has_one_file(void **state)
{
	struct session_fixture *w = *state;
	char plugin[128];

	snprintf(plugin, sizeof(plugin), "%s/tcp.so", w->dir);
	left(w, SID, "LOGGED_IN", "up", true);
	note(w, SID, "", "manual");
	assert_int_equal(fixture_adopt(w), 1);
	w->silent_logout = true;
	is_to_log_out(w, SID);
	session_replaced(manager_find(w->m, SID), true);
	assert_true(noted(w, SID, ".leaves"));
	assert_false(noted(w, SID, ""));
	fixture_plugins(w, w->dir, "tcp");
	assert_int_equal(manager_find(w->m, SID)->conn.run.state, CONN_CLEANUP_WAIT);
	assert_true(manager_find(w->m, SID)->replaced);
	session_replaced(manager_find(w->m, SID), false);
	for (unsigned i = 0; i < 400 && !noted(w, SID, ""); i++)
		fixture_run(w, 1);
	assert_true(noted(w, SID, ""));
	assert_false(noted(w, SID, ".leaves"));
	unlink(plugin);
	fixture_plugins(w, w->dir, "tcp");
	assert_false(manager_find(w->m, SID)->replaced);
}

/* The helper is killed when the kernel has made a session, and before it says so: no other program's session is touched. */
static void a_session_of_a_killed_helper_is_ended(void **state)
{
	struct session_fixture *w = *state;
	struct fake_session made = {
		.proc_name = "iscsi_tcp", .state = "FREE", .conn_state = "up", .address = "", .port = "0", .target = "(null)"
	};

	left(w, SID, "LOGGED_IN", "up", true);
	assert_int_equal(fixture_adopt(w), 1);
	for (made.sid = SID + 1; made.sid <= SID + 3; made.sid++) {
		made.host = made.sid + 100;
		fake_sys_session(&w->sys, &made);
	}
	/* the port of a socket: libnl's number of the socket, above the process id */
	fake_sys_write(&w->sys, "-1426063283\n", "class/iscsi_session/session%u/creator", SID + 2);
	manager_events.helper_died(w->m, 77);
	assert_int_equal(manager_count(w->m), 2);
	assert_int_equal(manager_find(w->m, SID + 2)->run.state, SESS_CLOSING);
	fake_sys_write(&w->sys, "77\n", "class/iscsi_session/session%u/creator", SID);
	manager_events.helper_died(w->m, 77);
	assert_int_equal(manager_find(w->m, SID)->run.state, SESS_LOGGED_IN);
	for (unsigned i = 0; i < 250 && manager_count(w->m) > 1; i++)
		fixture_run(w, 1 * SECONDS);
	assert_int_equal(manager_count(w->m), 1);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_DESTROY_SESSION_ASYNC), 1);
}

/* A session of another program, or one whose file is lost, is like any other from then on: the next daemon finds its ISID. */
static void a_session_without_a_file_gets_one(void **state)
{
	struct session_fixture *w = *state;
	uint8_t isid[ISID_LEN];

	left(w, SID, "LOGGED_IN", "up", true);
	left(w, SID + 1, "LOGGED_IN", "up", true);
	assert_int_equal(fixture_adopt(w), 2);
	assert_true(noted(w, SID, "") && noted(w, SID + 1, ""));
	memcpy(isid, manager_find(w->m, SID)->isid, ISID_LEN);
	assert_int_equal(isid[0], 0x80);
	assert_memory_not_equal(isid, manager_find(w->m, SID + 1)->isid, ISID_LEN);
	fixture_plugins(w, w->dir, "tcp");
	assert_memory_equal(isid, manager_find(w->m, SID)->isid, ISID_LEN);
}

/* The one that has no file is adopted first, and may not choose what the other one has. */
static void an_isid_that_is_chosen_late_clashes_with_none(void **state)
{
	struct session_fixture *w = *state;
	const struct isid_source names = { "iqn.2026-11.com.example:initiator", "default", "127.0.0.1", w->port };
	uint8_t first[ISID_LEN], second[ISID_LEN];
	char path[128];
	FILE *f;

	isid_of(&names, 0, first);
	isid_of(&names, 1, second);
	left(w, SID, "LOGGED_IN", "up", true);
	left(w, SID + 1, "LOGGED_IN", "up", true);
	note(w, SID + 1, "", "manual");
	snprintf(path, sizeof(path), "%s/session%u", w->dir, SID + 1);
	f = fopen(path, "r+");
	fprintf(f, "# session.isid = %02x%02x%02x%02x%02x%02x\n", first[0], first[1], first[2], first[3], first[4], first[5]);
	fclose(f);
	assert_int_equal(fixture_adopt(w), 2);
	assert_memory_equal(manager_find(w->m, SID + 1)->isid, first, ISID_LEN);
	assert_memory_equal(manager_find(w->m, SID)->isid, second, ISID_LEN);
}

/* Sessions of one target differ, those of equal names are equal after a restart, and a logout makes room. */
static void isids_are_unique_and_the_same_again(void **state)
{
	struct session_fixture *w = *state;
	uint8_t before[3][ISID_LEN];

	for (unsigned round = 0; round < 2; round++) {
		struct record *node = fixture_node(w);
		struct session *s;
		struct asked a;
		unsigned n = 0;

		assert_int_equal(record_set(node, FIELD_SESSION_NR_SESSIONS, "3", NULL), 0);
		fixture_login(w, node, &a);
		fixture_until(w, &a.done, 1, 0, 0);
		record_free(node);
		list_for_each (s, &w->m->sessions, node) {
			if (s->run.state != SESS_LOGGED_IN)
				continue;
			assert_in_range(n, 0, 2);
			if (round)
				assert_memory_equal(before[n], s->isid, ISID_LEN);
			memcpy(before[n++], s->isid, ISID_LEN);
		}
		assert_int_equal(n, 3);
		assert_memory_not_equal(before[0], before[1], ISID_LEN);
		assert_memory_not_equal(before[1], before[2], ISID_LEN);
		list_for_each (s, &w->m->sessions, node)
			session_event(s, SESS_EV_CLOSE);
		if (round == 0) /* while they end: none of them counts any more */
			continue;
		for (unsigned i = 0; i < 250 && manager_count(w->m); i++)
			fixture_run(w, 250);
		assert_int_equal(manager_count(w->m), 0);
	}
}

/* Its login was answered, and the daemon killed before the scan began. */
static void a_session_that_was_never_scanned_is_scanned(void **state)
{
	struct session_fixture *w = *state;

	for (uint32_t sid = 20; sid < 26; sid++) {
		left(w, sid, sid == 24 ? "FAILED" : "LOGGED_IN", sid == 24 ? "failed" : "up", sid == 23);
		note(w, sid, "", sid == 21 ? "manual" : "auto");
		if (sid != 22)
			fake_sys_write(&w->sys, sid >= 23 && sid != 24 ? "" : "ALLOCATED\n",
				"class/iscsi_session/session%u/target_state", sid);
	}
	assert_int_equal(fixture_adopt(w), 6);
	assert_false(scanned(w, 24)); /* it is not up */
	fixture_reconnected(w, 24, 1, 250, 10 * SECONDS);
	for (unsigned i = 0; i < 400 && !(scanned(w, 20) && scanned(w, 24) && scanned(w, 25)); i++) /* by threads of their own */
		fixture_run(w, 1 * SECONDS);
	assert_true(scanned(w, 20));
	assert_false(scanned(w, 21)); /* nobody asked for it */
	assert_false(scanned(w, 22)); /* it was, and the target has nothing */
	assert_false(scanned(w, 23)); /* a kernel that does not tell, and a disk */
	assert_true(scanned(w, 24));
	assert_true(scanned(w, 25)); /* a kernel that does not tell, and no disk */
}

/* iscsistart ends what counts as a session and is only half of one; not a complete one that nobody wanted to be scanned, nor a logout. */
static void only_a_login_that_was_cut_short_is_abandoned(void **state)
{
	static const struct {
		const char *suffix, *state, *target_state, *scan; /* suffix NULL: no file */
		bool disk, maker_runs, ended;
	} rows[] = {
		{ ".pending", "LOGGED_IN", "ALLOCATED\n", "auto", false, false, true },
		{ ".pending", "LOGGED_IN", "ALLOCATED\n", "manual", false, false, true },
		{ ".pending", "LOGGED_IN", "ALLOCATED\n", "auto", true, false, false },
		{ ".pending", "LOGGED_IN", "ALLOCATED\n", "auto", false, true, false },
		{ "", "LOGGED_IN", "ALLOCATED\n", "auto", false, false, true },
		{ "", "LOGGED_IN", "ALLOCATED\n", "auto", false, true, false },
		{ "", "LOGGED_IN", "ALLOCATED\n", "manual", false, false, false },
		{ "", "LOGGED_IN", "SCANNED\n", "auto", false, false, false },
		{ "", "LOGGED_IN", "UNBINDING\n", "auto", false, false, false },
		{ "", "LOGGED_IN", "UNBOUND\n", "auto", false, false, false },
		{ "", "LOGGED_IN", "", "auto", false, false, false }, /* a kernel that does not tell */
		{ NULL, "LOGGED_IN", "ALLOCATED\n", "auto", false, false, false },
		{ NULL, "FREE", "ALLOCATED\n", "auto", false, false, true }, /* its maker had not heard of it */
		{ NULL, "FREE", "", "auto", false, false, true }, { NULL, "FREE", "ALLOCATED\n", "auto", true, false, false },
		{ NULL, "FREE", "ALLOCATED\n", "auto", false, true, false },
		{ NULL, "FAILED", "ALLOCATED\n", "auto", false, false, false }, /* it was up */
	};
	struct session_fixture *w = *state;
	struct err err = ERR_INIT;
	char creator[16];
	int ended = 0;

	for (uint32_t n = 0; n < ARRAY_SIZE(rows); n++) {
		left(w, SID + n, rows[n].state, "up", rows[n].disk);
		if (rows[n].suffix)
			note(w, SID + n, rows[n].suffix, rows[n].scan);
		fake_sys_write(&w->sys, rows[n].target_state, "class/iscsi_session/session%u/target_state", SID + n);
		snprintf(creator, sizeof(creator), "%d\n",
			rows[n].maker_runs ? -1 : (int)(0xab000000u | (unsigned)getpid())); /* this is no iSCSI program */
		fake_sys_write(&w->sys, creator, "class/iscsi_session/session%u/creator", SID + n);
		ended += rows[n].ended;
	}
	assert_int_equal(adopt_abandoned(w->m, &err), ended);
	for (uint32_t n = 0; n < ARRAY_SIZE(rows); n++)
		if ((manager_find(w->m, SID + n) != NULL) != rows[n].ended)
			fail_msg("%s, %s, %s: %s", rows[n].suffix ? rows[n].suffix : "no file", rows[n].target_state,
				rows[n].scan, rows[n].ended ? "kept" : "ended");
}

/* The target wants the session to log out before it drops the connection: that is heard also when the session's turn has not come. */
static void a_message_to_a_session_that_is_not_adopted_yet_is_heard(void **state)
{
	struct session_fixture *w = *state;
	struct iscsi_pdu pdu = target_pdu(ISCSI_OP_ASYNC, 0x80, NULL, 0);
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_RECV_PDU };
	const uint32_t sid = SID + 1;
	struct err err = ERR_INIT;
	unsigned adopted;

	for (uint32_t n = SID; n <= sid; n++) {
		left(w, n, "LOGGED_IN", "up", true);
		note(w, n, "", "manual");
	}
	assert_int_equal(adopt_sessions(w->m, 1, &adopted, &err), 1);
	pdu.bhs[36] = ISCSI_ASYNC_LOGOUT_REQUEST;
	memcpy(ev.r.bytes, &sid, sizeof(sid));
	fake_kernel_event(w->fk, 1, &ev, pdu.bhs, ISCSI_BHS_SIZE);
	fixture_run(w, 250);
	assert_int_equal(manager_count(w->m), 1);
	assert_int_equal(fixture_adopt(w), 2);
	fixture_run(w, 1 * SECONDS);
	assert_int_equal(w->logouts, 1);
	assert_string_not_equal(fixture_shown(w, sid).connection, "LOGGED_IN");
	assert_string_equal(fixture_shown(w, SID).connection, "LOGGED_IN");
}

static unsigned count_files(const struct session_fixture *w)
{
	unsigned n = 0;

	for (uint32_t sid = 1000; sid < 1040; sid++)
		n += noted(w, sid, "") + noted(w, sid, ".pending");
	return n;
}

/* A turn of the loop is short, however many sessions there were. */
static void files_of_sessions_that_are_gone_are_removed_over_several_turns(void **state)
{
	struct session_fixture *w = *state;
	struct err err = ERR_INIT;
	unsigned adopted, turns = 0, before;

	left(w, SID, "LOGGED_IN", "up", true);
	note(w, SID, "", "manual");
	for (uint32_t sid = 1000; sid < 1040; sid++)
		note(w, sid, sid % 2 ? "" : ".pending", "manual");
	do {
		before = count_files(w);
		turns++;
		assert_true(turns < 100);
		assert_true(adopt_sessions(w->m, 1, &adopted, &err) >= 0);
		assert_true(before - count_files(w) <= 20);
	} while (count_files(w));
	assert_true(turns > 2);
	assert_true(noted(w, SID, ""));
	assert_int_equal(manager_count(w->m), 1);
}

/*
 * Its disk was another one and was removed: the next iscsid must not find it either, by kernels that do not tell of a scan. A rescan may,
 * and the one after that.
 */
static void a_disk_that_was_removed_is_not_found_by_the_next_daemon(void **state)
{
	struct session_fixture *w = *state;
	struct session *s;
	char path[128];

	left(w, SID, "LOGGED_IN", "up", false);
	fake_sys_write(&w->sys, "", "class/iscsi_session/session%u/target_state", SID);
	note(w, SID, "", "auto");
	assert_int_equal(fixture_adopt(w), 1);
	s = manager_find(w->m, SID);
	session_replaced(s, true);
	snprintf(path, sizeof(path), "class/scsi_host/host%u/scan", HOST);
	for (unsigned i = 0; i < 400 && !scanned(w, SID); i++) /* which the first adoption has begun */
		fixture_run(w, 1);
	fake_sys_write(&w->sys, "", "%s", path);
	fixture_plugins(w, w->dir, "tcp");
	fixture_run(w, 3 * SECONDS);
	assert_false(scanned(w, SID));
	session_replaced(manager_find(w->m, SID), false);
	snprintf(path, sizeof(path), "%s/tcp.so", w->dir);
	unlink(path);
	fixture_plugins(w, w->dir, "tcp");
	for (unsigned i = 0; i < 400 && !scanned(w, SID); i++)
		fixture_run(w, 1);
	assert_true(scanned(w, SID));
}

/* A connection to the portal of which iscsid has no descriptor, as of the kernel; port: the one here. */
static int connected(const struct session_fixture *w, char port[8])
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(w->port) };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	snprintf(port, 8, "%u", ntohs(sa.sin_port));
	return fd;
}

/*
 * The target closes the connection in place of an answer to the logout. Another connection to the portal is of no interest; where the driver
 * does not show the port here, it might be that of the session.
 */
static void a_hang_up_during_a_logout_is_seen_without_a_descriptor(void **state)
{
	const struct tcp_diag_name nothing = { .family = AF_INET, .port = 1 };
	struct session_fixture *w = *state;

	if (tcp_diag_established(&nothing) == -ENOENT)
		skip();
	w->silent_logout = true;
	for (uint32_t sid = SID; sid < SID + 2; sid++) {
		bool shown = sid == SID;
		char port[8], ignored[8];
		struct asked a;
		int fd, other;

		left(w, sid, "LOGGED_IN", "up", true);
		note(w, sid, "", "manual");
		fd = connected(w, port);
		if (shown)
			fake_sys_write(&w->sys, port, "class/iscsi_connection/connection%u:0/local_port", sid);
		assert_int_equal(w->m->adopter->one(w->m->adopter, sid, NULL), 1);
		fixture_logout(w, sid, &a);
		fixture_until(w, &w->logouts, sid - SID + 1, 50, 5 * SECONDS);
		fixture_run(w, 3 * SECONDS);
		assert_int_equal(a.done, 0);
		fixture_hang_up(w);
		other = connected(w, ignored);
		if (!shown) {
			fixture_run(w, 3 * SECONDS);
			assert_int_equal(a.done, 0);
			close(other);
		}
		fixture_until(w, &a.done, 1, 100, 2 * SECONDS);
		assert_int_equal(a.result.err.code, 0);
		close(fd);
		if (shown)
			close(other);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(files_of_sessions_that_are_gone_are_removed_over_several_turns),
		T(a_disk_that_was_removed_is_not_found_by_the_next_daemon),
		T(a_hang_up_during_a_logout_is_seen_without_a_descriptor),
		T(a_session_is_noted_as_soon_as_it_is_made),
		T(a_pending_session_is_ended_by_the_next_daemon),
		T(a_session_that_was_to_log_in_again_does),
		T(a_session_that_is_to_log_in_again_has_one_file),
		T(what_is_left_is_ended_or_kept),
		T(a_session_of_a_killed_helper_is_ended),
		T(a_session_without_a_file_gets_one),
		T(an_isid_that_is_chosen_late_clashes_with_none),
		T(isids_are_unique_and_the_same_again),
		T(a_message_to_a_session_that_is_not_adopted_yet_is_heard),
		T(a_session_that_was_never_scanned_is_scanned),
		T(only_a_login_that_was_cut_short_is_abandoned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

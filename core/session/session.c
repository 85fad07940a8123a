/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session machine's actions: what to do about a connection that came up or went down, when to try again, and whom to tell. */
#include "base/strbuf.h"
#include "kernel/scan.h"
#include "kernel/sysfs.h"
#include "session/session.h"
#include "session/store.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_FIRST_MS 1000
#define RETRY_HELD_MS 5000 /* the longest wait while the kernel holds I/O back for the session (besides Time2Wait) */
#define RETRY_MOST_MS 30000
#define RETRY_REFUSED_MS 60000 /* credentials are refused until an administrator mends that, and targets lock accounts for it */
#define REFUSED_GRACE_MS 120000
#define BRIEF_MS 2000 /* a connection that lasted less was never of use */
#define BRIEF_MOST_MS 8000
#define SPREAD_MS 256 /* sessions that are lost together come back over that time */
#define VERIFY_AGAIN_MS 5000 /* doubled each time, up to 80 s */
#define VERIFY_DOUBLED_MOST 4
#define SCAN_WAIT_MS 2000 /* an answer to a login waits so long for devices, then no longer: orchestrators wait 3 s in all */

/* A change of a session's state is one line in the log, with who it is and why. */
static void sess_trace(void *machine, const struct fsm_row *row, uint8_t from, uint8_t to)
{
	struct session *s = machine;
	const struct fsm *f = s->run.fsm;

	if (from == to)
		return;
	s->since = loop_now(s->owner->engine->loop);
	log_info(s->owner->engine->log, "session", "session%u [%s, %s, %s] %s --%s--> %s%s%s", s->conn.k.sid, session_target(s),
		session_portal(s), record_str(s->record, FIELD_IFACE_NAME), f->states[from], f->events[row->event], f->states[to],
		s->conn.err.code ? ": " : "", s->conn.err.text);
}

int session_new(const struct session_owner *owner, const struct record *node, struct transport *t, struct session **out)
{
	struct session *s = x_new(struct session);

	if (s)
		s->record = record_copy(node);
	if (!s || !s->record) {
		x_free(s);
		return -ENOMEM;
	}
	s->owner = owner;
	s->mark = STORE_PENDING;
	s->tpgt = -1;
	s->since = loop_now(s->owner->engine->loop);
	s->run = (struct fsm_run){ .fsm = &session_machine, .machine = s, .trace = sess_trace, .state = SESS_NEW };
	list_init(&s->waiters);
	destination_init(&s->destination, s->record);
	conn_init(&s->conn, s, t, session_event);
	*out = s;
	return 0;
}

void session_free(struct session *s)
{
	const struct engine *engine = s->owner->engine;

	if (s->scan)
		scan_cancel(s->scan);
	if (s->verify)
		scan_cancel(s->verify);
	loop_timer_cancel(engine->loop, &s->retry);
	loop_timer_cancel(engine->loop, &s->scan_limit);
	loop_timer_cancel(engine->loop, &s->verify_later);
	loop_task_cancel(engine->loop, &s->start);
	loop_task_cancel(engine->loop, &s->reap);
	conn_close(&s->conn);
	list_remove(&s->node);
	record_free(s->record);
	destination_free(&s->destination);
	x_free(s->first_failure);
	x_free(s->unverified);
	x_free(s);
}

void session_event(struct session *s, unsigned event)
{
	uint8_t before = s->run.state;

	if (!fsm_event(&s->run, event))
		log_err(s->owner->engine->log, "session",
			"session%u: iscsid ignored event %u, which must not occur in the session's state %s: please report this "
			"bug of iscsid",
			s->conn.k.sid, event, s->run.fsm->states[s->run.state]);
	if (s->run.state != before)
		s->owner->changed(s);
}

/* Attempts. */

static void retry_due(void *arg)
{
	session_event(arg, SESS_EV_RETRY);
}

static void retry_in(struct session *s, uint64_t ms)
{
	loop_timer_set(s->owner->engine->loop, &s->retry, ms, retry_due, s);
}

static uint64_t at_most(uint64_t ms, uint64_t most)
{
	return ms < most ? ms : most;
}

static uint64_t doubled(unsigned times, uint64_t most)
{
	return at_most((uint64_t)RETRY_FIRST_MS << (times < 5 ? times : 5), most);
}

/* Up to an eighth less by sid, so that sessions lost together do not come back in one heap for ever. */
static uint64_t spread(const struct session *s, uint64_t ms)
{
	return ms - ms / 8 * (s->conn.k.sid % 8) / 8;
}

static uint64_t since(const struct session *s, uint64_t when)
{
	return loop_now(s->owner->engine->loop) - when;
}

/* The kernel's replacement timer runs: users of the session's disks wait for us. */
static bool io_is_held(const struct session *s)
{
	int64_t seconds = record_int(s->record, FIELD_SESSION_REPLACEMENT_TIMEOUT);

	return seconds < 0 || since(s, s->lost_at) < (uint64_t)seconds * 1000;
}

/* Credentials, a target that is gone, a protocol that does not fit: more of the same will not help. */
static bool portal_refused(const struct session *s)
{
	return err_retry(s->conn.err.code) == ERR_RETRY_NEVER;
}

/* In number, and in time: somebody waits for it, and a login that runs into its time-out is long. */
static bool first_login_goes_on(const struct session *s)
{
	int64_t most = record_int(s->record, FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX);
	int64_t each = record_int(s->record, FIELD_CONN_LOGIN_TIMEOUT);

	if (portal_refused(s) || (int64_t)s->attempts + 1 >= most)
		return false;
	return each == 0 || (int64_t)(since(s, s->since) / 1000) / each < most;
}

/*
 * A first login is bounded, and not tried again after a refusal; a session that was up is tried for ever unless the record bounds
 * it (reopen_max), since somebody's file system is on it.
 */
static bool sess_try_again(const void *machine)
{
	const struct session *s = machine;
	int64_t most;

	if (s->run.state == SESS_NEW)
		return first_login_goes_on(s);
	most = record_int(s->record, FIELD_SESSION_REOPEN_MAX);
	return most == 0 || (int64_t)s->attempts + 1 < most;
}

static int sess_open(void *machine)
{
	struct session *s = machine;

	s->opened_at = loop_now(s->owner->engine->loop);
	conn_event(&s->conn, CONN_EV_OPEN);
	return SESS_EV_NONE;
}

/* Not while Time2Wait is not over, nor after a refusal: the network leads to the target already. Who is woken often is not put off. */
static bool may_try_earlier(const struct session *s, uint64_t when)
{
	return err_retry(s->err.code) != ERR_RETRY_NEVER && loop_timer_active(&s->retry) && s->retry.due > when &&
		s->lost_at + (uint64_t)s->time2wait * 1000 <= when;
}

/* Not at once: a thousand sessions need not come in one millisecond. A first login keeps its own rhythm. */
void session_wake(struct session *s)
{
	uint64_t in = 100 + s->conn.k.sid % 64 * 10;

	if (s->run.state == SESS_FAILED && may_try_earlier(s, loop_now(s->owner->engine->loop) + in))
		retry_in(s, in);
}

/* An attempt that the network's news set off is not one of those to which a first login is limited. */
void session_try_now(struct session *s)
{
	if ((s->run.state != SESS_NEW && s->run.state != SESS_FAILED) || !may_try_earlier(s, loop_now(s->owner->engine->loop)))
		return;
	s->attempts -= s->attempts > 0;
	retry_in(s, 0);
}

/* Firmware has waited and tried for itself before it tells that it could not log in: to back off on top of that only keeps waiting who asked. */
static uint64_t first_login_wait(const struct session *s)
{
	return transport_logs_in(s->conn.k.transport) ? RETRY_FIRST_MS : doubled(s->attempts - 1, RETRY_MOST_MS);
}

/*
 * Grows with the outage, since what was away for long will hardly be back in the next second: half of it at first, so that a short
 * one does not become a long one; from ten minutes on a 120th of it, so that thousands do not trouble an array that is down for days.
 */
static uint64_t recovery_wait(const struct session *s)
{
	uint64_t gone = since(s, s->lost_at), ms = gone / 2 > RETRY_HELD_MS ? RETRY_HELD_MS : gone / 2;

	if (s->err.code == MISCSI_ERR_LOGIN_AUTH_FAILED)
		ms = io_is_held(s) && gone < REFUSED_GRACE_MS ? RETRY_HELD_MS : RETRY_REFUSED_MS;
	else if (!io_is_held(s) && gone / 120 > ms)
		ms = at_most(gone / 120, RETRY_MOST_MS);
	if (s->err.code != MISCSI_ERR_LOGIN_AUTH_FAILED) /* a target counts refusals, however long each took */
		ms -= at_most(since(s, s->opened_at), ms); /* an attempt that ran into its time-out was a wait, too */
	return ms > RETRY_FIRST_MS ? ms : RETRY_FIRST_MS;
}

/* A redirection is no failure: the next login follows at once. */
static int sess_redirected(void *machine)
{
	retry_in(machine, 0);
	return SESS_EV_NONE;
}

/*
 * A target that accepts one login and not the next may need time to end the first: that counts as a check that failed. What ran
 * without a check and failed must not leave the next attempt without one.
 */
static void sess_count_check(struct session *s)
{
	if (s->check == SESS_CHECK_SKIPPED)
		s->unchecked = 0;
	else if (s->check == SESS_CHECK_FOLLOWED)
		s->unchecked++;
	s->check = SESS_CHECK_NONE;
}

/* The next attempt goes to where the record says, unless the target sent us elsewhere for good. */
static int sess_wait(void *machine)
{
	struct session *s = machine;
	uint64_t in;

	s->attempts++;
	err_copy(&s->err, &s->conn.err);
	sess_count_check(s);
	if (s->run.state == SESS_NEW && !s->first_failure)
		s->first_failure = x_strdup(s->err.text); /* without memory, only the last one is reported */
	in = spread(s, s->run.state == SESS_NEW ? first_login_wait(s) : recovery_wait(s));
	if (log_worth(&s->reported))
		log_warn(s->owner->engine->log, "session",
			"session%u [%s, %s]: login attempt %u failed: %s; iscsid tries again in %llu s", s->conn.k.sid,
			session_target(s), session_portal(s), s->attempts, s->err.text, (unsigned long long)(in + 999) / 1000);
	destination_next(&s->destination, s->attempts);
	retry_in(s, in);
	return SESS_EV_NONE;
}

/*
 * RFC 7143 section 7.1.4: the target keeps the old session for Time2Retain, and is not to be bothered before Time2Wait. A target
 * that accepts every login and drops it at once is tried more and more rarely.
 */
static uint64_t first_wait(const struct session *s)
{
	uint64_t time2wait = (uint64_t)s->time2wait * 1000, most = time2wait > RETRY_HELD_MS ? time2wait : RETRY_HELD_MS;
	uint64_t ms = (time2wait ? time2wait : 100) + s->conn.k.sid % 64 * (SPREAD_MS / 64);
	uint64_t brief = s->brief > 1 ? spread(s, doubled(s->brief - 2, BRIEF_MOST_MS)) : 0;

	ms = brief > ms ? brief : ms;
	return io_is_held(s) ? at_most(ms, most) : ms;
}

/* Failing to note it costs what the kernel does not keep, not the session. */
static void sess_mark(struct session *s, enum store_mark mark)
{
	enum store_mark old = s->mark;

	s->mark = mark;
	if (!s->noted || (old != mark && store_change(s->owner->state_dir, s->conn.k.sid, old, mark) < 0))
		session_note(s);
}

static int sess_lost(void *machine)
{
	struct session *s = machine;

	if (s->mark == STORE_LEAVES)
		sess_mark(s, STORE_UP);
	s->attempts = s->reported = 0;
	s->lost_at = loop_now(s->owner->engine->loop);
	s->brief = s->lost_at - s->up_at < BRIEF_MS ? s->brief + 1 : 0;
	destination_next(&s->destination, s->attempts);
	err_copy(&s->err, &s->conn.err);
	retry_in(s, first_wait(s));
	return SESS_EV_NONE;
}

static void logged_in(struct session *s)
{
	x_free(x_steal(s->first_failure));
	s->attempts = s->reported = 0;
	s->up_at = loop_now(s->owner->engine->loop);
	destination_reached(&s->destination);
	err_clear(&s->err);
}

/* A failed scan is no failed login: the session is up, and a rescan can be asked for. */
static void scan_over(int status, void *arg)
{
	struct session *s = arg;

	s->scan = NULL;
	if (status < 0)
		log_warn(s->owner->engine->log, "session",
			"session%u: the scan of host%u for devices failed (repeat it by 'iscsiadm -m session -r %u -R'): %s",
			s->conn.k.sid, s->conn.k.host_no, s->conn.k.sid, strerror(-status));
	loop_timer_cancel(s->owner->engine->loop, &s->scan_limit);
	session_event(s, SESS_EV_SCANNED);
}

static void scan_long(void *arg)
{
	session_event(arg, SESS_EV_SCANNED); /* it goes on; who asked for the login need not wait for it */
}

void session_note(struct session *s)
{
	struct store_facts facts = { .replaced = s->replaced };
	int rc;

	memcpy(facts.isid, s->isid, sizeof(facts.isid));
	rc = store_write(s->owner->state_dir, s->conn.k.sid, s->mark, s->record, &facts);
	s->noted = rc == 0;
	if (rc < 0)
		log_warn(s->owner->engine->log, "session",
			"session%u: iscsid cannot save the session's settings in %s, so a restarted iscsid could not recover the "
			"session: %s",
			s->conn.k.sid, s->owner->state_dir, strerror(-rc));
}

/* Noted as soon as it has a number, so that the next daemon sees that its login came to no end. */
static int sess_begun(void *machine)
{
	struct session *s = machine;

	if (!s->noted) /* each attempt comes here */
		session_note(s);
	return SESS_EV_NONE;
}

void session_replaced(struct session *s, bool replaced)
{
	if (s->replaced == replaced)
		return;
	s->replaced = replaced;
	session_note(s);
}

/* The target requested it, so the session is to be logged in again. */
static int sess_leaves(void *machine)
{
	sess_mark(machine, STORE_LEAVES);
	return SESS_EV_NONE;
}

static int sess_replaced(void *machine)
{
	session_replaced(machine, true);
	return SESS_EV_NONE;
}

static int sess_scan(struct session *s)
{
	if (s->scan || s->replaced || record_int(s->record, FIELD_SESSION_SCAN) != RECORD_SCAN_AUTO)
		return -EALREADY;
	return scan_host(s->owner->engine->scanner, s->conn.k.host_no, SCAN_ALL, SCAN_ALL, SCAN_LUN_ALL, scan_over, s, &s->scan);
}

/* Kernels before 6.3 do not tell: then a session without a device counts. */
static bool was_never_scanned(const struct session *s, const char *target_state)
{
	cleanup(scan_devices_free) struct scan_devices devices = { 0 };

	if (*target_state)
		return strcmp(target_state, "ALLOCATED") == 0;
	return scan_devices(s->owner->engine->sysfs, s->conn.k.host_no, s->conn.k.sid, &devices) == 0 && devices.n == 0;
}

void session_complete(struct session *s, const char *target_state)
{
	sess_mark(s, STORE_UP);
	if (was_never_scanned(s, target_state))
		sess_scan(s);
}

static void sess_verify(struct session *s);

static void verify_due(void *arg)
{
	struct session *s = arg;

	if (s->run.state == SESS_LOGGED_IN)
		sess_verify(s);
}

/*
 * A unit that does not tell is not set offline: its disk may be the root's, and as it was. But it is named, here and by "iscsiadm -m session -P 3",
 * and asked again until it tells.
 */
static void sess_note_unverified(struct session *s, const struct identity_report *r)
{
	bool was = s->unverified;

	x_free(x_steal(s->unverified));
	if (r->unknown)
		s->unverified = x_strdup(r->unknown_text); /* without memory, only the log names them */
	if (r->unknown && !was)
		log_err(s->owner->engine->log, "session",
			"session%u [%s, %s]: after the connection was restored, %u of its devices do not return their identity, "
			"so iscsid cannot check whether they are the same as before; their I/O has resumed, and iscsid asks them "
			"again: %s",
			s->conn.k.sid, session_target(s), session_portal(s), r->unknown, r->unknown_text);
	if (!r->unknown && was)
		log_warn(s->owner->engine->log, "session", "session%u [%s, %s]: all devices have returned their identity",
			s->conn.k.sid, session_target(s), session_portal(s));
}

/* A target that was made again, or an array with a fault, may show another disk at the same place: nobody may use it as the old one. */
static void sess_verified(int status, const struct identity_report *r, void *arg)
{
	struct session *s = arg;
	bool again = s->verify_again;

	s->verify = NULL;
	s->verify_again = false;
	if (r && r->changed)
		log_err(s->owner->engine->log, "session",
			"session%u [%s, %s]: iscsid set %u of the devices offline, because the target has other disks in their "
			"places since the connection was restored: %s. To use the new disks, log out and log in again",
			s->conn.k.sid, session_target(s), session_portal(s), r->changed, r->text);
	if (r)
		sess_note_unverified(s, r);
	if (status < 0)
		log_warn(s->owner->engine->log, "session",
			"session%u: iscsid cannot check yet that the devices are the same as before the connection was lost, and "
			"tries again: %s",
			s->conn.k.sid, strerror(-status));
	if (status < 0 || (r && r->unknown)) {
		loop_timer_set(s->owner->engine->loop, &s->verify_later, (uint64_t)VERIFY_AGAIN_MS << s->verified, verify_due, s);
		s->verified += s->verified < VERIFY_DOUBLED_MOST;
	} else if (again && s->run.state == SESS_LOGGED_IN) {
		sess_verify(s);
	}
}

/* One at a time: a check that waits for a connection that was lost meanwhile compares with what came before both losses. */
static void sess_verify(struct session *s)
{
	int rc;

	if (s->verify) {
		s->verify_again = true;
		return;
	}
	rc = scan_verify(s->owner->engine->scanner, s->conn.k.host_no, s->conn.k.sid, sess_verified, s, &s->verify);
	if (rc < 0)
		sess_verified(rc, NULL, s);
}

/* Of a first login, too, whose connection was lost before iscsid knew that it was up: others may have scanned it. */
static void sess_started_again(struct session *s)
{
	if (s->check == SESS_CHECK_FOLLOWED)
		s->unchecked = 0;
	else if (s->unchecked)
		s->unchecked--; /* one more check the next time */
	s->check = SESS_CHECK_NONE;
	s->verified = 0;
	if (s->starts > 1)
		sess_verify(s);
}

static int sess_established(void *machine)
{
	struct session *s = machine;

	logged_in(s);
	sess_mark(s, STORE_UP); /* before anybody hears of the session */
	sess_started_again(s);
	if (sess_scan(s) < 0)
		return SESS_EV_SCANNED;
	loop_timer_set(s->owner->engine->loop, &s->scan_limit, SCAN_WAIT_MS, scan_long, s);
	return SESS_EV_NONE;
}

/* The devices were there all the time, unless the connection was lost, or the daemon killed, before the first scan. */
static int sess_recovered(void *machine)
{
	struct session *s = machine;
	char target_state[32] = "";

	logged_in(s);
	s->reconnects++;
	sysfs_read(s->owner->engine->sysfs, target_state, sizeof(target_state), "class/iscsi_session/session%u/target_state",
		s->conn.k.sid);
	session_complete(s, target_state);
	sess_started_again(s);
	return SESS_EV_NONE;
}

static int sess_answer(void *machine)
{
	struct session *s = machine;

	s->owner->up(s);
	return SESS_EV_NONE;
}

/* The end. */

/* The first login failed for good, or recovery was bounded: the kernel's session goes before anybody is answered. */
static int sess_give_up(void *machine)
{
	struct session *s = machine;

	err_copy(&s->err, &s->conn.err); /* conn_destroy() clears that one */
	if (s->first_failure && strcmp(s->first_failure, s->err.text))
		err_set(&s->err, s->err.code, "%.*s (the first of %u login attempts failed: %.*s)", ERR_TEXT_MAX / 2,
			s->conn.err.text, s->attempts + 1, ERR_TEXT_MAX / 3, s->first_failure);
	s->reported = 0;
	conn_event(&s->conn, CONN_EV_CLOSE);
	return SESS_EV_NONE;
}

static int sess_close(void *machine)
{
	struct session *s = machine;

	err_set(&s->err, MISCSI_ERR_SESSION_NOT_CONNECTED, "the session was logged out before the request was completed");
	s->reported = 0;
	loop_timer_cancel(s->owner->engine->loop, &s->retry);
	conn_event(&s->conn, CONN_EV_CLOSE);
	return SESS_EV_NONE;
}

static int sess_gone(void *machine)
{
	struct session *s = machine;

	if (!s->err.code)
		err_set(&s->err, MISCSI_ERR_SESS_NOT_FOUND, "another program ended the session, or its driver was unloaded");
	store_remove(s->owner->state_dir, s->conn.k.sid);
	loop_timer_cancel(s->owner->engine->loop, &s->retry);
	loop_task_cancel(s->owner->engine->loop, &s->start);
	s->owner->gone(s);
	return SESS_EV_NONE;
}

static int sess_kept(void *machine)
{
	struct session *s = machine;

	if (log_worth(&s->reported))
		log_warn(s->owner->engine->log, "session",
			"session%u [%s] is still in the kernel, and iscsid tries again to remove it: %s", s->conn.k.sid,
			session_target(s), s->conn.err.text);
	s->owner->kept(s, &s->conn.err);
	return SESS_EV_NONE;
}

#define SESS_SAME FSM_SAME
#define MACHINE_FILE "session/session.def"
#define MACHINE_SYMBOL session_machine
#define MACHINE_TITLE "session"
#define MACHINE_ST(name) SESS_##name
#define MACHINE_EV(name) SESS_EV_##name
#define MACHINE_UNLISTED SESS_EV_BAD
#include "base/machine.h"

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must hold: of each session at any time, and of the whole when the faults are over. */
#include "config.h"
#include "sim.h"
#include "base/fsm.h"
#include "session/manager_private.h"
#include <stdio.h>
#include <string.h>

/* The rule of doc/DESIGN.md ("Recovery waits…"), in ms: while I/O waits for the session, and for ten minutes; later; and after refused credentials. */
#define WAIT_HELD_MS 5000
#define WAIT_BRIEF_MS 8000
#define WAIT_MOST_MS 30000
#define WAIT_REFUSED_MS 60000

static uint64_t wait_most(const struct session *s)
{
	uint64_t gone = sim_now() - s->lost_at, time2wait = (uint64_t)s->time2wait * 1000;
	int64_t held = record_int(s->record, FIELD_SESSION_REPLACEMENT_TIMEOUT);
	bool io_waits = held < 0 || gone < (uint64_t)held * 1000, refused = s->err.code == MISCSI_ERR_LOGIN_AUTH_FAILED;
	uint64_t most = io_waits ? WAIT_HELD_MS : gone < 600000 ? WAIT_BRIEF_MS : WAIT_MOST_MS;

	if (s->run.state != SESS_FAILED)
		return WAIT_MOST_MS;
	if (refused && (!io_waits || gone >= 120000))
		return WAIT_REFUSED_MS;
	return time2wait > most ? time2wait : most;
}

/*
 * An attempt that was begun while the target was away runs into its time-outs, or is refused, and then comes the wait that the rule
 * allows. A first login may use up its tries. Without a session, or without iscsid, a request or a start is under way.
 */
#define ATTEMPT_MS 30000
#define FIRST_LOGIN_MS 110000

uint64_t check_bound(void)
{
	struct manager *m = daemon_manager();
	uint64_t most = WAIT_HELD_MS;
	struct session *s;

	if (m && daemon_runs())
		list_for_each (s, &m->sessions, node) {
			uint64_t one = s->run.state == SESS_NEW ? FIRST_LOGIN_MS : s->run.state == SESS_FAILED ? wait_most(s) : 0;

			if (s->run.state == SESS_FAILED && s->conn.run.state != CONN_FREE)
				one = WAIT_REFUSED_MS;
			most = one > most ? one : most;
		}
	return ATTEMPT_MS + most;
}

void check_waits(void)
{
	struct manager *m = daemon_manager();
	struct session *s;

	if (!m || !daemon_runs() || plan_cycles_run())
		return;
	list_for_each (s, &m->sessions, node)
		if (loop_timer_active(&s->retry) && s->retry.due > sim_now() + wait_most(s))
			sim_fail("session%u waits for %llu ms", s->conn.k.sid, (unsigned long long)(s->retry.due - sim_now()));
}

struct count {
	unsigned sessions, of[SIM_IDENTITIES], up[SIM_IDENTITIES];
	const char *why;
};

static int identity_of(const struct manager_session *s)
{
	for (int i = 0; i < SIM_IDENTITIES; i++) {
		unsigned t, p;

		if (strcmp(net_target((unsigned)i), s->target) != 0)
			continue;
		if (strcmp(net_address((unsigned)i), s->address) == 0 ||
			(sscanf(s->address, "t%up%u", &t, &p) == 2 && p - 1 == (unsigned)i % SIM_PORTALS))
			return i;
	}
	return -1;
}

/*
 * A session that was made while its address led to another group has that one's disks, and stays away from the address that leads to
 * its own again.
 */
static bool stays_away(const struct kern_session *k, int identity, const struct manager_session *s)
{
	return k && identity >= 0 && k->group != target_group((unsigned)identity) && strcmp(s->state, "FAILED") == 0 &&
		strstr(s->last_error, "belongs to target portal group");
}

static int count_session(void *arg, const struct manager_session *s)
{
	const struct kern_session *k = kern_find(s->sid);
	struct count *c = arg;
	int i = identity_of(s);

	c->sessions++;
	if (i < 0) {
		c->why = sim_text("session%u is of %s at %s, which nobody asked for", s->sid, s->target, s->address);
		return 0;
	}
	c->of[i]++;
	if (strcmp(s->state, "LOGGED_IN") == 0 && strcmp(s->connection, "LOGGED_IN") == 0 && k && k->started &&
		k->state == KERN_LOGGED_IN)
		c->up[i]++;
	else if (!stays_away(k, i, s))
		c->why = sim_text("session%u of %s at %s is %s, its connection %s: %s", s->sid, s->target, s->address, s->state,
			s->connection, s->last_error);
	return 0;
}

/* No disk under the name of another one. */
static const char *wrong_disk(void)
{
	for (const struct kern_session *s = kern_sessions(); s; s = s->next) {
		if (s->state != KERN_LOGGED_IN || !s->started)
			continue;
		for (unsigned i = 0; i < s->luns; i++)
			if (!s->lun[i].gone && !s->lun[i].offline &&
				s->lun[i].disk != target_disk(net_link_identity(s->socket->link)))
				return sim_text("LUN %u of session%u is disk %u under the name of disk %u", i, s->sid,
					target_disk(net_link_identity(s->socket->link)), s->lun[i].disk);
	}
	return NULL;
}

#define REFUSED_SIDS 64

static struct {
	uint64_t at;
	uint32_t sid;
	int pid;
} refusals[REFUSED_SIDS];

void check_reset(void)
{
	memset(refusals, 0, sizeof(refusals));
}

/* A refusal may have come when the attempt had run into its time-out. */
static bool knows_refusal(uint32_t sid)
{
	struct manager *m = daemon_manager();
	struct session *s = m && daemon_runs() ? manager_find(m, sid) : NULL;

	return s && s->err.code == MISCSI_ERR_LOGIN_AUTH_FAILED;
}

/* What is refused is tried again by the rule: targets lock accounts for it. A new iscsid does not know of the last one's. */
void check_refused(uint32_t sid, unsigned identity)
{
	__typeof__(&refusals[0]) last = &refusals[sid % REFUSED_SIDS];

	if (last->sid == sid && last->pid == daemon_pid() && knows_refusal(sid) &&
		sim_now() - last->at < WAIT_HELD_MS * 7 / 8 - 1000)
		sim_fail("%s at %s refused the credentials of session%u twice within %llu ms", net_target(identity),
			net_address(identity), sid, (unsigned long long)(sim_now() - last->at));
	last->at = sim_now();
	last->sid = sid;
	last->pid = daemon_pid();
}

static bool has(const char *bytes, size_t len, const char *text)
{
	return memmem(bytes, len, text, strlen(text)) != NULL;
}

bool check_secrets(const void *bytes, size_t len)
{
	return !has(bytes, len, SIM_SECRET) && !has(bytes, len, SIM_SECRET_IN);
}

bool check_settled(const char **why)
{
	struct count c = { 0 };
	unsigned kernel = 0;

	manager_each(daemon_manager(), count_session, &c);
	for (const struct kern_session *s = kern_sessions(); s; s = s->next)
		kernel++;
	if (!c.why && kernel != c.sessions)
		c.why = sim_text("the kernel has %u sessions, iscsid %u", kernel, c.sessions);
	for (unsigned i = 0; i < SIM_IDENTITIES && !c.why; i++) {
		if (c.of[i] > 1)
			c.why = sim_text("%s at %s has %u sessions", net_target(i), net_address(i), c.of[i]);
		else if (client_wants(i) != WANTED_EITHER && c.of[i] != (client_wants(i) == WANTED_YES))
			c.why = sim_text("%s at %s has %u sessions, wanted: %s", net_target(i), net_address(i), c.of[i],
				client_wants(i) == WANTED_YES ? "1" : "0");
	}
	if (!c.why)
		c.why = wrong_disk();
	if (!c.why && client_unanswered())
		c.why = sim_text("%u requests are not answered", client_unanswered());
	*why = c.why;
	return !c.why;
}

/* The file of a session is there as long as the session is. */
void check_end(void)
{
	unsigned kernel = 0, found = 0;

	for (const struct kern_session *s = kern_sessions(); s; s = s->next) {
		kernel++;
		found += os_file_exists(sim_text("session%u", s->sid));
	}
	if (os_files() != found)
		sim_fail("%u files of sessions for %u sessions", os_files(), kernel);
}

/*
 * Each event that comes to a machine has a row, unless its state ignores whatever else comes. What replaces one without a row may do the
 * same by chance.
 */
bool __real_fsm_event(struct fsm_run *run, unsigned event);
bool __wrap_fsm_event(struct fsm_run *run, unsigned event);
bool __wrap_fsm_event(struct fsm_run *run, unsigned event)
{
	const struct fsm_row *instead = fsm_find(run, run->fsm->unlisted);

	if (event != FSM_NONE && !fsm_find(run, event) && (!instead || instead->action || instead->next != FSM_SAME))
		sim_fail("no row of %s lists event %s in state %s", run->fsm->name, run->fsm->events[event],
			run->fsm->states[run->state]);
	return __real_fsm_event(run, event);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of connection.def and session.def as they are, the runners of fsm.c and connection.c, and what each action does, by its
 * name, with every outcome that it may have.
 */
#include "config.h"
#include "tables.h"
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const conn_states[] = {
#define MACHINE_STATE(name, ...) #name,
#include "session/connection.def"
#undef MACHINE_STATE
};
static const char *const sess_states[] = {
#define MACHINE_STATE(name, ...) #name,
#include "session/session.def"
#undef MACHINE_STATE
};
static const char *const conn_events[] = {
	"NONE",
#define MACHINE_EVENT(name, doc) #name,
#include "session/connection.def"
#undef MACHINE_EVENT
};
static const char *const kernels[] = { "no session", "session", "bound", "up", "broken", "dying", "gone" };
struct row {
	uint32_t states;
	unsigned event;
	const char *guard, *action;
	unsigned next;
};
#define SAME 99

static const struct row conn_rows[] = {
#define C_SAME SAME
#define IN(state) (1u << C_##state)
#define MACHINE_ROW(set, ev, when, act, to, rfc) { set, CE_##ev, #when, #act, C_##to },
#include "session/connection.def"
#undef MACHINE_ROW
#undef IN
};
static const struct row sess_rows[] = {
#define S_SAME SAME
#define IN(state) (1u << S_##state)
#define MACHINE_ROW(set, ev, when, act, to, rfc) { set, SE_##ev, #when, #act, S_##to },
#include "session/session.def"
#undef MACHINE_ROW
#undef IN
};

/* OUTSIDE of connection.c */
#define OUTSIDE \
	(1u << CE_OPEN | 1u << CE_CLOSE | 1u << CE_LOST | 1u << CE_TIMEOUT | 1u << CE_UNBOUND | 1u << CE_DESTROYED | \
		1u << CE_FAILED)

struct model_world model_world;

/*
 * A step has outcomes that are chosen: each choice is a digit of `path`. To explore all, a step is run again with the next path
 * until none is left.
 */
static struct {
	unsigned digit[32], limit[32], n, at;
} chance;

static unsigned choose(unsigned n)
{
	if (model_world.healthy)
		return 0;
	if (chance.at == chance.n) {
		chance.limit[chance.n] = n;
		chance.digit[chance.n++] = 0;
	}
	return chance.digit[chance.at++];
}

bool model_next_path(void)
{
	while (chance.n && chance.digit[chance.n - 1] + 1 == chance.limit[chance.n - 1])
		chance.n--;
	if (!chance.n)
		return false;
	chance.digit[chance.n - 1]++;
	return true;
}

void model_first(void)
{
	chance.n = chance.at = 0;
}

void model_again(void)
{
	chance.at = 0;
}

static void conn_event(struct model *m, unsigned event);
static void sess_event(struct model *m, unsigned event);

/* ---- what the actions do ---- */

static void disarm(struct model *m)
{
	m->timer = 0;
	m->postponed &= ~(1u << CE_TIMEOUT);
}

static void release(struct model *m)
{
	disarm(m);
	m->wait = 0;
}

static void attempt_over(struct model *m)
{
	release(m);
	m->postponed &= ~(1u << CE_FAILED | 1u << CE_LOST);
}

/* A job that may not even begin. */
static unsigned submit(struct model *m, enum job job, bool surely)
{
	if (!surely && choose(2))
		return CE_JOB_FAILED;
	m->job = job;
	return CE_NONE;
}

static unsigned act_read(struct model *m)
{
	m->timer = 1;
	if (choose(2))
		return CE_FAILED;
	m->wait |= W_READ;
	return CE_NONE;
}

static unsigned act_resolve(struct model *m)
{
	static const unsigned outcomes[] = { CE_READY, CE_NONE, CE_FAILED };
	unsigned n = choose(3);

	m->timer = 1;
	if (n == 1)
		m->wait |= W_LOOK;
	return outcomes[n];
}

static unsigned act_check(struct model *m)
{
	static const unsigned outcomes[] = { CE_CHECKED, CE_NONE, CE_FAILED, CE_REDIRECTED };
	unsigned event = outcomes[choose(4)];

	if (choose(2))
		sess_event(m, SE_CONN_REPLACED);
	m->timer = 1;
	m->wait = (uint8_t)(event ? m->wait & ~W_CHECK : m->wait | W_CHECK);
	return event;
}

static unsigned act_connect(struct model *m)
{
	m->wait |= W_CONNECT;
	return CE_NONE;
}

static unsigned act_bind(struct model *m)
{
	disarm(m);
	return submit(m, J_BIND, false);
}

static unsigned act_login_begin(struct model *m)
{
	m->timer = 1;
	if (choose(2))
		return CE_FAILED;
	m->wait |= W_PDU;
	return CE_NONE;
}

static unsigned act_login_pdu(struct model *m)
{
	static const unsigned outcomes[] = { CE_LOGIN_DONE, CE_NONE, CE_REDIRECTED, CE_FAILED };
	unsigned n = choose(4);

	if (n != 1)
		m->wait &= (uint8_t)~W_PDU;
	return outcomes[n];
}

static unsigned act_fw_login(struct model *m)
{
	m->timer = 1;
	m->wait |= W_FW;
	return CE_NONE;
}

static unsigned act_fw_logout(struct model *m)
{
	m->timer = 1;
	m->wait |= W_FW_LOGOUT;
	return CE_NONE;
}

static unsigned act_start(struct model *m)
{
	disarm(m);
	return submit(m, J_START, false);
}

static unsigned act_up(struct model *m)
{
	release(m);
	sess_event(m, SE_CONN_UP);
	return CE_NONE;
}

static unsigned act_down(struct model *m)
{
	attempt_over(m);
	sess_event(m, SE_CONN_DOWN);
	return CE_NONE;
}

static unsigned act_redirected(struct model *m)
{
	attempt_over(m);
	sess_event(m, SE_CONN_REDIRECTED);
	return CE_NONE;
}

static unsigned act_stop(struct model *m)
{
	attempt_over(m);
	return m->kernel != K_NONE ? submit(m, J_STOP, false) : CE_JOB_DONE;
}

static unsigned act_refused(struct model *m)
{
	return m->kernel == K_GONE ? CE_DESTROYED : act_stop(m);
}

static unsigned act_pdu(struct model *m)
{
	static const unsigned outcomes[] = { CE_NONE, CE_LOGOUT_ASKED, CE_LOST };

	(void)m;
	return outcomes[choose(3)];
}

static unsigned act_logout_send(struct model *m)
{
	sess_event(m, SE_CONN_LEAVES);
	m->timer = 1;
	if (choose(2))
		return CE_FAILED;
	m->wait |= W_PDU;
	return CE_NONE;
}

static unsigned act_logout_pdu(struct model *m)
{
	if (choose(2))
		return CE_NONE;
	m->wait &= (uint8_t)~W_PDU;
	return CE_LOGGED_OUT;
}

static unsigned act_unbind(struct model *m)
{
	if (m->unbinding == 2)
		return CE_UNBOUND;
	m->timer = 1;
	return submit(m, J_UNBIND, false);
}

static unsigned act_destroy(struct model *m)
{
	release(m);
	if (m->kernel == K_NONE)
		return CE_DESTROYED;
	m->timer = 1;
	return submit(m, J_DESTROY, false);
}

static unsigned act_closed(struct model *m)
{
	release(m);
	sess_event(m, SE_CONN_CLOSED);
	return CE_NONE;
}

static unsigned act_kept(struct model *m)
{
	if (m->kernel == K_GONE)
		return CE_DESTROYED;
	m->timer = 1;
	sess_event(m, SE_CONN_KEPT);
	return CE_NONE;
}

static unsigned act_destroy_again(struct model *m)
{
	unsigned event = act_kept(m);

	return event == CE_NONE ? act_destroy(m) : event;
}

static unsigned act_nothing(struct model *m)
{
	(void)m;
	return 0;
}

static unsigned act_sess_open(struct model *m)
{
	conn_event(m, CE_OPEN);
	return 0;
}

static unsigned act_sess_retry(struct model *m)
{
	m->retry = 1;
	return 0;
}

static unsigned act_sess_close(struct model *m)
{
	m->retry = 0;
	conn_event(m, CE_CLOSE);
	return 0;
}

static unsigned act_sess_gone(struct model *m)
{
	m->retry = m->start = 0;
	return 0;
}

static const struct {
	const char *name;
	unsigned (*fn)(struct model *m);
} actions[] = {
	{ "NULL", act_nothing },
	{ "conn_read", act_read },
	{ "conn_read_late", act_down },
	{ "conn_resolve", act_resolve },
	{ "conn_check", act_check },
	{ "conn_check_late", act_check },
	{ "conn_connect", act_connect },
	{ "conn_down", act_down },
	{ "conn_resolve_late", act_down },
	{ "conn_down_late", act_down },
	{ "conn_redirected", act_redirected },
	{ "conn_bind", act_bind },
	{ "conn_login_begin", act_login_begin },
	{ "conn_login_pdu", act_login_pdu },
	{ "conn_fw_login", act_fw_login },
	{ "conn_fw_logout", act_fw_logout },
	{ "conn_start", act_start },
	{ "conn_up", act_up },
	{ "conn_stop", act_stop },
	{ "conn_refused", act_refused },
	{ "conn_stop_late", act_stop },
	{ "conn_pdu", act_pdu },
	{ "conn_logout_send", act_logout_send },
	{ "conn_logout_pdu", act_logout_pdu },
	{ "conn_unbind", act_unbind },
	{ "conn_destroy", act_destroy },
	{ "conn_destroy_again", act_destroy_again },
	{ "conn_closed", act_closed },
	{ "conn_kept", act_kept },
	{ "sess_open", act_sess_open },
	{ "sess_established", act_nothing },
	{ "sess_begun", act_nothing },
	{ "sess_recovered", act_nothing },
	{ "sess_answer", act_nothing },
	{ "sess_wait", act_sess_retry },
	{ "sess_lost", act_sess_retry },
	{ "sess_redirected", act_sess_retry },
	{ "sess_give_up", act_sess_close },
	{ "sess_close", act_sess_close },
	{ "sess_gone", act_sess_gone },
	{ "sess_kept", act_nothing },
	{ "sess_leaves", act_nothing },
	{ "sess_replaced", act_nothing },
};

static unsigned act(struct model *m, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (strcmp(actions[i].name, name) == 0)
			return actions[i].fn(m);
	fprintf(stderr, "tables: %s() is not described: add to actions[] what it does\n", name);
	exit(1);
}

/* One that is not described here may hold or not; in the good case it does. */
static bool holds(const struct model *m, const char *guard)
{
	if (strcmp(guard, "NULL") == 0)
		return true;
	if (strcmp(guard, "conn_by_firmware") == 0)
		return model_world.firmware;
	if (strcmp(guard, "conn_logs_out") == 0)
		return model_world.firmware && choose(2) == 0;
	if (strcmp(guard, "conn_has_files") == 0)
		return model_world.files;
	if (strcmp(guard, "conn_lost_before") == 0)
		return m->postponed & (1u << CE_LOST | 1u << CE_FAILED);
	return choose(2) == 0;
}

/* ---- the runners: fsm.c and conn_event() of connection.c ---- */

static const struct row *find_row(const struct model *m, const struct row *rows, size_t n, unsigned state, unsigned event)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].states & 1u << state && rows[i].event == event && holds(m, rows[i].guard))
			return &rows[i];
	return NULL;
}

static void sess_event(struct model *m, unsigned event)
{
	const struct row *row = find_row(m, sess_rows, ARRAY_SIZE(sess_rows), m->sess, event);

	if (!row)
		return; /* BAD, which changes nothing */
	if (row->next != SAME)
		m->sess = (uint8_t)row->next;
	act(m, row->action);
}

static void conn_event(struct model *m, unsigned event)
{
	if (m->busy || (m->job && OUTSIDE & 1u << event)) {
		m->postponed |= 1u << event;
		return;
	}
	m->busy = true;
	while (event) {
		const struct row *row = find_row(m, conn_rows, ARRAY_SIZE(conn_rows), m->conn, event);

		if (!row && event != CE_FAILED)
			row = find_row(m, conn_rows, ARRAY_SIZE(conn_rows), m->conn, CE_FAILED);
		if (!row) {
			model_world.refused = event;
			break;
		}
		if (row->next != SAME)
			m->conn = (uint8_t)row->next;
		event = act(m, row->action);
	}
	m->busy = false;
}

/* ---- what may happen ---- */

static bool try_start(struct model *m)
{
	if (!m->start)
		return false;
	m->start = 0;
	sess_event(m, SE_START);
	return true;
}

static bool try_retry(struct model *m)
{
	if (!m->retry)
		return false;
	m->retry = 0;
	sess_event(m, SE_RETRY);
	return true;
}

bool model_deliver(struct model *m)
{
	unsigned event = 0;

	if (!m->postponed || m->job)
		return false;
	while (!(m->postponed & 1u << event))
		event++;
	m->postponed &= ~(1u << event);
	conn_event(m, event);
	return true;
}

static bool job_works(struct model *m)
{
	switch (m->job) {
	case J_BIND:
		if (m->kernel == K_BROKEN || m->kernel == K_GONE)
			return false;
		m->kernel = K_BOUND;
		return true;
	case J_START:
		if (m->kernel != K_BOUND)
			return false;
		m->kernel = K_UP;
		return true;
	case J_STOP:
		if (m->kernel == K_BOUND || m->kernel == K_UP || m->kernel == K_BROKEN)
			m->kernel = K_MADE;
		return true;
	case J_UNBIND:
		if (m->kernel == K_GONE)
			return false;
		m->unbinding = m->unbinding ? m->unbinding : 1;
		return true;
	default:
		if (m->kernel == K_GONE)
			return false;
		m->kernel = K_DYING;
		return true;
	}
}

/* A job that fails may have done a part: a session that is made and not bound. */
static bool try_job(struct model *m)
{
	bool done;

	if (!m->job)
		return false;
	done = choose(2) == 0 && job_works(m);
	if (!done && m->job == J_BIND && m->kernel == K_NONE && choose(2) == 0)
		m->kernel = K_MADE;
	m->job = J_NONE;
	conn_event(m, done ? CE_JOB_DONE : CE_JOB_FAILED);
	return true;
}

static bool try_wait(struct model *m, enum wait which, unsigned good)
{
	if (!(m->wait & which))
		return false;
	m->wait &= (uint8_t)~which;
	conn_event(m, choose(2) ? CE_FAILED : good);
	return true;
}

static bool try_read(struct model *m)
{
	return try_wait(m, W_READ, CE_READ);
}

static bool try_look(struct model *m)
{
	return try_wait(m, W_LOOK, CE_READY) || try_wait(m, W_CHECK, CE_CHECKED);
}

static bool try_connect(struct model *m)
{
	return try_wait(m, W_CONNECT, CE_CONNECTED);
}

/* Its plugin has started the connection; the firmware reports the end of its login. */
static bool try_firmware(struct model *m)
{
	bool failed;

	if (!(m->wait & W_FW) || m->kernel != K_BOUND)
		return false;
	failed = choose(2);
	m->wait &= (uint8_t)~W_FW;
	m->kernel = failed ? K_BOUND : K_UP;
	conn_event(m, failed ? CE_FAILED : CE_LOGIN_DONE);
	return true;
}

/* Its plugin has logged out, or could not: that is no difference. */
static bool try_firmware_logout(struct model *m)
{
	if (!(m->wait & W_FW_LOGOUT))
		return false;
	m->wait &= (uint8_t)~W_FW_LOGOUT;
	conn_event(m, CE_LOGGED_OUT);
	return true;
}

static bool try_answer(struct model *m)
{
	if (!(m->wait & W_PDU) || (m->kernel != K_BOUND && m->kernel != K_UP))
		return false;
	conn_event(m, CE_PDU);
	return true;
}

static bool try_unbound(struct model *m)
{
	if (m->unbinding != 1)
		return false;
	m->unbinding = 2;
	conn_event(m, CE_UNBOUND);
	return true;
}

static bool try_destroyed(struct model *m)
{
	if (m->kernel != K_DYING)
		return false;
	m->kernel = K_GONE;
	conn_event(m, CE_DESTROYED);
	return true;
}

bool model_timeout(struct model *m)
{
	if (!m->timer)
		return false;
	m->timer = 0;
	conn_event(m, CE_TIMEOUT);
	return true;
}

static bool try_lose(struct model *m)
{
	if (m->kernel != K_BOUND && m->kernel != K_UP)
		return false;
	m->kernel = K_BROKEN;
	conn_event(m, CE_LOST);
	return true;
}

static bool try_any_pdu(struct model *m)
{
	if (m->kernel != K_BOUND && m->kernel != K_UP)
		return false;
	conn_event(m, CE_PDU);
	return true;
}

static bool try_unsent(struct model *m)
{
	if (!(m->wait & W_PDU))
		return false;
	conn_event(m, CE_FAILED);
	return true;
}

static bool try_other_destroys(struct model *m)
{
	if (m->kernel == K_NONE || m->kernel == K_GONE)
		return false;
	m->kernel = K_GONE;
	conn_event(m, CE_DESTROYED);
	return true;
}

static bool try_close(struct model *m)
{
	if (m->sess == S_CLOSED)
		return false;
	sess_event(m, SE_CLOSE);
	return true;
}

/* The first of these is what a healthy target does, up to the time limits; the dead one's are without the answers. */
const struct move model_moves[] = {
	{ "start", try_start, true, true },
	{ "retry", try_retry, true, true },
	{ "deliver", model_deliver, true, true },
	{ "job", try_job, true, true },
	{ "destroyed", try_destroyed, true, true },
	{ "read", try_read, false, true },
	{ "look-up", try_look, false, true },
	{ "connect", try_connect, false, true },
	{ "firmware", try_firmware, false, true },
	{ "firmware's logout", try_firmware_logout, false, true },
	{ "answer", try_answer, false, true },
	{ "unbound", try_unbound, false, true },
	{ "time-out", model_timeout, false, false },
	{ "lost", try_lose, false, false },
	{ "any PDU", try_any_pdu, false, false },
	{ "unsent", try_unsent, false, false },
	{ "other program", try_other_destroys, false, false },
	{ "close", try_close, false, false },
};

const size_t model_moves_count = ARRAY_SIZE(model_moves);

void model_print(const struct model *m)
{
	printf("connection %s, session %s, kernel %s, job %u, waits 0x%x, retry %u, timer %u, postponed 0x%x\n",
		conn_states[m->conn], sess_states[m->sess], kernels[m->kernel], m->job, m->wait, m->retry, m->timer,
		m->postponed);
}

const char *model_event_name(unsigned event)
{
	return conn_events[event];
}

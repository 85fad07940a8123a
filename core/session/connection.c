/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection machine's own mechanics: events, postponed ones, jobs for the kernel, time. What it does in each state is in
 * conn_actions.c, conn_login.c and conn_params.c.
 */
#include "base/mem.h"
#include "link/credentials.h"
#include "link/hangup.h"
#include "session/conn_check.h"
#include "session/session.h"
#include <errno.h>

/* Come from outside at any time: they wait until the kernel has done what it is at, so that no state need think of both. */
#define OUTSIDE \
	(FSM_IN(CONN_EV_OPEN) | FSM_IN(CONN_EV_CLOSE) | FSM_IN(CONN_EV_LOST) | FSM_IN(CONN_EV_TIMEOUT) | \
		FSM_IN(CONN_EV_UNBOUND) | FSM_IN(CONN_EV_DESTROYED) | FSM_IN(CONN_EV_FAILED))

#define CONN_SAME FSM_SAME
#define MACHINE_FILE "session/connection.def"
#define MACHINE_SYMBOL conn_machine
#define MACHINE_TITLE "connection"
#define MACHINE_ST(name) CONN_##name
#define MACHINE_EV(name) CONN_EV_##name
#define MACHINE_UNLISTED CONN_EV_FAILED
#include "base/machine.h"

static void conn_deliver(void *arg);

static void conn_trace(void *machine, const struct fsm_row *row, uint8_t from, uint8_t to)
{
	const struct conn *c = machine;
	const struct fsm *f = c->run.fsm;

	log_debug(c->k.engine->log, "session", "conn[%s, %s] %s --%s--> %s%s%s%s", session_target(c->session),
		session_portal(c->session), f->states[from], f->events[row->event], f->states[to], *row->label ? " (" : "",
		row->label, *row->label ? ")" : "");
}

static void conn_job_done(struct kconn *k, int result, const struct err *err)
{
	struct conn *c = container_of(k, struct conn, k);

	if (result < 0 && !c->err.code)
		err_copy(&c->err, err);
	conn_event(c, result < 0 ? CONN_EV_JOB_FAILED : CONN_EV_JOB_DONE);
}

static void conn_unsent(struct kconn *k, int result, const struct err *err)
{
	struct conn *c = container_of(k, struct conn, k);

	(void)result;
	if (!c->err.code)
		err_copy(&c->err, err);
	conn_event(c, CONN_EV_FAILED);
}

void conn_init(struct conn *c, struct session *s, struct transport *t, void (*tell)(struct session *s, unsigned event))
{
	static const struct kconn_ops ops = { .done = conn_job_done, .unsent = conn_unsent };

	c->session = s;
	c->tell = tell;
	c->run = (struct fsm_run){ .fsm = &conn_machine, .machine = c, .trace = conn_trace, .state = CONN_FREE };
	kconn_init(&c->k, s->owner->engine, t, &ops);
	conn_dial_init(c);
}

/*
 * Raised from within an action, or while the kernel's job is under way and the event is one from outside: it waits. Both keep the
 * machine's steps whole; a set is enough for what waits, since an event said twice says nothing more.
 */
void conn_event(struct conn *c, enum conn_event event)
{
	if (c->busy || (c->k.job && (OUTSIDE & FSM_IN(event)))) {
		c->postponed |= FSM_IN(event);
		if (!c->k.job)
			loop_defer(c->k.engine->loop, &c->deliver, conn_deliver, c);
		return;
	}
	c->busy = true;
	if (!fsm_event(&c->run, event))
		log_err(c->k.engine->log, "session",
			"session%u [%s]: iscsid ignored event %u, which must not occur in the connection's state %s: please "
			"report this bug of iscsid",
			c->k.sid, session_target(c->session), event, c->run.fsm->states[c->run.state]);
	c->busy = false;
	if (c->postponed && !c->k.job)
		loop_defer(c->k.engine->loop, &c->deliver, conn_deliver, c);
}

/* While the kernel was at work; what came waits to be delivered. */
bool conn_lost_before(const void *machine)
{
	const struct conn *c = machine;

	return c->postponed & (FSM_IN(CONN_EV_LOST) | FSM_IN(CONN_EV_FAILED));
}

/* Of several, the one with the lowest number first: OPEN and CLOSE before what the kernel told. */
static void conn_deliver(void *arg)
{
	struct conn *c = arg;
	unsigned event = CONN_EV_NONE;

	if (c->k.job || !c->postponed)
		return;
	while (!(c->postponed & FSM_IN(event)))
		event++;
	c->postponed &= ~FSM_IN(event);
	conn_event(c, event);
}

int conn_fail(struct conn *c, enum miscsi_error code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(&c->err, code, fmt, ap);
	va_end(ap);
	return CONN_EV_FAILED;
}

int conn_nomem(struct conn *c, const char *what)
{
	err_nomem(&c->err, what);
	return CONN_EV_FAILED;
}

int conn_submitted(struct conn *c, int result)
{
	if (result >= 0)
		return CONN_EV_NONE;
	if (result == -ENOMEM)
		conn_nomem(c, "a request to the kernel");
	else
		err_sys(&c->err, MISCSI_ERR_INTERNAL, -result, "iscsid cannot send a request to the kernel's iSCSI");
	return CONN_EV_JOB_FAILED;
}

int conn_send_pdu(struct conn *c, const struct iscsi_pdu *pdu)
{
	int rc = kconn_send(&c->k, pdu);

	if (rc >= 0)
		return CONN_EV_NONE;
	if (rc == -ENOMEM)
		return conn_nomem(c, "a login or logout PDU");
	err_sys(&c->err, MISCSI_ERR_INTERNAL, -rc, "iscsid cannot send a login or logout PDU through the kernel");
	return CONN_EV_FAILED;
}

static void conn_late(void *arg)
{
	conn_event(arg, CONN_EV_TIMEOUT);
}

void conn_arm(struct conn *c, int64_t seconds)
{
	c->limit = seconds > 0 ? seconds : DIAL_TIMEOUT_S;
	dial_arm(c->k.engine, &c->timer, c->limit, conn_late, c);
}

void conn_disarm(struct conn *c)
{
	c->postponed &= ~FSM_IN(CONN_EV_TIMEOUT);
	loop_timer_cancel(c->k.engine->loop, &c->timer);
}

/* What the present attempt holds outside the kernel's session. */
void conn_release(struct conn *c)
{
	conn_disarm(c);
	hangup_free(&c->hangup);
	credentials_release(&c->credentials);
	dial_cancel(&c->dial);
	conn_check_stop(c);
	login_free(c->login);
	c->login = NULL;
	kconn_unsend(&c->k);
}

/* What was said of this attempt must not end the next one. */
void conn_attempt_over(struct conn *c)
{
	conn_release(c);
	if (c->err.code == MISCSI_ERR_LOGIN_AUTH_FAILED) /* the files may have other secrets by now */
		credentials_doubt(c->credentials);
	c->postponed &= ~(FSM_IN(CONN_EV_FAILED) | FSM_IN(CONN_EV_LOST));
}

/*
 * From whatever state: jobs that run are orphaned, the kernel's session is left as it is. With it stays the endpoint that it is bound
 * to: who takes the session over needs no more of it, for STOP_CONN disconnects it.
 */
void conn_close(struct conn *c)
{
	conn_release(c);
	conn_check_free(c);
	credentials_free(&c->credentials);
	kconn_drop(&c->k);
	if (c->k.binding.kind == MISCSI_BINDING_SOCKET || c->run.state == CONN_BINDING)
		transport_disconnect(c->k.transport, &c->k.binding);
	loop_task_cancel(c->k.engine->loop, &c->deliver);
	dial_forget(&c->dial);
	x_free(c->result);
	c->result = NULL;
}

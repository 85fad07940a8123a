/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection machine's own mechanics: events, postponed ones, jobs for the kernel, time. What it does in each state is in
 * conn_actions.c, conn_login.c and conn_params.c.
 */
#include "kernel/kernel.h"
#include "session/actions.h"
#include <errno.h>

/* Come from outside at any time: they wait until the kernel has done what it is at, so that no state need think of both. */
#define OUTSIDE \
	(FSM_IN(CONN_EV_OPEN) | FSM_IN(CONN_EV_CLOSE) | FSM_IN(CONN_EV_LOST) | FSM_IN(CONN_EV_TIMEOUT) | \
		FSM_IN(CONN_EV_UNBOUND) | FSM_IN(CONN_EV_DESTROYED) | FSM_IN(CONN_EV_FAILED))

static void conn_deliver(void *arg);

static void conn_trace(void *machine, const struct fsm_row *row, uint8_t from, uint8_t to)
{
	const struct conn *c = machine;
	const struct fsm *f = c->run.fsm;

	log_debug(c->session->engine->log, "session", "conn[%s, %s] %s --%s--> %s%s%s%s", session_target(c->session),
		session_portal(c->session), f->states[from], f->events[row->event], f->states[to], *row->label ? " (" : "",
		row->label, *row->label ? ")" : "");
}

void conn_init(struct conn *c, struct session *s)
{
	c->session = s;
	c->run = (struct fsm_run){ .fsm = &conn_machine, .machine = c, .trace = conn_trace, .state = CONN_FREE };
	transport_op_init(&c->op, NULL, NULL);
}

/*
 * Raised from within an action, or while the kernel's job is under way and the event is one from outside: it waits. Both keep the
 * machine's steps whole; a set is enough for what waits, since an event said twice says nothing more.
 */
void conn_event(struct conn *c, enum conn_event event)
{
	if (c->busy || (c->job && (OUTSIDE & FSM_IN(event)))) {
		c->postponed |= FSM_IN(event);
		if (!c->job)
			loop_defer(c->session->engine->loop, &c->deliver, conn_deliver, c);
		return;
	}
	c->busy = true;
	if (!fsm_event(&c->run, event))
		log_err(c->session->engine->log, "session", "conn[%s]: event %u has no place in %s", session_target(c->session),
			event, c->run.fsm->states[c->run.state]);
	c->busy = false;
	if (c->postponed && !c->job)
		loop_defer(c->session->engine->loop, &c->deliver, conn_deliver, c);
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

	if (c->job || !c->postponed)
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

/*
 * The job that the state waits for has ended. Even a failed one may have made the session: then it is noted, so that the way down
 * takes it apart again.
 */
static void conn_job_done(struct job *job, void *arg)
{
	struct conn *c = arg;
	struct session *s = c->session;
	struct err err = ERR_INIT;
	int rc = job_result(job, &err);

	c->job = NULL;
	if (!c->created && job->sid != MISCSI_NONE && job->sid != 0) { /* a failed job, too, may have come as far as that */
		s->sid = job->sid;
		s->host_no = job->host_no;
		c->created = true;
	}
	if (c->conn_request && job_status(job, c->conn_request - 1) == 0)
		c->has_conn = true;
	c->conn_request = 0;
	job_free(job);
	if (rc < 0 && !c->err.code)
		err_copy(&c->err, &err);
	c->refused = rc < 0;
	conn_event(c, rc < 0 ? CONN_EV_JOB_FAILED : CONN_EV_JOB_DONE);
}

int conn_submit(struct conn *c, struct job *job)
{
	int rc = job ? kernel_submit(c->session->engine->kernel, job, conn_job_done, c) : -ENOMEM;

	if (rc < 0) {
		job_free(job);
		conn_fail(c, MISCSI_ERR_NOMEM, "no memory for a request to the kernel");
		return CONN_EV_JOB_FAILED;
	}
	c->job = job;
	return CONN_EV_NONE;
}

struct job *conn_job(const struct conn *c)
{
	const struct session *s = c->session;
	struct job *job = job_new();

	if (job)
		job_for(job, transport_handle(s->transport), s->sid, 0);
	return job;
}

/* Only a failure is of interest: a success shows by the answer. */
static void conn_pdu_sent(struct job *job, void *arg)
{
	struct conn *c = arg;
	struct err err = ERR_INIT;
	int rc = job_result(job, &err);

	job_free(job);
	c->send = NULL;
	if (rc < 0) {
		if (!c->err.code)
			err_copy(&c->err, &err);
		conn_event(c, CONN_EV_FAILED);
	}
}

int conn_send_pdu(struct conn *c, const struct iscsi_pdu *pdu)
{
	struct job *job = conn_job(c);
	struct kernel *k = c->session->engine->kernel;

	if (!job)
		return conn_fail(c, MISCSI_ERR_NOMEM, "no memory for a PDU");
	job_send_pdu(job, pdu->bhs, pdu->data, pdu->len);
	if (c->send) /* its answer came before the kernel said that it was sent: it was */
		kernel_cancel(k, c->send);
	c->send = NULL;
	if (kernel_submit(k, job, conn_pdu_sent, c) < 0) {
		job_free(job);
		return conn_fail(c, MISCSI_ERR_NOMEM, "no memory for a PDU");
	}
	c->send = job;
	return CONN_EV_NONE;
}

static void conn_late(void *arg)
{
	conn_event(arg, CONN_EV_TIMEOUT);
}

void conn_arm(struct conn *c, int64_t seconds)
{
	loop_timer_set(c->session->engine->loop, &c->timer, (uint64_t)(seconds > 0 ? seconds : 60) * 1000, conn_late, c);
}

void conn_disarm(struct conn *c)
{
	c->postponed &= ~FSM_IN(CONN_EV_TIMEOUT);
	loop_timer_cancel(c->session->engine->loop, &c->timer);
}

/* What the present attempt holds outside the kernel's session. */
void conn_release(struct conn *c)
{
	conn_disarm(c);
	resolve_cancel(&c->resolving);
	transport_cancel(&c->op);
	login_free(c->login);
	c->login = NULL;
	if (c->send)
		kernel_cancel(c->session->engine->kernel, c->send);
	c->send = NULL;
}

/* What was said of this attempt must not end the next one. */
void conn_attempt_over(struct conn *c)
{
	conn_release(c);
	c->postponed &= ~(FSM_IN(CONN_EV_FAILED) | FSM_IN(CONN_EV_LOST));
}

/*
 * From whatever state: jobs that run are orphaned, the kernel's session is left as it is. With it stays the endpoint that it is bound
 * to: who takes the session over needs no more of it, for STOP_CONN disconnects it.
 */
void conn_close(struct conn *c)
{
	const struct engine *engine = c->session->engine;

	conn_release(c);
	if (c->job)
		kernel_cancel(engine->kernel, c->job);
	if (c->binding.kind == MISCSI_BINDING_SOCKET || c->run.state == CONN_BINDING)
		transport_disconnect(c->session->transport, &c->binding);
	loop_task_cancel(engine->loop, &c->deliver);
	x_free(c->addresses);
	x_free(c->result);
	c->addresses = NULL;
	c->result = NULL;
	c->job = NULL;
}

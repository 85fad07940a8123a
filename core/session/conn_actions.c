/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the connection machine does from its first look-up to full feature phase, and on the way down; the rows of connection.def say when. */
#include "kernel/sysfs.h"
#include "record/record.h"
#include "session/actions.h"
#include <errno.h>
#include <string.h>

/* qla4xxx: START_CONN begins the login and event 109 ends it; no PDU of ours is wanted (KERNEL_ABI trap 2). */
bool conn_by_firmware(const void *machine)
{
	const struct conn *c = machine;

	return transport_logs_in(c->session->transport);
}

/* The name's addresses, or why there are none: the attempt ends then, the session decides about another. */
static void conn_resolved(void *arg, int result, const struct resolved *r, const struct err *err)
{
	struct conn *c = arg;

	c->resolving = NULL;
	if (result < 0) {
		err_copy(&c->err, err);
		conn_event(c, CONN_EV_FAILED);
		return;
	}
	*c->addresses = *r;
	conn_event(c, CONN_EV_READY);
}

/* Every attempt looks the name up anew: a target that moved is found again. Addresses of one name are tried in turn. */
static int look_up(struct conn *c)
{
	uint16_t port;
	const char *host = session_address(c->session, &port);

	if (!c->addresses)
		c->addresses = x_new(struct resolved);
	if (!c->addresses)
		return conn_fail(c, MISCSI_ERR_NOMEM, "no memory for addresses");
	if (resolve_numeric(host, port, c->addresses) == 0)
		return CONN_EV_READY;
	if (resolve_start(c->session->engine->workers, host, port, conn_resolved, c, &c->resolving) < 0)
		return conn_fail(c, MISCSI_ERR_NOMEM, "cannot look up the portal's name");
	return CONN_EV_NONE;
}

static void conn_opened(struct transport_op *op, int result)
{
	struct conn *c = op->arg;

	if (result < 0) {
		err_copy(&c->err, &op->err);
		result = CONN_EV_FAILED;
	} else {
		result = look_up(c);
	}
	if (result != CONN_EV_NONE)
		conn_event(c, (enum conn_event)result);
}

int conn_resolve(void *machine)
{
	struct conn *c = machine;

	err_clear(&c->err);
	conn_arm(c, record_int(c->session->record, FIELD_CONN_LOGIN_TIMEOUT));
	/* a session that could not be made may mean that the driver was loaded anew: then its handle is another */
	if (transport_handle(c->session->transport) && !(c->refused && !c->created))
		return look_up(c);
	c->refused = false;
	transport_op_init(&c->op, conn_opened, c);
	transport_open(c->session->transport, &c->op);
	return CONN_EV_NONE;
}

/* From here the binding is ours: every way down has to give it back. */
static void conn_connected(struct transport_op *op, int result)
{
	struct conn *c = op->arg;

	if (result < 0) {
		err_copy(&c->err, &op->err);
		conn_event(c, CONN_EV_FAILED);
		return;
	}
	c->binding = op->binding;
	conn_event(c, CONN_EV_CONNECTED);
}

/* An unset wish is no wish: the plugin then lets the kernel choose by route. */
/*
 * Where to, and from where: netdev, address and adapter come from the iface part of the record. A host of the session's own says
 * nothing of that, one of an adapter does (session_op).
 */
int conn_connect(void *machine)
{
	struct conn *c = machine;
	struct session *s = c->session;
	unsigned nth = c->next_address++ % c->addresses->n;
	struct miscsi_connect_args args = {
		.size = sizeof(args),
		.timeout_ms = (uint32_t)record_int(s->record, FIELD_CONN_LOGIN_TIMEOUT) * 1000,
		.dst = (const struct sockaddr *)&c->addresses->addr[nth].sa,
		.dst_len = c->addresses->addr[nth].len,
		.netdev = record_explicit(s->record, FIELD_IFACE_NETDEV),
		.ip = record_explicit(s->record, FIELD_IFACE_IPADDRESS),
		.hwaddress = record_explicit(s->record, FIELD_IFACE_HWADDRESS),
	};

	transport_op_init(&c->op, conn_connected, c);
	session_op(s, &c->op);
	transport_connect(s->transport, &c->op, &args);
	return CONN_EV_NONE;
}

/* Firmware that logs in negotiates too: it gets our wishes where other drivers get the outcome. */
static int add_proposals(struct conn *c, struct job *job)
{
	if (!c->result)
		c->result = x_new(struct login_result);
	if (!c->result)
		return conn_fail(c, MISCSI_ERR_NOMEM, "no memory for the session's parameters");
	c->result->tpgt = -1;
	if (conn_proposals(c, &c->result->params) < 0)
		return CONN_EV_FAILED;
	return conn_add_params(c, job) < 0 ? conn_fail(c, MISCSI_ERR_NOMEM, "no memory for the session's parameters") :
					     CONN_EV_NONE;
}

/*
 * The first time the kernel's session and connection are made on the way; after a loss the same ones are bound to a new socket or
 * endpoint (KERNEL_ABI order rules 2 to 4). One job, so that nothing can come between, and a session is never long without its
 * name.
 */
int conn_bind(void *machine)
{
	struct conn *c = machine;
	struct session *s = c->session;
	struct job *job = conn_job(c);
	bool bound = transport_traits(s->transport) & MISCSI_TRAIT_BOUND_SESSION;

	conn_disarm(c);
	if (job && !c->created)
		job_create_session(job, transport_handle(s->transport), bound ? c->binding.value : 0,
			(uint16_t)record_int(s->record, FIELD_SESSION_CMDS_MAX),
			(uint16_t)record_int(s->record, FIELD_SESSION_QUEUE_DEPTH),
			(uint32_t)record_int(s->record, FIELD_SESSION_INITIAL_CMDSN));
	if (job && !c->has_conn) {
		job_create_conn(job, 0);
		c->conn_request = job_count(job);
	}
	if (job && c->binding.kind == MISCSI_BINDING_SOCKET)
		job_bind_socket(job, (int)c->binding.value, true);
	else if (job)
		job_bind(job, c->binding.value, true);
	if (job)
		conn_add_settings(c, job);
	if (job && conn_by_firmware(c) && add_proposals(c, job) != CONN_EV_NONE) {
		job_free(job);
		return CONN_EV_JOB_FAILED;
	}
	return conn_submit(c, job);
}

/* The kernel has its own reference to a bound socket; an endpoint stays ours to disconnect. */
void conn_bound(struct conn *c)
{
	if (c->binding.kind == MISCSI_BINDING_SOCKET)
		transport_disconnect(c->session->transport, &c->binding);
}

/* The plugin's login op ended: by the firmware's event, or because it could not begin. */
static void conn_fw_done(struct transport_op *op, int result)
{
	struct conn *c = op->arg;

	if (result < 0)
		err_copy(&c->err, &op->err);
	conn_event(c, result < 0 ? CONN_EV_FAILED : CONN_EV_LOGIN_DONE);
}

int conn_fw_login(void *machine)
{
	struct conn *c = machine;

	conn_arm(c, record_int(c->session->record, FIELD_CONN_LOGIN_TIMEOUT));
	transport_op_init(&c->op, conn_fw_done, c);
	session_op(c->session, &c->op);
	transport_login(c->session->transport, &c->op);
	return CONN_EV_NONE;
}

/* The moment of no return for the target's view of us: what was negotiated holds in the kernel, and I/O begins. */
int conn_start(void *machine)
{
	struct conn *c = machine;
	struct job *job = conn_job(c);
	int rc = job ? conn_add_params(c, job) : -ENOMEM;

	conn_disarm(c);
	if (rc < 0) {
		job_free(job);
		return conn_fail(c, MISCSI_ERR_NOMEM, "no memory for the session's parameters");
	}
	job_start_conn(job);
	return conn_submit(c, job);
}

/* Tells the session. What only a login needs is freed here, since most sessions stay up for months. */
int conn_up(void *machine)
{
	struct conn *c = machine;

	conn_release(c);
	x_free(c->addresses); /* a thousand sessions that are up need none of this */
	x_free(c->result);
	c->addresses = NULL;
	c->result = NULL;
	err_clear(&c->err);
	session_event(c->session, SESS_EV_CONN_UP);
	return CONN_EV_NONE;
}

/* The kernel is done with the connection, or never had it: it is free for another attempt. */
int conn_down(void *machine)
{
	struct conn *c = machine;

	conn_attempt_over(c);
	if (c->binding.kind != MISCSI_BINDING_NONE)
		transport_disconnect(c->session->transport, &c->binding);
	session_event(c->session, SESS_EV_CONN_DOWN);
	return CONN_EV_NONE;
}

int conn_down_late(void *machine)
{
	struct conn *c = machine;

	conn_fail(c, MISCSI_ERR_TRANS_TIMEOUT, "no connection to %s within %lld s", session_portal(c->session),
		(long long)record_int(c->session->record, FIELD_CONN_LOGIN_TIMEOUT));
	return conn_down(c);
}

/* The kernel accepts nothing for a connection that failed until it was told to stop it (and waits for its own clean-up then). */
int conn_stop(void *machine)
{
	struct conn *c = machine;
	struct job *job;

	conn_attempt_over(c);
	conn_bound(c);
	job = conn_job(c);
	if (!job || !c->created) {
		job_free(job);
		return CONN_EV_JOB_DONE;
	}
	job_stop_conn(job, ISCSI_STOP_CONN_RECOVER);
	job_may_fail(job);
	return conn_submit(c, job);
}

int conn_stop_late(void *machine)
{
	struct conn *c = machine;

	conn_fail(c, MISCSI_ERR_TRANS_TIMEOUT, "%s did not answer the login (%s stage) in time", session_portal(c->session),
		c->login ? login_stage(c->login) : "firmware");
	return conn_stop(c);
}

/*
 * Before a logout the devices go: the SCSI layer flushes their caches while the session can still carry that. If the target is dead
 * the flush hangs, the kernel's ping notices (LOST) or our time runs out, and the session is taken away without.
 */
int conn_unbind(void *machine)
{
	struct conn *c = machine;
	struct job *job;
	char target[16];

	/* by a logout that came to no end, here or in a daemon before: the kernel would not tell of it again */
	if (c->session->adopted &&
		sysfs_read(c->session->engine->sysfs, target, sizeof(target), "class/iscsi_session/session%u/target_state",
			c->session->sid) == 0 &&
		strcmp(target, "UNBOUND") == 0)
		return CONN_EV_UNBOUND;
	job = conn_job(c);
	conn_arm(c, record_int(c->session->record, FIELD_CONN_LOGOUT_TIMEOUT));
	if (job)
		job_unbind_session(job);
	return conn_submit(c, job);
}

/* STOP_CONN TERM first: then I/O fails at once, and nothing waits for a target that may be dead. */
int conn_destroy(void *machine)
{
	struct conn *c = machine;
	struct job *job;

	conn_release(c);
	if (c->binding.kind != MISCSI_BINDING_NONE)
		transport_disconnect(c->session->transport, &c->binding);
	if (!c->created)
		return CONN_EV_DESTROYED;
	err_clear(&c->err); /* what led here is over; what fails now is what the kernel refuses */
	job = conn_job(c);
	if (job) {
		job_stop_conn(job, ISCSI_STOP_CONN_TERM);
		job_may_fail(job);
		job_destroy_conn(job);
		job_may_fail(job);
		job_destroy_session(job);
	}
	conn_arm(c, 60);
	return conn_submit(c, job);
}

/* The end of this connection for the engine. The session is freed by the manager, from outside of all this. */
int conn_closed(void *machine)
{
	struct conn *c = machine;

	conn_release(c);
	/* of a session that others ended */
	if (c->binding.kind != MISCSI_BINDING_NONE)
		transport_disconnect(c->session->transport, &c->binding);
	session_event(c->session, SESS_EV_CONN_CLOSED);
	return CONN_EV_NONE;
}

/* The kernel did not do it. Perhaps because the session is gone by other hands; else it stays there, and who asked is told. */
int conn_abandoned(void *machine)
{
	struct conn *c = machine;
	const struct session *s = c->session;

	c->abandoned = sysfs_exists(s->engine->sysfs, "class/iscsi_session/session%u", s->sid);
	if (c->abandoned && !c->err.code)
		conn_fail(c, MISCSI_ERR_LOGOUT, "the kernel did not remove session %u", s->sid);
	return conn_closed(c);
}

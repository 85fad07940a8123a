/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the connection machine does from its first look-up to full feature phase, and on the way down; the rows of connection.def say when. */
#include "kernel/sysfs.h"
#include "link/credentials.h"
#include "session/conn_check.h"
#include "session/session.h"
#include <string.h>

/* qla4xxx: START_CONN begins the login and event 109 ends it; no PDU of ours is wanted (doc/KERNEL.md, rule 12). */
bool conn_by_firmware(const void *machine)
{
	const struct conn *c = machine;

	return transport_logs_in(c->k.transport);
}

bool conn_logs_out(const void *machine)
{
	const struct conn *c = machine;

	return transport_logs_out(c->k.transport);
}

bool conn_has_files(const void *machine)
{
	const struct conn *c = machine;

	return credentials_in_files(c->session->record, &credentials_of_session) && !credentials_known(c->credentials);
}

bool conn_has_secrets(const void *machine)
{
	const struct conn *c = machine;

	return credentials_usable(c->credentials);
}

/* iscsiadm warns of those in records; only the daemon sees what is in the files. */
static void warn_of_short_secrets(const struct conn *c)
{
	char shown[256];
	const char *path;
	size_t len;

	while ((path = credentials_short(c->credentials, &len)))
		log_warn(c->k.engine->log, "session",
			"the CHAP secret in %s, for %s, has %zu bytes: RFC 7143 requires at least %d, and targets may refuse it",
			str_escape(shown, sizeof(shown), path, strlen(path)), session_target(c->session), len, CHAP_SECRET_LEAST);
}

static void conn_have_read(void *arg, int result, const struct err *err)
{
	struct conn *c = arg;

	if (result < 0)
		err_copy(&c->err, err);
	else
		warn_of_short_secrets(c);
	conn_event(c, result < 0 ? CONN_EV_FAILED : CONN_EV_READ);
}

/* The first step of an attempt: without the secret no connection is made, and firmware needs it when the session is created. */
int conn_read(void *machine)
{
	struct conn *c = machine;
	const struct session *s = c->session;

	err_clear(&c->err);
	conn_arm(c, record_int(s->record, FIELD_CONN_LOGIN_TIMEOUT));
	return credentials_read(s->owner->engine->helpers, s->record, &credentials_of_session, conn_have_read, c, &c->credentials,
		       &c->err) < 0 ?
		CONN_EV_FAILED :
		CONN_EV_NONE;
}

int conn_read_late(void *machine)
{
	struct conn *c = machine;

	conn_fail(c, MISCSI_ERR_TRANS_TIMEOUT,
		"iscsid could not read the file of the CHAP secret (node.session.auth.password_file or password_in_file) for %s "
		"within %lld s: check the disk or file server that has it",
		session_target(c->session), (long long)c->limit);
	return conn_down(c);
}

/* A step of the dialling ended: the look-up, or the connect, whose binding has to be given back on every way down. */
static void conn_dialled(struct dial *d, const struct err *err)
{
	struct conn *c = container_of(d, struct conn, dial);
	enum conn_event event = CONN_EV_READY;

	if (err) {
		err_copy(&c->err, err);
		event = CONN_EV_FAILED;
	} else if (c->run.state == CONN_XPT_WAIT) {
		c->k.binding = d->op.binding;
		event = CONN_EV_CONNECTED;
	} else if (c->run.state == CONN_CHECKING) {
		event = (enum conn_event)conn_check_connected(c);
	}
	if (event != CONN_EV_NONE)
		conn_event(c, event);
}

static void conn_dial_settings(struct dial *d, struct transport_op *op)
{
	conn_op(container_of(d, struct conn, dial), op);
}

void conn_dial_init(struct conn *c)
{
	c->dial = (struct dial){
		.engine = c->k.engine, .transport = c->k.transport, .done = conn_dialled, .settings = conn_dial_settings
	};
	transport_op_init(&c->dial.op, NULL, NULL);
}

/* What could not be made last time may mean that the driver was loaded anew: then its handle is another. */
int conn_resolve(void *machine)
{
	struct conn *c = machine;
	uint16_t port;
	const char *host = destination_address(&c->session->destination, &port);
	enum dial_driver driver = c->k.sid || !c->session->attempts ? DIAL_DRIVER : DIAL_DRIVER_ANEW;
	int rc;

	err_clear(&c->err);
	if (!c->k.sid && !c->session->attempts)
		transport_check_settings(c->k.transport, c->session->record, session_target(c->session));
	credentials_release(&c->credentials); /* a file that has not answered must not disturb the attempt later */
	conn_arm(c, record_int(c->session->record, FIELD_CONN_LOGIN_TIMEOUT));
	rc = dial_look_up(&c->dial, host, port, driver, &c->err);
	return rc < 0 ? CONN_EV_FAILED : rc > 0 ? CONN_EV_READY : CONN_EV_NONE;
}

/*
 * TCP repeats its first packet at growing intervals, up to 8 s within the default time limit. A session that is being restored
 * begins anew instead, so that it is not a good part of that behind a target that is back.
 */
#define CONNECT_ANEW_S 5

/* One address with each attempt. */
int conn_connect(void *machine)
{
	struct conn *c = machine;
	bool restored = c->session->run.state == SESS_FAILED && transport_traits(c->k.transport) & MISCSI_TRAIT_SOCKET;

	if (c->session->unchecked && c->session->check == SESS_CHECK_NONE)
		c->session->check = SESS_CHECK_SKIPPED;
	if (restored && c->limit > CONNECT_ANEW_S)
		conn_arm(c, CONNECT_ANEW_S);
	dial_connect(&c->dial, c->session->record, c->limit);
	return CONN_EV_NONE;
}

/* Firmware that logs in also negotiates: its driver receives the proposals, other drivers the results. */
static int conn_add_proposals(struct conn *c, struct job *job)
{
	if (!c->result)
		c->result = x_new(struct login_result);
	if (!c->result)
		return conn_nomem(c, "the parameters of the session");
	c->result->tpgt = -1;
	if (conn_proposals(c, &c->result->params) < 0)
		return CONN_EV_FAILED;
	conn_add_params(c, job);
	return CONN_EV_NONE;
}

/* A session is never long without its name: its settings come with it. */
int conn_bind(void *machine)
{
	struct conn *c = machine;
	const struct record *r = c->session->record;
	struct job *job = kconn_job_bind(&c->k, (uint16_t)record_int(r, FIELD_SESSION_CMDS_MAX),
		(uint16_t)record_int(r, FIELD_SESSION_QUEUE_DEPTH), (uint32_t)record_int(r, FIELD_SESSION_INITIAL_CMDSN));

	conn_disarm(c);
	if (job)
		conn_add_settings(c, job);
	if (job && conn_by_firmware(c) && conn_add_proposals(c, job) != CONN_EV_NONE) {
		job_free(job);
		return CONN_EV_JOB_FAILED;
	}
	return conn_submitted(c, kconn_submit(&c->k, job));
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

	c->tell(c->session, SESS_EV_CONN_BOUND);
	c->session->starts++;
	conn_arm(c, record_int(c->session->record, FIELD_CONN_LOGIN_TIMEOUT));
	transport_op_init(&c->dial.op, conn_fw_done, c);
	conn_op(c, &c->dial.op);
	kconn_login(&c->k, &c->dial.op);
	return CONN_EV_NONE;
}

/* The session is removed whether the adapter could log out or not. */
static void conn_fw_logged_out(struct transport_op *op, int result)
{
	struct conn *c = op->arg;

	if (result < 0)
		log_warn(c->k.engine->log, "session",
			"session%u [%s]: the adapter did not log out of the target, and iscsid removes the session all the same: "
			"%s",
			c->k.sid, session_target(c->session), op->err.text);
	conn_event(c, CONN_EV_LOGGED_OUT);
}

int conn_fw_logout(void *machine)
{
	struct conn *c = machine;

	conn_arm(c, record_int(c->session->record, FIELD_CONN_LOGOUT_TIMEOUT));
	transport_op_init(&c->dial.op, conn_fw_logged_out, c);
	conn_op(c, &c->dial.op);
	kconn_logout(&c->k, &c->dial.op);
	return CONN_EV_NONE;
}

/*
 * The moment of no return for the target's view of us: what was negotiated holds in the kernel, and I/O begins. From now on there may
 * be devices, also if the kernel's answer is lost, or the connection before iscsid gets it: anybody may scan.
 */
int conn_start(void *machine)
{
	struct conn *c = machine;
	struct job *job = kconn_job(&c->k);

	conn_disarm(c);
	c->session->starts++;
	if (job) {
		conn_add_params(c, job);
		job_add(job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	}
	return conn_submitted(c, kconn_submit(&c->k, job));
}

/* Tells the session. What only a login needs is freed here, since most sessions stay up for months. */
int conn_up(void *machine)
{
	struct conn *c = machine;

	conn_release(c);
	conn_check_free(c);
	dial_settle(&c->dial); /* a thousand sessions that are up need none of this */
	x_free(c->result);
	c->result = NULL;
	err_clear(&c->err);
	c->tell(c->session, SESS_EV_CONN_UP);
	return CONN_EV_NONE;
}

/* The kernel is done with the connection, or never had it: it is free for another attempt. */
static int conn_free(struct conn *c, enum sess_event event)
{
	conn_attempt_over(c);
	transport_disconnect(c->k.transport, &c->k.binding);
	c->tell(c->session, event);
	return CONN_EV_NONE;
}

int conn_down(void *machine)
{
	return conn_free(machine, SESS_EV_CONN_DOWN);
}

int conn_redirected(void *machine)
{
	return conn_free(machine, SESS_EV_CONN_REDIRECTED);
}

/* The look-up of the portal's name did not end, or the loading of the driver. */
int conn_resolve_late(void *machine)
{
	struct conn *c = machine;

	if (c->dial.waiting)
		conn_fail(c, MISCSI_ERR_TRANS_TIMEOUT,
			"iscsid could not resolve the host name of the portal %s within %lld s: check the DNS servers, or use an "
			"IP address",
			session_portal(c->session), (long long)c->limit);
	else
		conn_fail(c, MISCSI_ERR_TRANS_TIMEOUT,
			"the kernel did not load the driver of transport %s within %lld s (the kernel's log may have the reason)",
			transport_name(c->k.transport), (long long)c->limit);
	return conn_down(c);
}

int conn_down_late(void *machine)
{
	struct conn *c = machine;

	conn_fail(c, MISCSI_ERR_TRANS_TIMEOUT,
		"iscsid could not connect to the portal %s within %lld s: check that the target runs, and the network and "
		"firewalls between",
		session_portal(c->session), (long long)c->limit);
	return conn_down(c);
}

int conn_stop(void *machine)
{
	struct conn *c = machine;

	conn_attempt_over(c);
	kconn_bound(&c->k);
	return c->k.sid ? conn_submitted(c, kconn_stop(&c->k)) : CONN_EV_JOB_DONE;
}

/* The kernel's event that the session is gone may have been lost: nothing would ever be bound to it. */
int conn_refused(void *machine)
{
	struct conn *c = machine;

	if (c->k.sid && sysfs_exists(c->k.engine->sysfs, "class/iscsi_session/session%u", c->k.sid) == 0) {
		err_clear(&c->session->err); /* an earlier attempt's, which is not the cause */
		return CONN_EV_DESTROYED;
	}
	return conn_stop(c);
}

int conn_stop_late(void *machine)
{
	struct conn *c = machine;

	conn_fail(c, MISCSI_ERR_TRANS_TIMEOUT,
		"the portal %s did not complete the login within %lld s (stage: %s): check the target's log",
		session_portal(c->session), (long long)c->limit, c->login ? login_stage(c->login) : "firmware");
	return conn_stop(c);
}

/*
 * Before a logout the devices go: the SCSI layer flushes their caches while the session can still carry that. If the target is
 * dead the flush hangs, the kernel's ping notices (LOST) or our time runs out, and the session is taken away without.
 */
int conn_unbind(void *machine)
{
	struct conn *c = machine;
	struct job *job;
	char target[16];

	/* by a logout that came to no end, here or in a daemon before: the kernel would not tell of it again */
	if (c->session->adopted &&
		sysfs_read(c->k.engine->sysfs, target, sizeof(target), "class/iscsi_session/session%u/target_state", c->k.sid) ==
			0 &&
		strcmp(target, "UNBOUND") == 0)
		return CONN_EV_UNBOUND;
	job = kconn_job(&c->k);
	conn_arm(c, record_int(c->session->record, FIELD_CONN_LOGOUT_TIMEOUT));
	if (job)
		job_add(job, ISCSI_UEVENT_UNBIND_SESSION, NULL, NULL, 0);
	return conn_submitted(c, kconn_submit(&c->k, job));
}

int conn_destroy(void *machine)
{
	struct conn *c = machine;

	conn_release(c);
	transport_disconnect(c->k.transport, &c->k.binding);
	if (!c->k.sid)
		return CONN_EV_DESTROYED;
	err_clear(&c->err); /* what led here is over; what fails now is what the kernel refuses */
	conn_arm(c, 60);
	return conn_submitted(c, kconn_destroy(&c->k, false));
}

/* The session is freed by its owner, from outside of all this. */
int conn_closed(void *machine)
{
	struct conn *c = machine;

	conn_release(c);
	transport_disconnect(c->k.transport, &c->k.binding); /* of a session that others ended */
	c->tell(c->session, SESS_EV_CONN_CLOSED);
	return CONN_EV_NONE;
}

#define AGAIN_S 5

/*
 * The kernel did not remove it: perhaps because others did. Otherwise whoever asked learns why, and it is tried again: a session
 * that is in the kernel and that nobody looks after would be there until the next iscsid.
 */
int conn_kept(void *machine)
{
	struct conn *c = machine;

	if (sysfs_exists(c->k.engine->sysfs, "class/iscsi_session/session%u", c->k.sid) == 0)
		return CONN_EV_DESTROYED;
	if (!c->err.code)
		conn_fail(c, MISCSI_ERR_LOGOUT,
			"the kernel accepted the removal of session %u, but has not completed it within 60 s: look in the "
			"kernel's log ('dmesg') for tasks that hang",
			c->k.sid);
	conn_arm(c, AGAIN_S);
	c->tell(c->session, SESS_EV_CONN_KEPT);
	return CONN_EV_NONE;
}

/* The time of the next attempt, or of the event that should have come, is over. */
int conn_destroy_again(void *machine)
{
	struct conn *c = machine;
	int event = c->err.code ? CONN_EV_NONE : conn_kept(c);

	return event == CONN_EV_NONE ? conn_destroy(c) : event;
}

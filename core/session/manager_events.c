/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel tells, brought to the session that it is about. What concerns none of ours is passed over. */
#include "kernel/kernel.h"
#include "session/manager_private.h"
#include <errno.h>
#include <string.h>

#define LOOK_AGAIN_MS 5000

/* The data is the datagram's and ends with this call: the machine handles it at once, or not at all. */
static void manager_on_pdu(
	void *arg, uint32_t sid, uint32_t cid, const uint8_t bhs[ISCSI_BHS_LEN], const uint8_t *data, size_t len)
{
	struct manager *m = arg;
	struct session *s = manager_find(m, sid);
	struct err err = ERR_INIT;

	if (!s && cid == 0 && m->adopter && (bhs[0] & 0x3f) == ISCSI_OP_ASYNC)
		m->adopter->early(m->adopter, sid, bhs);
	if (!s || cid != 0)
		return;
	if (pdu_from_parts(bhs, data, len, LOGIN_TEXT_MAX, &s->conn.pdu, &err) < 0) {
		log_warn(m->config.engine->log, "session",
			"session%u [%s, %s]: iscsid closes the connection, because it received an invalid PDU: %s", sid,
			session_target(s), session_portal(s), err.text);
		err_copy(&s->conn.err, &err);
		conn_event(&s->conn, CONN_EV_FAILED);
		return;
	}
	conn_event(&s->conn, CONN_EV_PDU);
	memset(&s->conn.pdu, 0, sizeof(s->conn.pdu)); /* its data ends with this call */
}

/* The end of a sentence about a lost connection. */
static const char *logs_in_again(const struct session *s, bool for_good)
{
	return s->run.state == SESS_LOGGED_IN && !for_good ? "; iscsid logs in again" : "";
}

static void manager_on_conn_error(void *arg, uint32_t sid, uint32_t cid, uint32_t error)
{
	struct manager *m = arg;
	struct session *s = manager_find(m, sid);

	if (!s || cid != 0)
		return;
	log_info(m->config.engine->log, "session", "session%u [%s, %s] connection error %u: %s%s", sid, session_target(s),
		session_portal(s), error, events_conn_error_text(error), logs_in_again(s, error == ISCSI_ERR_INVALID_HOST));
	if (!s->conn.err.code) /* a refused login's own reason counts, not that the target hung up then */
		conn_fail(&s->conn, MISCSI_ERR_TRANS, "connection lost: %s", events_conn_error_text(error));
	if (error == ISCSI_ERR_INVALID_HOST) /* its host goes away: there is nothing to come back to */
		session_event(s, SESS_EV_CLOSE);
	else
		conn_event(&s->conn, CONN_EV_LOST);
}

/* Only while the firmware's login is what we wait for: a late one says nothing that CONN_ERROR would not. */
static void manager_on_login_state(void *arg, uint32_t sid, uint32_t cid, uint32_t state)
{
	struct session *s = manager_find(arg, sid);

	if (s && cid == 0 && s->conn.run.state == CONN_FW_LOGIN && transport_op_active(&s->conn.dial.op))
		transport_login_event(&s->conn.dial.op, state);
}

static void manager_on_unbound(void *arg, uint32_t sid, uint32_t host_no)
{
	struct session *s = manager_find(arg, sid);

	(void)host_no;
	if (s)
		conn_event(&s->conn, CONN_EV_UNBOUND);
}

/* Ours, as asked; or by another program, or with the driver: the machine knows which. */
static void manager_on_destroyed(void *arg, uint32_t sid, uint32_t host_no)
{
	struct session *s = manager_find(arg, sid);

	(void)host_no;
	if (s)
		conn_event(&s->conn, CONN_EV_DESTROYED);
}

static void look_at_all(void *arg)
{
	struct manager *m = arg;
	struct session *s, *next;
	char state[32];
	int rc;

	list_for_each_safe (s, next, &m->sessions, node) {
		if (!s->conn.k.sid)
			continue;
		rc = sysfs_read(
			m->config.engine->sysfs, state, sizeof(state), "class/iscsi_session/session%u/state", s->conn.k.sid);
		if (rc == -ENOENT)
			conn_event(&s->conn, CONN_EV_DESTROYED);
		else if (rc == 0 && s->conn.run.state == CONN_LOGGED_IN && strcmp(state, "LOGGED_IN") != 0)
			conn_event(&s->conn, CONN_EV_LOST);
	}
}

void manager_wake(struct manager *m)
{
	struct session *s;

	list_for_each (s, &m->sessions, node)
		session_wake(s);
}

void manager_try_now(struct manager *m)
{
	struct session *s;

	list_for_each (s, &m->sessions, node)
		session_try_now(s);
}

/* An adapter's link is no network device's, whose coming up would be told by the kernel's routes. */
static void manager_on_host_event(void *arg, uint32_t host_no, uint32_t code, const uint8_t *data, size_t len)
{
	struct manager *m = arg;
	struct transport *t = plugins_of_host(m->config.engine->plugins, host_no);
	struct session *s;

	(void)data;
	(void)len;
	if (t)
		transport_host_event(t, host_no, code);
	if (code != ISCSI_EVENT_LINKUP)
		return;
	list_for_each (s, &m->sessions, node) {
		if (s->conn.k.host_no == host_no)
			session_wake(s);
	}
}

/* Is this where the session is connecting to? Then its iface's settings are meant. */
static bool connects_to(const struct session *s, const struct iscsi_path *path)
{
	const struct sockaddr_storage *sa = s->conn.run.state == CONN_XPT_WAIT ? dial_address(&s->conn.dial) : NULL;

	return sa && paths_is_to(path, sa);
}

/* The daemon answers for the whole machine, so for whoever connects. */
bool manager_path_about(void *arg, struct transport *t, const struct iscsi_path *asked, struct transport_op *op)
{
	struct manager *m = arg;
	struct session *s;

	list_for_each (s, &m->sessions, node) {
		if (s->conn.k.transport != t || !connects_to(s, asked))
			continue;
		conn_op(&s->conn, op);
		break;
	}
	return true;
}

static void manager_on_path_req(void *arg, uint64_t handle, uint32_t host_no, const struct iscsi_path *path)
{
	struct manager *m = arg;

	(void)handle; /* the transport's; the host tells it more surely */
	paths_ask(&m->paths, host_no, path);
}

/* Events were lost: what they would have told is in sysfs, now or when the kernel has cleaned up what it told of. */
static void manager_on_lost(void *arg)
{
	struct manager *m = arg;

	log_warn(m->config.engine->log, "session",
		"the kernel dropped iSCSI events because iscsid did not read them in time, so iscsid checks every session");
	look_at_all(m);
	loop_timer_set(m->config.engine->loop, &m->look_again, LOOK_AGAIN_MS, look_at_all, m);
}

static void manager_on_helper_died(void *arg, pid_t creator)
{
	struct manager *m = arg;

	log_warn(m->config.engine->log, "session",
		"helper process %d of iscsid was killed while it sent requests to the kernel; iscsid regards these as failed, "
		"and starts another helper process",
		(int)creator);
	if (m->adopter)
		m->adopter->orphans(m->adopter, creator);
}

/* What the kernel does not tell, because it does not know: a plugin's library does. */
void manager_on_plugin(void *arg, const struct plugin *from, uint32_t event, uint32_t number)
{
	struct manager *m = arg;
	struct session *s, *next;

	list_for_each_safe (s, next, &m->sessions, node) {
		bool waits = event == MISCSI_EVENT_HOST_ADDED && s->conn.k.host_no == MISCSI_NONE;

		if (!transport_is_of(s->conn.k.transport, from) || (event == MISCSI_EVENT_SESSION_LOST && !s->conn.k.sid) ||
			(number != (event == MISCSI_EVENT_SESSION_LOST ? s->conn.k.sid : s->conn.k.host_no) && !waits))
			continue;
		if (event == MISCSI_EVENT_HOST_ADDED) {
			session_wake(s);
			continue;
		}
		log_info(m->config.engine->log, "session",
			"session%u [%s, %s] lost its connection%s, as the plugin of its transport reports%s", s->conn.k.sid,
			session_target(s), session_portal(s),
			event == MISCSI_EVENT_HOST_RESET ? " by a reset of its adapter" : "", logs_in_again(s, false));
		if (!s->conn.err.code)
			conn_fail(&s->conn, MISCSI_ERR_TRANS, "the plugin of transport %s reported that the connection was lost",
				transport_name(s->conn.k.transport));
		conn_event(&s->conn, CONN_EV_LOST);
	}
}

const struct kernel_event_ops manager_events = {
	.pdu = manager_on_pdu,
	.conn_error = manager_on_conn_error,
	.login_state = manager_on_login_state,
	.session_unbound = manager_on_unbound,
	.session_destroyed = manager_on_destroyed,
	.host_event = manager_on_host_event,
	.path_req = manager_on_path_req,
	.lost = manager_on_lost,
	.helper_died = manager_on_helper_died,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking over the sessions that the kernel has: after this daemon was ended or killed, or when it takes the place of another initiator
 * program. A session that is up is watched from now on and not touched; one that is not is recovered at once.
 */
#include "base/mem.h"
#include "kernel/scan.h"
#include "object/session_info.h"
#include "plugin/resources.h"
#include "record/record.h"
#include "session/actions.h"
#include "session/manager_private.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Only the plugins know whose host a proc_name is. */
static const char *transport_of(void *arg, const char *proc_name)
{
	struct transport *t;

	return plugins_find_by_proc_name(arg, proc_name, &t, NULL) == 0 ? transport_name(t) : NULL;
}

/* The settings of a session that left no file: what the kernel shows, the rest by default. */
static struct record *settings_shown(const struct session_info *i)
{
	struct record *r = record_new(RECORD_NODE);

	if (!r)
		return NULL;
	session_info_to_record(i, SESSION_INFO_ALL, r);
	record_set(r, FIELD_IFACE_TRANSPORT, i->transport, NULL);
	if (!*i->persistent_address)
		record_set(r, FIELD_CONN_ADDRESS, i->address, NULL);
	if (i->persistent_port <= 0 && i->port > 0)
		record_set_int(r, FIELD_CONN_PORT, i->port, NULL);
	record_set(r, FIELD_SESSION_SCAN, "manual", NULL); /* its devices are there */
	return r;
}

/* The kernel shows them to root; with them a session can be recovered though its record is gone. */
static void add_secrets(struct record *r, const struct session_info *i)
{
	session_info_to_record(i, SESSION_INFO_CHAP, r);
	if (i->username.len)
		record_set(r, FIELD_SESSION_AUTHMETHOD, "CHAP", NULL);
}

static void held(struct transport_op *op, int result)
{
	const struct conn *c = op->arg;

	if (result < 0)
		log_err(c->k.engine->log, "session", "session%u: %s", c->k.sid, op->err.text);
}

/* What a connect takes, and the daemon before us has lost with its life. */
static void hold(struct conn *c)
{
	struct session *s = c->session;

	if (!(transport_traits(s->conn.k.transport) & MISCSI_TRAIT_UIO))
		return;
	transport_op_init(&c->dial.op, held, c);
	c->dial.op.host_no = s->conn.k.host_no;
	resources_hold(s->conn.k.transport, &c->dial.op);
}

static void opened(struct transport_op *op, int result)
{
	if (result < 0)
		held(op, result);
	else
		hold(op->arg);
}

/* As a session of ours that is logged in; set_going() looks whether that is so. */
static int take(struct manager *m, const struct session_info *i, struct transport *t)
{
	struct record *node = NULL;
	struct session *s;
	uint8_t isid[ISID_LEN];
	bool known = store_read(m->config.state_dir, i, &node, isid) == 0;
	int rc;

	if (!known)
		node = settings_shown(i);
	if (!node)
		return -ENOMEM;
	add_secrets(node, i);
	rc = session_new(m, node, t, &s);
	record_free(node);
	if (rc < 0)
		return rc;
	if (known)
		memcpy(s->isid, isid, sizeof(isid));
	s->isid_known = known;
	s->adopted = true;
	s->conn.k.cid = i->has_conn ? 0 : MISCSI_NONE;
	s->conn.k.sid = i->sid;
	s->conn.k.host_no = i->host_no;
	s->time2wait = 2; /* RFC 7143 section 13.15: the default; what was negotiated is not shown */
	list_append(&m->sessions, &s->node);
	s->run.state = SESS_LOGGED_IN;
	s->conn.run.state = CONN_LOGGED_IN;
	if (!transport_handle(t)) { /* the driver is there, or there would be no session: its handle is read at once */
		transport_op_init(&s->conn.dial.op, opened, &s->conn);
		transport_open(t, &s->conn.dial.op);
	} else {
		hold(&s->conn);
	}
	return 0;
}

/*
 * A login that a daemon began and did not live to end: nobody waits for it. FREE is what the kernel says of it, but of one that was lost
 * long ago, too: that has left a file, or has devices.
 */
static bool was_never_up(const struct session *s, const struct session_info *i)
{
	cleanup(scan_devices_free) struct scan_devices devices = { 0 };

	return strcmp(i->state, "FREE") == 0 && !s->isid_known &&
		scan_devices(s->engine->sysfs, s->conn.k.host_no, s->conn.k.sid, &devices) == 0 && devices.n == 0;
}

/* Sets the machine going for one that is not up: as when its connection is lost, or was never made. */
static void set_going(struct manager *m, const struct session_info *i)
{
	struct session *s = manager_find(m, i->sid);

	if (strcmp(i->target_state, "UNBOUND") == 0 || strcmp(i->target_state, "UNBINDING") == 0) { /* only a logout does that */
		log_info(m->config.engine->log, "session", "session%u was being logged out: going on with it", i->sid);
		session_event(s, SESS_EV_CLOSE);
		return;
	}
	/* a discovery whose program was killed has no target */
	if (!*i->target || !i->has_conn || was_never_up(s, i)) {
		log_info(m->config.engine->log, "session", "session%u was never logged in to a target: ending it", i->sid);
		session_event(s, SESS_EV_CLOSE);
		return;
	}
	if (strcmp(i->state, "LOGGED_IN") == 0 && strcmp(i->conn_state, "failed") != 0)
		return;
	conn_fail(&s->conn, MISCSI_ERR_TRANS, "found %s", i->state);
	conn_event(&s->conn, CONN_EV_LOST);
}

/* Takes over one that the kernel shows. Gives 1, or 0 where it is not ours to look after. */
static int adopt(struct manager *m, const struct session_info *i, struct err *err)
{
	struct transport *t;
	int rc = plugins_find(m->config.engine->plugins, i->transport, &t, err);

	if (rc < 0)
		return rc;
	if (i->creator == -1 && transport_traits(t) & MISCSI_TRAIT_FIRMWARE_SESSIONS)
		return 0; /* doc/KERNEL.md, rule 24: the adapter's own */
	rc = take(m, i, t);
	if (rc < 0)
		return err_sys(err, MISCSI_ERR_NOMEM, -rc, "cannot take it over");
	set_going(m, i);
	return 1;
}

#define WANTED (SESSION_INFO_ALL & ~SESSION_INFO_DEVICES)

int manager_adopt_one(struct manager *m, uint32_t sid, struct err *err)
{
	struct ktransport_map map = { .transport = transport_of, .arg = m->config.engine->plugins };
	struct session_info info = { 0 };
	int rc = session_info_read(m->config.engine->sysfs, &map, sid, WANTED, &info, err);

	if (rc == 0)
		rc = adopt(m, &info, err);
	session_info_clear(&info);
	return rc;
}

#define LEFT_MS 30000

static void look_at_left(void *arg)
{
	manager_adopt_left(arg);
}

/* Out of memory it is left for good, or until somebody logs it out. */
static void leave(struct manager *m, uint32_t sid)
{
	uint32_t *left = x_realloc(m->left, (m->n_left + 1) * sizeof(*left));

	if (!left)
		return;
	m->left = left;
	left[m->n_left++] = sid;
	loop_timer_set(m->config.engine->loop, &m->left_timer, LEFT_MS, look_at_left, m);
}

/* As many transports as before: nothing has come that could serve them. */
void manager_adopt_left(struct manager *m)
{
	int served = m->n_left ? plugins_served(m->config.engine->plugins) : 0;
	size_t kept = 0;

	for (size_t n = 0; served > 0 && served != m->served && n < m->n_left; n++) {
		struct err why = ERR_INIT;
		int one = manager_find(m, m->left[n]) ? 0 : manager_adopt_one(m, m->left[n], &why);

		if (one > 0)
			log_info(m->config.engine->log, "session", "took over session%u, whose plugin has come", m->left[n]);
		if (one < 0 && why.code != MISCSI_ERR_SYSFS_LOOKUP) /* of which there is none any more */
			m->left[kept++] = m->left[n];
	}
	if (served > 0 && served != m->served) {
		m->n_left = kept;
		m->served = served;
	}
	if (m->n_left)
		loop_timer_set(m->config.engine->loop, &m->left_timer, LEFT_MS, look_at_left, m);
}

int manager_adopt(struct manager *m, struct err *err)
{
	struct ktransport_map map = { .transport = transport_of, .arg = m->config.engine->plugins };
	struct session_info_list list = { 0 };
	int adopted = 0;
	int rc = session_info_list(m->config.engine->sysfs, &map, SYSFS_BY_NUMBER, WANTED, &list, err);

	for (size_t n = 0; rc == 0 && n < list.n; n++) {
		struct err why = ERR_INIT;
		int one = adopt(m, &list.info[n], &why);

		if (one < 0) {
			log_warn(m->config.engine->log, "session", "session%u is left alone: %s", list.info[n].sid, why.text);
			leave(m, list.info[n].sid);
		} else {
			adopted += one;
		}
	}
	session_info_list_free(&list);
	store_clean(m->config.state_dir, m->config.engine->sysfs);
	return rc < 0 ? rc : adopted;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manager: which sessions there are, and what was asked of them. */
#include "base/mem.h"
#include "kernel/kernel.h"
#include "kernel/scan.h"
#include "plugin/resources.h"
#include "record/record.h"
#include "session/in_use.h"
#include "plugin/report.h"
#include "session/manager_private.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A result and the texts in it: the session may be gone when it is delivered. */
struct manager_answer {
	struct manager_result result;
	char target[256], address[256], iface[128];
};

enum manager_want { MANAGER_UP, MANAGER_DOWN };

/* A check whether a session is in use. The logout was accepted: it goes on when the client that asked for it is gone. */
struct manager_look {
	struct list node;
	struct manager *manager;
	struct manager_request *request; /* NULL: forgotten */
	uint64_t id; /* of the session */
	struct in_use_look *look;
};

/* A request that waits for a session: one per session that the request is about. */
struct manager_waiter {
	struct list node;
	struct manager_request *request; /* NULL: forgotten */
	enum manager_want want;
};

static void request_finish(void *arg)
{
	struct manager_request *r = arg;
	struct manager_answer *answer = r->answer;

	r->answer = NULL;
	list_remove(&r->node);
	r->done(r, &answer->result);
	x_free(answer);
}

static void look_free(struct manager_look *l)
{
	in_use_cancel(&l->look);
	list_remove(&l->node);
	x_free(l);
}

static void looks_end(struct manager *m, const struct err *err)
{
	struct manager_look *l;

	while ((l = list_first(&m->looks, struct manager_look, node))) {
		if (l->request)
			err_copy(&l->request->answer->result.err, err);
		look_free(l);
	}
}

/* Rescans, and results that the loop had not come to: all that a session does not know of. */
static void requests_end(struct manager *m, const struct err *err)
{
	struct manager_request *r;

	looks_end(m, err);
	while ((r = list_first(&m->requests, struct manager_request, node))) {
		if (r->scan) {
			scan_cancel(r->scan);
			r->scan = NULL;
			err_copy(&r->answer->result.err, err);
		}
		loop_task_cancel(m->config.engine->loop, &r->task);
		request_finish(r);
	}
}

/* One more thing that the request was waiting for has happened; the last one delivers, soon. */
static void request_step(struct manager_request *r)
{
	if (--r->waiting)
		return;
	if (r->manager->ending)
		request_finish(r);
	else
		loop_defer(r->manager->config.engine->loop, &r->task, request_finish, r);
}

/* Counts the call that makes the request as one of the things to wait for, so that it cannot end within. */
static bool request_begin(struct manager *m, struct manager_request *r)
{
	static const struct manager_result no_memory = {
		.err = { .code = MISCSI_ERR_NOMEM,
			.text = "iscsid has no memory for the request: free some memory, or raise the memory limit of iscsid" }
	};

	r->manager = m;
	r->answer = x_new(struct manager_answer);
	r->waiting = 1;
	if (r->answer)
		list_append(&m->requests, &r->node);
	else
		r->done(r, &no_memory);
	return r->answer != NULL;
}

static void manager_describe(const struct session *s, struct manager_session *out)
{
	*out = (struct manager_session){
		.id = s->id,
		.sid = s->conn.k.sid,
		.target = session_target(s),
		.address = record_str(s->record, FIELD_CONN_ADDRESS),
		.iface = record_str(s->record, FIELD_IFACE_NAME),
		.transport = transport_name(s->conn.k.transport),
		.port = (uint16_t)record_int(s->record, FIELD_CONN_PORT),
		.tpgt = (int)record_int(s->record, FIELD_NODE_TPGT),
		.state = s->run.fsm->states[s->run.state],
		.connection = s->conn.run.fsm->states[s->conn.run.state],
		.last_error = s->err.code ? s->err.text : "",
		.unverified = s->unverified ? s->unverified : "",
		.reconnects = s->reconnects,
		.since_ms = loop_now(s->owner->engine->loop) - s->since,
		.adopted = s->adopted,
	};
}

/* Copied, because the session may be gone when the result is looked at. */
static void request_about(struct manager_request *r, const struct session *s)
{
	struct manager_answer *a = r->answer;
	struct manager_session d;

	manager_describe(s, &d);
	a->result.sid = d.sid;
	a->result.port = d.port;
	a->result.tpgt = d.tpgt;
	snprintf(a->target, sizeof(a->target), "%s", d.target);
	snprintf(a->address, sizeof(a->address), "%s", d.address);
	snprintf(a->iface, sizeof(a->iface), "%s", d.iface);
	a->result.target = a->target;
	a->result.address = a->address;
	a->result.iface = a->iface;
}

static void manager_request_done(struct manager_request *r, const struct session *s, const struct err *err)
{
	if (!r)
		return;
	request_about(r, s);
	if (err && !r->answer->result.err.code)
		err_copy(&r->answer->result.err, err);
	if (err)
		r->answer->result.sid = 0; /* it is gone, or will be */
	else
		r->answer->result.created++;
	request_step(r);
}

/* Each that waits is answered once; the list may be added to by what an answer sets off. */
static void manager_answer_all(struct session *s, enum manager_want want, const struct err *err)
{
	struct manager_waiter *w, *next;

	list_for_each_safe (w, next, &s->waiters, node) {
		if (w->want != want)
			continue;
		list_remove(&w->node);
		manager_request_done(w->request, s, err);
		x_free(w);
	}
}

/* Who asked is gone: what it waits for goes on without it. */
void manager_forget(struct manager_request *r)
{
	struct manager_waiter *w;
	struct manager_look *l;
	struct session *s;

	if (!r->answer)
		return;
	list_for_each (l, &r->manager->looks, node)
		if (l->request == r)
			l->request = NULL;
	list_for_each (s, &r->manager->sessions, node)
		list_for_each (w, &s->waiters, node)
			if (w->request == r)
				w->request = NULL;
	if (r->scan)
		scan_cancel(r->scan);
	r->scan = NULL;
	loop_task_cancel(r->manager->config.engine->loop, &r->task);
	list_remove(&r->node);
	x_free(r->answer);
	r->answer = NULL;
}

static int manager_join(struct session *s, struct manager_request *r, enum manager_want want)
{
	struct manager_waiter *w = x_new(struct manager_waiter);

	if (!w)
		return err_nomem(&r->answer->result.err, "a request to iscsid");
	*w = (struct manager_waiter){ .request = r, .want = want };
	list_append(&s->waiters, &w->node);
	r->waiting++;
	return 0;
}

static bool isid_is_free(const struct manager *m, const struct session *s, const uint8_t isid[ISID_LEN])
{
	struct session *o;

	list_for_each (o, &m->sessions, node)
		if (o != s && o->run.state != SESS_CLOSING && o->run.state != SESS_CLOSED &&
			memcmp(o->isid, isid, ISID_LEN) == 0 && strcasecmp(session_target(o), session_target(s)) == 0)
			return false;
	return true;
}

/* One that is being ended does not count: a session that follows it at once has the ISID that it would have after a reboot. */
void manager_choose_isid(struct manager *m, struct session *s)
{
	const struct isid_source from = {
		.initiator = record_str(s->record, FIELD_IFACE_INITIATORNAME),
		.iface = record_str(s->record, FIELD_IFACE_NAME),
		.address = record_str(s->record, FIELD_CONN_ADDRESS),
		.port = (uint16_t)record_int(s->record, FIELD_CONN_PORT),
	};
	unsigned nth = 0;

	if (transport_logs_in(s->conn.k.transport)) /* the firmware has its own */
		return;
	do
		isid_of(&from, nth++, s->isid);
	while (!isid_is_free(m, s, s->isid));
}

/* Not before: the initiator's name is known only now. */
static void manager_start_session(void *arg)
{
	struct session *s = arg;

	manager_choose_isid(container_of(s->owner, struct manager, owner), s);
	session_event(s, SESS_EV_START);
}

int manager_add(struct manager *m, const struct record *node, struct transport *t, struct session **out)
{
	int rc = session_new(&m->owner, node, t, out);

	if (rc < 0)
		return rc;
	(*out)->id = ++m->last_id;
	list_append(&m->sessions, &(*out)->node);
	return 0;
}

/* The name is read once for all sessions that are asked for together. */
static void manager_ask_name(struct manager *m, struct session *s)
{
	s->unnamed = true;
	if (m->naming)
		return;
	m->naming = true;
	m->config.refresh(m->config.identify_arg);
}

void manager_identified(struct manager *m)
{
	struct err err = ERR_INIT;
	struct session *s;

	m->naming = false;
	list_for_each (s, &m->sessions, node) {
		if (!s->unnamed || s->run.state != SESS_NEW)
			continue;
		s->unnamed = false;
		if (conn_identify(&s->conn, &err) < 0) {
			manager_answer_all(s, MANAGER_UP, &err);
			session_event(s, SESS_EV_CLOSE);
			err_clear(&err);
		} else {
			loop_defer(m->config.engine->loop, &s->start, manager_start_session, s);
		}
	}
}

/*
 * The session is on the list before its machine starts: what that sets off must find it. It starts a moment later, so that of many
 * asked for at once all are made first: what lasts then lies together in memory, and what only a login needs goes back in whole pages.
 */
static int manager_make_session(struct manager *m, const struct record *node, struct transport *t, struct manager_request *r)
{
	struct err *err = &r->answer->result.err;
	struct session *s;
	bool unnamed;

	if (manager_add(m, node, t, &s) < 0)
		return err_nomem(err, "a new session");
	unnamed = m->config.refresh && !*record_str(s->record, FIELD_IFACE_INITIATORNAME);
	if ((!unnamed && conn_identify(&s->conn, err) < 0) || manager_join(s, r, MANAGER_UP) < 0) {
		session_free(s);
		return -ECANCELED;
	}
	if (unnamed)
		manager_ask_name(m, s);
	else
		loop_defer(m->config.engine->loop, &s->start, manager_start_session, s);
	return 0;
}

/*
 * Whether a record means this session. The portal group tag is left out: an array that renumbers its groups would otherwise get
 * every session a second time.
 */
static bool manager_is_same(const struct record *a, const struct record *b)
{
	return strcasecmp(record_str(a, FIELD_NODE_NAME), record_str(b, FIELD_NODE_NAME)) == 0 &&
		strcasecmp(record_str(a, FIELD_IFACE_NAME), record_str(b, FIELD_IFACE_NAME)) == 0 &&
		record_int(a, FIELD_CONN_PORT) == record_int(b, FIELD_CONN_PORT) &&
		portal_same_host(record_str(a, FIELD_CONN_ADDRESS), record_str(b, FIELD_CONN_ADDRESS));
}

/* Counts the sessions of this identity that are or will be, and joins those on their way up. -ENOMEM. */
static int manager_join_present(struct manager *m, const struct record *node, struct manager_request *r, unsigned *present)
{
	int rc = 0;
	struct session *s;

	list_for_each (s, &m->sessions, node) {
		if (s->run.state == SESS_CLOSING || s->run.state == SESS_CLOSED || !manager_is_same(s->record, node))
			continue;
		++*present;
		if (s->run.state != SESS_NEW)
			request_about(r, s);
		else if (manager_join(s, r, MANAGER_UP) < 0)
			rc = -ENOMEM;
	}
	return rc;
}

/* Refusals that need no session come first; then what is there is counted, and what is missing is made. */
static void manager_login_missing(struct manager *m, const struct record *node, struct manager_request *r)
{
	struct err *err = &r->answer->result.err;
	unsigned wanted = (unsigned)record_int(node, FIELD_SESSION_NR_SESSIONS);
	struct transport *t;
	unsigned present = 0;

	if (!*record_str(node, FIELD_NODE_NAME) || !*record_str(node, FIELD_CONN_ADDRESS)) {
		err_set(err, MISCSI_ERR_INVAL, "cannot log in: the node record has no target name or no portal address");
		return;
	}
	if (plugins_find(m->config.engine->plugins, record_str(node, FIELD_IFACE_TRANSPORT), &t, err) < 0)
		return;
	/* What is there already must not be made twice. */
	if (m->adopter && m->adopter->left(m->adopter, false) == -ENOMEM) {
		err_nomem(err, "the list of sessions that exist already");
		return;
	}
	if (manager_join_present(m, node, r, &present) < 0)
		return;
	if (present >= wanted && r->waiting == 1)
		err_set(err, MISCSI_ERR_SESS_EXISTS, "%u session requested, but %u already present.", wanted, present);
	for (; present < wanted; present++)
		if (manager_make_session(m, node, t, r) < 0)
			return;
}

void manager_login(struct manager *m, const struct record *node, struct manager_request *r)
{
	if (!request_begin(m, r))
		return;
	manager_login_missing(m, node, r);
	request_step(r);
}

struct session *manager_find(const struct manager *m, uint32_t sid)
{
	struct session *s;

	list_for_each (s, &m->sessions, node)
		if (s->conn.k.sid == sid && sid != 0 &&
			s->run.state != SESS_CLOSED) /* which has answered all, and waits to be freed */
			return s;
	return NULL;
}

static struct session *manager_find_for(struct manager *m, uint32_t sid, struct manager_request *r)
{
	struct session *s = manager_find(m, sid);

	if (!s)
		err_set(&r->answer->result.err, MISCSI_ERR_SESS_NOT_FOUND,
			"there is no session %u ('iscsiadm -m session' lists the sessions)", sid);
	return s;
}

/* A session that another program made meanwhile can be ended too. One that is gone already needs nothing: no error, and NULL. */
static struct session *manager_find_elsewhere(struct manager *m, uint32_t sid, struct err *err)
{
	int rc = m->adopter ? m->adopter->one(m->adopter, sid, err) :
			      err_set(err, MISCSI_ERR_SYSFS_LOOKUP, "there is no session %u", sid);

	if (rc < 0 && err->code == MISCSI_ERR_SYSFS_LOOKUP)
		err_clear(err);
	if (rc == 0)
		err_set(err, MISCSI_ERR_OP_NOT_SUPP,
			"an adapter, not iscsid, made session %u: log out with 'iscsiadm -m session -r %u -u'", sid, sid);
	return manager_find(m, sid);
}

static struct session *manager_find_id(const struct manager *m, uint64_t id)
{
	struct session *s;

	list_for_each (s, &m->sessions, node)
		if (s->id == id && s->run.state != SESS_CLOSED)
			return s;
	return NULL;
}

/* r NULL: nobody waits for that. */
static void manager_end_session(struct session *s, struct manager_request *r)
{
	if (s && (!r || manager_join(s, r, MANAGER_DOWN) == 0))
		session_event(s, SESS_EV_CLOSE);
	if (r)
		request_step(r);
}

/* The session may have ended meanwhile, which is what was asked for. */
static void manager_looked(void *arg, bool used, const struct err *err)
{
	struct manager_look *l = arg;
	struct session *s = used ? NULL : manager_find_id(l->manager, l->id);
	struct manager_request *r = l->request;

	l->look = NULL;
	look_free(l);
	if (used && r)
		err_copy(&r->answer->result.err, err);
	manager_end_session(s, r);
}

static int manager_look(struct manager *m, const struct session *s, struct manager_request *r)
{
	const struct engine *e = m->config.engine;
	struct manager_look *l = x_new(struct manager_look);

	if (l)
		*l = (struct manager_look){ .manager = m, .request = r, .id = s->id };
	if (!l || in_use_look(e->loop, e->helpers, s->conn.k.host_no, s->conn.k.sid, manager_looked, l, &l->look) < 0) {
		x_free(l);
		return -ENOMEM;
	}
	list_append(&m->looks, &l->node);
	return 0;
}

static void manager_logout_one(struct manager *m, struct session *s, bool safe, struct manager_request *r)
{
	if (!s || !safe || !s->conn.k.sid) {
		manager_end_session(s, r);
		return;
	}
	if (manager_look(m, s, r) < 0) {
		err_nomem(&r->answer->result.err, "the check whether the disks are in use");
		request_step(r);
	}
}

static void manager_logout_named(struct manager *m, uint32_t sid, uint64_t id, bool safe, struct manager_request *r)
{
	struct session *s;

	if (!request_begin(m, r))
		return;
	s = sid ? manager_find(m, sid) : manager_find_id(m, id);
	if (!s && sid)
		s = manager_find_elsewhere(m, sid, &r->answer->result.err);
	manager_logout_one(m, s, safe, r);
}

void manager_logout(struct manager *m, uint32_t sid, bool force, struct manager_request *r)
{
	manager_logout_named(m, sid, 0, m->config.safe_logout && !force, r);
}

void manager_logout_id(struct manager *m, uint64_t id, bool force, struct manager_request *r)
{
	manager_logout_named(m, 0, id, m->config.safe_logout && !force, r);
}

void manager_logout_unused(struct manager *m, uint32_t sid, uint64_t id, struct manager_request *r)
{
	manager_logout_named(m, sid, id, true, r);
}

static void rescanned(int status, void *arg)
{
	struct manager_request *r = arg;

	r->scan = NULL;
	if (status < 0)
		err_sys(&r->answer->result.err, MISCSI_ERR_INTERNAL, -status,
			"the scan for the session's devices failed ('iscsiadm -m session -R' repeats it)");
	request_step(r);
}

void manager_rescan(struct manager *m, uint32_t sid, struct manager_request *r)
{
	struct session *s;
	int rc;

	if (!request_begin(m, r))
		return;
	s = manager_find_for(m, sid, r);
	if (s) {
		request_about(r, s);
		session_replaced(s, false); /* what is there now is to be used */
		r->waiting++;
		rc = scan_session_again(m->config.engine->scanner, s->conn.k.host_no, sid, rescanned, r, &r->scan);
		if (rc < 0)
			rescanned(rc, r);
	}
	request_step(r);
}

int manager_each(struct manager *m, int (*fn)(void *arg, const struct manager_session *s), void *arg)
{
	struct manager_session d;
	struct session *s;
	int rc;

	if (m->adopter)
		m->adopter->left(m->adopter, true);
	list_for_each (s, &m->sessions, node) {
		manager_describe(s, &d);
		rc = fn(arg, &d);
		if (rc)
			return rc;
	}
	return 0;
}

unsigned manager_count(const struct manager *m)
{
	const struct session *s;
	unsigned n = 0;

	list_for_each (s, &m->sessions, node)
		n++;
	return n;
}

/* After the last session through a transport, its driver needs no resources of ours. */
static void manager_release(const struct manager *m, struct transport *t)
{
	struct session *s;

	if (!(transport_traits(t) & MISCSI_TRAIT_UIO))
		return;
	list_for_each (s, &m->sessions, node)
		if (s->conn.k.transport == t)
			return;
	resources_release(t);
}

static struct manager *manager_of(const struct session *s)
{
	return container_of(s->owner, struct manager, owner);
}

/* Never from within the session's own callbacks. */
static void reap(void *arg)
{
	struct session *s = arg;
	const struct manager *m = manager_of(s);
	struct transport *t = s->conn.k.transport;

	session_free(s);
	manager_release(m, t);
}

static void manager_session_kept(struct session *s, const struct err *why)
{
	manager_answer_all(s, MANAGER_UP, &s->err);
	manager_answer_all(s, MANAGER_DOWN, why);
}

/* What waited for it to come up learns why it did not; what waited for its end is done. */
static void manager_session_gone(struct session *s)
{
	manager_answer_all(s, MANAGER_UP, &s->err);
	manager_answer_all(s, MANAGER_DOWN, NULL);
	loop_defer(s->owner->engine->loop, &s->reap, reap, s);
}

static void manager_session_up(struct session *s)
{
	manager_answer_all(s, MANAGER_UP, NULL);
}

static void manager_session_changed(struct session *s)
{
	struct manager_watch *w, *next;
	struct manager_session d;

	manager_describe(s, &d);
	list_for_each_safe (w, next, &manager_of(s)->watches, node)
		w->fn(w, &d);
}

void manager_set_safe_logout(struct manager *m, bool on)
{
	m->config.safe_logout = on;
}

int manager_new(const struct manager_config *config, struct manager **out, struct err *err)
{
	struct manager *m = x_new(struct manager);
	struct paths_config paths = { .engine = config->engine, .about = manager_path_about, .arg = m };
	int rc;

	if (!m)
		return err_nomem(err, "the session manager");
	m->config = *config;
	m->owner = (struct session_owner){ .engine = config->engine,
		.state_dir = config->state_dir,
		.identify = config->identify,
		.identify_arg = config->identify_arg,
		.changed = manager_session_changed,
		.up = manager_session_up,
		.kept = manager_session_kept,
		.gone = manager_session_gone };
	list_init(&m->sessions);
	list_init(&m->watches);
	list_init(&m->looks);
	list_init(&m->requests);
	paths_init(&m->paths, &paths);
	rc = kernel_attach(config->engine->kernel, config->engine->loop, &manager_events, m, err);
	if (rc < 0) {
		x_free(m);
		return rc;
	}
	report_listen(config->engine->plugins, manager_on_plugin, m);
	*out = m;
	return 0;
}

/* Sessions stay in the kernel; the next daemon finds them there. */
void manager_free(struct manager *m)
{
	struct err err = ERR_INIT;
	struct session *s, *next;

	if (!m)
		return;
	err_set(&err, MISCSI_ERR_ISCSID_COMM_ERR, "iscsid was stopped before it completed the request: try again");
	m->ending = true;
	report_listen(m->config.engine->plugins, NULL, NULL);
	paths_drop(&m->paths);
	loop_timer_cancel(m->config.engine->loop, &m->look_again);
	list_for_each_safe (s, next, &m->sessions, node) {
		manager_answer_all(s, MANAGER_UP, &err);
		manager_answer_all(s, MANAGER_DOWN, &err);
		session_free(s);
	}
	requests_end(m, &err);
	if (m->adopter)
		m->adopter->free(m->adopter);
	x_free(m);
}

void manager_watch(struct manager *m, struct manager_watch *w)
{
	list_append(&m->watches, &w->node);
}

void manager_unwatch(struct manager_watch *w)
{
	list_remove(&w->node);
}

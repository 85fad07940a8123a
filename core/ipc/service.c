/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The methods of org.miscsi. Each reads its parameters, calls the manager, and replies, or leaves the reply to a batch.
 *
 * Everything from the client is checked here, so that the manager can trust its arguments. The table at the end has the rights.
 */
#include "config.h"
#include "ipc/service.h"
#include "ipc/batch.h"
#include "ipc/recordjson.h"
#include "ipc/varlink_call.h"
#include "base/mem.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INTERFACE "org.miscsi"

struct service {
	struct service_config config;
	struct varlink_server *server;
	uint64_t started; /* ms */
	struct batches batches;
};

/* Lives until its client disconnects. */
struct monitor { /* one call of Monitor */
	struct service *service;
	struct varlink_call *call;
	struct manager_watch watch;
};

static const char description[] =
#include "ipc/org.miscsi.inc"
	;
/* In the order of enum log_level. */
static const char *const levels[] = { "err", "warn", "info", "debug" };
#define LEVELS (ARRAY_SIZE(levels))

/* Replies with the parameters, or with an error if there was no memory for them. Frees them. */
static void reply_built(struct varlink_call *call, struct json_object *parameters, int error)
{
	struct err err = ERR_INIT;

	if (!error) {
		varlink_call_reply(call, parameters);
		return;
	}
	varlink_put(parameters);
	err_nomem(&err, "the reply to the request");
	batch_reply_failure(call, &err);
}

/* The records of one call of Login. */
struct logins {
	struct service *service;
	struct json_object *records; /* owned */
};

static void logins_free(void *arg)
{
	struct logins *l = arg;

	varlink_put(l->records);
	x_free(l);
}

/* A record that cannot be read fails alone: the other logins continue. What was read is freed, since it may contain secrets. */
static void logins_make(void *arg, struct batch *b, size_t nth)
{
	const struct logins *l = arg;
	struct service *s = l->service;
	struct json_object *object = json_object_get(json_object_array_get_idx(l->records, nth));
	cleanup(record_freep) struct record *record = NULL;
	struct err err = ERR_INIT;
	int rc = recordjson_read(object, &record, &err);

	json_object_array_clear_idx(l->records, nth);
	varlink_put(object);
	if (rc && err.code == MISCSI_ERR_OK)
		err_sys(&err, rc == -ENOMEM ? MISCSI_ERR_NOMEM : MISCSI_ERR_INVAL, -rc,
			"record %zu of the login request cannot be read", nth);
	if (rc)
		batch_result(b, nth, &err);
	else
		s->config.ops->login(s->config.manager, record, batch_request(b, nth));
}

/* All records in one call, so that the logins run in parallel and a boot with hundreds of targets is short. */
static void do_login(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	struct service *s = arg;
	struct batch_work work = { .make = logins_make, .free = logins_free, .wait = true };
	struct json_object *records;
	struct err err = ERR_INIT;
	struct logins *l;

	if (varlink_array(parameters, "records", &records)) {
		varlink_call_reply_invalid(call, "records");
		return;
	}
	if (varlink_boolean(parameters, "wait", &work.wait) == -EINVAL) {
		varlink_call_reply_invalid(call, "wait");
		return;
	}
	work.n = work.places = json_object_array_length(records);
	if (work.n > VARLINK_OBJECTS_MAX) {
		err_set(&err, MISCSI_ERR_INVAL,
			"the call contains more than %d records, the most that one call may have: make several calls",
			VARLINK_OBJECTS_MAX);
		batch_reply_failure(call, &err);
		return;
	}
	l = x_new(struct logins);
	if (!l) {
		reply_built(call, NULL, -ENOMEM);
		return;
	}
	*l = (struct logins){ .service = s, .records = json_object_get(records) };
	json_object_object_del(parameters, "records"); /* or its secrets would be wiped with the message */
	work.arg = l;
	batch_run(&s->config, &s->batches, call, &work);
}

/* The sessions of a call, selected by number or by filter but never by both, which would be ambiguous. */
struct named {
	uint32_t sid; /* 0: the kernel has no number for it yet */
	uint64_t id; /* the manager's, then */
	size_t place; /* in the request */
};

struct sids {
	struct service *service;
	struct named *at; /* owned */
	size_t n, room;
	size_t places; /* in the request, with those that are there twice */
	struct json_object *filter; /* borrowed; NULL: none */
	bool rescan, force, unused; /* what is to be done: rescan or logout */
};

static void sids_free(void *arg)
{
	struct sids *sids = arg;

	x_free(sids->at);
	x_free(sids);
}

static int sids_add(struct sids *sids, uint32_t sid, uint64_t id)
{
	struct named *at = x_grow(sids->at, sids->n, &sids->room, sizeof(*at), 64);

	if (!at)
		return -ENOMEM;
	sids->at = at;
	sids->at[sids->n++] = (struct named){ sid, id, sids->places++ };
	return 0;
}

static int compare_sids(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->sid != y->sid)
		return x->sid < y->sid ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* Each session once, at its first place. */
static void sids_unique(struct sids *sids)
{
	size_t n = 0;

	qsort(sids->at, sids->n, sizeof(*sids->at), compare_sids);
	for (size_t i = 0; i < sids->n; i++)
		if (!i || sids->at[i].sid != sids->at[i - 1].sid)
			sids->at[n++] = sids->at[i];
	sids->n = n;
}

/* -EINVAL when it is not a list of session numbers; -E2BIG; -ENOENT when there is no list, which is allowed with a filter. */
static int sids_read(struct sids *sids, struct json_object *parameters)
{
	struct json_object *array;
	int rc = varlink_array(parameters, "sids", &array);

	if (!rc && json_object_array_length(array) > VARLINK_OBJECTS_MAX)
		return -E2BIG;
	for (size_t i = 0; !rc && i < json_object_array_length(array); i++) {
		struct json_object *number = json_object_array_get_idx(array, i);
		int64_t sid = json_object_is_type(number, json_type_int) ? json_object_get_int64(number) : 0;

		rc = sid < 1 || sid > UINT32_MAX ? -EINVAL : sids_add(sids, (uint32_t)sid, 0);
	}
	if (!rc && sids->n)
		sids_unique(sids);
	return rc;
}

/* Whether the filter's member is absent or equal. */
static bool text_matches(struct json_object *filter, const char *member, const char *value)
{
	const char *wanted;

	return varlink_string(filter, member, &wanted) || (value && !strcmp(wanted, value));
}

/* Only a filter can select a login in progress, which has no number yet. */
static int sids_match(void *arg, const struct manager_session *session)
{
	struct sids *sids = arg;
	long long port;

	if (!text_matches(sids->filter, "target", session->target) || !text_matches(sids->filter, "address", session->address) ||
		!text_matches(sids->filter, "iface", session->iface) ||
		(!varlink_integer(sids->filter, "port", 0, UINT16_MAX, &port) && port != session->port))
		return 0;
	return sids_add(sids, session->sid, session->id);
}

/* Otherwise a member of the wrong type would match all values, and might log out of all sessions. */
static bool filter_is_valid(struct json_object *filter)
{
	static const char *const texts[] = { "target", "address", "iface" };
	const char *text;
	long long port;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (varlink_string(filter, texts[i], &text) == -EINVAL)
			return false;
	return varlink_integer(filter, "port", 0, UINT16_MAX, &port) != -EINVAL;
}

/* Replies with the error. */
static void sids_refuse(struct varlink_call *call, int rc)
{
	struct err err = ERR_INIT;

	if (rc != -ENOMEM && rc != -E2BIG) {
		varlink_call_reply_invalid(call, "sids");
		return;
	}
	if (rc == -ENOMEM)
		err_nomem(&err, "the list of session numbers in the request");
	else
		err_set(&err, MISCSI_ERR_INVAL,
			"the call names more than %d sessions, the most that one call may have: make several calls",
			VARLINK_OBJECTS_MAX);
	batch_reply_failure(call, &err);
}

/* Selects the sessions. Not 0: an error was the reply. */
static int sids_choose(struct service *s, struct sids *sids, struct varlink_call *call, struct json_object *parameters)
{
	int by_filter = sids->rescan ? -ENOENT : varlink_object(parameters, "filter", &sids->filter);
	int rc = sids_read(sids, parameters);

	if (by_filter == -EINVAL || (!by_filter && (rc != -ENOENT || !filter_is_valid(sids->filter)))) {
		varlink_call_reply_invalid(call, "filter");
		return -EINVAL;
	}
	if (!by_filter)
		rc = s->config.ops->each(s->config.manager, sids_match, sids);
	if (rc)
		sids_refuse(call, rc);
	sids->filter = NULL; /* the call's */
	return rc;
}

static void sids_make(void *arg, struct batch *b, size_t nth)
{
	const struct sids *sids = arg;
	const struct service_config *c = &sids->service->config;
	const struct named *named = &sids->at[nth];
	struct manager_request *r = batch_request(b, named->place);

	if (sids->rescan)
		c->ops->rescan(c->manager, named->sid, r);
	else if (sids->unused)
		c->ops->logout_unused(c->manager, named->sid, named->id, r);
	else if (named->sid)
		c->ops->logout(c->manager, named->sid, sids->force, r);
	else
		c->ops->logout_id(c->manager, named->id, sids->force, r);
}

static void sids_run(struct sids *sids, struct varlink_call *call)
{
	struct batch_work work = {
		.n = sids->n, .places = sids->places, .make = sids_make, .free = sids_free, .arg = sids, .wait = true
	};

	batch_run(&sids->service->config, &sids->service->batches, call, &work);
}

static struct sids *sids_new(struct service *s, struct varlink_call *call, bool rescan)
{
	struct sids *sids = x_new(struct sids);

	if (!sids) {
		reply_built(call, NULL, -ENOMEM);
		return NULL;
	}
	sids->service = s;
	sids->rescan = rescan;
	return sids;
}

/*
 * Replies when the session has disappeared from sysfs: os-brick then deletes the record at once, and fails if that returns 15
 * five times.
 */
static void do_logout(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	struct sids *sids = sids_new(arg, call, false);

	if (!sids)
		return;
	if (varlink_boolean(parameters, "force", &sids->force) == -EINVAL)
		varlink_call_reply_invalid(call, "force");
	else if (varlink_boolean(parameters, "unused", &sids->unused) == -EINVAL || (sids->unused && sids->force))
		varlink_call_reply_invalid(call, "unused");
	else if (!sids_choose(arg, sids, call, parameters)) {
		sids_run(sids, call);
		return;
	}
	sids_free(sids);
}

static void do_rescan(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	struct sids *sids = sids_new(arg, call, true);

	if (!sids)
		return;
	if (!sids_choose(arg, sids, call, parameters)) {
		sids_run(sids, call);
		return;
	}
	sids_free(sids);
}

static struct json_object *session_write(const struct manager_session *session, int *error)
{
	struct json_object *o = json_object_new_object();

	if (session->sid)
		varlink_add_integer(o, "sid", session->sid, error);
	varlink_add_text(o, "target", session->target, error);
	varlink_add_text(o, "address", session->address, error);
	varlink_add_integer(o, "port", session->port, error);
	varlink_add_integer(o, "tpgt", session->tpgt, error);
	varlink_add_text(o, "iface", session->iface, error);
	varlink_add_text(o, "transport", session->transport, error);
	varlink_add_text(o, "state", session->state, error);
	varlink_add_text(o, "connection", session->connection, error);
	if (session->last_error && *session->last_error)
		varlink_add_text(o, "error", session->last_error, error);
	if (session->unverified && *session->unverified)
		varlink_add_text(o, "unverified", session->unverified, error);
	varlink_add_integer(o, "reconnects", session->reconnects, error);
	varlink_add_integer(o, "since", (long long)session->since_ms, error);
	varlink_add_boolean(o, "adopted", session->adopted, error);
	return o;
}

static int list_session(void *arg, const struct manager_session *session)
{
	struct json_object *array = arg, *o;
	int error = 0;

	o = session_write(session, &error);
	if (!error && array && !json_object_array_add(array, o))
		return 0;
	varlink_put(o);
	return -ENOMEM;
}

/* One reply for all sessions: the daemon keeps no state of a client between calls. */
static void do_list(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	struct service *s = arg;
	struct json_object *reply = json_object_new_object(), *sessions = json_object_new_array();
	int error = s->config.ops->each(s->config.manager, list_session, sessions);

	(void)parameters;
	varlink_add(reply, "sessions", sessions, &error);
	reply_built(call, reply, error);
}

/* Without memory a change is not reported: the next report has the current state. */
static void monitor_changed(struct manager_watch *w, const struct manager_session *session)
{
	struct monitor *m = w->arg;
	struct json_object *reply = json_object_new_object();
	int error = 0;

	varlink_add(reply, "session", session_write(session, &error), &error);
	if (error)
		varlink_put(reply);
	else
		varlink_call_reply_more(m->call, reply);
}

/* Removed from the manager's list before it is freed, since the manager may report a change at any time. */
static void monitor_cancel(void *arg)
{
	struct monitor *m = arg;

	m->service->config.ops->unwatch(&m->watch);
	x_free(m);
}

static void do_monitor(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	struct service *s = arg;
	struct monitor *m = x_new(struct monitor);

	(void)parameters;
	if (!m) {
		reply_built(call, NULL, -ENOMEM);
		return;
	}
	m->service = s;
	m->call = call;
	m->watch.fn = monitor_changed;
	m->watch.arg = m;
	varlink_call_hold(call, monitor_cancel, m);
	s->config.ops->watch(s->config.manager, &m->watch);
}

static int list_discovery(void *arg, const struct service_discovery *d)
{
	struct json_object *array = arg, *o = json_object_new_object();
	int error = 0;

	varlink_add_text(o, "type", d->type, &error);
	varlink_add_text(o, "address", d->address, &error);
	varlink_add_integer(o, "port", d->port, &error);
	varlink_add_text(o, "state", d->state, &error);
	varlink_add_integer(o, "portals", d->portals, &error);
	if (d->error)
		varlink_add_text(o, "error", d->error, &error);
	if (d->next_ms >= 0)
		varlink_add_integer(o, "next", d->next_ms, &error);
	if (!error && array && !json_object_array_add(array, o))
		return 0;
	varlink_put(o);
	return -ENOMEM;
}

static void add_discoveries(const struct service *s, struct json_object *reply, int *error)
{
	struct json_object *array;

	if (!s->config.discoveries)
		return;
	array = json_object_new_array();
	if (s->config.discoveries(s->config.arg, list_discovery, array))
		*error = -ENOMEM;
	varlink_add(reply, "discoveries", array, error);
}

static void do_read_discoveries(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	struct service *s = arg;

	(void)parameters;
	if (s->config.read_discoveries)
		s->config.read_discoveries(s->config.arg);
	varlink_call_reply(call, NULL);
}

/* The longest round of the loop by one of its times, and the callback that took most of it. */
static void add_turn(struct json_object *reply, const struct loop *l, enum loop_longest by, const char *const keys[2], int *error)
{
	const struct loop_turn *turn = loop_longest(l, by);

	varlink_add_integer(reply, keys[0], (long long)turn->us[by], error);
	varlink_add_text(reply, keys[1], turn->callback, error);
}

static void do_status(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	struct service *s = arg;
	static const char *const turns[LOOP_LONGEST][2] = {
		[LOOP_LONGEST_WALL] = { "longestTurn", "longestTurnOf" },
		[LOOP_LONGEST_CPU] = { "longestTurnCpu", "longestTurnCpuOf" },
		[LOOP_LONGEST_BLOCKED] = { "longestTurnBlocked", "longestTurnBlockedOf" },
	};
	struct json_object *reply = json_object_new_object();
	int error = 0;

	(void)parameters;
	varlink_add_text(reply, "version", PACKAGE_VERSION, &error);
	varlink_add_integer(reply, "pid", getpid(), &error);
	varlink_add_integer(reply, "uptime", (long long)(loop_now(s->config.loop) - s->started) / 1000, &error);
	varlink_add_integer(reply, "sessions", s->config.ops->count(s->config.manager), &error);
	varlink_add_integer(reply, "pending", s->batches.pending, &error);
	varlink_add_integer(reply, "connections", varlink_server_connections(s->server), &error);
	for (unsigned i = 0; i < LOOP_LONGEST; i++)
		add_turn(reply, s->config.loop, i, turns[i], &error);
	if (s->config.log && s->config.log->level < LEVELS)
		varlink_add_text(reply, "level", levels[s->config.log->level], &error);
	add_discoveries(s, reply, &error);
	reply_built(call, reply, error);
}

static void do_set_log_level(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	struct service *s = arg;
	struct err err = ERR_INIT;
	const char *level;

	if (!s->config.log) {
		err_set(&err, MISCSI_ERR_OP_NOT_SUPP, "this service has no log, so no log level can be set");
		batch_reply_failure(call, &err);
		return;
	}
	if (varlink_string(parameters, "level", &level))
		level = "";
	for (unsigned i = 0; i < LEVELS; i++) {
		if (!strcmp(level, levels[i])) {
			s->config.log->level = (enum log_level)i;
			varlink_call_reply(call, NULL);
			return;
		}
	}
	varlink_call_reply_invalid(call, "level");
}

/* Replies first; iscsiadm then waits for the end of the connection, which is the end of the daemon. */
static void do_stop(void *arg, struct varlink_call *call, struct json_object *parameters)
{
	struct service *s = arg;

	(void)parameters;
	varlink_call_reply(call, NULL);
	if (s->config.stop)
		s->config.stop(s->config.arg);
}

/* true: only for root. Methods that only read are open to all users, for monitoring. */
static const struct varlink_method methods[] = {
	{ INTERFACE ".Login", true, VARLINK_MAY_STREAM, do_login },
	{ INTERFACE ".Logout", true, VARLINK_MAY_STREAM, do_logout },
	{ INTERFACE ".Rescan", true, VARLINK_MAY_STREAM, do_rescan },
	{ INTERFACE ".ListSessions", false, VARLINK_ONE, do_list },
	{ INTERFACE ".Monitor", false, VARLINK_MUST_STREAM, do_monitor },
	{ INTERFACE ".GetStatus", false, VARLINK_ONE, do_status },
	{ INTERFACE ".ReadDiscoveries", true, VARLINK_ONE, do_read_discoveries },
	{ INTERFACE ".SetLogLevel", true, VARLINK_ONE, do_set_log_level },
	{ INTERFACE ".Stop", true, VARLINK_ONE, do_stop },
	{ .name = NULL },
};

int service_new(const struct service_config *config, struct service **out)
{
	struct service *s = x_new(struct service);
	struct varlink_config server = {
		.loop = config->loop,
		.log = config->log,
		.vendor = "miscsi",
		.product = "iscsid",
		.version = PACKAGE_VERSION,
		.url = PACKAGE_URL,
		.interface = INTERFACE,
		.description = description,
		.methods = methods,
		.tidy = config->tidy,
		.tidy_arg = config->arg,
		.limits = config->limits,
		.peer = config->peer,
	};
	int rc;

	if (!s)
		return -ENOMEM;
	s->config = *config;
	s->started = loop_now(config->loop);
	list_init(&s->batches.all);
	server.arg = s;
	rc = varlink_server_new(&server, &s->server);
	if (rc)
		x_free(s);
	else
		*out = s;
	return rc;
}

/* The server first, because its connections have batches and monitors that point to the service. */
void service_free(struct service *s)
{
	if (!s)
		return;
	varlink_server_free(s->server);
	batch_free_all(&s->batches);
	x_free(s);
}

struct varlink_server *service_server(struct service *s)
{
	return s->server;
}

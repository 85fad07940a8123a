/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One call for all: the daemon works on every record at once, and results come in the order in which
 * they end.
 *
 * What is said to the user goes through events, as it happens: a caller that kills us after three
 * seconds has seen what came until then.
 */
#include "modes/login.h"

#include "base/mem.h"
#include "ipc/client.h"
#include <errno.h>
#include <string.h>

/*
 * The first failure by place, which may not be the first in time. So the exit status of a command does
 * not depend on which target was faster.
 */
struct first {
	size_t index;
	struct err err;
};

static void first_note(struct first *f, size_t index, const struct err *err)
{
	if (err->code == MISCSI_ERR_OK || (f->err.code != MISCSI_ERR_OK && f->index <= index))
		return;
	f->index = index;
	err_copy(&f->err, err);
}

/*
 * The number becomes the exit status: 24 tells Trident and vdsm that the password is wrong, 15 that
 * nothing was to do.
 */
static int first_give(const struct first *f, struct err *err)
{
	if (f->err.code == MISCSI_ERR_OK)
		return 0;
	if (err)
		err_copy(err, &f->err);
	return -err_errno(f->err.code);
}

/*
 * A session that exists is no failure as long as there is a real one: 15 is given only when nothing
 * worse has happened.
 */
struct login_call {
	const struct login_events *events;
	struct record **at; /* those that are logged in to */
	size_t n;
	struct first failure, exists;
};

static void login_result(void *arg, const struct client_result *r)
{
	struct login_call *c = arg;
	const struct record *node;

	if (r->index >= c->n)
		return;
	node = c->at[r->index];
	if (r->err.code == MISCSI_ERR_SESS_EXISTS) {
		/* Somebody else was quicker. */
		unsigned wanted = (unsigned)record_int(node, FIELD_SESSION_NR_SESSIONS);

		first_note(&c->exists, r->index, &r->err);
		c->events->present(c->events->arg, node, wanted, wanted);
		return;
	}
	first_note(&c->failure, r->index, &r->err);
	c->events->result(c->events->arg, node, &r->err);
}

/*
 * Leaves out, and tells of, those that have all their sessions. Before the daemon is asked or started:
 * clients log in again and again, and most times there is nothing to do.
 */
static int login_choose(
	struct world *w, const struct record_list *nodes, struct login_call *c, struct err *err)
{
	struct session_info_list sessions = { 0 };
	int r = session_list(w, NULL, SESSION_DETAIL_MATCH | SESSION_INFO_PORTAL, &sessions, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < nodes->n; i++) {
		unsigned wanted = (unsigned)record_int(nodes->at[i], FIELD_SESSION_NR_SESSIONS), present = 0;
		struct err there = { .code = MISCSI_ERR_SESS_EXISTS };

		for (size_t j = 0; j < sessions.n; j++)
			present += session_is_of(&sessions.info[j], nodes->at[i]);
		if (present < wanted) {
			c->at[c->n++] = nodes->at[i];
			continue;
		}
		first_note(&c->exists, i, &there);
		c->events->present(c->events->arg, nodes->at[i], wanted, present);
	}
	session_info_list_free(&sessions);
	return 0;
}

/*
 * begin() is called for all, then result() or present() for each: the lines "Logging in to" and "Login
 * to" pair.
 */
int login_records(struct world *w, const struct record_list *nodes, bool wait,
	const struct login_events *events, struct err *err)
{
	struct login_call c = { .events = events };
	struct client *client;
	struct err why = ERR_INIT;
	int r;

	c.at = x_newn(struct record *, nodes->n + 1);
	if (!c.at)
		return err_set(err, MISCSI_ERR_NOMEM, "no memory for %zu records", nodes->n);
	r = login_choose(w, nodes, &c, err);
	if (r < 0)
		goto out;
	for (size_t i = 0; i < c.n; i++)
		events->begin(events->arg, c.at[i]);
	r = c.n ? world_client(w, &client, &why) : 0;
	if (r < 0) {
		first_note(&c.failure, 0, &why);
		events->no_daemon(events->arg, &why);
		for (size_t i = 0; i < c.n; i++)
			events->result(events->arg, c.at[i], &why);
	} else if (c.n && client_login(client, c.at, c.n, wait, login_result, &c, &why) < 0) {
		first_note(&c.failure, 0, &why);
		world_client_drop(w);
	}
	r = first_give(c.failure.err.code != MISCSI_ERR_OK ? &c.failure : &c.exists, err);
out:
	x_free(c.at);
	return r;
}

struct logout_call {
	const struct logout_events *events;
	const struct session_info_list *sessions;
	struct first failure;
};

static void logout_result(void *arg, const struct client_result *r)
{
	struct logout_call *c = arg;

	if (r->index >= c->sessions->n)
		return;
	first_note(&c->failure, r->index, &r->err);
	c->events->result(c->events->arg, &c->sessions->info[r->index], &r->err);
}

/* One place more than is needed, so that an empty list is no case of its own. */
static int sids_of(const struct session_info_list *sessions, uint32_t **out, struct err *err)
{
	*out = x_newn(uint32_t, sessions->n + 1);
	if (!*out)
		return err_set(err, MISCSI_ERR_NOMEM, "no memory for %zu sessions", sessions->n);
	for (size_t i = 0; i < sessions->n; i++)
		(*out)[i] = sessions->info[i].sid;
	return 0;
}

static void begin_all(const struct session_info_list *sessions, const struct logout_events *events)
{
	for (size_t i = 0; i < sessions->n; i++)
		events->begin(events->arg, &sessions->info[i]);
}

/* By number and not by record: a session whose record is gone, or was never made, must be ended as well. */
int logout_sessions(struct world *w, const struct session_info_list *sessions,
	const struct logout_events *events, struct err *err)
{
	struct logout_call c = { .events = events, .sessions = sessions };
	cleanup(x_freep) uint32_t *sids = NULL;
	const struct record *conf;
	struct client *client;
	struct err why = ERR_INIT;
	bool force;
	int r = sids_of(sessions, &sids, err);

	if (r < 0)
		return r;
	/* A broken iscsid.conf must not keep a session up. */
	force = world_conf(w, &conf, NULL) < 0 || !record_int(conf, FIELD_CONF_SAFE_LOGOUT);
	begin_all(sessions, events);
	if (world_client(w, &client, &why) < 0) {
		first_note(&c.failure, 0, &why);
		events->no_daemon(events->arg, &why);
		for (size_t i = 0; i < sessions->n; i++)
			events->result(events->arg, &sessions->info[i], &why);
	} else if (client_logout(client, sids, sessions->n, force, logout_result, &c, &why) < 0) {
		first_note(&c.failure, 0, &why);
		world_client_drop(w);
	}
	return first_give(&c.failure, err);
}

/* What the kernel needs for a rescan is no secret of the daemon. */
static void rescan_here(struct world *w, struct logout_call *c)
{
	for (size_t i = 0; i < c->sessions->n; i++) {
		const struct session_info *s = &c->sessions->info[i];
		struct err why = ERR_INIT;
		int r = scan_session_again_wait(world_sysfs(w), s->host_no, s->sid);

		if (r < 0)
			err_sys(&why, r == -EACCES ? MISCSI_ERR_ACCESS : MISCSI_ERR_INTERNAL, -r,
				"cannot scan host %u", s->host_no);
		first_note(&c->failure, i, &why);
		c->events->result(c->events->arg, s, &why);
	}
}

/* Rescans are all that is left when the daemon has died; pods that wait for a grown disk must get it. */
int rescan_sessions(struct world *w, const struct session_info_list *sessions,
	const struct logout_events *events, struct err *err)
{
	struct logout_call c = { .events = events, .sessions = sessions };
	cleanup(x_freep) uint32_t *sids = NULL;
	struct client *client;
	struct err why = ERR_INIT;
	int r = sids_of(sessions, &sids, err);

	if (r < 0)
		return r;
	begin_all(sessions, events);
	if (world_client(w, &client, &why) < 0) {
		rescan_here(w, &c);
	} else if (client_rescan(client, sids, sessions->n, logout_result, &c, &why) < 0) {
		first_note(&c.failure, 0, &why);
		world_client_drop(w);
	}
	return first_give(&c.failure, err);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One call for all records: the daemon logs in to all of them at once, and the results come in the order in which the logins end.
 *
 * Events report each result when it happens, so that a caller that kills us after three seconds has seen the results until then.
 */
#include "modes/login.h"

#include "base/mem.h"
#include "ipc/client.h"
#include "kernel/scan.h"
#include "modes/first_error.h"
#include "modes/firmware_mode.h"
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 2000

/* An existing session is reported (exit status 15) only if there is no other failure. */
struct login_call {
	const struct login_events *events;
	struct record **at; /* those that are logged in to */
	unsigned *missing; /* how many sessions of each */
	size_t n;
	struct first_error failure, exists;
};

static void login_result(void *arg, const struct client_result *r)
{
	struct login_call *c = arg;
	const struct record *node;

	if (r->index >= c->n)
		return;
	node = c->at[r->index];
	if (r->err.code == MISCSI_ERR_SESS_EXISTS) {
		/* Another command logged in meanwhile. */
		unsigned wanted = (unsigned)record_int(node, FIELD_SESSION_NR_SESSIONS);

		first_error_note(&c->exists, r->index, &r->err);
		c->events->present(c->events->arg, node, wanted, wanted);
		return;
	}
	first_error_note(&c->failure, r->index, &r->err);
	/* The logins of a record are one request with one result. */
	for (unsigned i = 0; i < (r->err.code == MISCSI_ERR_OK ? c->missing[r->index] : 1); i++)
		c->events->result(c->events->arg, node, &r->err);
}

/* What iscsid says of the sessions; it is asked at most once. */
struct look {
	const struct session_info_list *sessions; /* by number */
	bool *up; /* of each; owned; NULL: not asked yet */
};

static int compare_sid(const void *key, const void *info)
{
	uint32_t a = *(const uint32_t *)key, b = ((const struct session_info *)info)->sid;

	return a < b ? -1 : a > b;
}

static void look_at(void *arg, const struct client_session *s)
{
	const struct look *l = arg;
	const struct session_info *i = bsearch(&s->sid, l->sessions->info, l->sessions->n, sizeof(*i), compare_sid);

	if (i)
		l->up[i - l->sessions->info] = !strcmp(s->state, "LOGGED_IN") || !strcmp(s->state, "FAILED");
}

/*
 * The kernel shows a login that no iscsid will complete as a session like any other, until the next iscsid ends it. So a session without
 * devices is there only if iscsid says so, or if its adapter made it.
 */
static bool is_there(struct context *ctx, struct look *l, size_t nth)
{
	cleanup(scan_devices_free) struct scan_devices devices = { 0 };
	const struct session_info *i = &l->sessions->info[nth];

	if (session_mode_is_flash(i) || scan_devices(context_sysfs(ctx), i->host_no, i->sid, &devices) < 0 || devices.n)
		return true;
	if (!l->up) {
		l->up = x_newn(bool, l->sessions->n);
		if (!l->up)
			return true;
		context_look(ctx, LOOK_MS, look_at, l);
	}
	return l->up[nth];
}

/*
 * Reports and leaves out the records that have all their sessions. This comes before the daemon is called or started: clients log
 * in again and again, and mostly there is nothing to do.
 */
static int leave_out_present(struct context *ctx, const struct record_list *nodes, struct login_call *c, struct err *err)
{
	cleanup(session_info_list_free) struct session_info_list sessions = { 0 };
	struct look look = { .sessions = &sessions };
	int rc = session_mode_list(ctx, NULL, SESSION_DETAIL_MATCH | SESSION_INFO_PORTAL, &sessions, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < nodes->n; i++) {
		unsigned wanted = (unsigned)record_int(nodes->at[i], FIELD_SESSION_NR_SESSIONS), present = 0;
		struct err there = { .code = MISCSI_ERR_SESS_EXISTS };

		for (size_t j = 0; j < sessions.n; j++)
			present += session_mode_is_of(&sessions.info[j], nodes->at[i]) && is_there(ctx, &look, j);
		if (present < wanted) {
			c->missing[c->n] = wanted - present;
			c->at[c->n++] = nodes->at[i];
			continue;
		}
		first_error_note(&c->exists, i, &there);
		c->events->present(c->events->arg, nodes->at[i], wanted, present);
	}
	x_free(look.up);
	return 0;
}

/* begin() is called for all records before result(), so that the lines "Logging in to" and "Login to" come in pairs. */
int login_records(
	struct context *ctx, const struct record_list *nodes, bool wait, const struct login_events *events, struct err *err)
{
	struct login_call c = { .events = events };
	struct client *client;
	struct err why = ERR_INIT;
	int rc;

	c.at = x_newn(struct record *, nodes->n + 1);
	c.missing = x_newn(unsigned, nodes->n + 1);
	if (!c.at || !c.missing) {
		rc = err_nomem(err, "the list of node records to log in to");
		goto out;
	}
	rc = leave_out_present(ctx, nodes, &c, err);
	if (rc < 0)
		goto out;
	firmware_mode_complete(ctx, nodes);
	for (size_t i = 0; i < c.n; i++)
		for (unsigned k = 0; k < c.missing[i]; k++)
			events->begin(events->arg, c.at[i]);
	rc = c.n ? context_client(ctx, &client, &why) : 0;
	if (rc < 0) {
		first_error_note(&c.failure, 0, &why);
		events->no_daemon(events->arg, &why);
		for (size_t i = 0; i < c.n; i++)
			events->result(events->arg, c.at[i], &why);
	} else if (c.n && client_login(client, c.at, c.n, wait, login_result, &c, &why) < 0) {
		first_error_note(&c.failure, 0, &why);
		context_client_drop(ctx);
	}
	rc = first_error_give(c.failure.err.code != MISCSI_ERR_OK ? &c.failure : &c.exists, err);
out:
	x_free(c.at);
	x_free(c.missing);
	return rc;
}

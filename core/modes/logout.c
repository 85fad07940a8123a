/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logs out of sessions and rescans them: through the daemon, or in this process for sessions that an adapter made, which the
 * daemon does not manage.
 */
#include "modes/login.h"

#include "base/mem.h"
#include "ipc/client.h"
#include "modes/first_error.h"
#include "modes/host_mode.h"
#include "session/in_use.h"
#include <errno.h>
#include <stdio.h>

/* The request to the daemon: session numbers, with their places in the list. */
struct call {
	struct context *rescans; /* NULL: logouts */
	const struct logout_events *events;
	const struct session_info_list *sessions;
	uint32_t *sids;
	size_t *places, n;
	size_t gone; /* sessions that ended by themselves before their rescan */
	size_t logins; /* of the sessions are logins under way: they have no number to be sent */
	struct first_error failure;
};

static void session_call_free(struct call *c)
{
	x_free(c->sids);
	x_free(c->places);
}

/* One element more than needed, so that an empty list is not a special case. */
static int session_call_new(struct call *c, struct err *err)
{
	c->sids = x_newn(uint32_t, c->sessions->n + 1);
	c->places = x_newn(size_t, c->sessions->n + 1);
	if (!c->sids || !c->places)
		return err_nomem(err, "the list of selected sessions");
	for (size_t i = 0; i < c->sessions->n; i++) {
		uint32_t sid = c->sessions->info[i].sid;

		c->logins += !sid;
		if (!sid || session_mode_is_flash(&c->sessions->info[i]))
			continue;
		c->places[c->n] = i;
		c->sids[c->n++] = sid;
	}
	return 0;
}

static void session_call_begin(const struct call *c)
{
	for (size_t i = 0; i < c->sessions->n; i++)
		c->events->begin(c->events->arg, &c->sessions->info[i]);
}

static void session_call_ended(struct call *c, size_t place, const struct err *err)
{
	first_error_note(&c->failure, place, err);
	c->events->result(c->events->arg, &c->sessions->info[place], err);
}

static void daemon_result(void *arg, const struct client_result *r)
{
	struct call *c = arg;

	if (r->index >= c->n)
		return;
	if (r->err.code != MISCSI_ERR_OK && c->rescans &&
		session_mode_is_gone(c->rescans, &c->sessions->info[c->places[r->index]]))
		c->gone++;
	else
		session_call_ended(c, c->places[r->index], &r->err);
}

/* The connection cannot be used again, because the state of the request is unknown. */
static void daemon_failed(struct context *ctx, struct call *c, const struct err *why)
{
	first_error_note(&c->failure, 0, why);
	context_client_drop(ctx);
}

static int adapter_logout(struct context *ctx, const struct session_info *s, bool force, struct err *err)
{
	struct in_use_ways ways = { .sysfs = context_sysfs(ctx), .proc = "/proc", .claim = openers_claim };
	const struct record *conf;
	struct adapter a;
	char host[16];
	int rc;

	/* an invalid iscsid.conf must not prevent a logout */
	if (!force && context_conf(ctx, &conf, NULL) >= 0 && record_int(conf, FIELD_CONF_SAFE_LOGOUT) &&
		in_use_session(&ways, s->host_no, s->sid, err))
		return -err_errno(err->code);
	snprintf(host, sizeof(host), "%u", s->host_no);
	rc = host_mode_adapter(ctx, host, MISCSI_ERR_HOST_NOT_FOUND, &a, err);
	return rc < 0 ? rc : adapter_flash_logout_sid(&a, s->sid, err);
}

/* Reports the failure for all sessions of the daemon, or only for the logins in progress. */
static void daemon_ended(struct call *c, bool all, const struct err *err)
{
	for (size_t i = 0; i < c->sessions->n; i++) {
		const struct session_info *s = &c->sessions->info[i];

		if (s->sid == 0 || (all && !session_mode_is_flash(s)))
			session_call_ended(c, i, err);
	}
}

/* By name. These come last, because each call waits for its result. */
static void logout_logins(struct client *client, struct call *c, bool force)
{
	for (size_t i = 0; i < c->sessions->n; i++) {
		const struct session_info *s = &c->sessions->info[i];
		const struct client_session named = { .target = s->target,
			.address = s->persistent_address,
			.port = (uint16_t)s->persistent_port,
			.iface = s->iface };
		struct err why = ERR_INIT;

		if (s->sid)
			continue;
		client_logout_of(client, &named, force, &why);
		session_call_ended(c, i, &why);
	}
}

/* For all sessions but those that an adapter made. */
static void daemon_logout(struct context *ctx, struct call *c, bool force)
{
	struct client *client;
	struct err why = ERR_INIT;

	if (context_client(ctx, &client, &why) < 0) {
		c->events->no_daemon(c->events->arg, &why);
		daemon_ended(c, true, &why);
	} else if (c->n && client_logout(client, c->sids, c->n, force, daemon_result, c, &why) < 0) {
		daemon_failed(ctx, c, &why);
		daemon_ended(c, false, &why);
	} else {
		logout_logins(client, c, force);
	}
}

/* By session number, so that a session without a record can be ended as well. */
int logout_sessions(struct context *ctx, const struct session_info_list *sessions, bool force, const struct logout_events *events,
	struct err *err)
{
	cleanup(session_call_free) struct call c = { .events = events, .sessions = sessions };
	int rc = session_call_new(&c, err);

	if (rc < 0)
		return rc;
	session_call_begin(&c);
	for (size_t i = 0; i < sessions->n; i++) {
		struct err cause = ERR_INIT;

		if (!session_mode_is_flash(&sessions->info[i]))
			continue;
		adapter_logout(ctx, &sessions->info[i], force, &cause);
		session_call_ended(&c, i, &cause);
	}
	if (c.n || c.logins)
		daemon_logout(ctx, &c, force);
	return first_error_give(&c.failure, err);
}

/* A rescan needs only sysfs, so this process can do it too. */
static void rescan_here(struct context *ctx, struct call *c, size_t place)
{
	const struct session_info *s = &c->sessions->info[place];
	struct err why = ERR_INIT;
	int rc = scan_session_again_wait(context_sysfs(ctx), s->host_no, s->sid);

	if (rc < 0 && session_mode_is_gone(ctx, s)) {
		c->gone++;
		return;
	}
	if (rc < 0)
		err_sys(&why, rc == -EACCES ? MISCSI_ERR_ACCESS : MISCSI_ERR_INTERNAL, -rc,
			"cannot scan host%u for SCSI devices (iscsiadm -m session -r %u -R repeats the scan)", s->host_no,
			s->sid);
	session_call_ended(c, place, &why);
}

/* Rescans must work without a daemon: pods may be waiting for a disk that has grown. */
int rescan_sessions(
	struct context *ctx, const struct session_info_list *sessions, const struct logout_events *events, struct err *err)
{
	cleanup(session_call_free) struct call c = { .rescans = ctx, .events = events, .sessions = sessions };
	struct client *client;
	struct err why = ERR_INIT;
	int rc = session_call_new(&c, err);

	if (rc < 0)
		return rc;
	session_call_begin(&c);
	for (size_t i = 0; i < sessions->n; i++) {
		if (session_mode_is_flash(&sessions->info[i]))
			rescan_here(ctx, &c, i);
	}
	if (c.n && context_client(ctx, &client, &why) < 0) {
		for (size_t i = 0; i < c.n; i++)
			rescan_here(ctx, &c, c.places[i]);
	} else if (c.n && client_rescan(client, c.sids, c.n, daemon_result, &c, &why) < 0) {
		daemon_failed(ctx, &c, &why);
	}
	if (c.gone && c.gone == sessions->n)
		return err_set(err, MISCSI_ERR_NO_OBJS_FOUND, "No active sessions.");
	return first_error_give(&c.failure, err);
}

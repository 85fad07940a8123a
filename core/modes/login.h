/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logs in, logs out and rescans: many records or sessions in one call to the daemon, each reported when it ends.
 *
 * All functions return 0, or -errno and *err for the failure with the lowest index. Since result() reports each failure, *err is
 * only for the exit status.
 */
#ifndef MODES_LOGIN_H
#define MODES_LOGIN_H

#include "modes/session_mode.h"

struct login_events {
	/* Called before all others, in the order of the list: once for each session that is missing. */
	void (*begin)(void *arg, const struct record *node);
	/* Called instead of begin() when the node already has all its sessions. */
	void (*present)(void *arg, const struct record *node, unsigned wanted, unsigned present);
	/* Called once for each begin(), but only once for a record whose login failed. err->code is OK on success. */
	void (*result)(void *arg, const struct record *node, const struct err *err);
	/* Called before the results when the daemon cannot be reached. */
	void (*no_daemon)(void *arg, const struct err *err);
	void *arg;
};

/*
 * wait false: the result reports only that the daemon accepted the login. SESS_EXISTS when a session existed and nothing failed.
 */
int login_records(
	struct context *ctx, const struct record_list *nodes, bool wait, const struct login_events *events, struct err *err);

/*
 * The same for a login by startup value: of a target's records with node.leading_login, the first is tried, and each other only
 * if those before it failed. The target has failed when all of them have.
 */
int login_leading(
	struct context *ctx, const struct record_list *nodes, bool wait, const struct login_events *events, struct err *err);

struct logout_events {
	void (*begin)(void *arg, const struct session_info *session); /* as above */
	void (*result)(void *arg, const struct session_info *session, const struct err *err);
	void (*no_daemon)(void *arg, const struct err *err);
	void *arg;
};

/*
 * With iscsid.safe_logout and not force, a session in use is refused; the daemon decides that by its own settings. A session that an
 * adapter made is ended through the adapter, and checked here; only root may do that.
 */
int logout_sessions(struct context *ctx, const struct session_info_list *sessions, bool force, const struct logout_events *events,
	struct err *err);

/* This process scans when no daemon runs, and for sessions that an adapter made; only root may do that. */
int rescan_sessions(
	struct context *ctx, const struct session_info_list *sessions, const struct logout_events *events, struct err *err);

#endif

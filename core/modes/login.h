/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logging in and out, and rescanning: many records or sessions by one call of the daemon, each told of as it
 * ends.
 *
 * All give 0, or -errno with *err: the first failure by its place in the list. What fails is told by result()
 * too, so *err is for the exit status.
 */
#ifndef MODES_LOGIN_H
#define MODES_LOGIN_H

#include "modes/session_mode.h"

struct login_events {
	/* All of these first, in the order of the list: once for each session that is missing. */
	void (*begin)(void *arg, const struct record *node);
	/* In place of begin(): the node has all the sessions that it should have. */
	void (*present)(void *arg, const struct record *node, unsigned wanted, unsigned present);
	/* Once for each begin(), but once for a record whose login failed. err->code is OK on success. */
	void (*result)(void *arg, const struct record *node, const struct err *err);
	/* The daemon cannot be asked: before the results. */
	void (*no_daemon)(void *arg, const struct err *err);
	void *arg;
};

/* wait false: a result is that the daemon took it. SESS_EXISTS when nothing else failed and one was there;
 * the list may be empty. */
int login_records(
	struct context *ctx, const struct record_list *nodes, bool wait, const struct login_events *events, struct err *err);

/*
 * The same for login by startup value: of the records of a target that have node.leading_login, one is logged in
 * to, and the next only where that failed. The target failed when all of them did.
 */
int login_leading(
	struct context *ctx, const struct record_list *nodes, bool wait, const struct login_events *events, struct err *err);

struct logout_events {
	void (*begin)(void *arg, const struct session_info *session); /* as above */
	void (*result)(void *arg, const struct session_info *session, const struct err *err);
	void (*no_daemon)(void *arg, const struct err *err);
	void *arg;
};

/* A session in use is refused when iscsid.safe_logout says so. One that an adapter made is ended there; root only. */
int logout_sessions(
	struct context *ctx, const struct session_info_list *sessions, const struct logout_events *events, struct err *err);

/* Without a daemon, and of an adapter's own sessions, it is done here: only root can. */
int rescan_sessions(
	struct context *ctx, const struct session_info_list *sessions, const struct logout_events *events, struct err *err);

#endif

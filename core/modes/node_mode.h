/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What node mode does to node records. Sessions of them: session.h, login.h. */
#ifndef MODES_NODE_MODE_H
#define MODES_NODE_MODE_H

#include "modes/session_mode.h"
#include "record/settings.h"

/* What -T, -p and -I choose; each may be NULL. It points at itself: do not copy. INVAL. */
struct node_mode_select {
	struct db_filter filter;
	struct portal portal;
};
int node_mode_select(struct node_mode_select *select, const char *target, const char *portal, const char *iface, struct err *err);
/* The same for sessions. */
void node_mode_select_sessions(const struct node_mode_select *select, struct session_mode_filter *out);

/* NO_OBJS_FOUND when none matches. Free the list in any case. */
int node_mode_list(struct context *ctx, const struct node_mode_select *select, struct record_list *out, struct err *err);

/* node.startup of a record, or of a session's record (-1: it has none): which -L and -U mean. */
enum node_mode_startup { NODE_STARTUP_ALL = -2 };
/* "all", "manual", "automatic", "onboot": ALL or enum record_startup. INVAL. */
int node_mode_startup_parse(const char *text, int *out, struct err *err);
/* Those of a startup value; ALL: those that are not onboot. NO_OBJS_FOUND. */
int node_mode_list_startup(struct context *ctx, int startup, struct record_list *out, struct err *err);
/* The same of sessions, by their records; ALL holds those without a record too, but not those that an adapter made: the system may
 * have started from them. None is success. */
int node_mode_sessions_startup(struct context *ctx, int startup, struct session_info_list *out, struct err *err);

/*
 * Makes a node record from iscsid.conf and the iface's record. An existing record stays unchanged. *out: the record that the database has
 * afterwards.
 */
int node_mode_new(struct context *ctx, const struct node_mode_select *select, const struct record *iface, struct record **out,
	struct err *err);

/* All that match, or none. NO_OBJS_FOUND. */
int node_mode_update(
	struct context *ctx, const struct node_mode_select *select, const struct settings *settings, struct err *err);

/* SESS_EXISTS when one has a session; each such is told of by busy(). None matching is fine. */
int node_mode_refuse_busy(struct context *ctx, const struct node_mode_select *select,
	void (*busy)(void *arg, const struct record *node), void *arg, struct err *err);
/* Those that have a session are told of by busy() and stay: SESS_EXISTS then. NO_OBJS_FOUND. */
int node_mode_delete(struct context *ctx, const struct node_mode_select *select,
	void (*busy)(void *arg, const struct record *node), void *arg, struct err *err);

#endif

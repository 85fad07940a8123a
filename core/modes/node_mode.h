/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Node mode: node records. For their sessions see session_mode.h and login.h. */
#ifndef MODES_NODE_MODE_H
#define MODES_NODE_MODE_H

#include "modes/session_mode.h"
#include "record/settings.h"

/* The records that -T, -p and -I select; each may be NULL. The structure points into itself and must not be copied. INVAL. */
struct node_mode_select {
	struct db_filter filter;
	struct portal portal;
};
int node_mode_select(struct node_mode_select *select, const char *target, const char *portal, const char *iface, struct err *err);
/* The same selection, of sessions. */
void node_mode_select_sessions(const struct node_mode_select *select, struct session_mode_filter *out);

/* Another portal for the selection. */
void node_mode_select_portal(struct node_mode_select *select, const struct portal *portal);
/*
 * The portals that -p means: if it is a host name that no record and no session has, those of its addresses (at most max) that one
 * has; otherwise, and if there is none, the portal itself. Returns their number, at least 1. Blocks for the look-up.
 */
size_t node_mode_resolve(struct context *ctx, const struct node_mode_select *select, struct portal *out, size_t max);

/*
 * Calls fn() for each record that matches, in the order of db_node_list(). names: only the identity is needed. NO_OBJS_FOUND when
 * no record matches.
 */
int node_mode_each(
	struct context *ctx, const struct node_mode_select *select, bool names, db_node_fn *fn, void *arg, struct err *err);
/* NO_OBJS_FOUND when no record matches. The caller frees the list in every case. */
int node_mode_list(struct context *ctx, const struct node_mode_select *select, struct record_list *out, struct err *err);

/* The node.startup value that -L and -U select by. */
enum node_mode_startup { NODE_STARTUP_ALL = -2 };
/* Parses "all", "manual", "automatic" or "onboot" to NODE_STARTUP_ALL or enum record_startup. INVAL. */
int node_mode_startup_parse(const char *text, int *out, struct err *err);
/* The records of a startup value; ALL: all that are not onboot. NO_OBJS_FOUND. */
int node_mode_list_startup(struct context *ctx, int startup, struct record_list *out, struct err *err);
/*
 * The sessions whose records have a startup value. ALL includes sessions without a record, but never those that an adapter made,
 * since the system may have booted from them. An empty list is success.
 */
int node_mode_sessions_startup(struct context *ctx, int startup, struct session_info_list *out, struct err *err);

/*
 * Makes a node record from iscsid.conf and the iface's record. An existing record stays unchanged: then *made is false. *out: the
 * record that the database has afterwards.
 */
int node_mode_new(struct context *ctx, const struct node_mode_select *select, const struct record *iface, struct record **out,
	bool *made, struct err *err);

/*
 * Where the value of a record's setting comes from, in words: "default", "iscsid.conf", "discovery", "command line" (what names the
 * record), "iface", or "set by hand" (also by an iscsid.conf that has changed since).
 */
const char *node_mode_origin(const struct record *r, const struct record *conf, enum field_id id);
/* The record of the iface that a node with settings of plugins has them from, for the caller to free; NULL: none. */
struct record *node_mode_plugin_iface(struct context *ctx, const struct record *r);
/* As node_mode_origin(), of a plugin's setting that has this value: "iface", "iscsid.conf" or "set by hand". iface: may be NULL. */
const char *node_mode_plugin_origin(const struct record *conf, const struct record *iface, const char *key, const char *value);

/* No setting is "set by hand". iface: by node_mode_plugin_iface(). */
bool node_mode_is_untouched(const struct record *r, const struct record *conf, const struct record *iface);

/* Updates all records that match, as db_node_update(); watch may be NULL. NO_OBJS_FOUND. */
int node_mode_update(struct context *ctx, const struct node_mode_select *select, const struct settings *settings,
	const struct db_watch *watch, struct err *err);

typedef void node_mode_busy_fn(void *arg, const struct record *node);

/* SESS_EXISTS when a matching record has a session; busy() is called for each that has. It is no error if none matches. */
int node_mode_refuse_busy(
	struct context *ctx, const struct node_mode_select *select, node_mode_busy_fn *busy, void *arg, struct err *err);
/*
 * Deletes the matching records without a session, and calls watch->done(); calls busy() with watch->arg for the others, which stay:
 * SESS_EXISTS. NO_OBJS_FOUND.
 */
int node_mode_delete(struct context *ctx, const struct node_mode_select *select, node_mode_busy_fn *busy,
	const struct db_watch *watch, struct err *err);

#endif

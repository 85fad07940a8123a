/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Iface mode: iface records, and the node records bound to them. */
#ifndef MODES_IFACE_MODE_H
#define MODES_IFACE_MODE_H

#include "modes/node_mode.h"
#include "record/db_index.h"

/*
 * Calls fn() for all ifaces: those with a file, by name (adapters' interfaces get a file if the database is writable), then the
 * built-in ones. The path is the name.
 */
int iface_mode_each(struct context *ctx, db_node_fn *fn, void *arg, struct err *err);
/* The nodes bound to one iface after the other, by an index of all nodes. names: see db_index_each(). */
int iface_mode_index(struct context *ctx, struct db_index **out, struct err *err);
int iface_mode_nodes(struct context *ctx, const struct db_index *nodes, const char *iface, bool names, db_node_fn *fn, void *arg,
	struct err *err);
/*
 * The iface of this name; IDBM when there is none. The name of a transport is accepted too, unless the transport needs sockets or
 * a particular host: a session is then bound to the transport, and the route chooses the adapter (iscsiadm(8), -I).
 * TRANS_NOT_FOUND: the transport's plugin is missing.
 */
int iface_mode_get(struct context *ctx, const char *name, struct record **out, struct err *err);
/* The same, appended to a list. */
int iface_mode_find(struct context *ctx, const char *name, struct record_list *out, struct err *err);

/*
 * INVAL for a built-in name, and for that of a transport which needs no iface (iface_mode_get). An existing iface stays; the
 * settings are applied to it too.
 */
int iface_mode_new(struct context *ctx, const char *name, const struct settings *settings, struct err *err);
/* Sets all settings or none, also in the node records bound to the iface. */
int iface_mode_update(struct context *ctx, const char *name, const struct settings *settings, struct err *err);
/*
 * Also deletes the node records bound to it. SESS_EXISTS, and nothing is deleted, when one has a session; busy() is called for
 * each that has.
 */
int iface_mode_delete(
	struct context *ctx, const char *name, void (*busy)(void *arg, const struct record *node), void *arg, struct err *err);

/*
 * The ifaces of a discovery without -I: the software ifaces with a network interface or hardware address, or else the default
 * one.
 */
bool iface_mode_is_bound(const struct record *iface); /* a software iface with one of these */
int iface_mode_list_bound(struct context *ctx, struct record_list *out, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What iface mode does to iface records, and which nodes are bound to them. */
#ifndef MODES_IFACE_MODE_H
#define MODES_IFACE_MODE_H

#include "modes/node_mode.h"

/* Every iface: those with a file by name (adapters' interfaces get one, where it can be written), then the built-in ones. */
int iface_mode_list(struct context *ctx, struct record_list *out, struct err *err);
/*
 * One iface, IDBM when it is not known. Where none has that name a transport's will do, unless it takes sockets or a named host: the
 * session is bound to the transport then, and the route chooses the adapter (iscsiadm(8), -I). TRANS_NOT_FOUND: its plugin is missing.
 */
int iface_mode_get(struct context *ctx, const char *name, struct record **out, struct err *err);
/* The same, in a list. */
int iface_mode_find(struct context *ctx, const char *name, struct record_list *out, struct err *err);

/* A built-in name is refused (INVAL). One that is there stays as it is. */
int iface_mode_new(struct context *ctx, const char *name, struct err *err);
/* All settings or none; also in the node records bound to it. */
int iface_mode_update(struct context *ctx, const char *name, const struct settings *settings, struct err *err);
/* With the node records bound to it, unless one of them has a session: each such is told of by busy(), and SESS_EXISTS. */
int iface_mode_delete(
	struct context *ctx, const char *name, void (*busy)(void *arg, const struct record *node), void *arg, struct err *err);

/*
 * Discovery without -I: the ifaces that software sessions are bound to (those with a network interface or a
 * hardware address set), or else the default one.
 */
int iface_mode_list_bound(struct context *ctx, struct record_list *out, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transports: how the core calls a plugin. No file above this folder sees an ops table, and none tests for NULL.
 *
 * `struct plugins` (plugins.h) owns every `struct transport`, one per row of a plugin's match table, until plugins_free().
 * Everything runs on the loop's thread.
 */
#ifndef PLUGIN_TRANSPORT_H
#define PLUGIN_TRANSPORT_H

#include "base/err.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "plugin/plugins.h"
#include <miscsi/plugin.h>

struct op_private;
struct plugin;
struct record;
struct transport;

const char *transport_name(const struct transport *t);
const char *transport_proc_name(const struct transport *t);
uint64_t transport_traits(const struct transport *t); /* MISCSI_TRAIT_* */
uint64_t transport_handle(const struct transport *t); /* the kernel's; 0 until transport_open() */
bool transport_logs_in(const struct transport *t); /* the plugin logs in, not the core */
bool transport_logs_out(const struct transport *t); /* the plugin has an op for it */
bool transport_is_of(const struct transport *t, const struct plugin *p);

/*
 * One call under way. Its owner embeds it and fills in the first part before the call (transport_op_init()). Each call below ends by
 * done(), once, from the loop and never from inside the call, unless transport_cancel() comes first. err is the reason of a failure.
 */
struct transport_op {
	void (*done)(struct transport_op *op, int result);
	void *arg; /* the owner's */
	uint32_t host_no, sid, cid; /* MISCSI_NONE where there is none: transport_op_init() does that */
	/* The op's settings, by key and one after another; NULL: there are none. */
	const char *(*setting)(void *settings, const char *key);
	int (*setting_at)(void *settings, unsigned nth, const char **key, const char **value); /* -ENOENT after the last */
	void *settings;
	/* Results; NULL: dropped. Texts are already escaped. A non-zero return value is passed to the plugin, which ends the op with it. */
	int (*row)(struct transport_op *op, uint32_t index);
	int (*value)(struct transport_op *op, const char *key, const char *value, uint32_t flags);

	struct err err; /* filled */
	struct miscsi_binding binding; /* filled by transport_connect() */
	struct op_private *private; /* private from here */
	struct loop *loop;
	struct loop_task task;
	int result;
};

void transport_op_init(struct transport_op *op, void (*done)(struct transport_op *op, int result), void *arg);
static inline bool transport_op_active(const struct transport_op *op)
{
	return op->private || op->task.queued;
}
/* Cancels the call: done() will not be called, and the connection that a connect has made is closed. Harmless if nothing is under way. */
void transport_cancel(struct transport_op *op);

/* Loads the kernel module when needed, then reads the handle. MISCSI_ERR_TRANS_NOT_FOUND. */
void transport_open(struct transport *t, struct transport_op *op);
/* Connects; the result is op->binding, which the owner closes. args is copied, but its strings and address must stay. */
void transport_connect(struct transport *t, struct transport_op *op, const struct miscsi_connect_args *args);
/* Ends a binding without waiting; *b becomes none. A socket that was bound (BIND_CONN) stays open in the kernel. */
void transport_disconnect(struct transport *t, struct miscsi_binding *b);

/* Logs which of the plugin's own settings in a record are unknown or have a value that is not allowed. whose: begins the line. */
void transport_check_settings(const struct transport *t, const struct record *r, const char *whose);

/* Only where transport_logs_in(); event: the kernel's 109 for op's connection. */
void transport_login(struct transport *t, struct transport_op *op);
void transport_logout(struct transport *t, struct transport_op *op); /* only where transport_logs_out() */
void transport_login_event(struct transport_op *op, uint32_t state);
/* Return at once; op provides the settings and gets the error, and its done() is not called. */
int transport_offer(struct transport *t, struct transport_op *op, struct miscsi_params *params);
int transport_negotiated(struct transport *t, struct transport_op *op, struct miscsi_params *params);

/* The other ops of the ABI, one to one: ops.def. An op that the transport does not have fails with the error of its row. */
#define OP(table, member, ...) void transport_##table##_##member(struct transport *t, struct transport_op *op);
#define OP_ARG(table, member, limit, trait, default_op, error, text, type) \
	void transport_##table##_##member(struct transport *t, struct transport_op *op, type arg);
#include "plugin/ops.def"
#undef OP
#undef OP_ARG
/* HOST_EVENT: 1 link up, 2 link down. At once; there is no op. */
void transport_host_event(struct transport *t, uint32_t host_no, uint32_t code);
/* The kernel's 111 with the id of op, a transport_ping_send(). */
void transport_ping_event(struct transport_op *op, uint32_t status);

#endif

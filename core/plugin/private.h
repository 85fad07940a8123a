/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this folder share: the loaded plugins, their transports, the ops under way. Nobody else includes it. */
#ifndef PLUGIN_PRIVATE_H
#define PLUGIN_PRIVATE_H

#include "base/mem.h"
#include "base/strbuf.h"
#include "plugin/load.h"
#include "plugin/transport.h"

/* The ops of a plugin merged over the defaults. */
struct plugin_ops {
	struct miscsi_endpoint_ops endpoint;
	struct miscsi_login_ops login; /* NULL members: the core logs in */
	struct miscsi_param_ops param;
	struct miscsi_net_ops net;
	struct miscsi_host_ops host;
	struct miscsi_flash_ops flash;
	struct miscsi_chap_ops chap;
	struct miscsi_stats_ops stats;
	struct miscsi_ping_ops ping;
};
extern const struct plugin_ops defaults_table; /* defaults.c */

struct op_private {
	struct miscsi_op pub; /* what the plugin sees */
	struct plugin *plugin;
	struct transport *transport; /* NULL: the plugin's own op (core->self) */
	struct transport_op *owner; /* NULL: given up, or self */
	struct list node; /* plugins.ops */
	struct list timers, watches, requests, memory;
	struct loop_task release; /* frees it after the callback in which it was given up */
	struct loop_timer deadline;
	bool finished; /* result is known; nothing is taken from the plugin any more */
	bool ended; /* it is one of plugins.ended */
	bool own; /* the function is the plugin's, not a default */
	bool connecting; /* binding is what a connect made: closed when nobody takes it */
	struct miscsi_binding binding;
	struct miscsi_connect_args connect;
	void (*undo)(struct op_private *p); /* a default's own part of cancel; NULL: none */
	uint64_t endpoint; /* of the default connect: the handle, 0 none */
	struct miscsi_timer *poll;
	uint32_t poll_ms;
};

struct transport {
	struct list node; /* plugins.transports */
	struct plugin *plugin;
	struct miscsi_match match; /* merged */
	uint64_t handle, caps;
};

/* A plugin file: taken, or refused for a reason. */
struct plugin {
	struct list node; /* plugins.list, in the order of loading */
	struct plugins *ps;
	char *name, *file;
	char *refused; /* NULL: it is used */
	struct stat seen; /* the file as it was; 0: none */
	struct miscsi_plugin abi; /* merged; its ops pointers are not used: ops */
	uint32_t has; /* bit per row of the ops tables (merge.c): the plugin brought it */
	struct plugin_ops ops;
	struct miscsi_core core;
	struct op_private *self;
	bool started;
};

struct plugins {
	struct plugins_config config;
	char *dirs;
	struct list list, transports, ops, catalogue; /* ops: all op_private, the given-up ones too; catalogue: see there */
	struct list ended; /* the last ops that have ended: op.c */
	unsigned n_ended;
	struct list requests; /* those whose op has ended, waiting for their answer */
	struct list uios; /* held open (uio.h) */
	bool preloaded, catalogue_read;
};

static inline struct op_private *op_of(struct miscsi_op *op)
{
	return container_of(op, struct op_private, pub);
}
static inline struct plugins *op_plugins(const struct op_private *p)
{
	return p->plugin->ps;
}

/* merge.c: size, ABI, names, rows; fills abi, has, ops. 0 or -errno, with the reason in *err. */
int abi_merge(struct plugin *plugin, const struct miscsi_plugin *raw, struct err *err);
/* The nth row of an array of rows with sizes, copied min(size) into a zeroed one. false at the end. */
bool abi_row(const void *rows, unsigned nth, void *out, size_t size);
/* "endpoint, flash nodes …": what the plugin brought, and its traits. */
void abi_capabilities(const struct plugin *plugin, struct strbuf *out);

void op_services_init(struct plugin *plugin);
void op_services_release(struct op_private *p); /* timers, watches, requests of an op that has ended */

struct op_private *op_new(struct plugin *plugin, struct transport *t, struct transport_op *owner); /* NULL: no memory */
void op_free(struct op_private *p); /* what it owns; its own memory stays a while, for who still calls with it */
void op_forget_ended(struct plugins *ps, unsigned keep); /* of those that have ended */
void op_self_for(struct plugin *plugin, struct transport *t); /* the driver that the plugin's own requests go to; may be NULL */
/* Begins a call: NULL when it failed already (done() will say so). */
struct op_private *op_begin(struct transport *t, struct transport_op *owner);
/* The same when something before it may have failed: r is that, and stands in owner->err. */
struct op_private *op_begin_failed(struct transport *t, struct transport_op *owner, int r);
void op_returned(struct op_private *p, int result); /* what the plugin's function gave */
void op_finish(struct op_private *p, int result); /* the result is known; done() comes from the loop */
void op_give_up(struct op_private *p); /* calls the plugin's cancel and the default's undo */
void op_set_error(struct op_private *p, enum miscsi_error code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void *op_memory(struct miscsi_op *op, size_t size); /* op_alloc() of the ABI */
/* kernel.c: the kernel's side of services. */
int request_send(struct miscsi_op *op, const struct miscsi_request *r, miscsi_answer_fn fn, miscsi_answer_fn late);
void request_orphan_all(struct op_private *p);
void request_drop_all(struct plugins *ps); /* all of them, at the very end */
void transport_forget_disconnect(
	struct transport_op *op); /* at the very end: transport_disconnect()'s own, which nobody else frees */
int op_sysfs_read(struct miscsi_op *op, const char *path, char *buf, size_t size);
int op_sysfs_list(struct miscsi_op *op, const char *path, int (*fn)(void *arg, const char *name), void *arg);

#endif

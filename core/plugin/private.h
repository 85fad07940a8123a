/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The structures that the files of this folder share: loaded plugins, their transports, ops under way. No other folder includes it. */
#ifndef PLUGIN_PRIVATE_H
#define PLUGIN_PRIVATE_H

#include "base/mem.h"
#include "base/strbuf.h"
#include "plugin/transport.h"
#include "record/plugin_key.h"
#include <sys/stat.h>

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

struct op_private {
	struct miscsi_op pub; /* the part that the plugin sees */
	struct plugin *plugin;
	struct transport *transport; /* NULL: the plugin's own op (core->self) */
	struct transport_op *owner; /* NULL: given up, or self */
	struct list node; /* plugins.ops */
	struct list services, requests, works, memory;
	struct loop_task release; /* frees it after the callback in which it was given up */
	const char *name; /* "flash.list" */
	uint32_t limit_ms; /* of the time that it may continue */
	struct loop_timer deadline;
	bool finished; /* the result is known; later calls of the plugin with this op have no effect */
	bool ended; /* it is one of plugins.ended */
	bool own; /* the function is the plugin's, not a default: cancel goes to the plugin */
	bool connecting; /* binding is the result of a connect: closed if the owner goes away before done() */
	struct miscsi_binding binding;
	struct miscsi_connect_args connect;
	void (*undo)(struct op_private *p); /* a default's part of cancel, in place of the plugin's; NULL: none */
	struct op_work *work; /* that a worker does for it; NULL: none */
	struct endpoint *endpoint; /* of the default connect: its machine, in the op's memory */
};

struct transport {
	struct list node; /* plugins.transports */
	struct plugin *plugin;
	struct miscsi_match match; /* merged */
	uint64_t handle;
	bool used; /* it was found: this program stays with it */
};

/* A setting of a plugin's own, as a row of settings. */
struct plugin_field {
	struct field field;
	char key[PLUGIN_KEY_MAX + 1]; /* field.key */
};

/* A plugin file: used, or refused for a reason. */
struct plugin {
	struct list node; /* plugins.list, in the order of loading */
	struct plugins *ps;
	char *name, *file;
	char *refused; /* NULL: it is used */
	bool unopened; /* refused because it could not be opened, which may have been for lack of memory: tried again */
	bool overridden; /* the reason is that another plugin comes first, and not a fault of this one */
	struct stat seen; /* the file as it was; 0: none */
	struct miscsi_plugin abi; /* merged; its ops pointers are not used: ops */
	uint32_t has; /* bit per row of the ops tables (abi.c): the plugin brought it */
	struct plugin_ops ops;
	struct plugin_field *fields; /* owned; fields.c */
	unsigned n_fields;
	struct miscsi_core core;
	struct op_private *self;
	unsigned rank; /* the place of its directory; 0: linked into the program */
	uint64_t retry_at; /* start() failed and is called again then, by the loop's clock; 0: it did not fail */
	struct err *starting; /* gets the errors of its own op, while start() runs */
	struct worker_pool *thread; /* of its work(); NULL: not needed yet */
	char *state_dir; /* made; NULL: not needed yet, or it cannot be made */
	unsigned no_state_dir; /* the reasons that were logged (state_dir.c) */
	unsigned mistakes; /* that were logged: once for each kind (op.c) */
	bool merged; /* abi was checked: its rows may be read */
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
	struct list reports; /* events of plugins that the listener has not heard yet */
	void (*listener)(void *arg, const struct plugin *from, uint32_t event, uint32_t number);
	void *listener_arg;
	bool preloaded, catalogue_read;
	enum { TRY_EACH, TRY_ALL, TRYING, TRIED } trial; /* of files that are about to be opened (load.c) */
	bool complete; /* load_all() has run */
};

static inline struct op_private *op_of(struct miscsi_op *op)
{
	return container_of(op, struct op_private, pub);
}
static inline const char *proc_name_of(const struct transport *t)
{
	return t->match.proc_name ? t->match.proc_name : t->match.transport;
}
static inline struct plugins *op_plugins(const struct op_private *p)
{
	return p->plugin->ps;
}

/* transport.c: frees the op of a transport_disconnect(), which has no other owner, when the program ends. */
void transport_forget_disconnect(struct transport_op *op);

#endif

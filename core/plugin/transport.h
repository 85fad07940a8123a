/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transports: what the core calls when it means a plugin. Nobody above this folder sees an ops table; nobody tests for NULL.
 *
 * `struct plugins` owns all that was loaded and every `struct transport` (one per row of a plugin's match table); both live until
 * plugins_free(). Everything runs on the loop's thread.
 */
#ifndef PLUGIN_TRANSPORT_H
#define PLUGIN_TRANSPORT_H

#include "base/err.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include <miscsi/plugin.h>

struct plugins;
struct transport;
struct kernel;
struct sysfs;
struct worker_pool;

struct plugins_config {
	struct loop *loop;
	const struct log *log;
	struct kernel *kernel; /* NULL: requests fail with -ENOTCONN (discovery over a socket needs none) */
	struct sysfs *sysfs; /* NULL: the plugins see an empty /sys */
	struct worker_pool *workers; /* for module loading; NULL: modules are not loaded */
	const void *preloaded; /* libltdl's symbol list of a program that has plugins linked in; NULL: none */
	const char *dirs; /* with : between; NULL: MISCSI_PLUGIN_PATH (unless privileges differ), then PLUGINS_DIR */
	const char *dev; /* NULL: /dev */
	bool macvlan; /* an adapter's address that no device has gets one: iscsid.offload_macvlan */
};

int plugins_new(const struct plugins_config *config, struct plugins **out); /* the config is copied; -errno */
void plugins_free(struct plugins *ps); /* stops every plugin; gives up the ops under way. Before kernel_free() and loop_free() */

/* What a kernel's transport name means; loads what is needed. MISCSI_ERR_TRANS_NOT_FOUND: where was looked, or why it was refused. */
int plugins_find(struct plugins *ps, const char *name, struct transport **out, struct err *err);
/* The same by proc_name of a SCSI host, which is how a running session tells its transport. Loads all plugins when it must. */
int plugins_find_by_proc_name(struct plugins *ps, const char *proc_name, struct transport **out, struct err *err);
int plugins_served(struct plugins *ps); /* looks for plugin files that came; how many transports are served by now. -ENOMEM */
struct transport *plugins_of_host(
	struct plugins *ps, uint32_t host_no); /* the same by the host; NULL: no plugin's, or it is gone */
const char *transport_name(const struct transport *t);
const char *transport_proc_name(const struct transport *t);
uint64_t transport_traits(const struct transport *t); /* MISCSI_TRAIT_* */
uint64_t transport_handle(const struct transport *t); /* the kernel's; 0 until transport_open() */
uint64_t transport_caps(const struct transport *t); /* CAP_* bits of the kernel; 0 until transport_open() */
bool transport_logs_in(const struct transport *t); /* the plugin logs in, not the core */

/*
 * One call under way. Embedded by its owner, zeroed, the first part filled in before the call. Every call below that takes one ends
 * by done(), once, from the loop, never from inside the call, unless transport_cancel() comes first. err says why it failed.
 */
struct transport_op {
	void (*done)(struct transport_op *op, int result);
	void *arg; /* the owner's */
	uint32_t host_no, sid, cid; /* MISCSI_NONE where there is none: transport_op_init() does that */
	/* The settings the op is about, looked up by key, and walked; NULL: there are none. */
	const char *(*setting)(void *settings, const char *key);
	int (*setting_at)(void *settings, unsigned nth, const char **key, const char **value); /* -ENOENT after the last */
	void *settings;
	/* Results; NULL: dropped. Texts are escaped already. A non-zero answer ends the op with it. */
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
/* Gives the call up: done() will not be called. What a connect got meanwhile is closed. Harmless when nothing is under way. */
void transport_cancel(struct transport_op *op);

/* Loads the kernel module when needed, then reads the handle. MISCSI_ERR_TRANS_NOT_FOUND. */
void transport_open(struct transport *t, struct transport_op *op);
/* Result in op->binding, the owner's. args is copied, but for its strings and address, which must stay. */
void transport_connect(struct transport *t, struct transport_op *op, const struct miscsi_connect_args *args);
/* Ends a binding, not waited for; *b becomes none. A socket that the kernel took (BIND_CONN) stays open there. */
void transport_disconnect(struct transport *t, struct miscsi_binding *b);

/* Only where transport_logs_in(); event: the kernel's 109 for op's connection. */
void transport_login(struct transport *t, struct transport_op *op);
void transport_login_event(struct transport_op *op, uint32_t state);
/* At once; settings from op, which is not otherwise used (done is not called). */
int transport_offer(struct transport *t, struct transport_op *op, struct miscsi_params *params);
int transport_negotiated(struct transport *t, struct transport_op *op, struct miscsi_params *params);

/* The other ops of the ABI, one to one; what a missing one means stands in <miscsi/plugin.h>. */
void transport_net_apply(struct transport *t, struct transport_op *op);
void transport_net_path(struct transport *t, struct transport_op *op, struct miscsi_path *path); /* filled when done */
void transport_host_set(struct transport *t, struct transport_op *op);
void transport_host_event(struct transport *t, uint32_t host_no, uint32_t code);
void transport_flash_list(struct transport *t, struct transport_op *op);
void transport_flash_show(struct transport *t, struct transport_op *op, uint32_t index);
void transport_flash_create(struct transport *t, struct transport_op *op, const char *portal_type);
void transport_flash_set(struct transport *t, struct transport_op *op, uint32_t index);
void transport_flash_remove(struct transport *t, struct transport_op *op, uint32_t index);
void transport_flash_login(struct transport *t, struct transport_op *op, uint32_t index);
void transport_flash_logout(struct transport *t, struct transport_op *op, uint32_t index);
void transport_flash_logout_sid(struct transport *t, struct transport_op *op);
void transport_chap_list(struct transport *t, struct transport_op *op);
void transport_chap_set(struct transport *t, struct transport_op *op, uint32_t index);
void transport_chap_remove(struct transport *t, struct transport_op *op, uint32_t index);
void transport_stats_session(struct transport *t, struct transport_op *op);
void transport_stats_host(struct transport *t, struct transport_op *op);
void transport_ping(struct transport *t, struct transport_op *op, const struct miscsi_ping_args *args);
void transport_ping_event(struct transport_op *op, uint32_t status);

#endif

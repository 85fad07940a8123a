/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plugins of a program: where they are searched, what they serve, what is known of each file. `struct plugins` owns all that was
 * loaded and every transport; both live until plugins_free(). Everything runs on the loop's thread.
 */
#ifndef PLUGIN_PLUGINS_H
#define PLUGIN_PLUGINS_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct kernel;
struct log;
struct loop;
struct miscsi_match;
struct plugins;
struct sysfs;
struct transport;
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

/* Texts are escaped, never NULL, and valid during the call only. */
struct plugin_info {
	const char *name, *version, *summary;
	uint32_t abi;
	const char *transports, *modules, *capabilities; /* ", " between */
	const char *file;
	const char *refused; /* the reason; "" when it is used */
};

/* Opens every plugin there is and calls fn for each, in the order of loading; non-zero ends that and is returned. -ENOMEM. */
int plugins_each(struct plugins *ps, int (*fn)(void *arg, const struct plugin_info *info), void *arg);
/* What is served: every row of the plugins that are used, then those of plugins that are not here. */
struct plugin_served {
	const struct miscsi_match *match;
	bool here;
};
/* fn for each; its non-zero ends that and is returned. A transport comes once. -ENOMEM. */
int plugins_each_served(struct plugins *ps, int (*fn)(void *arg, const struct plugin_served *s), void *arg);
const char *plugins_dirs(const struct plugins *ps);

#endif

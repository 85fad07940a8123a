/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plugins of a program: the directories searched, the transports served, and a description of each file. `struct plugins`
 * owns all that was loaded and every transport; both live until plugins_free(). Everything runs on the loop's thread.
 */
#ifndef PLUGIN_PLUGINS_H
#define PLUGIN_PLUGINS_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel;
struct log;
struct loop;
struct miscsi_match;
struct plugins;
struct sysfs;
struct field;
struct transport;
struct helper_pool;
struct worker_pool;

/* A plugin that is linked into the program, by its entry symbol. The layout is that of libltdl's lists of symbols. */
struct plugins_linked {
	const char *name;
	const void *entry;
};

struct plugins_config {
	struct loop *loop;
	const struct log *log;
	struct kernel *kernel; /* NULL: requests fail with -ENOTCONN (discovery over a socket needs none) */
	struct sysfs *sysfs; /* NULL: the plugins see an empty /sys */
	struct helper_pool *helpers; /* for module loading; NULL: modules are not loaded */
	struct worker_pool *workers; /* for uio devices and macvlans; NULL: they are made at once */
	const struct plugins_linked *preloaded; /* plugins of the program itself, up to a row without a name; NULL: none */
	const char *dirs; /* with : between; NULL: MISCSI_PLUGIN_PATH (unless privileges differ), then PLUGINS_DIR */
	const char *dev; /* NULL: /dev */
	const char *state; /* where each plugin may have a directory; NULL: none has one */
	bool macvlan; /* iscsid.offload_macvlan: an adapter's address that no network device has gets a macvlan */
};

int plugins_new(const struct plugins_config *config, struct plugins **out); /* the config is copied; -errno */
/*
 * Stops every plugin; gives up the ops under way. Before kernel_free() and loop_free(). false: a plugin's thread hangs in its library; nothing
 * was freed, and the program must end with _exit(). NULL is nothing.
 */
bool plugins_free(struct plugins *ps);
void plugins_set_macvlan(struct plugins *ps, bool on); /* iscsid.offload_macvlan, for the next connects */

/* The transport of this name; loads its plugin. MISCSI_ERR_TRANS_NOT_FOUND names the directories searched, or why the plugin was refused. */
int plugins_find(struct plugins *ps, const char *name, struct transport **out, struct err *err);
/* The same by proc_name of a SCSI host, the only link from a running session to its transport. Loads all plugins if necessary. */
int plugins_find_by_proc_name(struct plugins *ps, const char *proc_name, struct transport **out, struct err *err);
int plugins_served(struct plugins *ps); /* loads plugins installed meanwhile; returns the number of transports. -ENOMEM */
struct transport *plugins_of_host(
	struct plugins *ps, uint32_t host_no); /* the same by the host; NULL: no plugin serves it, or the host is gone */

struct plugin_field;
/* Texts are escaped, never NULL, and valid during the call only. */
#define PLUGIN_TEXTS 8
struct plugin_info {
	union {
		struct {
			const char *name, *version, *summary, *transports, *modules, *capabilities; /* ", " between several */
			const char *file;
			const char *refused; /* the reason; "" when it is used */
		};
		const char *texts[PLUGIN_TEXTS];
	};
	uint32_t abi;
	const struct plugin_field *fields; /* its own settings: plugins_info_field() */
	unsigned n_fields; /* 0 for a refused one */
	bool overridden; /* refused only because another plugin comes before it */
};
#define PLUGIN_TEXT(member) (offsetof(struct plugin_info, member) / sizeof(char *))

/* Opens every plugin file and calls fn for each, in the order of loading; a non-zero result of fn ends the walk and is returned. -ENOMEM. */
int plugins_each(struct plugins *ps, int (*fn)(void *arg, const struct plugin_info *info), void *arg);
/* The nth setting of its own; NULL: there are fewer. */
const struct field *plugins_info_field(const struct plugin_info *info, unsigned nth);
/* A transport: first those of the plugins that are used, then those that the files of adapters list for missing plugins. */
struct plugin_served {
	const struct miscsi_match *match;
	bool here;
};
/* Calls fn for each transport, once; a non-zero result of fn ends the walk and is returned. -ENOMEM. */
int plugins_each_served(struct plugins *ps, int (*fn)(void *arg, const struct plugin_served *s), void *arg);
const char *plugins_dirs(const struct plugins *ps);

/*
 * Settings of plugins (record/plugin_key.h). The row of one; opens no other plugin's file. MISCSI_ERR_INVAL: the plugin is not there, not
 * used, or has no such setting.
 */
int plugins_field(struct plugins *ps, const char *key, const struct field **out, struct err *err);
/* Calls fn for each setting of all plugins; a non-zero result of fn ends the walk and is returned. -ENOMEM. */
int plugins_each_field(struct plugins *ps, int (*fn)(void *arg, const struct field *f), void *arg);

#endif

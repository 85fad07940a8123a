/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds plugin files, checks them, and opens them by libltdl. A plugin that was opened is never closed again. */
#ifndef PLUGIN_LOAD_H
#define PLUGIN_LOAD_H

#include "base/err.h"
#include <stdbool.h>

struct miscsi_plugin;
struct plugin;
struct plugins;
struct transport;

/* The directories to search, ":" between: env's first (NULL or privileged: left out), then the build's. NULL: no memory. */
char *load_dirs(const char *env, bool privileged);
/* Whether this process has other privileges than its caller: then the environment must not be trusted. */
bool load_privileged(void);

/*
 * Opens NAME.so, or all plugin files; those linked into the program always. A refused plugin is kept with its reason and logged
 * once; that is not a failure. -ENOMEM. load_all() reads the directories each time, since plugins are installed while a daemon
 * runs: it opens files that are new, and refused ones that have changed.
 */
int load_named(struct plugins *ps, const char *name);
int load_all(struct plugins *ps);
void load_forget(struct plugin *p); /* frees the structure of a plugin that is stopped, or was refused */

/*
 * Checks and starts a plugin that is in memory, and makes its transports. name: the file's, without .so; rank: the place of its
 * directory from 1, or 0: linked into the program. 0 if it is refused, too. -ENOMEM.
 */
int load_entry(struct plugins *ps, const char *name, const char *file, unsigned rank, const struct miscsi_plugin *raw);

/*
 * The plugin that serves a transport, of those loaded: the one that this program uses already; else the one that is named like the
 * transport; else the first by directory, then by name. NULL: none lists it. load_all() comes first, unless it is the one so named.
 */
struct transport *load_winner(const struct plugins *ps, const char *transport);

#endif

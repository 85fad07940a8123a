/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding plugin files and opening them by libltdl; the gate that each must pass. A plugin once opened is never closed again. */
#ifndef PLUGIN_LOAD_H
#define PLUGIN_LOAD_H

#include "base/err.h"
#include <stdbool.h>
#include <sys/stat.h>

struct miscsi_plugin;
struct plugin;
struct plugins;

/* The directories to search, ":" between: env's first (NULL or privileged: left out), then the build's. NULL: no memory. */
char *load_dirs(const char *env, bool privileged);
/* Do this process's privileges differ from its caller's? Then nothing of the environment is believed. */
bool load_privileged(void);

/* May this file be opened? root: the process is. 0, or -EACCES with the reason. */
int load_check_file(const struct stat *file, const struct stat *dir, bool root, struct err *err);

/*
 * Opens NAME.so wherever it is; all there are; those linked in. What is refused is kept with its reason, logged once, and no failure. -ENOMEM.
 * load_all() looks at the directories each time, for a long-lived program sees plugins come: it opens what is new, and what was refused
 * and is another file now.
 */
int load_named(struct plugins *ps, const char *name);
int load_all(struct plugins *ps);
void load_forget(struct plugin *p); /* frees the structure of a plugin that is stopped, or was refused */

/* A plugin that is in memory: the gate, start(), its transports. name is its file's without .so. -ENOMEM; a refusal is 0. */
int load_entry(struct plugins *ps, const char *name, const char *file, const struct miscsi_plugin *raw);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dynamic linker, for plugin files. A static program has none (dl_static.c). */
#ifndef PLUGIN_DL_H
#define PLUGIN_DL_H

#include <miscsi/plugin.h>

int dl_init(void); /* -ENOMEM */
const char *dl_bind(const char *file); /* opens it and binds all its symbols; NULL, or the reason */
/* Opens it, calls visit() with its entry, and closes it: nothing if either cannot be found. For a process that may end by it (trial.h). */
void dl_visit(const char *file, const char *symbol, void (*visit)(void *arg, const struct miscsi_plugin *raw), void *arg);
/* The entry of a file that was bound; it stays open. NULL: libltdl cannot open it. */
const struct miscsi_plugin *dl_entry(const char *file, const char *symbol);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plugin's own thread, for its work() (core.h of the ABI): one at a time, in order. For this folder alone. */
#ifndef PLUGIN_THREAD_H
#define PLUGIN_THREAD_H

#include "plugin/private.h"

/* The arguments were checked. -ENOMEM, or the errno of a thread that cannot be made. */
int thread_work(
	struct op_private *p, const void *data, size_t size, void (*run)(void *data), miscsi_work_fn done, miscsi_work_fn late);
/* The op has ended: work that has not begun is dropped; other work ends by `late`. */
void thread_orphan_all(struct op_private *p);
/*
 * Drops work that has not begun, waits two seconds for what has, and ends the thread. false, and a line in the log: the thread still runs, and
 * nothing of the plugin may be freed. Before stop().
 */
bool thread_end(struct plugin *plugin);

#endif

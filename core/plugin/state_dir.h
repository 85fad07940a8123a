/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directory in which a plugin keeps state of its own. For this folder alone. */
#ifndef PLUGIN_STATE_DIR_H
#define PLUGIN_STATE_DIR_H

#include "plugin/private.h"

/*
 * Its path, below plugins_config.state; made at the first call. It belongs to this user, nobody else can write or replace it, and it is in
 * memory, so that using it never waits for a disk. NULL: it cannot be made, or another user could have written there; logged.
 */
const char *state_dir_of(struct plugin *p);
void state_dir_forget(struct plugin *p);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of plugins (record/plugin_key.h) that a user has typed. */
#ifndef MODES_PLUGIN_SETTINGS_H
#define MODES_PLUGIN_SETTINGS_H

#include "modes/context.h"
#include "record/settings.h"

/*
 * Checks names and values of those among s by their plugins, and loads plugins only if there are any. An empty value removes a setting
 * from a record: for that the plugin may be missing. INVAL: *err names the setting and what is wrong.
 */
int plugin_settings_check(struct context *ctx, const struct settings *s, struct err *err);

#endif

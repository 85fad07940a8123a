/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings of a plugin's own: its table, checked, as rows of settings (record/field.h). For this folder alone. */
#ifndef PLUGIN_FIELDS_H
#define PLUGIN_FIELDS_H

#include "plugin/private.h"

/* Part of the gate: a table with a mistake refuses the plugin. -ENOMEM without a text. */
int fields_merge(struct plugin *p, struct err *err);
void fields_free(struct plugin *p);
const struct field *fields_find(const struct plugin *p, const char *key); /* NULL: the plugin has no such setting */
int fields_refuse(const struct plugin *p, const char *key, struct err *err); /* -EINVAL: *err names those that it has */
/* What the plugin reads: the value of the op's record if it is allowed, or else the default. NULL: the plugin has no such setting. */
const char *fields_value(const struct op_private *p, const char *key);
/* Whether the plugin may see a setting that has any key: of plugins, its own. Then *value is allowed, or becomes the default. */
bool fields_show(const struct op_private *p, const char *key, const char **value);

#endif

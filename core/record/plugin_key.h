/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of settings of plugins: "plugin.PLUGIN.SETTING". Records hold them as kept lines, whether the plugin is installed or not;
 * only the plugin's table (core/plugin/fields.h) knows what they mean and which values they may have.
 */
#ifndef RECORD_PLUGIN_KEY_H
#define RECORD_PLUGIN_KEY_H

#include "record/field.h"
#include <stdbool.h>

#define PLUGIN_KEY_PREFIX "plugin."
#define PLUGIN_KEY_WORD_MAX 32 /* bytes of each of both names */
#define PLUGIN_KEY_MAX (sizeof(PLUGIN_KEY_PREFIX) + 2 * PLUGIN_KEY_WORD_MAX)
#define PLUGIN_KEY_VALUE_MAX 1023

/* The text has this form. Both names have a-z, 0-9 and _ alone. */
bool plugin_key_is(const char *key);
/* The records and the file that may hold such settings: of nodes, of ifaces, iscsid.conf. Elsewhere such a line is an unknown one. */
bool plugin_key_in(enum record_kind kind);
/* The parts of a key: the plugin's name is copied, the setting's is in the key. false: it has another form. */
bool plugin_key_split(const char *key, char plugin[PLUGIN_KEY_WORD_MAX + 1], const char **setting);
/* Such a setting, taken from a record's kept line "key = value". false: the line is another one. */
bool plugin_key_line(const char *line, char key[PLUGIN_KEY_MAX + 1], const char **value);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The form of the names of plugins' settings. */
#include "record/plugin_key.h"

#include "base/mem.h"
#include <stdio.h>
#include <string.h>

#define WORD "abcdefghijklmnopqrstuvwxyz0123456789_"

bool plugin_key_in(enum record_kind kind)
{
	return kind == RECORD_NODE || kind == RECORD_IFACE || kind == RECORD_CONF;
}

static bool word_is_ok(const char *s, size_t len)
{
	return len > 0 && len <= PLUGIN_KEY_WORD_MAX && strspn(s, WORD) == len;
}

bool plugin_key_split(const char *key, char plugin[PLUGIN_KEY_WORD_MAX + 1], const char **setting)
{
	const char *name = key + strlen(PLUGIN_KEY_PREFIX), *dot;

	if (strncmp(key, PLUGIN_KEY_PREFIX, strlen(PLUGIN_KEY_PREFIX)) != 0 || !(dot = strchr(name, '.')) ||
		!word_is_ok(name, (size_t)(dot - name)) || !word_is_ok(dot + 1, strlen(dot + 1)))
		return false;
	snprintf(plugin, PLUGIN_KEY_WORD_MAX + 1, "%.*s", (int)(dot - name), name);
	*setting = dot + 1;
	return true;
}

bool plugin_key_is(const char *key)
{
	char plugin[PLUGIN_KEY_WORD_MAX + 1];
	const char *setting;

	return plugin_key_split(key, plugin, &setting);
}

bool plugin_key_line(const char *line, char key[PLUGIN_KEY_MAX + 1], const char **value)
{
	const char *separator = strstr(line, " = ");
	size_t len = separator ? (size_t)(separator - line) : 0;

	if (len == 0 || len > PLUGIN_KEY_MAX)
		return false;
	memcpy(key, line, len);
	key[len] = '\0';
	*value = separator + strlen(" = ");
	return plugin_key_is(key);
}

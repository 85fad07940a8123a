/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What core/record cannot know: whether a plugin has a setting, and which values it allows. */
#include "modes/plugin_settings.h"
#include "plugin/plugins.h"
#include "record/plugin_key.h"

#include <string.h>

static int check_setting(struct context *ctx, const char *key, const char *value, struct err *err)
{
	const struct engine *engine;
	const struct field *f;
	int rc = context_engine(ctx, &engine, err);

	if (rc >= 0)
		rc = plugins_field(engine->plugins, key, &f, err);
	return rc < 0 ? rc : field_check(f, value, NULL, err);
}

int plugin_settings_check(struct context *ctx, const struct settings *s, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < s->n; i++) {
		if (plugin_key_is(s->names[i]) && *s->values[i] && strcmp(s->values[i], "<empty>") != 0)
			rc = check_setting(ctx, s->names[i], s->values[i], err);
	}
	return rc;
}

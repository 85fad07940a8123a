/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of plugins share: a loop, a log that is kept, plugins from memory or files. */
#ifndef TESTS_PLUGIN_FIXTURE_H
#define TESTS_PLUGIN_FIXTURE_H

#include "base/loop.h"
#include "base/mem.h"
#include "plugin/load.h"
#include "plugin/transport.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct plugin_fixture {
	struct loop *loop;
	struct log log;
	char lines[8192]; /* what was logged, a line each */
	struct plugins *ps;
	uint64_t now;
};

static inline void plugin_fixture_write(void *arg, enum log_level level, const char *module, const char *text)
{
	struct plugin_fixture *w = arg;
	size_t len = strlen(w->lines);

	snprintf(w->lines + len, sizeof(w->lines) - len, "%d %s: %s\n", (int)level, module, text);
}

static inline void plugin_fixture_make(struct plugin_fixture *w, const char *dirs)
{
	struct plugins_config config = { .dirs = dirs };

	memset(w, 0, sizeof(*w));
	w->log = (struct log){ .level = LOG_LEVEL_DEBUG, .write = plugin_fixture_write, .arg = w };
	assert_int_equal(loop_new(&w->loop), 0);
	config.loop = w->loop;
	config.log = &w->log;
	assert_int_equal(plugins_new(&config, &w->ps), 0);
}

static inline void plugin_fixture_free(struct plugin_fixture *w)
{
	assert_true(plugins_free(w->ps));
	loop_free(w->loop);
}

static inline struct transport *must_find(struct plugin_fixture *w, const char *name)
{
	struct transport *t = NULL;
	struct err err = ERR_INIT;

	if (plugins_find(w->ps, name, &t, &err) < 0)
		fail_msg("%s", err.text);
	return t;
}

#endif

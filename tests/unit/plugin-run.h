/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One op of a test, run to its end, and all that came of it. Include after cmocka's headers. */
#ifndef TESTS_PLUGIN_RUN_H
#define TESTS_PLUGIN_RUN_H

#include "plugin-fixture.h"

/* An op of the test, and all that came of it. */
struct run {
	struct transport_op op;
	int done; /* how often done() was called */
	int result;
	unsigned rows;
	char values[4096]; /* "[index]" and "key=value;" in the order they came */
	uint32_t flags; /* of all values */
	const char *const *settings; /* key, value, … NULL */
};

static inline void run_done(struct transport_op *op, int result)
{
	struct run *r = op->arg;

	r->done++;
	r->result = result;
}

static inline int run_row(struct transport_op *op, uint32_t index)
{
	struct run *r = op->arg;
	size_t len = strlen(r->values);

	r->rows++;
	snprintf(r->values + len, sizeof(r->values) - len, "[%u]", index);
	return 0;
}

static inline int run_value(struct transport_op *op, const char *key, const char *value, uint32_t flags)
{
	struct run *r = op->arg;
	size_t len = strlen(r->values);

	r->flags |= flags;
	snprintf(r->values + len, sizeof(r->values) - len, "%s=%s;", key, value);
	return 0;
}

static inline int run_setting_at(void *settings, unsigned nth, const char **key, const char **value)
{
	const char *const *s = settings;

	for (unsigned i = 0; s[0]; i++, s += 2) {
		if (i != nth)
			continue;
		*key = s[0];
		*value = s[1];
		return 0;
	}
	return -ENOENT;
}

static inline const char *run_setting(void *settings, const char *key)
{
	for (const char *const *s = settings; s[0]; s += 2) {
		if (strcmp(s[0], key) == 0)
			return s[1];
	}
	return NULL;
}

static inline struct transport_op *run_begin(struct run *r, uint32_t host_no, const char *const *settings)
{
	memset(r, 0, sizeof(*r));
	transport_op_init(&r->op, run_done, r);
	r->op.host_no = host_no;
	r->op.row = run_row;
	r->op.value = run_value;
	if (settings) {
		r->op.setting = run_setting;
		r->op.setting_at = run_setting_at;
		r->op.settings = (void *)settings;
	}
	return &r->op;
}

/* Runs the loop until done(), and once more: nothing else may come. */
static inline int run_end(struct plugin_fixture *w, struct run *r)
{
	for (int i = 0; i < 2000 && !r->done; i++)
		loop_step(w->loop, 10);
	loop_step(w->loop, 0);
	assert_int_equal(r->done, 1);
	assert_false(transport_op_active(&r->op));
	return r->result;
}

#endif

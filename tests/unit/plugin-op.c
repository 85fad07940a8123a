/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of an op: results come from the loop and once, cancel ends everything, whatever the plugin does. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "plugin-run.h"
#include "plugin/private.h"
#include <netinet/in.h>
#include <unistd.h>

/* A plugin whose one op does what the test says, and counts what is done to it. */
static struct script {
	int returns; /* of connect */
	bool done_inside, done_twice, keeps_timer, watches, speaks;
	int started, stopped, cancelled, disconnected, ticks;
	struct miscsi_op *op;
	struct miscsi_binding *out;
	struct miscsi_timer *timer;
	struct miscsi_watch *watch;
	int pipe[2];
} script;

static int on_start(const struct miscsi_core *core, void **state)
{
	assert_true(core->size == sizeof(*core) && core->abi == MISCSI_ABI);
	*state = &script;
	script.started++;
	return 0;
}

static void on_stop(void *state)
{
	assert_ptr_equal(state, &script);
	script.stopped++;
}

static void on_cancel(struct miscsi_op *op)
{
	assert_ptr_equal(op, script.op);
	script.cancelled++;
}

static void tick(struct miscsi_op *op, void *arg)
{
	(void)arg;
	script.ticks++;
	assert_null(script.timer); /* the slot is empty again before the callback */
	assert_int_equal(op->core->timer(op, 1, tick, NULL, &script.timer), 0);
}

static void readable(struct miscsi_op *op, void *arg, uint32_t events)
{
	(void)arg;
	(void)events;
	script.ticks++;
	op->core->log(op, MISCSI_LOG_INFO, "%s", "tick\n\033[31m");
}

static int on_connect(struct miscsi_op *op, const struct miscsi_connect_args *args, struct miscsi_binding *out)
{
	assert_ptr_equal(op->state, &script);
	assert_int_equal(args->size, sizeof(*args));
	script.op = op;
	script.out = out;
	out->kind = MISCSI_BINDING_ENDPOINT;
	out->value = 77;
	if (script.keeps_timer)
		assert_int_equal(op->core->timer(op, 1, tick, NULL, &script.timer), 0);
	if (script.watches)
		assert_int_equal(op->core->watch(op, script.pipe[0], MISCSI_FD_READ, readable, NULL, &script.watch), 0);
	if (script.speaks)
		return op->core->set_error(op, MISCSI_ERR_TRANS_TIMEOUT, "%s", "no\nway");
	if (script.done_inside)
		op->core->op_done(op, 0);
	if (script.done_twice)
		op->core->op_done(op, -EIO);
	assert_non_null(op->core->op_alloc(op, 100));
	return script.returns;
}

static int on_disconnect(struct miscsi_op *op, const struct miscsi_binding *binding)
{
	(void)op;
	assert_int_equal(binding->value, 77);
	script.disconnected++;
	return 0;
}

static const struct miscsi_match match[] = { MISCSI_MATCH(.transport = "one"), MISCSI_END };
static const struct miscsi_endpoint_ops endpoint = {
	.size = sizeof(endpoint), .connect = on_connect, .disconnect = on_disconnect
};
static const struct miscsi_plugin plugin = { .size = sizeof(plugin),
	.abi = MISCSI_ABI,
	.name = "one",
	.match = match,
	.start = on_start,
	.stop = on_stop,
	.cancel = on_cancel,
	.endpoint = &endpoint };

static struct transport *begin(struct plugin_fixture *w)
{
	memset(&script, 0, sizeof(script));
	plugin_fixture_make(w, "");
	assert_int_equal(load_entry(w->ps, "one", "one.so", 1, &plugin), 0);
	assert_int_equal(script.started, 1);
	return must_find(w, "one");
}

static void finish(struct plugin_fixture *w)
{
	plugin_fixture_free(w);
	assert_int_equal(script.stopped, 1);
}

static void connect_it(struct transport *t, struct run *r, uint32_t timeout_ms)
{
	static const struct sockaddr_in dst = { .sin_family = AF_INET };
	const struct miscsi_connect_args args = {
		.size = sizeof(args), .timeout_ms = timeout_ms, .dst = (const struct sockaddr *)&dst, .dst_len = sizeof(dst)
	};

	transport_connect(t, run_begin(r, MISCSI_NONE, NULL), &args);
	assert_int_equal(r->done, 0); /* never from inside the call */
}

static void result_comes_from_the_loop_and_once(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w);
	struct run r;

	(void)state;
	connect_it(t, &r, 0);
	assert_int_equal(run_end(&w, &r), 0);
	assert_int_equal(r.op.binding.value, 77);

	script.returns = -EINPROGRESS;
	connect_it(t, &r, 0);
	for (int i = 0; i < 5; i++)
		loop_step(w.loop, 1);
	assert_int_equal(r.done, 0);
	script.op->core->op_done(script.op, 0);
	assert_int_equal(r.done, 0);
	assert_int_equal(run_end(&w, &r), 0);

	/* plugins that err on the strange side */
	script.done_inside = true;
	connect_it(t, &r, 0);
	assert_int_equal(run_end(&w, &r), 0);
	script.done_twice = true;
	connect_it(t, &r, 0);
	assert_int_equal(run_end(&w, &r), 0);
	assert_int_equal(script.cancelled, 0);
	finish(&w);
}

static void failure_has_a_text_even_when_the_plugin_has_none(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w);
	struct run r;

	(void)state;
	script.returns = -ECONNREFUSED;
	connect_it(t, &r, 0);
	assert_int_equal(run_end(&w, &r), -ECONNREFUSED);
	assert_int_equal(r.op.err.code, MISCSI_ERR_TRANS);
	assert_string_equal(r.op.err.text, "transport one: Connection refused");
	assert_int_equal(r.op.binding.kind, MISCSI_BINDING_NONE);

	script.speaks = true;
	connect_it(t, &r, 0);
	assert_int_equal(run_end(&w, &r), -ETIMEDOUT);
	assert_int_equal(r.op.err.code, MISCSI_ERR_TRANS_TIMEOUT);
	assert_null(strchr(r.op.err.text, '\n')); /* it may be a target's */
	finish(&w);
}

static void cancel_ends_timers_watches_and_the_op(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w);
	struct run r;

	(void)state;
	script.returns = -EINPROGRESS;
	script.keeps_timer = script.watches = true;
	assert_int_equal(pipe(script.pipe), 0);
	assert_int_equal(write(script.pipe[1], "x", 1), 1);
	connect_it(t, &r, 0);
	for (int i = 0; i < 4; i++)
		loop_step(w.loop, 5);
	assert_true(script.ticks > 2);
	assert_null(strchr(strstr(w.lines, "tick"), '\033'));
	transport_cancel(&r.op);
	assert_int_equal(script.cancelled, 1);
	assert_null(script.timer);
	assert_null(script.watch);
	script.ticks = 0;
	for (int i = 0; i < 4; i++)
		loop_step(w.loop, 5);
	assert_int_equal(script.ticks, 0);
	assert_int_equal(r.done, 0);
	transport_cancel(&r.op); /* harmless */
	assert_int_equal(script.cancelled, 1);
	close(script.pipe[0]);
	close(script.pipe[1]);
	finish(&w);
}

/* The plugin is done, the owner does not know it yet, and cancels. */
static void cancel_after_the_end_drops_the_connection(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w);
	struct run r;

	(void)state;
	connect_it(t, &r, 0);
	transport_cancel(&r.op);
	for (int i = 0; i < 3; i++)
		loop_step(w.loop, 0);
	assert_int_equal(r.done, 0);
	assert_int_equal(script.cancelled, 0);
	assert_int_equal(script.disconnected, 1);
	finish(&w);
}

/* What it left in its binding may have been closed, and be somebody else's by now. */
static void cancel_after_a_failure_drops_nothing(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w);
	struct run r;

	(void)state;
	script.returns = -EIO;
	connect_it(t, &r, 0);
	transport_cancel(&r.op);
	for (int i = 0; i < 3; i++)
		loop_step(w.loop, 0);
	assert_int_equal(r.done, 0);
	assert_int_equal(script.disconnected, 0);
	finish(&w);
}

static void connect_that_takes_too_long_is_given_up(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w);
	struct run r;

	(void)state;
	script.returns = -EINPROGRESS;
	connect_it(t, &r, 20);
	assert_int_equal(run_end(&w, &r), -ETIMEDOUT);
	assert_int_equal(script.cancelled, 1);
	assert_int_equal(r.op.err.code, MISCSI_ERR_TRANS_TIMEOUT);
	assert_string_equal(r.op.err.text, "Connection timed out");
	finish(&w);
}

static void use_it_late(struct plugin_fixture *w, struct miscsi_op *op)
{
	struct miscsi_timer *timer = NULL;
	struct miscsi_watch *watch = NULL;

	op->core->op_done(op, 0);
	assert_non_null(strstr(
		w->lines, "plugin one made a mistake in endpoint.connect: it called op_done() for an op that has ended already"));
	assert_int_equal(op->core->timer(op, 1, tick, NULL, &timer), -EINVAL);
	assert_int_equal(op->core->watch(op, 0, MISCSI_FD_READ, readable, NULL, &watch), -EINVAL);
	assert_null(op->core->op_alloc(op, 10));
	assert_null(op->core->setting(op, "iface.mtu"));
	assert_true(op->core->set_error(op, MISCSI_ERR_INVAL, "late") < 0);
	assert_int_equal(op->core->result_row(op, 1), 0);
	assert_int_equal(op->core->result(op, "a", "b", 0), 0);
	op->core->log(op, MISCSI_LOG_INFO, "late");
}

/* By its result or by being given up: the plugin's pointer is good for a complaint, and ends no other op. */
static void an_op_that_has_ended_can_do_no_harm(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w);
	struct miscsi_op *stale;
	struct run r;

	(void)state;
	script.returns = -EINPROGRESS;
	connect_it(t, &r, 0);
	stale = script.op;
	stale->core->op_done(stale, -EIO);
	assert_int_equal(run_end(&w, &r), -EIO);
	use_it_late(&w, stale);
	connect_it(t, &r, 0);
	use_it_late(&w, stale);
	for (int i = 0; i < 3; i++)
		loop_step(w.loop, 1);
	assert_int_equal(r.done, 0); /* not this one's end */

	stale = script.op;
	transport_cancel(&r.op);
	for (int i = 0; i < 3; i++)
		loop_step(w.loop, 1);
	use_it_late(&w, stale);
	finish(&w);
}

static void ended_ops_are_not_kept_for_ever(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w);
	struct run r;

	(void)state;
	for (int i = 0; i < 100; i++) {
		connect_it(t, &r, 0);
		assert_int_equal(run_end(&w, &r), 0);
	}
	assert_in_range(w.ps->n_ended, 1, 32);
	finish(&w);
}

/* ---- ops that never end ---- */

#define OP(table, member, limit, ...) \
	static int never_##table##_##member(struct miscsi_op *op) \
	{ \
		script.op = op; \
		return -EINPROGRESS; \
	} \
	static void call_##table##_##member(struct transport *t, struct transport_op *op) \
	{ \
		transport_##table##_##member(t, op); \
	}
#define OP_ARG(table, member, limit, trait, default_op, error, text, type) \
	static int never_##table##_##member(struct miscsi_op *op, type arg) \
	{ \
		(void)arg; \
		script.op = op; \
		return -EINPROGRESS; \
	} \
	static void call_##table##_##member(struct transport *t, struct transport_op *op) \
	{ \
		transport_##table##_##member(t, op, 0); \
	}
#include "plugin/ops.def"
#undef OP
#undef OP_ARG

static const struct {
	const char *name;
	unsigned limit_s;
	void (*call)(struct transport *t, struct transport_op *op);
} never_ending[] = {
#define OP(table, member, limit, ...) { #table "." #member, limit, call_##table##_##member },
#define OP_ARG OP
#include "plugin/ops.def"
#undef OP
#undef OP_ARG
};

static uint64_t clock_now(void *arg)
{
	return *(uint64_t *)arg;
}

/* A command, or a session that logs out, would wait for ever. */
static void op_that_never_ends_is_cancelled_at_its_deadline(void **state)
{
	struct plugin_ops tables = { .net = { .size = sizeof(tables.net) },
		.host = { .size = sizeof(tables.host) },
		.flash = { .size = sizeof(tables.flash) },
		.chap = { .size = sizeof(tables.chap) },
		.stats = { .size = sizeof(tables.stats) },
		.ping = { .size = sizeof(tables.ping) } };
	struct miscsi_plugin p = plugin;
	struct plugin_fixture w;
	char text[128];

	(void)state;
#define OP(table, member, ...) tables.table.member = never_##table##_##member;
#define OP_ARG OP
#include "plugin/ops.def"
#undef OP
#undef OP_ARG
	p.net = &tables.net;
	p.host = &tables.host;
	p.flash = &tables.flash;
	p.chap = &tables.chap;
	p.stats = &tables.stats;
	p.ping = &tables.ping;
	memset(&script, 0, sizeof(script));
	plugin_fixture_make(&w, "");
	w.now = 1000;
	loop_set_clock(w.loop, clock_now, &w.now);
	assert_int_equal(load_entry(w.ps, "one", "one.so", 1, &p), 0);
	for (size_t i = 0; i < ARRAY_SIZE(never_ending); i++) {
		struct run r;

		script.cancelled = 0;
		never_ending[i].call(must_find(&w, "one"), run_begin(&r, MISCSI_NONE, NULL));
		w.now += never_ending[i].limit_s * 1000 - 1;
		loop_step(w.loop, 0);
		assert_int_equal(r.done, 0);
		w.now += 1;
		for (int k = 0; k < 3; k++)
			loop_step(w.loop, 0);
		assert_int_equal(r.done, 1);
		assert_int_equal(r.result, -ETIMEDOUT);
		assert_int_equal(r.op.err.code, MISCSI_ERR_TRANS_TIMEOUT);
		snprintf(text, sizeof(text),
			"transport one: the call %s of plugin one did not end within %u s (the kernel's log may have the reason)",
			never_ending[i].name, never_ending[i].limit_s);
		assert_string_equal(r.op.err.text, text);
		assert_int_equal(script.cancelled, 1);
	}
	finish(&w);
}

/* ---- faults of a plugin ---- */

static int name_ends_walk(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return 1;
}

static int make_every_mistake(struct miscsi_op *op)
{
	static char key[MISCSI_KEY_MAX + 2], value[MISCSI_VALUE_MAX + 2];
	const struct miscsi_request request = { .size = sizeof(request), .type = ISCSI_UEVENT_PING, .payload_len = 8 };
	const struct miscsi_core *core = op->core;
	const struct miscsi_request whole = { .size = sizeof(whole), .type = ISCSI_UEVENT_GET_STATS };
	const char *text;
	char buf[8];

	memset(key, '\033', sizeof(key) - 1);
	memset(value, '\033', sizeof(value) - 1);
	assert_int_equal(core->result(op, NULL, "x", 0), -EINVAL);
	assert_int_equal(core->result(op, "", "x", 0), -EINVAL);
	assert_int_equal(core->result(op, key, "x", 0), -E2BIG);
	assert_int_equal(core->result(op, "x", value, 0), -E2BIG);
	key[MISCSI_KEY_MAX] = value[MISCSI_VALUE_MAX] = '\0'; /* the longest, which escaping makes four times as long */
	assert_int_equal(core->result(op, key, value, 0), 0);
	assert_int_equal(core->result(op, "x", NULL, 0), 0);
	assert_null(core->setting(op, NULL));
	assert_int_equal(core->timer(op, 1, NULL, NULL, &script.timer), -EINVAL);
	assert_int_equal(core->timer(op, 1, tick, NULL, NULL), -EINVAL);
	assert_int_equal(core->watch(op, 0, MISCSI_FD_READ, NULL, NULL, &script.watch), -EINVAL);
	assert_true(core->sysfs_read(op, NULL, buf, sizeof(buf)) < 0);
	assert_true(core->sysfs_list(op, NULL, name_ends_walk, NULL) < 0);
	assert_int_equal(core->request(op, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(core->request(op, &request, NULL, NULL), -EINVAL);
	assert_int_equal(core->request(op, &whole, NULL, NULL), -EINVAL);
	core->timer_stop(NULL);
	core->unwatch(NULL);
	assert_int_equal(core->sysfs_read(op, "class", NULL, sizeof(buf)), -EINVAL);
	assert_int_equal(core->sysfs_list(op, "class", NULL, NULL), -EINVAL);
	assert_int_equal(core->setting_at(op, 0, NULL, &text), -EINVAL);
	assert_int_equal(core->setting_at(op, 0, &text, NULL), -EINVAL);
	assert_int_equal(core->has(op, NULL), 0);
	assert_int_equal(core->work(op, NULL, 9, NULL, NULL, NULL), -EINVAL);
	core->log(op, 99, NULL);
	core->op_done(op, 0);
	core->op_done(op, 0);
	return -EINPROGRESS;
}

static unsigned count_of(const char *text, const char *part)
{
	unsigned n = 0;

	for (text = strstr(text, part); text; text = strstr(text + 1, part))
		n++;
	return n;
}

static void faults_of_a_plugin_are_logged_once_and_end_nothing(void **state)
{
	static const struct miscsi_stats_ops stats = { .size = sizeof(stats), .session = make_every_mistake };
	struct miscsi_plugin p = plugin;
	struct plugin_fixture w;

	(void)state;
	p.stats = &stats;
	memset(&script, 0, sizeof(script));
	plugin_fixture_make(&w, "");
	assert_int_equal(load_entry(w.ps, "one", "one.so", 1, &p), 0);
	for (int i = 0; i < 2; i++) {
		struct run r;

		transport_stats_session(must_find(&w, "one"), run_begin(&r, MISCSI_NONE, NULL));
		assert_int_equal(run_end(&w, &r), 0);
	}
	assert_int_equal(count_of(w.lines, "plugin one made a mistake in stats.session: "), 4);
	finish(&w);
}

static void plugins_may_end_with_an_op_under_way(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w);
	struct run r;

	(void)state;
	script.returns = -EINPROGRESS;
	script.keeps_timer = true;
	connect_it(t, &r, 0);
	finish(&w);
	assert_int_equal(script.cancelled, 1);
	assert_int_equal(r.done, 0);
}

static void default_ops_are_not_the_plugins_to_cancel(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w);
	struct run r;

	(void)state;
	transport_stats_session(t, run_begin(&r, MISCSI_NONE, NULL));
	transport_cancel(&r.op);
	assert_int_equal(script.cancelled, 0);
	finish(&w);
}

static void failing_allocations_end_the_op(void **state)
{
	(void)state;
	for (unsigned long nth = 1; nth < 8; nth++) {
		struct plugin_fixture w;
		struct transport *t = begin(&w);
		struct run r;

		script.returns = -EINPROGRESS;
		x_fail_at(nth);
		transport_stats_session(t, run_begin(&r, MISCSI_NONE, NULL));
		x_fail_at(0);
		assert_true(run_end(&w, &r) < 0);
		assert_int_not_equal(r.op.err.code, MISCSI_ERR_OK);
		finish(&w);
	}
}

/* What connect() returns is used as a descriptor, or given to the kernel: only what the traits promise gets there. */
static void connection_of_a_wrong_kind_is_refused(void **state)
{
	static const struct {
		uint64_t trait;
		struct miscsi_binding binding;
	} wrong[] = {
		{ 0, { .kind = MISCSI_BINDING_NONE } }, { 0, { .kind = MISCSI_BINDING_SOCKET, .value = 0 } },
		{ 0, { .kind = 3, .value = 1 } }, { 0, { .kind = 0xffffffffu, .value = 1 } },
		{ MISCSI_TRAIT_SOCKET, { .kind = MISCSI_BINDING_NONE } },
		{ MISCSI_TRAIT_SOCKET, { .kind = MISCSI_BINDING_ENDPOINT, .value = 1 } },
		{ MISCSI_TRAIT_SOCKET, { .kind = MISCSI_BINDING_SOCKET, .value = 1023 } }, /* not open */
		{ MISCSI_TRAIT_SOCKET, { .kind = MISCSI_BINDING_SOCKET, .value = UINT64_MAX } },
		{ MISCSI_TRAIT_SOCKET, { .kind = MISCSI_BINDING_SOCKET, .value = 0x100000000u } }, /* 0 as an int */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct plugin_fixture w;
		struct transport *t = begin(&w);
		struct run r;

		t->match.traits |= wrong[i].trait;
		script.returns = -EINPROGRESS;
		connect_it(t, &r, 0);
		script.out->kind = wrong[i].binding.kind;
		script.out->value = wrong[i].binding.value;
		script.op->core->op_done(script.op, 0);
		if (run_end(&w, &r) >= 0)
			fail_msg("row %zu is accepted", i);
		assert_int_equal(r.op.binding.kind, MISCSI_BINDING_NONE);
		assert_int_equal(r.op.err.code, MISCSI_ERR_INTERNAL);
		assert_non_null(strstr(r.op.err.text, "plugin one returned no usable connection"));
		assert_non_null(strstr(w.lines, "plugin one made a mistake in endpoint.connect: "));
		assert_int_equal(script.disconnected, 0);
		finish(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(result_comes_from_the_loop_and_once),
		cmocka_unit_test(failure_has_a_text_even_when_the_plugin_has_none),
		cmocka_unit_test(cancel_ends_timers_watches_and_the_op),
		cmocka_unit_test(cancel_after_the_end_drops_the_connection),
		cmocka_unit_test(cancel_after_a_failure_drops_nothing),
		cmocka_unit_test(connect_that_takes_too_long_is_given_up),
		cmocka_unit_test(an_op_that_has_ended_can_do_no_harm),
		cmocka_unit_test(ended_ops_are_not_kept_for_ever),
		cmocka_unit_test(op_that_never_ends_is_cancelled_at_its_deadline),
		cmocka_unit_test(faults_of_a_plugin_are_logged_once_and_end_nothing),
		cmocka_unit_test(plugins_may_end_with_an_op_under_way),
		cmocka_unit_test(default_ops_are_not_the_plugins_to_cancel),
		cmocka_unit_test(failing_allocations_end_the_op),
		cmocka_unit_test(connection_of_a_wrong_kind_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gate: plugins of another ABI, of other sizes, with holes; each taken or refused as the rules of <miscsi/plugin.h> say. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "plugin-run.h"
#include "plugin/plugins.h"

static const struct miscsi_match one_match[] = { MISCSI_MATCH(.transport = "one", .module = "mod_one"), MISCSI_END };
static const struct miscsi_plugin good = { .size = sizeof(good), .abi = MISCSI_ABI, .name = "one", .match = one_match };

static int ping_calls;

static int ping_ok(struct miscsi_op *op, const struct miscsi_ping_args *args)
{
	(void)op;
	(void)args;
	ping_calls++;
	return 0;
}

/* Takes it as one.so; the reason of the refusal, or NULL when it serves transport "one". The fixture stays for more. */
static const char *take(struct plugin_fixture *w, const struct miscsi_plugin *raw)
{
	struct transport *t;
	struct err err = ERR_INIT;
	static char reason[600];

	assert_int_equal(load_entry(w->ps, "one", "/dir/one.so", raw), 0);
	if (plugins_find(w->ps, "one", &t, &err) == 0)
		return NULL;
	assert_int_equal(err.code, MISCSI_ERR_TRANS_NOT_FOUND);
	snprintf(reason, sizeof(reason), "%s", err.text);
	return reason;
}

static void refused(const struct miscsi_plugin *raw, const char *why)
{
	struct plugin_fixture w;
	const char *reason;

	plugin_fixture_make(&w, "");
	reason = take(&w, raw);
	assert_non_null(reason);
	assert_non_null(strstr(reason, "/dir/one.so"));
	if (!strstr(reason, why))
		fail_msg("'%s' does not say '%s'", reason, why);
	assert_non_null(strstr(w.lines, why));
	plugin_fixture_free(&w);
}

static int start_fails(const struct miscsi_core *core, void **state)
{
	(void)core;
	(void)state;
	return -EIO;
}

static void gate_names_what_is_wrong(void **state)
{
	static const struct miscsi_match no_rows[] = { MISCSI_END };
	static const struct miscsi_match no_name[] = { MISCSI_MATCH(.module = "x"), MISCSI_END };
	static const struct miscsi_match slash[] = { MISCSI_MATCH(.transport = "../one"), MISCSI_END };
	static const struct miscsi_match module[] = { MISCSI_MATCH(.transport = "one", .module = "a b"), MISCSI_END };
	static const struct miscsi_ping_ops tiny = { .size = 4 };
	static const struct miscsi_login_ops half = { .size = sizeof(half), .start = NULL };
	struct miscsi_plugin p = good;

	(void)state;
	p.abi = 2;
	refused(&p, "made for plugin ABI 2; this program has ABI 1");
	p = good;
	p.size = 8;
	refused(&p, "has an invalid size of 8 bytes");
	p = good;
	p.name = NULL;
	refused(&p, "its name is empty");
	p = good;
	p.name = "";
	refused(&p, "its name is empty");
	p = good;
	p.name = "One";
	refused(&p, "characters other than");
	p = good;
	p.name = "two";
	refused(&p, "has the name 'two', its file 'one'");
	p = good;
	p.match = NULL;
	refused(&p, "names no transport");
	p = good;
	p.match = no_rows;
	refused(&p, "names no transport");
	p = good;
	p.match = no_name;
	refused(&p, "row 1 of its match table has no transport name");
	p = good;
	p.match = slash;
	refused(&p, "row 1 of its match table");
	p = good;
	p.match = module;
	refused(&p, "bad module name");
	p = good;
	p.ping = &tiny;
	refused(&p, "table 'ping' has an invalid size of 4 bytes");
	p = good;
	p.traits = MISCSI_TRAIT_FIRMWARE_LOGIN;
	p.login = &half;
	refused(&p, "no login op");
	p = good;
	p.traits = MISCSI_TRAIT_SOCKET;
	refused(&p, "no connect op");
	p = good;
	p.start = start_fails;
	refused(&p, "its start() failed: Input/output error");
}

/* A plugin of the first day: its structure ends behind `match`. What lies behind it in memory is not looked at. */
static void older_plugin_is_merged_over_defaults(void **state)
{
	struct {
		unsigned char head[offsetof(struct miscsi_plugin, traits)];
		unsigned char behind[512];
	} memory;
	struct miscsi_plugin p = good;
	struct plugin_fixture w;
	struct run r;
	struct miscsi_ping_args args = { .size = sizeof(args) };

	(void)state;
	p.size = sizeof(memory.head);
	memset(&memory, 0xff, sizeof(memory));
	memcpy(memory.head, &p, sizeof(memory.head));
	plugin_fixture_make(&w, "");
	assert_null(take(&w, (const struct miscsi_plugin *)(void *)&memory));
	transport_ping_send(must_find(&w, "one"), run_begin(&r, MISCSI_NONE, NULL), &args);
	assert_int_equal(run_end(&w, &r), -EOPNOTSUPP);
	assert_int_equal(r.op.err.code, MISCSI_ERR_OP_NOT_SUPP);
	assert_string_equal(r.op.err.text, "ping: not supported by transport one");
	plugin_fixture_free(&w);
}

/* Tables shorter and longer than ours. */
static void ops_tables_are_merged_by_their_size(void **state)
{
	struct {
		uint32_t size, reserved;
		int (*send)(struct miscsi_op *op, const struct miscsi_ping_args *args);
		void *behind;
	} short_table = { .size = offsetof(struct miscsi_ping_ops, event), .send = ping_ok, .behind = (void *)1 };
	struct {
		struct miscsi_ping_ops known;
		void *unknown[8];
	} long_table = { .known = { .size = sizeof(long_table), .send = ping_ok }, .unknown = { (void *)1, (void *)1 } };
	const void *tables[] = { &short_table, &long_table };
	struct miscsi_ping_args args = { .size = sizeof(args) };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct miscsi_plugin p = good;
		struct plugin_fixture w;
		struct run r;

		p.ping = tables[i];
		plugin_fixture_make(&w, "");
		assert_null(take(&w, &p));
		ping_calls = 0;
		transport_ping_send(must_find(&w, "one"), run_begin(&r, MISCSI_NONE, NULL), &args);
		transport_ping_event(&r.op, 0); /* the event that the table does not have: the default's */
		assert_int_equal(run_end(&w, &r), 0);
		assert_int_equal(ping_calls, 1);
		plugin_fixture_free(&w);
	}
}

static void plugin_from_the_future_is_taken(void **state)
{
	struct {
		struct miscsi_plugin known;
		void *unknown[16];
	} p = { .unknown = { (void *)1 } };
	struct {
		struct miscsi_match known;
		void *unknown[2];
	} rows[3] = { { .known = { .size = sizeof(rows[0]), .transport = "one" } },
		{ .known = { .size = sizeof(rows[0]), .transport = "two", .traits = MISCSI_TRAIT_RDMA } } };
	struct plugin_fixture w;

	(void)state;
	p.known = good;
	p.known.size = sizeof(p);
	p.known.match = &rows[0].known;
	p.known.traits = MISCSI_TRAIT_THROUGH_HOST;
	plugin_fixture_make(&w, "");
	assert_null(take(&w, &p.known));
	/* the second row was found by the stamped size of the first; traits of the row come to those of the plugin */
	assert_true(transport_traits(must_find(&w, "two")) == (MISCSI_TRAIT_RDMA | MISCSI_TRAIT_THROUGH_HOST));
	assert_true(transport_traits(must_find(&w, "one")) == MISCSI_TRAIT_THROUGH_HOST);
	plugin_fixture_free(&w);
}

static void first_plugin_of_a_name_or_transport_wins(void **state)
{
	static const struct miscsi_match both[] = { MISCSI_MATCH(.transport = "new"), MISCSI_MATCH(.transport = "one"),
		MISCSI_END };
	struct miscsi_plugin p = good, other = good;
	struct plugin_fixture w;
	struct transport *t;

	(void)state;
	other.name = "other";
	other.match = both;
	plugin_fixture_make(&w, "");
	assert_null(take(&w, &p));
	assert_int_equal(load_entry(w.ps, "one", "/later/one.so", &p), 0);
	assert_non_null(strstr(w.lines, "/later/one.so is not used: plugin 'one' is already loaded from /dir/one.so"));
	assert_int_equal(load_entry(w.ps, "other", "/dir/other.so", &other), 0);
	assert_non_null(strstr(w.lines, "/dir/one.so already supports transport 'one'"));
	/* nothing of the refused one is left */
	assert_int_equal(plugins_find(w.ps, "new", &t, NULL), -ENODEV);
	plugin_fixture_free(&w);
}

static void host_finds_its_transport_by_proc_name(void **state)
{
	static const struct miscsi_match rows[] = { MISCSI_MATCH(.transport = "one", .proc_name = "drv_one"),
		MISCSI_MATCH(.transport = "two"), MISCSI_END };
	struct miscsi_plugin p = good;
	struct plugin_fixture w;
	struct transport *t;
	struct err err = ERR_INIT;

	(void)state;
	p.match = rows;
	plugin_fixture_make(&w, "");
	assert_null(take(&w, &p));
	assert_int_equal(plugins_find_by_proc_name(w.ps, "drv_one", &t, &err), 0);
	assert_string_equal(transport_name(t), "one");
	assert_int_equal(plugins_find_by_proc_name(w.ps, "two", &t, &err), 0);
	assert_int_equal(plugins_find_by_proc_name(w.ps, "one", &t, &err), -ENODEV);
	assert_int_equal(err.code, MISCSI_ERR_TRANS_NOT_FOUND);
	plugin_fixture_free(&w);
}

static int no_memory_once(void *arg, const struct plugin_info *info)
{
	(void)arg;
	assert_string_equal(info->refused, "");
	return 0;
}

static void failing_allocations_leave_nothing(void **state)
{
	struct miscsi_plugin p = good;

	(void)state;
	for (unsigned long nth = 1;; nth++) {
		struct plugin_fixture w;
		int r;

		plugin_fixture_make(&w, "");
		x_fail_at(nth);
		r = load_entry(w.ps, "one", "/dir/one.so", &p);
		x_fail_at(0);
		if (r == 0 && !strstr(w.lines, "not used")) {
			plugin_fixture_free(&w);
			break;
		}
		/* not the plugin's fault: the next attempt takes it */
		assert_int_equal(r, -ENOMEM);
		assert_null(take(&w, &p));
		assert_int_equal(plugins_each(w.ps, no_memory_once, NULL), 0);
		plugin_fixture_free(&w);
		assert_true(nth < 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gate_names_what_is_wrong),
		cmocka_unit_test(older_plugin_is_merged_over_defaults),
		cmocka_unit_test(ops_tables_are_merged_by_their_size),
		cmocka_unit_test(plugin_from_the_future_is_taken),
		cmocka_unit_test(first_plugin_of_a_name_or_transport_wins),
		cmocka_unit_test(host_finds_its_transport_by_proc_name),
		cmocka_unit_test(failing_allocations_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

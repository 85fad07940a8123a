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
#include "plugin/private.h"

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

	assert_int_equal(load_entry(w->ps, "one", "/dir/one.so", 1, raw), 0);
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
	static const char *const needs[] = { "UIO", "request", "flash.list", "flash.format", NULL };
	struct miscsi_plugin p = good;

	(void)state;
	p.abi = 2;
	refused(&p, "built for plugin ABI 2, and this program has ABI 1");
	p = good;
	p.size = 8;
	refused(&p, "has an invalid size of 8 bytes");
	p = good;
	p.name = NULL;
	refused(&p, "the name in its struct miscsi_plugin is empty");
	p = good;
	p.name = "";
	refused(&p, "the name in its struct miscsi_plugin is empty");
	p = good;
	p.name = "One";
	refused(&p, "characters other than");
	p = good;
	p.name = "two";
	refused(&p, "has the name 'two', but the file has the name 'one'");
	p = good;
	p.match = NULL;
	refused(&p, "names no transport");
	p = good;
	p.match = no_rows;
	refused(&p, "names no transport");
	p = good;
	p.match = no_name;
	refused(&p, "in row 1 of its match table, the name of the transport is empty");
	p = good;
	p.match = slash;
	refused(&p, "row 1 of its match table");
	p = good;
	p.match = module;
	refused(&p, "the name of the kernel module is empty");
	p = good;
	p.ping = &tiny;
	refused(&p, "table of ops 'ping' has an invalid size of 4 bytes");
	p = good;
	p.traits = MISCSI_TRAIT_FIRMWARE_LOGIN;
	p.login = &half;
	refused(&p, "no function for it (login.start)");
	p = good;
	p.traits = MISCSI_TRAIT_SOCKET;
	refused(&p, "no function for it (endpoint.connect)");
	p = good;
	p.start = start_fails;
	refused(&p, "its start() failed, and miscsi tries it again later: Input/output error");
	p = good;
	p.needs = needs;
	refused(&p, "it needs flash.format, which miscsi " PACKAGE_VERSION " does not have: upgrade miscsi");
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
	assert_string_equal(r.op.err.text, "transport one does not support pings");
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

/* A plugin with these rows, loaded as NAME.so of the directory of that rank. */
static void load_as(struct plugin_fixture *w, const char *name, unsigned rank, const struct miscsi_match *rows)
{
	static struct miscsi_plugin plugins[16];
	static unsigned n;
	struct miscsi_plugin *p = &plugins[n++ % 16];
	char file[64];

	*p = good;
	p->name = name;
	p->match = rows;
	snprintf(file, sizeof(file), "/%u/%s.so", rank, name);
	assert_int_equal(load_entry(w->ps, name, file, rank, p), 0);
}

static void supports(struct plugin_fixture *w, const char *transport, const char *file)
{
	assert_string_equal(must_find(w, transport)->plugin->file, file);
}

static const struct miscsi_match one_and_two[] = { MISCSI_MATCH(.transport = "one"), MISCSI_MATCH(.transport = "two"),
	MISCSI_END };
static const struct miscsi_match two_and_three[] = { MISCSI_MATCH(.transport = "three"), MISCSI_MATCH(.transport = "two"),
	MISCSI_END };

/* Whatever was loaded first: the plugin with the transport's name, else the first directory, else the first name. */
static void one_rule_decides_between_plugins_of_a_transport(void **state)
{
	static const struct {
		const char *name;
		unsigned rank;
		const struct miscsi_match *rows;
	} plugins[] = { { "zero", 1, one_and_two }, { "one", 2, one_match }, { "late", 2, two_and_three },
		{ "early", 1, two_and_three } };
	static const unsigned orders[][4] = { { 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 2, 0, 3, 1 }, { 1, 3, 0, 2 } };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct plugin_fixture w;

		plugin_fixture_make(&w, "");
		for (unsigned k = 0; k < 4; k++)
			load_as(&w, plugins[orders[i][k]].name, plugins[orders[i][k]].rank, plugins[orders[i][k]].rows);
		supports(&w, "one", "/2/one.so");
		supports(&w, "two", "/1/early.so");
		supports(&w, "three", "/1/early.so");
		plugin_fixture_free(&w);
	}
}

static void first_plugin_of_a_name_wins(void **state)
{
	struct plugin_fixture w;

	(void)state;
	plugin_fixture_make(&w, "");
	load_as(&w, "one", 1, one_match);
	load_as(&w, "one", 2, one_match);
	assert_non_null(strstr(w.lines,
		"/2/one.so is not used: plugin 'one' is already loaded from /1/one.so: to use this file instead, remove that "
		"one"));
	/* all its rows are taken: it is not even started */
	load_as(&w, "other", 1, one_match);
	assert_non_null(strstr(w.lines,
		"/1/other.so is not used: plugin /1/one.so already supports transport 'one': to use this plugin instead, remove "
		"that one"));
	/* a part of them */
	load_as(&w, "third", 1, one_and_two);
	supports(&w, "one", "/1/one.so");
	supports(&w, "two", "/1/third.so");
	plugin_fixture_free(&w);
}

/* Sessions hold on to the transport: a plugin that comes later, and would come first, serves programs that start after it. */
static void transport_in_use_stays(void **state)
{
	struct plugin_fixture w;

	(void)state;
	plugin_fixture_make(&w, "");
	load_as(&w, "zero", 1, one_and_two);
	supports(&w, "one", "/1/zero.so");
	load_as(&w, "one", 1, one_match);
	supports(&w, "one", "/1/zero.so");
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

static int starts, starts_until_success;

static int start_later(const struct miscsi_core *core, void **state)
{
	if (++starts < starts_until_success)
		return core->set_error(core->self, MISCSI_ERR_BUSY, "device %d\nis in use", 7);
	*state = &starts;
	return 0;
}

static void refused_as(struct plugin_fixture *w, const struct miscsi_plugin *raw, const char *text)
{
	const char *reason = take(w, raw);

	if (!reason || !strstr(reason, text))
		fail_msg("'%s' does not contain '%s'", reason ? reason : "", text);
}

static uint64_t clock_now(void *arg)
{
	return *(uint64_t *)arg;
}

/* What start() needs may come later. Its own text is told; it is not called again at each need. */
static void start_that_failed_is_called_again_after_a_pause(void **state)
{
	struct miscsi_plugin p = good;
	struct plugin_fixture w;
	struct transport *t;
	struct err err = ERR_INIT;
	char *once;

	(void)state;
	p.start = start_later;
	starts = 0;
	starts_until_success = 3;
	plugin_fixture_make(&w, "");
	w.now = 1000;
	loop_set_clock(w.loop, clock_now, &w.now);
	refused_as(&w, &p,
		"/dir/one.so for transport 'one' is not used: its start() failed, and miscsi tries it again later: device "
		"7\\x0ais in "
		"use");
	assert_int_equal(plugins_find(w.ps, "one", &t, &err), -ENODEV);
	assert_int_equal(starts, 1);
	w.now += 5000;
	assert_int_equal(plugins_find(w.ps, "one", &t, &err), -ENODEV);
	assert_int_equal(starts, 2);
	once = strstr(w.lines, "is not used");
	assert_non_null(once);
	assert_null(strstr(once + 1, "is not used")); /* the same reason is logged once */
	w.now += 4999;
	assert_int_equal(plugins_find(w.ps, "one", &t, &err), -ENODEV);
	w.now += 1;
	must_find(&w, "one");
	assert_int_equal(starts, 3);
	assert_non_null(strstr(w.lines, "is used now"));
	plugin_fixture_free(&w);
}

/* Its file has another name than the transport, and no file of adapters is there: "install a package" would be wrong advice. */
static void refused_plugin_is_named_for_its_transports(void **state)
{
	struct miscsi_plugin p = good;
	struct plugin_fixture w;
	struct transport *t;
	struct err err = ERR_INIT;

	(void)state;
	p.match = two_and_three;
	p.start = start_fails;
	plugin_fixture_make(&w, "");
	assert_int_equal(load_entry(w.ps, "one", "/dir/one.so", 1, &p), 0);
	assert_int_equal(plugins_find(w.ps, "three", &t, &err), -ENODEV);
	assert_non_null(strstr(err.text,
		"plugin /dir/one.so for transport 'three' is not used: its start() failed, and miscsi tries it again later: "
		"Input/output error"));
	/* of another transport it may be the missing one: who knows */
	assert_int_equal(plugins_find(w.ps, "four", &t, &err), -ENODEV);
	assert_non_null(strstr(err.text, "no plugin for transport 'four' in"));
	assert_non_null(strstr(err.text, "/dir/one.so is not used: its start() failed"));
	assert_null(strstr(err.text, "install"));
	/* a host whose driver no plugin knows has no transport */
	assert_int_equal(plugins_find(w.ps, "", &t, &err), -ENODEV);
	assert_non_null(strstr(err.text, "supports the driver of the SCSI host"));
	plugin_fixture_free(&w);
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
		r = load_entry(w.ps, "one", "/dir/one.so", 1, &p);
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
		cmocka_unit_test(one_rule_decides_between_plugins_of_a_transport),
		cmocka_unit_test(first_plugin_of_a_name_wins),
		cmocka_unit_test(transport_in_use_stays),
		cmocka_unit_test(start_that_failed_is_called_again_after_a_pause),
		cmocka_unit_test(refused_plugin_is_named_for_its_transports),
		cmocka_unit_test(host_finds_its_transport_by_proc_name),
		cmocka_unit_test(failing_allocations_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of a plugin's own: the gate of their tables, what ops read, what a record with a mistake causes, what programs are told. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "plugin-run.h"
#include "plugin/private.h"
#include "record/record.h"

static const struct miscsi_match one_match[] = { MISCSI_MATCH(.transport = "one"), MISCSI_END };
#define NUMBER(n, d) MISCSI_FIELD(.kind = MISCSI_FIELD_NUMBER, .name = n, .def = d, .help = "A number.", .min = -5, .max = 50)
static const struct miscsi_field fields[] = {
	NUMBER("depth", "8"),
	MISCSI_FIELD(.kind = MISCSI_FIELD_BOOL, .name = "fast", .def = "Yes", .help = "Whether it is fast."),
	MISCSI_FIELD(.kind = MISCSI_FIELD_CHOICE, .name = "mode", .def = "slow", .words = "slow quick", .help = "The mode."),
	MISCSI_FIELD(.kind = MISCSI_FIELD_TEXT, .name = "label", .help = "A label.", .max = 9),
	MISCSI_FIELD_END,
};

static char seen[256];

/* Each setting as the plugin reads it. */
static int one_host(struct miscsi_op *op)
{
	static const char *const keys[] = { "plugin.one.depth", "plugin.one.fast", "plugin.one.mode", "plugin.one.label" };

	*seen = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s;", op->core->setting(op, keys[i]));
	return 0;
}

MISCSI_OPS(stats, stats, .host = one_host);
static const struct miscsi_plugin good = { .size = sizeof(good),
	.abi = MISCSI_ABI,
	.name = "one",
	.match = one_match,
	.traits = MISCSI_TRAIT_OWN_HOSTS,
	.stats = &stats,
	.fields = fields };

static void refused(const struct miscsi_field *rows, const char *why)
{
	struct plugin_fixture w;
	struct miscsi_plugin p = good;
	struct transport *t;
	struct err err = ERR_INIT;

	p.fields = rows;
	plugin_fixture_make(&w, "");
	assert_int_equal(load_entry(w.ps, "one", "/dir/one.so", 1, &p), 0);
	assert_true(plugins_find(w.ps, "one", &t, &err) < 0);
	if (!strstr(err.text, why))
		fail_msg("'%s' does not contain '%s'", err.text, why);
	plugin_fixture_free(&w);
}

#define ROW(why, ...) \
	refused((const struct miscsi_field[]){ MISCSI_FIELD(__VA_ARGS__), MISCSI_FIELD_END }, \
		"in row 1 of its table of settings, " why)
#define N_ .kind = MISCSI_FIELD_NUMBER, .name = "n", .help = "A number."

static void a_wrong_table_is_refused_by_its_row(void **state)
{
	static char long_text[2000];

	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	ROW("kind is not one of", .kind = 0, .name = "n", .help = "x");
	ROW("kind is not one of", .kind = 5, .name = "n", .help = "x");
	ROW("kind is not one of", .kind = 0xffffffffu, .name = "n", .help = "x");
	ROW("the name of the setting is empty", .kind = MISCSI_FIELD_BOOL, .def = "No", .help = "x");
	ROW("the name of the setting is empty", .kind = MISCSI_FIELD_BOOL, .name = "", .def = "No", .help = "x");
	ROW("the name of the setting is empty", .kind = MISCSI_FIELD_BOOL, .name = "a.b", .def = "No", .help = "x");
	ROW("the name of the setting is empty", .kind = MISCSI_FIELD_BOOL, .name = "a = 1\nnode.startup", .def = "No",
		.help = "x");
	ROW("the name of the setting is empty", .kind = MISCSI_FIELD_BOOL, .name = long_text, .def = "No", .help = "x");
	ROW("help must be one line", .kind = MISCSI_FIELD_BOOL, .name = "n", .def = "No");
	ROW("help must be one line", .kind = MISCSI_FIELD_BOOL, .name = "n", .def = "No", .help = "a\033[2Jb");
	ROW("help must be one line", .kind = MISCSI_FIELD_BOOL, .name = "n", .def = "No", .help = long_text);
	ROW("the default value is wrong: plugin.one.n: '' is not allowed", N_, .min = 0, .max = 9);
	ROW("the default value is wrong: plugin.one.n: '10' is not allowed", N_, .def = "10", .min = 0, .max = 9);
	ROW("the default is longer", N_, .def = long_text, .min = 0, .max = 9);
	ROW("min is greater", N_, .def = "1", .min = 9, .max = 0);
	ROW("the default value is wrong", .kind = MISCSI_FIELD_BOOL, .name = "n", .def = "1", .help = "x");
	ROW("words must be", .kind = MISCSI_FIELD_BOOL, .name = "n", .def = "No", .words = "No Yes", .help = "x");
	ROW("words must be", .kind = MISCSI_FIELD_CHOICE, .name = "n", .def = "a", .help = "x");
	ROW("words must be", .kind = MISCSI_FIELD_CHOICE, .name = "n", .def = "a", .words = "a", .help = "x");
	ROW("words must be", .kind = MISCSI_FIELD_CHOICE, .name = "n", .def = "a", .words = "a  b", .help = "x");
	ROW("words must be", .kind = MISCSI_FIELD_CHOICE, .name = "n", .def = "a", .words = "a b a", .help = "x");
	ROW("words must be", .kind = MISCSI_FIELD_CHOICE, .name = "n", .def = "a", .words = long_text, .help = "x");
	ROW("the default value is wrong", .kind = MISCSI_FIELD_CHOICE, .name = "n", .def = "c", .words = "a b", .help = "x");
	ROW("max must be", .kind = MISCSI_FIELD_TEXT, .name = "n", .help = "x");
	ROW("max must be", .kind = MISCSI_FIELD_TEXT, .name = "n", .help = "x", .max = 1024);
	ROW("the default value is wrong", .kind = MISCSI_FIELD_TEXT, .name = "n", .help = "x", .def = "four", .max = 3);
	refused((const struct miscsi_field[]){ NUMBER("a", "1"), NUMBER("a", "1"), MISCSI_FIELD_END },
		"in row 2 of its table of settings, the name of the setting is that of an earlier row");
}

/* Every size from 4 to 512, in the first row and in a later one: a row that is longer than ours is used, any other refused. */
static void rows_have_their_own_size(void **state)
{
	const uint32_t least = sizeof(struct miscsi_field);

	(void)state;
	for (uint32_t size = 4; size <= 512; size++) {
		for (unsigned before = 0; before < 2; before++) {
			unsigned char table[2048] = { 0 }, *at = table;
			struct miscsi_field row = NUMBER("a", "1");
			bool is_good = size >= least && size % sizeof(void *) == 0;
			struct miscsi_plugin p = good;
			struct plugin_fixture w;
			const struct field *f;

			if (before) {
				memcpy(at, &row, sizeof(row));
				at += sizeof(row);
			}
			row.name = "b";
			row.size = size;
			memcpy(at, &row, sizeof(row));
			p.fields = (const struct miscsi_field *)table;
			plugin_fixture_make(&w, "");
			assert_int_equal(load_entry(w.ps, "one", "/dir/one.so", 1, &p), 0);
			if ((plugins_field(w.ps, "plugin.one.b", &f, NULL) == 0) != is_good)
				fail_msg("size %u in row %u: %s", size, before + 1, w.lines);
			assert_true(is_good || strstr(w.lines, "the size of the row is invalid"));
			plugin_fixture_free(&w);
		}
	}
}

static void a_table_without_end_is_refused(void **state)
{
	struct miscsi_field *rows = calloc(80, sizeof(*rows));
	char names[80][8];

	(void)state;
	for (unsigned i = 0; i < 80; i++) {
		struct miscsi_field row = NUMBER(names[i], "1");

		snprintf(names[i], sizeof(names[i]), "n%u", i);
		memcpy(&rows[i], &row, sizeof(row));
	}
	refused(rows, "more than 64 rows, or no end");
	free(rows);
}

static const char *read_all(struct plugin_fixture *w, const char *const *settings)
{
	struct run r;

	transport_stats_host(must_find(w, "one"), run_begin(&r, 0, settings));
	assert_int_equal(run_end(w, &r), 0);
	return seen;
}

/* What a record holds may be wrong, since only a plugin that is there can judge it. */
static void a_plugin_reads_only_what_it_allows(void **state)
{
	static const char *const set[] = { "plugin.one.depth", "-5", "plugin.one.fast", "No", "plugin.one.mode", "quick",
		"plugin.one.label", "l a b", NULL };
	static const char *const wrong[] = { "plugin.one.depth", "51", "plugin.one.fast", "yes", "plugin.one.mode", "",
		"plugin.one.label", "ten bytes.", NULL };
	struct plugin_fixture w;

	(void)state;
	plugin_fixture_make(&w, "");
	assert_int_equal(load_entry(w.ps, "one", "/dir/one.so", 1, &good), 0);
	assert_string_equal(read_all(&w, NULL), "8;Yes;slow;;");
	assert_string_equal(read_all(&w, set), "-5;No;quick;l a b;");
	assert_string_equal(read_all(&w, wrong), "8;Yes;slow;;");
	assert_null(strstr(w.lines, "made a mistake"));
	plugin_fixture_free(&w);
}

static int reads_another(struct miscsi_op *op)
{
	return op->core->setting(op, "plugin.one.dept") || op->core->setting(op, "plugin.two.depth") ? -EIO : 0;
}

static void reading_an_unknown_setting_is_a_fault(void **state)
{
	static const char *const set[] = { "plugin.one.dept", "1", "plugin.two.depth", "2", NULL };
	static const struct miscsi_stats_ops own = { .size = sizeof(own), .host = reads_another };
	struct miscsi_plugin p = good;
	struct plugin_fixture w;
	struct run r;

	(void)state;
	p.stats = &own;
	plugin_fixture_make(&w, "");
	assert_int_equal(load_entry(w.ps, "one", "/dir/one.so", 1, &p), 0);
	transport_stats_host(must_find(&w, "one"), run_begin(&r, 0, set));
	assert_int_equal(run_end(&w, &r), 0);
	assert_non_null(strstr(w.lines,
		"plugin one made a mistake in stats.host: it called setting() for plugin.one.dept, which is not in its table of "
		"settings"));
	plugin_fixture_free(&w);
}

static void a_login_reports_mistakes_in_a_record(void **state)
{
	struct record *r = record_new(RECORD_NODE);
	struct plugin_fixture w;

	(void)state;
	plugin_fixture_make(&w, "");
	assert_int_equal(load_entry(w.ps, "one", "/dir/one.so", 1, &good), 0);
	assert_int_equal(record_set_key(r, "plugin.one.depth", "99", NULL), 0);
	assert_int_equal(record_set_key(r, "plugin.one.deep", "1", NULL), 0);
	assert_int_equal(record_set_key(r, "plugin.one.mode", "quick", NULL), 0);
	assert_int_equal(record_set_key(r, "plugin.two.depth", "99", NULL), 0);
	transport_check_settings(must_find(&w, "one"), r, "iqn.x");
	assert_non_null(strstr(w.lines,
		"iqn.x: plugin.one.depth: '99' is not allowed: it must be a whole number from -5 to 50; miscsi uses the default "
		"8 instead"));
	assert_non_null(strstr(w.lines,
		"iqn.x: plugin.one.deep is not a setting of plugin one, which has these: depth, fast, mode, label; the line "
		"has no effect"));
	assert_null(strstr(w.lines, "mode:"));
	assert_null(strstr(w.lines, "plugin.two"));
	plugin_fixture_free(&w);
	record_free(r);
}

static int count_field(void *arg, const struct field *f)
{
	unsigned *n = arg;

	assert_non_null(strstr(f->key, "plugin.one."));
	return ++*n == 9;
}

/* Of a refused plugin, none is trusted. */
static int count_fields_of_plugin(void *arg, const struct plugin_info *info)
{
	const struct field *f;

	for (unsigned i = 0; (f = plugins_info_field(info, i)); i++) {
		assert_string_equal(info->name, "one");
		count_field(arg, f);
	}
	return 0;
}

static void programs_are_told_of_settings(void **state)
{
	struct miscsi_plugin p = good, older = good;
	const struct field *f;
	struct err err = ERR_INIT;
	struct plugin_fixture w;
	unsigned n = 0;

	(void)state;
	p.name = "two";
	p.match = (const struct miscsi_match[]){ MISCSI_MATCH(.transport = ""), MISCSI_END };
	older.name = "old";
	older.size = offsetof(struct miscsi_plugin, fields);
	older.match = (const struct miscsi_match[]){ MISCSI_MATCH(.transport = "old"), MISCSI_END };
	plugin_fixture_make(&w, "/nowhere");
	assert_int_equal(load_entry(w.ps, "one", "/dir/one.so", 1, &good), 0);
	assert_int_equal(load_entry(w.ps, "two", "/dir/two.so", 1, &p), 0);
	assert_int_equal(load_entry(w.ps, "old", "/dir/old.so", 1, &older), 0);
	assert_int_equal(plugins_field(w.ps, "plugin.one.mode", &f, &err), 0);
	assert_string_equal(f->def, "slow");
	assert_int_equal(plugins_field(w.ps, "plugin.one.x", &f, &err), -EINVAL);
	assert_string_equal(err.text, "plugin.one.x is not a setting of plugin one, which has these: depth, fast, mode, label");
	assert_int_equal(plugins_field(w.ps, "plugin.old.x", &f, &err), -EINVAL);
	assert_string_equal(err.text, "plugin.old.x is not a setting of plugin old, which has none");
	assert_int_equal(plugins_field(w.ps, "plugin.two.depth", &f, &err), -EINVAL);
	assert_non_null(
		strstr(err.text, "plugin.two.depth cannot be set, because /dir/two.so is not used: in row 1 of its match table"));
	assert_int_equal(plugins_field(w.ps, "plugin.three.depth", &f, &err), -EINVAL);
	assert_string_equal(err.text,
		"plugin.three.depth cannot be set, because there is no plugin three in /nowhere: install it, or correct the "
		"name");
	assert_int_equal(plugins_field(w.ps, "plugin.one", &f, &err), -EINVAL);
	assert_int_equal(plugins_each_field(w.ps, count_field, &n), 0);
	assert_int_equal(n, 4);
	n = 0;
	assert_int_equal(plugins_each(w.ps, count_fields_of_plugin, &n), 0);
	assert_int_equal(n, 4);
	plugin_fixture_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_table_is_refused_by_its_row),
		cmocka_unit_test(rows_have_their_own_size),
		cmocka_unit_test(a_table_without_end_is_refused),
		cmocka_unit_test(a_plugin_reads_only_what_it_allows),
		cmocka_unit_test(reading_an_unknown_setting_is_a_fault),
		cmocka_unit_test(a_login_reports_mistakes_in_a_record),
		cmocka_unit_test(programs_are_told_of_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

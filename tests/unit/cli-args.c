/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: what each mode takes and refuses, and that the tables, --help and the manual say the
 * same. */
#include "cli/args.h"

#include "base/file.h"
#include "base/mem.h"
#include "tests/paths.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	char letter;
	const char *name, *kind;
	enum args_opt opt;
} opts[] = {
#define OPT(symbol, letter, name, kind, ...) { letter, name, #kind, ARGS_##symbol },
#include "cli/opts.def"
#undef OPT
};

/* Parses words separated by blanks ('' is an empty word). */
static int parse(struct args *a, struct err *err, const char *line)
{
	static char copy[512];
	char *argv[64] = { (char *)"iscsiadm" }, *save;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(w, "''") ? w : w + 2;
	err_clear(err);
	return args_parse(a, argc, argv, err);
}

static void expect_refused(const char *line, const char *part)
{
	struct args a;
	struct err err = ERR_INIT;

	assert_true(parse(&a, &err, line) < 0);
	assert_int_equal(err.code, MISCSI_ERR_INVAL);
	if (!strstr(err.text, part))
		fail_msg("'%s' was refused with '%s'", line, err.text);
	args_free(&a);
}

static void takes_what_the_table_says_and_nothing_else(void **state)
{
	(void)state;
	for (int m = ARGS_MODE_NONE + 1; m < ARGS_MODES; m++) {
		for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
			struct args a;
			struct err err = ERR_INIT;
			char line[128];
			const char *value = strcmp(opts[i].kind, "FLAG") ? strcmp(opts[i].kind, "NUMBER") ? " x" : " 1" : "";
			int r;

			if (strchr("mhVkonv", opts[i].letter))
				continue;
			snprintf(line, sizeof(line), "-m %s -%c%s", args_mode_name(m), opts[i].letter, value);
			r = parse(&a, &err, line);
			if (args_mode_takes(m, opts[i].opt)) {
				assert_int_equal(r, 0);
				assert_true(a.given[opts[i].opt]);
			} else {
				snprintf(line, sizeof(line), "%s mode: option '-%c' is not allowed/supported", args_mode_name(m),
					opts[i].letter);
				assert_true(r < 0);
				assert_string_equal(err.text, line);
			}
			args_free(&a);
		}
	}
}

static void reads_the_forms_that_clients_use(void **state)
{
	struct args a;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(parse(&a, &err,
				 "--mode node --target iqn.x --portal 10.0.0.1:3260,1 --op=update -n a -v 1 "
				 "--name=b --value ''"),
		0);
	assert_int_equal(a.in_mode, ARGS_MODE_node);
	assert_string_equal(a.targetname, "iqn.x");
	assert_string_equal(a.portal, "10.0.0.1:3260,1");
	assert_int_equal(a.ops, ARGS_OP_UPDATE);
	assert_int_equal(a.names.n, 2);
	assert_string_equal(a.names.v[1], "b");
	assert_string_equal(a.values.v[1], "");
	args_free(&a);
	assert_int_equal(parse(&a, &err, "-m discovery -t st -p h -I a -I b -o new -o delete -lP1"), 0);
	assert_int_equal(a.ops, ARGS_OP_NEW | ARGS_OP_DELETE);
	assert_int_equal(a.ifaces.n, 2);
	assert_true(a.login);
	assert_int_equal(a.print, 1);
	args_free(&a);
	assert_int_equal(parse(&a, &err, "--mode=session --print"), 0);
	assert_int_equal(a.print, 1);
	args_free(&a);
	assert_int_equal(parse(&a, &err, "-k 0"), 0);
	assert_true(a.given[ARGS_killiscsid]);
	args_free(&a);
}

static void refuses_what_would_do_something_else(void **state)
{
	(void)state;
	expect_refused("-m node -o delete iqn.2026-11.com.example:disk1", "unexpected argument 'iqn.2026-11.com.example:disk1'");
	expect_refused("-m node -o explode", "'explode' is not an operation");
	expect_refused("-m node -o applyall", "node mode: operation 'applyall' is not allowed/supported");
	expect_refused("-m node -o update -n a", "1 names (-n) but 0 values (-v)");
	expect_refused("-m nodes", "unknown mode 'nodes'");
	expect_refused("-m session -P x", "'x' is not a number from 0 to 99");
	expect_refused("-m session -P 1x", "'1x' is not a number");
	expect_refused("-m session -P -1", "'-1' is not a number");
	expect_refused("-m session -d 9", "'9' is not a number from 0 to 8");
	expect_refused("-k 1", "'1' is not a number from 0 to 0");
	expect_refused("-m node --nosuch", "'--nosuch'");
	expect_refused("-m node --log", "'--log'");
	expect_refused("-m node -z", "unknown option '-z'");
	expect_refused("-m node -T", "option '-T' requires an argument");
	expect_refused("-T x", "option '-T' needs a mode");
	expect_refused("", "no mode given");
	expect_refused("-m node -k 0", "node mode: option '-k' is not allowed/supported");
}

static void help_and_version_win(void **state)
{
	struct args a;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(parse(&a, &err, "-m node --nosuch word -h"), 0);
	assert_true(a.help);
	args_free(&a);
	assert_int_equal(parse(&a, &err, "--version"), 0);
	assert_true(a.version);
	args_free(&a);
}

/* Not inlined: gcc 12 would warn of a dangling pointer where there is none. */
static __attribute__((noinline)) char *usage(enum args_mode mode)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	args_usage(f, mode);
	fclose(f);
	return text;
}

static void usage_names_every_option(void **state)
{
	char *all = usage(ARGS_MODE_NONE);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		const char *at = strchr(all, '-');

		/* "-x" alone, or among others as in [-hV]. */
		while (at && !memchr(at + 1, opts[i].letter, strcspn(at + 1, " ]|\n")))
			at = strchr(at + 1, '-');
		if (!at)
			fail_msg("--help does not name -%c", opts[i].letter);
	}
	free(all);
	for (int m = ARGS_MODE_NONE + 1; m < ARGS_MODES; m++) {
		char *one = usage(m);

		for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
			char both[64];

			snprintf(both, sizeof(both), "-%c, --%s", opts[i].letter, opts[i].name);
			assert_int_equal(strstr(one, both) != NULL, args_mode_takes(m, opts[i].opt));
		}
		free(one);
	}
}

/* The manual's option list holds "\-x" and "\-\-long" of every row, and a section for every mode; and no
 * option that is no row. */
static void manual_names_every_option_and_mode(void **state)
{
	char *man, word[64];
	size_t len;

	(void)state;
	assert_int_equal(file_read(AT_FDCWD, SRCDIR "/doc/man/iscsiadm.8", 1 << 20, &man, &len), 0);
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		snprintf(word, sizeof(word), "\n.BR \\-%c \", \" \\-\\-%s", opts[i].letter, opts[i].name);
		if (!strstr(man, word))
			fail_msg("iscsiadm.8 has no entry '%s'", word + 1);
	}
	for (int m = ARGS_MODE_NONE + 1; m < ARGS_MODES; m++) {
		snprintf(word, sizeof(word), "\n.SS %s\n", args_mode_name(m));
		if (!strstr(man, word))
			fail_msg("iscsiadm.8 has no section on mode %s", args_mode_name(m));
	}
	for (char *p = strstr(man, "\n.BR \\-"); p; p = strstr(p + 1, "\n.BR \\-")) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(opts); i++)
			known = known || opts[i].letter == p[7];
		if (!known)
			fail_msg("iscsiadm.8 tells of -%c, which is no option", p[7]);
	}
	x_free(man);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_the_table_says_and_nothing_else),
		cmocka_unit_test(reads_the_forms_that_clients_use),
		cmocka_unit_test(refuses_what_would_do_something_else),
		cmocka_unit_test(help_and_version_win),
		cmocka_unit_test(usage_names_every_option),
		cmocka_unit_test(manual_names_every_option_and_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

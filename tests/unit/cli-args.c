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

static void refuses_options_that_the_mode_does_not_have(void **state)
{
	(void)state;
	for (int m = ARGS_MODE_NONE + 1; m < ARGS_MODES; m++) {
		for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
			const char *value = strcmp(opts[i].kind, "FLAG") ? strcmp(opts[i].kind, "NUMBER") ? " x" : " 1" : "";
			char line[128], text[128];

			if (args_mode_takes(m, opts[i].opt) || strchr("ojk", opts[i].letter))
				continue;
			snprintf(line, sizeof(line), "-m %s -%c%s", args_mode_name(m), opts[i].letter, value);
			snprintf(text, sizeof(text), "%s mode: option '-%c' is not allowed/supported", args_mode_name(m),
				opts[i].letter);
			expect_refused(line, text);
		}
	}
}

static const struct {
	const char *mode, *submode, *verb, *when, *options, *needs, *sentence;
} actions[] = {
#define ACTION(mode, symbol, submode, verb, when, options, needs, sentence) \
	{ #mode, submode, verb, when, options, needs, sentence },
#include "cli/modes.def"
};

static void add_option(char *line, size_t size, char letter)
{
	const char *value = "";

	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		if (opts[i].letter == letter && strcmp(opts[i].kind, "FLAG") != 0)
			value = !strcmp(opts[i].kind, "NUMBER") ? letter == 'k' || letter == 'P' ? " 0" : " 1" :
				letter == 'o'			? " show" :
								  " x";
	}
	snprintf(line + strlen(line), size - strlen(line), " -%c%s", letter, value);
}

/* The words of an action with all options of `letters`. */
static void action_line(char *line, size_t size, size_t row, const char *letters)
{
	char verb = *actions[row].verb == '-' ? actions[row].verb[1] : 0;

	snprintf(line, size, "%s%s", strcmp(actions[row].mode, "NONE") ? "-m " : "",
		strcmp(actions[row].mode, "NONE") ? actions[row].mode : "");
	if (*actions[row].submode)
		snprintf(line + strlen(line), size - strlen(line), " -C %s", actions[row].submode);
	if (verb)
		add_option(line, size, verb);
	else if (*actions[row].verb && *actions[row].verb != '*')
		snprintf(line + strlen(line), size - strlen(line), " -o %s", actions[row].verb);
	for (; *letters; letters++)
		add_option(line, size, *letters);
}

static void each_action_takes_its_options_and_no_other(void **state)
{
	char line[256], letters[32];

	(void)state;
	for (size_t row = 0; row < ARRAY_SIZE(actions); row++) {
		struct args a;
		struct err err = ERR_INIT;

		if (!actions[row].sentence) /* it only refuses */
			continue;
		action_line(line, sizeof(line), row, actions[row].options);
		if (parse(&a, &err, line) < 0 || a.action != row)
			fail_msg("'%s' is not row %zu: %s", line, row, err.text);
		args_free(&a);
		for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
			char letter = opts[i].letter;

			if (strchr("mdhVjoC", letter) || strchr(actions[row].options, letter) ||
				(*actions[row].verb == '-' && actions[row].verb[1] == letter))
				continue;
			snprintf(letters, sizeof(letters), "%s%.1s%c", actions[row].needs, actions[row].when, letter);
			action_line(line, sizeof(line), row, letters);
			/* it may be the word of another action, which then refuses the rest or uses it */
			if (parse(&a, &err, line) >= 0 && a.action == row)
				fail_msg("'%s' ignores -%c", line, letter);
			args_free(&a);
		}
		for (const char *need = actions[row].needs; *need; need++) {
			action_line(line, sizeof(line), row, "");
			expect_refused(line, "requires");
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
	expect_refused("-m node -o delete iqn.2026-11.com.example:disk1",
		"unexpected argument 'iqn.2026-11.com.example:disk1', and nothing was done: the option for a target's name is "
		"-T");
	expect_refused("-m node login", "unexpected argument 'login', and nothing was done: did you mean '--login'?");
	expect_refused("-m node -o explode", "'explode' is not an operation");
	expect_refused("-m node -o applyall", "node mode: operation 'applyall' is not allowed/supported");
	expect_refused("-m node -T t -p p -U all", "node mode: -U does not accept option '-p' (--portal), and nothing was done");
	expect_refused("-m node -T a -T b -u",
		"option '-T' (--targetname): 'b' is a second, different value, but the option accepts only one");
	expect_refused("-m node -o new -o delete", "node mode: several operations (-o) were given, but only one is allowed");
	expect_refused("-m host -H 1 -o new", "host mode: -o new requires a submode (-C)");
	expect_refused("-m host -H 1 -C bogus", "host mode: unknown submode (-C) 'bogus': use chap, flashnode, stats");
	expect_refused("-m session -P 4", "Invalid info level 4. Try 0 - 3.");
	expect_refused("-m node -P 2", "Invalid info level 2. Try 0 or 1.");
	expect_refused("-m node -o update -n a", "1 names (-n) and 0 values (-v) were given");
	expect_refused("-m nodes", "unknown mode 'nodes' (-m): did you mean 'node'?");
	expect_refused("-m session -P x", "Invalid info level x. Try 0 - 3.");
	expect_refused("-m node -P 1x", "Invalid info level 1x. Try 0 or 1.");
	expect_refused("-m session -P -1", "Invalid info level -1.");
	expect_refused("-m session -P +1", "Invalid info level +1.");
	expect_refused("-m session -d +1", "'+1' is not allowed: it must be a number from 0 to 8");
	expect_refused("-m session -d 9", "'9' is not allowed: it must be a number from 0 to 8");
	expect_refused("-k 1", "'1' is not allowed: it must be 0");
	expect_refused("-m node --nosuch", "unknown option '--nosuch': 'iscsiadm -m MODE --help' lists the options of a mode");
	expect_refused("-m node --lgoin", "unknown option '--lgoin': did you mean '--login'?");
	expect_refused("-m node --log", "ambiguous option '--log': use --login, --loginall, --logout, --logoutall");
	expect_refused("-m node --login=yes", "'--login=yes' is not allowed: option --login accepts no value");
	expect_refused("-m login", "unknown mode 'login' (-m), but an option --login exists");
	expect_refused(
		"discovery 192.0.2.10", "unexpected argument 'discovery', and nothing was done: did you mean '-m discovery'?");
	expect_refused("-m nod", "unknown mode 'nod' (-m): did you mean 'node'?");
	expect_refused("-m bogus --help", "unknown mode 'bogus'");
	expect_refused("-m node -T ''", "option '-T' (--targetname): '' is empty");
	expect_refused("-m node -n '' -v x -o update", "option '-n' (--name): '' is empty");
	expect_refused("-m node -T -l -o new", "option '-T' (--targetname): '-l' is an option, so the value is missing");
	expect_refused("-m node -z", "unknown option '-z'");
	expect_refused("-m node -T", "option '-T' (--targetname) requires a value: name of a target");
	expect_refused("-T x", "option '-T' requires a mode");
	expect_refused("", "no mode was given");
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

static void usage_names_every_mode_and_option(void **state)
{
	char *all = usage(ARGS_MODE_NONE);

	(void)state;
	for (int m = ARGS_MODE_NONE + 1; m < ARGS_MODES; m++) {
		char *one = usage(m), line[32];

		snprintf(line, sizeof(line), "\n  %s ", args_mode_name(m));
		assert_non_null(strstr(all, line));
		for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
			char both[64];

			snprintf(both, sizeof(both), "-%c, --%s", opts[i].letter, opts[i].name);
			assert_int_equal(strstr(one, both) != NULL, args_mode_takes(m, opts[i].opt));
		}
		free(one);
	}
	free(all);
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
		cmocka_unit_test(refuses_options_that_the_mode_does_not_have),
		cmocka_unit_test(each_action_takes_its_options_and_no_other),
		cmocka_unit_test(reads_the_forms_that_clients_use),
		cmocka_unit_test(refuses_what_would_do_something_else),
		cmocka_unit_test(help_and_version_win),
		cmocka_unit_test(usage_names_every_mode_and_option),
		cmocka_unit_test(manual_names_every_option_and_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the command line by the tables opts.def and modes.def; only -h, -V and -m have code of their own.
 *
 * Clients spell options in every way that getopt_long() allows: "--op=new", "-o new", and libvirt's "--target" for
 * "--targetname". A second option that begins with "target" would break libvirt.
 */
#include "args.h"

#include "base/ascii.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "record/value.h"
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum opt_kind { KIND_FLAG, KIND_TEXT, KIND_NUMBER, KIND_WORDS, KIND_OPS };

/* `member` is the offset of the value in struct args; values are stored by kind. */
struct opt_row {
	char letter;
	const char *name;
	enum opt_kind kind;
	long min, max;
	size_t member;
	const char *argument, *sentence;
};

static const struct opt_row opts[] = {
#define OPT(symbol, letter, name, kind, min, max, argument, sentence) \
	{ letter, name, KIND_##kind, min, max, offsetof(struct args, symbol), argument, sentence },
#include "opts.def"
#undef OPT
};

struct mode_row {
	const char *name;
	long level;
	const char *sentence;
};

static const struct mode_row modes[] = {
	[ARGS_MODE_NONE] = { "", 0, "" },
#define MODE(symbol, name, level, sentence) { name, level, sentence },
#include "modes.def"
};

struct action_row {
	enum args_mode mode;
	const char *submode, *verb, *when, *options, *needs, *sentence;
};

static const struct action_row actions[] = {
#define ACTION(mode, symbol, ...) { ARGS_MODE_##mode, __VA_ARGS__ },
#include "modes.def"
};

/* Accepted in every mode. */
#define OPTIONS_OF_ALL "mdhVj"

static const struct {
	const char *name;
	unsigned op;
} ops[] = {
	{ "new", ARGS_OP_NEW },
	{ "delete", ARGS_OP_DELETE },
	{ "update", ARGS_OP_UPDATE },
	{ "show", ARGS_OP_SHOW },
	{ "nonpersistent", ARGS_OP_NONPERSISTENT },
	{ "apply", ARGS_OP_APPLY },
	{ "applyall", ARGS_OP_APPLYALL },
	{ "login", ARGS_OP_LOGIN },
	{ "logout", ARGS_OP_LOGOUT },
	{ "json", ARGS_OP_JSON },
};

/* Escapes an argument for a message: arguments may come from volume names of orchestrators, and must not control a terminal. */
static const char *quoted_word(char *to, size_t size, const char *word)
{
	return str_escape(to, size, word, strlen(word));
}

static int refuse_value(const struct opt_row *o, const char *value, const char *why, struct err *err)
{
	char text[128];

	return err_set(err, MISCSI_ERR_INVAL, "option '-%c' (--%s): '%s' %s", o->letter, o->name,
		quoted_word(text, sizeof(text), value), why);
}

/* Only digits: refuses "3x", which 2.1.8 accepted as 3, and " 3" and "+3". */
static int store_number(const struct opt_row *o, const char *value, long *to, struct err *err)
{
	char why[64], *end;

	errno = 0;
	*to = strtol(value, &end, 10);
	if (ascii_digit(*value) && !*end && !errno && *to >= o->min && *to <= o->max)
		return 0;
	snprintf(why, sizeof(why),
		o->min < o->max ? "is not allowed: it must be a number from %ld to %ld" : "is not allowed: it must be %ld",
		o->min, o->max);
	return refuse_value(o, value, why, err);
}

/* os-brick uses three -n and three -v in one command: the nth -v belongs to the nth -n. */
static int store_word(const char *value, struct args_words *to, struct err *err)
{
	const char **v = x_grow(to->v, to->n, &to->cap, sizeof(*v), 4);

	if (!v)
		return err_nomem(err, "the arguments of the command line");
	to->v = v;
	to->v[to->n++] = value;
	return 0;
}

static unsigned op_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!strcmp(ops[i].name, name))
			return ops[i].op;
	}
	return 0;
}

static int store_op(const struct opt_row *o, const char *value, unsigned *to, struct err *err)
{
	char why[160];

	*to |= op_named(value);
	if (op_named(value))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		snprintf(why, sizeof(why), "is not an operation: did you mean '%s'?", ops[i].name);
		if (value_distance(ops[i].name, value, 3) < 3)
			return refuse_value(o, value, why, err);
	}
	snprintf(why, sizeof(why), "is not an operation: use %s", o->sentence);
	return refuse_value(o, value, why, err);
}

/* Words and operations are collected. Of two texts it would not be known which is meant. */
static int store_option(struct args *a, const struct opt_row *o, const char *value, struct err *err)
{
	void *member = (char *)a + o->member;

	if (o->kind != KIND_NUMBER && value && o->letter != 'v' && (!*value || *value == '-'))
		return refuse_value(
			o, value, *value ? "is an option, so the value is missing" : "is empty, but a value is required", err);
	if (o->kind == KIND_TEXT && a->given[o - opts] && strcmp(*(args_text *)member, value) != 0)
		return refuse_value(o, value, "is a second, different value, but the option accepts only one", err);
	a->given[o - opts] = true;
	switch (o->kind) {
	case KIND_FLAG:
		*(args_flag *)member = true;
		return 0;
	case KIND_TEXT:
		*(args_text *)member = value;
		return 0;
	case KIND_NUMBER:
		if (o->letter == 'P') /* what is allowed depends on the mode: check_level() */
			a->level = value;
		return store_number(o, value, member, o->letter == 'P' ? NULL : err) < 0 && o->letter != 'P' ? -EINVAL : 0;
	case KIND_WORDS:
		return store_word(value, member, err);
	case KIND_OPS:
		return store_op(o, value, member, err);
	}
	return -EINVAL;
}

static const struct opt_row *opt_row_of(int letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		if (opts[i].letter == letter)
			return &opts[i];
	}
	return NULL;
}

static int args_find_mode(struct args *a, struct err *err)
{
	char text[64];

	for (size_t i = 1; i < ARRAY_SIZE(modes); i++) {
		if (!strcmp(modes[i].name, a->mode)) {
			a->in_mode = (enum args_mode)i;
			return 0;
		}
	}
	quoted_word(text, sizeof(text), a->mode);
	for (size_t i = 1; i < ARRAY_SIZE(modes); i++) {
		if (value_distance(modes[i].name, a->mode, 3) < 3)
			return err_set(err, MISCSI_ERR_INVAL, "unknown mode '%s' (-m): did you mean '%s'?", text, modes[i].name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		if (!strcmp(opts[i].name, a->mode))
			return err_set(err, MISCSI_ERR_INVAL,
				"unknown mode '%s' (-m), but an option --%s exists: 'iscsiadm --help' lists the modes", text,
				opts[i].name);
	}
	return err_set(err, MISCSI_ERR_INVAL, "unknown mode '%s' (-m): 'iscsiadm --help' lists the modes", text);
}

static int refuse_argument(const char *word, struct err *err)
{
	char text[128];

	for (size_t i = 1; i < ARRAY_SIZE(modes); i++) {
		if (!strcmp(modes[i].name, word))
			return err_set(err, MISCSI_ERR_INVAL,
				"unexpected argument '%s', and nothing was done: did you mean '-m %s'?", word, word);
	}
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		if (!strcmp(opts[i].name, word))
			return err_set(err, MISCSI_ERR_INVAL,
				"unexpected argument '%s', and nothing was done: did you mean '--%s'?", word, word);
	}
	if (!strncmp(word, "iqn.", 4))
		return err_set(err, MISCSI_ERR_INVAL,
			"unexpected argument '%s', and nothing was done: the option for a target's name is -T",
			quoted_word(text, sizeof(text), word));
	return err_set(err, MISCSI_ERR_INVAL,
		"unexpected argument '%s', and nothing was done: options begin with '-', and no argument stands alone",
		quoted_word(text, sizeof(text), word));
}

static bool row_uses(const struct action_row *r, char letter)
{
	return strchr(OPTIONS_OF_ALL, letter) || strchr(r->options, letter) || (letter == 'o' && *r->verb != '-') ||
		(letter == 'C' && *r->submode) || (*r->verb == '-' && r->verb[1] == letter);
}

static bool any_given(const struct args *a, const char *letters)
{
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		if (a->given[i] && strchr(letters, opts[i].letter))
			return true;
	}
	return false;
}

static bool row_fits(const struct args *a, const struct action_row *r)
{
	if (r->mode != a->in_mode || strcmp(r->submode, a->submode ? a->submode : "") != 0 ||
		(*r->when && !any_given(a, r->when)))
		return false;
	if (*r->verb == '-')
		return any_given(a, r->verb + 1);
	if (!*r->verb)
		return !(a->ops & ~(unsigned)ARGS_OP_SHOW);
	return *r->verb == '*' || (a->ops & op_named(r->verb));
}

/* "-C chap -o new" */
static const char *action_words(char *to, size_t size, const struct action_row *r)
{
	const char *verb = *r->verb == '*' ? "" : r->verb;

	snprintf(to, size, "%s%s%s%s%s", *r->submode ? "-C " : "", r->submode, *r->submode && *verb ? " " : "",
		*verb && *verb != '-' ? "-o " : "", verb);
	return *to ? to : "this command";
}

/* There is no row: names the part of the command line that is the reason. */
static int refuse_action(const struct args *a, struct err *err)
{
	const char *mode = modes[a->in_mode].name, *last = "";
	char text[64], known[64] = "";

	if (a->in_mode == ARGS_MODE_NONE)
		return err_set(err, MISCSI_ERR_INVAL, "no mode was given: use -m MODE; 'iscsiadm --help' lists the modes");
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (actions[i].mode != a->in_mode)
			continue;
		if (!a->submode && op_named(actions[i].verb) & a->ops)
			return err_set(err, MISCSI_ERR_INVAL,
				"%s mode: -o %s requires a submode (-C): 'iscsiadm -m %s --help' lists them", mode,
				actions[i].verb, mode);
		if (a->submode && !strcmp(actions[i].submode, a->submode))
			last = NULL;
		if (!last || !*actions[i].submode || !strcmp(actions[i].submode, last))
			continue;
		last = actions[i].submode;
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s", *known ? ", " : "", last);
	}
	if (a->submode && last)
		return err_set(err, MISCSI_ERR_INVAL, "%s mode: unknown submode (-C) '%s': use %s", mode,
			quoted_word(text, sizeof(text), a->submode), known);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (a->ops & ops[i].op)
			return err_set(
				err, MISCSI_ERR_INVAL, "%s mode: operation '%s' is not allowed/supported", mode, ops[i].name);
	}
	return err_set(err, MISCSI_ERR_INVAL,
		"%s mode: no action accepts all the options given together: 'iscsiadm -m %s --help' lists the options of each "
		"action",
		mode, mode);
}

/* In the words of 2.1.8. */
static int check_level(const struct args *a, struct err *err)
{
	long max = modes[a->in_mode].level;
	char text[64];

	if (!a->level || (ascii_digit(*a->level) && !a->level[strspn(a->level, "0123456789")] && a->print <= max))
		return 0;
	return err_set(err, MISCSI_ERR_INVAL, "Invalid info level %s. Try 0 %s %ld.", quoted_word(text, sizeof(text), a->level),
		max > 1 ? "-" : "or", max);
}

static int check_options(const struct args *a, const struct action_row *r, struct err *err)
{
	const char *mode = modes[a->in_mode].name;
	char words[64];

	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		if (a->given[i] && !row_uses(r, opts[i].letter))
			return err_set(err, MISCSI_ERR_INVAL,
				"%s mode: %s does not accept option '-%c' (--%s), and nothing was done", mode,
				action_words(words, sizeof(words), r), opts[i].letter, opts[i].name);
		if (!a->given[i] && strchr(r->needs, opts[i].letter))
			return err_set(err, MISCSI_ERR_INVAL, "%s mode: %s requires -%c (--%s): %s", mode,
				action_words(words, sizeof(words), r), opts[i].letter, opts[i].name, opts[i].sentence);
	}
	if (a->ops & (a->ops - 1) && !strchr(r->options, 'o'))
		return err_set(
			err, MISCSI_ERR_INVAL, "%s mode: several operations (-o) were given, but only one is allowed", mode);
	/* Names without values are harmless in commands that only show; the manual of 2.1.8 uses them. */
	if (row_uses(r, 'v') && a->values.n != a->names.n)
		return err_set(err, MISCSI_ERR_INVAL, "%zu names (-n) and %zu values (-v) were given: each -n requires one -v",
			a->names.n, a->values.n);
	return check_level(a, err);
}

/*
 * Checks the command line by the tables. Positional arguments are refused: 2.1.8 ignored them, so that `-m node -o delete NAME`
 * deleted every record.
 */
static int check_by_tables(struct args *a, int argc, char **argv, struct err *err)
{
	const struct action_row *r = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		if (!a->given[i] || args_mode_takes(a->in_mode, (enum args_opt)i))
			continue;
		if (a->in_mode == ARGS_MODE_NONE)
			return err_set(err, MISCSI_ERR_INVAL,
				"option '-%c' requires a mode: use -m MODE; 'iscsiadm --help' lists the modes", opts[i].letter);
		return err_set(err, MISCSI_ERR_INVAL, "%s mode: option '-%c' is not allowed/supported", modes[a->in_mode].name,
			opts[i].letter);
	}
	if (optind < argc)
		return refuse_argument(argv[optind], err);
	for (size_t i = 0; !r && i < ARRAY_SIZE(actions); i++) {
		if (row_fits(a, &actions[i]))
			r = &actions[i];
	}
	if (!r)
		return refuse_action(a, err);
	a->action = (enum args_action)(r - actions);
	return check_options(a, r, err);
}

/* An unknown long option: lists those that it may be the beginning of, or names the nearest. */
static int refuse_long_option(const char *word, struct err *err)
{
	size_t len = strcspn(word + 2, "="), n = 0;
	const char *nearest = NULL;
	char text[128], known[128] = "";
	unsigned least = 3;

	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		char name[32];
		unsigned distance;

		snprintf(name, sizeof(name), "%.*s", (int)len, word + 2);
		distance = value_distance(name, opts[i].name, 3);
		if (distance < least) {
			least = distance;
			nearest = opts[i].name;
		}
		if (strncmp(opts[i].name, word + 2, len) != 0)
			continue;
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s--%s", n++ ? ", " : "", opts[i].name);
	}
	quoted_word(text, sizeof(text), word);
	if (n)
		return err_set(err, MISCSI_ERR_INVAL, "ambiguous option '%s': use %s", text, known);
	if (nearest)
		return err_set(err, MISCSI_ERR_INVAL, "unknown option '%s': did you mean '--%s'?", text, nearest);
	return err_set(err, MISCSI_ERR_INVAL, "unknown option '%s': 'iscsiadm -m MODE --help' lists the options of a mode", text);
}

/*
 * Reports an unknown option, a missing argument, or one that is too many. For an unknown long option optopt is 0, and only argv has
 * its text.
 */
static int refuse_word(struct args *a, int answer, char **argv, struct err *err)
{
	const struct opt_row *o = optopt ? opt_row_of(optopt) : NULL;
	char text[128];

	/* The manual has the example `--print` without an argument, which prints the tree. */
	if (answer == ':' && optopt == 'P')
		return store_option(a, opt_row_of('P'), "1", err);
	if (answer == ':')
		return err_set(err, MISCSI_ERR_INVAL, "option '-%c' (--%s) requires a value: %s", optopt, o->name, o->sentence);
	if (o && o->kind == KIND_FLAG)
		return err_set(err, MISCSI_ERR_INVAL, "'%s' is not allowed: option --%s accepts no value",
			quoted_word(text, sizeof(text), argv[optind - 1]), o->name);
	if (optopt)
		return err_set(err, MISCSI_ERR_INVAL,
			"unknown option '-%s': 'iscsiadm -m MODE --help' lists the options of a mode",
			quoted_word(text, sizeof(text), (char[]){ (char)optopt, 0 }));
	return refuse_long_option(argv[optind - 1], err);
}

/*
 * Converts the tables for getopt. The leading ':' distinguishes a missing argument from an unknown option, and keeps getopt from
 * printing.
 */
static void fill_getopt_tables(char *letters, struct option *longs)
{
	*letters++ = ':';
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		*letters++ = opts[i].letter;
		if (opts[i].kind != KIND_FLAG)
			*letters++ = ':';
		longs[i] = (struct option){ opts[i].name, opts[i].kind != KIND_FLAG, NULL, opts[i].letter };
	}
	*letters = 0;
	longs[ARRAY_SIZE(opts)] = (struct option){ NULL, 0, NULL, 0 };
}

/*
 * optind 0 restarts GNU getopt, for tests that parse many command lines in one process. Parsing continues after an error, because
 * a later -h or -V has precedence.
 */
int args_parse(struct args *a, int argc, char **argv, struct err *err)
{
	char letters[2 * ARRAY_SIZE(opts) + 2];
	struct option longs[ARRAY_SIZE(opts) + 1];
	int c, rc, first = 0;

	memset(a, 0, sizeof(*a));
	fill_getopt_tables(letters, longs);
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct opt_row *o = opt_row_of(c);

		rc = o ? store_option(a, o, optarg, err) : refuse_word(a, c, argv, err);
		if (rc < 0 && first == 0)
			first = rc;
		if (rc < 0)
			err = NULL; /* only the first error is reported */
	}
	if (a->ops & ARGS_OP_JSON) {
		if (a->ops != ARGS_OP_JSON && !first)
			first = err_set(err, MISCSI_ERR_INVAL,
				"-o json cannot be combined with another operation (-o): use -j (--json) for JSON output");
		a->ops &= ~(unsigned)ARGS_OP_JSON;
		a->json = true;
	}
	if (a->mode && args_find_mode(a, err) < 0 && !first)
		first = -EINVAL;
	if (a->version || (a->help && (!a->mode || a->in_mode != ARGS_MODE_NONE)))
		return 0;
	return first ? first : check_by_tables(a, argc, argv, err);
}

/* A line of standard input ("-") or of a file ("@FILE"), without its newline. Free it by x_free(). */
static void only_interrupt(int signum)
{
	(void)signum;
}

/* From a person: what is typed is asked for, and not shown. Ctrl-C ends the program after the terminal is as it was. */
static char *read_typed(const char *name, char *line, int size)
{
	const struct sigaction act = { .sa_handler = only_interrupt };
	struct sigaction before;
	struct termios shown, hidden;
	char *read;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &shown) < 0)
		return fgets(line, size, stdin);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	sigaction(SIGINT, &act, &before);
	fprintf(stderr, "%s: ", name);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	read = fgets(line, size, stdin);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	sigaction(SIGINT, &before, NULL);
	if (!read && errno == EINTR)
		raise(SIGINT);
	return read;
}

static int read_line(const char *name, const char *from, char **out, struct err *err)
{
	char line[1024] = "", shown[128], setting[128];
	FILE *f = *from == '@' ? fopen(from + 1, "re") : stdin;
	bool read = f && (f == stdin ? read_typed(name, line, sizeof(line)) : fgets(line, sizeof(line), f)),
	     long_line = read && strlen(line) == sizeof(line) - 1 && !strchr(line, '\n');
	bool good = read && !long_line && strcspn(line, "\r\n") > 0;
	int errnum = !f || ferror(f) ? errno : 0;

	if (f && f != stdin)
		fclose(f);
	line[strcspn(line, "\r\n")] = 0;
	*out = good ? x_strdup(line) : NULL;
	mem_wipe(line, sizeof(line));
	if (*out)
		return 0;
	if (good)
		return err_nomem(err, "the secret that -v refers to");
	return err_set(err, MISCSI_ERR_INVAL, "cannot read the secret for %s from %s: %s",
		quoted_word(setting, sizeof(setting), name),
		*from == '@' ? quoted_word(shown, sizeof(shown), from + 1) : "standard input",
		errnum		  ? strerror(errnum) :
			long_line ? "the first line is too long for a secret (1022 bytes at most)" :
				    "the first line is empty, but must contain the secret");
}

/* By the end of the name, so that one rule serves all modes: auth.password, auth.password_in. */
bool args_is_secret(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (!strcmp(dot, ".password") || !strcmp(dot, ".password_in"));
}

int args_read_secrets(struct args *a, struct err *err)
{
	for (size_t i = 0; i < a->values.n && i < a->names.n; i++) {
		const char *value = a->values.v[i];
		char *text = NULL;
		int rc;

		if (!args_is_secret(a->names.v[i]) || (*value != '@' && strcmp(value, "-") != 0))
			continue;
		rc = value[0] == '@' && value[1] == '@' ? 0 : read_line(a->names.v[i], value, &text, err);
		if (rc >= 0 && !text && !(text = x_strdup(value + 1)))
			rc = err_nomem(err, "the secret that -v refers to");
		if (rc >= 0)
			rc = store_word(text, &a->secrets, err);
		if (rc < 0)
			return rc;
		a->values.v[i] = text;
	}
	return 0;
}

/* The strings belong to argv, but for secrets that were read. */
void args_free(struct args *a)
{
	for (size_t i = 0; i < a->secrets.n; i++) {
		char *secret = (char *)(uintptr_t)a->secrets.v[i];

		mem_wipe(secret, strlen(secret));
		x_free(secret);
	}
	x_free(a->secrets.v);
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		if (opts[i].kind == KIND_WORDS)
			x_free(((struct args_words *)(void *)((char *)a + opts[i].member))->v);
	}
	memset(a, 0, sizeof(*a));
}

const char *args_mode_name(enum args_mode mode)
{
	return modes[mode].name;
}

bool args_mode_takes(enum args_mode mode, enum args_opt opt)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (actions[i].mode == mode && row_uses(&actions[i], opts[opt].letter))
			return true;
	}
	return false;
}

const char *args_action_text(const struct args *a, char *to, size_t size)
{
	const struct action_row *r = &actions[a->action];
	char words[64];

	snprintf(to, size, "%s mode, %s: %s", modes[a->in_mode].name, action_words(words, sizeof(words), r),
		r->sentence ? r->sentence : "refused");
	return to;
}

/* The actions with the options that each uses, then the options. A test compares the tables with the manual. */
static void print_mode_usage(FILE *to, enum args_mode mode)
{
	char words[64], both[96];

	fprintf(to, "iscsiadm -m %s [ACTION] [OPTION]...\n\n%s\n\nActions, with the options that they use:\n", modes[mode].name,
		modes[mode].sentence);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		const struct action_row *r = &actions[i];

		if (r->mode != mode || !r->sentence)
			continue;
		action_words(words, sizeof(words), r);
		snprintf(both, sizeof(both), "%s%s%s", *r->verb || *r->submode ? words : "", *r->options ? " -" : "", r->options);
		fprintf(to, "  %-36s %s\n", both, r->sentence);
	}
	fprintf(to, "\nOptions:\n");
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		if (!args_mode_takes(mode, (enum args_opt)i))
			continue;
		snprintf(both, sizeof(both), "-%c, --%s%s%s", opts[i].letter, opts[i].name, *opts[i].argument ? "=" : "",
			opts[i].argument);
		fprintf(to, "  %-44s %s\n", both, opts[i].sentence);
	}
}

static const char help_begin[] = "Manages iSCSI targets, sessions and adapters.\n\n"
				 "iscsiadm -m MODE [ACTION] [OPTION]...\n\nModes (iscsiadm -m MODE --help shows the rest):\n";
static const char help_end[] = "\nExamples:\n"
			       "  iscsiadm -m discovery -t st -p 192.0.2.10    find the targets of a portal\n"
			       "  iscsiadm -m node -T TARGET -l                log in to a target\n"
			       "  iscsiadm -m node -T TARGET -o update -n node.session.auth.authmethod -v CHAP -n "
			       "node.session.auth.username -v USER -n node.session.auth.password -v -\n"
			       "                                               set its CHAP user, and a secret that is typed\n"
			       "  iscsiadm -m session -P 3                     show the sessions and their disks\n"
			       "  iscsiadm -m node -T TARGET -o update -n node.startup -v automatic\n"
			       "                                               log in to it at each boot\n"
			       "  iscsiadm -m node -T TARGET -u                log out\n\n"
			       "iscsiadm -k 0 stops the daemon, iscsid; -V prints the version. See iscsiadm(8).\n";

void args_usage(FILE *to, enum args_mode mode)
{
	if (mode != ARGS_MODE_NONE) {
		print_mode_usage(to, mode);
		return;
	}
	fputs(help_begin, to);
	for (size_t i = 1; i < ARRAY_SIZE(modes); i++)
		fprintf(to, "  %-12s %s\n", modes[i].name, modes[i].sentence);
	fputs(help_end, to);
}

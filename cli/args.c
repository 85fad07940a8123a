/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the command line by the tables opts.def and modes.def; only -h, -V and -m have code of their own.
 *
 * Clients spell options in every way that getopt_long() allows: "--op=new", "-o new", and libvirt's "--target" for
 * "--targetname". A second option that begins with "target" would break libvirt.
 */
#include "args.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include <errno.h>
#include <getopt.h>
#include <string.h>

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
	const char *name, *options;
	unsigned ops;
	const char *sentence, *usage;
};

/* The row for no mode accepts only -k. */
static const struct mode_row modes[] = {
	[ARGS_MODE_NONE] = { "", "k", 0, "", NULL },
#define MODE(symbol, name, options, ops, sentence, usage) { name, options, ops, sentence, usage },
#include "modes.def"
#undef MODE
};

/* Accepted in every mode. */
#define OPTIONS_OF_ALL "mdhV"

/* Several may be given: `-m discovery -o new -o delete` asks for both. */
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

/* Refuses "3x", which 2.1.8 accepted as 3. */
static int store_number(const struct opt_row *o, const char *value, long *to, struct err *err)
{
	char why[64], *end;

	errno = 0;
	*to = strtol(value, &end, 10);
	if (end != value && !*end && !errno && *to >= o->min && *to <= o->max)
		return 0;
	snprintf(why, sizeof(why), "is not a number from %ld to %ld", o->min, o->max);
	return refuse_value(o, value, why, err);
}

/* os-brick uses three -n and three -v in one command: the nth -v belongs to the nth -n. */
static int store_word(const char *value, struct args_words *to, struct err *err)
{
	const char **v = x_grow(to->v, to->n, &to->cap, sizeof(*v), 4);

	if (!v)
		return err_nomem(err, "the command line");
	to->v = v;
	to->v[to->n++] = value;
	return 0;
}

static int store_op(const struct opt_row *o, const char *value, unsigned *to, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!strcmp(ops[i].name, value)) {
			*to |= ops[i].op;
			return 0;
		}
	}
	return refuse_value(o, value, "is not an operation", err);
}

/* The last value of an option counts, except for words and operations, which are collected. */
static int store_option(struct args *a, const struct opt_row *o, const char *value, struct err *err)
{
	void *member = (char *)a + o->member;

	a->given[o - opts] = true;
	switch (o->kind) {
	case KIND_FLAG:
		*(args_flag *)member = true;
		return 0;
	case KIND_TEXT:
		*(args_text *)member = value;
		return 0;
	case KIND_NUMBER:
		return store_number(o, value, member, err);
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
	return err_set(
		err, MISCSI_ERR_INVAL, "unknown mode '%s'. Try 'iscsiadm --help'", quoted_word(text, sizeof(text), a->mode));
}

/* In the words of 2.1.8. */
int args_refuse(const struct args *a, enum args_opt opt, struct err *err)
{
	if (a->in_mode == ARGS_MODE_NONE)
		return err_set(err, MISCSI_ERR_INVAL, "option '-%c' needs a mode (-m). Try 'iscsiadm --help'", opts[opt].letter);
	return err_set(err, MISCSI_ERR_INVAL, "%s mode: option '-%c' is not allowed/supported", modes[a->in_mode].name,
		opts[opt].letter);
}

/*
 * Checks the command line by the tables. Positional arguments are refused: 2.1.8 ignored them, so that `-m node -o delete NAME`
 * deleted every record.
 */
static int check_by_tables(const struct args *a, int argc, char **argv, struct err *err)
{
	const struct mode_row *m = &modes[a->in_mode];
	char text[128];

	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		if (a->given[i] && !args_mode_takes(a->in_mode, (enum args_opt)i))
			return args_refuse(a, (enum args_opt)i, err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (a->ops & ops[i].op & ~m->ops)
			return err_set(
				err, MISCSI_ERR_INVAL, "%s mode: operation '%s' is not allowed/supported", m->name, ops[i].name);
	}
	if (optind < argc)
		return err_set(err, MISCSI_ERR_INVAL, "unexpected argument '%s': options begin with '-'. Nothing was done",
			quoted_word(text, sizeof(text), argv[optind]));
	/* Names without values are harmless in commands that only read; the manual of 2.1.8 uses them. */
	if (a->values.n > a->names.n || (a->values.n < a->names.n && (a->ops & ARGS_OP_UPDATE)))
		return err_set(err, MISCSI_ERR_INVAL, "%zu names (-n) but %zu values (-v): each -n needs its -v", a->names.n,
			a->values.n);
	if (a->in_mode == ARGS_MODE_NONE && !a->given[ARGS_killiscsid])
		return err_set(err, MISCSI_ERR_INVAL, "no mode given (-m). Try 'iscsiadm --help'");
	return 0;
}

/* Reports an unknown option or a missing argument. For an unknown long option optopt is 0, and only argv has its text. */
static int refuse_word(struct args *a, int answer, char **argv, struct err *err)
{
	char text[128];

	/* The manual has the example `--print` without an argument, which prints the tree. */
	if (answer == ':' && optopt == 'P')
		return store_option(a, opt_row_of('P'), "1", err);
	if (answer == ':')
		return err_set(err, MISCSI_ERR_INVAL, "option '-%c' requires an argument", optopt);
	if (optopt)
		return err_set(err, MISCSI_ERR_INVAL, "unknown option '-%c'. Try 'iscsiadm --help'", optopt);
	return err_set(err, MISCSI_ERR_INVAL, "unknown or ambiguous option '%s'. Try 'iscsiadm --help'",
		quoted_word(text, sizeof(text), argv[optind - 1]));
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
	if (a->mode && args_find_mode(a, err) < 0 && !first)
		first = -EINVAL;
	if (a->help || a->version)
		return 0;
	return first ? first : check_by_tables(a, argc, argv, err);
}

/* The strings belong to argv. */
void args_free(struct args *a)
{
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
	return strchr(OPTIONS_OF_ALL, opts[opt].letter) || strchr(modes[mode].options, opts[opt].letter);
}

/* Printed from the tables, so that it names only options that the mode accepts. A test compares the tables with the manual. */
static void print_mode_usage(FILE *to, enum args_mode mode)
{
	fprintf(to, "iscsiadm -m %s %s\n\n%s\n\n", modes[mode].name, modes[mode].usage ? modes[mode].usage : "",
		modes[mode].sentence);
	for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
		char both[64];

		if (!args_mode_takes(mode, (enum args_opt)i))
			continue;
		snprintf(both, sizeof(both), "-%c, --%s%s%s", opts[i].letter, opts[i].name, *opts[i].argument ? "=" : "",
			opts[i].argument);
		fprintf(to, "  %-44s %s\n", both, opts[i].sentence);
	}
}

void args_usage(FILE *to, enum args_mode mode)
{
	if (mode != ARGS_MODE_NONE) {
		print_mode_usage(to, mode);
		return;
	}
	for (size_t i = 1; i < ARRAY_SIZE(modes); i++) {
		if (modes[i].usage)
			fprintf(to, "iscsiadm -m %s %s\n", modes[i].name, modes[i].usage);
	}
	fprintf(to, "iscsiadm -k priority\n");
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of iscsiadm as a structure, defined by opts.def and modes.def.
 *
 * Strings point into argv. As with getopt_long(), long options may be abbreviated to a unique prefix (libvirt uses --target).
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Several operations may be given: `-m discovery -o new -o delete` asks for both. */
enum args_op {
	ARGS_OP_NEW = 1 << 0,
	ARGS_OP_DELETE = 1 << 1,
	ARGS_OP_UPDATE = 1 << 2,
	ARGS_OP_SHOW = 1 << 3,
	ARGS_OP_NONPERSISTENT = 1 << 4,
	ARGS_OP_APPLY = 1 << 5,
	ARGS_OP_APPLYALL = 1 << 6,
	ARGS_OP_LOGIN = 1 << 7,
	ARGS_OP_LOGOUT = 1 << 8,
	ARGS_OP_JSON = 1 << 9, /* becomes -j: args.ops does not have it */
};

enum args_mode {
	ARGS_MODE_NONE,
#define MODE(symbol, ...) ARGS_MODE_##symbol,
#include "modes.def"
	ARGS_MODES
};

enum args_action {
#define ACTION(mode, symbol, ...) ARGS_DO_##mode##_##symbol,
#include "modes.def"
	ARGS_ACTIONS
};

/* The options, as indices of args.given. */
enum args_opt {
#define OPT(symbol, ...) ARGS_##symbol,
#include "opts.def"
#undef OPT
	ARGS_OPTS
};

/* The values of an option that may be given several times. */
struct args_words {
	const char **v; /* owned; the strings are argv's */
	size_t n, cap;
};

typedef bool args_flag;
typedef const char *args_text;
typedef long args_number;
typedef unsigned args_ops; /* ARGS_OP_* */

#define ARGS_TYPE_FLAG args_flag
#define ARGS_TYPE_TEXT args_text
#define ARGS_TYPE_NUMBER args_number
#define ARGS_TYPE_WORDS struct args_words
#define ARGS_TYPE_OPS args_ops

struct args {
	enum args_mode in_mode; /* ARGS_MODE_NONE: none was given */
	enum args_action action;
	const char *level; /* the argument of -P; NULL: not given */
	struct args_words secrets; /* owned strings: values that were read */
	bool given[ARGS_OPTS];
#define OPT(symbol, letter, name, kind, ...) ARGS_TYPE_##kind symbol;
#include "opts.def"
#undef OPT
};

/*
 * Fills *a from the command line; may reorder argv, so that options behind positional arguments are found. INVAL, and an error
 * that names the option, for: an option that the action does not use or that it lacks, an argument out of range, positional
 * arguments, an action that the mode does not have, names and values that do not come in pairs. With -h or -V nothing is
 * refused. Free *a by args_free() in every case.
 */
int args_parse(struct args *a, int argc, char **argv, struct err *err);
void args_free(struct args *a);

/*
 * Replaces the values of secrets ("…auth.password", "…auth.password_in") that are "-" by a line of standard input, "@FILE" by that
 * of a file, and "@@TEXT" by "@TEXT", so that no secret has to be an argument, which ps shows. INVAL.
 */
int args_read_secrets(struct args *a, struct err *err);
bool args_is_secret(const char *name); /* of a setting */

/* The name of a mode ("node"), and whether one of its actions uses an option. */
const char *args_mode_name(enum args_mode mode);
bool args_mode_takes(enum args_mode mode, enum args_opt opt);

/* What the command does, for the log: "node mode, -o new: add a record". */
const char *args_action_text(const struct args *a, char *to, size_t size);

/* Prints the help of all modes, or of one mode with its options. */
void args_usage(FILE *to, enum args_mode mode);

#endif

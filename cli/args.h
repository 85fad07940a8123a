/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of iscsiadm, as a structure: what opts.def and modes.def say of it.
 *
 * Strings point into argv. Long options may be cut to a unique prefix, as getopt_long() does (libvirt says
 * --target).
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

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
};

enum args_mode {
	ARGS_MODE_NONE,
#define MODE(symbol, ...) ARGS_MODE_##symbol,
#include "modes.def"
#undef MODE
	ARGS_MODES
};

/* The index of each option: for args.given. */
enum args_opt {
#define OPT(symbol, ...) ARGS_##symbol,
#include "opts.def"
#undef OPT
	ARGS_OPTS
};

/* What an option that may be given many times holds. */
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
	bool given[ARGS_OPTS];
#define OPT(symbol, letter, name, kind, ...) ARGS_TYPE_##kind symbol;
#include "opts.def"
#undef OPT
};

/*
 * Fills *a from the command line; argv may be reordered (options behind positional words are found). Refused
 * with INVAL, and the option named: what no mode or not this mode takes, an argument out of its range,
 * positional words, an unknown operation or one that the mode does not take, more values than names or, for
 * an update, fewer. -h and -V win over everything: with them nothing else is refused. Free by args_free() in
 * any case.
 */
int args_parse(struct args *a, int argc, char **argv, struct err *err);
void args_free(struct args *a);

/* As 2.1.8 says it: "host mode: option '-s' is not allowed/supported". Also for the handlers, which know more
 * than the table. */
int args_refuse(const struct args *a, enum args_opt opt, struct err *err);

/* The names of a mode ("node") and whether it takes an option. */
const char *args_mode_name(enum args_mode mode);
bool args_mode_takes(enum args_mode mode, enum args_opt opt);

/* --help: of everything, or of one mode with its options. */
void args_usage(FILE *to, enum args_mode mode);

#endif

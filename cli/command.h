/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One handler for each mode of modes.def: it calls core/modes, prints the result with the out_ functions, and returns the exit
 * status, or -errno for the error in *c->err, which has not been printed yet.
 *
 * The parser has already chosen the action and refused the options that it does not use.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "args.h"
#include "modes/node_mode.h"
#include <stdio.h>

struct command {
	struct context *context;
	const struct args *args;
	struct err *err;
	FILE *json; /* NULL: prints text. Otherwise text goes nowhere, and the functions of out_json.h print */
	int *interrupt; /* a descriptor, readable after a SIGINT; -1: a SIGINT ends the program */
};

#define MODE(symbol, ...) int command_##symbol(const struct command *c);
#include "modes.def"

/* -k 0 */
int command_kill(const struct command *c);

/* Prints "iscsiadm: TEXT" for a failure (rc: the return code of a function) and returns the exit status. */
int command_fail(int rc, const struct err *err);
/* Returns the exit status without printing. */
int command_status(int rc, const struct err *err);
/* -n and -v. */
struct settings command_settings(const struct args *a);
/* INVAL without any, for an update. */
int command_settings_given(const struct command *c);

/* Warns on a terminal of CHAP secrets that are too short. */
void command_warn_of_secrets(const struct command *c);

/* Prints records. -errno. */
int command_show(const struct command *c, struct record *const *records, size_t n);

/* Afterwards Ctrl-C makes *c->interrupt readable instead of ending the program. */
void command_catch_interrupt(const struct command *c);

/* The wait of a person at a terminal: reported after 1 s, and then at growing intervals. Programs read standard error: they get no reports. */
struct command_waiting {
	const struct command *c;
	const char *what;
	const char *at; /* whom the command itself asks; NULL: iscsid, which reports what it does */
	unsigned seconds, next;
	bool shown; /* at least one session or login was named */
};
void command_begin_waiting(const struct command *c, const char *what, struct command_waiting *w);
void command_end_waiting(struct command_waiting *w); /* for cleanup(command_end_waiting) */

/* Shared by node, session and discovery mode. */
/* Prints the message of 2.1.8 about a record that a session uses; arg is a struct command. */
void command_say_busy(void *arg, const struct record *node);
int command_login(const struct command *c, const struct record_list *nodes, bool say_all);
int command_logout(const struct command *c, const struct session_info_list *sessions);
int command_rescan(const struct command *c, const struct session_info_list *sessions);
int command_stats(const struct command *c, const struct session_info_list *sessions);
/* -o update and -o delete of the selected records. */
int command_node_update(const struct command *c, const struct node_mode_select *select);
int command_node_delete(const struct command *c, const struct node_mode_select *select);

#endif

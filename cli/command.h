/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One handler per mode (modes.def): calls core/modes, has out_text print what came, and gives the exit
 * status.
 *
 * The parser has refused what the mode does not take; a handler refuses combinations.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "args.h"
#include "modes/node_mode.h"

struct command {
	struct context *context;
	const struct args *args;
	int *interrupt; /* set by what waits for the daemon: readable after a SIGINT; -1: a SIGINT ends us */
};

#define MODE(symbol, ...) int command_##symbol(const struct command *c);
#include "modes.def"
#undef MODE

/* -k 0 */
int command_kill(const struct command *c);

/* Discovery of type fw: keep is enum discovery_mode_keep. */
int command_fw_discovery(const struct command *c, unsigned keep);

/* Prints "iscsiadm: TEXT" of what failed (rc: the return code of a function), and gives the exit status. */
int command_fail(int rc, const struct err *err);
/* The same without printing. */
int command_status(int rc, const struct err *err);
/* One that refuses: INVAL. */
int command_refuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* -n and -v. */
struct settings command_settings(const struct args *a);
/* -P up to max; says "Invalid info level N. Try …" and gives INVAL beyond. */
int command_level(const struct args *a, long max, const char *try);
/* Rules out two of these options at once. */
int command_exclusive(const struct args *a, const enum args_opt *opts, size_t n);

/* From here on Ctrl-C does not end the program, but makes *c->interrupt readable. */
void command_catch_interrupt(const struct command *c);

/* Shared by node, session and discovery mode. */
/* 2.1.8's sentence about a record that a session is using; arg is not looked at. */
void command_say_busy(void *arg, const struct record *node);
int command_login(const struct command *c, const struct record_list *nodes, bool say_all);
int command_logout(const struct command *c, const struct session_info_list *sessions);
int command_rescan(const struct command *c, const struct session_info_list *sessions);
int command_stats(const struct command *c, const struct session_info_list *sessions);
/* -o update and delete of the chosen records, and printing them. */
int command_node_update(const struct command *c, const struct node_mode_select *select);
int command_node_delete(const struct command *c, const struct node_mode_select *select);

#endif

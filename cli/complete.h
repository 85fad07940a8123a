/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion for shells (cli/completion): iscsiadm --complete WORD... */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "modes/context.h"

/*
 * Prints, one per line, what the last of the words typed behind "iscsiadm" may become: options, modes and values from the tables;
 * targets, portals, ifaces, sessions and hosts from the system. The shell filters them by what was typed. Never an error.
 */
void complete_run(struct context *ctx, char *const *words, int n);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking over the sessions that the kernel has: after the daemon was ended or killed, or when it takes the place of another
 * initiator program.
 */
#ifndef SESSION_ADOPT_H
#define SESSION_ADOPT_H

#include "base/err.h"

struct manager;

/* Takes over all that are there, and has the manager take over later ones that are asked for by number. Gives how many, or -errno. */
int adopt_sessions(struct manager *m, struct err *err);

#endif

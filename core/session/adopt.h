/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adopts the sessions that the kernel has: after the daemon was stopped or killed, or when it replaces another initiator program.
 */
#ifndef SESSION_ADOPT_H
#define SESSION_ADOPT_H

#include "base/err.h"

struct manager;

/*
 * Adopts all existing sessions, and makes the manager adopt later ones requested by sid. Returns the number of sessions, or
 * -errno.
 */
int adopt_sessions(struct manager *m, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adopts the sessions that the kernel has: after the daemon was stopped or killed, or when it replaces another initiator program.
 */
#ifndef SESSION_ADOPT_H
#define SESSION_ADOPT_H

#include "base/err.h"

struct manager;

/* Lists the sessions, and loads the plugins if there are any, which takes longer than a turn of the loop may. Once, before it runs. -errno. */
int adopt_begin(struct manager *m, struct err *err);

/*
 * Adopts existing sessions, at most `most` of them in one call (the last ones remove the files of sessions that are gone), and makes the manager adopt later ones requested by sid. Call it
 * until it no longer returns 1. 0: none is left, and *adopted is the number of all; -errno. Sessions whose ISID is not known come
 * last, since theirs is chosen to differ from the others.
 */
int adopt_sessions(struct manager *m, unsigned most, unsigned *adopted, struct err *err);
/*
 * Ends the sessions of whose login an iscsid or iscsistart began that no longer exists; others stay as they are. The caller runs the loop
 * until they are gone (manager_count()). Returns how many; -errno.
 */
int adopt_abandoned(struct manager *m, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot: logs in from this process, without a daemon, and leaves the sessions in the kernel. Their settings and ISIDs stay in
 * state_dir, so that iscsid takes them over without a new login.
 */
#ifndef MODES_BOOT_H
#define MODES_BOOT_H

#include "modes/context.h"

#define BOOT_STATE_DIR "/run/miscsi/sessions"
#define BOOT_SECONDS 120 /* for all logins together */
#define BOOT_REST_SECONDS 5 /* for the other portals, once each target has a session */

struct boot {
	struct context *ctx;
	const char *initiator_name; /* if the node's record has none; NULL: initiatorname.iscsi */
	const char *state_dir;
	const char *sysfs; /* NULL: /sys */
	unsigned seconds;
	/* Reports the result of each node once: err->code OK, SESS_EXISTS or the failure. */
	void (*result)(void *arg, const struct record *node, const struct err *err);
	void *arg;
};

/*
 * Logs in to all nodes at once and waits: until every login has ended, or boot->seconds have passed, or SIGTERM or SIGINT came,
 * or each target has a session through one of its portals, whichever program made it, and BOOT_REST_SECONDS have passed since. Logins that have not ended
 * then are cancelled, and their sessions removed from the kernel. A network that appears meanwhile ends a wait for it.
 *
 * 0: each target has a session. Otherwise the first failure of a target without one, which result() has reported. -errno.
 */
int boot_login(const struct boot *boot, const struct record_list *nodes, struct err *err);

#endif

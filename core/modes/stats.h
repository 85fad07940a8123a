/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics of sessions, read from the kernel by this process: only root may do that, and no daemon is needed. */
#ifndef MODES_STATS_H
#define MODES_STATS_H

#include "modes/session_mode.h"

struct stats_events {
	void (*begin)(void *arg, const struct session_info *session);
	/* Called for each counter, in the kernel's order, with escaped texts. extended: a counter that only this driver has. */
	void (*counter)(void *arg, const char *name, const char *value, bool extended);
	/* Called after the counters, or instead of them if err->code is not OK. */
	void (*result)(void *arg, const struct session_info *session, const struct err *err);
	void *arg;
};

/*
 * Reads the statistics of one session after the other; a failure does not end that. -errno and *err of the first failure. Blocks.
 */
int stats_sessions(
	struct context *ctx, const struct session_info_list *sessions, const struct stats_events *events, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters of sessions, asked of the kernel by this process: no daemon is needed, root is. */
#ifndef MODES_STATS_H
#define MODES_STATS_H

#include "modes/session_mode.h"

struct stats_events {
	void (*begin)(void *arg, const struct session_info *session);
	/* Each counter, in the order of the kernel; texts are escaped. extended: it is the driver's own. */
	void (*counter)(void *arg, const char *name, const char *value, bool extended);
	/* Behind the counters, or in place of them: err->code tells. */
	void (*result)(void *arg, const struct session_info *session, const struct err *err);
	void *arg;
};

/* One after the other. -errno with the first failure; the others are asked nevertheless. Blocks. */
int stats_sessions(
	struct context *ctx, const struct session_info_list *sessions, const struct stats_events *events, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop's timers: a binary heap by due time, ties in the order of setting. Used by loop.c alone. */
#ifndef BASE_TIMERS_H
#define BASE_TIMERS_H

#include "base/loop.h"

struct timers {
	struct loop_timer **heap; /* owned; the nodes are not */
	unsigned n;
	size_t cap;
	uint64_t order; /* that of the next one set */
};

int timers_set(struct timers *ts, struct loop_timer *t, uint64_t due); /* moves one that is set; -ENOMEM */
void timers_remove(struct timers *ts, struct loop_timer *t); /* nothing when not set */
struct loop_timer *timers_first(const struct timers *ts); /* NULL: none */
void timers_free(struct timers *ts); /* all are unset */

#endif

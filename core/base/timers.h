/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop's timers, a heap by due time, ties in the order of setting. Used by loop.c alone. */
#ifndef BASE_TIMERS_H
#define BASE_TIMERS_H

#include "base/loop.h"

struct timers {
	struct loop_timer *root; /* NULL: no timer is set */
	uint64_t order; /* order of the next timer that is set */
};

void timers_set(struct timers *ts, struct loop_timer *t, uint64_t due); /* a timer that is set is moved */
void timers_remove(struct timers *ts, struct loop_timer *t); /* a timer that is not set is allowed */
struct loop_timer *timers_first(const struct timers *ts); /* NULL: no timer is set */
void timers_free(struct timers *ts); /* unsets all timers */

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop's timers: a binary heap. Each node knows its place (slot, from 1), so that cancelling needs no search. */
#include "config.h"
#include "base/timers.h"
#include "base/mem.h"
#include <errno.h>

/* Timers that are due together run in the order in which they were set: that makes traces and tests repeatable. */
static bool timer_before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

/* Slots count from 1, so the children of i are 2i and 2i+1. */
static void place_timer(struct timers *ts, unsigned slot, struct loop_timer *t)
{
	ts->heap[slot - 1] = t;
	t->slot = slot;
}

/* Moves the node at a slot to where it belongs, either way. */
static void sift_timer(struct timers *ts, unsigned slot)
{
	struct loop_timer *t = ts->heap[slot - 1];

	while (slot > 1 && timer_before(t, ts->heap[slot / 2 - 1])) {
		place_timer(ts, slot, ts->heap[slot / 2 - 1]);
		slot /= 2;
	}
	for (unsigned child = 2 * slot; child <= ts->n; child = 2 * slot) {
		if (child < ts->n && timer_before(ts->heap[child], ts->heap[child - 1]))
			child++;
		if (!timer_before(ts->heap[child - 1], t))
			break;
		place_timer(ts, slot, ts->heap[child - 1]);
		slot = child;
	}
	place_timer(ts, slot, t);
}

/* One that runs already is moved and needs no memory, so it cannot fail. */
int timers_set(struct timers *ts, struct loop_timer *t, uint64_t due)
{
	if (!t->slot) {
		struct loop_timer **heap = x_grow(ts->heap, ts->n, &ts->cap, sizeof(*heap), 16);

		if (!heap)
			return -ENOMEM;
		ts->heap = heap;
		place_timer(ts, ++ts->n, t);
	}
	t->due = due;
	t->order = ts->order++;
	sift_timer(ts, t->slot);
	return 0;
}

void timers_remove(struct timers *ts, struct loop_timer *t)
{
	unsigned slot = t->slot;
	struct loop_timer *last;

	if (!slot)
		return;
	t->slot = 0;
	last = ts->heap[--ts->n];
	if (last == t)
		return;
	place_timer(ts, slot, last);
	sift_timer(ts, slot);
}

struct loop_timer *timers_first(const struct timers *ts)
{
	return ts->n ? ts->heap[0] : NULL;
}

void timers_free(struct timers *ts)
{
	for (unsigned i = 0; i < ts->n; i++)
		ts->heap[i]->slot = 0;
	x_free(ts->heap);
	ts->heap = NULL;
	ts->n = 0;
	ts->cap = 0;
}

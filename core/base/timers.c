/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop's timers: a pairing heap whose nodes are the timers themselves. To set one needs no memory: a session that could not
 * set the timer of its next login would never log in again.
 */
#include "config.h"
#include "base/timers.h"
#include <stddef.h>

/* Timers that are due together run in the order in which they were set: that makes traces and tests repeatable. */
static bool timer_before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

/* Two heaps become one: the later root becomes the first child of the other. */
static struct loop_timer *meld_heaps(struct loop_timer *a, struct loop_timer *b)
{
	struct loop_timer *above = a, *below = b;

	if (!a || !b)
		return a ? a : b;
	if (timer_before(b, a)) {
		above = b;
		below = a;
	}
	below->prev = above;
	below->next = above->child;
	if (above->child)
		above->child->prev = below;
	above->child = below;
	return above;
}

/* The children of a root that goes: in pairs from the left, then all pairs from the right. That keeps the heap flat. */
static struct loop_timer *meld_children(struct loop_timer *child)
{
	struct loop_timer *pairs = NULL, *root = NULL;

	while (child) {
		struct loop_timer *a = child, *b = a->next;

		child = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		a = meld_heaps(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct loop_timer *pair = pairs;

		pairs = pair->next;
		pair->next = NULL;
		root = meld_heaps(root, pair);
	}
	return root;
}

void timers_set(struct timers *ts, struct loop_timer *t, uint64_t due)
{
	timers_remove(ts, t);
	t->due = due;
	t->order = ts->order++;
	t->set = true;
	t->child = t->next = t->prev = NULL;
	ts->root = meld_heaps(ts->root, t);
}

void timers_remove(struct timers *ts, struct loop_timer *t)
{
	struct loop_timer *rest;

	if (!t->set)
		return;
	t->set = false;
	rest = meld_children(t->child);
	if (ts->root == t) {
		ts->root = rest;
		return;
	}
	if (t->prev->child == t)
		t->prev->child = t->next;
	else
		t->prev->next = t->next;
	if (t->next)
		t->next->prev = t->prev;
	ts->root = meld_heaps(ts->root, rest);
}

struct loop_timer *timers_first(const struct timers *ts)
{
	return ts->root;
}

void timers_free(struct timers *ts)
{
	while (ts->root)
		timers_remove(ts, ts->root);
}

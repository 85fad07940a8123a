/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events that plugins report (MISCSI_EVENT_*), on their way to the program's sessions. */
#include "plugin/report.h"
#include "plugin/hosts.h"
#include "plugin/private.h"

#include <errno.h>

struct report {
	struct list node; /* plugins.reports */
	struct loop_task task;
	struct plugin *from;
	uint32_t event, number;
};

/* The listener may be gone meanwhile. */
static void report_heard(void *arg)
{
	struct report *r = arg;
	struct plugins *ps = r->from->ps;

	list_remove(&r->node);
	if (ps->listener)
		ps->listener(ps->listener_arg, r->from, r->event, r->number);
	x_free(r);
}

static bool has_host(const struct plugin *p, uint32_t host_no)
{
	struct transport *t;
	struct err err = ERR_INIT;

	list_for_each (t, &p->ps->transports, node) {
		if (t->plugin == p && (t->match.traits & MISCSI_TRAIT_OWN_HOSTS || hosts_check(t, host_no, &err) == 0))
			return true;
	}
	return false;
}

/* From the loop: a plugin reports from within its ops, and what is done about the event may end these. */
int report_event(struct plugin *from, uint32_t event, uint32_t number)
{
	struct plugins *ps = from->ps;
	struct report *r;

	if (!ps->listener)
		return -EOPNOTSUPP;
	if (event != MISCSI_EVENT_SESSION_LOST && !has_host(from, number))
		return -ENODEV;
	r = x_new(struct report);
	if (!r)
		return -ENOMEM;
	*r = (struct report){ .from = from, .event = event, .number = number };
	list_init(&r->node);
	list_append(&ps->reports, &r->node);
	loop_defer(ps->config.loop, &r->task, report_heard, r);
	return 0;
}

void report_drop_all(struct plugins *ps)
{
	struct report *r, *next;

	list_for_each_safe (r, next, &ps->reports, node) {
		loop_task_cancel(ps->config.loop, &r->task);
		list_remove(&r->node);
		x_free(r);
	}
}

void report_listen(
	struct plugins *ps, void (*fn)(void *arg, const struct plugin *from, uint32_t event, uint32_t number), void *arg)
{
	ps->listener = fn;
	ps->listener_arg = arg;
}

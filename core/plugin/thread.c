/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plugin's own thread. It is not one of the program's workers: a library that blocks for a minute must not delay the requests of
 * other transports, and most such libraries must not be called by two threads at once.
 *
 * A work owns itself, since run() cannot be stopped.
 */
#include "plugin/thread.h"
#include "base/worker.h"

#include <errno.h>
#include <string.h>

struct plugin_work {
	struct list node; /* op_private.works */
	struct op_private *op; /* NULL: it has ended */
	struct plugin *plugin;
	struct work work;
	void (*run)(void *data);
	miscsi_work_fn done, late;
	_Alignas(max_align_t) unsigned char data[];
};

static void work_run(struct work *work)
{
	struct plugin_work *w = container_of(work, struct plugin_work, work);

	w->run(w->data);
}

/* done() may end the op, so the work is no longer its own then. */
static void work_done(struct work *work)
{
	struct plugin_work *w = container_of(work, struct plugin_work, work);

	list_remove(&w->node);
	if (w->op)
		w->done(&w->op->pub, w->data);
	else if (w->late)
		w->late(&w->plugin->self->pub, w->data);
	x_free(w);
}

int thread_work(
	struct op_private *p, const void *data, size_t size, void (*run)(void *data), miscsi_work_fn done, miscsi_work_fn late)
{
	struct plugin *plugin = p->plugin;
	struct plugin_work *w = size < SIZE_MAX / 2 ? x_zalloc(sizeof(*w) + size) : NULL;
	int rc = w ? 0 : -ENOMEM;

	if (rc == 0 && !plugin->thread)
		rc = worker_pool_new(op_plugins(p)->config.loop, 1, &plugin->thread);
	if (rc == 0) {
		w->work = (struct work){ .run = work_run, .done = work_done };
		w->op = p;
		w->plugin = plugin;
		w->run = run;
		w->done = done;
		w->late = late;
		if (size)
			memcpy(w->data, data, size);
		list_init(&w->node);
		rc = worker_submit(plugin->thread, &w->work);
	}
	if (rc < 0) {
		x_free(w);
		return rc;
	}
	list_append(&p->works, &w->node);
	return 0;
}

void thread_orphan_all(struct op_private *p)
{
	struct plugin_work *w, *next;

	list_for_each_safe (w, next, &p->works, node) {
		list_remove(&w->node);
		w->op = NULL;
		if (worker_cancel(p->plugin->thread, &w->work))
			x_free(w);
	}
}

#define END_MS 2000

bool thread_end(struct plugin *plugin)
{
	struct worker_pool *thread = plugin->thread;

	if (!thread)
		return true;
	if (plugin->self)
		thread_orphan_all(plugin->self);
	if (!worker_pool_stop(thread, END_MS)) {
		log_warn(plugin->ps->config.log, "plugin",
			"a call of plugin %s to its library has not returned for two seconds, so the program ends without "
			"waiting for it",
			plugin->name);
		return false;
	}
	worker_pool_free(thread);
	plugin->thread = NULL;
	return true;
}

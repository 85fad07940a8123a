/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work for an op on a worker's thread. It owns itself, since a worker that has begun cannot be stopped. */
#include "plugin/op_work.h"

#include <errno.h>

static void op_work_run(struct work *work)
{
	struct op_work *w = container_of(work, struct op_work, work);

	w->run(w);
}

static void op_work_done(struct work *work)
{
	struct op_work *w = container_of(work, struct op_work, work);

	if (w->op) {
		w->op->undo = NULL;
		w->op->work = NULL;
		w->done(w);
	}
	w->free(w);
}

static void op_work_undo(struct op_private *p)
{
	struct op_work *w = p->work;

	p->undo = NULL;
	p->work = NULL;
	if (worker_cancel(op_plugins(p)->config.workers, &w->work))
		w->free(w);
	else
		w->op = NULL;
}

int op_work_submit(struct op_work *w)
{
	struct op_private *p = w->op;
	int rc;

	w->work.run = op_work_run;
	w->work.done = op_work_done;
	rc = worker_submit(op_plugins(p)->config.workers, &w->work);
	if (rc < 0) {
		w->free(w);
		return rc;
	}
	p->work = w;
	p->undo = op_work_undo;
	return -EINPROGRESS;
}

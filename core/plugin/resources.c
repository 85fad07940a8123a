/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The preparation of a connect on a worker's thread. It owns itself: its op may be given up while the worker waits for the kernel. */
#include "plugin/resources.h"
#include "base/worker.h"
#include "plugin/address.h"
#include "plugin/op.h"
#include "plugin/private.h"
#include "plugin/uio.h"

#include <errno.h>

struct preparation {
	struct work work;
	struct op_private *op; /* NULL: given up */
	void (*ready)(struct op_private *p, int result);
	struct list uios; /* to be opened */
	int held;
	const char *dev;
	struct address address;
	int result;
	struct err err;
};

static void preparation_free(struct preparation *w)
{
	uio_drop(&w->uios);
	x_free(w);
}

/* Neither step is skipped when the other fails: preparation_outcome() reports the one that matters more. */
static void preparation_run(struct work *work)
{
	struct preparation *w = container_of(work, struct preparation, work);

	uio_open(&w->uios, w->dev);
	w->result = address_ready(&w->address, &w->err);
}

/* Both are looked at, the uio devices first: once open they are held, whatever else fails. */
static int preparation_outcome(struct preparation *w)
{
	struct op_private *p = w->op;
	int rc = p->transport->match.traits & MISCSI_TRAIT_UIO ? uio_take(p->transport, w->held, &w->uios, &p->owner->err) : 0;

	if (rc == 0 && w->result < 0) {
		err_copy(&p->owner->err, &w->err);
		rc = w->result;
	}
	return rc;
}

/* The op may have been given up meanwhile; what the worker opened is closed then. */
static void preparation_done(struct work *work)
{
	struct preparation *w = container_of(work, struct preparation, work);
	struct op_private *p = w->op;
	int rc = p ? preparation_outcome(w) : 0;

	if (p) {
		p->undo = NULL;
		p->pub.data = NULL;
		w->ready(p, rc);
	}
	preparation_free(w);
}

/* A worker that has begun cannot be stopped: it keeps the preparation, which forgets the op. */
static void preparation_undo(struct op_private *p)
{
	struct preparation *w = p->pub.data;

	p->undo = NULL;
	p->pub.data = NULL;
	if (worker_cancel(op_plugins(p)->config.workers, &w->work))
		preparation_free(w);
	else
		w->op = NULL;
}

/* Returns 1 if a worker has something to do, 0 if not. */
/* On the loop's thread, since it reads the op's settings. Most connects find all they need in place, and start no worker. */
static int preparation_look(struct preparation *w, const struct miscsi_connect_args *args)
{
	struct op_private *p = w->op;
	uint64_t traits = p->transport->match.traits;

	if (args && (traits & MISCSI_TRAIT_PATH))
		address_look(p, args, &w->address);
	if ((traits & MISCSI_TRAIT_UIO) && op_plugins(p)->config.sysfs)
		w->held = uio_look(p->transport, p->pub.host_no, &w->uios, &p->owner->err);
	if (w->held < 0)
		return w->held;
	return w->address.wanted || !list_empty(&w->uios);
}

/* A program without workers is a command, which may block. */
static int preparation_submit(struct preparation *w)
{
	struct op_private *p = w->op;
	int rc;

	if (!op_plugins(p)->config.workers) { /* a program that may block */
		preparation_run(&w->work);
		return preparation_outcome(w);
	}
	rc = worker_submit(op_plugins(p)->config.workers, &w->work);
	if (rc < 0)
		return err_set(&p->owner->err, MISCSI_ERR_NOMEM, "cannot start a thread to prepare the connection");
	p->pub.data = w;
	p->undo = preparation_undo;
	return -EINPROGRESS;
}

int resources_acquire(
	struct op_private *p, const struct miscsi_connect_args *args, void (*ready)(struct op_private *p, int result))
{
	struct preparation *w = x_new(struct preparation);
	int rc;

	if (!w)
		return err_nomem(&p->owner->err, "a connection");
	w->work.run = preparation_run;
	w->work.done = preparation_done;
	w->op = p;
	w->ready = ready;
	w->dev = op_plugins(p)->config.dev ? op_plugins(p)->config.dev : "/dev";
	list_init(&w->uios);
	rc = preparation_look(w, args);
	if (rc > 0)
		rc = preparation_submit(w);
	if (rc != -EINPROGRESS)
		preparation_free(w);
	return rc;
}

/* For sessions that an earlier daemon connected: its descriptors were closed when it ended. */
void resources_keep(struct transport *t, struct transport_op *op)
{
	struct op_private *p = op_begin(t, op);

	if (p)
		op_returned(p, resources_acquire(p, NULL, op_finish));
}

void resources_release(struct transport *t)
{
	uio_release(t->plugin->ps, t);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The preparation of a connect on a worker's thread. */
#include "plugin/resources.h"
#include "plugin/address.h"
#include "plugin/op.h"
#include "plugin/op_work.h"
#include "plugin/private.h"
#include "plugin/uio.h"

#include <errno.h>

struct preparation {
	struct op_work base;
	void (*ready)(struct op_private *p, int result);
	struct list uios; /* to be opened */
	int held;
	const char *dev;
	struct address address;
	int result;
	struct err err;
};

static void preparation_free(struct op_work *base)
{
	struct preparation *w = container_of(base, struct preparation, base);

	uio_drop(&w->uios);
	x_free(w);
}

/* Neither step is skipped when the other fails: preparation_outcome() reports the one that matters more. */
static void preparation_run(struct op_work *base)
{
	struct preparation *w = container_of(base, struct preparation, base);

	uio_open(&w->uios, w->dev);
	w->result = address_ready(&w->address, &w->err);
}

/* Both are looked at, the uio devices first: once open they are held, whatever else fails. */
static int preparation_outcome(struct preparation *w)
{
	struct op_private *p = w->base.op;
	int rc = p->transport->match.traits & MISCSI_TRAIT_UIO ? uio_take(p->transport, w->held, &w->uios, &p->owner->err) : 0;

	if (rc == 0 && w->result < 0) {
		err_copy(&p->owner->err, &w->err);
		rc = w->result;
	}
	return rc;
}

static void preparation_done(struct op_work *base)
{
	struct preparation *w = container_of(base, struct preparation, base);

	w->ready(base->op, preparation_outcome(w));
}

/*
 * Returns 1 if a worker has something to do, 0 if not. On the loop's thread, since it reads the op's settings. Most connects find
 * all they need in place, and start no worker.
 */
static int preparation_look(struct preparation *w, const struct miscsi_connect_args *args)
{
	struct op_private *p = w->base.op;
	uint64_t traits = p->transport->match.traits;

	if (args && (traits & MISCSI_TRAIT_PATH))
		address_look(p, args, &w->address);
	if ((traits & MISCSI_TRAIT_UIO) && op_plugins(p)->config.sysfs)
		w->held = uio_look(p->transport, p->pub.host_no, &w->uios, &p->owner->err);
	if (w->held < 0)
		return w->held;
	return w->address.wanted || !list_empty(&w->uios);
}

int resources_acquire(
	struct op_private *p, const struct miscsi_connect_args *args, void (*ready)(struct op_private *p, int result))
{
	struct preparation *w = x_new(struct preparation);
	int rc;

	if (!w)
		return err_nomem(&p->owner->err, "the preparation of the adapter for a connection");
	w->base = (struct op_work){ .op = p, .run = preparation_run, .done = preparation_done, .free = preparation_free };
	w->ready = ready;
	w->dev = op_plugins(p)->config.dev ? op_plugins(p)->config.dev : "/dev";
	list_init(&w->uios);
	rc = preparation_look(w, args);
	if (rc > 0 && op_plugins(p)->config.workers) {
		rc = op_work_submit(&w->base);
		return rc == -EINPROGRESS ? rc :
					    err_sys(&p->owner->err, MISCSI_ERR_NOMEM, -rc,
						    "cannot start the helper process that prepares the adapter for a connection");
	}
	if (rc > 0) { /* a program without workers is a command, which may block */
		preparation_run(&w->base);
		rc = preparation_outcome(w);
	}
	preparation_free(&w->base);
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

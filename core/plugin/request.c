/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to the kernel that a plugin's op makes. Owned by the op; once that has ended, those with a `late` callback wait on
 * plugins.requests for their answer.
 *
 * A request goes to the kernel's worker. In a program whose kernel is not attached to a loop (a command that may block) it is run
 * at once; its answer comes from the loop all the same.
 */
#include "plugin/request.h"
#include "kernel/kernel.h"
#include "plugin/op.h"
#include "plugin/private.h"

#include <errno.h>
#include <string.h>

struct request {
	struct list node; /* op_private.requests; once the op has ended: plugins.requests */
	struct plugin *plugin;
	struct transport *transport; /* that the request is about; NULL: none */
	struct op_private *op; /* NULL: the op has ended */
	miscsi_answer_fn fn, late;
	struct job *job;
	struct loop_task task; /* of a request that was run at once */
	bool submitted;
};

static void request_free(struct request *r)
{
	list_remove(&r->node);
	if (r->job)
		job_free(r->job);
	x_free(r);
}

/* fn gets the op that asked; late, when that has ended, the plugin's own op, on behalf of the same driver. */
static void request_answered(struct request *r)
{
	struct miscsi_answer answer = { .size = sizeof(answer) };
	struct iscsi_uevent ev;
	struct miscsi_op *op = r->op ? &r->op->pub : &r->plugin->self->pub;
	miscsi_answer_fn fn = r->op ? r->fn : r->late;
	size_t len = 0;

	list_remove(&r->node); /* from here on no end of an op reaches it */
	answer.result = job_result(r->job, NULL);
	if (job_answer(r->job, 0, &ev)) {
		answer.u = ev.u;
		answer.r = ev.r;
	}
	answer.retcode = r->job->retcode;
	answer.data = job_data(r->job, 0, &len);
	answer.data_len = answer.data ? (uint32_t)len : 0;
	if (!r->op)
		op_self_for(r->plugin, r->transport); /* the request that undoes something needs the driver's handle */
	if (fn)
		fn(op, &answer);
	if (!r->op)
		op_self_for(r->plugin, NULL);
	request_free(r);
}

static void job_done(struct job *job, void *arg)
{
	struct request *r = arg;

	(void)job; /* r->job: ours again */
	r->submitted = false;
	request_answered(r);
}

static void ran_at_once(void *arg)
{
	request_answered(arg);
}

/*
 * Programs that may block have no worker for the kernel. There the request runs at once, and its answer still comes from the
 * loop.
 */
static int request_submit(struct request *r)
{
	struct plugins *ps = r->plugin->ps;
	int result;

	if (!ps->config.kernel)
		return -ENOTCONN;
	result = kernel_submit(ps->config.kernel, r->job, job_done, r);
	r->submitted = result == 0;
	if (result != -ENOTCONN)
		return result;
	kernel_run(ps->config.kernel, r->job, NULL); /* what came of it is the job's result */
	loop_defer(ps->config.loop, &r->task, ran_at_once, r);
	return 0;
}

int request_send(struct miscsi_op *op, const struct miscsi_request *request, miscsi_answer_fn fn, miscsi_answer_fn late)
{
	struct op_private *p = op_of(op);
	struct miscsi_request known = { 0 };
	struct request *r;
	int result;

	if (p->finished || !request || !fn || (request->payload_len && !request->payload))
		return -EINVAL;
	memcpy(&known, request, request->size < sizeof(known) ? request->size : sizeof(known));
	r = x_new(struct request);
	if (!r)
		return -ENOMEM;
	list_init(&r->node);
	r->plugin = p->plugin;
	r->transport = p->transport;
	r->op = p;
	r->fn = fn;
	r->late = late;
	r->job = job_new();
	result = r->job ? 0 : -ENOMEM;
	if (result == 0) {
		job_for(r->job, p->transport ? p->transport->handle : 0, op->sid, op->cid);
		job_raw(r->job, known.type, &known.u, known.payload, known.payload_len);
		result = request_submit(r);
	}
	if (result < 0) {
		request_free(r);
		return result;
	}
	list_append(&p->requests, &r->node);
	return 0;
}

/* A request that the kernel has begun runs to its end; its answer is freed unseen. */
static void request_drop(struct request *r)
{
	if (r->submitted) {
		kernel_cancel(r->plugin->ps->config.kernel, r->job);
		r->job = NULL;
	}
	loop_task_cancel(r->plugin->ps->config.loop, &r->task);
	request_free(r);
}

/* An endpoint that the kernel makes after its op has ended would stay for ever: `late` is there to undo such an answer. */
void request_orphan_all(struct op_private *p)
{
	struct request *r, *next;

	list_for_each_safe (r, next, &p->requests, node) {
		list_remove(&r->node);
		r->op = NULL;
		if (r->late)
			list_append(&op_plugins(p)->requests, &r->node);
		else
			request_drop(r);
	}
}

void request_drop_all(struct plugins *ps)
{
	struct request *r, *next;

	list_for_each_safe (r, next, &ps->requests, node)
		request_drop(r);
}

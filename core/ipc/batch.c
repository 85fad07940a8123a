/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results are sent as they come if the client asked for "more", otherwise all in the last reply.
 *
 * If the client disconnects before the end (every CSI driver kills its iscsiadm), the batch makes the rest of its requests and is
 * freed, but the manager continues with them.
 */
#include "config.h"
#include "ipc/batch.h"
#include "ipc/varlink_call.h"
#include "base/mem.h"
#include <errno.h>

/* Contains the manager's request, so that a batch of thousands is one allocation. */
struct item {
	struct manager_request request;
	struct batch *batch;
	bool pending; /* the manager has the request */
};

struct batch {
	const struct service_config *config;
	struct batches *all;
	struct list node; /* in all */
	struct varlink_call *call; /* NULL: the client has disconnected */
	struct batch_work work;
	size_t made, left; /* left: how many have no result */
	struct loop_task more; /* makes the next requests */
	struct json_object *results; /* of the next reply */
	int error; /* a result could not be written */
	bool making;
	struct item items[];
};

/* Requests that are made in one turn of the loop. */
#define MADE_AT_ONCE 32

/* Has both number and name: iscsiadm exits with the number, other clients read the name. */
static struct json_object *batch_failure(const struct err *err)
{
	struct json_object *failure = json_object_new_object();
	int error = 0;

	varlink_add_integer(failure, "code", err->code, &error);
	varlink_add_text(failure, "name", err_name(err->code) ? err_name(err->code) : "GENERIC", &error);
	varlink_add_text(failure, "text", err->text, &error);
	if (!error)
		return failure;
	varlink_put(failure);
	return NULL;
}

void batch_reply_failure(struct varlink_call *call, const struct err *err)
{
	varlink_call_reply_error(call, "org.miscsi.Error", batch_failure(err));
}

/* The manager continues with the requests, without a report. */
static void batch_forget(struct batch *b)
{
	for (size_t i = 0; i < b->work.places; i++) {
		if (!b->items[i].pending)
			continue;
		b->config->ops->forget(&b->items[i].request);
		b->items[i].pending = false;
		b->all->pending--;
	}
}

static void batch_free(struct batch *b)
{
	batch_forget(b);
	loop_task_cancel(b->config->loop, &b->more);
	b->work.free(b->work.arg);
	list_remove(&b->node);
	varlink_put(b->results);
	x_free(b);
}

static void batch_cancelled(void *arg)
{
	struct batch *b = arg;

	b->call = NULL;
	if (b->made == b->work.n)
		batch_free(b);
}

/* {"results": …} of the results so far; NULL: no memory. The member is in every reply, if empty. */
static struct json_object *batch_take_results(struct batch *b)
{
	struct json_object *parameters = json_object_new_object();

	if (!b->results)
		b->results = json_object_new_array();
	if (!b->results)
		b->error = -ENOMEM;
	varlink_add(parameters, "results", x_steal(b->results), &b->error);
	return parameters;
}

/*
 * Sends the final reply and frees the batch. If a result was lost for lack of memory, the whole call fails, so that the client
 * does not regard it as a success.
 */
static void batch_end(struct batch *b)
{
	struct json_object *parameters = batch_take_results(b);
	struct err err = ERR_INIT;

	if (b->error) {
		err_nomem(&err, "the results of the request");
		varlink_put(parameters);
		batch_reply_failure(b->call, &err);
	} else {
		varlink_call_reply(b->call, parameters);
	}
	batch_free(b);
}

/* Members that the manager does not know are absent. */
static void batch_add_result(struct batch *b, size_t index, const struct manager_result *r)
{
	struct json_object *o = json_object_new_object();

	varlink_add_integer(o, "index", (long long)index, &b->error);
	if (r->sid)
		varlink_add_integer(o, "sid", r->sid, &b->error);
	varlink_add_text(o, "target", r->target, &b->error);
	varlink_add_text(o, "address", r->address, &b->error);
	varlink_add_text(o, "iface", r->iface, &b->error);
	if (r->address) {
		varlink_add_integer(o, "port", r->port, &b->error);
		if (r->tpgt >= 0)
			varlink_add_integer(o, "tpgt", r->tpgt, &b->error);
	}
	if (r->err.code != MISCSI_ERR_OK) {
		struct json_object *failure = batch_failure(&r->err);

		if (!failure)
			b->error = -ENOMEM;
		varlink_add(o, "error", failure, &b->error);
	}
	if (!b->results)
		b->results = json_object_new_array();
	if (o && b->results && !b->error && !json_object_array_add(b->results, o))
		return;
	b->error = -ENOMEM;
	varlink_put(o);
}

static void batch_add(struct batch *b, size_t place, const struct manager_result *r)
{
	b->left--;
	if (!b->call)
		return;
	batch_add_result(b, place, r);
	if (!b->error && varlink_call_more(b->call))
		varlink_call_reply_more(b->call, batch_take_results(b));
}

/* The end of the batch, when all is done. It must not be used afterwards. */
static void batch_look(struct batch *b)
{
	if (b->making || b->made < b->work.n)
		return;
	if (!b->call)
		batch_free(b);
	else if (!b->left)
		batch_end(b);
}

static void batch_request_done(struct manager_request *request, const struct manager_result *result)
{
	struct item *item = request->arg;
	struct batch *b = item->batch;

	item->pending = false;
	b->all->pending--;
	batch_add(b, (size_t)(item - b->items), result);
	batch_look(b);
}

struct manager_request *batch_request(struct batch *b, size_t place)
{
	struct item *item = &b->items[place];

	item->batch = b;
	item->pending = true;
	item->request.done = batch_request_done;
	item->request.arg = item;
	b->all->pending++;
	return &item->request;
}

void batch_result(struct batch *b, size_t place, const struct err *err)
{
	struct manager_result result = { .err = *err, .tpgt = -1 };

	batch_add(b, place, &result);
}

/* Without waiting (iscsiadm -W), a result reports that the manager has accepted the request. */
static void batch_accept(struct batch *b)
{
	const struct manager_result taken = { .tpgt = -1 };

	for (size_t i = 0; i < b->work.places; i++) {
		if (!b->items[i].pending)
			continue;
		b->config->ops->forget(&b->items[i].request);
		b->items[i].pending = false;
		b->all->pending--;
		batch_add(b, i, &taken);
	}
}

/* The manager may end a request at once, from within the call: that must not end the batch. */
static void batch_make(void *arg)
{
	struct batch *b = arg;

	b->making = true;
	for (unsigned i = 0; i < MADE_AT_ONCE && b->made < b->work.n; i++)
		b->work.make(b->work.arg, b, b->made++);
	if (!b->work.wait)
		batch_accept(b);
	b->making = false;
	if (b->made < b->work.n)
		loop_defer(b->config->loop, &b->more, batch_make, b);
	else
		batch_look(b);
}

void batch_run(const struct service_config *config, struct batches *all, struct varlink_call *call, const struct batch_work *work)
{
	struct batch *b = x_zalloc(sizeof(*b) + work->places * sizeof(struct item));
	struct err err = ERR_INIT;

	if (!b) {
		work->free(work->arg);
		err_nomem(&err, "the records or sessions of the request");
		batch_reply_failure(call, &err);
		return;
	}
	b->config = config;
	b->all = all;
	b->call = call;
	b->work = *work;
	b->left = work->n;
	list_append(&all->all, &b->node);
	varlink_call_hold(call, batch_cancelled, b);
	batch_make(b);
}

void batch_free_all(struct batches *all)
{
	struct batch *b;

	while ((b = list_first(&all->all, struct batch, node)))
		batch_free(b);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call that makes many requests of the manager, and returns one result for each as it ends.
 *
 * The requests are made some at a time, over several turns of the loop. A batch frees itself with its final reply. When its
 * connection ends before, the rest of the requests is made all the same, and the manager continues with them.
 */
#ifndef IPC_BATCH_H
#define IPC_BATCH_H

#include "ipc/service.h"

struct batch;

struct batch_work {
	size_t n; /* objects: makes as many requests */
	size_t places; /* results have an index below this */
	/* Makes the nth request by batch_request(), or returns its result by batch_result(). */
	void (*make)(void *arg, struct batch *b, size_t nth);
	void (*free)(void *arg); /* when all were made */
	void *arg;
	bool wait; /* false: replies when all were made, without waiting for their results */
};

/* The batches of a service. Zeroed, except for list_init(&all). */
struct batches {
	struct list all;
	unsigned pending; /* requests without a result */
};

/* Holds the call and makes the first requests. Without memory, an error is the reply. The work's arg is freed in any case. */
void batch_run(
	const struct service_config *config, struct batches *all, struct varlink_call *call, const struct batch_work *work);
/* The request for the object at this place, for the manager, which calls its done() later. */
struct manager_request *batch_request(struct batch *b, size_t place);
/* A result that is known at once, instead of a request. */
void batch_result(struct batch *b, size_t place, const struct err *err);
/* For the end of the service: no call is held any more. Frees the batches that have not made all their requests. */
void batch_free_all(struct batches *all);

/* An error as the type Failure, which is also the type of the parameters of org.miscsi.Error. NULL: no memory. */
void batch_reply_failure(struct varlink_call *call, const struct err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call that makes many requests of the manager at once, and returns one result for each as it ends.
 *
 * A batch frees itself with its final reply, or when its connection ends; the manager then continues with the requests.
 */
#ifndef IPC_BATCH_H
#define IPC_BATCH_H

#include "ipc/service.h"

struct batch;

/* Holds the call. NULL: no memory, and an error was the reply. *pending counts the requests without a result. */
struct batch *batch_new(const struct service_config *config, struct varlink_call *call, size_t n, unsigned *pending);
/* The nth request, for the manager, which calls its done() later. Only between batch_new() and batch_start(). */
struct manager_request *batch_request(struct batch *b, size_t index);
/* A result that is known at once, instead of a request. */
void batch_result(struct batch *b, size_t index, const struct err *err);
/* Call it when all n have a request or a result. wait false: replies without waiting for results. */
void batch_start(struct batch *b, bool wait);

/* An error as the type Failure, which is also the type of the parameters of org.miscsi.Error. NULL: no memory. */
void batch_reply_failure(struct varlink_call *call, const struct err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One call that asks the manager for many things at once: a request each, a result each, as they end.
 *
 * Owned by itself: it goes with its final reply, or with its connection. What it asked for goes on in the
 * manager then.
 */
#ifndef IPC_BATCH_H
#define IPC_BATCH_H

#include "ipc/service.h"

struct batch;

/* Holds the call. NULL: no memory; the call was answered. pending counts requests that have no result yet. */
struct batch *batch_new(const struct service_config *config, struct varlink_call *call, size_t n, unsigned *pending);
/* The nth request, to be given to the manager, which calls its done() later. Only between batch_new and
 * batch_start. */
struct manager_request *batch_request(struct batch *b, size_t index);
/* A result that is known at once, in place of a request. */
void batch_result(struct batch *b, size_t index, const struct err *err);
/* All n have a request or a result: replies if it is to wait for none, or none is left to wait for. */
void batch_start(struct batch *b, bool wait);

/* A failure as the type Failure, also the parameters of org.miscsi.Error. NULL: no memory. */
struct json_object *batch_failure(const struct err *err);

#endif

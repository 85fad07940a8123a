/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to the kernel that an op makes by the ABI's request(). For this folder alone. */
#ifndef PLUGIN_REQUEST_H
#define PLUGIN_REQUEST_H

#include <miscsi/core.h>

struct op_private;
struct plugins;

/* request() of the ABI. */
int request_send(struct miscsi_op *op, const struct miscsi_request *request, miscsi_answer_fn fn, miscsi_answer_fn late);
/* The op has ended: a request with a `late` callback goes on without it, any other is dropped. */
void request_orphan_all(struct op_private *p);
void request_drop_all(struct plugins *ps); /* those without an op, when the program ends */

#endif

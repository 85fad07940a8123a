/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request whose answer is the op's result. */
#include "plugin/krequest.h"

#include <errno.h>

/* -ENOSYS is not an error of the entry: the driver, or this kernel, has no such request. */
int krequest_failed(struct miscsi_op *op, const struct krequest *k, int errnum)
{
	if (errnum == -ENOSYS)
		return op->core->set_error(op, k->unknown, "%s of host%u: the driver of transport %s does not support it",
			k->what, op->host_no, op->transport);
	for (size_t i = 0; i < KREQUEST_REFUSALS_MAX && k->refusals[i].errnum; i++) {
		if (k->refusals[i].errnum == -errnum)
			return op->core->set_error(
				op, k->refusals[i].code, "%s of host%u: %s", k->what, op->host_no, k->refusals[i].text);
	}
	return op->core->set_error(op, k->other,
		"%s of host%u, because the driver failed (the kernel's log may have the reason): %s", k->what, op->host_no,
		strerror(-errnum));
}

int krequest_ask(struct miscsi_op *op, struct miscsi_request *request, miscsi_answer_fn fn)
{
	int rc;

	request->size = sizeof(*request);
	rc = op->core->request(op, request, fn, NULL);
	return rc < 0 ? rc : -EINPROGRESS;
}

static void krequest_answered(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	const struct krequest *k = op->data;

	op->core->op_done(op, answer->result < 0 ? krequest_failed(op, k, answer->result) : 0);
}

/* op->data carries the row to the answer: these ops have no state of their own. */
int krequest_send(struct miscsi_op *op, const struct krequest *k, struct miscsi_request *request)
{
	request->type = k->type;
	op->data = (void *)k;
	return krequest_ask(op, request, krequest_answered);
}

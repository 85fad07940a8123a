/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the ops that the kernel serves (kflash.c, kchap.c, knet.c, kstats.c): an answer that ends the op, and the error that a
 * driver's errno means there. Written against the public ABI, as a plugin would be.
 */
#ifndef PLUGIN_KREQUEST_H
#define PLUGIN_KREQUEST_H

#include <miscsi/plugin.h>
#include <string.h>

/* The meaning of one errno for a request; the text may hold no format. */
struct krequest_refusal {
	int errnum;
	enum miscsi_error code;
	const char *text;
};

#define KREQUEST_REFUSALS_MAX 4
struct krequest {
	uint32_t type; /* ISCSI_UEVENT_* */
	const char *what; /* "cannot log in to a flash node": " of host3" follows */
	enum miscsi_error unknown; /* the driver has no such request (-ENOSYS) */
	enum miscsi_error other; /* any other failure */
	struct krequest_refusal refusals[KREQUEST_REFUSALS_MAX]; /* errnum 0 ends them */
};

/* Sets the op's error from the row for errnum (negative), and returns the op's result. */
int krequest_failed(struct miscsi_op *op, const struct krequest *k, int errnum);
/* Sends the request, whose size it fills in; fn gets the answer, and ends the op. Returns the op's result. */
int krequest_ask(struct miscsi_op *op, struct miscsi_request *request, miscsi_answer_fn fn);
/* Sends the request; its answer ends the op. Returns the op's result. k must stay; op->data is used. */
int krequest_send(struct miscsi_op *op, const struct krequest *k, struct miscsi_request *request);

#endif

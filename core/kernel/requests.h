/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of requests.def as data: where a request names its object in iscsi_uevent.u, and how its answer is judged. */
#ifndef KERNEL_REQUESTS_H
#define KERNEL_REQUESTS_H

#include "kernel/iscsi_if.h"
#include <miscsi/errors.h>

enum request_answer { ANSWER_PLAIN, ANSWER_SESSION, ANSWER_HANDLE, ANSWER_INDEX, ANSWER_MULTICAST };

struct requests_row {
	const char *text; /* the action, for "cannot TEXT" */
	uint16_t number, fallback; /* fallback 0: no fallback */
	enum miscsi_error error;
	enum request_answer answer;
	uint8_t sid, cid, host, len; /* offset in u, plus 1; 0: no such field */
	uint8_t retcode, batch, own_eperm;
};

/* NULL for a number without a row. */
const struct requests_row *requests_row(uint32_t number);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: what an iSNS server sends by itself. The first byte is the size of the pieces in which the rest arrives; the responses
 * are no longer than what they answer and a status each.
 */
#include "proto/isns_event.h"
#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf reply = STRBUF_INIT(0);
	struct isns_event e = { 0 };
	size_t step = size ? data[0] + 1u : 1, n;
	bool changed = false;
	int rc = 0;

	for (size_t at = 1; at < size && rc == 0; at += n) {
		n = step < size - at ? step : size - at;
		rc = isns_event_feed(&e, data + at, n, &reply, &changed);
		if ((rc && rc != -EPROTO) || e.have > ISNS_EVENT_KEPT || reply.len > size + size / 3 + 4)
			abort();
	}
	if (changed && !reply.len)
		abort();
	strbuf_free(&reply);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages from an iSNS server, and their responses. */
#include "proto/isns_event.h"

#include <errno.h>
#include <string.h>

#define VERSION 1u
#define NODE_NAME 32u

enum { SCN = 0x0008, ESI = 0x000d, RESPONSE = 0x8000 }; /* 4.1 */
enum { FIRST = 0x0400, LAST = 0x0800, AUTHENTICATED = 0x2000, CLIENT = 0x8000 }; /* 5.1.4 */

static uint32_t event_get(const uint8_t *b, unsigned bytes)
{
	uint32_t v = 0;

	while (bytes--)
		v = v << 8 | *b++;
	return v;
}

static void event_put16(struct strbuf *b, uint32_t v)
{
	const uint8_t bytes[] = { (uint8_t)(v >> 8), (uint8_t)v };

	strbuf_add(b, bytes, sizeof(bytes));
}

static unsigned event_function(const struct isns_event *e)
{
	return event_get(e->header + 2, 2);
}

static unsigned event_flags(const struct isns_event *e)
{
	return event_get(e->header + 6, 2);
}

static int event_header(struct isns_event *e)
{
	unsigned function = event_function(e);

	e->size = event_get(e->header + 4, 2);
	e->at = 0;
	if (event_get(e->header, 2) != VERSION || (function != SCN && function != ESI) || event_flags(e) & AUTHENTICATED ||
		e->size % 4 || event_get(e->header + 10, 2) != e->pdus || !!(event_flags(e) & FIRST) != !e->pdus)
		return -EPROTO;
	if (!e->pdus++)
		e->have = 0;
	return e->pdus ? 0 : -EPROTO; /* more PDUs than sequence numbers */
}

/* The destination of a notification is its first attribute; the response has it, and that to an inquiry has all attributes. */
static int event_response(const struct isns_event *e, struct strbuf *reply)
{
	uint32_t len = e->have;

	if (event_function(e) == SCN) {
		if (e->have < 8 || event_get(e->kept, 4) != NODE_NAME || event_get(e->kept + 4, 4) > e->have - 8)
			return -EPROTO;
		len = 8 + event_get(e->kept + 4, 4);
	} else if (e->size != e->have || e->pdus != 1) {
		return -EPROTO;
	}
	event_put16(reply, VERSION);
	event_put16(reply, event_function(e) | RESPONSE);
	event_put16(reply, 4 + len);
	event_put16(reply, CLIENT | FIRST | LAST);
	strbuf_add(reply, e->header + 8, 2); /* the transaction */
	event_put16(reply, 0);
	event_put16(reply, 0); /* status: success */
	event_put16(reply, 0);
	strbuf_add(reply, e->kept, len);
	return strbuf_error(reply);
}

static int event_ends(struct isns_event *e, struct strbuf *reply, bool *changed)
{
	bool last = event_flags(e) & LAST;
	int rc = last ? event_response(e, reply) : 0;

	if (rc == 0 && last && event_function(e) == SCN)
		*changed = true;
	if (last)
		e->pdus = 0;
	e->header_at = 0;
	return rc;
}

int isns_event_feed(struct isns_event *e, const void *bytes, size_t len, struct strbuf *reply, bool *changed)
{
	const uint8_t *b = bytes, *end = b + len;
	int rc = 0;

	while (rc == 0 && b < end) {
		if (e->header_at < sizeof(e->header)) {
			e->header[e->header_at++] = *b++;
			if (e->header_at == sizeof(e->header))
				rc = event_header(e);
		} else {
			uint32_t n = e->size - e->at < (size_t)(end - b) ? e->size - e->at : (uint32_t)(end - b);
			uint32_t room = e->pdus > 1 ? 0 : ISNS_EVENT_KEPT - e->have;

			memcpy(e->kept + e->have, b, n < room ? n : room);
			e->have += n < room ? n : room;
			e->at += n;
			b += n;
		}
		if (rc == 0 && e->header_at == sizeof(e->header) && e->at == e->size)
			rc = event_ends(e, reply, changed);
	}
	return rc;
}

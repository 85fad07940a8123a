/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an iSNS server sends by itself (RFC 4171): state change notifications (SCN, 5.6.5.8) and entity status inquiries (ESI,
 * 5.6.5.13), which ask whether the initiator is still there. An engine without I/O, for one connection. It does not read what has
 * changed: a query tells that.
 */
#ifndef PROTO_ISNS_EVENT_H
#define PROTO_ISNS_EVENT_H

#include "base/strbuf.h"
#include <stdbool.h>
#include <stdint.h>

#define ISNS_EVENT_KEPT 1024 /* bytes of a message, for the response: all of an inquiry, and the destination of a notification */

/* All zero: the connection is new. */
struct isns_event {
	uint8_t header[12], kept[ISNS_EVENT_KEPT]; /* private */
	unsigned header_at;
	uint32_t size, at; /* of the present PDU's payload */
	uint32_t have; /* bytes kept, of the message's first PDU */
	uint16_t pdus; /* of the present message */
};

/*
 * Appends the responses to be sent to reply. *changed is set to true by a notification, and otherwise left alone. -EPROTO: close
 * the connection; -ENOMEM.
 */
int isns_event_feed(struct isns_event *e, const void *bytes, size_t len, struct strbuf *reply, bool *changed);

#endif

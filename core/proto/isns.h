/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Discovery by the Internet Storage Name Service (RFC 4171): an engine without I/O that streams. It queries an iSNS server for
 * the targets that the initiator may see and for their portals, at once or, from a server that cannot answer that, one after the
 * other. If the server does not know the initiator, the engine registers it, as a node of the type initiator, and queries once more.
 * isns_event.h is for what a server sends by itself.
 *
 * Memory does not grow with the answer: a target is reported as soon as the next one begins.
 */
#ifndef PROTO_ISNS_H
#define PROTO_ISNS_H

#include "base/err.h"
#include "proto/portal.h"
#include <stddef.h>
#include <stdint.h>

#define ISNS_PORT 3205 /* RFC 4171 5 */
#define ISNS_BYTES_MAX (64u << 20) /* of one response */
#define ISNS_PDUS_MAX 20000u /* of one response; a sequence number has 16 bits */
#define ISNS_PORTALS_MAX 1024u /* of one target */
#define ISNS_STEPS_MAX 100000u /* targets that are asked for one after the other */

struct isns_config {
	const char *source; /* the initiator's iSCSI name; must remain valid */
	/*
	 * One target at one portal; both were checked. portal->tpgt is PORTAL_TPGT_ANY if the server named no portal group. Returns
	 * 0, or -errno to end the discovery: the action is then ISNS_FAILED (MISCSI_ERR_INTERNAL).
	 */
	int (*found)(void *arg, const char *target, const struct portal *portal);
	/* Reports a part of the response that was left out, and why: one line, escaped. May be NULL. */
	void (*warning)(void *arg, const char *text);
	void *arg;
};

enum isns_action_kind {
	ISNS_SEND, /* send data, then feed the bytes that arrive */
	ISNS_WAIT, /* nothing to send; feed the bytes that arrive */
	ISNS_DONE,
	ISNS_FAILED, /* ISNS_QUERY, ISNS_REG_FAILED, INTERNAL, NOMEM */
};

struct isns_action {
	enum isns_action_kind kind;
	const void *data; /* valid until the next call */
	size_t len;
	struct err err;
};

struct isns;

/* -ENOMEM; -EINVAL: the name is too long. */
int isns_new(const struct isns_config *config, struct isns **out);
void isns_free(struct isns *s); /* NULL is allowed */
/*
 * Before isns_start(): the query is preceded by a registration for state change notifications, which the server sends to this
 * address (IPv4 mapped to IPv6) and TCP port. If the server refuses it, warning() reports that, and the query goes on.
 */
void isns_notify(struct isns *s, const uint8_t address[16], uint16_t port);
bool isns_is_notified(const struct isns *s); /* the server has registered it */
void isns_start(struct isns *s, struct isns_action *action);
/* After FAILED, the targets reported before are valid. */
void isns_feed(struct isns *s, const void *bytes, size_t len, struct isns_action *action);

#endif

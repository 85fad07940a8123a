/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The query of an iSNS server. A response is a message of one or more PDUs (RFC 4171 5.1); the payloads, put together, are a
 * status and a list of attributes (5.6, 6). The list is read in order and never kept whole.
 */
#include "proto/isns.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "proto/name.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HEADER_BYTES 12u
#define VALUE_MAX 256u /* 6.1: the longest attribute that is read here is an iSCSI name with its NUL */
#define VERSION 1u
#define NODE_TARGET 1u /* 6.4.2: bits of the iSCSI node type */
#define NODE_INITIATOR 2u
#define PORT_UDP 0x10000u /* 6.3.2: this bit means UDP */

#define ESI_INTERVAL_S 60u /* 6.3.3: how often the server may ask whether this initiator is there */
#define SCN_WANTED 0x5cu /* 6.4.4: of targets and of itself: added, removed, updated */
#define PROTOCOL_ISCSI 2u /* 6.2.2 */

enum { REGISTER = 0x0001, QUERY = 0x0002, GET_NEXT = 0x0003, REGISTER_SCN = 0x0005, RESPONSE = 0x8000 }; /* 4.1: functions */
enum { FIRST = 0x0400, LAST = 0x0800, AUTHENTICATED = 0x2000, CLIENT = 0x8000 }; /* 5.1.4: flags */
enum { STATUS_SOURCE_UNKNOWN = 6, STATUS_NO_ENTRY = 9, STATUS_INTERNAL = 11 };

/* 6.1 */
enum attribute {
	DELIMITER = 0,
	ENTITY = 1,
	ENTITY_PROTOCOL = 2,
	PORTAL_ADDRESS = 16,
	PORTAL_PORT = 17,
	ESI_INTERVAL = 19,
	ESI_PORT = 20,
	SCN_PORT = 23,
	NODE_NAME = 32,
	NODE_TYPE = 33,
	SCN_BITMAP = 35,
	GROUP_NODE = 48,
	GROUP_ADDRESS = 49,
	GROUP_PORT = 50,
	GROUP_TAG = 51,
};

/* 5.4 */
static const struct {
	const char *text, *hint; /* hint: what the user can do, if it is not to read the server's log */
} statuses[] = {
	[1] = { "it has an unknown error", NULL },
	[2] = { "it does not understand the message's format", NULL },
	[3] = { "the registration is invalid", "allow this name on the server" },
	[5] = { "the query is invalid", NULL },
	[6] = { "it does not know the initiator", "allow this name on the server" },
	[7] = { "the message names no source", NULL },
	[8] = { "it does not authorize the initiator", "allow this name on the server" },
	[9] = { "it has no such entry", NULL },
	[10] = { "it does not support version 1 of iSNS", NULL },
	[11] = { "it has an internal error", NULL },
	[12] = { "it is busy", "try again later" },
	[13] = { "it does not understand an option", NULL },
	[14] = { "the update is invalid", NULL },
	[15] = { "it does not support the message", NULL },
	[18] = { "it does not support an attribute", NULL },
	[23] = { "it does not support registrations of this kind", NULL },
};

struct group {
	uint8_t address[16];
	uint16_t port;
	int32_t tag;
	bool closed; /* the node cannot be reached through it (3.4: a tag without value) */
};

struct isns {
	struct isns_config config;
	uint16_t function, transaction;
	bool registered;
	uint16_t notify_port; /* 0: it does not register for notifications, or no longer does */
	uint8_t notify_address[16];
	bool notified;
	struct strbuf out;

	/* one target after the other */
	uint32_t steps; /* 0: all are asked for at once */
	bool gone; /* the server does not know the node `next`, or no node was named yet */
	char next[VALUE_MAX + 1]; /* the name of the node that is asked for, or after which the next one is; "": the first */

	/* the response */
	uint8_t header[HEADER_BYTES];
	unsigned header_at;
	uint32_t pdus; /* so far: the sequence number of the next one */
	size_t bytes;
	size_t payload_left; /* of the present PDU */
	bool last; /* the present PDU is the last one */

	/* its payload: the part that is being read, of size bytes, of which at have come and VALUE_MAX are kept */
	enum { STATUS, HEAD, VALUE } part;
	uint8_t value[VALUE_MAX];
	size_t size, at;
	size_t value_len; /* of the attribute tag */
	uint32_t status, tag;
	bool in_operating, followed;

	/* its present target */
	char target[VALUE_MAX + 1]; /* "": none, or one that is left out */
	uint8_t address[16]; /* of the portal whose port follows */
	struct group group; /* the portal group that is being read */
	bool group_other; /* it belongs to another node */
	struct group *portals;
	size_t n, cap;
};

int isns_new(const struct isns_config *config, struct isns **out)
{
	struct isns *s;

	if (strlen(config->source) >= VALUE_MAX)
		return -EINVAL;
	s = x_new(struct isns);
	if (!s)
		return -ENOMEM;
	s->config = *config;
	*out = s;
	return 0;
}

void isns_free(struct isns *s)
{
	if (!s)
		return;
	strbuf_free(&s->out);
	x_free(s->portals);
	x_free(s);
}

static uint16_t isns_get16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static uint32_t isns_get32(const uint8_t *b)
{
	return (uint32_t)isns_get16(b) << 16 | isns_get16(b + 2);
}

static void isns_read(struct isns *s, int part, size_t size)
{
	s->part = part;
	s->size = size;
	s->at = 0;
}

/* ---- requests ---- */

static void isns_put16(struct strbuf *b, unsigned v)
{
	const uint8_t bytes[] = { (uint8_t)(v >> 8), (uint8_t)v };

	strbuf_add(b, bytes, sizeof(bytes));
}

static void isns_put32(struct strbuf *b, uint32_t v)
{
	isns_put16(b, v >> 16);
	isns_put16(b, v & 0xffff);
}

static void isns_put_empty(struct strbuf *b, enum attribute tag)
{
	isns_put32(b, tag);
	isns_put32(b, 0);
}

static void isns_put_number(struct strbuf *b, enum attribute tag, uint32_t number)
{
	isns_put32(b, tag);
	isns_put32(b, 4);
	isns_put32(b, number);
}

/* A text has a NUL and is padded with NULs to a multiple of 4. */
static void isns_put_text(struct strbuf *b, enum attribute tag, const char *name)
{
	static const uint8_t zeros[4];
	size_t len = strlen(name);

	isns_put32(b, tag);
	isns_put32(b, (uint32_t)(len / 4 * 4 + 4));
	strbuf_add(b, name, len);
	strbuf_add(b, zeros, 4 - len % 4);
}

/* 5.6.5.1. For notifications, the initiator is a node of an entity with its own name, which has the portal that listens. */
static void isns_put_registration(const struct isns *s, struct strbuf *b)
{
	isns_put_empty(b, DELIMITER);
	if (s->notify_port) {
		isns_put_text(b, ENTITY, s->config.source);
		isns_put_number(b, ENTITY_PROTOCOL, PROTOCOL_ISCSI);
		isns_put32(b, PORTAL_ADDRESS);
		isns_put32(b, sizeof(s->notify_address));
		strbuf_add(b, s->notify_address, sizeof(s->notify_address));
		isns_put_number(b, PORTAL_PORT, s->notify_port);
		isns_put_number(b, ESI_INTERVAL, ESI_INTERVAL_S);
		isns_put_number(b, ESI_PORT, s->notify_port);
		isns_put_number(b, SCN_PORT, s->notify_port);
	}
	isns_put_text(b, NODE_NAME, s->config.source);
	isns_put_number(b, NODE_TYPE, NODE_INITIATOR);
}

/* 5.6.5: the source, the key, the delimiter, the operating attributes */
static void isns_put_payload(const struct isns *s, struct strbuf *b)
{
	static const enum attribute wanted[] = { NODE_NAME, NODE_TYPE, PORTAL_ADDRESS, PORTAL_PORT, GROUP_NODE, GROUP_ADDRESS,
		GROUP_PORT, GROUP_TAG };

	isns_put_text(b, NODE_NAME, s->config.source);
	switch (s->function) {
	case REGISTER:
		isns_put_registration(s, b);
		break;
	case REGISTER_SCN: /* 5.6.5.5 */
		isns_put_text(b, NODE_NAME, s->config.source);
		isns_put_empty(b, DELIMITER);
		isns_put_number(b, SCN_BITMAP, SCN_WANTED);
		break;
	case GET_NEXT: /* 5.6.5.3 */
		if (*s->next)
			isns_put_text(b, NODE_NAME, s->next);
		else
			isns_put_empty(b, NODE_NAME);
		isns_put_empty(b, DELIMITER);
		isns_put_number(b, NODE_TYPE, NODE_TARGET);
		break;
	default:
		if (s->steps)
			isns_put_text(b, NODE_NAME, s->next);
		else
			isns_put_number(b, NODE_TYPE, NODE_TARGET);
		isns_put_empty(b, DELIMITER);
		for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
			isns_put_empty(b, wanted[i]);
	}
}

static void isns_request(struct isns *s, uint16_t function, struct isns_action *action)
{
	cleanup(strbuf_free) struct strbuf payload = STRBUF_INIT(0);

	s->function = function;
	s->transaction++;
	s->header_at = s->pdus = 0;
	s->bytes = s->payload_left = s->n = 0;
	s->in_operating = s->followed = s->last = false;
	s->status = 0;
	isns_read(s, STATUS, 4);
	*s->target = '\0';
	isns_put_payload(s, &payload);
	strbuf_reset(&s->out);
	isns_put16(&s->out, VERSION);
	isns_put16(&s->out, function);
	isns_put16(&s->out, (unsigned)payload.len);
	isns_put16(&s->out, CLIENT | FIRST | LAST);
	isns_put16(&s->out, s->transaction);
	isns_put16(&s->out, 0);
	strbuf_add(&s->out, payload.s, payload.len);
	if (strbuf_error(&payload) || strbuf_error(&s->out)) {
		err_nomem(&action->err, "a request to the iSNS server");
		action->kind = ISNS_FAILED;
		return;
	}
	action->kind = ISNS_SEND;
	action->data = s->out.s;
	action->len = s->out.len;
}

void isns_start(struct isns *s, struct isns_action *action)
{
	*action = (struct isns_action){ .err = ERR_INIT };
	isns_request(s, s->notify_port ? REGISTER : QUERY, action);
}

void isns_notify(struct isns *s, const uint8_t address[16], uint16_t port)
{
	memcpy(s->notify_address, address, sizeof(s->notify_address));
	s->notify_port = port;
}

bool isns_is_notified(const struct isns *s)
{
	return s->notified;
}

/* ---- targets ---- */

static void isns_warn(const struct isns *s, const char *what, const char *why)
{
	char text[ERR_TEXT_MAX];

	if (!s->config.warning)
		return;
	snprintf(text, sizeof(text), "the target list leaves out %s, because %.300s", what, why);
	s->config.warning(s->config.arg, text);
}

/* 6.3.1: IPv4 addresses are mapped to IPv6; some servers send them in the compatible form. */
static void isns_host(const uint8_t address[16], char *dst, size_t size)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, compatible[12];
	bool v4 = !memcmp(address, mapped, 12) || (!memcmp(address, compatible, 12) && address[12]);

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? address + 12 : address, dst, (socklen_t)size);
}

/* Reports the target that was read. */
static int isns_report(struct isns *s, struct err *err)
{
	struct portal portal;
	int rc = 0;

	for (size_t i = 0; rc >= 0 && *s->target && i < s->n; i++) {
		const struct group *g = &s->portals[i];

		if (g->closed || !g->port)
			continue;
		memset(&portal, 0, sizeof(portal));
		isns_host(g->address, portal.host, sizeof(portal.host));
		portal.kind = strchr(portal.host, ':') ? PORTAL_IPV6 : PORTAL_IPV4;
		portal.port = g->port;
		portal.tpgt = g->tag;
		rc = s->config.found(s->config.arg, s->target, &portal);
	}
	if (*s->target && s->n == 0)
		isns_warn(s, s->target, "the iSNS server reported no portal of it");
	s->n = 0;
	*s->target = '\0';
	return rc < 0 ?
		err_set(err, MISCSI_ERR_INTERNAL, "cannot keep the targets that the iSNS server reported: %s", strerror(-rc)) :
		0;
}

static int isns_new_target(struct isns *s, struct err *err)
{
	struct err why = ERR_INIT;
	size_t len = strnlen((const char *)s->value, s->value_len < VALUE_MAX ? s->value_len : VALUE_MAX);
	int rc = isns_report(s, err);

	if (rc < 0)
		return rc;
	if (s->value_len > VALUE_MAX || name_check_target((const char *)s->value, len, &why) < 0) {
		isns_warn(s, "a target that the iSNS server reported",
			s->value_len > VALUE_MAX ? "its name is longer than the 223 bytes that iSCSI allows" : why.text);
		return 0;
	}
	memcpy(s->target, s->value, len);
	s->target[len] = '\0';
	return 0;
}

static struct group *isns_find(struct isns *s, const struct group *g)
{
	for (size_t i = s->n; i-- > 0;) {
		if (s->portals[i].port == g->port && !memcmp(s->portals[i].address, g->address, sizeof(g->address)))
			return &s->portals[i];
	}
	return NULL;
}

static int isns_add(struct isns *s, const struct group *g, struct err *err)
{
	struct group *at = isns_find(s, g);

	if (!at && s->n == ISNS_PORTALS_MAX)
		return err_set(err, MISCSI_ERR_ISNS_QUERY,
			"the iSNS server reported more portals than the limit of %u for the target %s: remove those that are not "
			"in use from the server",
			ISNS_PORTALS_MAX, s->target);
	if (!at) {
		at = x_grow(s->portals, s->n, &s->cap, sizeof(*at), 16);
		if (!at)
			return err_nomem(err, "the portals of a target that the iSNS server reported");
		s->portals = at;
		at = &s->portals[s->n++];
	}
	*at = *g;
	return 0;
}

/* ---- attributes ---- */

static uint32_t isns_number(const struct isns *s)
{
	return s->value_len == 4 ? isns_get32(s->value) : 0;
}

static void isns_keep_address(const struct isns *s, uint8_t address[16])
{
	memset(address, 0, 16);
	if (s->value_len == 16)
		memcpy(address, s->value, 16);
}

static uint16_t isns_tcp_port(const struct isns *s)
{
	uint32_t port = isns_number(s);

	return port & PORT_UDP ? 0 : (uint16_t)port;
}

/* A portal comes with its address first; its group, if any, follows. */
static int isns_portal(struct isns *s, struct err *err)
{
	struct group g = { .port = isns_tcp_port(s), .tag = PORTAL_TPGT_ANY };

	memcpy(g.address, s->address, sizeof(g.address));
	if (!*s->target || !g.port)
		return 0;
	return isns_find(s, &g) ? 0 : isns_add(s, &g, err);
}

/* The tag is the last attribute of a group. */
static int isns_group(struct isns *s, struct err *err)
{
	uint32_t tag = isns_number(s);

	if (!*s->target || s->group_other || !s->group.port)
		return 0;
	s->group.closed = s->value_len == 0;
	s->group.tag = (int32_t)(tag & 0xffff);
	return isns_add(s, &s->group, err);
}

static int isns_attribute(struct isns *s, struct err *err)
{
	switch (s->tag) {
	case NODE_NAME:
		return isns_new_target(s, err);
	case NODE_TYPE:
		if (!(isns_number(s) & NODE_TARGET))
			*s->target = '\0';
		return 0;
	case PORTAL_ADDRESS:
		isns_keep_address(s, s->address);
		return 0;
	case PORTAL_PORT:
		return isns_portal(s, err);
	case GROUP_NODE:
		memset(&s->group, 0, sizeof(s->group));
		s->group_other = s->value_len > VALUE_MAX || strlen(s->target) != strnlen((char *)s->value, s->value_len) ||
			memcmp(s->target, s->value, strlen(s->target)) != 0;
		return 0;
	case GROUP_ADDRESS:
		isns_keep_address(s, s->group.address);
		return 0;
	case GROUP_PORT:
		s->group.port = isns_tcp_port(s);
		return 0;
	case GROUP_TAG:
		return isns_group(s, err);
	default:
		return 0;
	}
}

/* ---- the response ---- */

static int isns_bad(struct err *err, const char *why)
{
	return err_set(err, MISCSI_ERR_ISNS_QUERY, "the iSNS server's response cannot be used, because %s", why);
}

/* 5.1 */
static int isns_header(struct isns *s, struct err *err)
{
	unsigned flags = isns_get16(s->header + 6);

	if (isns_get16(s->header) != VERSION)
		return isns_bad(err, "its iSNS version is not 1: check that the port is that of an iSNS server");
	if (isns_get16(s->header + 2) != (s->function | RESPONSE) || isns_get16(s->header + 8) != s->transaction)
		return isns_bad(err, "it answers another request");
	if (flags & AUTHENTICATED)
		return isns_bad(err, "it has an authentication block, which miscsi does not support");
	if (isns_get16(s->header + 10) != s->pdus || !!(flags & FIRST) != (s->pdus == 0))
		return isns_bad(err, "its PDUs are not in the order of their sequence numbers");
	if (++s->pdus > ISNS_PDUS_MAX)
		return isns_bad(err, "it has more PDUs than miscsi accepts: let the server show fewer targets");
	s->last = flags & LAST;
	s->payload_left = isns_get16(s->header + 4);
	return 0;
}

/* The key of a response names the node that follows the one in the request. */
static int isns_follow(struct isns *s, struct err *err)
{
	size_t len = strnlen((const char *)s->value, s->value_len < VALUE_MAX ? s->value_len : VALUE_MAX);

	if (s->value_len > VALUE_MAX || len == 0)
		return isns_bad(err, "the name of the next node in it is empty, or has more than 255 bytes");
	if (strlen(s->next) == len && !memcmp(s->next, s->value, len))
		return isns_bad(err, "it names the same node twice");
	memcpy(s->next, s->value, len);
	s->next[len] = '\0';
	s->followed = true;
	return 0;
}

static int isns_value_ends(struct isns *s, struct err *err)
{
	isns_read(s, HEAD, 8);
	if (s->tag == DELIMITER) {
		s->in_operating = true;
		return 0;
	}
	if (!s->in_operating && s->function == GET_NEXT && s->tag == NODE_NAME)
		return isns_follow(s, err);
	return s->in_operating && s->function == QUERY ? isns_attribute(s, err) : 0;
}

static int isns_part_ends(struct isns *s, struct err *err)
{
	switch (s->part) {
	case STATUS:
		s->status = isns_get32(s->value);
		isns_read(s, HEAD, 8);
		return 0;
	case HEAD:
		s->tag = isns_get32(s->value);
		s->value_len = isns_get32(s->value + 4);
		if (s->value_len % 4)
			return isns_bad(err, "the length of an attribute is not a multiple of 4");
		isns_read(s, VALUE, s->value_len);
		return s->value_len ? 0 : isns_value_ends(s, err);
	default:
		return isns_value_ends(s, err);
	}
}

static int isns_payload(struct isns *s, const uint8_t *b, size_t len, struct err *err)
{
	int rc = 0;

	/* What follows a status other than success has no meaning. */
	while (rc >= 0 && len && !s->status) {
		size_t n = s->size - s->at < len ? s->size - s->at : len;

		if (s->at < VALUE_MAX)
			memcpy(s->value + s->at, b, n < VALUE_MAX - s->at ? n : VALUE_MAX - s->at);
		s->at += n;
		b += n;
		len -= n;
		if (s->at == s->size)
			rc = isns_part_ends(s, err);
	}
	return rc;
}

static const char *isns_status_text(uint32_t status)
{
	return status < ARRAY_SIZE(statuses) && statuses[status].text ? statuses[status].text :
									"it returned a status that RFC 4171 does not define";
}

static const char *isns_status_hint(uint32_t status)
{
	return status < ARRAY_SIZE(statuses) && statuses[status].hint ? statuses[status].hint :
									"the server's log may have the reason";
}

/* A server that notifies nobody can be queried all the same. */
static void isns_unnotified(struct isns *s)
{
	char text[ERR_TEXT_MAX];

	snprintf(text, sizeof(text), "the iSNS server refused to register %s for notifications of changes: %s (status %u); %s",
		s->config.source, isns_status_text(s->status), s->status, isns_status_hint(s->status));
	s->notify_port = 0;
	if (s->config.warning)
		s->config.warning(s->config.arg, text);
}

static int isns_refused(const struct isns *s, struct err *err)
{
	/* That the server cannot name one node after the other is not why it could not name them all. */
	uint32_t status = s->function == GET_NEXT && s->steps == 1 ? STATUS_INTERNAL : s->status;

	if (s->function == REGISTER)
		return err_set(err, MISCSI_ERR_ISNS_REG_FAILED,
			"the iSNS server refused to register the initiator %s: %s (status %u); %s", s->config.source,
			isns_status_text(status), status, isns_status_hint(status));
	return err_set(err, MISCSI_ERR_ISNS_QUERY,
		"the iSNS server refused to list the targets for the initiator %s: %s (status %u); %s", s->config.source,
		isns_status_text(status), status, isns_status_hint(status));
}

/*
 * A response that does not fit into the server's buffer (8 KiB in open-isns, some fifty targets) is an internal error there: then
 * the targets are asked for one after the other, by two requests each. One that is gone in between is passed over, if the server
 * can still name the next one: that there is none after a node that it does not know is not the end of the list.
 */
static int isns_step(struct isns *s, struct isns_action *action)
{
	bool asks = s->function == GET_NEXT;

	if (!asks)
		s->gone = s->status;
	if (asks && s->status && s->gone)
		return s->steps == 1 ?
			isns_refused(s, &action->err) :
			isns_bad(&action->err, "a target was deregistered while the targets were read; repeat the discovery");
	if (asks && s->status) {
		action->kind = ISNS_DONE;
		return 0;
	}
	if (asks && !s->followed)
		return isns_bad(&action->err, "the name of the next node is missing from it");
	if (asks && ++s->steps > ISNS_STEPS_MAX)
		return isns_bad(&action->err, "it lists more nodes than miscsi accepts: let the server show fewer targets");
	isns_request(s, asks ? QUERY : GET_NEXT, action);
	return 0;
}

/* The response is complete. */
static int isns_answered(struct isns *s, struct isns_action *action)
{
	bool registers = s->function == REGISTER || s->function == REGISTER_SCN;
	struct err *err = &action->err;
	int rc = 0;

	if (!s->status && (s->part != HEAD || s->at))
		return isns_bad(err, "it ends in the middle of an attribute");
	if (s->status && s->notify_port && registers) {
		isns_unnotified(s);
		isns_request(s, QUERY, action);
	} else if (s->status == STATUS_SOURCE_UNKNOWN && s->function == QUERY && !s->registered) {
		isns_request(s, REGISTER, action);
	} else if (s->status == STATUS_INTERNAL && s->function == QUERY && !s->steps) {
		s->steps = 1;
		s->gone = true;
		isns_request(s, GET_NEXT, action);
	} else if (s->status && (registers || !s->steps || s->status != STATUS_NO_ENTRY)) {
		rc = isns_refused(s, err);
	} else if (registers) {
		s->registered = true;
		s->notified = s->function == REGISTER_SCN;
		isns_request(s, s->notify_port && !s->notified ? REGISTER_SCN : QUERY, action);
	} else {
		rc = isns_report(s, err);
		if (rc >= 0 && s->steps)
			rc = isns_step(s, action);
		else if (rc >= 0)
			action->kind = ISNS_DONE;
	}
	return rc;
}

void isns_feed(struct isns *s, const void *bytes, size_t len, struct isns_action *action)
{
	const uint8_t *b = bytes;
	struct err *err = &action->err;
	size_t n;
	int rc = 0;

	*action = (struct isns_action){ .kind = ISNS_WAIT, .err = ERR_INIT };
	s->bytes += len;
	if (s->bytes > ISNS_BYTES_MAX)
		rc = isns_bad(err, "it is longer than 64 MiB: let the server show fewer targets");
	while (rc >= 0 && len && action->kind == ISNS_WAIT) {
		if (s->header_at < HEADER_BYTES) {
			n = HEADER_BYTES - s->header_at < len ? HEADER_BYTES - s->header_at : len;
			memcpy(s->header + s->header_at, b, n);
			s->header_at += (unsigned)n;
			if (s->header_at == HEADER_BYTES)
				rc = isns_header(s, err);
		} else {
			n = s->payload_left < len ? s->payload_left : len;
			rc = isns_payload(s, b, n, err);
			s->payload_left -= n;
		}
		b += n;
		len -= n;
		if (rc < 0 || s->header_at < HEADER_BYTES || s->payload_left)
			continue;
		s->header_at = 0;
		if (s->last)
			rc = isns_answered(s, action);
	}
	if (rc >= 0 && len)
		rc = isns_bad(err, "the server sent more bytes after its end");
	if (rc < 0)
		action->kind = ISNS_FAILED;
}

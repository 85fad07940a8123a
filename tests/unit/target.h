/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other side of the wire for the tests of core/proto: PDUs as a target sends them. Data is not copied: it must outlive the
 * PDU.
 */
#ifndef TESTS_TARGET_H
#define TESTS_TARGET_H

#include "proto/pdu.h"
#include <string.h>

/* A text literal with embedded NULs, its own last NUL being the last pair's: TEXT("A=1\0B=2"). */
#define TEXT(literal) literal, sizeof(literal)
#define NO_TEXT NULL, 0

static inline void target_put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static inline struct iscsi_pdu target_pdu(uint8_t opcode, uint8_t flags, const void *data, size_t len)
{
	struct iscsi_pdu pdu = { .data = len ? data : NULL, .len = len };

	pdu.bhs[0] = opcode;
	pdu.bhs[1] = flags;
	pdu.bhs[5] = (uint8_t)(len >> 16);
	pdu.bhs[6] = (uint8_t)(len >> 8);
	pdu.bhs[7] = (uint8_t)len;
	target_put32(pdu.bhs + 28, 1);
	target_put32(pdu.bhs + 32, 33);
	return pdu;
}

enum { TARGET_T = 0x80, TARGET_C = 0x40, TARGET_SEC = 0x00, TARGET_OP = 0x04, TARGET_TO_OP = 0x81, TARGET_TO_FFP = 0x87 };

/* A Login Response of status 0. */
static inline struct iscsi_pdu target_login(uint8_t flags, uint16_t tsih, const void *data, size_t len)
{
	struct iscsi_pdu pdu = target_pdu(ISCSI_OP_LOGIN_RSP, flags, data, len);

	pdu.bhs[14] = (uint8_t)(tsih >> 8);
	pdu.bhs[15] = (uint8_t)tsih;
	return pdu;
}

static inline struct iscsi_pdu target_status(uint8_t class, uint8_t detail, const void *data, size_t len)
{
	struct iscsi_pdu pdu = target_login(TARGET_OP, 0, data, len);

	pdu.bhs[36] = class;
	pdu.bhs[37] = detail;
	return pdu;
}

static inline struct iscsi_pdu target_text(uint8_t flags, uint32_t ttt, const void *data, size_t len)
{
	struct iscsi_pdu pdu = target_pdu(ISCSI_OP_TEXT_RSP, flags, data, len);

	target_put32(pdu.bhs + 20, ttt);
	return pdu;
}

/* Does a request's text hold this whole "key=value"? */
static inline bool request_says(const struct iscsi_pdu *pdu, const char *pair)
{
	for (size_t at = 0; at < pdu->len; at += strlen((const char *)pdu->data + at) + 1)
		if (!strcmp((const char *)pdu->data + at, pair))
			return true;
	return false;
}

/* Does it have this key at all? */
static inline bool request_has(const struct iscsi_pdu *pdu, const char *key)
{
	size_t len = strlen(key);

	for (size_t at = 0; at < pdu->len; at += strlen((const char *)pdu->data + at) + 1)
		if (!strncmp((const char *)pdu->data + at, key, len) && pdu->data[at + len] == '=')
			return true;
	return false;
}

#endif

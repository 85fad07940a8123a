/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PDUs: the table of opcodes, headers built and taken apart. The only place that knows where a header's bytes lie. */
#include "proto/pdu.h"

#include "base/mem.h"
#include <errno.h>
#include <string.h>

/* 11.2.1.2. Only a SCSI Command has additional header segments (11.2.2); login data is bound by 13.12's
 * default. */
static const struct pdu_opcode opcodes[64] = {
	[ISCSI_OP_NOP_OUT] = { "NOP-Out", PDU_FROM_INITIATOR, false, 0 },
	[ISCSI_OP_SCSI_CMD] = { "SCSI Command", PDU_FROM_INITIATOR, true, 0 },
	[ISCSI_OP_TMF] = { "Task Management Function Request", PDU_FROM_INITIATOR, false, 0 },
	[ISCSI_OP_LOGIN] = { "Login Request", PDU_FROM_INITIATOR, false, ISCSI_LOGIN_DATA_MAX },
	[ISCSI_OP_TEXT] = { "Text Request", PDU_FROM_INITIATOR, false, 0 },
	[ISCSI_OP_DATA_OUT] = { "SCSI Data-Out", PDU_FROM_INITIATOR, false, 0 },
	[ISCSI_OP_LOGOUT] = { "Logout Request", PDU_FROM_INITIATOR, false, 0 },
	[ISCSI_OP_SNACK] = { "SNACK Request", PDU_FROM_INITIATOR, false, 0 },
	[ISCSI_OP_NOP_IN] = { "NOP-In", PDU_FROM_TARGET, false, 0 },
	[ISCSI_OP_SCSI_RSP] = { "SCSI Response", PDU_FROM_TARGET, false, 0 },
	[ISCSI_OP_TMF_RSP] = { "Task Management Function Response", PDU_FROM_TARGET, false, 0 },
	[ISCSI_OP_LOGIN_RSP] = { "Login Response", PDU_FROM_TARGET, false, ISCSI_LOGIN_DATA_MAX },
	[ISCSI_OP_TEXT_RSP] = { "Text Response", PDU_FROM_TARGET, false, 0 },
	[ISCSI_OP_DATA_IN] = { "SCSI Data-In", PDU_FROM_TARGET, false, 0 },
	[ISCSI_OP_LOGOUT_RSP] = { "Logout Response", PDU_FROM_TARGET, false, 0 },
	[ISCSI_OP_R2T] = { "Ready To Transfer", PDU_FROM_TARGET, false, 0 },
	[ISCSI_OP_ASYNC] = { "Asynchronous Message", PDU_FROM_TARGET, false, 0 },
	[ISCSI_OP_REJECT] = { "Reject", PDU_FROM_TARGET, false, 0 },
};

enum { FLAG_FINAL = 0x80, FLAG_CONT = 0x40, FLAG_STATUS = 0x01, ATTR_SIMPLE = 1, FLAG_IMMEDIATE = 0x40 /* of byte 0 */ };

/* Byte by byte, in the wire's order: headers lie at any address, and no struct is laid over them. */
static uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get_be24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | get_be24(p + 1);
}

static uint64_t get_be64(const uint8_t *p)
{
	return (uint64_t)get_be32(p) << 32 | get_be32(p + 4);
}

static void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put_be24(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 16);
	put_be16(p + 1, (uint16_t)v);
}

static void put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	put_be24(p + 1, v);
}

static void put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4, (uint32_t)v);
}

const struct pdu_opcode *pdu_opcode(uint8_t opcode)
{
	const struct pdu_opcode *row = &opcodes[opcode & 0x3f];

	return row->name ? row : NULL;
}

uint32_t pdu_data_length(const uint8_t bhs[ISCSI_BHS_SIZE])
{
	return get_be24(bhs + 5);
}

/* Counted in words of four bytes (11.2.1.4). */
uint32_t pdu_ahs_length(const uint8_t bhs[ISCSI_BHS_SIZE])
{
	return bhs[4] * 4u;
}

/* Called before memory is allocated for the body: the target determines the length, the caller the limit. */
int pdu_check(const uint8_t bhs[ISCSI_BHS_SIZE], size_t max_data, struct err *err)
{
	const struct pdu_opcode *row = pdu_opcode(bhs[0]);
	uint32_t len = pdu_data_length(bhs);
	size_t max;

	if (!row || row->from != PDU_FROM_TARGET)
		return err_set(err, MISCSI_ERR_FATAL_LOGIN,
			"the target sent a PDU with opcode 0x%02x, which only initiators may send, or which does not exist",
			bhs[0] & 0x3fu);
	if (pdu_ahs_length(bhs) && !row->ahs)
		return err_set(err, MISCSI_ERR_FATAL_LOGIN,
			"the target sent a %s with an additional header segment, which this PDU may not have", row->name);
	max = row->data_max && row->data_max < max_data ? row->data_max : max_data;
	if (len > max)
		return err_set(err, MISCSI_ERR_FATAL_LOGIN,
			"the target sent a %s with %u bytes of data, but only %zu bytes are allowed", row->name, (unsigned)len,
			max);
	return 0;
}

/*
 * For PDUs that the kernel has cut out of the stream. Its messages are rounded up to four bytes, so more data than the header
 * says is usual, and less is an error.
 */
int pdu_from_parts(const void *bhs, const void *data, size_t len, size_t max_data, struct iscsi_pdu *out, struct err *err)
{
	uint32_t want;
	int rc = pdu_check(bhs, max_data, err);

	if (rc)
		return rc;
	want = pdu_data_length(bhs);
	if (want > len)
		return err_set(err, MISCSI_ERR_FATAL_LOGIN,
			"the target's %s is incomplete: %zu of the %u bytes of data that its header announces arrived",
			pdu_opcode(*(const uint8_t *)bhs)->name, len, (unsigned)want);
	memcpy(out->bhs, bhs, ISCSI_BHS_SIZE);
	out->data = want ? data : NULL;
	out->len = want;
	return 0;
}

void pdu_build(struct iscsi_pdu *pdu, enum iscsi_opcode opcode, const struct iscsi_request *r)
{
	uint8_t *b = pdu->bhs;

	memset(b, 0, ISCSI_BHS_SIZE);
	b[0] = (uint8_t)(opcode | (r->immediate ? FLAG_IMMEDIATE : 0));
	b[1] = (uint8_t)((r->final ? FLAG_FINAL : 0) | (r->cont ? FLAG_CONT : 0));
	put_be24(b + 5, (uint32_t)pdu->len);
	put_be32(b + 16, r->itt);
	put_be32(b + 24, r->cmdsn);
	put_be32(b + 28, r->exp_statsn);
	switch (opcode) {
	case ISCSI_OP_LOGIN: /* NSG is reserved without T */
		b[1] |= (uint8_t)((r->csg & 3) << 2 | (r->final ? r->nsg & 3 : 0));
		b[2] = b[3] = ISCSI_VERSION;
		memcpy(b + 8, r->isid, 6);
		put_be16(b + 14, r->tsih);
		put_be16(b + 20, r->cid);
		break;
	case ISCSI_OP_LOGOUT: /* the CID counts only where a connection, not the session, is closed */
		b[1] |= r->reason & 0x7f;
		put_be16(b + 20, r->cid);
		break;
	case ISCSI_OP_SCSI_CMD:
		b[1] |= ATTR_SIMPLE;
		put_be64(b + 8, r->lun);
		put_be32(b + 20, r->transfer_length);
		memcpy(b + 32, r->cdb, 16);
		break;
	default: /* Text: without a TTT it begins an exchange, with the target's it continues one. NOP-Out */
		put_be64(b + 8, r->lun);
		put_be32(b + 20, r->ttt);
	}
}

/* Fields that a header does not have are read too: their bytes are reserved, and callers do not use them. */
int pdu_parse(const struct iscsi_pdu *pdu, enum iscsi_opcode opcode, struct iscsi_response *r)
{
	const uint8_t *b = pdu->bhs;

	if (pdu_op(pdu) != opcode)
		return -EPROTO;
	*r = (struct iscsi_response){
		.final = b[1] & FLAG_FINAL,
		.cont = b[1] & FLAG_CONT,
		.has_status = b[1] & FLAG_STATUS,
		.csg = b[1] >> 2 & 3,
		.nsg = b[1] & 3,
		.response = b[2],
		.version_active = b[3],
		.tsih = get_be16(b + 14),
		.lun = get_be64(b + 8),
		.itt = get_be32(b + 16),
		.ttt = get_be32(b + 20),
		.statsn = get_be32(b + 24),
		.exp_cmdsn = get_be32(b + 28),
		.max_cmdsn = get_be32(b + 32),
		.status_class = b[36],
		.status_detail = b[37],
		.param2 = get_be16(b + 40),
		.buffer_offset = get_be32(b + 40),
	};
	return 0;
}

/* 11.17.1. */
const char *pdu_reject_text(uint8_t reason)
{
	static const char *const texts[] = {
		[0x02] = "it received a PDU with a wrong data digest",
		[0x03] = "it refused a SNACK Request",
		[0x04] = "it noticed a protocol error",
		[0x05] = "it does not support the command",
		[0x06] = "it has too many immediate commands",
		[0x07] = "the task is still in progress",
		[0x08] = "it received an invalid data acknowledgment",
		[0x09] = "it received a PDU with an invalid field",
		[0x0a] = "it is out of resources for a long operation",
		[0x0b] = "it reset the negotiation",
		[0x0c] = "it waits for a logout",
	};

	return reason < ARRAY_SIZE(texts) && texts[reason] ? texts[reason] : "unknown";
}

/* 11.15.1. */
const char *pdu_logout_text(uint8_t response)
{
	static const char *const texts[] = {
		"closed successfully",
		"it has no connection with this number (CID)",
		"it does not support the recovery of connections",
		"it failed to clean up the connection",
	};

	return response < ARRAY_SIZE(texts) ? texts[response] : "it returned a response that RFC 7143 does not define";
}

/* 11.1: every segment ends on a word. */
static size_t padding(size_t len)
{
	return -len & 3;
}

int pdu_iov(const struct iscsi_pdu *pdu, struct iovec iov[3])
{
	static const uint8_t zeros[4];
	int n = 0;

	/* iov_base lacks const, as writev() needs it for reading too */
	iov[n++] = (struct iovec){ .iov_base = (void *)(uintptr_t)pdu->bhs, .iov_len = ISCSI_BHS_SIZE };
	if (pdu->len)
		iov[n++] = (struct iovec){ .iov_base = (void *)(uintptr_t)pdu->data, .iov_len = pdu->len };
	if (padding(pdu->len))
		iov[n++] = (struct iovec){ .iov_base = (void *)(uintptr_t)zeros, .iov_len = padding(pdu->len) };
	return n;
}

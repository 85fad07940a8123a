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

enum { FLAG_FINAL = 0x80, FLAG_CONT = 0x40, FLAG_IMMEDIATE = 0x40 /* of byte 0 */ };

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

/* Before any memory is taken for the body: the length is the target's to say, the limit is ours. */
int pdu_check(const uint8_t bhs[ISCSI_BHS_SIZE], size_t max_data, struct err *err)
{
	const struct pdu_opcode *row = pdu_opcode(bhs[0]);
	uint32_t len = pdu_data_length(bhs);
	size_t max;

	if (!row || row->from != PDU_FROM_TARGET)
		return err_set(err, MISCSI_ERR_FATAL_LOGIN, "the target sent a PDU with opcode 0x%02x, which targets do not send",
			bhs[0] & 0x3fu);
	if (pdu_ahs_length(bhs) && !row->ahs)
		return err_set(err, MISCSI_ERR_FATAL_LOGIN,
			"the target's %s has an additional header segment, which is not allowed", row->name);
	max = row->data_max && row->data_max < max_data ? row->data_max : max_data;
	if (len > max)
		return err_set(err, MISCSI_ERR_FATAL_LOGIN, "the target's %s has %u bytes of data; the limit is %zu", row->name,
			(unsigned)len, max);
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
		return err_set(
			err, MISCSI_ERR_FATAL_LOGIN, "a PDU arrived with %zu of its %u bytes of data", len, (unsigned)want);
	memcpy(out->bhs, bhs, ISCSI_BHS_SIZE);
	out->data = want ? data : NULL;
	out->len = want;
	return 0;
}

/* What all requests share: opcode, DataSegmentLength, ITT, CmdSN, ExpStatSN. */
static void build_request(struct iscsi_pdu *pdu, uint8_t op, bool immediate, uint32_t itt, uint32_t cmdsn, uint32_t exp_statsn)
{
	memset(pdu->bhs, 0, ISCSI_BHS_SIZE);
	pdu->bhs[0] = (uint8_t)(op | (immediate ? FLAG_IMMEDIATE : 0));
	put_be24(pdu->bhs + 5, (uint32_t)pdu->len);
	put_be32(pdu->bhs + 16, itt);
	put_be32(pdu->bhs + 24, cmdsn);
	put_be32(pdu->bhs + 28, exp_statsn);
}

/* 11.12: always immediate; NSG is reserved without T. */
void pdu_build_login(struct iscsi_pdu *pdu, const struct iscsi_login_req *r)
{
	uint8_t *b = pdu->bhs;

	build_request(pdu, ISCSI_OP_LOGIN, true, r->itt, r->cmdsn, r->exp_statsn);
	b[1] = (uint8_t)((r->transit ? FLAG_FINAL | (r->nsg & 3) : 0) | (r->cont ? FLAG_CONT : 0) | (r->csg & 3) << 2);
	b[2] = b[3] = ISCSI_VERSION;
	memcpy(b + 8, r->isid, 6);
	put_be16(b + 14, r->tsih);
	put_be16(b + 20, r->cid);
}

/* 11.10: without a TTT it begins an exchange, with the one that the target gave it goes on with it. */
void pdu_build_text(struct iscsi_pdu *pdu, const struct iscsi_text_req *r)
{
	build_request(pdu, ISCSI_OP_TEXT, r->immediate, r->itt, r->cmdsn, r->exp_statsn);
	pdu->bhs[1] = (uint8_t)((r->final ? FLAG_FINAL : 0) | (r->cont ? FLAG_CONT : 0));
	put_be64(pdu->bhs + 8, r->lun);
	put_be32(pdu->bhs + 20, r->ttt);
}

/* 11.14: the CID counts only where a connection, not the session, is closed. */
void pdu_build_logout(struct iscsi_pdu *pdu, const struct iscsi_logout_req *r)
{
	build_request(pdu, ISCSI_OP_LOGOUT, r->immediate, r->itt, r->cmdsn, r->exp_statsn);
	pdu->bhs[1] = (uint8_t)(FLAG_FINAL | (r->reason & 0x7f));
	put_be16(pdu->bhs + 20, r->cid);
}

/* 11.18: F is always 1. */
void pdu_build_nop_out(struct iscsi_pdu *pdu, const struct iscsi_nop_out *r)
{
	build_request(pdu, ISCSI_OP_NOP_OUT, r->immediate, r->itt, r->cmdsn, r->exp_statsn);
	pdu->bhs[1] = FLAG_FINAL;
	put_be64(pdu->bhs + 8, r->lun);
	put_be32(pdu->bhs + 20, r->ttt);
}

/* Every response has these at the same place. */
#define SEQUENCE(b) .statsn = get_be32((b) + 24), .exp_cmdsn = get_be32((b) + 28), .max_cmdsn = get_be32((b) + 32)

/* 11.13. T, C, CSG and NSG share byte 1; what they may be together is the login engine's business. */
int pdu_parse_login(const struct iscsi_pdu *pdu, struct iscsi_login_rsp *r)
{
	const uint8_t *b = pdu->bhs;

	if (pdu_op(pdu) != ISCSI_OP_LOGIN_RSP)
		return -EPROTO;
	*r = (struct iscsi_login_rsp){
		.transit = b[1] & FLAG_FINAL,
		.cont = b[1] & FLAG_CONT,
		.csg = b[1] >> 2 & 3,
		.nsg = b[1] & 3,
		.version_max = b[2],
		.version_active = b[3],
		.tsih = get_be16(b + 14),
		.itt = get_be32(b + 16),
		SEQUENCE(b),
		.status_class = b[36],
		.status_detail = b[37],
	};
	memcpy(r->isid, b + 8, 6);
	return 0;
}

/* 11.11. */
int pdu_parse_text(const struct iscsi_pdu *pdu, struct iscsi_text_rsp *r)
{
	const uint8_t *b = pdu->bhs;

	if (pdu_op(pdu) != ISCSI_OP_TEXT_RSP)
		return -EPROTO;
	*r = (struct iscsi_text_rsp){
		.final = b[1] & FLAG_FINAL,
		.cont = b[1] & FLAG_CONT,
		.lun = get_be64(b + 8),
		.itt = get_be32(b + 16),
		.ttt = get_be32(b + 20),
		SEQUENCE(b),
	};
	return 0;
}

/* 11.15. Time2Wait and Time2Retain bound when a new login may be tried. */
int pdu_parse_logout(const struct iscsi_pdu *pdu, struct iscsi_logout_rsp *r)
{
	const uint8_t *b = pdu->bhs;

	if (pdu_op(pdu) != ISCSI_OP_LOGOUT_RSP)
		return -EPROTO;
	*r = (struct iscsi_logout_rsp){
		.response = b[2],
		.itt = get_be32(b + 16),
		SEQUENCE(b),
		.time2wait = get_be16(b + 40),
		.time2retain = get_be16(b + 42),
	};
	return 0;
}

/* 11.19: a TTT other than ffffffff is a ping that wants its echo. */
int pdu_parse_nop_in(const struct iscsi_pdu *pdu, struct iscsi_nop_in *r)
{
	const uint8_t *b = pdu->bhs;

	if (pdu_op(pdu) != ISCSI_OP_NOP_IN)
		return -EPROTO;
	*r = (struct iscsi_nop_in){
		.lun = get_be64(b + 8),
		.itt = get_be32(b + 16),
		.ttt = get_be32(b + 20),
		SEQUENCE(b),
	};
	return 0;
}

/* 11.9: what the three parameters mean depends on the event. */
int pdu_parse_async(const struct iscsi_pdu *pdu, struct iscsi_async *r)
{
	const uint8_t *b = pdu->bhs;

	if (pdu_op(pdu) != ISCSI_OP_ASYNC)
		return -EPROTO;
	*r = (struct iscsi_async){
		.lun = get_be64(b + 8),
		SEQUENCE(b),
		.event = b[36],
		.vcode = b[37],
		.param1 = get_be16(b + 38),
		.param2 = get_be16(b + 40),
		.param3 = get_be16(b + 42),
	};
	return 0;
}

/* 11.17. The data is the header that was rejected. */
int pdu_parse_reject(const struct iscsi_pdu *pdu, struct iscsi_reject *r)
{
	const uint8_t *b = pdu->bhs;

	if (pdu_op(pdu) != ISCSI_OP_REJECT)
		return -EPROTO;
	*r = (struct iscsi_reject){
		.reason = b[2],
		SEQUENCE(b),
		.datasn = get_be32(b + 36),
	};
	return 0;
}

/* 11.17.1. */
const char *pdu_reject_text(uint8_t reason)
{
	static const char *const texts[] = {
		[0x02] = "data digest error",
		[0x03] = "SNACK reject",
		[0x04] = "protocol error",
		[0x05] = "command not supported",
		[0x06] = "immediate command reject, too many immediate commands",
		[0x07] = "task in progress",
		[0x08] = "invalid data ack",
		[0x09] = "invalid PDU field",
		[0x0a] = "long operation reject, out of resources",
		[0x0b] = "negotiation reset",
		[0x0c] = "waiting for logout",
	};

	return reason < ARRAY_SIZE(texts) && texts[reason] ? texts[reason] : "unknown";
}

/* 11.15.1. */
const char *pdu_logout_text(uint8_t response)
{
	static const char *const texts[] = {
		"closed successfully",
		"CID not found",
		"connection recovery not supported",
		"cleanup failed",
	};

	return response < ARRAY_SIZE(texts) ? texts[response] : "unknown";
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

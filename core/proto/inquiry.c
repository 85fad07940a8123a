/* SPDX-License-Identifier: GPL-2.0-or-later */
/* INQUIRY for pages of vital product data: the command, its data in order, its status (RFC 7143 sections 11.3, 11.4 and 11.7). */
#include "proto/inquiry.h"
#include "base/mem.h"
#include "proto/login.h"
#include <errno.h>
#include <string.h>

#define INQUIRY_OPCODE 0x12
#define EVPD 1
#define PAGE_HEADER 4
#define PAGE_USUAL 1024 /* a page that is longer is requested again as a whole */
#define PAGE_MAX 65535 /* ALLOCATION LENGTH has two bytes */
#define ITT_NONE 1 /* those of the commands are greater */

void inquiry_init(struct inquiry *q, const struct login_result *login)
{
	*q = (struct inquiry){
		.itt = ITT_NONE, .cmdsn = login->cmdsn, .exp_statsn = login->exp_statsn, .max_cmdsn = login->max_cmdsn
	};
}

void inquiry_free(struct inquiry *q)
{
	x_free(q->bytes);
	q->bytes = NULL;
}

/* The eight bytes of a LUN (SAM-5 4.7) from the kernel's number, whose lowest 16 bits are the first level. */
static uint64_t lun_field(uint64_t number)
{
	return number << 48 | (number & 0xffff0000) << 16 | (number >> 16 & 0xffff0000) | number >> 48;
}

static int inquiry_send(struct inquiry *q, size_t size, struct iscsi_pdu *pdu, struct err *err)
{
	const struct iscsi_request request = {
		.final = true,
		.read = true,
		.lun = lun_field(q->lun),
		.itt = ++q->itt,
		.transfer_length = (uint32_t)size,
		.cmdsn = q->cmdsn,
		.exp_statsn = q->exp_statsn,
		.cdb = q->cdb,
	};
	uint8_t *bytes;

	if ((int32_t)(q->max_cmdsn - q->cmdsn) < 0) {
		err_set(err, MISCSI_ERR_TRANS,
			"the target accepts no command now (MaxCmdSN), so iscsid cannot ask which disks it has");
		return -EAGAIN;
	}
	bytes = x_realloc(q->bytes, size);
	if (!bytes)
		return err_nomem(err, "the answer to an INQUIRY command");
	q->bytes = bytes;
	q->size = size;
	q->have = 0;
	q->cmdsn++;
	q->asked = true;
	memset(q->cdb, 0, sizeof(q->cdb));
	q->cdb[0] = INQUIRY_OPCODE;
	q->cdb[1] = EVPD;
	q->cdb[2] = q->page;
	q->cdb[3] = (uint8_t)(size >> 8);
	q->cdb[4] = (uint8_t)size;
	*pdu = (struct iscsi_pdu){ .data = NULL };
	pdu_build(pdu, ISCSI_OP_SCSI_CMD, &request);
	return 0;
}

int inquiry_ask(struct inquiry *q, uint64_t lun, uint8_t page, struct iscsi_pdu *pdu, struct err *err)
{
	q->lun = lun;
	q->page = page;
	return inquiry_send(q, PAGE_USUAL, pdu, err);
}

void inquiry_give_up(struct inquiry *q)
{
	q->asked = false;
	q->have = 0;
}

/* A status came: the page is there, or was cut off, or is not to be had now. */
static int inquiry_ended(struct inquiry *q, const struct iscsi_response *r, struct iscsi_pdu *next, struct err *err)
{
	size_t said;
	int rc;

	q->status = r->scsi_status;
	if (r->scsi_status)
		q->have = 0;
	said = q->have < PAGE_HEADER ? 0 : PAGE_HEADER + ((size_t)q->bytes[2] << 8 | q->bytes[3]);
	q->asked = false;
	if (said <= q->size || q->size == PAGE_MAX)
		return INQUIRY_DONE;
	rc = inquiry_send(q, said < PAGE_MAX ? said : PAGE_MAX, next, err);
	return rc < 0 ? rc : INQUIRY_SEND;
}

static bool inquiry_is_late(const struct inquiry *q, const struct iscsi_response *r)
{
	return r->itt > ITT_NONE && (r->itt < q->itt || (r->itt == q->itt && !q->asked));
}

static void inquiry_take_numbers(struct inquiry *q, const struct iscsi_response *r)
{
	q->exp_statsn = r->statsn + 1;
	q->max_cmdsn = r->max_cmdsn;
}

static int inquiry_data(struct inquiry *q, const struct iscsi_pdu *pdu, const struct iscsi_response *r, struct err *err)
{
	if (r->itt != q->itt || r->buffer_offset != q->have || pdu->len > q->size - q->have)
		return err_set(err, MISCSI_ERR_FATAL_LOGIN,
			"the target returned data that iscsid's INQUIRY command had not requested, which is a fault of the "
			"target");
	if (pdu->len)
		memcpy(q->bytes + q->have, pdu->data, pdu->len);
	q->have += pdu->len;
	return 0;
}

int inquiry_feed(struct inquiry *q, const struct iscsi_pdu *pdu, struct iscsi_pdu *next, struct err *err)
{
	struct iscsi_response r;
	int rc;

	if (pdu_parse(pdu, ISCSI_OP_DATA_IN, &r) == 0) {
		if (r.has_status)
			inquiry_take_numbers(q, &r);
		if (inquiry_is_late(q, &r))
			return INQUIRY_WAIT;
		rc = inquiry_data(q, pdu, &r, err);
		return rc < 0 || !r.has_status ? rc : inquiry_ended(q, &r, next, err);
	}
	if (pdu_parse(pdu, ISCSI_OP_SCSI_RSP, &r) == 0) {
		inquiry_take_numbers(q, &r);
		if (inquiry_is_late(q, &r))
			return INQUIRY_WAIT;
		if (r.itt != q->itt || r.response)
			return err_set(err, MISCSI_ERR_FATAL_LOGIN,
				"the target answered iscsid's INQUIRY command, which identifies a disk, with an error (response "
				"0x%02x) or with a wrong Initiator Task Tag",
				r.response);
		return inquiry_ended(q, &r, next, err);
	}
	/* a ping, or a message: the session ends before the target misses an answer */
	if (pdu_op(pdu) == ISCSI_OP_NOP_IN || pdu_op(pdu) == ISCSI_OP_ASYNC)
		return INQUIRY_WAIT;
	return err_set(err, MISCSI_ERR_FATAL_LOGIN,
		"the target answered iscsid's INQUIRY command with a PDU of opcode 0x%02x, which is a fault of the target",
		pdu_op(pdu));
}

void inquiry_logout(const struct inquiry *q, struct iscsi_pdu *pdu)
{
	const struct iscsi_request request = {
		.immediate = true,
		.final = true,
		.reason = ISCSI_LOGOUT_SESSION,
		.itt = q->itt + 1,
		.cmdsn = q->cmdsn,
		.exp_statsn = q->exp_statsn,
	};

	*pdu = (struct iscsi_pdu){ .data = NULL };
	pdu_build(pdu, ISCSI_OP_LOGOUT, &request);
}

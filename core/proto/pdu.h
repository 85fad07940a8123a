/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PDUs: headers built and taken apart, and a reader that cuts a byte stream into PDUs (RFC 7143 section 11).
 *
 * A struct iscsi_pdu is a view: its data belongs to the object that returned the PDU, and is valid until the next call for that
 * object. Data is without its padding; a PDU channel adds the padding (pdu_iov) or leaves it to the kernel.
 */
#ifndef PROTO_PDU_H
#define PROTO_PDU_H

#include "base/err.h"
#include "proto/iscsi_proto.h"
#include <stddef.h>
#include <sys/uio.h>

struct iscsi_pdu {
	uint8_t bhs[ISCSI_BHS_SIZE];
	const uint8_t *data; /* NULL when len is 0 */
	size_t len;
};

enum pdu_from { PDU_FROM_INITIATOR, PDU_FROM_TARGET };

struct pdu_opcode {
	const char *name; /* RFC 7143's */
	enum pdu_from from;
	bool ahs; /* may have additional header segments */
	uint32_t data_max; /* bytes of data at most; 0: what the receiver declared as MaxRecvDataSegmentLength */
};

/* Returns the row of an opcode (0 to 63, higher bits are ignored); NULL: unknown opcode. */
const struct pdu_opcode *pdu_opcode(uint8_t opcode);
static inline uint8_t pdu_op(const struct iscsi_pdu *pdu)
{
	return pdu->bhs[0] & 0x3f;
}
/* Return the header's DataSegmentLength and TotalAHSLength, in bytes. */
uint32_t pdu_data_length(const uint8_t bhs[ISCSI_BHS_SIZE]);
uint32_t pdu_ahs_length(const uint8_t bhs[ISCSI_BHS_SIZE]);

/*
 * Checks whether a target may send this header: known opcode, sent by targets, no AHS where none is allowed, DataSegmentLength
 * within the opcode's limit and max_data. 0 or -EPROTO with the text (MISCSI_ERR_FATAL_LOGIN).
 */
int pdu_check(const uint8_t bhs[ISCSI_BHS_SIZE], size_t max_data, struct err *err);

/* Checks a received header and data (from the kernel: padded to 4) and cuts the data to DataSegmentLength. -EPROTO. */
int pdu_from_parts(const void *bhs, const void *data, size_t len, size_t max_data, struct iscsi_pdu *out, struct err *err);

/* Fills pdu->bhs for a request; pdu->data and len are the caller's and determine DataSegmentLength (len < 2^24). */
void pdu_build(struct iscsi_pdu *pdu, enum iscsi_opcode opcode, const struct iscsi_request *r);

/* Returns the fields as received: the caller must check their values. -EPROTO: the PDU has another opcode. */
int pdu_parse(const struct iscsi_pdu *pdu, enum iscsi_opcode opcode, struct iscsi_response *r);

/* RFC 7143 11.17.1's name of a Reject reason, 11.15.1's of a Logout response; otherwise "unknown". */
const char *pdu_reject_text(uint8_t reason);
const char *pdu_logout_text(uint8_t response);

/* Header, data and padding for writev(); returns the number of entries used (1 to 3). */
int pdu_iov(const struct iscsi_pdu *pdu, struct iovec iov[3]);

/* Cuts a stream (without digests) into PDUs. Zeroed by pdu_reader_init; nothing is allocated before the length was checked. */
struct pdu_reader {
	size_t max_data; /* may be raised by its owner between PDUs, after a login */
	uint8_t bhs[ISCSI_BHS_SIZE]; /* private from here */
	uint8_t *body;
	size_t have, need, cap;
	bool failed;
};

void pdu_reader_init(struct pdu_reader *r, size_t max_data);
void pdu_reader_free(struct pdu_reader *r); /* also for cleanup() */
/*
 * Reads up to len bytes; *used returns how many. 1: *pdu is complete (valid until the next call), call again with the rest; 0:
 * all were read, more are needed; -EPROTO, -ENOMEM: every later call fails.
 */
int pdu_reader_feed(struct pdu_reader *r, const void *bytes, size_t len, size_t *used, struct iscsi_pdu *pdu, struct err *err);
/* Returns true in the middle of a PDU, which a close of the connection would cut. */
bool pdu_reader_pending(const struct pdu_reader *r);

#endif

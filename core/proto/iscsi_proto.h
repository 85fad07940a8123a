/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire of iSCSI (RFC 7143 section 11): opcodes, flags, the fields of the headers that user space sends and receives. The
 * structs are decoded forms in host order; pdu.c alone knows where their bytes lie. No behaviour here.
 */
#ifndef PROTO_ISCSI_PROTO_H
#define PROTO_ISCSI_PROTO_H

#include <stdbool.h>
#include <stdint.h>

#define ISCSI_PORT 3260
#define ISCSI_BHS_SIZE 48
#define ISCSI_NAME_MAX 223 /* bytes, 4.2.7.1 */
#define ISCSI_TAG_RESERVED 0xffffffffu
#define ISCSI_LOGIN_DATA_MAX 8192 /* 13.12: what is negotiated holds only after the login */
#define ISCSI_VERSION 0x00

enum iscsi_opcode { /* 11.2.1.2 */
	ISCSI_OP_NOP_OUT = 0x00,
	ISCSI_OP_SCSI_CMD = 0x01,
	ISCSI_OP_TMF = 0x02,
	ISCSI_OP_LOGIN = 0x03,
	ISCSI_OP_TEXT = 0x04,
	ISCSI_OP_DATA_OUT = 0x05,
	ISCSI_OP_LOGOUT = 0x06,
	ISCSI_OP_SNACK = 0x10,
	ISCSI_OP_NOP_IN = 0x20,
	ISCSI_OP_SCSI_RSP = 0x21,
	ISCSI_OP_TMF_RSP = 0x22,
	ISCSI_OP_LOGIN_RSP = 0x23,
	ISCSI_OP_TEXT_RSP = 0x24,
	ISCSI_OP_DATA_IN = 0x25,
	ISCSI_OP_LOGOUT_RSP = 0x26,
	ISCSI_OP_R2T = 0x31,
	ISCSI_OP_ASYNC = 0x32,
	ISCSI_OP_REJECT = 0x3f,
};

enum iscsi_stage { ISCSI_STAGE_SECURITY = 0, ISCSI_STAGE_OPERATIONAL = 1, ISCSI_STAGE_FFP = 3 }; /* 11.12.3 */

enum iscsi_logout_reason { ISCSI_LOGOUT_SESSION = 0, ISCSI_LOGOUT_CONNECTION = 1, ISCSI_LOGOUT_RECOVERY = 2 };

enum iscsi_async_event { /* 11.9.1 */
	ISCSI_ASYNC_SCSI = 0,
	ISCSI_ASYNC_LOGOUT_REQUEST = 1,
	ISCSI_ASYNC_CONNECTION_DROPPED = 2,
	ISCSI_ASYNC_SESSION_DROPPED = 3,
	ISCSI_ASYNC_NEGOTIATE = 4,
	ISCSI_ASYNC_VENDOR = 255,
};

/*
 * The fields of a request. Each opcode has some of them, the others are not sent: a Login Request (11.12) the first eight lines,
 * Text (11.10) and NOP-Out (11.18) lun and ttt, a Logout Request (11.14) reason and cid.
 */
struct iscsi_request {
	bool immediate, final; /* final: in a Login Request, T */
	union {
		bool cont;
		bool read; /* SCSI Command (11.3.1): data from the target is expected */
	};
	uint8_t csg, nsg;
	uint8_t isid[6];
	uint16_t tsih, cid;
	uint32_t itt, cmdsn, exp_statsn;
	uint8_t reason;
	uint64_t lun;
	union {
		uint32_t ttt;
		uint32_t transfer_length; /* SCSI Command, bytes */
	};
	const uint8_t *cdb; /* SCSI Command: 16 bytes */
};

/* The fields of a response, as the headers have them: members of one union share their bytes. The opcode decides which are valid. */
struct iscsi_response {
	bool final, cont; /* final: in a Login Response (11.13), T */
	bool has_status; /* Data-In (11.7.1), S */
	uint8_t csg, nsg;
	union {
		uint8_t version_max;
		uint8_t response; /* Logout (11.15); 0: success */
		uint8_t reason; /* Reject (11.17) */
	};
	union {
		uint8_t version_active;
		uint8_t scsi_status; /* SCSI Response (11.4), and Data-In with S; 0: GOOD */
	};
	uint16_t tsih;
	uint64_t lun;
	uint32_t itt, ttt, statsn, exp_cmdsn, max_cmdsn;
	union {
		uint8_t status_class;
		uint8_t event; /* Asynchronous Message (11.9), with its parameters below */
	};
	uint8_t status_detail;
	union {
		uint16_t param2;
		uint16_t time2wait; /* Logout, seconds */
	};
	uint32_t buffer_offset; /* Data-In, from the first byte of the command's data */
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * INQUIRY commands (SPC-4 6.6) for vital product data pages of a target's units, over a session of this process: an engine without
 * I/O. One command is under way at a time; the answer to one that was given up may still come.
 */
#ifndef PROTO_INQUIRY_H
#define PROTO_INQUIRY_H

#include "base/err.h"
#include "proto/pdu.h"

struct login_result;

struct inquiry {
	uint8_t *bytes; /* the page, or its first `have` bytes */
	size_t have;
	uint8_t status; /* the SCSI status of the last command */
	size_t size; /* private from here: what the command asks for */
	uint32_t itt, cmdsn, exp_statsn, max_cmdsn;
	uint64_t lun;
	uint8_t page;
	uint8_t cdb[16];
	bool asked; /* the command of this ITT is under way */
};

void inquiry_init(struct inquiry *q, const struct login_result *login);
void inquiry_free(struct inquiry *q); /* the page */
/* Returns the command for a page of a unit, whose LUN is the number that sysfs shows. -ENOMEM; -EAGAIN: the target accepts no commands. */
int inquiry_ask(struct inquiry *q, uint64_t lun, uint8_t page, struct iscsi_pdu *pdu, struct err *err);

enum inquiry_step { INQUIRY_WAIT, INQUIRY_SEND, INQUIRY_DONE };
/*
 * Takes one PDU of the target. SEND: *next is another command for the same page, which was cut off. DONE: the page is complete; have
 * less than 4: the unit did not return it. -EPROTO, -ENOMEM, -EAGAIN: the session is of no more use.
 */
int inquiry_feed(struct inquiry *q, const struct iscsi_pdu *pdu, struct iscsi_pdu *next, struct err *err);
/* The command under way is given up: its answer will be ignored. */
void inquiry_give_up(struct inquiry *q);
/* Returns the Logout Request that ends the session. */
void inquiry_logout(const struct inquiry *q, struct iscsi_pdu *pdu);

#endif

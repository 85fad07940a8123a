/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SendTargets discovery in the full feature phase (RFC 7143 appendix C, 11.10, 11.11): an engine without I/O that streams. Its
 * memory does not grow with the answer: each target is reported as soon as it is complete.
 */
#ifndef PROTO_SENDTARGETS_H
#define PROTO_SENDTARGETS_H

#include "base/err.h"
#include "proto/pdu.h"
#include "proto/portal.h"

#define SENDTARGETS_BYTES_MAX (64u << 20)
#define SENDTARGETS_PDUS_MAX 1000000u
#define SENDTARGETS_RECORDS_MAX 1000000u
#define SENDTARGETS_IDLE_MAX 1000u /* PDUs in a row without text: pings, empty parts */

struct sendtargets_config {
	uint32_t itt, cmdsn, exp_statsn; /* the last two as the login left them */
	bool ignore_itt; /* the PDU channel writes the ITT itself (kernel) */
	size_t max_bytes; /* of text in all; 0 in any of the three: the limit above */
	uint32_t max_pdus;
	uint32_t max_records; /* pairs of target and portal */
	/*
	 * One target at one portal; portal NULL: the target has no TargetAddress and is at the portal that received the request
	 * (appendix C). Name and portal were checked. 0, or -errno to stop: the action is then SENDTARGETS_FAILED
	 * (MISCSI_ERR_INTERNAL).
	 */
	int (*found)(void *arg, const char *name, const struct portal *portal);
	/* Reports the first ignored part of each kind, with the reason, and at the end the number of the others: one line, escaped. */
	void (*warning)(void *arg, const char *text);
	void *arg;
};

enum sendtargets_action_kind {
	SENDTARGETS_SEND, /* send pdu, feed the PDUs that arrive */
	SENDTARGETS_WAIT, /* nothing to send, feed the PDUs that arrive */
	SENDTARGETS_DONE,
	SENDTARGETS_FAILED,
};

struct sendtargets_action {
	enum sendtargets_action_kind kind;
	struct iscsi_pdu pdu; /* to be sent; data is valid until the next call */
	struct err err;
};

struct sendtargets;

/* found() must be set. -ENOMEM. */
int sendtargets_new(const struct sendtargets_config *config, struct sendtargets **out);
void sendtargets_free(struct sendtargets *s);
void sendtargets_start(struct sendtargets *s, struct sendtargets_action *action);
/*
 * Processes one PDU from the target. A NOP-In is answered; a PDU other than NOP-In and Text Response ends the discovery. After
 * FAILED, the targets reported before are valid.
 */
void sendtargets_feed(struct sendtargets *s, const struct iscsi_pdu *pdu, struct sendtargets_action *action);
uint32_t sendtargets_records(const struct sendtargets *s); /* reported so far */
/* For the Logout that follows. */
uint32_t sendtargets_exp_statsn(const struct sendtargets *s);
uint32_t sendtargets_cmdsn(const struct sendtargets *s);

#endif

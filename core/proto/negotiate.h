/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The negotiation of operational keys (RFC 7143 6.2 and 13): one loop over keys.def. */
#ifndef PROTO_NEGOTIATE_H
#define PROTO_NEGOTIATE_H

#include "base/err.h"
#include "base/strbuf.h"
#include "proto/key.h"

struct negotiation {
	struct iscsi_params proposal, result;
	bool discovery;
	uint8_t state[KEY_COUNT]; /* private */
};

/*
 * Proposals out of range are brought into it. What RFC 7143 forbids and targets in the field do is let pass where it does no
 * harm: an answer that is not an outcome of the offer, an offer left unanswered, a declaration repeated.
 */
void negotiate_init(struct negotiation *n, const struct iscsi_params *proposal, bool discovery);
/* Adds all offers. */
void negotiate_offer(struct negotiation *n, struct strbuf *out);
/*
 * One key from the target, in a stage (KEY_SECURITY or KEY_OPERATIONAL): checks an answer, or answers an offer into `answers`.
 * Unknown keys are answered by NotUnderstood. -EPROTO (MISCSI_ERR_FATAL_LOGIN). Not for rows of KEY_ELSEWHERE.
 */
int negotiate_take(
	struct negotiation *n, enum key_phase stage, const char *key, const char *value, struct strbuf *answers, struct err *err);
/* The target has said this key in this login. */
bool negotiate_seen(const struct negotiation *n, enum key_id id);
/* The end of the operational stage: n->result is complete. -EPROTO when a key's outcome cannot be lived with. */
int negotiate_finish(struct negotiation *n, struct err *err);

#endif

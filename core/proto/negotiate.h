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
 * Proposals out of range are limited to it. Some violations of RFC 7143 by existing targets are accepted where they do no harm: a
 * response that is not an outcome of the offer, an offer without response, a repeated declaration.
 */
void negotiate_init(struct negotiation *n, const struct iscsi_params *proposal, bool discovery);
/* Adds all offers. */
void negotiate_offer(struct negotiation *n, struct strbuf *out);
/*
 * Processes one key from the target, in a stage (KEY_SECURITY or KEY_OPERATIONAL): checks an answer, or answers an offer into
 * `answers`. Unknown keys are answered by NotUnderstood. -EPROTO (MISCSI_ERR_FATAL_LOGIN). Not for rows of KEY_ELSEWHERE.
 */
int negotiate_take(
	struct negotiation *n, enum key_phase stage, const char *key, const char *value, struct strbuf *answers, struct err *err);
/* Returns true if the target sent this key in this login. */
bool negotiate_seen(const struct negotiation *n, enum key_id id);
/* The end of the operational stage: n->result is complete. -EPROTO: a key's outcome is not acceptable. */
int negotiate_finish(struct negotiation *n, struct err *err);

#endif

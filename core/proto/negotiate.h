/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The negotiation of operational keys (RFC 7143 6.2 and 13): one loop over keys.def.
 *
 * struct iscsi_params has one member for each key with a value. It serves twice: as the wishes of the
 * initiator (from the record's settings) and as the outcome.
 */
#ifndef PROTO_NEGOTIATE_H
#define PROTO_NEGOTIATE_H

#include "base/err.h"
#include "base/strbuf.h"
#include <stdbool.h>
#include <stdint.h>

/* HeaderDigest, DataDigest: as a wish an order of preference, as an outcome NONE or CRC32C. */
enum iscsi_digest {
	ISCSI_DIGEST_NONE,
	ISCSI_DIGEST_CRC32C,
	ISCSI_DIGEST_NONE_CRC32C,
	ISCSI_DIGEST_CRC32C_NONE,
};

/* Booleans are 0 or 1, lengths bytes, times seconds. */
struct iscsi_params {
#define KEY_VALUE(name, member, ...) uint32_t member;
#define KEY_TEXT(...)
#include "proto/keys.def"
	/*
	 * The target's MaxRecvDataSegmentLength: what we may send. As a wish: a limit of ours on that
	 * (node.conn[0].iscsi.MaxXmitDataSegmentLength), 0: none.
	 */
	uint32_t max_xmit_data_segment_length;
};

enum key_id {
#define KEY_VALUE(name, ...) KEY_##name,
#define KEY_TEXT(name, ...) KEY_##name,
#include "proto/keys.def"
	KEY_COUNT
};

/* KEY_BY_R: both, but we only with the wish rdma_extensions (RFC 7145). */
enum key_sender { KEY_BY_NONE = 0, KEY_BY_I = 1, KEY_BY_T = 2, KEY_BY_B = 3, KEY_BY_R = 7 };
enum key_scope { KEY_SW, KEY_CO }; /* session-wide, connection only */
/*
 * KEY_ANY: declarations, which may come in any stage of the login. KEY_LO: operational, in a leading
 * login.
 */
enum key_phase { KEY_ANY, KEY_SECURITY, KEY_OPERATIONAL, KEY_FFP };
enum key_type { KEY_BOOL, KEY_NUMBER, KEY_DIGEST, KEY_REPORTING, KEY_STRING };
/*
 * How two wishes become one. KEY_REFUSE: obsolete, answered by Reject (13.25). KEY_ELSEWHERE: login,
 * chap, sendtargets handle it.
 */
enum key_rule { KEY_AND, KEY_OR, KEY_MIN, KEY_MAX, KEY_CHOICE, KEY_DECLARE, KEY_REFUSE, KEY_ELSEWHERE };

struct key_row {
	const char *name;
	enum key_scope scope;
	enum key_phase phase;
	enum key_sender sender; /* who may send it unasked; what the initiator sends it offers in every login */
	bool in_discovery; /* false: irrelevant when SessionType=Discovery */
	enum key_type type;
	enum key_rule rule;
	uint32_t initial, min, max; /* KEY_STRING: max is the limit of its length */
	const char *setting; /* the setting that feeds the wish; NULL: none, the default is the wish */
	size_t member, theirs; /* offsets into struct iscsi_params: our value or the outcome; what the target declares */
};

/* The row of a key, by id or name; NULL for an unknown name. */
const struct key_row *key_row(enum key_id id);
const struct key_row *key_find(const char *name);

/* RFC 7143's defaults. */
void iscsi_params_init(struct iscsi_params *p);
/*
 * Sets the member that the setting feeds ("node.session.iscsi.InitialR2T"): wishes from a record
 * without naming members. -ENOENT no such setting here; -ERANGE outside the key's range (member
 * unchanged).
 */
int iscsi_params_set(struct iscsi_params *p, const char *setting, uint32_t value);
/* "None", "CRC32C", "None,CRC32C", "CRC32C,None" (case ignored): enum iscsi_digest; -EINVAL. And back. */
int iscsi_digest_parse(const char *text);
const char *iscsi_digest_text(uint32_t digest);

struct negotiation {
	struct iscsi_params wish, result;
	bool discovery, strict;
	uint8_t state[KEY_COUNT]; /* private */
};

/*
 * Wishes out of range are pulled into it. strict: what RFC 7143 forbids and real targets do fails (an
 * answer that is not a legal outcome of the offer, an offer of ours left unanswered, a declaration
 * repeated).
 */
void negotiate_init(struct negotiation *n, const struct iscsi_params *wish, bool discovery, bool strict);
/* Adds all offers. */
void negotiate_offer(struct negotiation *n, struct strbuf *out);
/*
 * One key from the target, in a stage (KEY_SECURITY or KEY_OPERATIONAL): checks an answer, or answers
 * an offer into `answers`. Unknown keys are answered by NotUnderstood. -EPROTO
 * (MISCSI_ERR_FATAL_LOGIN). Not for rows of KEY_ELSEWHERE.
 */
int negotiate_take(
	struct negotiation *n, enum key_phase stage, const char *key, const char *value, struct strbuf *answers, struct err *err);
/* The target has said this key in this login. */
bool negotiate_seen(const struct negotiation *n, enum key_id id);
/*
 * The end of the operational stage: n->result is complete. -EPROTO when a key's outcome cannot be
 * lived with.
 */
int negotiate_finish(struct negotiation *n, struct err *err);

#endif

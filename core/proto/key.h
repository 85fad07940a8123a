/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of login text (RFC 7143 section 13): one row of keys.def each, and struct iscsi_params, which has one member for each
 * key with a value. It serves twice: as the initiator's proposal (from the record's settings) and as the outcome.
 */
#ifndef PROTO_KEY_H
#define PROTO_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* HeaderDigest, DataDigest: as a proposal an order of preference, as an outcome NONE or CRC32C. */
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
	 * The target's MaxRecvDataSegmentLength, the limit of what the initiator sends. As a proposal: a further limit on that
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

/* The range of each number, for the settings that are proposed. */
enum key_range {
#define KEY_VALUE(name, member, theirs, scope, phase, sender, discovery, type, rule, initial, min, max) \
	KEY_MIN_##name = min, KEY_MAX_##name = max,
#define KEY_TEXT(...)
#include "proto/keys.def"
};

/* KEY_BY_R: both, but the initiator only with the proposal rdma_extensions (RFC 7145). */
enum key_sender { KEY_BY_NONE = 0, KEY_BY_I = 1, KEY_BY_T = 2, KEY_BY_B = 3, KEY_BY_R = 7 };
enum key_scope { KEY_SW, KEY_CO }; /* session-wide, connection only */
/* KEY_ANY: declarations, which may come in any stage of the login. KEY_LO: operational, in a leading login. */
enum key_phase { KEY_ANY, KEY_SECURITY, KEY_OPERATIONAL, KEY_FFP };
enum key_type { KEY_BOOL, KEY_NUMBER, KEY_DIGEST, KEY_REPORTING, KEY_STRING };
/*
 * How two proposals become one. KEY_REFUSE: obsolete, answered by Reject (13.25). KEY_ELSEWHERE: login, chap, sendtargets handle
 * it.
 */
enum key_rule { KEY_AND, KEY_OR, KEY_MIN, KEY_MAX, KEY_CHOICE, KEY_DECLARE, KEY_REFUSE, KEY_ELSEWHERE };

struct key_row {
	const char *name;
	enum key_scope scope;
	enum key_phase phase;
	enum key_sender sender; /* the side that may send it first; the initiator offers its keys in every login */
	bool in_discovery; /* false: irrelevant when SessionType=Discovery */
	enum key_type type;
	enum key_rule rule;
	uint32_t initial, min, max; /* KEY_STRING: max is the limit of its length */
	size_t member, theirs; /* offsets into struct iscsi_params: initiator's value or outcome; target's declaration */
};

/* The row of a key, by id or name; NULL for an unknown name. */
const struct key_row *key_row(enum key_id id);
const struct key_row *key_find(const char *name);

/* By a row's offset. */
static inline uint32_t *key_member(struct iscsi_params *p, size_t offset)
{
	return (uint32_t *)(void *)((char *)p + offset);
}

/* RFC 7143's defaults. */
void key_params_init(struct iscsi_params *p);
/* Sets the member of a key ("InitialR2T"). -ENOENT: no key with a value has this name; -ERANGE; p is then unchanged. */
int key_params_set(struct iscsi_params *p, const char *name, uint32_t value);
/* "None", "CRC32C", "None,CRC32C", "CRC32C,None" (case ignored): enum iscsi_digest; -EINVAL. And back. */
int key_digest_parse(const char *text);
const char *key_digest_text(uint32_t digest);

#endif

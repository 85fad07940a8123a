/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The negotiator: one loop over keys.def. A row describes a key; this file combines the values of both sides. */
#include "proto/negotiate.h"

#include "base/mem.h"
#include "proto/text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Of negotiation.state. SEEN: the target sent the key; SETTLED: the key has a result. A declaration is seen, but never
 * settled.
 */
enum { OFFERED = 1, SEEN = 2, SETTLED = 4 };

/* Returns true if the proposal allows this digest. A list of both allows either; a single one is required. */
static bool digest_fits(uint32_t proposal, uint32_t digest)
{
	return proposal >= ISCSI_DIGEST_NONE_CRC32C || proposal == digest;
}

/* The outcome of two values that are in range (6.2.2 and the result function of each key in section 13). */
static uint32_t combine(const struct key_row *row, uint32_t a, uint32_t b)
{
	switch (row->rule) {
	case KEY_AND:
		return a && b;
	case KEY_OR:
		return a || b;
	case KEY_MIN:
		return a < b ? a : b;
	case KEY_MAX:
		return a > b ? a : b;
	default:
		return b;
	}
}

/*
 * Proposals are brought into range and not refused: an adapter's plugin may have lowered them, and what goes out must be legal.
 */
void negotiate_init(struct negotiation *n, const struct iscsi_params *proposal, bool discovery)
{
	*n = (struct negotiation){ .proposal = *proposal, .discovery = discovery };
	for (size_t i = 0; i < KEY_COUNT; i++) {
		uint32_t *v = key_member(&n->proposal, key_row(i)->member);

		if (key_row(i)->rule == KEY_ELSEWHERE)
			continue;
		*v = *v < key_row(i)->min ? key_row(i)->min : *v > key_row(i)->max ? key_row(i)->max : *v;
	}
	/* 13.14: FirstBurstLength MUST NOT exceed MaxBurstLength */
	if (n->proposal.first_burst_length > n->proposal.max_burst_length)
		n->proposal.first_burst_length = n->proposal.max_burst_length;
	key_params_init(&n->result);
	n->result.max_recv_data_segment_length = n->proposal.max_recv_data_segment_length;
	n->result.max_xmit_data_segment_length = key_row(KEY_MaxRecvDataSegmentLength)->initial;
}

/* A value in the form of 6.1: Yes or No, a list, a decimal number. */
static void say_value(const struct key_row *row, uint32_t value, struct strbuf *out)
{
	switch (row->type) {
	case KEY_BOOL:
		text_add(out, row->name, value ? "Yes" : "No");
		break;
	case KEY_DIGEST:
		text_add(out, row->name, key_digest_text(value));
		break;
	case KEY_REPORTING:
		text_add(out, row->name, "RFC3720");
		break;
	default:
		text_addf(out, row->name, "%u", (unsigned)value);
	}
}

/* Is it ours to begin? Over RDMA, RFC 7145's lengths stand for RFC 7143's. */
static bool we_offer(const struct negotiation *n, const struct key_row *row)
{
	if (row->rule == KEY_ELSEWHERE || !(row->sender & KEY_BY_I) || (n->discovery && !row->in_discovery))
		return false;
	if (row->sender == KEY_BY_R)
		return n->proposal.rdma_extensions;
	return !(n->proposal.rdma_extensions && row == key_row(KEY_MaxRecvDataSegmentLength));
}

void negotiate_offer(struct negotiation *n, struct strbuf *out)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		const struct key_row *row = key_row(i);

		if (!we_offer(n, row))
			continue;
		say_value(row, *key_member(&n->proposal, row->member), out);
		n->state[i] |= OFFERED;
	}
}

/* 6.2.2: a value that we cannot live with ends the login. */
static int refuse_key(struct err *err, const struct key_row *row, const char *value, const char *why)
{
	char shown[120];

	return err_set(err, MISCSI_ERR_FATAL_LOGIN, "the login failed, because the target's key %s=%s cannot be accepted: %s",
		row->name, str_escape(shown, sizeof(shown), value, strlen(value)), why);
}

/* The same, for a value that its row does not allow, or that is not one of those offered. */
static int refuse_value(const struct negotiation *n, struct err *err, const struct key_row *row, const char *value)
{
	char why[192];

	if (row->type == KEY_DIGEST)
		snprintf(why, sizeof(why),
			"the initiator offered only %s; change node.conn[0].iscsi.%s of the record, or the setting of the target",
			key_digest_text(*key_member((struct iscsi_params *)&n->proposal, row->member)), row->name);
	else if (row->type == KEY_NUMBER)
		snprintf(why, sizeof(why), "the value must be a number from %u to %u", (unsigned)row->min, (unsigned)row->max);
	else
		snprintf(why, sizeof(why), "the value must be Yes or No"); /* the fourth type, TaskReporting, is never offered */
	return refuse_key(err, row, value, why);
}

/* Is item one of a comma-separated list? */
static bool in_list(const char *list, const char *item)
{
	size_t len = strlen(item);

	for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (!strncmp(p, item, len) && (!p[len] || p[len] == ','))
			return true;
	return false;
}

/* The first of our preferences that a list of the target's has; -1. */
static int digest_choose(uint32_t proposal, const char *list)
{
	uint32_t first = proposal == ISCSI_DIGEST_CRC32C || proposal == ISCSI_DIGEST_CRC32C_NONE;

	for (uint32_t k = 0; k < 2; k++) {
		uint32_t digest = first ^ k;

		if (digest_fits(proposal, digest) && in_list(list, key_digest_text(digest)))
			return (int)digest;
	}
	return -1;
}

/* One value of the target's in the key's type and range; lists are reduced to what we choose. -EINVAL. */
static int parse_value(const struct key_row *row, uint32_t proposal, const char *value, uint32_t *out)
{
	uint64_t number;
	int choice = -1;

	switch (row->type) {
	case KEY_BOOL:
		choice = !strcmp(value, "Yes") ? 1 : !strcmp(value, "No") ? 0 : -1;
		break;
	case KEY_DIGEST:
		choice = digest_choose(proposal, value);
		break;
	case KEY_REPORTING:
		choice = in_list(value, "RFC3720") ? 0 : -1;
		break;
	default:
		if (text_decode_number(value, &number) || number < row->min || number > row->max)
			return -EINVAL;
		*out = (uint32_t)number;
		return 0;
	}
	if (choice < 0)
		return -EINVAL;
	*out = (uint32_t)choice;
	return 0;
}

/*
 * No value came of it (6.2: the key keeps its default). The default joined with our proposal is what the initiator may always do:
 * it only limits itself further. A digest that we demand has no such middle.
 */
static int settle_default(struct negotiation *n, const struct key_row *row, const char *value, struct err *err)
{
	uint32_t proposal = *key_member(&n->proposal, row->member);

	if (row->rule == KEY_CHOICE && row->type == KEY_DIGEST && !digest_fits(proposal, row->initial))
		return refuse_key(err, row, value,
			"the record requires a digest (node.conn[0].iscsi.HeaderDigest or DataDigest); set it to CRC32C,None to "
			"log in without one");
	*key_member(&n->result, row->member) = combine(row, proposal, row->initial);
	return 0;
}

/* 6.2: reserved answers instead of a value. */
static bool is_constant(const char *value)
{
	return !strcmp(value, "Reject") || !strcmp(value, "Irrelevant") || !strcmp(value, "NotUnderstood");
}

/*
 * The answer to an offer of ours. Combined once more: some targets echo our offer or answer with their own proposal, and the
 * smaller of the two is safe for both.
 */
static int accept_answer(struct negotiation *n, const struct key_row *row, const char *value, struct err *err)
{
	uint32_t proposal = *key_member(&n->proposal, row->member), got = 0;

	if (is_constant(value))
		return settle_default(n, row, value, err);
	/* an answer is one value, also where the offer was a list */
	if (strchr(value, ',') || parse_value(row, proposal, value, &got))
		return refuse_value(n, err, row, value);
	*key_member(&n->result, row->member) = combine(row, proposal, got);
	return 0;
}

/* An offer that the target began: the result goes back. Out of range is answered, not failed (6.2.2). */
static int answer_offer(struct negotiation *n, const struct key_row *row, const char *value, struct strbuf *answers)
{
	uint32_t *proposal = key_member(&n->proposal, row->member), got;

	if (is_constant(value))
		return 0;
	if (row->rule == KEY_REFUSE || parse_value(row, *proposal, value, &got)) {
		text_add(answers, row->name, "Reject");
		return 0;
	}
	got = combine(row, *proposal, got);
	*key_member(&n->result, row->member) = got;
	say_value(row, got, answers);
	return 0;
}

/* A declaration is not answered (6.2); what the target takes is bounded by our own limit on sending. */
static int accept_declaration(struct negotiation *n, const struct key_row *row, const char *value, struct err *err)
{
	uint32_t got = 0;

	if (parse_value(row, 0, value, &got))
		return refuse_value(n, err, row, value);
	if (row->theirs == offsetof(struct iscsi_params, max_xmit_data_segment_length) &&
		n->proposal.max_xmit_data_segment_length && got > n->proposal.max_xmit_data_segment_length)
		got = n->proposal.max_xmit_data_segment_length;
	*key_member(&n->result, row->theirs) = got;
	return 0;
}

/*
 * Each key is negotiated once in a login (6.2); declarations said twice are seen in the field. Keys that have no meaning in a
 * discovery are answered with Irrelevant, as 6.2 requires, and not refused.
 */
static int negotiate_key(
	struct negotiation *n, const struct key_row *row, const char *value, struct strbuf *answers, struct err *err)
{
	uint8_t *state = &n->state[row - key_row(0)];
	bool offered = *state & OFFERED, again = *state & SEEN;

	*state |= SEEN;
	if (row->rule == KEY_DECLARE)
		return is_constant(value) ? 0 : accept_declaration(n, row, value, err);
	if (again)
		return refuse_key(err, row, value, "the target sent this key twice in one login");
	*state |= SETTLED;
	if (offered)
		return accept_answer(n, row, value, err);
	if (n->discovery && !row->in_discovery) {
		text_add(answers, row->name, "Irrelevant");
		return 0;
	}
	return answer_offer(n, row, value, answers);
}

int negotiate_take(
	struct negotiation *n, enum key_phase stage, const char *key, const char *value, struct strbuf *answers, struct err *err)
{
	const struct key_row *row = key_find(key);

	if (!row) {
		/* 6.2: any unknown key, X- or not; an answer NotUnderstood to what we never said ends there
		 */
		if (!is_constant(value))
			text_add(answers, key, "NotUnderstood");
		return 0;
	}
	if (row->rule == KEY_ELSEWHERE)
		return refuse_key(err, row, value, "the target must not send this key at this point of the login");
	if (row->phase != KEY_ANY && row->phase != stage)
		return refuse_key(err, row, value, "this key is not allowed in this stage of the login");
	return negotiate_key(n, row, value, answers, err);
}

bool negotiate_seen(const struct negotiation *n, enum key_id id)
{
	return n->state[id] & SEEN;
}

/* What was offered and never answered keeps its default: the RFC has the target answer all, some leave keys out. */
int negotiate_finish(struct negotiation *n, struct err *err)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		const struct key_row *row = key_row(i);
		int rc;

		if (!(n->state[i] & OFFERED) || (n->state[i] & SETTLED) || row->rule == KEY_DECLARE)
			continue;
		rc = settle_default(n, row, "", err);
		if (rc)
			return rc;
	}
	if (n->result.rdma_extensions) {
		n->result.max_recv_data_segment_length = n->result.initiator_recv_data_segment_length;
		n->result.max_xmit_data_segment_length = n->result.target_recv_data_segment_length;
	}
	/* 13.14 again, for what came out of two answers */
	if (n->result.first_burst_length > n->result.max_burst_length)
		n->result.first_burst_length = n->result.max_burst_length;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leading logins (node.leading_login) in rounds: in each, one portal of each target that has no session yet.
 *
 * While another portal of the target is left, each is tried once only, so that a dead portal does not delay the others by all its
 * retries. If all fail, they are tried again with the retries of their records.
 */
#include "modes/login.h"

#include "base/mem.h"
#include <string.h>

/* The progress of one record. */
struct standing {
	bool tried, brief; /* brief: without its retries */
	int64_t retries; /* of a brief one */
	bool served; /* served: it, or a leading one of the same target, has its session */
	enum miscsi_error code; /* of its own login */
};

struct rounds {
	const struct login_events *events;
	const struct record_list *nodes;
	struct standing *at; /* by record */
	bool again; /* the second time, with all retries */
};

static bool leads(const struct record *node)
{
	return record_int(node, FIELD_NODE_LEADING_LOGIN) != 0;
}

static bool lead_together(const struct record *a, const struct record *b)
{
	return leads(a) && leads(b) && !strcmp(record_str(a, FIELD_NODE_NAME), record_str(b, FIELD_NODE_NAME));
}

static void note_result(struct rounds *s, const struct record *node, enum miscsi_error code)
{
	bool good = code == MISCSI_ERR_OK || code == MISCSI_ERR_SESS_EXISTS;

	for (size_t i = 0; i < s->nodes->n; i++) {
		if (s->nodes->at[i] == node)
			s->at[i].code = code;
		if (good && (s->nodes->at[i] == node || lead_together(s->nodes->at[i], node)))
			s->at[i].served = true;
	}
}

static void leading_begin(void *arg, const struct record *node)
{
	const struct rounds *s = arg;

	s->events->begin(s->events->arg, node);
}

static void leading_present(void *arg, const struct record *node, unsigned wanted, unsigned present)
{
	struct rounds *s = arg;

	note_result(s, node, MISCSI_ERR_SESS_EXISTS);
	s->events->present(s->events->arg, node, wanted, present);
}

static void leading_result(void *arg, const struct record *node, const struct err *err)
{
	struct rounds *s = arg;

	note_result(s, node, err->code);
	s->events->result(s->events->arg, node, err);
}

static void leading_no_daemon(void *arg, const struct err *err)
{
	const struct rounds *s = arg;

	s->events->no_daemon(s->events->arg, err);
}

static bool has_alternative(const struct rounds *s, const struct record *node)
{
	for (size_t i = 0; i < s->nodes->n; i++) {
		if (s->nodes->at[i] != node && lead_together(s->nodes->at[i], node))
			return true;
	}
	return false;
}

static void set_retries(struct rounds *s, size_t i)
{
	struct record *node = s->nodes->at[i];

	s->at[i].tried = true;
	s->at[i].brief = !s->again && has_alternative(s, node);
	s->at[i].retries = record_int(node, FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX);
	if (s->at[i].brief)
		record_set_int(node, FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX, 1, NULL);
}

/* Whether there is a second time. */
static bool try_again(struct rounds *s)
{
	bool any = false;

	for (size_t i = 0; i < s->nodes->n && !s->again; i++) {
		if (!s->at[i].brief)
			continue;
		record_set_int(s->nodes->at[i], FIELD_SESSION_INITIAL_LOGIN_RETRY_MAX, s->at[i].retries, NULL);
		s->at[i].tried = s->at[i].served;
		any |= !s->at[i].served;
	}
	s->again = true;
	return any;
}

/* Records without node.leading_login all come in the first round; of each other target, one record comes in each round. */
static void next_leading_round(struct rounds *s, struct record_list *round)
{
	round->n = 0;
	for (size_t i = 0; i < s->nodes->n; i++) {
		struct record *node = s->nodes->at[i];
		bool wanted = !s->at[i].tried && !s->at[i].served;

		for (size_t j = 0; wanted && j < round->n; j++)
			wanted = !lead_together(round->at[j], node);
		if (!wanted)
			continue;
		set_retries(s, i);
		round->at[round->n++] = node;
	}
}

/* The failure of a portal does not count if another portal succeeded. other: the error of a round that had no results. */
static int leading_outcome(const struct rounds *s, const struct err *other, struct err *err)
{
	enum miscsi_error code = MISCSI_ERR_OK;

	for (size_t i = 0; i < s->nodes->n; i++) {
		enum miscsi_error mine = s->at[i].code != MISCSI_ERR_OK ? s->at[i].code : other->code;

		if (!s->at[i].served && mine != MISCSI_ERR_OK)
			return err_set(err, mine, "%s", mine == other->code ? other->text : err_text(mine));
		if (s->at[i].code == MISCSI_ERR_SESS_EXISTS)
			code = MISCSI_ERR_SESS_EXISTS;
	}
	return code == MISCSI_ERR_OK ? 0 : err_set(err, code, "%s", err_text(code));
}

int login_leading(
	struct context *ctx, const struct record_list *nodes, bool wait, const struct login_events *events, struct err *err)
{
	struct rounds s = { .events = events, .nodes = nodes };
	const struct login_events mine = { leading_begin, leading_present, leading_result, leading_no_daemon, &s };
	struct record_list round = { .at = x_newn(struct record *, nodes->n + 1) };
	struct err why = ERR_INIT; /* the last failure: others were noted by their records */
	int rc = 0;

	s.at = x_newn(struct standing, nodes->n + 1);
	if (!s.at || !round.at)
		rc = err_nomem(err, "the list of node records to log in to");
	/* Terminates, because each record is in two rounds at most. */
	while (rc >= 0) {
		next_leading_round(&s, &round);
		if (round.n == 0 && (s.again || !try_again(&s)))
			break;
		if (round.n == 0)
			continue;
		rc = login_records(ctx, &round, wait, &mine, &why);
		/* Failures of records are noted. Without a daemon, or after an interrupt, further rounds are useless. */
		if (rc < 0 && why.code != MISCSI_ERR_ISCSID_NOTCONN && why.code != MISCSI_ERR_ISCSID_COMM_ERR)
			rc = 0;
	}
	if (s.at && round.at)
		rc = leading_outcome(&s, &why, err);
	x_free(round.at);
	x_free(s.at);
	return rc;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SendTargets: sends requests as long as the target has more to report, and passes on each target at once.
 *
 * The list is never held as a whole: anybody may answer at an address, and no length in the answer can be
 * trusted. Hence five bounds: bytes, PDUs, PDUs without text, records, and the bytes of one key.
 */
#include "proto/sendtargets.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "proto/name.h"
#include "proto/text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What is known of the target whose TargetName came last. */
enum current { NO_TARGET, BAD_TARGET, NAMED, LOCATED };

/* Parts of the answer that are left out. */
enum left_out { BAD_NAME, BAD_PORTAL, BAD_PART, STRAY_ADDRESS, CUT_LIST, LEFT_OUT_KINDS };

struct sendtargets {
	struct sendtargets_config config;
	struct strbuf out;
	struct text_cutter cutter;
	char name[ISCSI_NAME_MAX + 1];
	enum current current;
	size_t bytes;
	uint32_t pdus, idle, records, exp_statsn;
	unsigned left_out[LEFT_OUT_KINDS];
	bool over;
};

int sendtargets_new(const struct sendtargets_config *config, struct sendtargets **out)
{
	struct sendtargets *s = x_new(struct sendtargets);

	if (!s)
		return -ENOMEM;
	s->config = *config;
	s->exp_statsn = config->exp_statsn;
	if (!s->config.max_bytes)
		s->config.max_bytes = SENDTARGETS_BYTES_MAX;
	if (!s->config.max_pdus)
		s->config.max_pdus = SENDTARGETS_PDUS_MAX;
	if (!s->config.max_records)
		s->config.max_records = SENDTARGETS_RECORDS_MAX;
	*out = s;
	return 0;
}

void sendtargets_free(struct sendtargets *s)
{
	if (!s)
		return;
	strbuf_free(&s->out);
	x_free(s);
}

uint32_t sendtargets_records(const struct sendtargets *s)
{
	return s->records;
}

uint32_t sendtargets_exp_statsn(const struct sendtargets *s)
{
	return s->exp_statsn;
}

uint32_t sendtargets_cmdsn(const struct sendtargets *s)
{
	return s->config.cmdsn;
}

/*
 * Immediate, so that no command window has to be watched and CmdSN stays as it is (3.2.2.1 of RFC 3720,
 * 4.2.2.1 here). Also the request that asks for more: its text is empty, its TTT the target's
 * (11.10.4).
 */
static int text_request(struct sendtargets *s, uint64_t lun, uint32_t ttt, struct sendtargets_action *action, struct err *err)
{
	struct iscsi_request r = {
		.immediate = true,
		.final = true,
		.lun = lun,
		.itt = s->config.itt,
		.ttt = ttt,
		.cmdsn = s->config.cmdsn,
		.exp_statsn = s->exp_statsn,
	};

	if (strbuf_error(&s->out))
		return err_nomem(err, "a Text Request to the target");
	action->kind = SENDTARGETS_SEND;
	action->pdu.data = s->out.len ? (const uint8_t *)strbuf_str(&s->out) : NULL;
	action->pdu.len = s->out.len;
	pdu_build(&action->pdu, ISCSI_OP_TEXT, &r);
	return 0;
}

static void sendtargets_fail(struct sendtargets *s, const struct err *err, struct sendtargets_action *action)
{
	s->over = true;
	action->kind = SENDTARGETS_FAILED;
	action->pdu = (struct iscsi_pdu){ 0 };
	action->err = *err;
}

void sendtargets_start(struct sendtargets *s, struct sendtargets_action *action)
{
	struct err err = ERR_INIT;

	*action = (struct sendtargets_action){ 0 };
	text_add(&s->out, "SendTargets", "All");
	if (text_request(s, 0, ISCSI_TAG_RESERVED, action, &err))
		sendtargets_fail(s, &err, action);
}

static const struct {
	const char *one, *many;
} left_out[] = {
	[BAD_NAME] = { "a target was left out", "targets were left out" },
	[BAD_PORTAL] = { "a portal was left out", "portals were left out" },
	[BAD_PART] = { "a part of the target list was ignored", "parts of the target list were ignored" },
	[STRAY_ADDRESS] = { "a portal (TargetAddress) that precedes the first target (TargetName) was ignored",
		"such portals were ignored" },
	[CUT_LIST] = { "the list of targets ends in the middle of a key, so its last entry was ignored", "" },
};

/* A fault of one target must not hide the others. The first of each kind is reported; a list may have a million. */
static void leave_out(struct sendtargets *s, enum left_out kind, const struct err *why)
{
	char text[ERR_TEXT_MAX + 128];

	if (s->left_out[kind]++ || !s->config.warning)
		return;
	snprintf(text, sizeof(text), "%s%s%s", left_out[kind].one, why ? ": " : "", why ? why->text : "");
	s->config.warning(s->config.arg, text);
}

/* Reports the number of the others. */
static void count_left_out(const struct sendtargets *s)
{
	char text[128];

	for (size_t i = 0; s->config.warning && i < LEFT_OUT_KINDS; i++) {
		if (s->left_out[i] < 2)
			continue;
		snprintf(text, sizeof(text), "%u more %s", s->left_out[i] - 1, left_out[i].many);
		s->config.warning(s->config.arg, text);
	}
}

/* The count is bounded here, where a record leaves the engine, whatever the list looks like. */
static int report_target(struct sendtargets *s, const struct portal *portal, struct err *err)
{
	int rc;

	if (s->records == s->config.max_records)
		return err_set(err, MISCSI_ERR_GENERIC,
			"the portal listed more than %u portals of targets, the most that miscsi accepts: let the target show "
			"fewer to this initiator",
			(unsigned)s->config.max_records);
	s->records++;
	rc = s->config.found(s->config.arg, s->name, portal);
	return rc ? err_sys(err, MISCSI_ERR_INTERNAL, -rc, "cannot keep a target that the portal listed") : 0;
}

/* A TargetName without any TargetAddress is at the portal that was asked (appendix C). */
static int end_target(struct sendtargets *s, struct err *err)
{
	enum current was = s->current;

	s->current = NO_TARGET;
	return was == NAMED ? report_target(s, NULL, err) : 0;
}

/*
 * A new target begins; the one before may have had no address. Names become paths and arguments later
 * on: here is where they enter.
 */
static int accept_name(struct sendtargets *s, const struct text_pair *pair, struct err *err)
{
	struct err why = ERR_INIT;
	int rc = end_target(s, err);

	if (rc)
		return rc;
	if (name_check_target(pair->value, pair->value_len, &why)) {
		s->current = BAD_TARGET;
		leave_out(s, BAD_NAME, &why);
		return 0;
	}
	memcpy(s->name, pair->value, pair->value_len + 1);
	s->current = NAMED;
	return 0;
}

static int accept_address(struct sendtargets *s, const struct text_pair *pair, struct err *err)
{
	struct err why = ERR_INIT;
	struct portal portal;
	char shown[120];

	if (s->current == BAD_TARGET)
		return 0;
	if (s->current == NO_TARGET) {
		err_set(&why, MISCSI_ERR_INVAL, "%s", str_escape(shown, sizeof(shown), pair->value, pair->value_len));
		leave_out(s, STRAY_ADDRESS, &why);
		return 0;
	}
	/* a target whose only address is no use must not be taken for one without address */
	s->current = LOCATED;
	if (!portal_parse(pair->value, pair->value_len, ISCSI_PORT, &portal, &why))
		return report_target(s, &portal, err);
	err_prefix(&why, "%s", s->name);
	leave_out(s, BAD_PORTAL, &why);
	return 0;
}

/* Both for the cutter's callback; the error's text is set where the cause is known. */
struct taking {
	struct sendtargets *s;
	struct err *err;
};

static int accept_pair(void *arg, const struct text_pair *pair, const struct err *bad)
{
	struct taking *t = arg;

	if (bad) {
		/* it may have been this target's address, or a name whose addresses follow: neither may be
		 * guessed */
		t->s->current = BAD_TARGET;
		leave_out(t->s, BAD_PART, bad);
		return 0;
	}
	if (!strcmp(pair->key, "TargetName"))
		return accept_name(t->s, pair, t->err);
	if (!strcmp(pair->key, "TargetAddress"))
		return accept_address(t->s, pair, t->err);
	/* 6.2: TargetAlias and vendors' keys are no business of ours; an offer would be, but there is nothing
	 * to negotiate here */
	return 0;
}

/*
 * The bounds that make an endless answer end. Pings count as PDUs without text, or a target that does nothing but ping would hold
 * us for ever.
 */
static int check_bounds(struct sendtargets *s, const struct iscsi_pdu *pdu, struct err *err)
{
	s->bytes += pdu->len;
	if (s->bytes > s->config.max_bytes)
		return err_set(err, MISCSI_ERR_GENERIC,
			"the portal's list of targets is longer than %zu bytes, the most that miscsi accepts: let the target "
			"show "
			"fewer targets to this initiator",
			s->config.max_bytes);
	s->idle = pdu->len && pdu_op(pdu) == ISCSI_OP_TEXT_RSP ? 0 : s->idle + 1;
	if (s->idle > SENDTARGETS_IDLE_MAX)
		return err_set(err, MISCSI_ERR_GENERIC,
			"the portal's list of targets does not end, since the portal sent %u PDUs in a row without text, which "
			"is a fault of the target",
			(unsigned)s->idle);
	if (++s->pdus > s->config.max_pdus)
		return err_set(err, MISCSI_ERR_GENERIC,
			"the portal's list of targets is longer than %u PDUs, the most that miscsi accepts: let the target show "
			"fewer targets to this initiator",
			(unsigned)s->config.max_pdus);
	return 0;
}

/* F came: what is still open stays out. */
static int sendtargets_finish(struct sendtargets *s, struct sendtargets_action *action, struct err *err)
{
	int rc;

	if (text_cutter_pending(&s->cutter)) {
		s->current = BAD_TARGET;
		leave_out(s, CUT_LIST, NULL);
	}
	rc = end_target(s, err);
	if (rc)
		return rc;
	count_left_out(s);
	s->over = true;
	action->kind = SENDTARGETS_DONE;
	return 0;
}

/* 11.11: F ends the exchange; without it a TTT says where to go on, whether C cut the text or not. */
static int accept_text_response(struct sendtargets *s, const struct iscsi_pdu *pdu, const struct iscsi_response *r,
	struct sendtargets_action *action, struct err *err)
{
	struct taking taking = { s, err };
	char shown[40 * 4 + 1];
	int rc;

	if (!s->config.ignore_itt && r->itt != s->config.itt)
		return err_set(err, MISCSI_ERR_GENERIC,
			"the target's Text Response answers another request (wrong Initiator Task Tag), which is a fault of the "
			"target");
	if (r->final && r->cont)
		return err_set(err, MISCSI_ERR_GENERIC,
			"the target's Text Response is marked both final (F) and to be continued (C), which is a fault of the "
			"target");
	if (!r->final && r->ttt == ISCSI_TAG_RESERVED)
		return err_set(err, MISCSI_ERR_GENERIC,
			"the target's Text Response is not final, but has no Target Transfer Tag to ask for the rest, which is a "
			"fault of the target");
	s->exp_statsn = r->statsn + 1;
	rc = check_bounds(s, pdu, err);
	if (!rc)
		rc = text_cutter_feed(&s->cutter, pdu->data, pdu->len, accept_pair, &taking);
	if (rc == -EMSGSIZE && err->code == MISCSI_ERR_OK)
		return err_set(err, MISCSI_ERR_GENERIC,
			"the target sent a text key of more than %u bytes, which is a fault of the target: \"%s...\"",
			TEXT_PAIR_MAX, str_escape(shown, sizeof(shown), s->cutter.part, 40));
	if (rc)
		return rc;
	return r->final ? sendtargets_finish(s, action, err) : text_request(s, r->lun, r->ttt, action, err);
}

/* 11.19: a ping is echoed; other contents of a NOP-In do not concern a discovery. */
static int answer_nop(struct sendtargets *s, const struct iscsi_pdu *pdu, const struct iscsi_response *nop,
	struct sendtargets_action *action, struct err *err)
{
	struct iscsi_request r = {
		.immediate = true,
		.final = true,
		.lun = nop->lun,
		.itt = ISCSI_TAG_RESERVED,
		.ttt = nop->ttt,
		.cmdsn = s->config.cmdsn,
	};
	int rc = check_bounds(s, pdu, err);

	if (rc)
		return rc;
	action->kind = SENDTARGETS_WAIT;
	if (nop->ttt == ISCSI_TAG_RESERVED)
		return 0;
	s->exp_statsn = nop->statsn + 1;
	r.exp_statsn = s->exp_statsn;
	strbuf_add(&s->out, pdu->data, pdu->len);
	if (strbuf_error(&s->out))
		return err_nomem(err, "the answer to the target's NOP-In");
	action->kind = SENDTARGETS_SEND;
	action->pdu.data = s->out.len ? (const uint8_t *)strbuf_str(&s->out) : NULL;
	action->pdu.len = s->out.len;
	pdu_build(&action->pdu, ISCSI_OP_NOP_OUT, &r);
	return 0;
}

static int sendtargets_accept(
	struct sendtargets *s, const struct iscsi_pdu *pdu, struct sendtargets_action *action, struct err *err)
{
	const struct pdu_opcode *row = pdu_opcode(pdu->bhs[0]);
	struct iscsi_response r;

	if (s->over)
		return err_set(err, MISCSI_ERR_INTERNAL,
			"the target sent another PDU after the end of the discovery, which is a fault of the target");
	if (!pdu_parse(pdu, ISCSI_OP_TEXT_RSP, &r))
		return accept_text_response(s, pdu, &r, action, err);
	if (!pdu_parse(pdu, ISCSI_OP_NOP_IN, &r))
		return answer_nop(s, pdu, &r, action, err);
	if (!pdu_parse(pdu, ISCSI_OP_REJECT, &r))
		return err_set(err, MISCSI_ERR_GENERIC,
			"the target rejected the request for its list of targets (SendTargets): %s (reason 0x%02x); the target's "
			"log may have the reason",
			pdu_reject_text(r.reason), r.reason);
	return err_set(err, MISCSI_ERR_GENERIC,
		"the target answered the request for its list of targets (SendTargets) with %s (opcode 0x%02x), which is a fault "
		"of the target",
		row ? row->name : "a PDU", pdu_op(pdu));
}

void sendtargets_feed(struct sendtargets *s, const struct iscsi_pdu *pdu, struct sendtargets_action *action)
{
	struct err err = ERR_INIT;

	*action = (struct sendtargets_action){ 0 };
	strbuf_reset(&s->out);
	if (sendtargets_accept(s, pdu, action, &err))
		sendtargets_fail(s, &err, action);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The login engine. One request is under way at a time; each answer is checked as a header (check_response), as a text
 * (accept_text) and as a step from stage to stage (accept_transit), and makes the next action.
 */
#include "proto/login.h"

#include "base/mem.h"
#include "proto/text.h"
#include <errno.h>
#include <string.h>

/* `asked_transit` is of the request under way: only what we have offered may the target agree to (11.13.6). */
struct login {
	struct login_config config; /* its strings are ours, its CHAP settings have gone into chap */
	char *initiator_name, *initiator_alias, *target_name;
	struct chap *chap; /* NULL: LOGIN_AUTH_NONE */
	struct negotiation negotiation;
	struct strbuf out; /* the text of the next request; until then that of the last */
	struct strbuf in; /* the target's text, as far as it is there (C bit) */
	size_t text_taken;
	unsigned exchanges;
	enum iscsi_stage stage;
	bool method_settled, use_chap;
	bool asked_transit; /* T of the request under way */
	bool over;
	uint32_t exp_statsn;
	char alias[LOGIN_ALIAS_MAX + 1];
};

/* Texts with other characters must not be sent or shown. Whether a name is well-formed is checked where it enters
 * (name.h). */
static bool sendable(const char *s, size_t max)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < len; i++)
		if ((uint8_t)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	return len <= max;
}

static bool is_set(const char *s)
{
	return s && *s;
}

static int check_config(const struct login_config *c, struct err *err)
{
	if (!is_set(c->initiator_name) || !sendable(c->initiator_name, ISCSI_NAME_MAX))
		return err_set(err, MISCSI_ERR_INVAL,
			"the initiator's name is missing, longer than 223 bytes, or contains control characters: correct "
			"InitiatorName in initiatorname.iscsi, or iface.initiatorname");
	if (!c->discovery && (!is_set(c->target_name) || !sendable(c->target_name, ISCSI_NAME_MAX)))
		return err_set(err, MISCSI_ERR_INVAL,
			"the target's name (node.name) is missing, longer than 223 bytes, or contains control characters: delete "
			"the record and discover the target again");
	if (c->initiator_alias && !sendable(c->initiator_alias, TEXT_VALUE_MAX))
		return err_set(err, MISCSI_ERR_INVAL,
			"the initiator's alias is longer than 255 bytes or contains control characters: correct InitiatorAlias "
			"in initiatorname.iscsi");
	return 0;
}

/*
 * The caller's strings are copied: a record may be changed or freed while its login is under way. Without authentication the
 * login begins in the operational stage, which RFC 7143 6.3 allows and which spares a round trip.
 */
int login_new(const struct login_config *config, struct login **out, struct err *err)
{
	struct login *l;
	int rc = check_config(config, err);

	if (rc)
		return rc;
	l = x_new(struct login);
	if (!l || x_strset(&l->initiator_name, config->initiator_name) ||
		x_strset(&l->initiator_alias, config->initiator_alias) || x_strset(&l->target_name, config->target_name)) {
		login_free(l);
		return err_nomem(err, "the state of a login");
	}
	l->config = *config;
	l->config.chap = (struct chap_config){ 0 };
	l->config.initiator_name = l->initiator_name;
	l->config.initiator_alias = l->initiator_alias;
	l->config.target_name = l->target_name;
	l->out.max = ISCSI_LOGIN_DATA_MAX;
	l->in.max = LOGIN_TEXT_MAX;
	l->stage = config->auth == LOGIN_AUTH_NONE ? ISCSI_STAGE_OPERATIONAL : ISCSI_STAGE_SECURITY;
	negotiate_init(&l->negotiation, &config->proposal, config->discovery);
	if (config->auth != LOGIN_AUTH_NONE)
		rc = chap_new(&config->chap, &l->chap, err);
	if (rc) {
		login_free(l);
		return rc;
	}
	*out = l;
	return 0;
}

void login_free(struct login *l)
{
	if (!l)
		return;
	chap_free(l->chap);
	strbuf_free(&l->out);
	strbuf_free(&l->in);
	x_free(l->initiator_name);
	x_free(l->initiator_alias);
	x_free(l->target_name);
	x_free(l);
}

const char *login_stage(const struct login *l)
{
	static const char *const names[] = {
		[ISCSI_STAGE_SECURITY] = "security",
		[ISCSI_STAGE_OPERATIONAL] = "operational",
		[ISCSI_STAGE_FFP] = "full feature",
	};

	return names[l->stage];
}

/* The target broke a rule of the protocol. */
static int login_violation(struct err *err, const char *what)
{
	return err_set(err, MISCSI_ERR_FATAL_LOGIN, "the target violated the login protocol: %s", what);
}

/* Returns true if all keys of this stage were sent. */
static bool may_transit(const struct login *l)
{
	if (l->stage == ISCSI_STAGE_OPERATIONAL)
		return true;
	return l->method_settled && (!l->use_chap || chap_may_transit(l->chap));
}

/*
 * Makes the request that carries l->out. Bounded by count as well as by bytes: a target that answers each request with nothing
 * would go on for ever.
 */
static int login_request(struct login *l, bool transit, struct login_action *action, struct err *err)
{
	struct iscsi_request r = {
		.immediate = true,
		.final = transit,
		.csg = (uint8_t)l->stage,
		.nsg = l->stage == ISCSI_STAGE_SECURITY ? ISCSI_STAGE_OPERATIONAL : ISCSI_STAGE_FFP,
		.tsih = l->config.tsih,
		.cid = l->config.cid,
		.itt = l->config.itt,
		.cmdsn = l->config.cmdsn,
		.exp_statsn = l->exp_statsn,
	};

	if (strbuf_error(&l->out) == -ENOMEM)
		return err_nomem(err, "a Login Request");
	if (strbuf_error(&l->out))
		return err_set(err, MISCSI_ERR_FATAL_LOGIN,
			"the target sent more text keys than one Login Request of 8192 bytes can answer, which is a fault of the "
			"target");
	if (++l->exchanges > LOGIN_EXCHANGES_MAX)
		return login_violation(err, "it did not finish the login within 64 Login Requests");
	memcpy(r.isid, l->config.isid, sizeof(r.isid));
	l->asked_transit = transit;
	action->kind = LOGIN_SEND;
	action->pdu.data = l->out.len ? (const uint8_t *)strbuf_str(&l->out) : NULL;
	action->pdu.len = l->out.len;
	pdu_build(&action->pdu, ISCSI_OP_LOGIN, &r);
	return 0;
}

/* 13.3 to 13.7, 13.21: the first request names both sides and the type of the session. */
static void say_names(struct login *l)
{
	text_add(&l->out, "InitiatorName", l->initiator_name);
	if (is_set(l->initiator_alias))
		text_add(&l->out, "InitiatorAlias", l->initiator_alias);
	text_add(&l->out, "SessionType", l->config.discovery ? "Discovery" : "Normal");
	if (is_set(l->target_name))
		text_add(&l->out, "TargetName", l->target_name);
}

/* After the first failure the connection is of no use: nobody knows what the target believes to have agreed. */
static void login_fail(struct login *l, const struct err *err, struct login_action *action)
{
	l->over = true;
	action->kind = LOGIN_FAILED;
	action->pdu = (struct iscsi_pdu){ 0 };
	action->err = *err;
}

/*
 * In the order of preference. The request that offers None also offers the end of the stage: a target without authentication ends it
 * in its answer, and LIO refuses an empty request after it.
 */
static const char *offered_methods(const struct login *l)
{
	return l->config.auth == LOGIN_AUTH_CHAP ? "CHAP" : "CHAP,None";
}

void login_start(struct login *l, struct login_action *action)
{
	struct err err = ERR_INIT;

	*action = (struct login_action){ 0 };
	say_names(l);
	if (l->stage == ISCSI_STAGE_SECURITY)
		text_add(&l->out, "AuthMethod", offered_methods(l));
	else
		negotiate_offer(&l->negotiation, &l->out);
	if (login_request(l, may_transit(l) || l->config.auth == LOGIN_AUTH_CHAP_OR_NONE, action, &err))
		login_fail(l, &err, action);
}

/* Only a Login Response to our request is accepted here. */
static int parse_response(const struct login *l, const struct iscsi_pdu *pdu, struct iscsi_response *r, struct err *err)
{
	const struct pdu_opcode *row = pdu_opcode(pdu->bhs[0]);

	if (!pdu_parse(pdu, ISCSI_OP_REJECT, r))
		return err_set(err, MISCSI_ERR_FATAL_LOGIN,
			"the target rejected the Login Request: %s (reason 0x%02x); the target's log may have the reason",
			pdu_reject_text(r->reason), r->reason);
	if (pdu_parse(pdu, ISCSI_OP_LOGIN_RSP, r))
		return err_set(err, MISCSI_ERR_FATAL_LOGIN,
			"the target violated the login protocol: it sent %s (opcode 0x%02x) where only a Login Response is "
			"allowed",
			row ? row->name : "a PDU", pdu_op(pdu));
	if (pdu->len > ISCSI_LOGIN_DATA_MAX || pdu_ahs_length(pdu->bhs))
		return login_violation(
			err, "its Login Response has more than 8192 bytes of data, or an additional header segment");
	if (!l->config.ignore_itt && r->itt != l->config.itt)
		return login_violation(err, "its Login Response answers another request (wrong Initiator Task Tag)");
	return 0;
}

struct redirect_search {
	struct portal portal;
	bool found;
	struct err err;
};

static int find_redirect_address(void *arg, const struct text_pair *pair, const struct err *bad)
{
	struct redirect_search *s = arg;

	if (bad || s->found || strcmp(pair->key, "TargetAddress"))
		return 0;
	s->found = !portal_parse(pair->value, pair->value_len, ISCSI_PORT, &s->portal, &s->err);
	return 0;
}

/*
 * 11.13.5, class 1: one or more TargetAddress; the first that can be used is. The text is read by the cutter, not as a whole: a
 * redirection may carry anything beside, and no stage is left to protect.
 */
static int login_redirect(
	const struct iscsi_response *r, const struct iscsi_pdu *pdu, struct login_action *action, struct err *err)
{
	struct redirect_search search = { .found = false };
	struct text_cutter cutter = { .len = 0 };

	text_cutter_feed(&cutter, pdu->data, pdu->len, find_redirect_address, &search);
	if (!search.found && search.err.code)
		return err_set(err, MISCSI_ERR_FATAL_LOGIN,
			"the target redirected the login to a portal that cannot be used (TargetAddress): %s", search.err.text);
	if (!search.found)
		return login_violation(err, "it redirected the login, but sent no address to go to (TargetAddress)");
	action->kind = LOGIN_REDIRECT;
	action->redirect.portal = search.portal;
	action->redirect.permanent = r->status_detail == 2;
	return 0;
}

/* Classes 2 and 3. The first hint is for the commonest mistake: the password is in iscsid.conf, but the record was made before. */
static int login_refused(const struct login *l, const struct iscsi_response *r, struct err *err)
{
	enum miscsi_error code = login_status_error(r->status_class, r->status_detail);
	const char *hint = login_status_hint(r->status_class, r->status_detail);
	bool unauthenticated = code == MISCSI_ERR_LOGIN_AUTH_FAILED && r->status_detail == 1;

	if (unauthenticated && !l->chap)
		hint = "; the target may require CHAP: set authmethod to CHAP, and username and password";
	else if (unauthenticated && !l->method_settled && l->config.auth == LOGIN_AUTH_CHAP)
		hint = ", and chose no AuthMethod: only CHAP was offered (CHAP is mutual, or auth.policy is require), which the "
		       "target may not use";
	return err_set(err, code, "the target refused the login: %s (0x%02x%02x)%s",
		login_status_text(r->status_class, r->status_detail), r->status_class, r->status_detail, hint);
}

/*
 * The header of a response with status 0 (11.13). Without these checks a target, or an attacker between, could move the
 * login to a stage that was not requested: in the worst case, past the authentication.
 */
static int check_response(const struct login *l, const struct iscsi_response *r, struct err *err)
{
	if (r->version_active != ISCSI_VERSION)
		return login_violation(
			err, "it answered with a protocol version that the initiator does not support (only version 0 exists)");
	if (r->csg != l->stage)
		return login_violation(err, "its Login Response belongs to another stage of the login (CSG)");
	if (r->final && r->cont)
		return login_violation(err, "it ended a stage of the login in the middle of a text (T and C bits)");
	if (r->final && !l->asked_transit)
		return login_violation(err, "it ended a stage of the login that the initiator had not offered to end (T bit)");
	if (r->final && r->nsg != (r->csg == ISCSI_STAGE_SECURITY ? ISCSI_STAGE_OPERATIONAL : ISCSI_STAGE_FFP))
		return login_violation(err, "it moved to another stage of the login than was requested (NSG)");
	if (l->config.tsih && r->tsih != l->config.tsih)
		return login_violation(err, "its Login Response belongs to another session (TSIH)");
	return 0;
}

/* 12.1: one of the methods that were offered. A target that picks None where CHAP is demanded gets no login.
 */
static int accept_auth_method(struct login *l, const struct text_pair *pair, struct err *err)
{
	if (l->stage != ISCSI_STAGE_SECURITY || l->method_settled)
		return login_violation(err, "it sent AuthMethod twice, or outside the security stage of the login");
	l->method_settled = true;
	if (!strcmp(pair->value, "CHAP")) {
		l->use_chap = true;
		chap_offer(l->chap, &l->out);
		return 0;
	}
	if (!strcmp(pair->value, "None"))
		return l->config.auth == LOGIN_AUTH_CHAP_OR_NONE ?
			0 :
			login_violation(err,
				"it chose AuthMethod None, although only CHAP was offered (CHAP is mutual, or auth.policy is "
				"require): enable CHAP on the target");
	if (!strcmp(pair->value, "Reject") || !strcmp(pair->value, "NotUnderstood"))
		return err_set(err, MISCSI_ERR_LOGIN_AUTH_FAILED,
			"the target accepts none of the AuthMethods \"%s\" that were offered (it answered %s): set authmethod as "
			"the target requires",
			offered_methods(l), pair->value);
	return login_violation(err, "it chose an AuthMethod that the initiator had not offered");
}

/* For people only: it is cut and escaped, never a reason to fail. */
static int accept_alias(struct login *l, const struct text_pair *pair, struct err *err)
{
	(void)err;
	str_escape(l->alias, sizeof(l->alias), pair->value, pair->value_len);
	return 0;
}

static int ignore_key(struct login *l, const struct text_pair *pair, struct err *err)
{
	(void)l;
	(void)pair;
	(void)err;
	return 0;
}

/* Keys of which the login itself takes care; all others are the negotiator's. CHAP_* went to chap before. */
static const struct {
	const char *key;
	int (*take)(struct login *l, const struct text_pair *pair, struct err *err);
} login_keys[] = {
	{ "AuthMethod", accept_auth_method },
	{ "TargetAlias", accept_alias },
	{ "TargetAddress", ignore_key },
};

static int accept_key(struct login *l, const struct text_pair *pair, struct err *err)
{
	enum key_phase phase = l->stage == ISCSI_STAGE_SECURITY ? KEY_SECURITY : KEY_OPERATIONAL;

	for (size_t i = 0; i < ARRAY_SIZE(login_keys); i++)
		if (!strcmp(login_keys[i].key, pair->key))
			return login_keys[i].take(l, pair, err);
	if (l->chap && !strncmp(pair->key, "CHAP_", 5))
		return 0;
	return negotiate_take(&l->negotiation, phase, pair->key, pair->value, &l->out, err);
}

/*
 * One complete text of the target's. CHAP sees the whole text first, since its keys belong together; the others are taken one by
 * one.
 */
static int accept_text(struct login *l, struct err *err)
{
	cleanup(text_free) struct text_list list = { 0 };
	int rc = text_parse(strbuf_str(&l->in), l->in.len, &list, err);

	strbuf_reset(&l->in);
	if (!rc && l->chap)
		rc = chap_step(l->chap, &list, &l->out, err);
	for (size_t i = 0; !rc && i < list.n; i++)
		rc = accept_key(l, &list.pairs[i], err);
	return rc;
}

/*
 * The last response: the whole of the outcome is known and checked. A portal group that is not the expected one means that the
 * session would be another than the one meant: ISID and portal group make its name.
 */
static int login_finish(struct login *l, const struct iscsi_response *r, struct login_action *action, struct err *err)
{
	bool tagged = negotiate_seen(&l->negotiation, KEY_TargetPortalGroupTag);
	int rc = negotiate_finish(&l->negotiation, err);
	int32_t tag = tagged ? (int32_t)l->negotiation.result.target_portal_group_tag : -1;

	action->of_keys = rc != 0;
	if (rc)
		return rc;
	if (!r->tsih && !l->config.discovery)
		return login_violation(err, "it ended the login without a handle of the new session (TSIH)");
	if (tagged && l->config.tpgt >= 0 && tag != l->config.tpgt)
		return err_set(err, MISCSI_ERR_FATAL_LOGIN,
			"the portal belongs to target portal group %d now, and to %d before, so it may offer other disks: "
			"discover the target again, or set node.session.follow_group = Yes",
			(int)tag, (int)l->config.tpgt);
	l->stage = ISCSI_STAGE_FFP;
	action->kind = LOGIN_DONE;
	action->result = (struct login_result){
		.params = l->negotiation.result,
		.tsih = r->tsih,
		.tpgt = tag,
		.exp_statsn = l->exp_statsn,
		.cmdsn = l->config.cmdsn,
		.exp_cmdsn = r->exp_cmdsn,
		.max_cmdsn = r->max_cmdsn,
		.chap_alg = l->use_chap ? chap_alg(l->chap) : 0,
		.mutual = l->use_chap && chap_mutual(l->chap),
	};
	memcpy(action->result.target_alias, l->alias, sizeof(l->alias));
	return 0;
}

/*
 * The target agrees to leave the stage. Checked at the last moment where it can be: behind this line the target would have a
 * session without having proved that it knows password_in.
 */
static int accept_transit(struct login *l, const struct iscsi_response *r, struct login_action *action, struct err *err)
{
	strbuf_reset(&l->out);
	if (l->stage == ISCSI_STAGE_OPERATIONAL)
		return login_finish(l, r, action, err);
	if (!l->method_settled)
		return login_violation(err, "it ended the security stage of the login without choosing an AuthMethod");
	if (l->use_chap && !chap_done(l->chap))
		return err_set(err, MISCSI_ERR_FATAL_LOGIN,
			chap_mutual(l->chap) ?
				"the target did not authenticate itself, although password_in is set: enable mutual CHAP on the "
				"target, or clear username_in and password_in" :
				"the target chose CHAP, but then ended the authentication without it, so it may have no CHAP "
				"user for this initiator or for discoveries: set one on the target, or set authmethod to None");
	l->stage = ISCSI_STAGE_OPERATIONAL;
	negotiate_offer(&l->negotiation, &l->out);
	return login_request(l, true, action, err);
}

/* From the outside in: PDU, status, header, text, stage. */
static int login_accept(struct login *l, const struct iscsi_pdu *pdu, struct login_action *action, struct err *err)
{
	struct iscsi_response r;
	int rc;

	if (l->over)
		return err_set(err, MISCSI_ERR_INTERNAL,
			"the target sent a login PDU after the end of the login, which is a fault of the target");
	rc = parse_response(l, pdu, &r, err);
	if (rc)
		return rc;
	action->status_class = r.status_class;
	action->status_detail = r.status_detail;
	if (r.status_class == 1)
		return login_redirect(&r, pdu, action, err);
	if (r.status_class || r.status_detail)
		return login_refused(l, &r, err);
	rc = check_response(l, &r, err);
	if (rc)
		return rc;
	l->exp_statsn = r.statsn + 1;
	l->text_taken += pdu->len;
	if (l->text_taken > LOGIN_TEXT_MAX)
		return login_violation(err, "it sent more than 65536 bytes of login text");
	strbuf_add(&l->in, pdu->data, pdu->len);
	if (strbuf_error(&l->in))
		return err_nomem(err, "the text keys of the target's Login Response");
	/* 11.12.2: more of this text follows, and an empty request asks for it */
	if (r.cont)
		return login_request(l, false, action, err);
	rc = accept_text(l, err);
	action->of_keys = rc && l->stage == ISCSI_STAGE_OPERATIONAL;
	if (rc)
		return rc;
	return r.final ? accept_transit(l, &r, action, err) : login_request(l, may_transit(l), action, err);
}

void login_feed(struct login *l, const struct iscsi_pdu *pdu, struct login_action *action)
{
	struct err err = ERR_INIT;

	*action = (struct login_action){ 0 };
	if (!l->over)
		strbuf_reset(&l->out);
	if (login_accept(l, pdu, action, &err))
		login_fail(l, &err, action);
	else if (action->kind != LOGIN_SEND)
		l->over = true;
}

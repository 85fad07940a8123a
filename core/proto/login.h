/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The login phase of one connection (RFC 7143 6.3, 11.12, 11.13): an engine without I/O. PDUs go in, actions come out. The caller
 * carries the PDUs (a socket, or the kernel by netlink) and keeps the time.
 */
#ifndef PROTO_LOGIN_H
#define PROTO_LOGIN_H

#include "base/err.h"
#include "proto/chap.h"
#include "proto/negotiate.h"
#include "proto/pdu.h"
#include "proto/portal.h"

#define LOGIN_EXCHANGES_MAX 64 /* requests in one login */
#define LOGIN_TEXT_MAX 65536 /* bytes of text from the target in one login */
#define LOGIN_ALIAS_MAX 255

enum login_auth {
	LOGIN_AUTH_NONE, /* never sends CHAP, even with credentials; skips the security stage */
	LOGIN_AUTH_CHAP, /* requires CHAP */
	LOGIN_AUTH_CHAP_OR_NONE, /* offers "CHAP,None": the target decides */
};

/* login_new() copies it, including strings and secrets, which the caller still owns. */
struct login_config {
	const char *initiator_name;
	const char *initiator_alias; /* NULL or empty: not sent */
	const char *target_name; /* of a normal session; NULL for discovery */
	bool discovery;
	uint8_t isid[6];
	uint16_t tsih; /* 0: a new session, or reinstatement by the same ISID */
	uint16_t cid;
	uint32_t itt, cmdsn;
	struct iscsi_params proposal;
	enum login_auth auth;
	struct chap_config chap;
	int32_t tpgt; /* expected target portal group tag; -1: any */
	bool ignore_itt; /* the PDU channel writes the ITT itself (kernel) */
};

enum login_action_kind {
	LOGIN_SEND, /* send pdu, feed the answer */
	LOGIN_DONE, /* full feature phase: result */
	LOGIN_REDIRECT, /* close, connect to redirect.portal, log in there (status class 1) */
	LOGIN_FAILED, /* close; err is the reason; err_retry(err.code): whether to try again */
};

struct login_result {
	struct iscsi_params params;
	uint16_t tsih;
	int32_t tpgt; /* -1: the target sent no TPGT */
	uint32_t exp_statsn; /* for the next request and the kernel's EXP_STATSN */
	uint32_t cmdsn; /* of the first command */
	uint32_t exp_cmdsn, max_cmdsn;
	char target_alias[LOGIN_ALIAS_MAX + 1]; /* escaped; empty: no alias */
	int chap_alg; /* enum chap_alg; 0: no authentication took place */
	bool mutual; /* the target authenticated itself too */
};

struct login_redirect {
	struct portal portal; /* tpgt may be PORTAL_TPGT_ANY */
	bool permanent;
};

/* kind determines which member is valid; status_* are from the last Login Response. */
struct login_action {
	enum login_action_kind kind;
	struct iscsi_pdu pdu; /* data is valid until the next call for this login */
	struct login_result result;
	struct login_redirect redirect;
	struct err err;
	uint8_t status_class, status_detail;
	bool of_keys; /* FAILED: what the target answered to the proposed keys does not fit */
};

struct login;

/* -EINVAL (MISCSI_ERR_INVAL): invalid names, or invalid CHAP settings (chap_new). -ENOMEM. */
int login_new(const struct login_config *config, struct login **out, struct err *err);
void login_free(struct login *l);
/* Call once, before login_feed(): returns the first request. */
void login_start(struct login *l, struct login_action *action);
/* Processes one PDU from the target, of any type. After DONE, REDIRECT or FAILED, further calls fail: call login_free(). */
void login_feed(struct login *l, const struct iscsi_pdu *pdu, struct login_action *action);

/*
 * For messages: the present stage of the login ("security", "operational", "full feature"); the text of a status in RFC 7143
 * 11.13.5.
 */
const char *login_stage(const struct login *l);
const char *login_status_text(uint8_t status_class, uint8_t status_detail);
/* What the user can do, as the end of a sentence ("; discover …"); "": nothing. */
const char *login_status_hint(uint8_t status_class, uint8_t status_detail);
/* Returns the error code for a status; MISCSI_ERR_OK for class 0 and 1. */
enum miscsi_error login_status_error(uint8_t status_class, uint8_t status_detail);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A login played against a scripted target: the engine with settings that are easy to change, and one call
 * per answer. */
#ifndef TESTS_LOGIN_SCRIPT_H
#define TESTS_LOGIN_SCRIPT_H

#include "proto/login.h"
#include "target.h"
#include <errno.h>
#include <stdio.h>

#define TARGET "iqn.2001-04.com.example:disk"
#define INITIATOR "iqn.2001-04.com.example:host"

/* The target's answers to all that a normal session offers, but for MaxRecvDataSegmentLength. */
#define OP_ANSWERS \
	"HeaderDigest=None\0DataDigest=None\0DefaultTime2Wait=2\0DefaultTime2Retain=20\0ErrorRecoveryLevel=" \
	"0\0" \
	"MaxConnections=1\0InitialR2T=Yes\0ImmediateData=Yes\0MaxBurstLength=262144\0FirstBurstLength=" \
	"65536\0" \
	"MaxOutstandingR2T=1\0DataPDUInOrder=Yes\0DataSequenceInOrder=Yes"

struct script {
	struct login_config config;
	struct login *login;
	struct login_action action;
	uint32_t statsn;
};

static inline int script_random(void *arg, void *bytes, size_t len)
{
	(void)arg;
	memset(bytes, 0x5a, len);
	return 0;
}

static inline struct script script_settings(enum login_auth auth)
{
	struct script s = { .config = {
		.initiator_name = INITIATOR,
		.target_name = TARGET,
		.isid = { 0x80, 1, 2, 3, 4, 5 },
		.itt = 0x11,
		.cmdsn = 5,
		.auth = auth,
		.tpgt = -1,
		.chap = {
			.name = "user",
			.secret = { (uint8_t *)(uintptr_t)"initiator-secret", 16 },
			.random = script_random,
		},
	} };

	key_params_init(&s.config.proposal);
	return s;
}

static inline void script_mutual(struct script *s)
{
	s->config.chap.secret_in = (struct secret){ (uint8_t *)(uintptr_t) "target-secret!!", 15 };
}

static inline void script_begin(struct script *s)
{
	assert_int_equal(login_new(&s->config, &s->login, NULL), 0);
	s->statsn = 100;
	login_start(s->login, &s->action);
	assert_int_equal(s->action.kind, LOGIN_SEND);
}

/* The target's PDU; what it leaves out of ITT, ISID and StatSN is right. */
static inline void script_feed(struct script *s, struct iscsi_pdu pdu)
{
	if (!pdu.bhs[16] && !pdu.bhs[19])
		target_put32(pdu.bhs + 16, s->config.itt);
	if (pdu_op(&pdu) == ISCSI_OP_LOGIN_RSP && !pdu.bhs[8])
		memcpy(pdu.bhs + 8, s->config.isid, 6);
	if (!pdu.bhs[24])
		target_put32(pdu.bhs + 24, s->statsn++);
	login_feed(s->login, &pdu, &s->action);
}

/* It has to go on with a request of these flags (byte 1). */
static inline void script_sends(struct script *s, struct iscsi_pdu pdu, unsigned flags)
{
	script_feed(s, pdu);
	if (s->action.kind != LOGIN_SEND)
		fail_msg("action %d: %s", s->action.kind, s->action.err.text);
	assert_int_equal(s->action.pdu.bhs[1], flags);
}

static inline void script_done(struct script *s, struct iscsi_pdu pdu)
{
	script_feed(s, pdu);
	if (s->action.kind != LOGIN_DONE)
		fail_msg("action %d: %s", s->action.kind, s->action.err.text);
}

/* It has to fail with this code and a text that says why. */
static inline void script_fails(struct script *s, struct iscsi_pdu pdu, enum miscsi_error code, const char *why)
{
	script_feed(s, pdu);
	assert_int_equal(s->action.kind, LOGIN_FAILED);
	assert_int_equal(s->action.err.code, code);
	if (!strstr(s->action.err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", s->action.err.text, why);
}

static inline void script_end(struct script *s)
{
	login_free(s->login);
	s->login = NULL;
}

#endif

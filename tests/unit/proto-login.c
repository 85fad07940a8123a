/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of proto/login: dialogues with targets that keep to RFC 7143, redirects, and each status. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "login_script.h"

#define CHALLENGE "CHAP_A=5\0CHAP_I=39\0CHAP_C=0x000102030405060708090a0b0c0d0e0f"
#define RESPONSE "CHAP_R=0xdd76f78b3a62581fd20f849ba115cda7"
#define PROOF "CHAP_N=target\0CHAP_R=0x7db70f54631edb76102ce5fa6ad8da27"

static void without_chap_one_exchange_is_enough(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_NONE);
	struct iscsi_pdu *sent = &s.action.pdu;

	(void)state;
	s.config.tpgt = 1;
	s.config.initiator_alias = "host";
	script_begin(&s);
	assert_int_equal(sent->bhs[0], 0x43);
	assert_int_equal(sent->bhs[1], TARGET_TO_FFP);
	assert_true(request_says(sent, "InitiatorName=" INITIATOR));
	assert_true(request_says(sent, "InitiatorAlias=host"));
	assert_true(request_says(sent, "TargetName=" TARGET));
	assert_true(request_says(sent, "SessionType=Normal"));
	assert_true(request_says(sent, "MaxBurstLength=262144"));
	/* authmethod None says nothing of CHAP, though there are credentials */
	assert_false(request_has(sent, "AuthMethod"));
	assert_false(request_has(sent, "CHAP_A"));
	script_done(&s,
		target_login(TARGET_TO_FFP, 0x1234,
			TEXT(OP_ANSWERS "\0MaxRecvDataSegmentLength=65536\0TargetPortalGroupTag="
					"1\0TargetAlias=d\x1bisk")));
	assert_int_equal(s.action.result.tsih, 0x1234);
	assert_int_equal(s.action.result.tpgt, 1);
	assert_int_equal(s.action.result.exp_statsn, 101);
	assert_int_equal(s.action.result.cmdsn, 5);
	assert_int_equal(s.action.result.exp_cmdsn, 1);
	assert_int_equal(s.action.result.max_cmdsn, 33);
	assert_int_equal(s.action.result.params.max_xmit_data_segment_length, 65536);
	assert_string_equal(s.action.result.target_alias, "d\\x1bisk");
	assert_int_equal(s.action.result.chap_alg, 0);
	assert_string_equal(login_stage(s.login), "full feature");
	script_end(&s);
}

static void discovery_names_no_target(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_NONE);

	(void)state;
	s.config.discovery = true;
	s.config.target_name = NULL;
	script_begin(&s);
	assert_true(request_says(&s.action.pdu, "SessionType=Discovery"));
	assert_false(request_has(&s.action.pdu, "TargetName"));
	assert_false(request_has(&s.action.pdu, "InitialR2T"));
	assert_true(request_has(&s.action.pdu, "MaxRecvDataSegmentLength"));
	script_done(&s,
		target_login(TARGET_TO_FFP, 1,
			TEXT("HeaderDigest=None\0DataDigest=None\0DefaultTime2Wait="
			     "2\0DefaultTime2Retain=20\0ErrorRecoveryLevel=0")));
	assert_int_equal(s.action.result.tpgt, -1);
	script_end(&s);
}

static void chap_goes_through_the_security_stage(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_CHAP);
	struct iscsi_pdu *sent = &s.action.pdu;

	(void)state;
	script_begin(&s);
	assert_int_equal(sent->bhs[1], TARGET_SEC);
	assert_true(request_says(sent, "AuthMethod=CHAP"));
	assert_false(request_has(sent, "MaxBurstLength"));
	script_sends(&s, target_login(TARGET_SEC, 0, TEXT("AuthMethod=CHAP\0TargetPortalGroupTag=1")), TARGET_SEC);
	assert_true(request_says(sent, "CHAP_A=8,7,6,5"));
	script_sends(&s, target_login(TARGET_SEC, 0, TEXT(CHALLENGE)), TARGET_TO_OP);
	assert_true(request_says(sent, "CHAP_N=user"));
	assert_true(request_says(sent, RESPONSE));
	assert_false(request_has(sent, "CHAP_C"));
	script_sends(&s, target_login(TARGET_TO_OP, 0, NO_TEXT), TARGET_TO_FFP);
	assert_true(request_has(sent, "MaxBurstLength"));
	assert_string_equal(login_stage(s.login), "operational");
	script_done(&s, target_login(TARGET_TO_FFP, 7, TEXT(OP_ANSWERS)));
	assert_int_equal(s.action.result.chap_alg, CHAP_MD5);
	assert_false(s.action.result.mutual);
	script_end(&s);
}

static void mutual_chap_wants_the_targets_proof(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_CHAP);

	(void)state;
	script_mutual(&s);
	script_begin(&s);
	script_sends(&s, target_login(TARGET_SEC, 0, TEXT("AuthMethod=CHAP")), TARGET_SEC);
	script_sends(&s, target_login(TARGET_SEC, 0, TEXT(CHALLENGE)), TARGET_TO_OP);
	assert_true(request_says(&s.action.pdu, "CHAP_C=0x5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"));
	script_sends(&s, target_login(TARGET_TO_OP, 0, TEXT(PROOF)), TARGET_TO_FFP);
	script_done(&s, target_login(TARGET_TO_FFP, 7, NO_TEXT));
	assert_true(s.action.result.mutual);
	script_end(&s);
}

static void the_target_may_choose_none_where_that_was_offered(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_CHAP_OR_NONE);

	(void)state;
	script_begin(&s);
	assert_true(request_says(&s.action.pdu, "AuthMethod=CHAP,None"));
	script_sends(&s, target_login(TARGET_TO_OP, 0, TEXT("AuthMethod=None")), TARGET_TO_FFP);
	assert_true(request_has(&s.action.pdu, "MaxBurstLength"));
	script_done(&s, target_login(TARGET_TO_FFP, 7, NO_TEXT));
	script_end(&s);
	script_begin(&s);
	script_fails(&s, target_login(TARGET_TO_OP, 0, NO_TEXT), MISCSI_ERR_FATAL_LOGIN, "without choosing an AuthMethod");
	script_end(&s);
	script_begin(&s);
	script_fails(&s, target_login(TARGET_TO_OP, 0, TEXT("AuthMethod=CHAP")), MISCSI_ERR_FATAL_LOGIN,
		"chose CHAP, but then ended the authentication without it");
	script_end(&s);
	script_begin(&s);
	script_sends(&s, target_login(TARGET_SEC, 0, TEXT("AuthMethod=None")), TARGET_TO_OP);
	script_sends(&s, target_login(TARGET_TO_OP, 0, NO_TEXT), TARGET_TO_FFP);
	script_done(&s, target_login(TARGET_TO_FFP, 7, NO_TEXT));
	script_end(&s);
	s = script_settings(LOGIN_AUTH_CHAP);
	script_begin(&s);
	script_fails(&s, target_login(TARGET_SEC, 0, TEXT("AuthMethod=None")), MISCSI_ERR_FATAL_LOGIN, "only CHAP was offered");
	script_end(&s);
	script_begin(&s);
	script_fails(&s, target_login(TARGET_SEC, 0, TEXT("AuthMethod=Reject")), MISCSI_ERR_LOGIN_AUTH_FAILED,
		"the target accepts none of the AuthMethods \"CHAP\" that were offered (it answered Reject): set authmethod");
	script_end(&s);
}

static void empty_answers_are_answered_by_empty_requests(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_CHAP);

	(void)state;
	script_begin(&s);
	script_sends(&s, target_login(TARGET_SEC, 0, NO_TEXT), TARGET_SEC);
	assert_int_equal(s.action.pdu.len, 0);
	script_sends(&s, target_login(TARGET_SEC, 0, TEXT("AuthMethod=CHAP")), TARGET_SEC);
	script_sends(&s, target_login(TARGET_SEC, 0, NO_TEXT), TARGET_SEC);
	script_sends(&s, target_login(TARGET_SEC, 0, TEXT(CHALLENGE)), TARGET_TO_OP);
	script_sends(&s, target_login(TARGET_SEC, 0, NO_TEXT), TARGET_TO_OP);
	script_sends(&s, target_login(TARGET_TO_OP, 0, NO_TEXT), TARGET_TO_FFP);
	script_sends(&s, target_login(TARGET_OP, 0, TEXT("MaxBurstLength=512")), TARGET_TO_FFP);
	assert_int_equal(s.action.pdu.len, 0);
	script_done(&s, target_login(TARGET_TO_FFP, 1, NO_TEXT));
	assert_int_equal(s.action.result.params.max_burst_length, 512);
	script_end(&s);
}

static void questions_of_the_target_are_answered(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_NONE);

	(void)state;
	script_begin(&s);
	script_sends(&s, target_login(TARGET_OP, 0, TEXT("X-com.example.a=1\0IFMarker=No\0TaskReporting=FastAbort,RFC3720")),
		TARGET_TO_FFP);
	assert_true(request_says(&s.action.pdu, "X-com.example.a=NotUnderstood"));
	assert_true(request_says(&s.action.pdu, "IFMarker=Reject"));
	assert_true(request_says(&s.action.pdu, "TaskReporting=RFC3720"));
	script_done(&s, target_login(TARGET_TO_FFP, 1, TEXT(OP_ANSWERS)));
	script_end(&s);
}

/* Any division of one text over C-bit PDUs comes to the same. */
static void text_may_be_continued_anywhere(void **state)
{
	static const char all[] = OP_ANSWERS "\0MaxRecvDataSegmentLength=4096\0TargetPortalGroupTag=9";

	(void)state;
	for (size_t cut = 0; cut <= sizeof(all); cut++) {
		struct script s = script_settings(LOGIN_AUTH_NONE);
		size_t again = cut + (sizeof(all) - cut) / 2;

		script_begin(&s);
		script_sends(&s, target_login(TARGET_OP | TARGET_C, 0, all, cut), TARGET_OP);
		assert_int_equal(s.action.pdu.len, 0);
		script_sends(&s, target_login(TARGET_OP | TARGET_C, 0, all + cut, again - cut), TARGET_OP);
		script_sends(&s, target_login(TARGET_OP, 0, all + again, sizeof(all) - again), TARGET_TO_FFP);
		script_done(&s, target_login(TARGET_TO_FFP, 1, NO_TEXT));
		assert_int_equal(s.action.result.tpgt, 9);
		assert_int_equal(s.action.result.params.max_xmit_data_segment_length, 4096);
		script_end(&s);
	}
}

static void redirected(const char *text, size_t len, uint8_t detail, const char *where)
{
	struct script s = script_settings(LOGIN_AUTH_NONE);
	char got[PORTAL_TEXT_MAX];

	script_begin(&s);
	script_feed(&s, target_status(1, detail, text, len));
	assert_int_equal(s.action.kind, where ? LOGIN_REDIRECT : LOGIN_FAILED);
	if (where) {
		assert_string_equal(portal_format(got, sizeof(got), &s.action.redirect.portal, true), where);
		assert_int_equal(s.action.redirect.permanent, detail == 2);
	} else {
		assert_int_equal(s.action.err.code, MISCSI_ERR_FATAL_LOGIN);
	}
	script_end(&s);
}

static void redirects_say_where_to(void **state)
{
	(void)state;
	redirected(TEXT("TargetAddress=10.0.0.2:3261,1"), 1, "10.0.0.2:3261,1");
	redirected(TEXT("TargetAddress=[2001:db8::2]"), 2, "[2001:db8::2]:3260,-1");
	redirected(TEXT("X-a=b\0TargetAddress=bad:port\0TargetAddress=b.example"), 1, "b.example:3260,-1");
	redirected(TEXT("TargetAddress=10.0.0.2\0TargetAddress=10.0.0.3"), 1, "10.0.0.2:3260,-1");
	redirected(NO_TEXT, 1, NULL);
	redirected(TEXT("TargetAddress=../../x"), 1, NULL);
	redirected("TargetAddress=10.0.0.2", 22, 1, NULL); /* no NUL at the end */
}

static void each_status_means_what_it_means(void **state)
{
	static const struct {
		uint8_t class, detail;
		enum miscsi_error code;
		enum err_retry retry;
		const char *text;
	} rows[] = {
		{ 2, 0x00, MISCSI_ERR_FATAL_LOGIN, ERR_RETRY_NEVER, "initiator error (0x0200)" },
		{ 2, 0x01, MISCSI_ERR_LOGIN_AUTH_FAILED, ERR_RETRY_NEVER,
			"authentication failure (0x0201); the target may require CHAP" },
		{ 2, 0x02, MISCSI_ERR_LOGIN_AUTH_FAILED, ERR_RETRY_NEVER, "authorization failure" },
		{ 2, 0x03, MISCSI_ERR_FATAL_LOGIN, ERR_RETRY_NEVER, "target not found" },
		{ 2, 0x04, MISCSI_ERR_FATAL_LOGIN, ERR_RETRY_NEVER, "target removed" },
		{ 2, 0x0b, MISCSI_ERR_FATAL_LOGIN, ERR_RETRY_NEVER, "invalid request during login" },
		{ 2, 0x77, MISCSI_ERR_FATAL_LOGIN, ERR_RETRY_NEVER, "initiator error (0x0277)" },
		{ 3, 0x00, MISCSI_ERR_LOGIN, ERR_RETRY_LATER, "target error" },
		{ 3, 0x01, MISCSI_ERR_LOGIN, ERR_RETRY_LATER, "service unavailable" },
		{ 3, 0x02, MISCSI_ERR_LOGIN, ERR_RETRY_LATER, "out of resources" },
		{ 3, 0xff, MISCSI_ERR_LOGIN, ERR_RETRY_LATER, "target error (0x03ff)" },
		{ 4, 0x00, MISCSI_ERR_FATAL_LOGIN, ERR_RETRY_NEVER, "unknown status (0x0400)" },
		{ 0, 0x01, MISCSI_ERR_FATAL_LOGIN, ERR_RETRY_NEVER, "(0x0001)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct script s = script_settings(LOGIN_AUTH_NONE);

		script_begin(&s);
		script_fails(&s, target_status(rows[i].class, rows[i].detail, NO_TEXT), rows[i].code, rows[i].text);
		assert_int_equal(err_retry(s.action.err.code), rows[i].retry);
		assert_int_equal(s.action.status_class, rows[i].class);
		assert_int_equal(s.action.status_detail, rows[i].detail);
		script_end(&s);
	}
}

/* Whose username and password are right cannot mend it by them. */
static void a_target_without_chap_is_not_about_passwords(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_CHAP);

	(void)state;
	script_begin(&s);
	script_fails(&s, target_status(2, 1, NO_TEXT), MISCSI_ERR_LOGIN_AUTH_FAILED,
		"authentication failure (0x0201), and chose no AuthMethod: only CHAP was offered");
	script_end(&s);
	script_begin(&s);
	script_sends(&s, target_login(TARGET_SEC, 0, TEXT("AuthMethod=CHAP")), TARGET_SEC);
	script_fails(&s, target_status(2, 1, NO_TEXT), MISCSI_ERR_LOGIN_AUTH_FAILED, "compare username and password");
	script_end(&s);
}

static void names_that_cannot_be_sent_are_refused(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_NONE);
	struct err err = ERR_INIT;

	(void)state;
	s.config.target_name = NULL;
	assert_int_equal(login_new(&s.config, &s.login, &err), -EINVAL);
	assert_int_equal(err.code, MISCSI_ERR_INVAL);
	s.config.target_name = "iqn.2001-04.com\nx";
	assert_int_equal(login_new(&s.config, &s.login, NULL), -EINVAL);
	s.config.target_name = TARGET;
	s.config.initiator_name = "";
	assert_int_equal(login_new(&s.config, &s.login, NULL), -EINVAL);
	s = script_settings(LOGIN_AUTH_CHAP);
	s.config.chap.name = NULL;
	assert_int_equal(login_new(&s.config, &s.login, NULL), -EACCES);
}

static void memory_may_run_out_anywhere(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_NONE);
	bool failed = true;

	(void)state;
	for (unsigned long nth = 1; failed; nth++) {
		struct iscsi_pdu pdu = target_login(TARGET_TO_FFP, 1, TEXT(OP_ANSWERS));

		x_fail_at(nth);
		failed = login_new(&s.config, &s.login, NULL);
		if (failed)
			continue;
		login_start(s.login, &s.action);
		failed = s.action.kind == LOGIN_FAILED;
		if (!failed) {
			target_put32(pdu.bhs + 16, s.config.itt);
			login_feed(s.login, &pdu, &s.action);
			failed = s.action.kind == LOGIN_FAILED;
		}
		assert_true(!failed || s.action.err.code == MISCSI_ERR_NOMEM);
		script_end(&s);
	}
	x_fail_at(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_chap_one_exchange_is_enough),
		cmocka_unit_test(discovery_names_no_target),
		cmocka_unit_test(chap_goes_through_the_security_stage),
		cmocka_unit_test(mutual_chap_wants_the_targets_proof),
		cmocka_unit_test(the_target_may_choose_none_where_that_was_offered),
		cmocka_unit_test(empty_answers_are_answered_by_empty_requests),
		cmocka_unit_test(questions_of_the_target_are_answered),
		cmocka_unit_test(text_may_be_continued_anywhere),
		cmocka_unit_test(redirects_say_where_to),
		cmocka_unit_test(each_status_means_what_it_means),
		cmocka_unit_test(a_target_without_chap_is_not_about_passwords),
		cmocka_unit_test(names_that_cannot_be_sent_are_refused),
		cmocka_unit_test(memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

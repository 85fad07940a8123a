/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of proto/login against targets that break RFC 7143, by mistake or on purpose. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/strbuf.h"
#include "login_script.h"

#define FATAL MISCSI_ERR_FATAL_LOGIN

/* A new login, one answer, and how it must fail. */
static void refused(struct iscsi_pdu pdu, const char *why)
{
	struct script s = script_settings(LOGIN_AUTH_NONE);

	script_begin(&s);
	script_fails(&s, pdu, FATAL, why);
	script_end(&s);
}

static void only_a_login_response_goes_on(void **state)
{
	struct iscsi_pdu reject = target_pdu(ISCSI_OP_REJECT, 0x80, NO_TEXT);

	(void)state;
	reject.bhs[2] = 4;
	refused(reject, "rejected the Login Request: it noticed a protocol error (reason 0x04)");
	refused(target_pdu(ISCSI_OP_ASYNC, 0x80, NO_TEXT), "Asynchronous Message (opcode 0x32)");
	refused(target_pdu(ISCSI_OP_TEXT_RSP, 0x80, NO_TEXT), "Text Response");
	refused(target_pdu(ISCSI_OP_LOGIN, 0x80, NO_TEXT), "Login Request");
	refused(target_pdu(0x3e, 0x80, NO_TEXT), "opcode 0x3e");
}

static void headers_that_lie_are_refused(void **state)
{
	struct iscsi_pdu itt = target_login(TARGET_TO_FFP, 1, NO_TEXT), version = itt, ahs = itt;
	static const char big[8193];

	(void)state;
	itt.bhs[19] = 0x12;
	refused(itt, "Initiator Task Tag");
	version.bhs[3] = 1;
	refused(version, "a protocol version that");
	ahs.bhs[4] = 1;
	refused(ahs, "additional header");
	refused(target_login(TARGET_OP, 0, big, sizeof(big)), "8192");
	refused(target_login(TARGET_TO_FFP | TARGET_C, 1, NO_TEXT), "T and C bits");
	refused(target_login(TARGET_SEC, 0, NO_TEXT), "another stage of the login (CSG)");
	refused(target_login(TARGET_TO_OP, 0, NO_TEXT), "another stage of the login (CSG)");
	refused(target_login(0x85, 1, NO_TEXT), "(NSG)");
	refused(target_login(0x86, 1, NO_TEXT), "(NSG)");
	refused(target_login(0x08, 1, NO_TEXT), "(CSG)");
	refused(target_login(TARGET_TO_FFP, 0, NO_TEXT), "without a handle of the new session (TSIH)");
}

static void the_kernels_task_tags_are_not_compared(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_NONE);
	struct iscsi_pdu pdu = target_login(TARGET_TO_FFP, 1, NO_TEXT);

	(void)state;
	s.config.ignore_itt = true;
	pdu.bhs[19] = 0x12;
	script_begin(&s);
	script_done(&s, pdu);
	script_fails(&s, pdu, MISCSI_ERR_INTERNAL, "after the end");
	script_end(&s);
}

static void stages_are_not_left_or_skipped_by_the_target(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_CHAP);

	(void)state;
	script_begin(&s);
	script_fails(&s, target_login(TARGET_TO_OP, 0, TEXT("AuthMethod=CHAP")), FATAL, "not offered to end (T bit)");
	script_end(&s);
	script_begin(&s);
	script_fails(&s, target_login(0x83, 1, NO_TEXT), FATAL, "not offered to end (T bit)");
	script_end(&s);
	script_begin(&s);
	script_sends(&s, target_login(TARGET_SEC, 0, TEXT("AuthMethod=CHAP")), TARGET_SEC);
	script_sends(&s, target_login(TARGET_SEC, 0, TEXT("CHAP_A=5\0CHAP_I=1\0CHAP_C=0x01")), TARGET_TO_OP);
	script_fails(&s, target_login(0x83, 1, NO_TEXT), FATAL, "(NSG)");
	script_end(&s);
}

static void mutual_chap_is_not_skipped_by_the_target(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_CHAP);

	(void)state;
	script_mutual(&s);
	script_begin(&s);
	script_sends(&s, target_login(TARGET_SEC, 0, TEXT("AuthMethod=CHAP")), TARGET_SEC);
	script_sends(&s, target_login(TARGET_SEC, 0, TEXT("CHAP_A=5\0CHAP_I=1\0CHAP_C=0x01")), TARGET_TO_OP);
	script_fails(&s, target_login(TARGET_TO_OP, 0, NO_TEXT), FATAL, "did not authenticate itself");
	script_end(&s);
}

static void chap_keys_come_only_where_chap_is(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_CHAP);

	(void)state;
	refused(target_login(TARGET_OP, 0, TEXT("CHAP_A=5\0CHAP_I=1\0CHAP_C=0x01")), "must not send this key");
	refused(target_login(TARGET_OP, 0, TEXT("AuthMethod=CHAP")), "AuthMethod twice, or outside the security stage");
	script_begin(&s);
	script_fails(&s, target_login(TARGET_SEC, 0, TEXT("AuthMethod=CHAP\0CHAP_A=5\0CHAP_I=1\0CHAP_C=0x01")), FATAL,
		"CHAP keys before or after the authentication");
	script_end(&s);
	script_begin(&s);
	script_sends(&s, target_login(TARGET_SEC, 0, TEXT("AuthMethod=CHAP")), TARGET_SEC);
	script_fails(&s, target_login(TARGET_SEC, 0, TEXT("AuthMethod=CHAP")), FATAL,
		"AuthMethod twice, or outside the security stage");
	script_end(&s);
	script_begin(&s);
	script_fails(&s, target_login(TARGET_SEC, 0, TEXT("AuthMethod=SRP")), FATAL, "not offered");
	script_end(&s);
}

static void texts_that_are_none_are_refused(void **state)
{
	(void)state;
	refused(target_login(TARGET_TO_FFP, 1, "HeaderDigest=None", 17), "no NUL");
	refused(target_login(TARGET_TO_FFP, 1, TEXT("HeaderDigest")), "no '='");
	refused(target_login(TARGET_TO_FFP, 1, TEXT("A=1\0A=1")), "the same key twice");
	refused(target_login(TARGET_TO_FFP, 1, TEXT("MaxBurstLength=511")), "a number from 512 to 16777215");
	refused(target_login(TARGET_TO_FFP, 1, TEXT("HeaderDigest=CRC32C")), "the initiator offered only None");
	refused(target_login(TARGET_TO_FFP, 1, TEXT("InitialR2T=\x1b[2J")), "\\x1b[2J");
	refused(target_login(TARGET_TO_FFP, 1, TEXT("SessionType=Normal")), "must not send this key");
}

static void endless_logins_end(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_NONE);
	static char big[8000];
	int n = 0;

	(void)state;
	script_begin(&s);
	for (; s.action.kind == LOGIN_SEND; n++)
		script_feed(&s, target_login(TARGET_OP, 0, NO_TEXT));
	assert_int_equal(n, LOGIN_EXCHANGES_MAX);
	assert_non_null(strstr(s.action.err.text, "64 Login Requests"));
	script_end(&s);
	memset(big, 'a', sizeof(big));
	script_begin(&s);
	for (n = 0; s.action.kind == LOGIN_SEND; n++)
		script_feed(&s, target_login(TARGET_OP | TARGET_C, 0, big, sizeof(big)));
	assert_int_equal(n, LOGIN_TEXT_MAX / 8000 + 1);
	assert_non_null(strstr(s.action.err.text, "65536 bytes"));
	script_end(&s);
}

static void more_questions_than_answers_fit_are_refused(void **state)
{
	struct strbuf b = STRBUF_INIT(8192);

	(void)state;
	for (int i = 0; i < 120; i++) {
		strbuf_printf(&b, "X-%059d=", i);
		strbuf_putc(&b, 0);
	}
	refused(target_login(TARGET_OP, 0, strbuf_str(&b), b.len), "more text keys than one Login Request");
	strbuf_free(&b);
}

static void another_portal_group_is_refused(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_NONE);

	(void)state;
	s.config.tpgt = 1;
	script_begin(&s);
	script_fails(
		&s, target_login(TARGET_TO_FFP, 1, TEXT("TargetPortalGroupTag=2")), FATAL, "portal group 2 now, and to 1 before");
	script_end(&s);
	script_begin(&s);
	script_done(&s, target_login(TARGET_TO_FFP, 1, NO_TEXT)); /* not said: let it be */
	script_end(&s);
}

static void another_session_is_refused(void **state)
{
	struct script s = script_settings(LOGIN_AUTH_NONE);

	(void)state;
	s.config.tsih = 5;
	script_begin(&s);
	script_fails(&s, target_login(TARGET_TO_FFP, 6, NO_TEXT), FATAL, "another session");
	script_end(&s);
	script_begin(&s);
	script_done(&s, target_login(TARGET_TO_FFP, 5, NO_TEXT));
	script_end(&s);
}

/* Seen in the field, and harmless. */
static void small_deviations_pass(void **state)
{
	struct iscsi_pdu isid = target_login(TARGET_TO_FFP, 1, TEXT("TargetPortalGroupTag=1\0" OP_ANSWERS));
	struct iscsi_pdu no_tag = target_login(TARGET_TO_FFP, 1, TEXT(OP_ANSWERS));
	struct iscsi_pdu open = target_login(TARGET_TO_FFP, 1, TEXT("TargetPortalGroupTag=1\0X-a=b\0" OP_ANSWERS));
	struct iscsi_pdu tsih = target_login(TARGET_OP, 1, TEXT("TargetPortalGroupTag=1\0" OP_ANSWERS));
	struct iscsi_pdu all[4];

	(void)state;
	isid.bhs[8] = 0x40;
	all[0] = isid;
	all[1] = no_tag;
	all[2] = open;
	all[3] = tsih;
	for (size_t i = 0; i < 4; i++) {
		struct script s = script_settings(LOGIN_AUTH_NONE);

		script_begin(&s);
		script_feed(&s, all[i]);
		assert_int_equal(s.action.kind, i == 3 ? LOGIN_SEND : LOGIN_DONE);
		script_end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_login_response_goes_on),
		cmocka_unit_test(headers_that_lie_are_refused),
		cmocka_unit_test(the_kernels_task_tags_are_not_compared),
		cmocka_unit_test(stages_are_not_left_or_skipped_by_the_target),
		cmocka_unit_test(mutual_chap_is_not_skipped_by_the_target),
		cmocka_unit_test(chap_keys_come_only_where_chap_is),
		cmocka_unit_test(texts_that_are_none_are_refused),
		cmocka_unit_test(endless_logins_end),
		cmocka_unit_test(more_questions_than_answers_fit_are_refused),
		cmocka_unit_test(another_portal_group_is_refused),
		cmocka_unit_test(another_session_is_refused),
		cmocka_unit_test(small_deviations_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

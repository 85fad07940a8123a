/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of proto/sendtargets: what is reported, at every cut of the text, and that a hostile list ends. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "base/strbuf.h"
#include "proto/sendtargets.h"
#include "target.h"
#include <errno.h>
#include <stdlib.h>

#define NONE ISCSI_TAG_RESERVED

struct got {
	struct strbuf list; /* "NAME PORTAL;" for each */
	unsigned warnings, fail_at;
	char warning[1024];
};

static int found(void *arg, const char *name, const struct portal *portal)
{
	struct got *g = arg;
	char text[PORTAL_TEXT_MAX];

	if (g->fail_at && !--g->fail_at)
		return -ENOSPC;
	strbuf_printf(&g->list, "%s %s;", name, portal ? portal_format(text, sizeof(text), portal, true) : "here");
	return 0;
}

static void warning(void *arg, const char *text)
{
	struct got *g = arg;

	g->warnings++;
	strncpy(g->warning, text, sizeof(g->warning) - 1);
}

static struct sendtargets *begun(struct got *g, struct sendtargets_action *a)
{
	struct sendtargets_config c = { .itt = 0,
		.cmdsn = 7,
		.exp_statsn = 9,
		.max_bytes = 100000,
		.max_pdus = 200,
		.max_records = 100,
		.found = found,
		.warning = warning,
		.arg = g };
	struct sendtargets *s;

	assert_int_equal(sendtargets_new(&c, &s), 0);
	sendtargets_start(s, a);
	assert_int_equal(a->kind, SENDTARGETS_SEND);
	return s;
}

static void feed(struct sendtargets *s, struct iscsi_pdu pdu, struct sendtargets_action *a, enum sendtargets_action_kind want)
{
	sendtargets_feed(s, &pdu, a);
	if (a->kind != want)
		fail_msg("action %d (%s), not %d", a->kind, a->err.text, want);
	assert_true(want != SENDTARGETS_FAILED || (a->err.code && *a->err.text));
}

/* One text in one PDU. */
static void lists(const char *text, size_t len, const char *want, unsigned warnings)
{
	struct got g = { .warnings = 0 };
	struct sendtargets_action a;
	struct sendtargets *s = begun(&g, &a);

	feed(s, target_text(TARGET_T, NONE, text, len), &a, SENDTARGETS_DONE);
	assert_string_equal(strbuf_str(&g.list), want);
	assert_int_equal(g.warnings, warnings);
	sendtargets_free(s);
	strbuf_free(&g.list);
}

static void the_request_asks_for_all(void **state)
{
	struct got g = { .warnings = 0 };
	struct sendtargets_action a;
	struct sendtargets *s = begun(&g, &a);

	(void)state;
	assert_true(request_says(&a.pdu, "SendTargets=All"));
	assert_int_equal(a.pdu.bhs[0], 0x44);
	assert_int_equal(a.pdu.bhs[1], 0x80);
	assert_memory_equal(a.pdu.bhs + 16, "\0\0\0\0\xff\xff\xff\xff\0\0\0\7\0\0\0\x09", 16);
	sendtargets_free(s);
}

static void targets_come_with_their_portals(void **state)
{
	(void)state;
	lists(NO_TEXT, "", 0);
	lists(TEXT("TargetName=iqn.2001-04.com:a\0TargetAddress=10.0.0.1:3260,1\0TargetAddress=[::1]:3261,"
		   "2\0TargetAlias=x\0"
		   "TargetName=iqn.2001-04.com:b\0TargetName=eui.02004567A425678D\0TargetAddress=h.example"),
		"iqn.2001-04.com:a 10.0.0.1:3260,1;iqn.2001-04.com:a [::1]:3261,2;iqn.2001-04.com:b here;"
		"eui.02004567A425678D h.example:3260,-1;",
		0);
}

static void what_is_bad_is_left_out_alone(void **state)
{
	(void)state;
	lists(TEXT("TargetName=../../"
		   "x\0TargetAddress=1.1.1.1\0TargetName=iqn.2001-04.com:a\0TargetAddress=2.2.2.2,1"),
		"iqn.2001-04.com:a 2.2.2.2:3260,1;", 1);
	lists(TEXT("TargetName=iqn.2001-04.com:a\0TargetAddress=x:y\0TargetAddress=2.2.2.2,1"),
		"iqn.2001-04.com:a 2.2.2.2:3260,1;", 1);
	lists(TEXT("TargetName=iqn.2001-04.com:a\0TargetAddress=x:y"), "", 1); /* not taken for one without address */
	lists(TEXT("TargetAddress=1.1.1.1\0TargetName=iqn.2001-04.com:a"), "iqn.2001-04.com:a here;", 1);
	lists(TEXT("TargetName=iqn.2001-04.com:a\nnode.startup = automatic"), "", 1);
	lists(TEXT("TargetName=iqn.2001-04.com:a\0garbage\0TargetAddress=1.1.1.1\0TargetName=iqn.2001-04.com:"
		   "b"),
		"iqn.2001-04.com:b here;", 1);
	lists("TargetName=iqn.2001-04.com:a\0TargetAddress=1.1.1.1", 50, "", 1); /* cut short */
}

/* Names of no format that targets in the field have; records accept them as well. */
static void names_of_no_format_are_listed(void **state)
{
	(void)state;
	lists(TEXT("TargetName=disk1\0TargetName=iqn.truenas.ctl:x\0TargetName=iqn.2015-1.workgroup:RAID.x\0TargetName=iqn.a_b"),
		"disk1 here;iqn.truenas.ctl:x here;iqn.2015-1.workgroup:RAID.x here;iqn.a_b here;", 0);
	lists(TEXT("TargetName=.x\0TargetName=a b\0TargetName=a/b\0TargetName=disk1"), "disk1 here;", 2);
}

static void left_out_parts_are_reported_once_and_counted(void **state)
{
	struct got g = { .warnings = 0 };
	struct sendtargets_action a;
	struct sendtargets *s = begun(&g, &a);

	(void)state;
	feed(s, target_text(TARGET_T, NONE, TEXT("TargetName=.a\0TargetName=.b\0TargetName=.c")), &a, SENDTARGETS_DONE);
	assert_int_equal(g.warnings, 2);
	assert_string_equal(g.warning, "2 more targets were left out");
	sendtargets_free(s);
}

static void warnings_are_one_harmless_line(void **state)
{
	struct got g = { .warnings = 0 };
	struct sendtargets_action a;
	struct sendtargets *s = begun(&g, &a);

	(void)state;
	feed(s, target_text(TARGET_T, NONE, TEXT("TargetName=iqn.\x1b]0;pwned\x07\n\xff")), &a, SENDTARGETS_DONE);
	assert_int_equal(g.warnings, 1);
	assert_non_null(strstr(g.warning, "iqn.\\x1b]0;pwned\\x07\\x0a\\xff"));
	sendtargets_free(s);
	s = begun(&g, &a);
	feed(s, target_text(TARGET_T, NONE, TEXT("TargetAddress=1.1.1.1\n")), &a, SENDTARGETS_DONE);
	assert_non_null(strstr(g.warning, "the first target (TargetName) was ignored: 1.1.1.1\\x0a"));
	sendtargets_free(s);
}

static void text_may_be_cut_anywhere(void **state)
{
	static const char all[] = "TargetName=iqn.2001-04.com:a\0TargetAddress=10.0.0.1:3260,1\0TargetName=.."
				  "/x\0TargetAddress=1.1.1.1\0"
				  "TargetName=iqn.2001-04.com:b\0TargetAddress=[::1]:3261,2";

	(void)state;
	srandom(2);
	for (int round = 0; round < 300; round++) {
		struct got g = { .warnings = 0 };
		struct sendtargets_action a;
		struct sendtargets *s = begun(&g, &a);

		for (size_t at = 0, n; at < sizeof(all); at += n) {
			bool more;

			n = (size_t)random() % 60;
			n = n < sizeof(all) - at ? n : sizeof(all) - at;
			more = at + n < sizeof(all);
			feed(s, target_text(more ? (random() & TARGET_C) : TARGET_T, more ? 5 : NONE, all + at, n), &a,
				more ? SENDTARGETS_SEND : SENDTARGETS_DONE);
			assert_true(!more || (!a.pdu.len && !memcmp(a.pdu.bhs + 20, "\0\0\0\5", 4)));
		}
		assert_string_equal(strbuf_str(&g.list), "iqn.2001-04.com:a 10.0.0.1:3260,1;iqn.2001-04.com:b [::1]:3261,2;");
		assert_int_equal(g.warnings, 1);
		sendtargets_free(s);
		strbuf_free(&g.list);
	}
}

/* The same PDU over and over, until the engine ends it; gives the count. */
static unsigned repeat(struct iscsi_pdu pdu, const char *why)
{
	struct got g = { .warnings = 0 };
	struct sendtargets_action a;
	struct sendtargets *s = begun(&g, &a);
	unsigned n = 0;

	while (a.kind <= SENDTARGETS_WAIT && n < 5000) {
		sendtargets_feed(s, &pdu, &a);
		n++;
	}
	assert_int_equal(a.kind, SENDTARGETS_FAILED);
	assert_non_null(strstr(a.err.text, why));
	feed(s, pdu, &a, SENDTARGETS_FAILED);
	sendtargets_free(s);
	strbuf_free(&g.list);
	return n;
}

static void endless_lists_end(void **state)
{
	static char big[8192];

	(void)state;
	memset(big, 'a', sizeof(big));
	assert_int_equal(repeat(target_text(TARGET_C, 1, NO_TEXT), "longer than 200 PDUs"), 201);
	assert_int_equal(repeat(target_text(0, 1, big, sizeof(big)), "which is a fault of the target: \"aaaa"), 3);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(repeat(target_text(0, 1, big, sizeof(big)), "longer than 100000 bytes"), 13);
	assert_int_equal(repeat(target_text(0, 1, TEXT("TargetName=iqn.2001-04.com:a\0TargetAddress=1.1.1.1")),
				 "listed more than 100 portals of targets"),
		101);
	assert_int_equal(repeat(target_pdu(ISCSI_OP_NOP_IN, 0x80, NO_TEXT), "longer than 200 PDUs"), 201);
}

static void pdus_without_text_end_it(void **state)
{
	struct sendtargets_config c = { .itt = 0, .cmdsn = 7, .exp_statsn = 9, .found = found };
	const struct iscsi_pdu empty = target_text(0, 1, NO_TEXT), ping = target_pdu(ISCSI_OP_NOP_IN, 0x80, "ping", 4);
	struct sendtargets_action a;
	struct sendtargets *s;
	unsigned n = 0;

	(void)state;
	assert_int_equal(sendtargets_new(&c, &s), 0);
	sendtargets_start(s, &a);
	for (; a.kind <= SENDTARGETS_WAIT && n < 5000; n++)
		sendtargets_feed(s, n % 2 ? &ping : &empty, &a);
	assert_int_equal(n, SENDTARGETS_IDLE_MAX + 1);
	assert_non_null(strstr(a.err.text, "in a row without text"));
	sendtargets_free(s);
}

static void broken_answers_end_it(void **state)
{
	struct iscsi_pdu wrong = target_text(TARGET_T, NONE, NO_TEXT);

	(void)state;
	assert_int_equal(repeat(target_text(TARGET_T | TARGET_C, 1, NO_TEXT), "both final (F) and to be continued (C)"), 1);
	assert_int_equal(repeat(target_text(0, NONE, NO_TEXT), "no Target Transfer Tag"), 1);
	assert_int_equal(repeat(target_pdu(ISCSI_OP_REJECT, 0x80, NO_TEXT), "rejected"), 1);
	assert_int_equal(repeat(target_pdu(ISCSI_OP_ASYNC, 0x80, NO_TEXT), "Asynchronous Message"), 1);
	assert_int_equal(repeat(target_pdu(ISCSI_OP_LOGIN_RSP, 0x80, NO_TEXT), "Login Response"), 1);
	assert_int_equal(repeat(target_pdu(0x3e, 0x80, NO_TEXT), "opcode 0x3e"), 1);
	wrong.bhs[19] = 1;
	assert_int_equal(repeat(wrong, "another request"), 1);
}

static void pings_are_echoed(void **state)
{
	struct got g = { .warnings = 0 };
	struct sendtargets_action a;
	struct sendtargets *s = begun(&g, &a);
	struct iscsi_pdu ping = target_pdu(ISCSI_OP_NOP_IN, 0x80, "ping", 4);

	(void)state;
	target_put32(ping.bhs + 16, NONE);
	target_put32(ping.bhs + 20, 42);
	target_put32(ping.bhs + 24, 20);
	feed(s, ping, &a, SENDTARGETS_SEND);
	assert_int_equal(a.pdu.bhs[0], 0x40);
	assert_memory_equal(a.pdu.bhs + 16, "\xff\xff\xff\xff\0\0\0\x2a\0\0\0\7\0\0\0\x15", 16);
	assert_int_equal(a.pdu.len, 4);
	assert_memory_equal(a.pdu.data, "ping", 4);
	target_put32(ping.bhs + 20, NONE);
	feed(s, ping, &a, SENDTARGETS_WAIT);
	feed(s, target_text(TARGET_T, NONE, NO_TEXT), &a, SENDTARGETS_DONE);
	assert_int_equal(sendtargets_exp_statsn(s), 1);
	assert_int_equal(sendtargets_cmdsn(s), 7);
	sendtargets_free(s);
}

static void a_callback_that_fails_ends_it(void **state)
{
	struct got g = { .fail_at = 2 };
	struct sendtargets_action a;
	struct sendtargets *s = begun(&g, &a);

	(void)state;
	feed(s, target_text(TARGET_T, NONE, TEXT("TargetName=iqn.2001-04.com:a\0TargetName=iqn.2001-04.com:b")), &a,
		SENDTARGETS_FAILED);
	assert_string_equal(strbuf_str(&g.list), "iqn.2001-04.com:a here;");
	assert_non_null(strstr(a.err.text, "No space left"));
	sendtargets_free(s);
	strbuf_free(&g.list);
}

static void memory_may_run_out_anywhere(void **state)
{
	struct sendtargets_config c = { .found = found };
	struct sendtargets_action a;
	struct sendtargets *s;

	(void)state;
	x_fail_at(1);
	assert_int_equal(sendtargets_new(&c, &s), -ENOMEM);
	assert_int_equal(sendtargets_new(&c, &s), 0);
	x_fail_at(1);
	sendtargets_start(s, &a);
	assert_int_equal(a.kind, SENDTARGETS_FAILED);
	assert_int_equal(a.err.code, MISCSI_ERR_NOMEM);
	sendtargets_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_asks_for_all),
		cmocka_unit_test(targets_come_with_their_portals),
		cmocka_unit_test(what_is_bad_is_left_out_alone),
		cmocka_unit_test(names_of_no_format_are_listed),
		cmocka_unit_test(left_out_parts_are_reported_once_and_counted),
		cmocka_unit_test(warnings_are_one_harmless_line),
		cmocka_unit_test(text_may_be_cut_anywhere),
		cmocka_unit_test(endless_lists_end),
		cmocka_unit_test(pdus_without_text_end_it),
		cmocka_unit_test(broken_answers_end_it),
		cmocka_unit_test(pings_are_echoed),
		cmocka_unit_test(a_callback_that_fails_ends_it),
		cmocka_unit_test(memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

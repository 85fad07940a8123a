/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of proto/text: what a list of key=value may be, its stream form at random cuts, numbers and binary
 * values. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "proto/text.h"
#include "target.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void refused(const char *text, size_t len, const char *why)
{
	struct text_list l;
	struct err err = ERR_INIT;

	assert_int_equal(text_parse(text, len, &l, &err), -EPROTO);
	assert_int_equal(err.code, MISCSI_ERR_FATAL_LOGIN);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", err.text, why);
	assert_int_equal(l.n, 0);
}

static void list_is_cut_into_pairs(void **state)
{
	struct text_list l;

	(void)state;
	assert_int_equal(text_parse(TEXT("HeaderDigest=None\0X-a.b=\0\0\0TargetAlias=a=b"), &l, NULL), 0);
	assert_int_equal(l.n, 3);
	assert_string_equal(text_get(&l, "HeaderDigest"), "None");
	assert_string_equal(text_get(&l, "X-a.b"), "");
	assert_string_equal(text_get(&l, "TargetAlias"), "a=b");
	assert_null(text_get(&l, "headerdigest"));
	text_free(&l);
	assert_int_equal(text_parse(NULL, 0, &l, NULL), 0);
	assert_int_equal(l.n, 0);
}

static void malformed_lists_are_refused(void **state)
{
	(void)state;
	refused("A=b", 3, "no NUL byte at its end");
	refused(TEXT("A=b\0novalue"), "no '='");
	refused(TEXT("=v"), "no key before the '='");
	refused(TEXT("A=1\0B=2\0A=1"), "the same key twice");
	refused(TEXT("A b=1"), "an invalid character in a key");
	refused(TEXT("1a=1"), "an invalid character in a key");
	refused(TEXT("A\x1b[0m=1"), "\\x1b[0m");
}

/* key (of k bytes) = value (of v bytes) */
static int parse_sized(const char *key, size_t k, size_t v)
{
	struct strbuf b = STRBUF_INIT(0);
	struct text_list l;
	int ret;

	strbuf_puts(&b, key);
	while (b.len < k)
		strbuf_putc(&b, 'k');
	strbuf_putc(&b, '=');
	for (size_t i = 0; i < v; i++)
		strbuf_putc(&b, 'v');
	strbuf_putc(&b, 0);
	ret = text_parse(strbuf_str(&b), b.len, &l, NULL);
	text_free(&l);
	strbuf_free(&b);
	return ret;
}

static void lengths_are_limited_key_by_key(void **state)
{
	(void)state;
	assert_int_equal(parse_sized("K", 63, 255), 0);
	assert_int_equal(parse_sized("K", 64, 1), -EPROTO);
	assert_int_equal(parse_sized("K", 1, 256), -EPROTO);
	assert_int_equal(parse_sized("CHAP_C", 6, 2050), 0);
	assert_int_equal(parse_sized("CHAP_C", 6, 2051), -EPROTO);
	assert_int_equal(parse_sized("TargetName", 10, 223), 0);
	assert_int_equal(parse_sized("TargetName", 10, 224), -EPROTO);
	assert_int_equal(parse_sized("InitiatorName", 13, 224), -EPROTO);
	assert_int_equal(parse_sized("TargetAlias", 11, 256), -EPROTO);
}

static void pairs_are_limited_in_number(void **state)
{
	struct strbuf b = STRBUF_INIT(0);
	struct text_list l;

	(void)state;
	for (int i = 0; i < TEXT_PAIRS_MAX; i++) {
		strbuf_printf(&b, "K%d=1", i);
		strbuf_putc(&b, 0);
	}
	assert_int_equal(text_parse(strbuf_str(&b), b.len, &l, NULL), 0);
	assert_int_equal(l.n, TEXT_PAIRS_MAX);
	text_free(&l);
	text_add(&b, "Last", "1");
	refused(strbuf_str(&b), b.len, "more keys than RFC 7143 defines");
	strbuf_free(&b);
}

static void memory_may_run_out_anywhere(void **state)
{
	struct text_list l;

	(void)state;
	for (unsigned long nth = 1; nth <= 2; nth++) {
		x_fail_at(nth);
		assert_int_equal(text_parse(TEXT("A=b"), &l, NULL), -ENOMEM);
	}
}

struct seen {
	struct strbuf text;
	int bad, stop_at;
};

static int gather(void *arg, const struct text_pair *pair, const struct err *bad)
{
	struct seen *s = arg;

	if (bad) {
		assert_null(pair->value);
		assert_true(*bad->text);
		s->bad++;
		return 0;
	}
	text_add(&s->text, pair->key, pair->value);
	return s->stop_at && !--s->stop_at ? -ECANCELED : 0;
}

static void stream_gives_the_same_at_random_cuts(void **state)
{
	static const char all[] = "TargetName=iqn.2026-01.a:b\0TargetAddress=10.0.0.1:3260,1\0\0bad\0X=\0TargetName=eui.02";

	(void)state;
	srandom(1);
	for (int round = 0; round < 500; round++) {
		struct text_cutter c = { .len = 0 };
		struct seen s = { .bad = 0 };

		for (size_t at = 0, n; at < sizeof(all); at += n) {
			n = (size_t)random() % 20 + 1;
			n = n < sizeof(all) - at ? n : sizeof(all) - at;
			assert_int_equal(text_cutter_feed(&c, all + at, n, gather, &s), 0);
		}
		assert_false(text_cutter_pending(&c));
		assert_int_equal(s.bad, 1);
		assert_int_equal(s.text.len, sizeof(all) - 1 - 4);
		strbuf_free(&s.text);
	}
}

static void stream_survives_a_pair_without_end(void **state)
{
	struct text_cutter c = { .len = 0 };
	struct seen s = { .bad = 0 };

	(void)state;
	for (int i = 0; i < 1600; i++)
		assert_int_equal(text_cutter_feed(&c, "K=aaaaaaaa", 10, gather, &s), 0);
	assert_true(text_cutter_pending(&c));
	assert_int_equal(text_cutter_feed(&c, TEXT("\0A=b\0C=d"), gather, &s), 0);
	assert_int_equal(s.bad, 1);
	assert_int_equal(s.text.len, 8);
	s.stop_at = 1;
	assert_int_equal(text_cutter_feed(&c, TEXT("A=b\0C=d"), gather, &s), -ECANCELED);
	assert_int_equal(s.text.len, 12);
	strbuf_free(&s.text);
}

/* The longest that any key could have is skipped, a byte more is the end: who sends that may never stop. */
static void a_pair_without_end_is_not_waited_for(void **state)
{
	char value[TEXT_PAIR_MAX + 1];

	(void)state;
	memset(value, 'a', sizeof(value));
	memcpy(value, "K=", 2);
	for (size_t piece = 1; piece <= sizeof(value); piece = piece * 3 + 1) {
		struct text_cutter c = { .len = 0 };
		struct seen s = { .bad = 0 };

		for (size_t at = 0; at < TEXT_PAIR_MAX; at += piece)
			assert_int_equal(text_cutter_feed(&c, value + at, at + piece < TEXT_PAIR_MAX ? piece : TEXT_PAIR_MAX - at,
						 gather, &s),
				0);
		assert_int_equal(s.bad, 0);
		assert_int_equal(text_cutter_feed(&c, "a", 1, gather, &s), -EMSGSIZE);
		strbuf_free(&s.text);
	}
}

static void binary_is(const char *value, size_t size, int ret, const char *bytes, size_t len)
{
	uint8_t got[32];
	size_t n = 99;

	assert_int_equal(text_decode_binary(value, got, size, &n), ret);
	if (ret)
		return;
	assert_int_equal(n, len);
	assert_memory_equal(got, bytes, len);
}

static void binary_values_are_hex_or_base64(void **state)
{
	(void)state;
	binary_is("0x00fFa5", 3, 0, "\x00\xff\xa5", 3);
	binary_is("0X1", 1, 0, "\x01", 1);
	binary_is("0x123", 2, 0, "\x01\x23", 2);
	binary_is("0x001122", 2, -EFBIG, NULL, 0);
	binary_is("0x", 8, -EINVAL, NULL, 0);
	binary_is("0x0g", 8, -EINVAL, NULL, 0);
	binary_is("0bAAEC", 3, 0, "\x00\x01\x02", 3);
	binary_is("0bAAE=", 3, 0, "\x00\x01", 2);
	binary_is("0BAA==", 3, 0, "\x00", 1);
	binary_is("0bAAEC", 2, -EFBIG, NULL, 0);
	binary_is("0bAAE", 8, -EINVAL, NULL, 0);
	binary_is("0bAAF=", 8, -EINVAL, NULL, 0); /* bits left over are not zero */
	binary_is("0bA===", 8, -EINVAL, NULL, 0);
	binary_is("0bAA=A", 8, -EINVAL, NULL, 0);
	binary_is("0b", 8, -EINVAL, NULL, 0);
	binary_is("", 8, -EINVAL, NULL, 0);
	binary_is("0", 8, -EINVAL, NULL, 0);
	binary_is("1234", 8, -EINVAL, NULL, 0);
}

static void numbers_are_decimal_or_hex(void **state)
{
	uint64_t n;

	(void)state;
	assert_int_equal(text_decode_number("0", &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(text_decode_number("0x1F", &n), 0);
	assert_int_equal(n, 31);
	assert_int_equal(text_decode_number("18446744073709551615", &n), 0);
	assert_true(n == UINT64_MAX);
	assert_int_equal(text_decode_number("18446744073709551616", &n), -ERANGE);
	for (const char *const *bad = (const char *const[]){ "", "-1", "+1", " 1", "1 ", "0x", "1a", NULL }; *bad; bad++)
		assert_int_equal(text_decode_number(*bad, &n), -EINVAL);
}

static void what_is_built_is_what_was_meant(void **state)
{
	struct strbuf b = STRBUF_INIT(0);

	(void)state;
	text_add(&b, "SendTargets", "All");
	text_addf(&b, "CHAP_I", "%u", 7);
	text_add_binary(&b, "CHAP_R", "\x00\xff", 2);
	assert_int_equal(b.len, sizeof("SendTargets=All\0CHAP_I=7\0CHAP_R=0x00ff"));
	assert_memory_equal(strbuf_str(&b), "SendTargets=All\0CHAP_I=7\0CHAP_R=0x00ff", b.len);
	strbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_is_cut_into_pairs),
		cmocka_unit_test(malformed_lists_are_refused),
		cmocka_unit_test(lengths_are_limited_key_by_key),
		cmocka_unit_test(pairs_are_limited_in_number),
		cmocka_unit_test(memory_may_run_out_anywhere),
		cmocka_unit_test(stream_gives_the_same_at_random_cuts),
		cmocka_unit_test(stream_survives_a_pair_without_end),
		cmocka_unit_test(binary_values_are_hex_or_base64),
		cmocka_unit_test(numbers_are_decimal_or_hex),
		cmocka_unit_test(a_pair_without_end_is_not_waited_for),
		cmocka_unit_test(what_is_built_is_what_was_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of base/strbuf: bounds, failed memory, and the escaping that keeps hostile text on one line of one terminal. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "base/strbuf.h"
#include <errno.h>
#include <string.h>

static void appends_make_one_string(void **state)
{
	struct strbuf b = STRBUF_INIT(0);

	(void)state;
	assert_string_equal(strbuf_str(&b), "");
	strbuf_puts(&b, "one");
	strbuf_putc(&b, ' ');
	strbuf_printf(&b, "%d %s", 2, "three");
	strbuf_add(&b, "\0x", 2);
	assert_int_equal(b.len, 13);
	assert_memory_equal(b.s, "one 2 three\0x", 14);
	assert_int_equal(strbuf_error(&b), 0);
	strbuf_free(&b);
}

static void large_ones_grow(void **state)
{
	struct strbuf b = STRBUF_INIT(0);

	(void)state;
	for (int i = 0; i < 20000; i++)
		strbuf_printf(&b, "%05d", i);
	assert_int_equal(b.len, 100000);
	assert_memory_equal(b.s + 5 * 12345, "12345", 5);
	strbuf_free(&b);
}

static void the_bound_is_kept_and_failure_stays(void **state)
{
	struct strbuf b = STRBUF_INIT(5);

	(void)state;
	strbuf_puts(&b, "12345");
	assert_int_equal(strbuf_error(&b), 0);
	strbuf_putc(&b, '6');
	assert_int_equal(strbuf_error(&b), -EFBIG);
	strbuf_puts(&b, "x");
	strbuf_printf(&b, "y");
	strbuf_escape(&b, "z", 1);
	assert_string_equal(strbuf_str(&b), "12345");
	assert_null(strbuf_steal(&b));
	strbuf_reset(&b);
	strbuf_printf(&b, "%s", "abcdef");
	assert_int_equal(strbuf_error(&b), -EFBIG);
	strbuf_reset(&b);
	strbuf_add(&b, "x", SIZE_MAX);
	assert_int_equal(strbuf_error(&b), -EFBIG);
	strbuf_free(&b);
}

static void failed_memory_keeps_what_there_was(void **state)
{
	struct strbuf b = STRBUF_INIT(0);

	(void)state;
	strbuf_puts(&b, "kept");
	x_fail_at(1);
	strbuf_printf(&b, "%0500d", 1);
	assert_int_equal(strbuf_error(&b), -ENOMEM);
	assert_string_equal(strbuf_str(&b), "kept");
	strbuf_free(&b);
	x_fail_at(1);
	assert_null(strbuf_steal(&b));
	assert_int_equal(strbuf_error(&b), -ENOMEM);
	assert_string_equal(strbuf_str(&b), "");
	strbuf_free(&b);
}

static void stolen_strings_are_the_callers(void **state)
{
	struct strbuf b = STRBUF_INIT(100);
	char *s;

	(void)state;
	strbuf_puts(&b, "mine");
	s = strbuf_steal(&b);
	assert_string_equal(s, "mine");
	x_free(s);
	s = strbuf_steal(&b);
	assert_string_equal(s, "");
	x_free(s);
	strbuf_puts(&b, "again");
	assert_string_equal(strbuf_str(&b), "again");
	strbuf_free(&b);
}

/* Each: what comes in, what is shown. */
static const struct {
	const char *in, *out;
} escapes[] = {
	{ "iqn.2016-04.com.x:a b~", "iqn.2016-04.com.x:a b~" },
	{ "gr\xc3\xbc\xc3\x9f \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x92\xbe",
		"gr\xc3\xbc\xc3\x9f \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x92\xbe" },
	{ "a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd" }, { "\x1b[2J", "\\x1b[2J" }, { "\x7f", "\\x7f" },
	{ "back\\slash", "back\\\\slash" }, { "\xff\xfe", "\\xff\\xfe" }, { "\xc3", "\\xc3" }, /* cut short */
	{ "\xe6\x97", "\\xe6\\x97" }, { "\xc3(", "\\xc3(" }, { "\xc0\xaf", "\\xc0\\xaf" }, /* overlong */
	{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" }, { "\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* surrogate */
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* beyond U+10FFFF */
	{ "\xc2\x9b"
	  "31m",
		"\\xc2\\x9b31m" }, /* C1: CSI */
	{ "\xe2\x80\xae", "\\xe2\\x80\\xae" }, /* U+202E */
	{ "\xe2\x80\xaa", "\\xe2\\x80\\xaa" }, /* U+202A */
	{ "\xe2\x81\xa6", "\\xe2\\x81\\xa6" }, /* U+2066 */
	{ "\xe2\x81\xa9", "\\xe2\\x81\\xa9" }, /* U+2069 */
	{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8" }, /* line separator */
	{ "\xef\xbf\xbf", "\\xef\\xbf\\xbf" }, /* no character */
	{ "\xe2\x80\x94", "\xe2\x80\x94" }, /* a dash stays */
};

static void escaped_text_obeys_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
		struct strbuf b = STRBUF_INIT(0);
		char fixed[128];

		strbuf_escape(&b, escapes[i].in, strlen(escapes[i].in));
		assert_string_equal(strbuf_str(&b), escapes[i].out);
		str_escape(fixed, sizeof(fixed), escapes[i].in, strlen(escapes[i].in));
		assert_string_equal(fixed, escapes[i].out);
		strbuf_free(&b);
	}
}

static void every_pair_of_bytes_escapes_to_printable_text(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 0x10000; i++) {
		const uint8_t in[2] = { (uint8_t)(i >> 8), (uint8_t)i };
		char out[16];

		str_escape(out, sizeof(out), in, 2);
		for (const char *p = out; *p; p++)
			assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
	}
}

static void fixed_buffers_are_cut_between_pieces(void **state)
{
	char out[6];
	char guard = '!';

	(void)state;
	assert_string_equal(str_escape(out, sizeof(out), "ab\n", 3), "ab");
	assert_string_equal(str_escape(out, sizeof(out), "a\nb", 3), "a\\x0a");
	assert_string_equal(str_escape(out, 1, "a", 1), "");
	assert_string_equal(str_escape(&guard, 0, "a", 1), "");
	assert_int_equal(guard, '!');
	assert_string_equal(str_escape(out, sizeof(out), "a\0b", 3), "a\\x00");
	assert_string_equal(str_escape(out, sizeof(out), NULL, 0), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_make_one_string),
		cmocka_unit_test(large_ones_grow),
		cmocka_unit_test(the_bound_is_kept_and_failure_stays),
		cmocka_unit_test(failed_memory_keeps_what_there_was),
		cmocka_unit_test(stolen_strings_are_the_callers),
		cmocka_unit_test(escaped_text_obeys_the_table),
		cmocka_unit_test(every_pair_of_bytes_escapes_to_printable_text),
		cmocka_unit_test(fixed_buffers_are_cut_between_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

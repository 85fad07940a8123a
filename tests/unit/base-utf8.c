/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of base/utf8 and base/ascii: every first and last character of a length, and each way of being none.
 */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "base/ascii.h"
#include "base/utf8.h"
#include <string.h>

/* On the heap and to the byte, so that a read beyond len is seen by AddressSanitizer. */
static size_t decode(const char *bytes, size_t len, uint32_t *out)
{
	char *copy = test_malloc(len ? len : 1);
	size_t n;

	memcpy(copy, bytes, len);
	n = utf8_decode(copy, len, out);
	test_free(copy);
	return n;
}

static void first_and_last_of_each_length_are_read(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		uint32_t c;
	} rows[] = {
		{ "\0", 1, 0 },
		{ "\x7f", 1, 0x7f },
		{ "\xc2\x80", 2, 0x80 },
		{ "\xdf\xbf", 2, 0x7ff },
		{ "\xe0\xa0\x80", 3, 0x800 },
		{ "\xec\xbf\xbf", 3, 0xcfff },
		{ "\xed\x9f\xbf", 3, 0xd7ff },
		{ "\xee\x80\x80", 3, 0xe000 },
		{ "\xef\xbf\xbf", 3, 0xffff },
		{ "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf3\xa0\x80\x81", 4, 0xe0001 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
	};
	char more[8];
	uint32_t c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(decode(rows[i].bytes, rows[i].n, &c), rows[i].n);
		assert_int_equal(c, rows[i].c);
		memset(more, 0x80, sizeof(more));
		memcpy(more, rows[i].bytes, rows[i].n);
		assert_int_equal(decode(more, sizeof(more), &c), rows[i].n);
		/* Cut off anywhere it is none. */
		for (size_t cut = 0; cut < rows[i].n; cut++)
			assert_int_equal(decode(rows[i].bytes, cut, &c), 0);
	}
}

static void what_is_none_is_refused(void **state)
{
	static const char *const rows[] = {
		"\x80zzz",
		"\xbf\x80\x80\x80", /* begins in the middle */
		"\xc0\xaf",
		"\xc1\xbf",
		"\xe0\x80\xaf",
		"\xe0\x9f\xbf",
		"\xf0\x80\x80\xaf",
		"\xf0\x8f\xbf\xbf", /* too long */
		"\xed\xa0\x80",
		"\xed\xbf\xbf", /* surrogates */
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xf7\xbf\xbf\xbf",
		"\xf8\x88\x80\x80",
		"\xfe",
		"\xff", /* beyond */
		"\xc3(",
		"\xe2\x82(",
		"\xe2(\x82",
		"\xf0\x9f\x98(",
		"\xf0\x9f(\x98",
		"\xf0(\x9f\x98",
		"\xc3\xc3",
	};
	uint32_t c = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(decode(rows[i], strlen(rows[i]), &c), 0);
	assert_int_equal(c, 7);
}

/* Every code point, encoded here by RFC 3629's table: read again if it is a character, and only then. */
static void every_character_is_read(void **state)
{
	uint32_t c;

	(void)state;
	for (uint32_t u = 0x80; u < 0x120000; u++) {
		size_t n = u < 0x800 ? 2 : u < 0x10000 ? 3 : 4, got;
		uint8_t b[4];

		for (size_t i = 1; i < n; i++)
			b[i] = 0x80 | (u >> 6 * (n - 1 - i) & 0x3f);
		b[0] = (uint8_t)(0xf00 >> n) | (uint8_t)(u >> 6 * (n - 1));
		got = utf8_decode(b, n, &c);
		assert_int_equal(got, u > 0x10ffff || (u >= 0xd800 && u < 0xe000) ? 0 : n);
		if (got)
			assert_int_equal(c, u);
	}
}

static void ascii_is_not_the_locale(void **state)
{
	(void)state;
	for (int i = -128; i < 128; i++) {
		char c = (char)i;
		const char *hex = i > 0 ? strchr("0123456789abcdef", c) : NULL;
		const char *upper = i > 0 ? strchr("0123456789ABCDEF", c) : NULL;

		assert_int_equal(ascii_digit(c), i >= '0' && i <= '9');
		assert_int_equal(ascii_alnum(c),
			i > 0 && strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", c) != NULL);
		assert_int_equal(ascii_hex(c), hex ? hex - "0123456789abcdef" : upper ? upper - "0123456789ABCDEF" : -1);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_and_last_of_each_length_are_read),
		cmocka_unit_test(what_is_none_is_refused),
		cmocka_unit_test(every_character_is_read),
		cmocka_unit_test(ascii_is_not_the_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

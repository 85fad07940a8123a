/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The digests of a static program are those of libcrypto, for every length and however the input is divided. */
#define digest_usable own_usable
#define digest_make own_make
#define digest_random own_random
#define digest_equal own_equal
#include "proto/digest_static.c"
#undef digest_usable
#undef digest_make
#undef digest_random
#undef digest_equal
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#define LONGEST 700
#define OF_SIZE(kind) ((kind) == DIGEST_MD5 ? 16u : (kind) == DIGEST_SHA1 ? 20u : 32u)

bool digest_usable(enum digest_kind kind);
int digest_make(enum digest_kind kind, const struct digest_part *parts, size_t n, uint8_t *out);

static void own_digests_are_those_of_libcrypto(void **state)
{
	uint8_t bytes[LONGEST], own[DIGEST_MAX], theirs[DIGEST_MAX];

	(void)state;
	for (size_t i = 0; i < LONGEST; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	for (enum digest_kind kind = DIGEST_MD5; kind <= DIGEST_SHA3_256; kind++) {
		if (!digest_usable(kind))
			continue; /* FIPS mode */
		for (size_t len = 0; len <= LONGEST; len++) {
			const struct digest_part whole = { bytes, len };
			const struct digest_part parts[] = { { bytes, len / 3 }, { NULL, 0 }, { bytes + len / 3, 0 },
				{ bytes + len / 3, len - len / 3 } };

			assert_int_equal(digest_make(kind, &whole, 1, theirs), 0);
			assert_int_equal(own_make(kind, parts, ARRAY_SIZE(parts), own), 0);
			assert_memory_equal(own, theirs, OF_SIZE(kind));
		}
	}
}

/* RFC 1321 A.5, FIPS 180-4 and FIPS 202: of "abc". */
static void own_digests_are_those_of_the_standards(void **state)
{
	static const uint8_t begin[][4] = { [DIGEST_MD5] = { 0x90, 0x01, 0x50, 0x98 },
		[DIGEST_SHA1] = { 0xa9, 0x99, 0x3e, 0x36 },
		[DIGEST_SHA256] = { 0xba, 0x78, 0x16, 0xbf },
		[DIGEST_SHA3_256] = { 0x3a, 0x98, 0x5d, 0xa7 } };
	const struct digest_part abc = { "abc", 3 };
	uint8_t out[DIGEST_MAX];

	(void)state;
	for (enum digest_kind kind = DIGEST_MD5; kind <= DIGEST_SHA3_256; kind++) {
		assert_true(own_usable(kind));
		assert_int_equal(own_make(kind, &abc, 1, out), 0);
		assert_memory_equal(out, begin[kind], sizeof(begin[kind]));
	}
}

static void random_bytes_differ_and_comparison_sees_each_byte(void **state)
{
	uint8_t a[DIGEST_MAX], b[DIGEST_MAX];

	(void)state;
	assert_int_equal(own_random(a, sizeof(a)), 0);
	assert_int_equal(own_random(b, sizeof(b)), 0);
	assert_false(own_equal(a, b, sizeof(a)));
	for (size_t i = 0; i < sizeof(a); i++) {
		memcpy(b, a, sizeof(a));
		assert_true(own_equal(a, b, sizeof(a)));
		b[i] ^= 0x80;
		assert_false(own_equal(a, b, sizeof(a)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_digests_are_those_of_libcrypto),
		cmocka_unit_test(own_digests_are_those_of_the_standards),
		cmocka_unit_test(random_bytes_differ_and_comparison_sees_each_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

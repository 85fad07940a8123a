/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of proto/chap. The expected responses were computed by another implementation: digest(id 0x27, "initiator-secret", 00 01
 * .. 0f), and for the target's side digest(id 0x5a, "target-secret!!", 0x5a over the digest's length).
 */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "proto/chap.h"
#include "target.h"
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define OURS \
	{ \
		(uint8_t *)(uintptr_t) "initiator-secret", 16 \
	}
#define THEIRS \
	{ \
		(uint8_t *)(uintptr_t) "target-secret!!", 15 \
	}
#define CHALLENGE "CHAP_I=39\0CHAP_C=0x000102030405060708090a0b0c0d0e0f"

static const struct {
	enum chap_alg alg;
	const char *name, *challenge, *response, *proof;
} vectors[] = {
	{ CHAP_MD5, "MD5", "CHAP_A=5", "CHAP_R=0xdd76f78b3a62581fd20f849ba115cda7", "CHAP_R=0x7db70f54631edb76102ce5fa6ad8da27" },
	{ CHAP_SHA1, "SHA1", "CHAP_A=6", "CHAP_R=0x1a353d5bab842cd11ad91bbd95c301bd476c2a54",
		"CHAP_R=0x327f6c029b6b115e13657aa9670b2aeec082e24a" },
	{ CHAP_SHA256, "SHA256", "CHAP_A=7", "CHAP_R=0xbbac62a49872956d7159236ae7687d49b6c03699e97de112d0705269889b315d",
		"CHAP_R=0xc793beeb54abc9f9318da3f3155a99c861216c1e1df72df236e83844fec6e51c" },
	{ CHAP_SHA3_256, "SHA3-256", "CHAP_A=8", "CHAP_R=0xa4b7f2132ea64e31fc6047b1972fb816e2f62b8a4b35f29d2174af0bfddcaa07",
		"CHAP_R=0x74f6fa8908c4839ce5c45d870506188d4abf6577b850d0c375a00bc9effd26a6" },
};

static int random_5a(void *arg, void *bytes, size_t len)
{
	(void)arg;
	memset(bytes, 0x5a, len);
	return 0;
}

static int random_none(void *arg, void *bytes, size_t len)
{
	(void)arg;
	(void)bytes;
	(void)len;
	return -EIO;
}

static struct chap_config settings(bool mutual)
{
	struct chap_config c = { .name = "user", .secret = OURS, .random = random_5a };

	if (mutual)
		c.secret_in = (struct secret)THEIRS;
	return c;
}

static struct chap *begun(const struct chap_config *config, struct strbuf *out)
{
	struct chap *c;

	assert_int_equal(chap_new(config, &c, NULL), 0);
	chap_offer(c, out);
	return c;
}

/* One text of the target's; what we say to it comes back in *out. */
static int step(struct chap *c, const char *text, size_t len, struct strbuf *out, struct err *err)
{
	struct text_list l;
	int ret;

	strbuf_reset(out);
	assert_int_equal(text_parse(text, len, &l, NULL), 0);
	ret = chap_step(c, &l, out, err);
	text_free(&l);
	return ret;
}

static bool says(const struct strbuf *out, const char *pair)
{
	struct iscsi_pdu pdu = { .data = (const uint8_t *)strbuf_str(out), .len = out->len };

	return request_says(&pdu, pair);
}

/* A new exchange up to one text of the target's: what comes of it. */
static int answer(bool mutual, const char *text, size_t len, struct err *err)
{
	struct chap_config config = settings(mutual);
	struct strbuf out = STRBUF_INIT(0);
	struct chap *c = begun(&config, &out);
	int ret;

	err_clear(err);
	ret = step(c, text, len, &out, err);
	assert_true(!ret || (err->code && *err->text));
	strbuf_free(&out);
	chap_free(c);
	return ret;
}

static void responses_are_those_of_rfc_1994(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct chap_config config = settings(true);
		struct strbuf out = STRBUF_INIT(0), text = STRBUF_INIT(0);
		struct chap *c = begun(&config, &out);

		strbuf_add(&text, vectors[i].challenge, strlen(vectors[i].challenge) + 1);
		strbuf_add(&text, TEXT(CHALLENGE));
		assert_int_equal(step(c, strbuf_str(&text), text.len, &out, NULL), 0);
		assert_true(says(&out, "CHAP_N=user"));
		assert_true(says(&out, vectors[i].response));
		assert_true(says(&out, "CHAP_I=90"));
		assert_true(chap_may_transit(c) && !chap_done(c));
		assert_int_equal(chap_alg(c), vectors[i].alg);
		strbuf_reset(&text);
		strbuf_add(&text, TEXT("CHAP_N=whoever"));
		strbuf_add(&text, vectors[i].proof, strlen(vectors[i].proof) + 1);
		assert_int_equal(step(c, strbuf_str(&text), text.len, &out, NULL), 0);
		assert_true(chap_done(c));
		strbuf_free(&out);
		strbuf_free(&text);
		chap_free(c);
	}
}

static void the_offer_is_in_the_order_of_preference(void **state)
{
	struct chap_config config = settings(false);
	struct strbuf out = STRBUF_INIT(0);

	(void)state;
	chap_free(begun(&config, &out));
	assert_true(says(&out, "CHAP_A=8,7,6,5"));
	strbuf_reset(&out);
	assert_int_equal(chap_algs_parse("sha256, MD5,SHA256", &config, NULL), 0);
	chap_free(begun(&config, &out));
	assert_true(says(&out, "CHAP_A=7,5"));
	assert_int_equal(chap_algs_parse("MD5,SHA512", &config, NULL), -EINVAL);
	assert_int_equal(chap_algs_parse("", &config, NULL), 0);
	assert_int_equal(config.n_algs, 0);
	strbuf_free(&out);
}

/* As in FIPS mode, where MD5 cannot be fetched: here nothing can, for no provider claims to be FIPS. */
static void what_the_crypto_library_refuses_is_not_offered(void **state)
{
	struct chap_config config = settings(false);
	struct chap *c = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(EVP_set_default_properties(NULL, "fips=yes"), 1);
	assert_int_equal(chap_new(&config, &c, &err), -EINVAL);
	EVP_set_default_properties(NULL, "");
	assert_int_equal(err.code, MISCSI_ERR_INVAL);
	assert_non_null(strstr(err.text, "FIPS"));
}

static void one_way_ends_with_our_response(void **state)
{
	struct chap_config config = settings(false);
	struct strbuf out = STRBUF_INIT(0);
	struct chap *c = begun(&config, &out);

	(void)state;
	assert_int_equal(step(c, TEXT("TargetAlias=x"), &out, NULL), 0);
	assert_int_equal(out.len, 0);
	assert_false(chap_may_transit(c));
	assert_int_equal(step(c, TEXT("CHAP_A=7\0" CHALLENGE), &out, NULL), 0);
	assert_true(chap_done(c) && !chap_mutual(c));
	assert_false(says(&out, "CHAP_I=90"));
	assert_int_equal(step(c, TEXT("CHAP_N=t\0CHAP_R=0x00"), &out, NULL), -EPROTO);
	strbuf_free(&out);
	chap_free(c);
}

static void settings_that_cannot_work_are_named(void **state)
{
	struct chap_config equal = settings(true), named = settings(false), none = settings(false), anonymous = settings(false);
	struct chap_config *all[] = { &equal, &named, &none, &anonymous };
	static const char *const texts[] = { "the same", "without password_in", "not set", "not set" };

	(void)state;
	equal.secret_in = equal.secret;
	named.name_in = "target";
	none.secret = (struct secret){ 0 };
	anonymous.name = "";
	for (size_t i = 0; i < 4; i++) {
		struct err err = ERR_INIT;
		struct chap *c;

		assert_int_equal(chap_new(all[i], &c, &err), i < 2 ? -EINVAL : -EACCES);
		assert_int_equal(err.code, i < 2 ? MISCSI_ERR_INVAL : MISCSI_ERR_LOGIN_AUTH_FAILED);
		assert_non_null(strstr(err.text, texts[i]));
		assert_null(strstr(err.text, "initiator-secret"));
	}
}

static void challenges_are_checked(void **state)
{
	char huge[9 + 10 + 9 + 2050 + 1];
	struct err err;
	size_t len;

	(void)state;
	assert_int_equal(answer(false, TEXT("CHAP_A=9\0" CHALLENGE), &err), -EPROTO);
	assert_int_equal(answer(false, TEXT(CHALLENGE), &err), -EPROTO);
	assert_int_equal(answer(false, TEXT("CHAP_A=Reject"), &err), -EACCES);
	assert_int_equal(err.code, MISCSI_ERR_LOGIN_AUTH_FAILED);
	assert_int_equal(answer(false, TEXT("CHAP_A=7\0CHAP_I=256\0CHAP_C=0x01"), &err), -EPROTO);
	assert_int_equal(answer(false, TEXT("CHAP_A=7\0CHAP_C=0x01"), &err), -EPROTO);
	assert_int_equal(answer(false, TEXT("CHAP_A=7\0CHAP_I=1"), &err), -EPROTO);
	assert_string_equal(
		err.text, "the CHAP authentication failed, because the target sent an empty challenge, or none (CHAP_C)");
	assert_int_equal(answer(false, TEXT("CHAP_A=7\0CHAP_I=1\0CHAP_C=01"), &err), -EPROTO);
	assert_int_equal(answer(false, TEXT("CHAP_A=7\0CHAP_I=1\0CHAP_C=0x"), &err), -EPROTO);
	assert_int_equal(answer(false, TEXT("CHAP_A=7\0CHAP_I=1\0CHAP_C=0x01\0CHAP_N=t"), &err), -EPROTO);
	assert_int_equal(answer(false, TEXT("CHAP_A=7\0CHAP_I=1\0CHAP_C=0b/+8="), &err), 0);
	memcpy(huge, "CHAP_A=7\0CHAP_I=255\0CHAP_C=0x", 29);
	len = 29;
	memset(huge + len, 'a', 2048);
	huge[len + 2048] = 0;
	assert_int_equal(answer(false, huge, len + 2049, &err), 0);
	/* the same length in base64 holds more than 1024 bytes */
	memcpy(huge + 27, "0b", 2);
	assert_int_equal(answer(false, huge, len + 2049, &err), -EPROTO);
	assert_non_null(strstr(err.text, "1024"));
}

static void our_own_challenge_sent_back_is_refused(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(answer(true, TEXT("CHAP_A=5\0CHAP_I=90\0CHAP_C=0x5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"), &err), -EPROTO);
	assert_non_null(strstr(err.text, "the initiator's own challenge"));
	assert_int_equal(answer(false, TEXT("CHAP_A=5\0CHAP_I=90\0CHAP_C=0x5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"), &err), 0);
}

static void a_target_that_does_not_prove_itself_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {
		{ TEXT("CHAP_N=target\0CHAP_R=0x7db70f54631edb76102ce5fa6ad8da28") }, /* a bit off */
		{ TEXT("CHAP_N=target\0CHAP_R=0xdd76f78b3a62581fd20f849ba115cda7") }, /* our own response */
		{ TEXT("CHAP_N=target\0CHAP_R=0x7db70f54631edb76102ce5fa6ad8da") },
		{ TEXT("CHAP_N=target\0CHAP_R=0x7db70f54631edb76102ce5fa6ad8da2700") },
		{ TEXT("CHAP_N=Target\0CHAP_R=0x7db70f54631edb76102ce5fa6ad8da27") },
		{ TEXT("CHAP_N=target") },
		{ TEXT("CHAP_R=0x7db70f54631edb76102ce5fa6ad8da27") },
		{ TEXT("CHAP_N=target\0CHAP_R=0x7db70f54631edb76102ce5fa6ad8da27\0CHAP_C=0x01") },
	};
	struct chap_config config = settings(true);

	(void)state;
	config.name_in = "target";
	for (size_t i = 0; i <= ARRAY_SIZE(bad); i++) {
		bool good = i == ARRAY_SIZE(bad);
		struct strbuf out = STRBUF_INIT(0);
		struct chap *c = begun(&config, &out);
		struct err err = ERR_INIT;

		assert_int_equal(step(c, TEXT("CHAP_A=5\0" CHALLENGE), &out, NULL), 0);
		if (good)
			assert_int_equal(
				step(c, TEXT("CHAP_N=target\0CHAP_R=0x7db70f54631edb76102ce5fa6ad8da27"), &out, &err), 0);
		else
			assert_int_equal(step(c, bad[i].text, bad[i].len, &out, &err), -EPROTO);
		assert_int_equal(err.code, good ? MISCSI_ERR_OK : MISCSI_ERR_FATAL_LOGIN);
		assert_int_equal(chap_done(c), good);
		strbuf_free(&out);
		chap_free(c);
	}
}

static void without_random_bytes_there_is_no_challenge(void **state)
{
	struct chap_config config = settings(true);
	struct strbuf out = STRBUF_INIT(0);
	struct err err = ERR_INIT;
	struct chap *c;

	(void)state;
	config.random = random_none;
	c = begun(&config, &out);
	assert_int_equal(step(c, TEXT("CHAP_A=5\0" CHALLENGE), &out, &err), -EIO);
	assert_false(chap_may_transit(c));
	chap_free(c);
	config.random = NULL; /* the crypto library's own */
	c = begun(&config, &out);
	assert_int_equal(step(c, TEXT("CHAP_A=5\0" CHALLENGE), &out, &err), 0);
	chap_free(c);
	strbuf_free(&out);
}

static void memory_may_run_out_anywhere(void **state)
{
	struct chap_config config = settings(true);
	struct chap *c;
	int ret = -ENOMEM;

	(void)state;
	config.name_in = "target";
	for (unsigned long nth = 1; ret; nth++) {
		x_fail_at(nth);
		ret = chap_new(&config, &c, NULL);
		assert_true(!ret || ret == -ENOMEM);
	}
	x_fail_at(0);
	chap_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(responses_are_those_of_rfc_1994),
		cmocka_unit_test(the_offer_is_in_the_order_of_preference),
		cmocka_unit_test(what_the_crypto_library_refuses_is_not_offered),
		cmocka_unit_test(one_way_ends_with_our_response),
		cmocka_unit_test(settings_that_cannot_work_are_named),
		cmocka_unit_test(challenges_are_checked),
		cmocka_unit_test(our_own_challenge_sent_back_is_refused),
		cmocka_unit_test(a_target_that_does_not_prove_itself_is_refused),
		cmocka_unit_test(without_random_bytes_there_is_no_challenge),
		cmocka_unit_test(memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

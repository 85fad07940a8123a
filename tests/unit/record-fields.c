/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of settings: every row is sound, and takes what it says and nothing else. */
#include <inttypes.h>
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "record/field.h"
#include "record/record.h"
#include "record/value.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define EACH(f) for (unsigned id = 0; id < FIELD_COUNT && ((f) = field_of(id)); id++)

static void takes(const struct field *f, const char *text)
{
	struct err err = ERR_INIT;

	if (field_check(f, text, NULL, &err))
		fail_msg("%s refuses '%s': %s", f->key, text, err.text);
}

static void refuses(const struct field *f, const char *text)
{
	struct err err = ERR_INIT;

	if (field_check(f, text, NULL, &err) != -EINVAL)
		fail_msg("%s takes '%s'", f->key, text);
	assert_int_equal(err.code, MISCSI_ERR_INVAL);
	/* The error names the key, and what is allowed. */
	assert_non_null(strstr(err.text, f->key));
	assert_non_null(strstr(err.text, "must be"));
	for (const char *s = err.text; *s; s++)
		assert_true((unsigned char)*s >= ' ');
}

static void every_row_is_complete(void **state)
{
	const struct field *f;

	(void)state;
	EACH(f)
	{
		size_t len = strlen(f->doc);

		assert_true(strlen(f->key) > 3 && f->kinds);
		if (len < 10 || f->doc[len - 1] != '.')
			fail_msg("%s has no sentence", f->key);
		if (*f->def)
			takes(f, f->def);
		if (*f->sysfs && strncmp(f->sysfs, "sess/", 5) && strncmp(f->sysfs, "conn/", 5) &&
			strncmp(f->sysfs, "iface/", 6) && strncmp(f->sysfs, "host/", 5))
			fail_msg("%s: sysfs %s", f->key, f->sysfs);
		/* Whoever asks for a value as text has a buffer of that size, and cuts what is longer. */
		if (f->type >= FIELD_TYPE_TEXT)
			assert_in_range(f->max, 1, RECORD_TEXT_MAX - 1);
		assert_true((f->kernel.table == FIELD_TABLE_NONE) == (f->kernel.param < 0 && f->kernel.param6 < 0));
	}
}

static void keys_and_aliases_are_unique_in_a_kind(void **state)
{
	const struct field *f;

	(void)state;
	EACH(f)
	{
		for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++) {
			enum field_id found;
			char buf[64];

			if (!field_in(f, kind))
				continue;
			assert_int_equal(
				field_find(kind, kind == RECORD_CONF ? field_conf_key(f, buf, sizeof(buf)) : f->key, &found), 0);
			assert_int_equal(found, id);
			for (unsigned n = 0; *f->aliases && value_item(f->aliases, ' ', n, buf, sizeof(buf)); n++) {
				assert_int_equal(field_find(kind, buf, &found), 0);
				assert_int_equal(found, id);
			}
		}
	}
}

static void kernel_numbers_are_unique_in_their_table(void **state)
{
	const struct field *f;
	bool seen[5][72] = { { false } };

	(void)state;
	EACH(f)
	{
		int p = f->kernel.param;

		if (f->kernel.table == FIELD_TABLE_NONE || p < 0)
			continue;
		assert_true(p < 72);
		if (seen[f->kernel.table - 1][p])
			fail_msg("%s: number %d is there twice", f->key, p);
		seen[f->kernel.table - 1][p] = true;
	}
}

static void numbers_end_where_the_row_says(void **state)
{
	static const char *const junk[] = { "", " 1", "1 ", "0x1", "1k", "many", "--1", "-", "+1", "1.0", "12345678901234567890",
		"\xd9\xa1", "1\n" };
	const struct field *f;
	char text[32];

	(void)state;
	EACH(f)
	{
		if (f->type != FIELD_TYPE_INT)
			continue;
		snprintf(text, sizeof(text), "%" PRId64, f->min);
		takes(f, text);
		snprintf(text, sizeof(text), "%" PRId64, f->max);
		takes(f, text);
		snprintf(text, sizeof(text), "%" PRId64, f->min - 1);
		refuses(f, text);
		snprintf(text, sizeof(text), "%" PRId64, f->max + 1);
		refuses(f, text);
		for (size_t i = 0; i < ARRAY_SIZE(junk); i++)
			refuses(f, junk[i]);
	}
}

static void enums_take_their_words_alone(void **state)
{
	const struct field *f;
	char word[32], longer[80];

	(void)state;
	EACH(f)
	{
		bool list = f->type == FIELD_TYPE_LIST;

		if (!*f->values)
			continue;
		for (unsigned n = 0; field_value(f, n, word, sizeof(word)); n++) {
			int64_t number = -2;

			assert_int_equal(field_check(f, word, &number, NULL), 0);
			assert_int_equal(number, list ? 1 : n);
			snprintf(longer, sizeof(longer), "%sx", word);
			refuses(f, longer);
			snprintf(longer, sizeof(longer), "%s,%s", word, word);
			refuses(f, longer);
			word[strlen(word) - 1] = '\0';
			refuses(f, word);
		}
		refuses(f, f->values);
		if (!(f->flags & FIELD_OPTIONAL))
			refuses(f, "");
	}
}

static void no_text_takes_a_control_character(void **state)
{
	static const char *const bad[] = { "a\nb", "a\rb", "a\tb", "\x1b[2J", "a\x7f", "\xc2\x9b", "a\xff", "\xed\xa0\x80", " a",
		"a " };
	const struct field *f;

	(void)state;
	EACH(f)
	for (size_t i = 0; !*f->values && i < ARRAY_SIZE(bad); i++)
		refuses(f, bad[i]);
}

static void texts_end_where_the_row_says(void **state)
{
	char text[2048];
	const struct field *f;

	(void)state;
	EACH(f)
	{
		size_t max = (size_t)f->max;

		if (f->type == FIELD_TYPE_PATH) {
			memset(text, 'x', 11 + 255);
			memcpy(text, "credential:", 11);
			text[11 + 255] = '\0';
			takes(f, text);
			text[11 + 255] = 'x';
			text[11 + 256] = '\0';
			refuses(f, text);
		}
		if (f->type != FIELD_TYPE_TEXT && f->type != FIELD_TYPE_SECRET && f->type != FIELD_TYPE_WORD &&
			f->type != FIELD_TYPE_COMMAND)
			continue;
		memset(text, 'x', sizeof(text));
		text[max] = '\0';
		takes(f, text);
		text[max] = 'x';
		text[max + 1] = '\0';
		refuses(f, text);
	}
}

static void what_becomes_a_path_cannot_leave_it(void **state)
{
	static const enum field_id ids[] = { FIELD_NODE_NAME, FIELD_CONN_ADDRESS, FIELD_IFACE_NAME, FIELD_DISC_ADDRESS };
	static const char *const bad[] = { "..", ".", "../x", "a/b", "/", "a/../../b", ".hidden", "a,b", "a b", "x/" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		for (size_t j = 0; j < ARRAY_SIZE(bad); j++)
			refuses(field_of(ids[i]), bad[j]);
}

static void forms_are_checked(void **state)
{
	static const struct {
		enum field_id id;
		const char *good[5], *bad[5];
	} rows[] = {
		{ FIELD_NODE_NAME,
			{ "iqn.2001-04.com.example:disk", "eui.0123456789abcdef", "naa.52004567ba64678d", "demo-tgt-b" },
			{ "", "iqn.2001-04.com.example:a*b", "a\\b", "a;b" } },
		{ FIELD_CONN_ADDRESS, { "192.0.2.1", "2001:db8::1", "fe80::1%eth0", "host.example" },
			{ "[::1]", "1.2.3", "::1::", "-x" } },
		{ FIELD_IFACE_HWADDRESS, { "00:11:22:33:44:55", "" },
			{ "zz", "00:11:22:33:44", "00-11-22-33-44-55", "00:11:22:33:44:5g" } },
		{ FIELD_FLASH_ISID, { "00023d000002" }, { "00023d00000", "00023d0000022", "00023d00000g" } },
		{ FIELD_SESSION_PASSWORD_FILE, { "/run/secret", "credential:chap", "credential:.my, own", "" },
			{ "secret", "credential:", "credential:a/b", "credential:..", "credential:a:b" } },
		{ FIELD_SESSION_PASSWORD_FILE, { "/" }, { "credential:.", "credential:\xc3\xa4", "Credential:a", "credential" } },
		{ FIELD_IFACE_NAME, { "192.0.2.10:3260:vol1", "qla4xxx.00:00:5e:00:53:01.ipv4.0" }, { "", "a/b", "-\n" } },
		{ FIELD_SESSION_CHAP_ALGS, { "MD5", "SHA3-256,SHA256,SHA1,MD5" },
			{ "md5", "MD5,", ",MD5", "MD5, SHA1", "SHA512" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (size_t n = 0; n < 5 && rows[i].good[n]; n++)
			takes(field_of(rows[i].id), rows[i].good[n]);
		for (size_t n = 0; n < 5 && rows[i].bad[n]; n++)
			refuses(field_of(rows[i].id), rows[i].bad[n]);
	}
}

static void a_secret_is_not_in_its_error(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(field_check(field_of(FIELD_SESSION_PASSWORD), "hush\n", NULL, &err), -EINVAL);
	assert_null(strstr(err.text, "hush"));
}

static void a_wrong_key_is_helped(void **state)
{
	enum field_id id;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(field_find_user(RECORD_NODE, "node.sartup", &id, &err), -ENOENT);
	assert_string_equal(err.text, "node.sartup is not a setting of node mode; did you mean node.startup?");
	assert_int_equal(field_find_user(RECORD_NODE, "discovery.sendtargets.reopen_max", &id, &err), -ENOENT);
	assert_string_equal(err.text, "discovery.sendtargets.reopen_max is a setting of discoverydb mode, not of node mode");
	assert_int_equal(field_find_user(RECORD_NODE, "nothing\nlike it", &id, &err), -ENOENT);
	assert_string_equal(err.text, "nothing\\x0alike it is not a setting of node mode");
	assert_int_equal(field_find_user(RECORD_IFACE, "iscsid.safe_logout", &id, &err), -ENOENT);
	assert_string_equal(err.text, "iscsid.safe_logout is a setting of iscsid.conf, not of iface mode");
}

static void enumerators_are_in_the_order_of_their_rows(void **state)
{
	static const struct {
		enum field_id id;
		unsigned n;
		const char *word;
	} rows[] = {
		{ FIELD_NODE_STARTUP, RECORD_STARTUP_MANUAL, "manual" },
		{ FIELD_NODE_STARTUP, RECORD_STARTUP_AUTOMATIC, "automatic" },
		{ FIELD_NODE_STARTUP, RECORD_STARTUP_ONBOOT, "onboot" },
		{ FIELD_SESSION_AUTHMETHOD, RECORD_AUTH_NONE, "None" },
		{ FIELD_SESSION_AUTHMETHOD, RECORD_AUTH_CHAP, "CHAP" },
		{ FIELD_DISC_AUTHMETHOD, RECORD_AUTH_CHAP, "CHAP" },
		{ FIELD_SESSION_SCAN, RECORD_SCAN_AUTO, "auto" },
		{ FIELD_SESSION_SCAN, RECORD_SCAN_MANUAL, "manual" },
		{ FIELD_CONN_HEADER_DIGEST, RECORD_DIGEST_NONE, "None" },
		{ FIELD_CONN_DATA_DIGEST, RECORD_DIGEST_CRC32C, "CRC32C" },
		{ FIELD_SESSION_CHAP_ALGS, RECORD_CHAP_SHA3_256, "SHA3-256" },
		{ FIELD_SESSION_CHAP_ALGS, RECORD_CHAP_SHA256, "SHA256" },
		{ FIELD_SESSION_CHAP_ALGS, RECORD_CHAP_SHA1, "SHA1" },
		{ FIELD_DISC_CHAP_ALGS, RECORD_CHAP_MD5, "MD5" },
		{ FIELD_NODE_DISCOVERY_TYPE, RECORD_ORIGIN_SENDTARGETS, "send_targets" },
		{ FIELD_NODE_DISCOVERY_TYPE, RECORD_ORIGIN_ISNS, "isns" },
		{ FIELD_NODE_DISCOVERY_TYPE, RECORD_ORIGIN_OFFLOAD, "offload_send_targets" },
		{ FIELD_NODE_DISCOVERY_TYPE, RECORD_ORIGIN_STATIC, "static" },
		{ FIELD_NODE_DISCOVERY_TYPE, RECORD_ORIGIN_FW, "fw" },
	};
	char word[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(field_value(field_of(rows[i].id), rows[i].n, word, sizeof(word)), rows[i].word);
}

static void keys_of_other_versions_are_understood(void **state)
{
	enum field_id id;

	(void)state;
	/* Renamed between open-iscsi 2.1.11 and 2.1.12. */
	assert_int_equal(field_find(RECORD_NODE, "node.session.conn_reopen_log_freq", &id), 0);
	assert_int_equal(id, FIELD_SESSION_REOPEN_LOG_FREQ);
	assert_int_equal(field_find(RECORD_NODE, "node.session.sess_reopen_log_freq", &id), 0);
	assert_int_equal(id, FIELD_SESSION_REOPEN_LOG_FREQ);
	/* In iscsid.conf the two lists of algorithms must be told apart. */
	assert_int_equal(field_find(RECORD_CONF, "node.session.auth.chap_algs", &id), 0);
	assert_int_equal(id, FIELD_SESSION_CHAP_ALGS);
	assert_int_equal(field_find(RECORD_CONF, "discovery.sendtargets.auth.chap_algs", &id), 0);
	assert_int_equal(id, FIELD_DISC_CHAP_ALGS);
	assert_int_equal(field_find(RECORD_SENDTARGETS, "node.session.auth.chap_algs", &id), 0);
	assert_int_equal(id, FIELD_DISC_CHAP_ALGS);
}

/* Two that look alike are two users; a secret may have any character. */
static void a_user_name_has_no_invisible_character(void **state)
{
	static const char *const bad[] = { "a\xe2\x80\xae"
					   "b",
		"a\xd8\x9c", "\xe3\x85\xa4", "\xe1\x85\x9f", "a\xef\xbb\xbf" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(field_check(field_of(FIELD_SESSION_USERNAME), bad[i], NULL, NULL), -EINVAL);
		assert_int_equal(field_check(field_of(FIELD_SESSION_PASSWORD), bad[i], NULL, NULL), 0);
	}
	assert_int_equal(field_check(field_of(FIELD_SESSION_USERNAME), "caf\xc3\xa9", NULL, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_complete),
		cmocka_unit_test(keys_and_aliases_are_unique_in_a_kind),
		cmocka_unit_test(kernel_numbers_are_unique_in_their_table),
		cmocka_unit_test(numbers_end_where_the_row_says),
		cmocka_unit_test(enums_take_their_words_alone),
		cmocka_unit_test(no_text_takes_a_control_character),
		cmocka_unit_test(texts_end_where_the_row_says),
		cmocka_unit_test(what_becomes_a_path_cannot_leave_it),
		cmocka_unit_test(forms_are_checked),
		cmocka_unit_test(a_secret_is_not_in_its_error),
		cmocka_unit_test(a_wrong_key_is_helped),
		cmocka_unit_test(enumerators_are_in_the_order_of_their_rows),
		cmocka_unit_test(keys_of_other_versions_are_understood),
		cmocka_unit_test(a_user_name_has_no_invisible_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

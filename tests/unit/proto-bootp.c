/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replies of BOOTP and DHCP servers: their options in each of the three places, root paths, and what is cut or does not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "proto/bootp.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LEN 320
#define NAME 44
#define FILE_NAME 108
#define COOKIE 236
#define OPTIONS 240

static void put(uint8_t *reply, size_t at, const char *bytes, size_t len)
{
	memcpy(reply + at, bytes, len);
}

#define PUT(reply, at, text) put(reply, at, text, sizeof(text) - 1)

static void begin(uint8_t reply[LEN])
{
	memset(reply, 0, LEN);
	PUT(reply, 0, "\2\1\6\0");
	PUT(reply, 16, "\12\0\0\11");
	PUT(reply, COOKIE, "\143\202\123\143");
}

static void root_path(uint8_t reply[LEN], size_t at, const char *path)
{
	reply[at] = 17;
	reply[at + 1] = (uint8_t)strlen(path);
	memcpy(reply + at + 2, path, strlen(path));
	reply[at + 2 + strlen(path)] = 255;
}

static void root_paths_name_a_target(void **state)
{
	static const struct {
		const char *path, *server, *port, *lun, *target;
	} rows[] = {
		{ "iscsi:10.0.0.1:6:3260:0:iqn.a:b", "10.0.0.1", "3260", "0", "iqn.a:b" },
		{ "iscsi:10.0.0.1::::iqn.a:b", "10.0.0.1", "", "", "iqn.a:b" },
		{ "iscsi:[fd00::1]:6:860:4752-3A4F-6b7e-2F99:eui.0123456789abcdef", "fd00::1", "860", "4752-3A4F-6b7e-2F99",
			"eui.0123456789abcdef" },
		{ "iscsi:host.example::::iqn.a:b", "host.example", "", "", "iqn.a:b" },
		{ "iscsi:10.0.0.1:17:3260:0:iqn.a:b", "", "", "", "" }, /* UDP */
		{ "iscsi:[fd00::1:6:860:0:iqn.a:b", "", "", "", "" },
		{ "iscsi:[fd00::1]6:860:0:iqn.a:b", "", "", "", "" },
		{ "iscsi:10.0.0.1:6:3260", "", "", "", "" },
		{ "iscsi:", "", "", "", "" },
		{ "10.0.0.1:/nfs", "", "", "", "" },
		{ "", "", "", "", "" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t reply[LEN];
		struct bootp b;

		begin(reply);
		root_path(reply, OPTIONS, rows[i].path);
		assert_true(bootp_parse(&b, reply, LEN));
		assert_string_equal(b.address, "10.0.0.9");
		assert_string_equal(b.server, rows[i].server);
		assert_string_equal(b.port, rows[i].port);
		assert_string_equal(b.lun, rows[i].lun);
		assert_string_equal(b.target, rows[i].target);
	}
}

static void options_go_on_in_other_fields(void **state)
{
	static const struct {
		const char *overload;
		bool file, name;
	} rows[] = { { "\64\1\1", true, false }, { "\64\1\2", false, true }, { "\64\1\3", true, true },
		{ "\64\1\0", false, false } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t reply[LEN];
		struct bootp b;

		begin(reply);
		put(reply, OPTIONS, rows[i].overload, 3);
		reply[OPTIONS + 3] = 255;
		root_path(reply, FILE_NAME, "iscsi:10.0.0.1::::iqn.a:b");
		PUT(reply, NAME, "\0\0\313\7iqn.a:c\1\4\377\377\0\0\377");
		assert_true(bootp_parse(&b, reply, LEN));
		assert_string_equal(b.target, rows[i].file ? "iqn.a:b" : "");
		assert_string_equal(b.initiator, rows[i].name ? "iqn.a:c" : "");
		assert_string_equal(b.subnet_mask, rows[i].name ? "255.255.0.0" : "");
	}
}

static void what_is_no_reply_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
	} rows[] = { { 0, 1 }, { COOKIE, 0 }, { COOKIE + 3, 98 } };
	uint8_t reply[LEN];
	struct bootp b;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(reply);
		reply[rows[i].at] = rows[i].byte;
		assert_false(bootp_parse(&b, reply, LEN));
	}
	begin(reply);
	memset(reply + 16, 0, 4);
	assert_false(bootp_parse(&b, reply, LEN));
}

/* At every byte, in a buffer of exactly that size; and an option that says it is longer than what is left. */
static void a_cut_reply_is_read_up_to_the_cut(void **state)
{
	uint8_t whole[LEN];
	struct bootp b;

	(void)state;
	begin(whole);
	PUT(whole, OPTIONS, "\1\4\377\377\377\0");
	root_path(whole, OPTIONS + 6, "iscsi:10.0.0.1::::iqn.a:b");
	for (size_t len = 0; len < LEN; len++) {
		uint8_t *cut = malloc(len + !len);

		assert_non_null(cut);
		memcpy(cut, whole, len);
		assert_int_equal(bootp_parse(&b, cut, len), len >= OPTIONS);
		assert_string_equal(b.subnet_mask, len >= OPTIONS + 6 ? "255.255.255.0" : "");
		assert_string_equal(b.target, len >= OPTIONS + 6 + 27 ? "iqn.a:b" : "");
		free(cut);
	}
	whole[OPTIONS + 7] = 255;
	assert_true(bootp_parse(&b, whole, LEN));
	assert_string_equal(b.target, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_paths_name_a_target),
		cmocka_unit_test(options_go_on_in_other_fields),
		cmocka_unit_test(what_is_no_reply_is_refused),
		cmocka_unit_test(a_cut_reply_is_read_up_to_the_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of ipc/varlink: bytes into messages, whatever the bytes. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "ipc/varlink.h"
#include <errno.h>
#include <limits.h>
#include <string.h>

#define CALL "{\"method\":\"a.b.C\"}"

static void messages_come_whole_from_single_bytes(void **state)
{
	static const char bytes[] = CALL; /* its NUL ends the message */
	struct varlink_buffer b = { 0 };
	const char *message;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		assert_int_equal(varlink_next(&b, 100, &message), -EAGAIN);
		assert_int_equal(varlink_buffer_add(&b, &bytes[i], 1), 0);
	}
	assert_int_equal(varlink_next(&b, 100, &message), strlen(CALL));
	assert_string_equal(message, CALL);
	varlink_buffer_free(&b);
}

static void many_messages_come_from_one_read(void **state)
{
	static const char bytes[] = "one\0two\0\0three";
	struct varlink_buffer b = { 0 };
	const char *message;

	(void)state;
	assert_int_equal(varlink_buffer_add(&b, bytes, sizeof(bytes)), 0);
	for (const char *const *want = (const char *const[]){ "one", "two", "", "three", NULL }; *want; want++) {
		assert_int_equal(varlink_next(&b, 100, &message), strlen(*want));
		assert_string_equal(message, *want);
		varlink_buffer_consume(&b, strlen(*want) + 1);
	}
	assert_int_equal(varlink_next(&b, 100, &message), -EAGAIN);
	assert_null(b.bytes); /* an idle connection holds no memory */
}

static void a_message_has_a_bound(void **state)
{
	struct varlink_buffer b = { 0 };
	const char *message;

	(void)state;
	varlink_buffer_add(&b, "1234", 4);
	assert_int_equal(varlink_next(&b, 4, &message), -EAGAIN);
	assert_int_equal(varlink_next(&b, 3, &message), -EMSGSIZE); /* before its end is there */
	varlink_buffer_add(&b, "", 1);
	assert_int_equal(varlink_next(&b, 4, &message), 4);
	assert_int_equal(varlink_next(&b, 3, &message), -EMSGSIZE);
	varlink_buffer_free(&b);
}

static void a_buffer_keeps_its_bytes_while_it_moves(void **state)
{
	struct varlink_buffer b = { 0 };
	unsigned char in = 0, out = 0;

	(void)state;
	for (unsigned round = 0; round < 5000; round++) {
		for (unsigned i = 0; i < 1 + round % 7; i++, in++)
			assert_int_equal(varlink_buffer_add(&b, &in, 1), 0);
		for (unsigned i = 0; i < round % 7; i++, out++) {
			assert_int_equal((unsigned char)b.bytes[b.start], out);
			varlink_buffer_consume(&b, 1);
		}
	}
	assert_int_equal(varlink_buffer_len(&b), 5000);
	assert_true(b.size <= 32768);
	varlink_buffer_free(&b);
}

static void a_failed_add_changes_nothing(void **state)
{
	struct varlink_buffer b = { 0 };
	char big[4096] = { 0 };
	const char *message;

	(void)state;
	varlink_buffer_add(&b, "abc", 4);
	x_fail_at(1);
	assert_int_equal(varlink_buffer_add(&b, big, sizeof(big)), -ENOMEM);
	assert_int_equal(varlink_next(&b, 100, &message), 3);
	assert_string_equal(message, "abc");
	varlink_buffer_free(&b);
}

static int parse(const char *text)
{
	struct json_object *o = NULL;
	int rc = varlink_parse(text, strlen(text), &o);

	varlink_put(o);
	return rc;
}

static void what_is_no_object_is_refused(void **state)
{
	static const char *const bad[] = { "", " ", "1", "null", "[]", "[{}]", "\"a\"", "{", "{\"a\"", "{\"a\":", "{\"a\":1",
		"{\"a\":1,", "{}{}", "{} x", "{}x", "{a:1}", "{\"a\":01}", "{\"a\":1,}", "{\"a\":tru}", "x",
		"{\"a\":\"\\ud800\"x}", "\x01{}", NULL };

	(void)state;
	for (const char *const *text = bad; *text; text++)
		if (parse(*text) != -EBADMSG)
			fail_msg("taken: %s", *text);
	assert_int_equal(parse("{}"), 0);
	assert_int_equal(parse(" {\"a\": [1, true, null, \"x\", 1.5]}\r\n\t "), 0);
}

static void nesting_has_a_bound(void **state)
{
	char text[256];

	(void)state;
	for (unsigned depth = 1; depth <= 40; depth++) {
		/* the outermost object counts; depths are of containers that hold something */
		size_t n = 5;

		memcpy(text, "{\"a\":", n);
		memset(text + n, '[', depth - 1);
		n += depth - 1;
		text[n++] = '1';
		memset(text + n, ']', depth - 1);
		n += depth - 1;
		memcpy(text + n, "}", 2);
		assert_int_equal(parse(text), depth <= VARLINK_DEPTH_MAX ? 0 : -EBADMSG);
	}
}

static void what_is_not_utf8_is_refused(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"a\":\"\xc3\xa9\"}"), 0);
	assert_int_equal(parse("{\"a\":\"\xc3\"}"), -EBADMSG);
	assert_int_equal(parse("{\"a\":\"\xff\"}"), -EBADMSG);
	assert_int_equal(parse("{\"\xe9\":1}"), -EBADMSG);
}

static void a_short_message_of_many_objects_is_refused(void **state)
{
	char text[4096] = "{\"a\":[";
	size_t n = strlen(text);

	(void)state;
	for (unsigned i = 0; i < 1000; i++, n += 3)
		memcpy(text + n, "{},", 3);
	memcpy(text + n - 1, "]}", 3);
	assert_int_equal(parse(text), -EBADMSG);
}

static void members_are_of_their_type_and_range(void **state)
{
	static const char text[] = "{\"s\":\"x\",\"z\":\"a\\u0000b\",\"n\":7,\"neg\":-1,\"b\":true,\"a\":[],\"o\":{},"
				   "\"null\":null,\"big\":99999999999999999999999,\"f\":1.5}";
	struct json_object *o, *value = NULL;
	const char *s = "kept";
	long long n = 42;
	bool b = false;

	(void)state;
	assert_int_equal(varlink_parse(text, strlen(text), &o), 0);
	assert_int_equal(varlink_string(o, "absent", &s), -ENOENT);
	assert_int_equal(varlink_string(o, "null", &s), -ENOENT);
	assert_int_equal(varlink_string(o, "n", &s), -EINVAL);
	assert_int_equal(varlink_string(o, "z", &s), -EINVAL);
	assert_string_equal(s, "kept");
	assert_int_equal(varlink_string(o, "s", &s), 0);
	assert_string_equal(s, "x");
	assert_int_equal(varlink_integer(o, "neg", 0, 10, &n), -EINVAL);
	assert_int_equal(varlink_integer(o, "n", 0, 6, &n), -EINVAL);
	assert_int_equal(varlink_integer(o, "f", 0, 6, &n), -EINVAL);
	assert_int_equal(varlink_integer(o, "s", 0, 6, &n), -EINVAL);
	assert_int_equal(varlink_integer(o, "big", 0, UINT32_MAX, &n), -EINVAL);
	assert_int_equal(n, 42);
	assert_int_equal(varlink_integer(o, "n", 7, 7, &n), 0);
	assert_int_equal(n, 7);
	assert_int_equal(varlink_boolean(o, "n", &b), -EINVAL);
	assert_int_equal(varlink_boolean(o, "b", &b), 0);
	assert_true(b);
	assert_int_equal(varlink_array(o, "o", &value), -EINVAL);
	assert_int_equal(varlink_array(o, "a", &value), 0);
	assert_int_equal(varlink_object(o, "a", &value), -EINVAL);
	assert_int_equal(varlink_object(o, "o", &value), 0);
	varlink_put(o);
}

static void what_is_given_up_is_wiped(void **state)
{
	static const char text[] = "{\"a\":{\"b\":[\"a password\"]}}";
	struct json_object *o, *a, *b, *held;

	(void)state;
	assert_int_equal(varlink_parse(text, strlen(text), &o), 0);
	assert_int_equal(varlink_object(o, "a", &a), 0);
	assert_int_equal(varlink_array(a, "b", &b), 0);
	held = json_object_get(json_object_array_get_idx(b, 0));
	varlink_put(o);
	assert_string_equal(json_object_get_string(held), "");
	json_object_put(held);
}

static void what_is_written_is_read_again(void **state)
{
	struct varlink_buffer b = { 0 };
	struct json_object *o = json_object_new_object(), *again;
	const char *message, *s;
	long long n;
	bool flag;
	int error = 0;
	ssize_t len;

	(void)state;
	varlink_add_text(o, "text", "a/\"\n\xc3\xa9", &error);
	varlink_add_text(o, "cut", "a\xff z\xc3", &error);
	varlink_add_text(o, "none", NULL, &error);
	varlink_add_integer(o, "n", LLONG_MIN, &error);
	varlink_add_boolean(o, "flag", true, &error);
	assert_int_equal(error, 0);
	assert_int_equal(varlink_append(&b, o, 10), -EMSGSIZE);
	assert_int_equal(varlink_buffer_len(&b), 0);
	assert_int_equal(varlink_append(&b, o, 200), 0);
	len = varlink_next(&b, 200, &message);
	assert_int_equal(varlink_parse(message, (size_t)len, &again), 0);
	assert_int_equal(varlink_string(again, "text", &s), 0);
	assert_string_equal(s, "a/\"\n\xc3\xa9");
	assert_int_equal(varlink_string(again, "cut", &s), 0);
	assert_string_equal(s, "a\xef\xbf\xbd z\xef\xbf\xbd");
	assert_int_equal(varlink_string(again, "none", &s), -ENOENT);
	assert_int_equal(varlink_integer(again, "n", LLONG_MIN, 0, &n), 0);
	assert_true(n == LLONG_MIN);
	assert_int_equal(varlink_boolean(again, "flag", &flag), 0);
	varlink_put(o);
	varlink_put(again);
	varlink_buffer_free(&b);
}

/* Written, each is one character (or is itself) again; what is none becomes U+FFFD per byte. */
static void texts_are_written_as_strict_utf8(void **state)
{
	static const char *const good[] = { "", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", NULL };
	static const char *const bad[] = { "\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xc3", "\xe1\x80", NULL };
	struct json_object *o = json_object_new_object();
	const char *s;
	int error = 0;

	(void)state;
	for (const char *const *text = good; *text; text++) {
		varlink_add_text(o, "t", *text, &error);
		assert_int_equal(varlink_string(o, "t", &s), 0);
		assert_string_equal(s, *text);
	}
	for (const char *const *text = bad; *text; text++) {
		varlink_add_text(o, "t", *text, &error);
		assert_int_equal(varlink_string(o, "t", &s), 0);
		assert_int_equal(strlen(s), 3 * strlen(*text));
		assert_memory_equal(s, "\xef\xbf\xbd", 3);
	}
	assert_int_equal(error, 0);
	varlink_put(o);
}

static void failure_of_a_row_of_adds_is_kept(void **state)
{
	int error = -ENOMEM;
	struct json_object *o = json_object_new_object();

	(void)state;
	varlink_add_integer(o, "n", 1, &error);
	assert_int_equal(error, -ENOMEM);
	assert_int_equal(json_object_object_length(o), 0);
	error = 0;
	varlink_add_integer(NULL, "n", 1, &error);
	assert_int_equal(error, -ENOMEM);
	varlink_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_whole_from_single_bytes),
		cmocka_unit_test(many_messages_come_from_one_read),
		cmocka_unit_test(a_message_has_a_bound),
		cmocka_unit_test(a_buffer_keeps_its_bytes_while_it_moves),
		cmocka_unit_test(a_failed_add_changes_nothing),
		cmocka_unit_test(what_is_no_object_is_refused),
		cmocka_unit_test(nesting_has_a_bound),
		cmocka_unit_test(what_is_not_utf8_is_refused),
		cmocka_unit_test(a_short_message_of_many_objects_is_refused),
		cmocka_unit_test(members_are_of_their_type_and_range),
		cmocka_unit_test(what_is_given_up_is_wiped),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(texts_are_written_as_strict_utf8),
		cmocka_unit_test(failure_of_a_row_of_adds_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

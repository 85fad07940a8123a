/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of ipc/json: RFC 8259 and nothing else, and a lack of memory at any point. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "ipc/json.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DEPTH 8

static int parse(const char *text, struct json_object **out)
{
	return json_parse(text, strlen(text), DEPTH, out);
}

static void every_value_is_read_and_printed(void **state)
{
	static const char *const same[] = { "null", "true", "false", "0", "-0", "7", "-7", "9223372036854775807",
		"-9223372036854775808", "\"\"", "\"a\"", "\"\xc3\xa9\xf0\x9f\x98\x80\"", "[]", "[1,2]", "{}",
		"{\"a\":1,\"b\":[null,{}]}", "\"a\\\"b\\\\c/\"", "\"\\u0000\\u0001\\u001f\"", NULL };
	static const char *const becomes[][2] = { { " [ 1 , \"x\" ] ", "[1,\"x\"]" }, { "{\t\"a\" :\n1\r}", "{\"a\":1}" },
		{ "\"\\/\\b\\f\\n\\r\\t\"", "\"/\\b\\f\\n\\r\\t\"" }, { "\"\\u00e9\\u20AC\"", "\"\xc3\xa9\xe2\x82\xac\"" },
		{ "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"" }, { "\"\\ud83d!\"", "\"\xef\xbf\xbd!\"" },
		{ "\"\\ud83d\\u0041\"",
			"\"\xef\xbf\xbd"
			"A\"" },
		{ "\"\\ude00\"", "\"\xef\xbf\xbd\"" }, { "1.5", "null" }, { "1e3", "null" }, { "-2.5E-7", "null" },
		{ "9223372036854775808", "null" }, { "{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}" }, { NULL, NULL } };
	struct json_object *o;
	char text[128];

	(void)state;
	for (unsigned i = 0; same[i]; i++) {
		assert_int_equal(parse(same[i], &o), 0);
		text[json_print(o, text)] = '\0';
		assert_string_equal(text, !strcmp(same[i], "-0") ? "0" : same[i]);
		assert_int_equal(json_print(o, NULL), strlen(text));
		json_object_put(o);
	}
	for (unsigned i = 0; becomes[i][0]; i++) {
		assert_int_equal(parse(becomes[i][0], &o), 0);
		text[json_print(o, text)] = '\0';
		assert_string_equal(text, becomes[i][1]);
		json_object_put(o);
	}
}

static void what_is_no_json_is_refused(void **state)
{
	static const char *const bad[] = { "", " ", "nul", "nullx", "True", "+1", "01", "-", "1.", ".5", "1e", "1e+", "0x1",
		"NaN", "Infinity", "'a'", "\"", "\"a", "\"\\", "\"\\\"", "\"\\x\"", "\"\\u\"", "\"\\u12\"", "\"\\u12g4\"",
		"\"\\ud800\\u00\"", "\"\n\"", "\"\t\"", "\"\xc3\"", "\"\xff\"", "\"\xed\xa0\x80\"", "[", "[1", "[1,", "[1,]",
		"[,1]", "[1 2]", "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}",
		"{\"a\" 1}", "{\"a\\u0000b\":1}", "1 2", "{} {}", "// x\n1", "/**/1", NULL };
	struct json_object *o = NULL;

	(void)state;
	for (const char *const *text = bad; *text; text++)
		if (parse(*text, &o) != -EBADMSG || o)
			fail_msg("accepted: %s", *text);
	assert_int_equal(json_parse("1\0", 2, DEPTH, &o), -EBADMSG);
	assert_int_equal(json_parse("\"a\0b\"", 5, DEPTH, &o), -EBADMSG);
}

static void nesting_is_bounded(void **state)
{
	struct json_object *o = NULL;
	char text[64];

	(void)state;
	for (int depth = 1; depth < 20; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		text[2 * depth] = '\0';
		assert_int_equal(parse(text, &o), depth <= DEPTH ? 0 : -EBADMSG);
		json_object_put(o);
		o = NULL;
	}
}

static void members_are_found_by_name_and_replaced(void **state)
{
	struct json_object *o, *value;
	const char *name;

	(void)state;
	assert_int_equal(parse("{\"a\":1,\"b\":true,\"a\":\"x\\u0000y\"}", &o), 0);
	assert_int_equal(json_object_object_length(o), 3);
	assert_true(json_object_object_get_ex(o, "a", &value));
	assert_int_equal(json_object_get_string_len(value), 3);
	assert_true(json_object_object_get_ex(o, "b", &value));
	assert_true(json_object_get_boolean(value));
	assert_false(json_object_object_get_ex(o, "c", &value));
	assert_null(value);
	assert_int_equal(json_object_object_add(o, "b", json_object_new_int64(5)), 0);
	assert_int_equal(json_object_get_int64(json_object_object_get_idx(o, 1, &name)), 5);
	assert_string_equal(name, "b");
	assert_null(json_object_object_get_idx(o, 3, &name));
	assert_int_equal(json_object_array_length(o), 0);
	assert_null(json_object_array_get_idx(o, 0));
	assert_null(json_object_get_string(o));
	json_object_put(o);
	assert_true(json_object_is_type(NULL, json_type_null));
	assert_false(json_object_object_get_ex(NULL, "a", &value));
}

/* The allocation that fails is any one; what was made until then is freed (the sanitizers look). */
static void memory_may_end_at_any_allocation(void **state)
{
	static const char text[] =
		"{\"a\":[1,true,\"x\",1.5,null,{\"b\":\"y\",\"c\":[[],{}],\"d\":2}],\"e\":\"\\u00e9\",\"f\":3,\"g\":4,\"h\":5}";
	struct json_object *o = NULL;
	unsigned long nth = 0;
	int rc;

	(void)state;
	do {
		x_fail_at(++nth);
		rc = parse(text, &o);
		x_fail_at(0);
		assert_true(rc == 0 || (rc == -ENOMEM && !o));
	} while (rc);
	assert_true(nth > 20);
	json_object_put(o);
	for (nth = 1; nth < 6; nth++) {
		struct json_object *value, *object = json_object_new_object();

		x_fail_at(nth);
		value = json_object_new_string("a text");
		if (!value || json_object_object_add(object, "name", value))
			json_object_put(value);
		x_fail_at(0);
		assert_int_equal(json_object_object_length(object), nth > 4);
		json_object_put(object);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_is_read_and_printed),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(members_are_found_by_name_and_replaced),
		cmocka_unit_test(memory_may_end_at_any_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

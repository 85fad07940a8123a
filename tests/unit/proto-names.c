/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of proto/names and proto/portal: what is accepted, what is not, and that nothing dangerous passes. */
#include "config.h"
#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "proto/iscsi_proto.h"
#include "proto/name.h"
#include "proto/portal.h"
#include <errno.h>
#include <string.h>

static void names_of_the_rfc_are_accepted(void **state)
{
	static const char *const good[] = {
		"iqn.1987-05.com.cisco:01.4438aca09387",
		"iqn.2001-04.com.example:storage:diskarrays-sn-a8675309",
		"iqn.2001-04.com.example",
		"iqn.2000-01.com.synology:DiskStation.Target-1.1234abcd",
		"iqn.2004-04.com.qnap:ts-459:iscsi.my_target.c5f3a1",
		"iqn.2001-04.com.example:caf\xc3\xa9",
		"eui.02004567A425678D",
		"naa.52004567ba64678d",
		"naa.62004567BA64678D0123456789ABCDEF",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(name_check(good[i], strlen(good[i]), NULL), 0);
}

static void names_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = { "", "x", "iqn.", "iqn.2001-04", "iqn.2001-04.", "iqn.2001-4.com", "iqn.200x-04.com",
		"iqn.2001-04.:x", "eui.0123", "eui.0123456789abcdeg", "naa.0123456789abcdef0", "../../x", "/etc/passwd",
		"iqn.2001-04.com:a/../b", "iqn.2001-04.com:a b", "iqn.2001-04.com:a\nb", "iqn.2001-04.com:a\x1b[31m",
		"iqn.2001-04.com:$(id)", "iqn.2001-04.com:a;b", "iqn.2001-04.com:\x7f", "iqn.2001-04.com:a,b",
		"iqn.2001-04.com:\xc0\xaf" /* "/" in two bytes */,
		"iqn.2001-04.com:\xe0\x81\xa1\xf0\x80\x83\xa9" /* longer than need be */,
		"iqn.2001-04.com:\xe2\x80\xae" /* turns the line around */, "iqn.2001-04.com:\xc2\x85" /* NEL */,
		"iqn.2001-04.com:\xed\xa0\x80" /* surrogate */, "iqn.2001-04.com:\xc3",
		"iqn.2001-04.com:\xe2\x80\x8b" /* no width */, "iqn.2001-04.com:\xd8\x9c" /* Arabic letter mark */,
		"iqn.2001-04.com:\xe3\x85\xa4" /* Hangul filler */, "iqn.2001-04.com:\xe1\x85\x9f",
		"iqn.2001-04.com:\xef\xbf\xbf" };
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err_clear(&err);
		if (name_check(bad[i], strlen(bad[i]), &err) != -EINVAL)
			fail_msg("\"%s\" passed", bad[i]);
		assert_int_equal(err.code, MISCSI_ERR_INVAL);
		for (const char *p = err.text; *p; p++)
			assert_true((uint8_t)*p >= ' ' && *p != 0x7f);
	}
	assert_int_equal(name_check("iqn.2001-04.com:a\0b", 19, NULL), -EINVAL);
}

static void names_end_at_223_bytes(void **state)
{
	char name[ISCSI_NAME_MAX + 2] = "iqn.2001-04.com:";

	(void)state;
	memset(name + 16, 'a', sizeof(name) - 16);
	assert_int_equal(name_check(name, ISCSI_NAME_MAX, NULL), 0);
	assert_int_equal(name_check(name, ISCSI_NAME_MAX + 1, NULL), -EINVAL);
	assert_true(name_equal("iqn.2001-04.com:A", "IQN.2001-04.com:a"));
	assert_false(name_equal("iqn.2001-04.com:a", "iqn.2001-04.com:b"));
}

static void portals_are_read_as_they_are_written(void **state)
{
	static const struct {
		const char *text, *host, *again;
		unsigned port;
		int tpgt;
		enum portal_kind kind;
	} good[] = {
		{ "10.0.0.1", "10.0.0.1", "10.0.0.1:3260,-1", 3260, -1, PORTAL_IPV4 },
		{ "10.0.0.1:860,1", "10.0.0.1", "10.0.0.1:860,1", 860, 1, PORTAL_IPV4 },
		{ "10.0.0.1,65535", "10.0.0.1", "10.0.0.1:3260,65535", 3260, 65535, PORTAL_IPV4 },
		{ "10.0.0.1:3260,-1", "10.0.0.1", "10.0.0.1:3260,-1", 3260, -1, PORTAL_IPV4 },
		{ "[2001:db8::1]:65535,0", "2001:db8::1", "[2001:db8::1]:65535,0", 65535, 0, PORTAL_IPV6 },
		{ "[nas.example]:3260,1", "nas.example", "nas.example:3260,1", 3260, 1, PORTAL_NAME },
		{ "[::1]", "::1", "[::1]:3260,-1", 3260, -1, PORTAL_IPV6 },
		{ "::1", "::1", "[::1]:3260,-1", 3260, -1, PORTAL_IPV6 },
		{ "[fe80::1%eth0.5]:3260", "fe80::1%eth0.5", "[fe80::1%eth0.5]:3260,-1", 3260, -1, PORTAL_IPV6 },
		{ "::ffff:10.0.0.1", "::ffff:10.0.0.1", "[::ffff:10.0.0.1]:3260,-1", 3260, -1, PORTAL_IPV6 },
		{ "storage-1.example.com:1", "storage-1.example.com", "storage-1.example.com:1,-1", 1, -1, PORTAL_NAME },
		{ "a_b.", "a_b.", "a_b.:3260,-1", 3260, -1, PORTAL_NAME },
	};
	char text[PORTAL_TEXT_MAX];
	struct portal p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(portal_parse(good[i].text, strlen(good[i].text), 3260, &p, NULL), 0);
		assert_string_equal(p.host, good[i].host);
		assert_int_equal(p.port, good[i].port);
		assert_int_equal(p.tpgt, good[i].tpgt);
		assert_int_equal(p.kind, good[i].kind);
		assert_string_equal(portal_format(text, sizeof(text), &p, true), good[i].again);
	}
	assert_string_equal(portal_format(text, sizeof(text), &p, false), "a_b.:3260");
}

static void portals_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = { "", ",1", ":3260", "::1:3260", "2001:db8::a:3260", "http://a",
		"10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:abc", "10.0.0.1:3260,", "10.0.0.1:3260,65536",
		"10.0.0.1:3260,x", "10.0.0.1:3260,1,2", "10.0.0.1:3260,-2", "10.0.0.256", "1.2.3", "1.2.3.4.5", "[10.0.0.1]",
		"[::1", "::1]", "[::1]x", "[::1]3260", "[]:3260", "[::g]", "[fe80::1%]", "[fe80::1%aaaaaaaaaaaaaaaa]",
		"[fe80::1%a/b]", "2001:db8::1:3260:x", "-a", "a-", "a..b", ".a", "a b", "a\nb", "a/b", "../x", "host;id", "a:1:2",
		"a:000003260", "[::1]:+1" };
	struct portal p;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err_clear(&err);
		if (portal_parse(bad[i], strlen(bad[i]), 3260, &p, &err) != -EINVAL)
			fail_msg("\"%s\" passed", bad[i]);
		assert_true(*err.text && !strchr(err.text, '\n'));
	}
	assert_int_equal(portal_parse("a\0b", 3, 3260, &p, NULL), -EINVAL);
}

static void host_names_end_at_253_bytes(void **state)
{
	char host[PORTAL_HOST_MAX + 2];
	struct portal p;

	(void)state;
	for (size_t i = 0; i < sizeof(host); i++)
		host[i] = i % 64 == 63 ? '.' : 'a';
	assert_int_equal(portal_parse(host, PORTAL_HOST_MAX, 3260, &p, NULL), 0);
	assert_int_equal(strlen(p.host), PORTAL_HOST_MAX);
	assert_int_equal(portal_parse(host, PORTAL_HOST_MAX + 1, 3260, &p, NULL), -EINVAL);
	memset(host, 'a', 64);
	assert_int_equal(portal_host_kind(host, 63), PORTAL_NAME);
	assert_int_equal(portal_host_kind(host, 64), -EINVAL);
}

static bool same(const char *a, const char *b)
{
	struct portal pa, pb;

	assert_int_equal(portal_parse(a, strlen(a), 3260, &pa, NULL), 0);
	assert_int_equal(portal_parse(b, strlen(b), 3260, &pb, NULL), 0);
	return portal_equal(&pa, &pb);
}

static void portals_are_equal_by_value(void **state)
{
	(void)state;
	assert_true(same("[2001:DB8:0::1]:3260,1", "[2001:db8::1]:3260,2"));
	assert_true(same("Host.example", "host.EXAMPLE:3260"));
	assert_false(same("[fe80::1%eth0]", "[fe80::1%eth1]"));
	assert_false(same("10.0.0.1", "10.0.0.1:3261"));
	assert_false(same("10.0.0.1", "10.0.0.2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_the_rfc_are_accepted),
		cmocka_unit_test(names_that_are_none_are_refused),
		cmocka_unit_test(names_end_at_223_bytes),
		cmocka_unit_test(portals_are_read_as_they_are_written),
		cmocka_unit_test(portals_that_are_none_are_refused),
		cmocka_unit_test(host_names_end_at_253_bytes),
		cmocka_unit_test(portals_are_equal_by_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

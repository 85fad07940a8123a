/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of proto/isns: requests to the byte, what is reported at every cut of the bytes, and that a hostile server's answer ends. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "isns-bytes.h"
#include "proto/isns.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define QUERY 2
#define GET_NEXT 3
#define REGISTER 1

struct got {
	struct strbuf list; /* "NAME PORTAL;" for each */
	struct strbuf warnings;
	unsigned fail_at;
};

static int found(void *arg, const char *target, const struct portal *portal)
{
	struct got *g = arg;
	char text[PORTAL_TEXT_MAX];

	if (g->fail_at && !--g->fail_at)
		return -ENOSPC;
	strbuf_printf(&g->list, "%s %s;", target, portal_format(text, sizeof(text), portal, true));
	return 0;
}

static void warning(void *arg, const char *text)
{
	strbuf_printf(&((struct got *)arg)->warnings, "%s\n", text);
}

static struct isns *begun(struct got *g, struct isns_action *a)
{
	const struct isns_config c = { .source = "iqn.2026-11.com.example:me", .found = found, .warning = warning, .arg = g };
	struct isns *s;

	memset(g, 0, sizeof(*g));
	assert_int_equal(isns_new(&c, &s), 0);
	isns_start(s, a);
	assert_int_equal(a->kind, ISNS_SEND);
	return s;
}

static void done_with(struct isns *s, struct got *g)
{
	isns_free(s);
	strbuf_free(&g->list);
	strbuf_free(&g->warnings);
}

/* ---- the server's bytes ---- */

static void address(struct strbuf *b, uint32_t tag, const char *s)
{
	struct portal p;
	unsigned a, c, d, e;

	put(b, tag, 4);
	put(b, 16, 4);
	assert_int_equal(portal_parse(s, strlen(s), 1, &p, NULL), 0);
	if (p.kind == PORTAL_IPV6) { /* only ::1 and fe80::1 */
		put(b, p.host[0] == 'f' ? 0xfe800000 : 0, 4);
		put(b, 0, 4);
		put(b, 0, 4);
		put(b, 1, 4);
		return;
	}
	assert_int_equal(sscanf(p.host, "%u.%u.%u.%u", &a, &c, &d, &e), 4);
	put(b, 0, 4);
	put(b, 0, 4);
	put(b, a == 10 ? 0 : 0xffff, 4); /* 10.x: in the compatible form */
	put(b, a << 24 | c << 16 | d << 8 | e, 4);
}

static void portal(struct strbuf *b, const char *host, uint32_t port)
{
	address(b, 16, host);
	number(b, 17, port);
}

static void group(struct strbuf *b, const char *node, const char *host, uint32_t port, int tag)
{
	text(b, 48, node);
	address(b, 49, host);
	number(b, 50, port);
	if (tag < 0)
		empty(b, 51);
	else
		number(b, 51, (uint32_t)tag);
}

static void target(struct strbuf *b, const char *name)
{
	text(b, 32, name);
	number(b, 33, 1);
}

/* The beginning of the payload of a successful response. */
static void success(struct strbuf *b)
{
	put(b, 0, 4);
	number(b, 33, 1);
	empty(b, 0);
}

static void pdu(struct strbuf *b, unsigned function, unsigned xid, unsigned flags, unsigned seq, const void *payload, size_t len)
{
	put(b, 1, 2);
	put(b, function | 0x8000, 2);
	put(b, (uint32_t)len, 2);
	put(b, 0x4000 | flags, 2);
	put(b, xid, 2);
	put(b, seq, 2);
	strbuf_add(b, payload, len);
}

/* Feeds a whole response to a new query in pieces of step bytes; the last action. */
static enum isns_action_kind answered(
	struct got *g, const struct strbuf *bytes, size_t step, struct isns_action *a, struct isns **out)
{
	struct isns *s = begun(g, a);
	size_t n;

	a->kind = ISNS_WAIT;
	for (size_t at = 0; at < bytes->len && a->kind == ISNS_WAIT; at += n) {
		n = step < bytes->len - at ? step : bytes->len - at;
		isns_feed(s, bytes->s + at, n, a);
	}
	*out = s;
	return a->kind;
}

static void expect(const struct strbuf *payload, const char *list, const char *warnings)
{
	cleanup(strbuf_free) struct strbuf bytes = STRBUF_INIT(0);
	struct isns_action a;
	struct isns *s;
	struct got g;

	pdu(&bytes, QUERY, 1, FIRST | LAST, 0, payload->s, payload->len);
	for (size_t step = 1; step <= bytes.len; step = step < 40 ? step + 1 : bytes.len + (step == bytes.len)) {
		assert_int_equal(answered(&g, &bytes, step, &a, &s), ISNS_DONE);
		assert_string_equal(strbuf_str(&g.list), list);
		if (warnings)
			assert_non_null(strstr(strbuf_str(&g.warnings), warnings));
		else
			assert_string_equal(strbuf_str(&g.warnings), "");
		done_with(s, &g);
	}
}

/* The whole response fails, with that text. */
static void expect_failure(const struct strbuf *bytes, enum miscsi_error code, const char *why)
{
	struct isns_action a;
	struct isns *s;
	struct got g;

	assert_int_equal(answered(&g, bytes, 7, &a, &s), ISNS_FAILED);
	assert_int_equal(a.err.code, code);
	if (!strstr(a.err.text, why))
		fail_msg("%s", a.err.text);
	done_with(s, &g);
}

/* ---- tests ---- */

/* As open-iscsi 2.1.8 was seen to send them. */
static void test_requests(void **state)
{
	static const char query[] = "\0\1\0\2\0\x78\x8c\0\0\1\0\0"
				    "\0\0\0\x20\0\0\0\x1ciqn.2026-11.com.example:me\0\0"
				    "\0\0\0\x21\0\0\0\4\0\0\0\1\0\0\0\0\0\0\0\0"
				    "\0\0\0\x20\0\0\0\0\0\0\0\x21\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\x11\0\0\0\0"
				    "\0\0\0\x30\0\0\0\0\0\0\0\x31\0\0\0\0\0\0\0\x32\0\0\0\0\0\0\0\x33\0\0\0";
	static const char registration[] = "\0\1\0\1\0\x5c\x8c\0\0\2\0\0"
					   "\0\0\0\x20\0\0\0\x1ciqn.2026-11.com.example:me\0\0"
					   "\0\0\0\0\0\0\0\0"
					   "\0\0\0\x20\0\0\0\x1ciqn.2026-11.com.example:me\0\0"
					   "\0\0\0\x21\0\0\0\4\0\0\0";
	cleanup(strbuf_free) struct strbuf bytes = STRBUF_INIT(0), payload = STRBUF_INIT(0);
	struct isns_action a;
	struct isns *s;
	struct got g;

	(void)state;
	s = begun(&g, &a);
	assert_int_equal(a.len, sizeof(query));
	assert_memory_equal(a.data, query, a.len);
	/* the server does not know us: we register, and query again */
	put(&payload, 6, 4);
	pdu(&bytes, QUERY, 1, FIRST | LAST, 0, payload.s, payload.len);
	isns_feed(s, bytes.s, bytes.len, &a);
	assert_int_equal(a.kind, ISNS_SEND);
	assert_int_equal(a.len, 12 + 36 + 8 + 36 + 12);
	assert_memory_equal(a.data, registration, a.len - 1);
	assert_int_equal(((const char *)a.data)[a.len - 1], 2);
	strbuf_reset(&bytes);
	strbuf_reset(&payload);
	put(&payload, 0, 4);
	text(&payload, 32, "iqn.2026-11.com.example:me");
	empty(&payload, 0);
	target(&payload, "iqn.2026-11.com.example:no-result-of-a-query");
	portal(&payload, "10.1.2.3", 3260);
	pdu(&bytes, REGISTER, 2, FIRST | LAST, 0, payload.s, payload.len);
	isns_feed(s, bytes.s, bytes.len, &a);
	assert_int_equal(a.kind, ISNS_SEND);
	assert_int_equal(a.len, sizeof(query));
	assert_memory_equal((const char *)a.data + 12, query + 12, a.len - 12);
	/* a server that still does not know us must not be asked for ever */
	strbuf_reset(&bytes);
	pdu(&bytes, QUERY, 3, FIRST | LAST, 0, "\0\0\0\6", 4);
	isns_feed(s, bytes.s, bytes.len, &a);
	assert_int_equal(a.kind, ISNS_FAILED);
	assert_int_equal(a.err.code, MISCSI_ERR_ISNS_QUERY);
	assert_string_equal(strbuf_str(&g.list), "");
	done_with(s, &g);
}

/* The response of open-isns, in its order: each portal is followed by its group. */
static void test_groups(void **state)
{
	cleanup(strbuf_free) struct strbuf b = STRBUF_INIT(0);

	(void)state;
	success(&b);
	target(&b, "iqn.2026-11.com.example:disk1");
	portal(&b, "10.1.2.3", 3260);
	group(&b, "iqn.2026-11.com.example:disk1", "10.1.2.3", 3260, 7);
	portal(&b, "192.0.2.4", 3261);
	group(&b, "iqn.2026-11.com.example:disk1", "192.0.2.4", 3261, 8);
	target(&b, "iqn.2026-11.com.example:disk2");
	portal(&b, "[fe80::1]", 3262);
	group(&b, "iqn.2026-11.com.example:disk2", "[fe80::1]", 3262, 65535);
	portal(&b, "[::1]", 1);
	group(&b, "iqn.2026-11.com.example:disk2", "[::1]", 1, 0);
	expect(&b,
		"iqn.2026-11.com.example:disk1 10.1.2.3:3260,7;iqn.2026-11.com.example:disk1 192.0.2.4:3261,8;"
		"iqn.2026-11.com.example:disk2 [fe80::1]:3262,65535;iqn.2026-11.com.example:disk2 [::1]:1,0;",
		NULL);
}

static void test_other_orders(void **state)
{
	cleanup(strbuf_free) struct strbuf b = STRBUF_INIT(0);

	(void)state;
	success(&b);
	target(&b, "iqn.2026-11.com.example:no-group");
	portal(&b, "10.1.2.3", 3260);
	target(&b, "iqn.2026-11.com.example:group-alone");
	group(&b, "iqn.2026-11.com.example:group-alone", "10.1.2.4", 3260, 4);
	target(&b, "iqn.2026-11.com.example:groups-last");
	portal(&b, "10.1.2.5", 3260);
	portal(&b, "10.1.2.6", 3260);
	portal(&b, "10.1.2.7", 3260 | 0x10000); /* UDP */
	group(&b, "iqn.2026-11.com.example:groups-last", "10.1.2.6", 3260, 6);
	group(&b, "iqn.2026-11.com.example:groups-last", "10.1.2.5", 3260, -1); /* not through this portal */
	group(&b, "iqn.2026-11.com.example:another", "10.1.2.8", 3260, 8);
	expect(&b,
		"iqn.2026-11.com.example:no-group 10.1.2.3:3260,-1;iqn.2026-11.com.example:group-alone 10.1.2.4:3260,4;"
		"iqn.2026-11.com.example:groups-last 10.1.2.6:3260,6;",
		NULL);
	strbuf_reset(&b);
	success(&b);
	expect(&b, "", NULL);
}

/* What cannot be used is left out, and the rest stays. */
static void test_left_out(void **state)
{
	static const char *const names[] = { "", "iqn.2026-11.com.example:../../etc", "iqn.2026-11.com.example:a\nb" };
	cleanup(strbuf_free) struct strbuf b = STRBUF_INIT(0);
	char name[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		strbuf_reset(&b);
		success(&b);
		target(&b, names[i]);
		portal(&b, "10.1.2.3", 3260);
		target(&b, "iqn.2026-11.com.example:good");
		portal(&b, "10.1.2.4", 3260);
		expect(&b, "iqn.2026-11.com.example:good 10.1.2.4:3260,-1;",
			"leaves out a target that the iSNS server reported, because ");
	}
	memset(name, 'a', sizeof(name) - 1);
	memcpy(name, "iqn.2026-11.com.example:", 24);
	name[sizeof(name) - 1] = '\0';
	strbuf_reset(&b);
	success(&b);
	target(&b, name);
	portal(&b, "10.1.2.3", 3260);
	expect(&b, "", "its name is longer than the 223 bytes");
	/* not a target, and one without a portal */
	strbuf_reset(&b);
	success(&b);
	text(&b, 32, "iqn.2026-11.com.example:initiator");
	number(&b, 33, 2);
	portal(&b, "10.1.2.3", 3260);
	expect(&b, "", NULL);
	target(&b, "iqn.2026-11.com.example:nowhere");
	expect(&b, "", "nowhere, because the iSNS server reported no portal of it");
}

/* A message of many PDUs, cut anywhere. */
static void test_many_pdus(void **state)
{
	cleanup(strbuf_free) struct strbuf b = STRBUF_INIT(0), bytes = STRBUF_INIT(0), want = STRBUF_INIT(0);
	struct isns_action a;
	char name[64];
	struct isns *s;
	struct got g;

	(void)state;
	success(&b);
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "iqn.2026-11.com.example:disk%d", i);
		target(&b, name);
		portal(&b, "10.1.2.3", 3260);
		strbuf_printf(&want, "%s 10.1.2.3:3260,-1;", name);
	}
	for (size_t part = 1; part < 60; part += 7) {
		unsigned seq = 0;

		strbuf_reset(&bytes);
		for (size_t at = 0; at < b.len; at += part, seq++) {
			size_t n = part < b.len - at ? part : b.len - at;

			pdu(&bytes, QUERY, 1, (seq ? 0 : FIRST) | (at + n == b.len ? LAST : 0), seq, b.s + at, n);
		}
		assert_int_equal(answered(&g, &bytes, 11, &a, &s), ISNS_DONE);
		assert_string_equal(strbuf_str(&g.list), strbuf_str(&want));
		done_with(s, &g);
	}
}

static void test_refusals(void **state)
{
	cleanup(strbuf_free) struct strbuf bytes = STRBUF_INIT(0);
	struct isns_action a;
	struct isns *s;
	struct got g;

	(void)state;
	pdu(&bytes, QUERY, 1, FIRST | LAST, 0, "\0\0\0\x0c", 4);
	expect_failure(&bytes, MISCSI_ERR_ISNS_QUERY,
		"refused to list the targets for the initiator iqn.2026-11.com.example:me: it is busy (status 12); try");
	strbuf_reset(&bytes);
	pdu(&bytes, QUERY, 1, FIRST | LAST, 0, "\0\1\0\0trailing", 12);
	expect_failure(&bytes, MISCSI_ERR_ISNS_QUERY, "a status that RFC 4171 does not define (status 65536)");
	s = begun(&g, &a);
	strbuf_reset(&bytes);
	pdu(&bytes, QUERY, 1, FIRST | LAST, 0, "\0\0\0\6", 4);
	isns_feed(s, bytes.s, bytes.len, &a);
	strbuf_reset(&bytes);
	pdu(&bytes, REGISTER, 2, FIRST | LAST, 0, "\0\0\0\3", 4);
	isns_feed(s, bytes.s, bytes.len, &a);
	assert_int_equal(a.kind, ISNS_FAILED);
	assert_int_equal(a.err.code, MISCSI_ERR_ISNS_REG_FAILED);
	done_with(s, &g);
}

static void test_invalid(void **state)
{
	cleanup(strbuf_free) struct strbuf b = STRBUF_INIT(0), bytes = STRBUF_INIT(0);
	static const struct {
		unsigned function, xid, flags, seq;
		const char *why;
	} bad[] = {
		{ REGISTER, 1, FIRST | LAST, 0, "it answers another request" },
		{ QUERY, 2, FIRST | LAST, 0, "it answers another request" },
		{ QUERY, 1, LAST, 0, "its PDUs are not in the order" },
		{ QUERY, 1, FIRST | LAST, 1, "its PDUs are not in the order" },
		{ QUERY, 1, FIRST | LAST | 0x2000, 0, "authentication block" },
	};

	(void)state;
	success(&b);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		strbuf_reset(&bytes);
		pdu(&bytes, bad[i].function, bad[i].xid, bad[i].flags, bad[i].seq, b.s, b.len);
		expect_failure(&bytes, MISCSI_ERR_ISNS_QUERY, bad[i].why);
	}
	strbuf_reset(&bytes);
	pdu(&bytes, QUERY, 1, FIRST | LAST, 0, b.s, b.len);
	bytes.s[1] = 2;
	expect_failure(&bytes, MISCSI_ERR_ISNS_QUERY, "iSNS version is not 1");
	bytes.s[1] = 1;
	strbuf_putc(&bytes, 'x');
	expect_failure(&bytes, MISCSI_ERR_ISNS_QUERY, "bytes after its end");
	for (size_t cut = 0; cut < b.len; cut++) {
		if (cut == 4 || cut == 16)
			continue; /* after the status, or an attribute */
		strbuf_reset(&bytes);
		pdu(&bytes, QUERY, 1, FIRST | LAST, 0, b.s, cut);
		expect_failure(&bytes, MISCSI_ERR_ISNS_QUERY, "it ends in the middle of an attribute");
	}
	strbuf_reset(&bytes);
	put(&b, 16, 4);
	put(&b, 17, 4);
	pdu(&bytes, QUERY, 1, FIRST | LAST, 0, b.s, b.len);
	expect_failure(&bytes, MISCSI_ERR_ISNS_QUERY, "not a multiple of 4");
}

/* Endless answers end at a bound, in little memory. */
static void test_endless(void **state)
{
	cleanup(strbuf_free) struct strbuf b = STRBUF_INIT(0), bytes = STRBUF_INIT(0);
	struct isns_action a;
	struct isns *s;
	struct got g;

	(void)state;
	success(&b);
	target(&b, "iqn.2026-11.com.example:t");
	for (unsigned i = 1; i <= ISNS_PORTALS_MAX + 1; i++)
		portal(&b, "10.1.2.3", i);
	pdu(&bytes, QUERY, 1, FIRST | LAST, 0, b.s, b.len);
	expect_failure(
		&bytes, MISCSI_ERR_ISNS_QUERY, "more portals than the limit of 1024 for the target iqn.2026-11.com.example:t");

	s = begun(&g, &a);
	for (unsigned i = 0; a.kind != ISNS_FAILED; i++) {
		assert_true(i <= ISNS_PDUS_MAX);
		strbuf_reset(&bytes);
		pdu(&bytes, QUERY, 1, i ? 0 : FIRST, i & 0xffff, NULL, 0);
		isns_feed(s, bytes.s, bytes.len, &a);
	}
	assert_int_equal(a.err.code, MISCSI_ERR_ISNS_QUERY);
	done_with(s, &g);

	/* one attribute without end */
	s = begun(&g, &a);
	strbuf_reset(&b);
	success(&b);
	put(&b, 32, 4);
	put(&b, 0xfffffffc, 4);
	while (b.len < 60000)
		put(&b, 0x61616161, 4);
	for (unsigned i = 0; a.kind != ISNS_FAILED; i++) {
		assert_true(i <= ISNS_BYTES_MAX / 60000);
		strbuf_reset(&bytes);
		pdu(&bytes, QUERY, 1, i ? 0 : FIRST, i, b.s, b.len);
		isns_feed(s, bytes.s, bytes.len, &a);
	}
	assert_non_null(strstr(a.err.text, "longer than 64 MiB"));
	done_with(s, &g);
}

static void test_memory_and_owner(void **state)
{
	const struct isns_config c = { .source = "iqn.2026-11.com.example:me", .found = found };
	cleanup(strbuf_free) struct strbuf b = STRBUF_INIT(0), bytes = STRBUF_INIT(0);
	struct isns_action a;
	struct isns *s = NULL;
	struct got g;

	(void)state;
	success(&b);
	target(&b, "iqn.2026-11.com.example:t");
	portal(&b, "10.1.2.3", 3260);
	pdu(&bytes, QUERY, 1, FIRST | LAST, 0, b.s, b.len);
	s = begun(&g, &a);
	g.fail_at = 1;
	isns_feed(s, bytes.s, bytes.len, &a);
	assert_int_equal(a.kind, ISNS_FAILED);
	assert_int_equal(a.err.code, MISCSI_ERR_INTERNAL);
	done_with(s, &g);

	x_fail_at(1);
	assert_int_equal(isns_new(&c, &s), -ENOMEM);
	assert_int_equal(isns_new(&c, &s), 0);
	x_fail_at(1);
	isns_start(s, &a);
	assert_int_equal(a.kind, ISNS_FAILED);
	assert_int_equal(a.err.code, MISCSI_ERR_NOMEM);
	isns_free(s);
	s = begun(&g, &a);
	x_fail_at(1); /* the portals */
	isns_feed(s, bytes.s, bytes.len, &a);
	assert_int_equal(a.kind, ISNS_FAILED);
	assert_int_equal(a.err.code, MISCSI_ERR_NOMEM);
	x_fail_at(0);
	done_with(s, &g);
}

/* ---- notifications ---- */

static const uint8_t own[16] = { [10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 9 };

static struct isns *begun_with_notify(struct got *g, struct isns_action *a)
{
	const struct isns_config c = { .source = "iqn.2026-11.com.example:me", .found = found, .warning = warning, .arg = g };
	struct isns *s;

	memset(g, 0, sizeof(*g));
	assert_int_equal(isns_new(&c, &s), 0);
	isns_notify(s, own, 0x1234);
	isns_start(s, a);
	assert_int_equal(a->kind, ISNS_SEND);
	return s;
}

static void feed(struct isns *s, struct isns_action *a, unsigned function, unsigned xid, struct strbuf *payload)
{
	cleanup(strbuf_free) struct strbuf bytes = STRBUF_INIT(0);

	pdu(&bytes, function, xid, FIRST | LAST, 0, payload->s, payload->len);
	strbuf_free(payload);
	isns_feed(s, bytes.s, bytes.len, a);
}

static void respond(struct isns *s, struct isns_action *a, unsigned function, unsigned xid, uint32_t status)
{
	struct strbuf payload = STRBUF_INIT(0);

	put(&payload, status, 4);
	if (function == QUERY)
		number(&payload, 33, 1);
	empty(&payload, 0);
	feed(s, a, function, xid, &payload);
}

/* RFC 4171 5.6.5.1 and 5.6.5.5: entity, protocol, portal, ESI and SCN ports, node; then the bitmap. */
static void test_registers_for_notifications(void **state)
{
	static const char wanted[] = "\0\0\0\x20\0\0\0\x1ciqn.2026-11.com.example:me\0\0"
				     "\0\0\0\0\0\0\0\0"
				     "\0\0\0\1\0\0\0\x1ciqn.2026-11.com.example:me\0\0"
				     "\0\0\0\2\0\0\0\4\0\0\0\2"
				     "\0\0\0\x10\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\x9"
				     "\0\0\0\x11\0\0\0\4\0\0\x12\x34"
				     "\0\0\0\x13\0\0\0\4\0\0\0\x3c"
				     "\0\0\0\x14\0\0\0\4\0\0\x12\x34"
				     "\0\0\0\x17\0\0\0\4\0\0\x12\x34"
				     "\0\0\0\x20\0\0\0\x1ciqn.2026-11.com.example:me\0\0"
				     "\0\0\0\x21\0\0\0\4\0\0\0";
	static const char bitmap[] = "\0\0\0\x20\0\0\0\x1ciqn.2026-11.com.example:me\0\0"
				     "\0\0\0\x20\0\0\0\x1ciqn.2026-11.com.example:me\0\0"
				     "\0\0\0\0\0\0\0\0"
				     "\0\0\0\x23\0\0\0\4\0\0\0";
	struct isns_action a;
	struct got g;
	struct isns *s = begun_with_notify(&g, &a);

	(void)state;
	assert_int_equal(a.len, 12 + sizeof(wanted));
	assert_memory_equal((const char *)a.data + 12, wanted, sizeof(wanted) - 1);
	respond(s, &a, REGISTER, 1, 0);
	assert_int_equal(a.kind, ISNS_SEND);
	assert_int_equal(((const char *)a.data)[3], 5);
	assert_memory_equal((const char *)a.data + 12, bitmap, sizeof(bitmap) - 1);
	assert_int_equal(((const char *)a.data)[a.len - 1], 0x5c);
	assert_false(isns_is_notified(s));
	respond(s, &a, 5, 2, 0);
	assert_int_equal(a.kind, ISNS_SEND);
	assert_int_equal(((const char *)a.data)[3], QUERY);
	assert_true(isns_is_notified(s));
	respond(s, &a, QUERY, 3, 0);
	assert_int_equal(a.kind, ISNS_DONE);
	done_with(s, &g);
}

/* A server that refuses either step is queried all the same; one that then does not know the initiator gets the plain registration. */
static void test_a_query_follows_a_refused_registration(void **state)
{
	struct isns_action a;
	struct isns *s;
	struct got g;

	(void)state;
	for (unsigned step = 0; step < 2; step++) {
		s = begun_with_notify(&g, &a);
		if (step == 1)
			respond(s, &a, REGISTER, 1, 0);
		respond(s, &a, step ? 5 : REGISTER, 1 + step, 3);
		assert_int_equal(a.kind, ISNS_SEND);
		assert_int_equal(((const char *)a.data)[3], QUERY);
		assert_false(isns_is_notified(s));
		assert_non_null(
			strstr(strbuf_str(&g.warnings), "changes: the registration is invalid (status 3); allow this name"));
		respond(s, &a, QUERY, 2 + step, step ? 0 : 6);
		assert_int_equal(a.kind, step ? ISNS_DONE : ISNS_SEND);
		done_with(s, &g);
	}
}

static void next_is(struct isns *s, struct isns_action *a, unsigned xid, const char *name)
{
	struct strbuf payload = STRBUF_INIT(0);

	put(&payload, 0, 4);
	text(&payload, 32, name);
	empty(&payload, 0);
	number(&payload, 33, 1);
	feed(s, a, GET_NEXT, xid, &payload);
}

/* RFC 4171 5.6.5.3: the key is empty, then the last name; the operating attribute is the node type. */
static void test_one_after_the_other(void **state)
{
	static const char first[] = "\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x21\0\0\0\4\0\0\0\1";
	static const char second[] = "\0\0\0\x20\0\0\0\x8iqn.x:a\0\0\0\0\0\0\0\0\0\0\0\0\x21\0\0\0\4\0\0\0\1";
	static const char query[] = "\0\0\0\x20\0\0\0\x8iqn.x:a\0\0\0\0\0\0\0\0\0\0\0\0\x20\0\0\0\0";
	const size_t source = 12 + 8 + 28;
	struct strbuf payload = STRBUF_INIT(0);
	struct isns_action a;
	struct got g;
	struct isns *s = begun(&g, &a);

	(void)state;
	respond(s, &a, QUERY, 1, 11);
	assert_int_equal(((const char *)a.data)[3], GET_NEXT);
	assert_int_equal(a.len, source + sizeof(first) - 1);
	assert_memory_equal((const char *)a.data + source, first, sizeof(first) - 1);
	next_is(s, &a, 2, "iqn.x:a");
	assert_int_equal(((const char *)a.data)[3], QUERY);
	assert_memory_equal((const char *)a.data + source, query, sizeof(query) - 1);
	put(&payload, 0, 4);
	text(&payload, 32, "iqn.x:a");
	empty(&payload, 0);
	target(&payload, "iqn.x:a");
	portal(&payload, "192.0.2.1", 3260);
	feed(s, &a, QUERY, 3, &payload);
	assert_string_equal(strbuf_str(&g.list), "iqn.x:a 192.0.2.1:3260,-1;");
	assert_int_equal(a.len, source + sizeof(second) - 1);
	assert_memory_equal((const char *)a.data + source, second, sizeof(second) - 1);
	next_is(s, &a, 4, "iqn.x:b");
	respond(s, &a, QUERY, 5, 9); /* it is gone */
	next_is(s, &a, 6, "iqn.x:c");
	respond(s, &a, QUERY, 7, 0);
	respond(s, &a, GET_NEXT, 8, 9);
	assert_int_equal(a.kind, ISNS_DONE);
	done_with(s, &g);
}

static void test_no_way_on(void **state)
{
	static const struct {
		const char *next;
		uint32_t status;
		const char *text;
	} cases[] = {
		{ NULL, 0, "the name of the next node is missing from it" },
		{ "", 0, "the name of the next node in it is empty" },
		{ NULL, 15, "it has an internal error (status 11)" },
		{ NULL, 9, "it has an internal error (status 11)" },
		{ "iqn.x:b", 9, "a target was deregistered while" },
		{ "iqn.x:a", 0, "it names the same node twice" },
	};
	struct isns_action a;
	struct got g;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct isns *s = begun(&g, &a);

		respond(s, &a, QUERY, 1, 11);
		cases[i].next ? next_is(s, &a, 2, cases[i].next) : respond(s, &a, GET_NEXT, 2, cases[i].status);
		if (a.kind == ISNS_SEND) {
			respond(s, &a, QUERY, 3, 9);
			cases[i].status ? respond(s, &a, GET_NEXT, 4, 9) : next_is(s, &a, 4, cases[i].next);
		}
		assert_int_equal(a.kind, ISNS_FAILED);
		assert_non_null(strstr(a.err.text, cases[i].text));
		done_with(s, &g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_after_the_other),
		cmocka_unit_test(test_no_way_on),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_other_orders),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_many_pdus),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_memory_and_owner),
		cmocka_unit_test(test_registers_for_notifications),
		cmocka_unit_test(test_a_query_follows_a_refused_registration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

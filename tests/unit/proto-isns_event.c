/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of proto/isns_event: what an iSNS server sends by itself, at every cut of the bytes, and what it may not send. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "isns-bytes.h"
#include "proto/isns_event.h"
#include <errno.h>

/* A message of a server: payload, in PDUs of size bytes. */
static void message(struct strbuf *b, unsigned function, unsigned xid, const struct strbuf *payload, size_t size)
{
	unsigned seq = 0;

	for (size_t at = 0; at < payload->len; at += size, seq++) {
		size_t n = size < payload->len - at ? size : payload->len - at;

		put(b, 1, 2);
		put(b, function, 2);
		put(b, (uint32_t)n, 2);
		put(b, 0x4000u | (at ? 0 : FIRST) | (at + n == payload->len ? LAST : 0), 2);
		put(b, xid, 2);
		put(b, seq, 2);
		strbuf_add(b, payload->s + at, n);
	}
}

static void scn(struct strbuf *payload)
{
	text(payload, 32, "iqn.2026-11.com.example:me");
	put(payload, 4, 4);
	put(payload, 8, 4);
	put(payload, 0, 4);
	put(payload, 77, 4);
	number(payload, 35, 8);
	text(payload, 32, "iqn.2026-11.com.example:target");
}

/* In one piece and at every cut: the response has the destination, and the change is reported once. */
static void test_a_notification_is_answered(void **state)
{
	cleanup(strbuf_free) struct strbuf payload = STRBUF_INIT(0), bytes = STRBUF_INIT(0), want = STRBUF_INIT(0);

	(void)state;
	scn(&payload);
	for (unsigned size = 40; size <= 200; size += 160) {
		strbuf_reset(&bytes);
		strbuf_reset(&want);
		message(&bytes, 8, 7, &payload, size);
		put(&want, 0, 4);
		strbuf_add(&want, payload.s, 36);
		for (size_t cut = 1; cut <= bytes.len; cut++) {
			cleanup(strbuf_free) struct strbuf reply = STRBUF_INIT(0);
			struct isns_event e = { 0 };
			bool changed = false;

			assert_int_equal(isns_event_feed(&e, bytes.s, cut, &reply, &changed), 0);
			assert_int_equal(changed, cut == bytes.len);
			assert_int_equal(isns_event_feed(&e, bytes.s + cut, bytes.len - cut, &reply, &changed), 0);
			assert_true(changed);
			assert_int_equal(reply.len, 12 + want.len);
			assert_memory_equal(reply.s, "\0\1\x80\x8\0\x28\x8c\0\0\7\0\0", 12);
			assert_memory_equal(reply.s + 12, want.s, want.len);
		}
	}
}

static void test_an_inquiry_is_echoed(void **state)
{
	cleanup(strbuf_free) struct strbuf payload = STRBUF_INIT(0), bytes = STRBUF_INIT(0), reply = STRBUF_INIT(0);
	struct isns_event e = { 0 };
	bool changed = false;

	(void)state;
	put(&payload, 4, 4);
	put(&payload, 8, 4);
	put(&payload, 0, 8);
	text(&payload, 1, "iqn.2026-11.com.example:me");
	number(&payload, 17, 0x1234);
	message(&bytes, 0xd, 0x102, &payload, 1000);
	for (unsigned i = 0; i < 3; i++) { /* over one connection */
		strbuf_reset(&reply);
		for (size_t at = 0; at < bytes.len; at++)
			assert_int_equal(isns_event_feed(&e, bytes.s + at, 1, &reply, &changed), 0);
		assert_int_equal(reply.len, 12 + 4 + payload.len);
		assert_memory_equal(reply.s + 2, "\x80\xd", 2);
		assert_memory_equal(reply.s + 8, "\1\2\0\0\0\0\0\0", 8);
		assert_memory_equal(reply.s + 16, payload.s, payload.len);
	}
	assert_false(changed);
}

/* What is no notification ends the connection: nothing is answered, and no memory grows. */
static void test_other_messages_are_refused(void **state)
{
	static const unsigned functions[] = { 0, 1, 2, 7, 9, 0xe, 0x8008, 0x800d, 0xffff };
	cleanup(strbuf_free) struct strbuf payload = STRBUF_INIT(0), bytes = STRBUF_INIT(0), reply = STRBUF_INIT(0);
	bool changed = false;

	(void)state;
	scn(&payload);
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		strbuf_reset(&bytes);
		message(&bytes, functions[i], 1, &payload, 1000);
		assert_int_equal(isns_event_feed(&(struct isns_event){ 0 }, bytes.s, bytes.len, &reply, &changed), -EPROTO);
	}
	strbuf_reset(&payload); /* no destination */
	number(&payload, 35, 8);
	strbuf_reset(&bytes);
	message(&bytes, 8, 1, &payload, 1000);
	assert_int_equal(isns_event_feed(&(struct isns_event){ 0 }, bytes.s, bytes.len, &reply, &changed), -EPROTO);
	strbuf_reset(&payload); /* a destination longer than the message */
	put(&payload, 32, 4);
	put(&payload, 0xfffffffc, 4);
	put(&payload, 0, 4);
	strbuf_reset(&bytes);
	message(&bytes, 8, 1, &payload, 1000);
	assert_int_equal(isns_event_feed(&(struct isns_event){ 0 }, bytes.s, bytes.len, &reply, &changed), -EPROTO);
	strbuf_reset(&payload); /* an inquiry that is longer than any */
	for (unsigned i = 0; i < 300; i++)
		number(&payload, 17, i);
	strbuf_reset(&bytes);
	message(&bytes, 0xd, 1, &payload, 60000);
	assert_int_equal(isns_event_feed(&(struct isns_event){ 0 }, bytes.s, bytes.len, &reply, &changed), -EPROTO);
	assert_int_equal(reply.len, 0);
	assert_false(changed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_notification_is_answered),
		cmocka_unit_test(test_an_inquiry_is_echoed),
		cmocka_unit_test(test_other_messages_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

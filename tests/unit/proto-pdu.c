/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of proto/pdu: bytes of headers as RFC 7143 section 11 draws them, limits per opcode, the reader at
 * every cut. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "target.h"
#include <errno.h>

static void login_request_has_the_bytes_of_11_12(void **state)
{
	static const uint8_t want[ISCSI_BHS_SIZE] = {
		0x43, 0x87, 0, 0, 0, 0, 0, 5, 0x40, 1, 2, 3, 4, 5, 0x12, 0x34, /* T, CSG 1, NSG 3; ISID, TSIH */
		0xa, 0xb, 0xc, 0xd, 0x56, 0x78, 0, 0, 0, 0, 0, 9, 0, 0, 0, 7, /* ITT, CID, CmdSN, ExpStatSN */
	};
	struct iscsi_pdu pdu = { .data = (const uint8_t *)"A=bc", .len = 5 };
	struct iscsi_request r = { .immediate = true,
		.final = true,
		.csg = 1,
		.nsg = 3,
		.isid = { 0x40, 1, 2, 3, 4, 5 },
		.tsih = 0x1234,
		.itt = 0x0a0b0c0d,
		.cid = 0x5678,
		.cmdsn = 9,
		.exp_statsn = 7 };

	(void)state;
	pdu_build(&pdu, ISCSI_OP_LOGIN, &r);
	assert_memory_equal(pdu.bhs, want, sizeof(want));
	r.final = false;
	r.cont = true;
	pdu_build(&pdu, ISCSI_OP_LOGIN, &r);
	assert_int_equal(pdu.bhs[1], 0x44); /* NSG is reserved without T */
}

static void text_logout_and_nop_have_their_bytes(void **state)
{
	struct iscsi_pdu pdu = { .len = 0 };
	struct iscsi_request t = { .final = true, .itt = 1, .ttt = 0xffffffff, .cmdsn = 2, .exp_statsn = 3 };
	struct iscsi_request l = { .immediate = true, .final = true, .reason = ISCSI_LOGOUT_CONNECTION, .cid = 0x0102, .itt = 4 };
	struct iscsi_request n = { .immediate = true, .final = true, .lun = 0x0001000000000000, .itt = 0xffffffff, .ttt = 5 };

	(void)state;
	pdu_build(&pdu, ISCSI_OP_TEXT, &t);
	assert_int_equal(pdu.bhs[0], 0x04);
	assert_int_equal(pdu.bhs[1], 0x80);
	assert_memory_equal(pdu.bhs + 16, "\0\0\0\1\xff\xff\xff\xff\0\0\0\2\0\0\0\3", 16);
	pdu_build(&pdu, ISCSI_OP_LOGOUT, &l);
	assert_int_equal(pdu.bhs[0], 0x46);
	assert_int_equal(pdu.bhs[1], 0x81);
	assert_memory_equal(pdu.bhs + 20, "\1\2", 2);
	pdu_build(&pdu, ISCSI_OP_NOP_OUT, &n);
	assert_int_equal(pdu.bhs[0], 0x40);
	assert_memory_equal(pdu.bhs + 8, "\0\1\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\5", 16);
}

static void login_response_is_taken_apart(void **state)
{
	struct iscsi_pdu pdu = target_login(TARGET_TO_FFP, 0x0102, TEXT("A=b"));
	struct iscsi_response r, t;

	(void)state;
	pdu.bhs[3] = 1;
	target_put32(pdu.bhs + 24, 0x11223344);
	pdu.bhs[36] = 2;
	pdu.bhs[37] = 3;
	assert_int_equal(pdu_parse(&pdu, ISCSI_OP_LOGIN_RSP, &r), 0);
	assert_true(r.final && !r.cont && r.csg == 1 && r.nsg == 3);
	assert_int_equal(r.version_active, 1);
	assert_int_equal(r.tsih, 0x0102);
	assert_int_equal(r.statsn, 0x11223344);
	assert_int_equal(r.exp_cmdsn, 1);
	assert_int_equal(r.max_cmdsn, 33);
	assert_int_equal(r.status_class, 2);
	assert_int_equal(r.status_detail, 3);
	assert_int_equal(pdu_parse(&pdu, ISCSI_OP_TEXT_RSP, &t), -EPROTO);
}

static void the_other_responses_are_taken_apart(void **state)
{
	struct iscsi_pdu pdu = target_pdu(ISCSI_OP_LOGOUT_RSP, 0x80, NO_TEXT);
	struct iscsi_response l, a, j;

	(void)state;
	pdu.bhs[2] = 2;
	memcpy(pdu.bhs + 40, "\0\5\1\0", 4);
	assert_int_equal(pdu_parse(&pdu, ISCSI_OP_LOGOUT_RSP, &l), 0);
	assert_true(l.response == 2 && l.time2wait == 5);
	pdu = target_pdu(ISCSI_OP_ASYNC, 0x80, NO_TEXT);
	memcpy(pdu.bhs + 36, "\1\2\0\3\0\4\0\5", 8);
	assert_int_equal(pdu_parse(&pdu, ISCSI_OP_ASYNC, &a), 0);
	assert_true(a.event == 1 && a.param2 == 4);
	pdu = target_pdu(ISCSI_OP_REJECT, 0x80, NO_TEXT);
	pdu.bhs[2] = 9;
	assert_int_equal(pdu_parse(&pdu, ISCSI_OP_REJECT, &j), 0);
	assert_string_equal(pdu_reject_text(j.reason), "it received a PDU with an invalid field");
	assert_string_equal(pdu_reject_text(1), "unknown");
	assert_string_equal(pdu_reject_text(255), "unknown");
	assert_string_equal(pdu_logout_text(9), "it returned a response that RFC 7143 does not define");
}

static void header_limits_hold_for_each_opcode(void **state)
{
	struct err err;
	struct iscsi_pdu pdu;

	(void)state;
	for (unsigned op = 0; op < 64; op++) {
		const struct pdu_opcode *row = pdu_opcode((uint8_t)op);
		bool from_target = row && row->from == PDU_FROM_TARGET;

		pdu = target_pdu((uint8_t)op, 0x80, NO_TEXT);
		err_clear(&err);
		assert_int_equal(pdu_check(pdu.bhs, 0, &err), from_target ? 0 : -EPROTO);
		assert_int_equal(err.code, from_target ? MISCSI_ERR_OK : MISCSI_ERR_FATAL_LOGIN);
		pdu.bhs[4] = 1;
		assert_int_equal(pdu_check(pdu.bhs, 0, NULL), -EPROTO);
	}
	pdu = target_pdu(ISCSI_OP_LOGIN_RSP, 0, NULL, 8192);
	assert_int_equal(pdu_check(pdu.bhs, 65536, NULL), 0);
	pdu = target_pdu(ISCSI_OP_LOGIN_RSP, 0, NULL, 8193);
	assert_int_equal(pdu_check(pdu.bhs, 65536, NULL), -EPROTO);
	pdu = target_pdu(ISCSI_OP_TEXT_RSP, 0, NULL, 65536);
	assert_int_equal(pdu_check(pdu.bhs, 65536, NULL), 0);
	assert_int_equal(pdu_check(pdu.bhs, 65535, NULL), -EPROTO);
}

static void parts_lose_the_padding_of_the_kernel(void **state)
{
	struct iscsi_pdu made = target_pdu(ISCSI_OP_TEXT_RSP, 0x80, NULL, 5), pdu;

	(void)state;
	assert_int_equal(pdu_from_parts(made.bhs, "A=bc\0\0\0", 8, 8192, &pdu, NULL), 0);
	assert_int_equal(pdu.len, 5);
	assert_int_equal(pdu_from_parts(made.bhs, "A=b", 4, 8192, &pdu, NULL), -EPROTO);
	assert_int_equal(pdu_from_parts(made.bhs, "A=bc\0\0\0", 8, 4, &pdu, NULL), -EPROTO);
}

static size_t make_stream(uint8_t *out)
{
	static const uint8_t data[] = "TargetName=x";
	struct iscsi_pdu pdus[] = { target_pdu(ISCSI_OP_TEXT_RSP, 0, data, 13), target_pdu(ISCSI_OP_NOP_IN, 0, NO_TEXT),
		target_pdu(ISCSI_OP_TEXT_RSP, 0x80, data, 4) };
	size_t len = 0;

	for (size_t i = 0; i < 3; i++) {
		struct iovec iov[3];
		int n = pdu_iov(&pdus[i], iov);

		for (int k = 0; k < n; k++) {
			memcpy(out + len, iov[k].iov_base, iov[k].iov_len);
			len += iov[k].iov_len;
		}
	}
	return len;
}

static void reader_gives_the_same_at_every_cut(void **state)
{
	uint8_t stream[256];
	size_t len = make_stream(stream), used;
	struct iscsi_pdu pdu;

	(void)state;
	assert_int_equal(len, 48 + 16 + 48 + 48 + 4);
	for (size_t piece = 1; piece <= len; piece++) {
		struct pdu_reader r;
		size_t lens[3], n = 0;

		pdu_reader_init(&r, 8192);
		for (size_t at = 0; at < len; at += used) {
			int ret = pdu_reader_feed(&r, stream + at, len - at < piece ? len - at : piece, &used, &pdu, NULL);

			assert_in_range(ret, 0, 1);
			if (ret && pdu.len)
				assert_memory_equal(pdu.data, "TargetName=x", pdu.len);
			if (ret)
				lens[n++] = pdu.len;
		}
		assert_int_equal(n, 3);
		assert_true(lens[0] == 13 && lens[1] == 0 && lens[2] == 4);
		assert_false(pdu_reader_pending(&r));
		pdu_reader_free(&r);
	}
}

static void reader_refuses_before_it_allocates(void **state)
{
	struct iscsi_pdu made = target_pdu(ISCSI_OP_TEXT_RSP, 0, NULL, 0xffffff), pdu;
	struct pdu_reader r;
	struct err err = ERR_INIT;
	size_t used;

	(void)state;
	pdu_reader_init(&r, 8192);
	assert_int_equal(pdu_reader_feed(&r, made.bhs, 48, &used, &pdu, &err), -EPROTO);
	assert_non_null(strstr(err.text, "16777215 bytes"));
	assert_null(r.body);
	assert_int_equal(pdu_reader_feed(&r, made.bhs, 48, &used, &pdu, NULL), -EPROTO);
	assert_int_equal(used, 0);
	pdu_reader_free(&r);
}

static void reader_knows_a_cut_short_and_lack_of_memory(void **state)
{
	uint8_t stream[256];
	struct pdu_reader r;
	struct iscsi_pdu pdu;
	size_t used;

	(void)state;
	make_stream(stream);
	pdu_reader_init(&r, 8192);
	assert_int_equal(pdu_reader_feed(&r, stream, 50, &used, &pdu, NULL), 0);
	assert_true(pdu_reader_pending(&r));
	pdu_reader_free(&r);
	pdu_reader_init(&r, 8192);
	x_fail_at(1);
	assert_int_equal(pdu_reader_feed(&r, stream, 64, &used, &pdu, NULL), -ENOMEM);
	pdu_reader_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(login_request_has_the_bytes_of_11_12),
		cmocka_unit_test(text_logout_and_nop_have_their_bytes),
		cmocka_unit_test(login_response_is_taken_apart),
		cmocka_unit_test(the_other_responses_are_taken_apart),
		cmocka_unit_test(header_limits_hold_for_each_opcode),
		cmocka_unit_test(parts_lose_the_padding_of_the_kernel),
		cmocka_unit_test(reader_gives_the_same_at_every_cut),
		cmocka_unit_test(reader_refuses_before_it_allocates),
		cmocka_unit_test(reader_knows_a_cut_short_and_lack_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

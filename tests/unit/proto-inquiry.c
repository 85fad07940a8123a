/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of proto/inquiry: the command's bytes, pages in parts, pages that are cut off or refused, and hostile answers. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "proto/inquiry.h"
#include "proto/login.h"
#include "target.h"
#include <errno.h>
#include <string.h>

static const struct login_result after_login = { .cmdsn = 7, .exp_statsn = 9, .max_cmdsn = 12 };

static struct iscsi_pdu asked(struct inquiry *q, uint64_t lun)
{
	struct err err = ERR_INIT;
	struct iscsi_pdu pdu;

	inquiry_init(q, &after_login);
	assert_int_equal(inquiry_ask(q, lun, 0x83, &pdu, &err), 0);
	return pdu;
}

/* Data-In at that offset; status -1: none yet. */
static struct iscsi_pdu data_in(const struct iscsi_pdu *command, uint32_t offset, const void *data, size_t len, int status)
{
	struct iscsi_pdu pdu = target_pdu(ISCSI_OP_DATA_IN, status < 0 ? 0 : 0x81, data, len);

	memcpy(pdu.bhs + 16, command->bhs + 16, 4);
	pdu.bhs[3] = (uint8_t)(status < 0 ? 0 : status);
	target_put32(pdu.bhs + 24, 9);
	target_put32(pdu.bhs + 40, offset);
	return pdu;
}

static struct iscsi_pdu scsi_response(const struct iscsi_pdu *command, uint8_t status)
{
	struct iscsi_pdu pdu = target_pdu(ISCSI_OP_SCSI_RSP, 0x80, NULL, 0);

	memcpy(pdu.bhs + 16, command->bhs + 16, 4);
	pdu.bhs[3] = status;
	return pdu;
}

static int fed(struct inquiry *q, const struct iscsi_pdu pdu, struct iscsi_pdu *next)
{
	struct err err = ERR_INIT;
	int rc = inquiry_feed(q, &pdu, next, &err);

	assert_true(rc >= 0 || err.code);
	return rc;
}

/* RFC 7143 11.3; SAM-5 4.7: the first level of a LUN is its first two bytes, and the kernel's number has it lowest. */
static void command_is_laid_out_as_the_rfc_says(void **state)
{
	static const uint8_t lun[] = { 0x00, 0x05, 0x40, 0x02, 0, 0, 0, 0 }, cdb[] = { 0x12, 1, 0x83, 4, 0, 0 };
	struct inquiry q;
	struct iscsi_pdu pdu = asked(&q, 0x40020005);

	(void)state;
	assert_int_equal(pdu.bhs[0], ISCSI_OP_SCSI_CMD);
	assert_int_equal(pdu.bhs[1], 0xc1); /* F, R, simple */
	assert_memory_equal(pdu.bhs + 8, lun, sizeof(lun));
	assert_memory_equal(pdu.bhs + 20, "\0\0\4\0\0\0\0\7\0\0\0\11", 12); /* length, CmdSN, ExpStatSN */
	assert_memory_equal(pdu.bhs + 32, cdb, sizeof(cdb));
	inquiry_free(&q);
}

static void page_may_come_in_parts(void **state)
{
	struct iscsi_pdu next, command;
	struct inquiry q;

	(void)state;
	command = asked(&q, 0);
	assert_int_equal(fed(&q, data_in(&command, 0, "\0\x83\0\4ab", 6, -1), &next), INQUIRY_WAIT);
	assert_int_equal(fed(&q, target_pdu(ISCSI_OP_NOP_IN, 0x80, NULL, 0), &next), INQUIRY_WAIT);
	assert_int_equal(fed(&q, data_in(&command, 6, "cd", 2, -1), &next), INQUIRY_WAIT);
	assert_int_equal(fed(&q, scsi_response(&command, 0), &next), INQUIRY_DONE);
	assert_int_equal(q.have, 8);
	assert_memory_equal(q.bytes + 4, "abcd", 4);
	inquiry_free(&q);
}

/* The sum of a cut page would differ from that of the whole one. */
static void long_page_is_requested_as_a_whole(void **state)
{
	uint8_t page[3000] = { 0, 0x83, (sizeof(page) - 4) >> 8, (sizeof(page) - 4) & 255 };
	struct iscsi_pdu next, command;
	struct inquiry q;

	(void)state;
	command = asked(&q, 0);
	assert_int_equal(fed(&q, data_in(&command, 0, page, 1024, 0), &next), INQUIRY_SEND);
	assert_memory_equal(next.bhs + 32 + 3, "\x0b\xb8", 2);
	assert_memory_equal(next.bhs + 24, "\0\0\0\10\0\0\0\12", 8);
	assert_int_equal(fed(&q, data_in(&next, 0, page, sizeof(page), 0), &command), INQUIRY_DONE);
	assert_int_equal(q.have, sizeof(page));
	inquiry_free(&q);
}

/* Whether that is worth another command is the caller's business. */
static void refused_page_is_missing(void **state)
{
	enum { BUSY = 8 };
	struct iscsi_pdu next, command;
	struct inquiry q;

	(void)state;
	command = asked(&q, 0);
	assert_int_equal(fed(&q, data_in(&command, 0, "\0\x83\0\4ab", 6, -1), &next), INQUIRY_WAIT);
	assert_int_equal(fed(&q, scsi_response(&command, BUSY), &next), INQUIRY_DONE);
	assert_int_equal(q.have, 0);
	assert_int_equal(q.status, BUSY);
	inquiry_free(&q);
}

/* A unit that was given up may answer when others are asked, or none. */
static void late_answers_are_ignored(void **state)
{
	struct err err = ERR_INIT;
	struct iscsi_pdu next, first, second;
	struct inquiry q;

	(void)state;
	first = asked(&q, 0);
	inquiry_give_up(&q);
	assert_int_equal(fed(&q, data_in(&first, 0, "\0\x83\0\4abcd", 8, -1), &next), INQUIRY_WAIT);
	assert_int_equal(q.have, 0);
	assert_int_equal(inquiry_ask(&q, 1, 0x83, &second, &err), 0);
	assert_int_equal(fed(&q, data_in(&first, 8, "late", 4, 0), &next), INQUIRY_WAIT);
	assert_int_equal(fed(&q, scsi_response(&first, 0), &next), INQUIRY_WAIT);
	assert_int_equal(fed(&q, data_in(&second, 0, "\0\x83\0\0", 4, 0), &next), INQUIRY_DONE);
	assert_int_equal(q.have, 4);
	assert_int_equal(fed(&q, scsi_response(&second, 0), &next), INQUIRY_WAIT);
	inquiry_free(&q);
}

static void answers_that_do_not_fit_are_refused(void **state)
{
	static const uint8_t page[2000];
	struct iscsi_pdu next, command, other;
	struct inquiry q;

	(void)state;
	command = asked(&q, 0);
	assert_true(fed(&q, data_in(&command, 4, page, 4, -1), &next) < 0); /* a hole */
	assert_true(fed(&q, data_in(&command, 0, page, 1025, -1), &next) < 0); /* more than was asked for */
	other = command;
	other.bhs[19]++;
	assert_true(fed(&q, data_in(&other, 0, page, 4, 0), &next) < 0); /* of another command */
	assert_true(fed(&q, scsi_response(&other, 0), &next) < 0);
	assert_true(fed(&q, target_pdu(ISCSI_OP_REJECT, 0x80, NULL, 0), &next) < 0);
	inquiry_free(&q);
}

static void closed_window_is_respected(void **state)
{
	struct err err = ERR_INIT;
	struct iscsi_pdu pdu;
	struct inquiry q;

	(void)state;
	inquiry_init(&q, &after_login);
	q.max_cmdsn = q.cmdsn - 1;
	assert_int_equal(inquiry_ask(&q, 0, 0x83, &pdu, &err), -EAGAIN);
	inquiry_free(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_is_laid_out_as_the_rfc_says),
		cmocka_unit_test(page_may_come_in_parts),
		cmocka_unit_test(long_page_is_requested_as_a_whole),
		cmocka_unit_test(refused_page_is_missing),
		cmocka_unit_test(late_answers_are_ignored),
		cmocka_unit_test(answers_that_do_not_fit_are_refused),
		cmocka_unit_test(closed_window_is_respected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

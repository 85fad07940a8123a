/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of base/err: the table is total and its rows differ; texts are kept, prefixed and cut. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "base/err.h"
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define LAST 32 /* of the exit statuses in iscsiadm(8) */

/* A second reading of the table, in its order: the one in err.c cannot show a number that two rows have. */
static const struct {
	const char *name;
	int number;
} listed[] = {
#define ERROR(symbol, number, errnum, retry, text) { #symbol, number },
#include <miscsi/errors.def>
#undef ERROR
};

#define N_LISTED (ARRAY_SIZE(listed))

static void table_is_total_and_unique(void **state)
{
	bool seen[LAST + 1] = { false };

	(void)state;
	assert_int_equal(N_LISTED, LAST + 1);
	for (size_t i = 0; i < N_LISTED; i++) {
		assert_in_range(listed[i].number, 0, LAST);
		assert_false(seen[listed[i].number]);
		seen[listed[i].number] = true;
	}
}

static void every_code_has_a_name_and_a_text_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i <= LAST; i++) {
		assert_non_null(err_name(i));
		assert_true(err_text(i)[0]);
		assert_true(i == 0 ? err_errno(i) == 0 : err_errno(i) > 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(err_text(i), err_text(j));
	}
}

static void numbers_that_are_no_row_are_unknown(void **state)
{
	(void)state;
	assert_null(err_name(LAST + 1));
	assert_null(err_name(-1));
	assert_string_equal(err_text(LAST + 1), "unknown error");
	assert_string_equal(err_text(-1), "unknown error");
	assert_int_equal(err_errno(1000), EIO);
	assert_int_equal(err_retry(1000), ERR_RETRY_LATER);
}

static void retry_classes_are_those_of_the_rows(void **state)
{
	(void)state;
	assert_int_equal(err_retry(MISCSI_ERR_OK), ERR_RETRY_NONE);
	assert_int_equal(err_retry(MISCSI_ERR_LOGIN_AUTH_FAILED), ERR_RETRY_NEVER);
	assert_int_equal(err_retry(MISCSI_ERR_TRANS), ERR_RETRY_PORTAL);
	assert_int_equal(err_retry(MISCSI_ERR_BUSY), ERR_RETRY_LATER);
}

static void set_gives_the_rows_errno(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&e, MISCSI_ERR_SESS_EXISTS, "session %d", 3), -EEXIST);
	assert_int_equal(e.code, MISCSI_ERR_SESS_EXISTS);
	assert_string_equal(e.text, "session 3");
	assert_int_equal(err_set(NULL, MISCSI_ERR_INVAL, "nobody reads this"), -EINVAL);
	err_clear(&e);
	assert_int_equal(e.code, MISCSI_ERR_OK);
	assert_string_equal(e.text, "");
}

static void sys_adds_the_reason(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(err_sys(&e, MISCSI_ERR_IDBM, EACCES, "open %s", "f"), -EACCES);
	assert_string_equal(e.text, "open f: Permission denied");
	assert_int_equal(e.code, MISCSI_ERR_IDBM);
	assert_int_equal(err_sys(NULL, MISCSI_ERR_IDBM, EACCES, "open"), -EACCES);
}

static void prefix_goes_before_and_keeps_the_code(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	err_set(&e, MISCSI_ERR_TRANS, "refused");
	err_prefix(&e, "portal %s", "10.0.0.1");
	assert_string_equal(e.text, "portal 10.0.0.1: refused");
	assert_int_equal(e.code, MISCSI_ERR_TRANS);
	err_prefix(NULL, "nobody");
}

static void old_text_may_be_an_argument(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	err_set(&e, MISCSI_ERR_TRANS, "refused");
	err_set(&e, MISCSI_ERR_LOGIN, "login failed (%s)", e.text);
	assert_string_equal(e.text, "login failed (refused)");
	err_prefix(&e, "%s", e.text);
	assert_string_equal(e.text, "login failed (refused): login failed (refused)");
}

static void long_texts_are_cut_within_the_buffer(void **state)
{
	char big[3 * ERR_TEXT_MAX];
	struct err e = ERR_INIT;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&e, MISCSI_ERR_INVAL, "%s", big);
	assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
	err_prefix(&e, "portal");
	assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
	assert_memory_equal(e.text, "portal: xxx", 11);
	err_sys(&e, MISCSI_ERR_INVAL, EIO, "%s", big);
	assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
}

static void copy_takes_all(void **state)
{
	struct err a = ERR_INIT, b = ERR_INIT;

	(void)state;
	err_set(&a, MISCSI_ERR_BUSY, "sda is mounted");
	err_copy(&b, &a);
	assert_int_equal(b.code, MISCSI_ERR_BUSY);
	assert_string_equal(b.text, "sda is mounted");
	err_copy(&b, NULL);
	assert_int_equal(b.code, MISCSI_ERR_OK);
	err_copy(NULL, &a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_total_and_unique),
		cmocka_unit_test(every_code_has_a_name_and_a_text_of_its_own),
		cmocka_unit_test(numbers_that_are_no_row_are_unknown),
		cmocka_unit_test(retry_classes_are_those_of_the_rows),
		cmocka_unit_test(set_gives_the_rows_errno),
		cmocka_unit_test(sys_adds_the_reason),
		cmocka_unit_test(prefix_goes_before_and_keeps_the_code),
		cmocka_unit_test(old_text_may_be_an_argument),
		cmocka_unit_test(long_texts_are_cut_within_the_buffer),
		cmocka_unit_test(copy_takes_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

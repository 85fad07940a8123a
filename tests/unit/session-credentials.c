/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets of a record: set in it, or in a file that it names. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/file.h"
#include "link/credentials.h"
#include "tempdir.h"
#include <errno.h>
#include <fcntl.h>

static const struct credential_fields fields = {
	FIELD_DISC_USERNAME,
	FIELD_DISC_PASSWORD,
	FIELD_DISC_PASSWORD_FILE,
	FIELD_DISC_USERNAME_IN,
	FIELD_DISC_PASSWORD_IN,
	FIELD_DISC_PASSWORD_IN_FILE,
	FIELD_DISC_CHAP_ALGS,
};

static void has(const struct secret *s, const char *text)
{
	assert_int_equal(s->len, strlen(text));
	if (s->len)
		assert_memory_equal(s->bytes, text, s->len);
}

static void secret_comes_from_its_setting_or_its_file(void **state)
{
	struct record *r = record_new(RECORD_SENDTARGETS);
	struct chap_config chap = { 0 };
	struct err err = ERR_INIT;
	struct tempdir w;

	(void)state;
	tempdir_make(&w);
	assert_int_equal(file_replace(AT_FDCWD, tempdir_path(&w, "secret"), "from a file\n", 12, 0600), 0);
	assert_int_equal(record_set(r, FIELD_DISC_USERNAME, "joe", NULL), 0);
	assert_int_equal(record_set(r, FIELD_DISC_PASSWORD_FILE, tempdir_path(&w, "secret"), NULL), 0);
	assert_int_equal(credentials_take(r, &fields, &chap, &err), 0);
	assert_string_equal(chap.name, "joe");
	has(&chap.secret, "from a file"); /* an editor's newline is no part of it */
	has(&chap.secret_in, "");
	credentials_clear(&chap);
	assert_null(chap.secret.bytes);

	assert_int_equal(record_set(r, FIELD_DISC_PASSWORD, "from the record", NULL), 0);
	assert_int_equal(credentials_take(r, &fields, &chap, &err), 0);
	has(&chap.secret, "from the record");
	credentials_clear(&chap);

	assert_int_equal(record_set(r, FIELD_DISC_PASSWORD_IN_FILE, tempdir_path(&w, "gone"), NULL), 0);
	memset(&chap, 0, sizeof(chap));
	assert_int_equal(credentials_take(r, &fields, &chap, &err), -ENOENT);
	assert_int_equal(err.code, MISCSI_ERR_LOGIN_AUTH_FAILED);
	assert_non_null(strstr(err.text, "/gone"));
	credentials_clear(&chap);
	record_free(r);
	tempdir_remove(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secret_comes_from_its_setting_or_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credentials out of records and out of the files that records name. Copies live as briefly as their caller makes it. */
#include "link/credentials.h"
#include "base/file.h"

#include <fcntl.h>

#define SECRET_FILE_MAX 1024

/* A secret from its setting, or else from the file that is named by another one; a newline at that file's end is not part of it. */
static int take_secret(const struct record *r, enum field_id direct, enum field_id by_file, struct secret *out, struct err *err)
{
	const char *path = record_str(r, by_file);
	char *text = NULL;
	size_t len = 0, used;
	int rc;

	if (record_secret(r, direct)->len || !*path)
		return secret_copy(out, record_secret(r, direct));
	rc = file_read(AT_FDCWD, path, SECRET_FILE_MAX, &text, &len);
	if (rc < 0)
		return err_sys(err, MISCSI_ERR_LOGIN_AUTH_FAILED, -rc, "cannot read the secret from %s", path);
	used = len && text[len - 1] == '\n' ? len - 1 : len;
	rc = secret_set(out, text, used);
	mem_wipe(text, len);
	x_free(text);
	return rc;
}

int credentials_take(const struct record *r, const struct credential_fields *f, struct chap_config *chap, struct err *err)
{
	int rc;

	chap->name = record_str(r, f->username);
	chap->name_in = record_str(r, f->username_in);
	rc = take_secret(r, f->password, f->password_file, &chap->secret, err);
	if (rc == 0)
		rc = take_secret(r, f->password_in, f->password_in_file, &chap->secret_in, err);
	if (rc == 0)
		rc = chap_algs_parse(record_str(r, f->chap_algs), chap, err);
	return rc;
}

void credentials_clear(struct chap_config *chap)
{
	secret_clear(&chap->secret);
	secret_clear(&chap->secret_in);
}

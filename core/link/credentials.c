/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credentials out of records and out of the files that records name. Copies live as briefly as their caller makes it. */
#include "config.h"
#include "link/credentials.h"
#include "base/file.h"
#include "record/value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#define SECRET_FILE_MAX 1024

const struct credential_fields credentials_of_session = {
	.program = "iscsid",
	.authmethod = FIELD_SESSION_AUTHMETHOD,
	.username = FIELD_SESSION_USERNAME,
	.username_in = FIELD_SESSION_USERNAME_IN,
	.chap_algs = FIELD_SESSION_CHAP_ALGS,
	.password = { FIELD_SESSION_PASSWORD, FIELD_SESSION_PASSWORD_IN },
	.file = { FIELD_SESSION_PASSWORD_FILE, FIELD_SESSION_PASSWORD_IN_FILE },
};

const struct credential_fields credentials_of_discovery = {
	.program = "iscsiadm",
	.authmethod = FIELD_DISC_AUTHMETHOD,
	.username = FIELD_DISC_USERNAME,
	.username_in = FIELD_DISC_USERNAME_IN,
	.chap_algs = FIELD_DISC_CHAP_ALGS,
	.password = { FIELD_DISC_PASSWORD, FIELD_DISC_PASSWORD_IN },
	.file = { FIELD_DISC_PASSWORD_FILE, FIELD_DISC_PASSWORD_IN_FILE },
};

/* During a read the worker's thread uses path, secret, result and err, and the loop's thread the rest: no lock is needed. */
struct credentials {
	struct work work;
	struct worker_pool *pool;
	bool under_way, ownerless;
	char *path[2]; /* NULL: not in a file */
	struct secret secret[2];
	int result;
	struct err err;
	void (*done)(void *arg, int result, const struct err *err); /* NULL: nobody waits */
	void *arg;
};

static bool in_file(const struct record *r, const struct credential_fields *f, unsigned i)
{
	return !record_secret(r, f->password[i])->len && *record_str(r, f->file[i]);
}

bool credentials_in_files(const struct record *r, const struct credential_fields *f)
{
	return record_int(r, f->authmethod) == RECORD_AUTH_CHAP && (in_file(r, f, 0) || in_file(r, f, 1));
}

/* Editors end a file with a newline. An empty secret is refused: it would switch off the authentication of the target. */
static int credentials_read_secret(const char *path, struct secret *out, struct err *err)
{
	char *text = NULL;
	size_t len = 0, used;
	int rc = file_read(AT_FDCWD, path, SECRET_FILE_MAX, &text, &len);

	if (rc == -EFBIG)
		return err_set(err, MISCSI_ERR_LOGIN_AUTH_FAILED,
			"cannot read the CHAP secret from %s: the file is larger than %d bytes", path, SECRET_FILE_MAX);
	if (rc == -EINVAL)
		return err_set(err, MISCSI_ERR_LOGIN_AUTH_FAILED,
			"cannot read the CHAP secret from %s: this is not a regular file", path);
	if (rc == -ENOMEM)
		return err_nomem(err, "a CHAP secret");
	if (rc < 0)
		return err_sys(err, MISCSI_ERR_LOGIN_AUTH_FAILED, -rc, "cannot read the CHAP secret from %s", path);
	used = len && text[len - 1] == '\n' ? len - 1 : len;
	if (used && secret_set(out, text, used) < 0)
		rc = err_nomem(err, "a CHAP secret");
	else if (!used)
		rc = err_set(err, MISCSI_ERR_LOGIN_AUTH_FAILED, "cannot read the CHAP secret from %s: the file is empty", path);
	mem_wipe(text, len);
	x_free(text);
	return rc;
}

static void credentials_run(struct work *w)
{
	struct credentials *c = container_of(w, struct credentials, work);

	for (unsigned i = 0; i < ARRAY_SIZE(c->path) && c->result == 0; i++)
		if (c->path[i])
			c->result = credentials_read_secret(c->path[i], &c->secret[i], &c->err);
}

static void credentials_destroy(struct credentials *c)
{
	for (unsigned i = 0; i < ARRAY_SIZE(c->path); i++) {
		secret_clear(&c->secret[i]);
		x_free(c->path[i]);
	}
	x_free(c);
}

static void credentials_done(struct work *w)
{
	struct credentials *c = container_of(w, struct credentials, work);

	c->under_way = false;
	if (c->ownerless)
		credentials_destroy(c);
	else if (c->done)
		c->done(c->arg, c->result, &c->err); /* may free c */
}

/* systemd sets the variable for a service with credentials: systemd.exec(5). */
static int path_of(const char *setting, const char *program, char **out, struct err *err)
{
	struct strbuf b = STRBUF_INIT(0);
	const char *name = value_credential(setting), *dir = secure_getenv("CREDENTIALS_DIRECTORY");

	if (name && (!dir || !*dir))
		return err_set(err, MISCSI_ERR_LOGIN_AUTH_FAILED,
			"cannot read %s: CREDENTIALS_DIRECTORY is not set: %s was not started by systemd with LoadCredential=%s",
			setting, program, name);
	if (name)
		strbuf_printf(&b, "%s/%s", dir, name);
	else
		strbuf_puts(&b, setting);
	*out = strbuf_error(&b) ? NULL : x_strdup(strbuf_str(&b));
	strbuf_free(&b);
	return *out ? 0 : err_nomem(err, "the path of a CHAP secret");
}

static int credentials_new(const struct record *r, const struct credential_fields *f, struct credentials **out, struct err *err)
{
	struct credentials *c = x_new(struct credentials);
	int rc = c ? 0 : err_nomem(err, "CHAP secrets");

	for (unsigned i = 0; rc == 0 && i < ARRAY_SIZE(c->path); i++)
		if (in_file(r, f, i))
			rc = path_of(record_str(r, f->file[i]), f->program, &c->path[i], err);
	if (rc < 0 && c)
		credentials_destroy(c);
	else
		*out = c;
	return rc;
}

int credentials_read(struct worker_pool *pool, const struct record *r, const struct credential_fields *f,
	void (*done)(void *arg, int result, const struct err *err), void *arg, struct credentials **slot, struct err *err)
{
	struct credentials *c = *slot;
	int rc;

	if (!c || !c->under_way) {
		credentials_free(slot);
		rc = credentials_new(r, f, &c, err);
		if (rc < 0)
			return rc;
		c->pool = pool;
		c->work = (struct work){ .run = credentials_run, .done = credentials_done };
		rc = worker_submit(pool, &c->work);
		if (rc < 0) {
			credentials_destroy(c);
			return err_sys(err, MISCSI_ERR_NOMEM, -rc, "cannot read the CHAP secret's file");
		}
		c->under_way = true;
		*slot = c;
	}
	c->done = done;
	c->arg = arg;
	return 0;
}

void credentials_release(struct credentials **slot)
{
	struct credentials *c = *slot;

	if (c && c->under_way && !worker_cancel(c->pool, &c->work))
		c->done = NULL;
	else if (c && (c->under_way || c->result < 0))
		credentials_free(slot);
}

void credentials_free(struct credentials **slot)
{
	struct credentials *c = *slot;

	*slot = NULL;
	if (c && c->under_way && !worker_cancel(c->pool, &c->work))
		c->ownerless = true;
	else if (c)
		credentials_destroy(c);
}

bool credentials_known(const struct credentials *c)
{
	return c && !c->under_way && c->result == 0;
}

const struct secret *credentials_secret(
	const struct record *r, const struct credential_fields *f, const struct credentials *read, enum field_id password)
{
	unsigned i = password == f->password[1];

	return read && in_file(r, f, i) ? &read->secret[i] : record_secret(r, password);
}

int credentials_take(const struct record *r, const struct credential_fields *f, const struct credentials *read,
	struct chap_config *chap, struct err *err)
{
	int rc;

	chap->name = record_str(r, f->username);
	chap->name_in = record_str(r, f->username_in);
	rc = secret_copy(&chap->secret, credentials_secret(r, f, read, f->password[0]));
	if (rc == 0)
		rc = secret_copy(&chap->secret_in, credentials_secret(r, f, read, f->password[1]));
	return rc < 0 ? err_nomem(err, "CHAP secrets") : chap_algs_parse(record_str(r, f->chap_algs), chap, err);
}

void credentials_clear(struct chap_config *chap)
{
	secret_clear(&chap->secret);
	secret_clear(&chap->secret_in);
}

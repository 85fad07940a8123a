/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credentials out of records and out of the files that records name, which helpers read. Copies live as briefly as their caller makes it. */
#include "config.h"
#include "link/credentials.h"
#include "base/file.h"
#include "record/value.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_FILE_MAX 1024

const struct credential_fields credentials_of_session = {
	.program = "iscsid",
	.authmethod = FIELD_SESSION_AUTHMETHOD,
	.policy = FIELD_SESSION_AUTH_POLICY,
	.username = FIELD_SESSION_USERNAME,
	.username_in = FIELD_SESSION_USERNAME_IN,
	.chap_algs = FIELD_SESSION_CHAP_ALGS,
	.password = { FIELD_SESSION_PASSWORD, FIELD_SESSION_PASSWORD_IN },
	.file = { FIELD_SESSION_PASSWORD_FILE, FIELD_SESSION_PASSWORD_IN_FILE },
};

const struct credential_fields credentials_of_discovery = {
	.program = "iscsiadm",
	.authmethod = FIELD_DISC_AUTHMETHOD,
	.policy = FIELD_DISC_AUTH_POLICY,
	.username = FIELD_DISC_USERNAME,
	.username_in = FIELD_DISC_USERNAME_IN,
	.chap_algs = FIELD_DISC_CHAP_ALGS,
	.password = { FIELD_DISC_PASSWORD, FIELD_DISC_PASSWORD_IN },
	.file = { FIELD_DISC_PASSWORD_FILE, FIELD_DISC_PASSWORD_IN_FILE },
};

struct credentials {
	struct helper_job job;
	bool under_way;
	bool known[2], doubted; /* of `secret` */
	char *path[2]; /* NULL: not in a file */
	struct secret secret[2];
	bool short_told[2];
	int result;
	struct err err;
	void (*done)(void *arg, int result, const struct err *err); /* NULL: nobody waits */
	void *arg;
};

/* "": not in a file. */
struct credentials_request {
	char path[2][PATH_MAX];
};
_Static_assert(sizeof(struct credentials_request) <= HELPER_BYTES_MAX, "the names of both files fit into a request");

struct credentials_answer {
	struct err err;
	size_t len[2];
	uint8_t bytes[2][SECRET_FILE_MAX];
};

enum login_auth credentials_auth(const struct record *r, const struct credential_fields *f)
{
	bool mutual = *record_str(r, f->username_in) || record_secret(r, f->password[1])->len || *record_str(r, f->file[1]);

	if (record_int(r, f->authmethod) != RECORD_AUTH_CHAP)
		return LOGIN_AUTH_NONE;
	return mutual || record_int(r, f->policy) == RECORD_AUTH_REQUIRE ? LOGIN_AUTH_CHAP : LOGIN_AUTH_CHAP_OR_NONE;
}

static bool in_file(const struct record *r, const struct credential_fields *f, unsigned i)
{
	return !record_secret(r, f->password[i])->len && *record_str(r, f->file[i]);
}

bool credentials_in_files(const struct record *r, const struct credential_fields *f)
{
	return credentials_auth(r, f) != LOGIN_AUTH_NONE && (in_file(r, f, 0) || in_file(r, f, 1));
}

/* Editors end a file with a newline. An empty secret is refused: it would switch off the authentication of the target. */
static int credentials_read_secret(const char *path, uint8_t *out, size_t *out_len, struct err *err)
{
	char *text = NULL;
	size_t len = 0, used;
	int rc = file_read(AT_FDCWD, path, SECRET_FILE_MAX, &text, &len);

	if (rc == -EFBIG)
		return err_set(err, MISCSI_ERR_LOGIN_AUTH_FAILED,
			"cannot read the CHAP secret from %s: the file is larger than %d bytes; it must contain the secret alone",
			path, SECRET_FILE_MAX);
	if (rc == -EINVAL)
		return err_set(err, MISCSI_ERR_LOGIN_AUTH_FAILED,
			"cannot read the CHAP secret from %s: it is not a regular file; use a regular file that contains the "
			"secret",
			path);
	if (rc == -ENOMEM)
		return err_nomem(err, "a CHAP secret that is read from its file");
	if (rc < 0)
		return err_sys(err, MISCSI_ERR_LOGIN_AUTH_FAILED, -rc, "cannot read the CHAP secret from %s", path);
	used = len && text[len - 1] == '\n' ? len - 1 : len;
	if (!used)
		rc = err_set(err, MISCSI_ERR_LOGIN_AUTH_FAILED,
			"cannot read the CHAP secret from %s: the file is empty; write the secret into it", path);
	else
		memcpy(out, text, used);
	*out_len = used;
	mem_wipe(text, len);
	x_free(text);
	return rc;
}

/* In a helper. One file that cannot be read says nothing of the other. */
static int credentials_run(const void *request, size_t len, void *answer, size_t *answer_len)
{
	const struct credentials_request *r = request;
	struct credentials_answer *a = answer;
	int rc = 0, one;

	(void)len;
	memset(a, 0, sizeof(*a));
	for (unsigned i = 0; i < ARRAY_SIZE(r->path); i++) {
		one = *r->path[i] ? credentials_read_secret(r->path[i], a->bytes[i], &a->len[i], rc == 0 ? &a->err : NULL) : 0;
		if (one < 0)
			a->len[i] = 0;
		rc = rc == 0 ? one : rc;
	}
	*answer_len = sizeof(*a);
	return rc;
}

static void credentials_destroy(struct credentials *c)
{
	for (unsigned i = 0; i < ARRAY_SIZE(c->path); i++) {
		secret_clear(&c->secret[i]);
		x_free(c->path[i]);
	}
	x_free(c);
}

/* Both, or those that are not known yet: what is kept may serve a recovery, and no old secret is used beside a new one. */
static int credentials_keep(struct credentials *c, int result, const struct credentials_answer *a)
{
	struct secret fresh[2] = { { NULL, 0 }, { NULL, 0 } };
	bool all;

	if (result == -ENOMEM)
		return err_nomem(&c->err, "a CHAP secret that is read from its file");
	if (!a)
		return err_sys(&c->err, MISCSI_ERR_LOGIN_AUTH_FAILED, -result,
			"the helper process that reads the file of the CHAP secret failed, so the login has no secret");
	err_copy(&c->err, &a->err);
	for (unsigned i = 0; i < ARRAY_SIZE(fresh); i++)
		if (a->len[i] && secret_set(&fresh[i], a->bytes[i], a->len[i]) < 0)
			result = err_nomem(&c->err, "a CHAP secret that is read from its file");
	all = result == 0;
	for (unsigned i = 0; i < ARRAY_SIZE(fresh); i++) {
		bool take = fresh[i].len && (all || !c->known[i]);

		if (take)
			c->short_told[i] &= secret_equal(&c->secret[i], &fresh[i]) == 1;
		secret_clear(take ? &c->secret[i] : &fresh[i]);
		if (take)
			c->secret[i] = fresh[i];
		c->known[i] |= take;
	}
	c->doubted &= !all;
	return result;
}

static void credentials_done(struct helper_job *j, int result, const void *answer, size_t len)
{
	struct credentials *c = container_of(j, struct credentials, job);

	c->under_way = false;
	c->result = credentials_keep(c, result, len == sizeof(struct credentials_answer) ? answer : NULL);
	if (c->done)
		c->done(c->arg, c->result, &c->err); /* may free c */
}

/* systemd sets the variable for a service with credentials: systemd.exec(5). */
static int path_of(const char *setting, const char *program, char **out, struct err *err)
{
	struct strbuf b = STRBUF_INIT(0);
	const char *name = value_credential(setting), *dir = secure_getenv("CREDENTIALS_DIRECTORY");

	if (name && (!dir || !*dir))
		return err_set(err, MISCSI_ERR_LOGIN_AUTH_FAILED,
			"cannot read %s, since $CREDENTIALS_DIRECTORY is not set: start %s by a systemd unit with "
			"LoadCredential=%s",
			setting, program, name);
	if (name)
		strbuf_printf(&b, "%s/%s", dir, name);
	else
		strbuf_puts(&b, setting);
	*out = strbuf_error(&b) ? NULL : x_strdup(strbuf_str(&b));
	strbuf_free(&b);
	return *out ? 0 : err_nomem(err, "the name of the file of a CHAP secret");
}

static int credentials_new(const struct record *r, const struct credential_fields *f, struct credentials **out, struct err *err)
{
	struct credentials *c = x_new(struct credentials);
	int rc = c ? 0 : err_nomem(err, "the CHAP secrets of a login");

	for (unsigned i = 0; rc == 0 && i < ARRAY_SIZE(c->path); i++)
		if (in_file(r, f, i))
			rc = path_of(record_str(r, f->file[i]), f->program, &c->path[i], err);
	if (rc < 0 && c)
		credentials_destroy(c);
	if (rc < 0)
		return rc;
	c->job = (struct helper_job){ .run = credentials_run, .done = credentials_done };
	c->job.key = helper_key(c->path[0] ? c->path[0] : c->path[1]);
	*out = c;
	return 0;
}

/* A path that does not fit is too long for the kernel, too. */
static int credentials_submit(struct helper_pool *pool, struct credentials *c, struct err *err)
{
	cleanup(x_freep) struct credentials_request *r = x_new(struct credentials_request);
	int rc = r ? 0 : -ENOMEM;

	for (unsigned i = 0; i < ARRAY_SIZE(c->path) && rc == 0; i++) {
		if (c->path[i] && strlen(c->path[i]) >= PATH_MAX)
			rc = -ENAMETOOLONG;
		else if (c->path[i])
			strcpy(r->path[i], c->path[i]);
	}
	if (rc == 0)
		rc = helper_submit(pool, &c->job, r, sizeof(*r));
	return rc < 0 ? err_sys(err, rc == -ENOMEM ? MISCSI_ERR_NOMEM : MISCSI_ERR_LOGIN_AUTH_FAILED, -rc,
				"cannot start the helper process that reads the file of the CHAP secret") :
			0;
}

int credentials_read(struct helper_pool *pool, const struct record *r, const struct credential_fields *f,
	void (*done)(void *arg, int result, const struct err *err), void *arg, struct credentials **slot, struct err *err)
{
	struct credentials *c = *slot;
	int rc;

	if (!c) {
		rc = credentials_new(r, f, slot, err);
		if (rc < 0)
			return rc;
		c = *slot;
	}
	if (!c->under_way) {
		rc = credentials_submit(pool, c, err);
		if (rc < 0) {
			credentials_release(slot);
			return rc;
		}
		c->under_way = true;
	}
	c->done = done;
	c->arg = arg;
	return 0;
}

void credentials_inherit(struct record *r, const struct credential_fields *f, struct credentials **slot)
{
	cleanup(record_freep) struct record *files = record_copy(r);
	int rc = files ? 0 : -ENOMEM;

	for (unsigned i = 0; i < ARRAY_SIZE(f->file) && rc == 0; i++)
		if (*record_str(r, f->file[i]))
			record_unset(files, f->password[i]);
	if (rc < 0 || !credentials_in_files(files, f) || credentials_new(files, f, slot, NULL) < 0)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(f->file) && rc == 0; i++)
		if ((*slot)->path[i])
			rc = secret_copy(&(*slot)->secret[i], record_secret(r, f->password[i]));
	if (rc < 0) {
		credentials_free(slot);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(f->file); i++) {
		(*slot)->known[i] = (*slot)->secret[i].len > 0;
		if ((*slot)->path[i])
			record_unset(r, f->password[i]);
	}
}

/* What has not begun need not begin. */
void credentials_release(struct credentials **slot)
{
	struct credentials *c = *slot;

	if (!c)
		return;
	c->done = NULL;
	if (c->under_way && !c->job.helper) {
		helper_cancel(&c->job);
		c->under_way = false;
	}
	if (!c->under_way && !c->known[0] && !c->known[1])
		credentials_free(slot);
}

void credentials_doubt(struct credentials *c)
{
	if (c)
		c->doubted = true;
}

void credentials_free(struct credentials **slot)
{
	struct credentials *c = *slot;

	*slot = NULL;
	if (!c)
		return;
	helper_cancel(&c->job);
	credentials_destroy(c);
}

bool credentials_known(const struct credentials *c)
{
	return credentials_usable(c) && !c->doubted;
}

bool credentials_usable(const struct credentials *c)
{
	return c && (c->known[0] || !c->path[0]) && (c->known[1] || !c->path[1]);
}

const char *credentials_short(struct credentials *c, size_t *len)
{
	for (unsigned i = 0; c && i < ARRAY_SIZE(c->path); i++) {
		if (!c->path[i] || !c->known[i] || c->short_told[i] || c->secret[i].len >= CHAP_SECRET_LEAST)
			continue;
		c->short_told[i] = true;
		*len = c->secret[i].len;
		return c->path[i];
	}
	return NULL;
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
	return rc < 0 ? err_nomem(err, "the CHAP secrets of a login") : chap_algs_parse(record_str(r, f->chap_algs), chap, err);
}

void credentials_clear(struct chap_config *chap)
{
	secret_clear(&chap->secret);
	secret_clear(&chap->secret_in);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CHAP settings of a record, for the logins of sessions and discoveries.
 *
 * A record contains a secret, or the name of a file or a systemd credential that contains it. A helper reads the file. Its
 * owner keeps the secret for the next login: the file may be on a disk that only that login brings back.
 */
#ifndef LINK_CREDENTIALS_H
#define LINK_CREDENTIALS_H

#include "base/helper.h"
#include "proto/chap.h"
#include "proto/login.h"
#include "record/record.h"

/* The rows of the settings. `program` is the program that logs in, and whose systemd credentials are used. */
struct credential_fields {
	const char *program;
	enum field_id authmethod, policy, username, username_in, chap_algs;
	enum field_id password[2], file[2]; /* the initiator's, the target's */
};

extern const struct credential_fields credentials_of_session, credentials_of_discovery;

struct credentials; /* the secrets of one record, read from files */

/* How to authenticate: mutual CHAP, or the policy `require`, accepts no target without. */
enum login_auth credentials_auth(const struct record *r, const struct credential_fields *f);
/* Returns true if a login with this record has to read a file. */
bool credentials_in_files(const struct record *r, const struct credential_fields *f);
/*
 * Reads the files, then calls done once on the loop's thread, never from within this call. *slot is NULL, or the result of an
 * earlier call for the same record: while that read is still under way, no other read starts, so a file on a dead disk blocks one
 * helper for each record. -errno, here or in done: LOGIN_AUTH_FAILED: a file cannot be read or is empty; NOMEM.
 */
int credentials_read(struct helper_pool *pool, const struct record *r, const struct credential_fields *f,
	void (*done)(void *arg, int result, const struct err *err), void *arg, struct credentials **slot, struct err *err);
/*
 * Takes secrets that an earlier process read from the record's files, and that were put into the record, out of it: they are as if
 * read here, also where only one of two was. Without memory, or where a file has no path, they stay in the record. *slot is NULL.
 */
void credentials_inherit(struct record *r, const struct credential_fields *f, struct credentials **slot);
/* done is no longer called. Secrets that were read stay; a read under way continues, and *slot remains for the next one. */
void credentials_release(struct credentials **slot);
/* Wipes the secrets and sets *slot to NULL; done is no longer called. A read under way goes on in its helper, without a report. */
void credentials_free(struct credentials **slot);
/* The target refused the secrets: they are read again before the next login, and used again if that fails. c may be NULL. */
void credentials_doubt(struct credentials *c);
bool credentials_known(const struct credentials *c); /* the secrets were read and not doubted; c may be NULL */
bool credentials_usable(const struct credentials *c); /* the secrets were read; c may be NULL */

/*
 * For a warning: the file of a secret with less than CHAP_SECRET_LEAST bytes, and its length; once for each secret. NULL: there is
 * no further one; c may be NULL.
 */
const char *credentials_short(struct credentials *c, size_t *len);

/* Returns the secret of a row in f->password: the record's, or the one that was read (`read` may be NULL); empty if unset. */
const struct secret *credentials_secret(
	const struct record *r, const struct credential_fields *f, const struct credentials *read, enum field_id password);
/*
 * Fills *chap: names point into the record; the caller clears the copied secrets (credentials_clear), also after a failure.
 * -errno.
 */
int credentials_take(const struct record *r, const struct credential_fields *f, const struct credentials *read,
	struct chap_config *chap, struct err *err);
void credentials_clear(struct chap_config *chap);

#endif

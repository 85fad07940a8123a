/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CHAP settings of a record, as the login engine takes them: for sessions and for discovery.
 *
 * A record holds a secret itself, or names a file or a systemd credential that does. Files are read by a worker, anew for each login, and
 * what was read is wiped when the login has it.
 */
#ifndef LINK_CREDENTIALS_H
#define LINK_CREDENTIALS_H

#include "base/worker.h"
#include "proto/chap.h"
#include "record/record.h"

/* Which settings they are; `program` is the one that logs in by them, whose credentials of systemd are meant. */
struct credential_fields {
	const char *program;
	enum field_id authmethod, username, username_in, chap_algs;
	enum field_id password[2], file[2]; /* ours, the target's */
};

extern const struct credential_fields credentials_of_session, credentials_of_discovery;

struct credentials; /* the secrets of one login that are in files */

/* Would a login by this record read a file? */
bool credentials_in_files(const struct record *r, const struct credential_fields *f);
/*
 * Reads the files; then calls done on the loop's thread, once, never from within this call. *slot is NULL, or from an earlier call for the
 * same record: a read that is still under way is then waited for, so that a file on a dead disk holds one thread for a record and no more.
 * -errno, also to done: LOGIN_AUTH_FAILED, a file cannot be read or holds no secret; NOMEM.
 */
int credentials_read(struct worker_pool *pool, const struct record *r, const struct credential_fields *f,
	void (*done)(void *arg, int result, const struct err *err), void *arg, struct credentials **slot, struct err *err);
/* Wipes what was read; done is not called any more. A read under way goes on, and *slot stays for credentials_read(). */
void credentials_release(struct credentials **slot);
/* The same at the owner's end: *slot is NULL then, and a read under way is freed when it ends. */
void credentials_free(struct credentials **slot);

/* A secret, by its row in f->password: the record's own, or the one that was read; empty when there is none. `read` may be NULL. */
const struct secret *credentials_secret(
	const struct record *r, const struct credential_fields *f, const struct credentials *read, enum field_id password);
/* Fills *chap: names point into the record, secrets are copies that the caller clears (credentials_clear), also after a failure. -errno. */
int credentials_take(const struct record *r, const struct credential_fields *f, const struct credentials *read,
	struct chap_config *chap, struct err *err);
void credentials_clear(struct chap_config *chap);

#endif

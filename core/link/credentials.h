/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CHAP settings of a record, as the login engine takes them: for sessions and for discovery. */
#ifndef LINK_CREDENTIALS_H
#define LINK_CREDENTIALS_H

#include "proto/chap.h"
#include "record/record.h"

struct credential_fields {
	enum field_id username, password, password_file;
	enum field_id username_in, password_in, password_in_file;
	enum field_id chap_algs;
};

/*
 * Fills *chap: names point into the record, secrets are copies that the caller clears (credentials_clear), also after a failure. A secret that is
 * not set is read from its file, where that is set: LOGIN_AUTH_FAILED when it cannot be read. -errno.
 */
int credentials_take(const struct record *r, const struct credential_fields *f, struct chap_config *chap, struct err *err);
void credentials_clear(struct chap_config *chap);

#endif

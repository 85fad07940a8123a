/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The portal that a session logs in to: its record's, or the one that the target redirected it to (RFC 7143 section 11.13.5). */
#ifndef SESSION_DESTINATION_H
#define SESSION_DESTINATION_H

#include "proto/login.h"

struct record;

enum destination_state {
	DESTINATION_RECORD, /* the record's portal */
	DESTINATION_ONCE, /* a temporary redirection: for the next login only */
	DESTINATION_MOVED, /* a permanent one: until the session ends */
	DESTINATION_BACK, /* a permanent one, whose portal failed: the next login tries the record's portal again */
};

struct destination {
	const struct record *record; /* the session's */
	enum destination_state state;
	unsigned redirects; /* in a row, without a successful login */
	char *host; /* of the redirection; NULL: no redirection */
	uint16_t port;
	char *text; /* for messages; NULL: no memory */
};

void destination_init(struct destination *d, const struct record *record);
void destination_free(struct destination *d);
bool destination_redirected(const struct destination *d); /* its portal is not the record's */
const char *destination_address(const struct destination *d, uint16_t *port);
const char *destination_text(const struct destination *d); /* address and port */
int destination_redirect(struct destination *d, const struct login_redirect *to, struct err *err); /* -errno */
/*
 * Chooses the portal of the next login after the nth failure since the session was up; nth 0: after the loss of the connection.
 */
void destination_next(struct destination *d, unsigned nth);
void destination_reached(struct destination *d); /* the login to it succeeded */

#endif

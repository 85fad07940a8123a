/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The check of a lost session's units before it is restored: the guards and actions of the state CHECKING. */
#ifndef SESSION_CONN_CHECK_H
#define SESSION_CONN_CHECK_H

#include <stdbool.h>

struct conn;

bool conn_must_check(const void *machine);
int conn_check(void *machine);
int conn_check_late(void *machine);
int conn_check_connected(struct conn *c); /* the connect that the check began has succeeded; returns the next event, or NONE */
void conn_check_stop(struct conn *c); /* ends this attempt's; what the session's units were is kept */
void conn_check_free(struct conn *c);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call that a client made over a connection. Its handler replies at once, or holds the call and replies later.
 *
 * Each reply function frees parameters (NULL: none), also on failure. The final reply frees the call. Replying to a client that
 * has disconnected, or that asked for no reply ("oneway"), is no error. No reply function calls cancel().
 */
#ifndef IPC_VARLINK_CALL_H
#define IPC_VARLINK_CALL_H

#include "ipc/varlink_server.h"

struct varlink_connection;

void varlink_call_reply(struct varlink_call *call, struct json_object *parameters);
void varlink_call_reply_more(struct varlink_call *call, struct json_object *parameters); /* not the final one */
void varlink_call_reply_error(struct varlink_call *call, const char *error, struct json_object *parameters);
void varlink_call_reply_invalid(struct varlink_call *call, const char *parameter); /* org.varlink.service.InvalidParameter */
bool varlink_call_more(const struct varlink_call *call); /* the client asked for "more", and the method may stream */

/*
 * For a handler that replies later. cancel(arg) is called if the connection ends before the final reply; it must not use the
 * call.
 */
void varlink_call_hold(struct varlink_call *call, void (*cancel)(void *arg), void *arg);

/* For the connection: runs the handler of one message (borrowed). -EBADMSG: the message is not a call; -ENOMEM. */
int varlink_call_serve(struct varlink_connection *c, struct json_object *message);
/* For the connection when it ends: calls the holder's cancel() and frees the call. */
void varlink_call_cancel(struct varlink_call *call);

#endif

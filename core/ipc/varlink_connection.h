/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection of the server, and the call in progress on it: shared by varlink_server.c, varlink_connection.c and
 * varlink_call.c.
 *
 * The server owns its connections. A connection may be dropped at any time, also from within a handler; it is freed later, from
 * the loop. Until then it is "doomed", and all functions accept it.
 */
#ifndef IPC_VARLINK_CONNECTION_H
#define IPC_VARLINK_CONNECTION_H

#include "base/list.h"
#include "ipc/varlink_server.h"

#define LISTENERS_MAX 8
#define SHARES_MAX 32

struct varlink_connection {
	struct varlink_server *server;
	struct list node; /* in server->connections, ordered by the last message, or in server->doomed */
	struct loop_fd io;
	struct loop_timer message, stall;
	struct loop_task later; /* looks for the next message, or frees a doomed connection */
	struct list turn; /* in server->ready or server->resting while a complete message waits */
	struct varlink_parser parser; /* of that message */
	struct varlink_buffer in, out;
	struct varlink_call *call; /* in progress, owned; NULL: none */
	uid_t uid;
	uint32_t events; /* set in epoll */
	bool eof; /* the client has closed its sending side */
	bool doomed;
	bool fat; /* it had a large message: memory can be returned to the kernel when it ends */
	bool resting; /* its user has had its share */
};

/* The time that calls of one user have taken. */
struct varlink_share {
	uid_t uid;
	uint64_t free_at; /* microseconds: its calls wait until then */
};

struct varlink_server {
	struct varlink_config config; /* its limits with the defaults filled in */
	/* varlink_call.h */
	int (*serve)(struct varlink_connection *c, struct json_object *message);
	void (*cancel)(struct varlink_call *call);
	struct list connections, doomed;
	unsigned count; /* members of connections */
	struct list ready, resting; /* connections with a call to serve: in the next turn; when their user's time has come */
	struct loop_task serve_turn;
	struct loop_timer rest;
	struct varlink_share shares[SHARES_MAX]; /* of users that are not root; the one that has waited longest is replaced */
	struct loop_fd listeners[LISTENERS_MAX];
	unsigned listening;
	struct loop_timer pause; /* no descriptors left: accepts again when it expires */
	unsigned failures; /* of accept(), since its last success */
};

/* Closes fd when the connection ends, also on failure. -ENOMEM or -errno of epoll. */
int varlink_connection_new(struct varlink_server *s, int fd, uid_t uid);
/* Stops reading and writing; the loop frees the connection later. why: for the log; NULL: no message. */
void varlink_connection_drop(struct varlink_connection *c, const char *why);
/* Cancels the call in progress and frees the connection. */
void varlink_connection_free(struct varlink_connection *c);
/* Sends a message now or when the client reads, and frees it. */
void varlink_connection_send(struct varlink_connection *c, struct json_object *message);
/* Writes as much as the socket accepts now. */
void varlink_connection_flush(struct varlink_connection *c);
/* Serves one call of each connection that has one, and as many as one turn of the loop has time for. */
void varlink_connection_serve(void *server);
/* The call has ended: serves the next message. */
void varlink_connection_resume(struct varlink_connection *c);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection of the server, and the call that it serves: what the files varlink_server.c, varlink_connection.c and varlink_call.c share.
 *
 * A connection is owned by its server. It is dropped at any time, also from within a handler, and freed from
 * the loop afterwards: until then it is doomed, which every user of it can bear.
 */
#ifndef IPC_VARLINK_CONNECTION_H
#define IPC_VARLINK_CONNECTION_H

#include "base/list.h"
#include "ipc/varlink_server.h"

#define LISTENERS_MAX 8

struct varlink_connection {
	struct varlink_server *server;
	struct list node; /* of server->connections, the longest silent first; of server->doomed */
	struct loop_fd io;
	struct loop_timer message, stall;
	struct loop_task later; /* goes on with the next message; frees a doomed one */
	struct varlink_buffer in, out;
	struct varlink_call *call; /* the one being served, owned; NULL: none */
	uid_t uid;
	uint32_t events; /* what epoll was asked for */
	bool eof; /* the peer will send no more */
	bool doomed;
	bool fat; /* it had a large message: its end is the time to give memory back */
	bool pumping; /* connection_pump() is at work further up */
};

struct varlink_server {
	struct varlink_config config; /* its limits with the defaults filled in */
	/* varlink_call.h */
	int (*serve)(struct varlink_connection *c, struct json_object *message);
	void (*cancel)(struct varlink_call *call);
	struct list connections, doomed;
	unsigned count; /* members of connections */
	struct loop_fd listeners[LISTENERS_MAX];
	unsigned listening;
	struct loop_timer pause; /* no descriptors left: listens again then */
	unsigned failures; /* of accept, since it last worked */
};

/* Takes fd in every case. -ENOMEM or -errno of epoll. */
int varlink_connection_new(struct varlink_server *s, int fd, uid_t uid);
/* No more is read or written; freed from the loop, or by varlink_connection_free(). why: for the log, NULL: nothing
 * to tell. */
void varlink_connection_drop(struct varlink_connection *c, const char *why);
/* Cancels its call and frees it. */
void varlink_connection_free(struct varlink_connection *c);
/* Sends a message, or keeps it until the peer reads. Takes it. */
void varlink_connection_send(struct varlink_connection *c, struct json_object *message);
/* Writes what the socket takes now. */
void varlink_connection_flush(struct varlink_connection *c);
/* The call has ended: on to the next message. */
void varlink_connection_resume(struct varlink_connection *c);

#endif

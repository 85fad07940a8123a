/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Varlink server on the event loop: its connections, their limits, and its methods.
 *
 * It never waits for a client. The kernel identifies the client (SO_PEERCRED of the accepted socket). The calls of one connection
 * are handled one after the other; a handler that replies later holds its call (varlink_call.h).
 */
#ifndef IPC_VARLINK_SERVER_H
#define IPC_VARLINK_SERVER_H

#include "base/log.h"
#include "base/loop.h"
#include "ipc/varlink.h"

struct varlink_call;
struct varlink_server;

enum varlink_stream {
	VARLINK_ONE, /* one reply */
	VARLINK_MAY_STREAM, /* several if the client asked for "more" */
	VARLINK_MUST_STREAM, /* refused without "more" */
};

struct varlink_method {
	const char *name; /* "org.miscsi.Login" */
	bool root; /* only root may call it */
	enum varlink_stream stream;
	/*
	 * Sends the final reply or holds the call before it returns. parameters is borrowed, never NULL, and invalid after the
	 * return.
	 */
	void (*handler)(void *arg, struct varlink_call *call, struct json_object *parameters);
};

struct varlink_limits { /* 0: the default */
	size_t message_root, message_other; /* bytes of one message: 4 MiB, 64 KiB */
	size_t output_root, output_other; /* unsent bytes of a connection before it is closed: 16 MiB, 256 KiB */
	unsigned connections, connections_uid; /* 512; 64 of one uid that is not root */
	unsigned message_ms; /* time to complete a message: 10 s */
	unsigned stall_ms; /* time after which a client that reads nothing is disconnected: 10 s */
};

struct varlink_config { /* all borrowed for the server's life */
	struct loop *loop;
	const struct log *log;
	const char *vendor, *product, *version, *url; /* org.varlink.service.GetInfo */
	const char *interface, *description; /* "org.miscsi" and the text of its interface file */
	const struct varlink_method *methods; /* ends with a NULL name */
	void *arg; /* for the handlers */
	void (*tidy)(
		void *tidy_arg); /* a connection with a large message has ended: memory could be returned soon. NULL is allowed. */
	void *tidy_arg;
	struct varlink_limits limits;
	int (*peer)(int fd, uid_t *uid); /* the uid of the client; NULL: peer_uid(). For tests. */
};

int varlink_server_new(const struct varlink_config *config, struct varlink_server **out); /* -errno */
/* Cancels the held calls, sends what can be sent without waiting, and closes all sockets. */
void varlink_server_free(struct varlink_server *s);
/*
 * Accepts connections on a listening socket, which the server closes when it is freed. After -errno the caller keeps the socket.
 */
int varlink_server_listen(struct varlink_server *s, int fd);
/* Serves a connected socket. The server closes it, also on failure (-errno). */
int varlink_server_accept(struct varlink_server *s, int fd);
unsigned varlink_server_connections(const struct varlink_server *s);

#endif

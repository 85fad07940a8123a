/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Varlink server on the event loop: connections, their limits, and calls.
 *
 * It never waits for a peer. Who a peer is, the kernel says (SO_PEERCRED on the accepted socket). The calls
 * of one connection are served one after the other; a call that takes longer is held by its handler, and told
 * when its connection goes.
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
	VARLINK_MAY_STREAM, /* several when the peer said "more" */
	VARLINK_MUST_STREAM, /* refused without "more" */
};

struct varlink_method {
	const char *name; /* "org.miscsi.Login" */
	bool root; /* others are refused */
	enum varlink_stream stream;
	/* Before it returns it has given the final reply, or holds the call. parameters is borrowed, never
	 * NULL, gone after the return. */
	void (*handler)(void *arg, struct varlink_call *call, struct json_object *parameters);
};

struct varlink_limits { /* 0: the default */
	size_t message_root, message_other; /* bytes of one message: 16 MiB, 64 KiB */
	size_t output_root, output_other; /* bytes that wait for a peer before a stream is cut off: 16 MiB, 1 MiB */
	unsigned connections, connections_uid; /* 512; 64 of one uid that is not root */
	unsigned message_ms; /* a message that has begun must end: 10 s */
	unsigned stall_ms; /* a peer that reads nothing of what waits for it is dropped: 10 s */
};

struct varlink_config { /* all borrowed for the server's life */
	struct loop *loop;
	const struct log *log;
	const char *vendor, *product, *version, *url; /* org.varlink.service.GetInfo */
	const char *interface, *description; /* "org.miscsi" and the text of its interface file */
	const struct varlink_method *methods; /* ends with a NULL name */
	void *arg; /* for the handlers */
	struct varlink_limits limits;
	int (*peer)(int fd, uid_t *uid); /* who is at the other end; NULL: SO_PEERCRED. For tests. */
};

int varlink_server_new(const struct varlink_config *config, struct varlink_server **out); /* -errno */
/* Cancels the calls that are held, sends what can be sent without waiting, closes all. */
void varlink_server_free(struct varlink_server *s);
/* Serves a listening socket; closed by the server in the end. -errno: still the caller's. */
int varlink_server_listen(struct varlink_server *s, int fd);
/* Serves a connected socket; the server's from now on, also when it is refused (-errno). */
int varlink_server_accept(struct varlink_server *s, int fd);
unsigned varlink_server_connections(const struct varlink_server *s);

#endif

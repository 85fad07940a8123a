/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of the daemon. Every call waits for its result, up to its deadline, and sees at once when the
 * daemon goes.
 *
 * What fails tells apart: no daemon (ISCSID_NOTCONN), not allowed (ACCESS), the daemon went away or does not
 * answer (ISCSID_COMM_ERR). After that the connection is dead: every further call fails in the same way. Text
 * that comes from the daemon is escaped.
 */
#ifndef IPC_CLIENT_H
#define IPC_CLIENT_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct json_object;
struct record;

/*
 * Connects. name: "/path" or "@abstract name"; NULL: the daemon's own path, then its abstract name (trusted
 * only if root serves it). Waits at most timeout_ms. -errno.
 */
int client_open(const char *name, unsigned timeout_ms, struct client **out, struct err *err);
/* The same over a connected socket, which is the client's then (closed on failure). */
int client_open_fd(int fd, struct client **out);
void client_close(struct client *c);
/* A descriptor (signalfd, eventfd) that ends any wait when it is readable: -EINTR, the connection is dead
 * then. -1: none. A signal that is handled ends no wait. */
void client_set_interrupt(struct client *c, int fd);

/*
 * One call. parameters is taken (NULL: none). deadline_ms 0: no limit but the daemon's life. more: called
 * with the parameters of each reply that is not the last (NULL: "more" is not said); not 0 ends the wait, is
 * given back, and the connection is dead then. *reply: the parameters of the last, json_object_put() it; may
 * be NULL. An error reply of org.miscsi.Error fills err as the daemon set it.
 */
int client_call(struct client *c, const char *method, struct json_object *parameters,
	int (*more)(void *arg, struct json_object *parameters), void *arg, unsigned deadline_ms, struct json_object **reply,
	struct err *err);

/* What became of one record or session. Strings live during the call only; NULL: unknown. */
struct client_result {
	size_t index; /* of the record or sid given */
	uint32_t sid; /* 0: none */
	struct err err; /* code OK: done */
	const char *target, *address, *iface;
	uint16_t port;
	int tpgt; /* -1: unknown */
};
typedef void (*client_result_fn)(void *arg, const struct client_result *r);

/*
 * fn is called exactly once per record (sid), as they end. 0 when each has its result from the daemon,
 * whatever that is; else -errno and err, and those that have none get that err (refused, or the daemon went
 * away). wait false: results come as soon as the daemon took the records.
 */
int client_login(
	struct client *c, struct record *const *records, size_t n, bool wait, client_result_fn fn, void *arg, struct err *err);
int client_logout(struct client *c, const uint32_t *sids, size_t n, bool force, client_result_fn fn, void *arg, struct err *err);
int client_rescan(struct client *c, const uint32_t *sids, size_t n, client_result_fn fn, void *arg, struct err *err);

struct client_session;
/* Logs out of what the daemon has of this target, portal and iface: sessions, and logins under way. The first
 * failure. */
int client_logout_of(struct client *c, const struct client_session *who, bool force, struct err *err);

/* The daemon's view of a session. */
struct client_session {
	uint32_t sid; /* 0: the kernel has none yet */
	const char *target, *address, *iface, *transport, *state, *connection;
	const char *error; /* NULL: none */
	uint16_t port;
	int tpgt;
	unsigned recoveries;
	uint64_t since_ms;
	bool adopted;
};
int client_list(struct client *c, unsigned deadline_ms, void (*fn)(void *arg, const struct client_session *s), void *arg,
	struct err *err);

/* Ends the daemon; returns when it has closed the connection. */
int client_stop(struct client *c, struct err *err);

#endif

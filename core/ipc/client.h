/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of the daemon. Each call waits for its result, up to its deadline, and fails at once when the daemon exits.
 *
 * Errors: ISCSID_NOTCONN when no daemon is running, ACCESS when the caller lacks the right, ISCSID_COMM_ERR when the daemon has
 * exited or does not reply. After the last one the connection is dead, and every further call fails in the same way. Text from
 * the daemon is escaped.
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
 * Connects to name: "/path" or "@abstract name"; NULL: the daemon's default path, then its abstract name, which is trusted only
 * if root serves it. Waits at most timeout_ms. -errno.
 */
int client_open(const char *name, unsigned timeout_ms, struct client **out, struct err *err);
/* The same with a connected socket, which the client closes (also on failure). */
int client_open_fd(int fd, struct client **out);
void client_close(struct client *c);
/*
 * Any wait ends with -EINTR when fd (a signalfd or eventfd) is readable, and the connection is dead then. -1: none. A handled
 * signal ends no wait.
 */
void client_set_interrupt(struct client *c, int fd);
/* During a wait, tick(arg) is called every second; it must not use this client. NULL: none. */
void client_set_tick(struct client *c, void (*tick)(void *arg), void *arg);

/*
 * Makes one call and frees parameters (NULL: none). deadline_ms 0: no limit. more: called with the parameters of each reply but
 * the last (NULL: the call does not ask for "more"); if it returns non-zero, the call returns that, and the connection is dead.
 * *reply: the parameters of the last reply, to be freed by json_object_put(); may be NULL. An error org.miscsi.Error fills *err
 * as the daemon set it.
 */
int client_call(struct client *c, const char *method, struct json_object *parameters,
	int (*more)(void *arg, struct json_object *parameters), void *arg, unsigned deadline_ms, struct json_object **reply,
	struct err *err);

/* The result for one record or session. */
struct client_result {
	size_t index; /* of the record or sid given */
	uint32_t sid; /* 0: none */
	struct err err; /* code OK: done */
};
typedef void (*client_result_fn)(void *arg, const struct client_result *r);

/*
 * Calls fn exactly once for each record (sid), when it ends. Returns 0 when the daemon returned a result for each, whether good
 * or bad; otherwise -errno and *err, which fn also receives for each record without a result. wait false: the results report only
 * that the daemon accepted the records.
 */
int client_login(
	struct client *c, struct record *const *records, size_t n, bool wait, client_result_fn fn, void *arg, struct err *err);
/* A session with a disk in use is refused: as iscsid.safe_logout says; never; in any case. */
enum client_logout { CLIENT_LOGOUT, CLIENT_LOGOUT_FORCE, CLIENT_LOGOUT_UNUSED };
int client_logout(struct client *c, const uint32_t *sids, size_t n, enum client_logout how, client_result_fn fn, void *arg,
	struct err *err);
int client_rescan(struct client *c, const uint32_t *sids, size_t n, client_result_fn fn, void *arg, struct err *err);

struct client_session;
/* Logs out of the daemon's sessions and logins in progress with this target, portal and iface. Returns the first failure. */
int client_logout_of(struct client *c, const struct client_session *session, bool force, struct err *err);

/* The daemon's view of a session. */
struct client_session {
	uint32_t sid; /* 0: the kernel has none yet */
	const char *target, *address, *iface, *transport, *state, *connection;
	const char *error, *unverified; /* NULL: none */
	uint16_t port;
	int tpgt;
	unsigned reconnects;
	uint64_t since_ms;
	bool adopted;
};
int client_list(struct client *c, unsigned deadline_ms, void (*fn)(void *arg, const struct client_session *s), void *arg,
	struct err *err);

/* Stops the daemon; returns when it has closed the connection. */
int client_stop(struct client *c, struct err *err);

#endif

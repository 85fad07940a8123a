/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The manager: every session of this machine that user space maintains, and the requests for them.
 *
 * It alone decides whether a login makes a session: a session's identity is {target name, portal address, port, iface name},
 * compared without the portal group tag. Two equal logins at once make one session, and both callers receive its result.
 * Everything runs on the loop's thread. A request never blocks; the loop calls back with its result exactly once, never from
 * within the call that made it.
 */
#ifndef SESSION_MANAGER_H
#define SESSION_MANAGER_H

#include "base/err.h"
#include "base/list.h"
#include "base/loop.h"
#include <stdint.h>

struct engine;
struct manager;
struct record;
struct scan;

struct manager_config {
	const struct engine *engine; /* with a scanner; the manager subscribes to its kernel's events */
	const char *state_dir; /* for the session data that the kernel does not store, e.g. /run/miscsi/sessions */
	/*
	 * The initiator name of this machine, for sessions whose iface sets none; valid until the next call. *alias may be NULL.
	 * -errno: no name. Must not block.
	 */
	int (*identify)(void *arg, const char **name, const char **alias, struct err *err);
	/* Before a new session asks for its name: looks whether the name has changed, then calls manager_identified(). NULL: not needed. */
	void (*refresh)(void *arg);
	void *identify_arg;
	bool safe_logout; /* iscsid.safe_logout */
};

int manager_new(const struct manager_config *config, struct manager **out, struct err *err);
/* The sessions remain in the kernel. Pending requests end with MISCSI_ERR_ISCSID_COMM_ERR. */
void manager_free(struct manager *m);

/* identify() returns the name as it is now: the sessions that waited for it continue. */
void manager_identified(struct manager *m);

void manager_set_safe_logout(struct manager *m, bool on); /* for the next logouts */

/* The result of one request. */
struct manager_result {
	struct err err; /* code OK: done as requested; SESS_EXISTS: all sessions existed before */
	uint32_t sid; /* the session (login: the last one made, or an existing one); 0: no session */
	unsigned created; /* sessions that this request, or one that it joined, made */
	const char *target, *address, *iface; /* of the session; NULL when unknown; valid during the call only */
	uint16_t port;
	int tpgt;
};

/*
 * A request under way. The owner embeds it in its structure, zeroed; the calls below fill it. An owner that is freed before the
 * result calls manager_forget(): the request continues, unless it was waiting for a check; its result is dropped.
 */
struct manager_request {
	void (*done)(struct manager_request *r, const struct manager_result *result);
	void *arg; /* the owner's */
	struct manager *manager; /* private from here */
	struct manager_answer *answer;
	struct scan *scan;
	struct loop_task task;
	struct list node;
	unsigned waiting;
};

/*
 * Logs in with the settings of the node record (copied), until node.session.nr_sessions sessions exist. done() also reports
 * refusals (invalid record, unknown transport). SESS_EXISTS: all sessions existed.
 */
void manager_login(struct manager *m, const struct record *node, struct manager_request *r);

/*
 * Ends a session in any state; done() is called when the kernel has removed it. BUSY: a device is in use, with safe_logout and
 * not force.
 */
void manager_logout(struct manager *m, uint32_t sid, bool force, struct manager_request *r);
/* The same by manager_session.id, since a login under way may have no sid yet; its request ends with SESSION_NOT_CONNECTED. */
void manager_logout_id(struct manager *m, uint64_t id, bool force, struct manager_request *r);
/* As with safe_logout; by id if sid is 0. */
void manager_logout_unused(struct manager *m, uint32_t sid, uint64_t id, struct manager_request *r);

void manager_rescan(struct manager *m, uint32_t sid, struct manager_request *r); /* for new LUNs, and new sizes of known ones */
void manager_forget(struct manager_request *r);

/* The network became available: sessions that wait for a retry retry now (spread over a short time). */
void manager_wake(struct manager *m);
void manager_try_now(struct manager *m); /* the same at once, and for first logins too */

/* One session as the daemon sees it. Strings are valid during the call only. */
struct manager_session {
	uint64_t id; /* from 1, in the order in which this manager made or adopted them */
	uint32_t sid; /* 0: the kernel has no session yet */
	const char *target, *address, *iface, *transport;
	uint16_t port;
	int tpgt;
	const char *state, *connection; /* of the session's machine and the connection's, e.g. "LOGGED_IN" */
	const char *last_error, *unverified; /* "": none; unverified: devices not known to be the same since the last recovery */
	unsigned reconnects; /* connections lost and restored since the daemon made or adopted the session */
	uint64_t since_ms; /* time in this state */
	bool adopted;
};
/* Calls fn for each session, in order of sid, until fn returns non-zero, and returns that value. */
int manager_each(struct manager *m, int (*fn)(void *arg, const struct manager_session *s), void *arg);
unsigned manager_count(const struct manager *m);

/* Reports every change of a session's state until manager_unwatch(). Embedded by its owner. */
struct manager_watch {
	void (*fn)(struct manager_watch *w, const struct manager_session *s);
	void *arg;
	struct list node; /* private */
};
void manager_watch(struct manager *m, struct manager_watch *w);
void manager_unwatch(struct manager_watch *w);

#endif

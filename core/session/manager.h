/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The manager: every session of this machine that user space looks after, and what may be asked of them.
 *
 * It alone decides whether a login makes a session: a session's identity is {target name, portal address, port, iface name}, compared
 * without the portal group tag. Two equal logins at once make one session, and both callers get its result. Everything runs on the
 * loop's thread; a request never waits, its result comes by a callback, exactly once, never from within the call that made it.
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
	const char *state_dir; /* what the kernel does not keep of a session, e.g. /run/miscsi/sessions */
	/* Who we are, for sessions whose iface does not say; valid until the next call. *alias may be NULL. -errno: this machine has no name. */
	int (*identify)(void *arg, const char **name, const char **alias, struct err *err);
	void *identify_arg;
	bool safe_logout; /* iscsid.safe_logout */
	uint64_t host_salt; /* part of every ISID: the same as long as this kernel runs (isid.h) */
};

int manager_new(const struct manager_config *config, struct manager **out, struct err *err);
/* Leaves every session as it is in the kernel. Pending requests end with MISCSI_ERR_ISCSID_COMM_ERR. */
void manager_free(struct manager *m);

/* What became of one request. */
struct manager_result {
	struct err err; /* code OK: done as asked; SESS_EXISTS: all were there before */
	uint32_t sid; /* the session (a login: the last one made, or one that was there); 0: none */
	unsigned created; /* sessions that this request, or one that it joined, made */
	const char *target, *address, *iface; /* of the session; NULL when unknown; valid during the call only */
	uint16_t port;
	int tpgt;
};

/*
 * A request under way: embedded in its owner's structure, zeroed before; filled by the call below. When the owner goes first it calls
 * manager_forget(): the request itself goes on, its result is dropped.
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
 * Logs in as the node record says (copied), until it has node.session.nr_sessions sessions. Refusals (bad record, no such
 * transport) come through done() too. SESS_EXISTS when none was missing.
 */
void manager_login(struct manager *m, const struct record *node, struct manager_request *r);

/* Ends a session, in whatever state it is; done when it is gone from the kernel. BUSY: a device of it is in use, the manager was told to look (safe_logout), and force is not set. */
void manager_logout(struct manager *m, uint32_t sid, bool force, struct manager_request *r);
/* The same by manager_session.id: a login under way may have no sid yet. Who waits for it gets SESSION_NOT_CONNECTED. */
void manager_logout_id(struct manager *m, uint64_t id, bool force, struct manager_request *r);

/* Looks for new LUNs (and new sizes of known ones). */
void manager_rescan(struct manager *m, uint32_t sid, struct manager_request *r);
void manager_forget(struct manager_request *r);

/* The network has changed for the better: sessions that wait to be tried again are tried now (spread over a moment). */
void manager_wake(struct manager *m);

/* One session as the daemon sees it. Strings are valid during the call only. */
struct manager_session {
	uint64_t id; /* from 1, in the order in which they came to this manager */
	uint32_t sid; /* 0: the kernel has none yet */
	const char *target, *address, *iface, *transport;
	uint16_t port;
	int tpgt;
	const char *state, *connection; /* of the session's machine and the connection's, e.g. "LOGGED_IN" */
	const char *last_error; /* "" none */
	unsigned reconnects; /* connections lost and restored since the daemon took the session */
	uint64_t since_ms; /* time in this state */
	bool adopted;
};
/* Calls fn for each, by sid. fn returns non-zero to stop, and that is returned. */
int manager_each(struct manager *m, int (*fn)(void *arg, const struct manager_session *s), void *arg);
unsigned manager_count(const struct manager *m);

/* Tells of every change of a session's state, until manager_unwatch(). The owner embeds the node. */
struct manager_watch {
	void (*fn)(struct manager_watch *w, const struct manager_session *s);
	void *arg;
	struct list node; /* private */
};
void manager_watch(struct manager *m, struct manager_watch *w);
void manager_unwatch(struct manager_watch *w);

#endif

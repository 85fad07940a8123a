/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session and its one connection, from inside the engine: nobody outside core/session includes this.
 *
 * The manager owns its sessions. A session owns its record, its connection (connection.h), and the requests that wait for it.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "kernel/scan.h"
#include "link/engine.h"
#include "session/connection.h"
#include "link/isid.h"
#include "session/manager.h"

struct session_info;

enum sess_state {
#define MACHINE_STATE(name, ...) SESS_##name,
#include "session/session.def"
#undef MACHINE_STATE
	SESS_STATES
};

enum sess_event {
	SESS_EV_NONE,
#define MACHINE_EVENT(name, doc) SESS_EV_##name,
#include "session/session.def"
#undef MACHINE_EVENT
	SESS_EVENTS
};

extern const struct fsm sess_machine;

struct session {
	struct list node; /* of the manager */
	struct manager *manager;
	const struct engine *engine; /* the manager's */
	struct fsm_run run;
	struct conn conn;
	struct record *record; /* of a node; owned */
	struct loop_timer retry, scan_limit;
	struct list waiters; /* session_waiter */
	struct loop_task start, reap; /* soon: begins its first login; frees it, from outside its own callbacks */
	uint64_t id; /* of manager_session */
	uint8_t isid[ISID_LEN];
	bool isid_known; /* of an adopted session: kept from the login that made it */
	bool adopted;
	char *redirect_host; /* where the target sent us; NULL: the record's portal */
	uint16_t redirect_port;
	bool redirect_stays, redirected; /* it is permanent; just now */
	bool at_home; /* the next attempt goes to the record's portal all the same */
	unsigned redirects; /* in a row */
	char *portal; /* for messages */
	char setting[24]; /* the number that a plugin asked for last */
	unsigned attempts; /* failed logins in a row */
	unsigned recoveries, worth;
	uint32_t time2wait; /* seconds, negotiated */
	uint64_t since, up_at, lost_at; /* in this state; full feature phase's last begin and end: loop's ms */
	unsigned brief; /* connections in a row that did not last */
	struct scan *scan;
	struct err err; /* the last failure */
};

enum session_want { SESSION_UP, SESSION_DOWN };

/* A request that waits for a session: one per session that the request is about. */
struct session_waiter {
	struct list node;
	struct manager_request *request; /* NULL: forgotten */
	enum session_want want;
};

/* session.c */
int session_new(struct manager *m, const struct record *node, struct transport *t, struct session **out); /* -ENOMEM */
void session_free(struct session *s); /* leaves the kernel's session as it is */
void session_event(struct session *s, enum sess_event event);
void session_wake(struct session *s); /* if it waits to be tried again: try soon */
int session_wait(struct session *s, struct manager_request *r, enum session_want want);
void session_answer(struct session *s, enum session_want want, const struct err *err); /* all that wait for that */

/* session_id.c */
const char *session_target(const struct session *s);
const char *session_portal(const struct session *s); /* where it goes now, as text */
const char *session_address(const struct session *s, uint16_t *port);
int session_identify(struct session *s, struct err *err); /* gives it its initiator name, if it has none */
void session_portal_text(struct session *s); /* the address changed */
int session_redirect(struct session *s, const struct login_redirect *to); /* -ELOOP */
void session_next_portal(struct session *s); /* the one of the last attempt failed or was lost: where the next one goes */
void session_arrived(struct session *s); /* logged in there */
bool session_is(const struct session *s, const struct record *node); /* the identity of manager.h */
void session_op(struct session *s, struct transport_op *op); /* its settings and ids */
void session_describe(const struct session *s, struct manager_session *out);

/* store.c: what the kernel does not keep of a session, one file each below the manager's state_dir. */
int store_write(const struct session *s);
void store_remove(const struct session *s);
/* -ESTALE: of another session that had the number. */
int store_read(const char *state_dir, const struct session_info *shown, struct record **node, uint8_t isid[ISID_LEN]);
void store_clean(const char *state_dir, const struct sysfs *sysfs); /* removes what sessions that are gone have left */

/* manager.c */
const struct manager_config *manager_config(const struct manager *m);
uint64_t manager_next_id(struct manager *m);
void manager_changed(struct manager *m, const struct session *s); /* tells those who watch */
void manager_reap(struct manager *m, struct session *s); /* frees it, soon */
void manager_request_done(struct manager_request *r, const struct session *s, const struct err *err);

#endif

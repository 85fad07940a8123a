/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session and its one connection: nobody outside core/session includes this.
 *
 * A session owns its record and its connection (connection.h). It is owned by the manager, which it knows as its owner, by callbacks.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "link/engine.h"
#include "link/isid.h"
#include "record/record.h"
#include "session/connection.h"
#include "session/destination.h"

struct scan;

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

extern const struct fsm session_machine;

/* What a session gets from its owner and reports to it: one for all of the owner's sessions. */
struct session_owner {
	const struct engine *engine;
	const char *state_dir; /* of store.h */
	uint64_t host_salt; /* of isid.h */
	/* The initiator name of this machine, valid until the next call. *alias may be NULL. -errno: it has none. */
	int (*identify)(void *arg, const char **name, const char **alias, struct err *err);
	void *identify_arg;
	void (*changed)(struct session *s); /* its state */
	void (*up)(struct session *s); /* its login is over, and its devices were looked for */
	/* The machine is over, because of s->err; kept: why the kernel still has the session, or NULL. The owner frees it, but not now. */
	void (*gone)(struct session *s, const struct err *kept);
};

struct session {
	struct list node; /* this one and the next three are the owner's */
	struct list waiters;
	struct loop_task start, reap;
	uint64_t id;
	const struct session_owner *owner;
	struct fsm_run run;
	struct conn conn;
	struct record *record; /* of a node */
	struct destination destination;
	struct loop_timer retry, scan_limit;
	uint8_t isid[ISID_LEN]; /* all 0: none yet */
	bool adopted; /* it was made before this program ran: a fact for its whole life, and no state */
	unsigned attempts; /* failed logins in a row */
	unsigned reported; /* failures in a row, of which some are in the log */
	unsigned reconnects;
	unsigned short_lived; /* connections in a row that did not last */
	uint32_t time2wait; /* seconds, negotiated */
	uint64_t since, up_at, lost_at; /* in this state; full feature phase's last begin and end: loop's ms */
	struct scan *scan;
	struct err err; /* the last failure */
};

/* The record is copied. -ENOMEM. */
int session_new(const struct session_owner *owner, const struct record *node, struct transport *t, struct session **out);
void session_free(struct session *s); /* leaves the kernel's session as it is */
void session_event(struct session *s, unsigned event);
void session_wake(struct session *s); /* if it waits for the next attempt: makes it soon */

static inline const char *session_target(const struct session *s)
{
	return record_str(s->record, FIELD_NODE_NAME);
}
/* Where it goes now, as text. */
static inline const char *session_portal(const struct session *s)
{
	return destination_text(&s->destination);
}

#endif

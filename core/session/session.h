/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session and its one connection: only core/session includes this.
 *
 * A session owns its record and its connection (connection.h). The manager owns it; the session reports to it by its owner's
 * callbacks.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "link/engine.h"
#include "link/isid.h"
#include "record/record.h"
#include "session/connection.h"
#include "session/destination.h"
#include "session/store.h"

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

/* The owner's data and callbacks, shared by all of its sessions. */
struct session_owner {
	const struct engine *engine;
	const char *state_dir; /* for store.h */
	/* The initiator name of this machine, valid until the next call. *alias may be NULL. -errno: no name. */
	int (*identify)(void *arg, const char **name, const char **alias, struct err *err);
	void *identify_arg;
	void (*changed)(struct session *s); /* its state changed */
	void (*up)(struct session *s); /* the login has ended and the scan for devices is done */
	void (*kept)(struct session *s, const struct err *why); /* the kernel did not remove it; that is tried again */
	void (*gone)(struct session *s); /* the machine ended because of s->err; the owner frees it later, not in this call */
};

struct session {
	struct list node; /* this and the next three members belong to the owner */
	struct list waiters;
	struct loop_task start, reap;
	uint64_t id;
	const struct session_owner *owner;
	struct fsm_run run;
	struct conn conn;
	struct record *record; /* a node record */
	struct destination destination;
	struct loop_timer retry, scan_limit, verify_later;
	uint8_t isid[ISID_LEN]; /* all 0: not chosen yet */
	bool unnamed; /* of the owner: the session starts when the initiator's name was looked at */
	bool adopted; /* made before this program ran; constant, not a state */
	enum store_mark mark; /* that its file has, or is to have when it is written (store.h) */
	bool noted; /* its file was written */
	unsigned attempts; /* failed logins in a row */
	unsigned reported; /* failures in a row; log_worth() selects those to log */
	unsigned starts; /* of its connection, with each of which the kernel began or resumed its I/O; an adopted one has one */
	unsigned reconnects;
	unsigned brief; /* connections in a row that did not last */
	uint32_t time2wait; /* seconds, negotiated */
	int32_t tpgt; /* the target portal group of the record's portal at the last login there; -1: unknown */
	/* loop_now() at this state's begin, at full feature phase's last begin and end, and at the last attempt's begin */
	uint64_t since, up_at, lost_at, opened_at;
	struct scan *scan, *verify; /* for new devices; of known ones after a recovery */
	bool replaced; /* as in store.h */
	unsigned
		unchecked; /* checks of its units before a recovery that failed in a row, or after which the kernel's login did */
	/* of its units, in this attempt; FOLLOWED: passed, and the kernel's login has begun */
	enum { SESS_CHECK_NONE, SESS_CHECK_PASSED, SESS_CHECK_FOLLOWED, SESS_CHECK_SKIPPED } check;
	bool verify_again; /* the connection was restored again meanwhile */
	unsigned verified; /* checks after a recovery in a row that did not tell of every device */
	char *unverified; /* the devices that are not known to be the same since the last recovery; NULL: none */
	struct err err; /* the last failure */
	char *first_failure; /* of a first login, by its first attempt; NULL: none */
};

/* The record is copied. -ENOMEM. */
int session_new(const struct session_owner *owner, const struct record *node, struct transport *t, struct session **out);
void session_free(struct session *s); /* the kernel's session remains */
void session_event(struct session *s, unsigned event);
void session_wake(struct session *s); /* if it waits for the next attempt: makes the attempt soon */
void session_try_now(struct session *s); /* the same at once, also for a first login */
void session_note(struct session *s); /* writes its file (store.h) with its mark; a failure is logged */
void session_replaced(struct session *s, bool replaced); /* sets that, also in its file */
/* One that is up again: writes its file if it has none, and scans for devices if that was never done. */
void session_complete(struct session *s, const char *target_state);

static inline const char *session_target(const struct session *s)
{
	return record_str(s->record, FIELD_NODE_NAME);
}
/* The address and port that it logs in to now. */
static inline const char *session_portal(const struct session *s)
{
	return destination_text(&s->destination);
}

#endif

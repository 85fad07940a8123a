/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection, from inside the engine. Its machine (connection.def) tells the session's (session.def) when it is up, down or closed; that
 * one tells it to open or close.
 */
#ifndef SESSION_CONNECTION_H
#define SESSION_CONNECTION_H

#include "base/fsm.h"
#include "link/dial.h"
#include "link/kconn.h"
#include "proto/login.h"

struct credentials;
struct session;

enum conn_state {
#define MACHINE_STATE(name, ...) CONN_##name,
#include "session/connection.def"
#undef MACHINE_STATE
	CONN_STATES
};

enum conn_event {
	CONN_EV_NONE,
#define MACHINE_EVENT(name, doc) CONN_EV_##name,
#include "session/connection.def"
#undef MACHINE_EVENT
	CONN_EVENTS
};

extern const struct fsm conn_machine;

struct conn {
	struct fsm_run run;
	struct session *session;
	struct loop_timer timer; /* how long the state may last */
	struct loop_task deliver; /* postponed events, and those raised from within an action */
	uint32_t postponed; /* set of events that wait for the kernel's job */
	struct credentials *credentials; /* secrets from files, from READING to the login; NULL: none */
	struct dial dial; /* its op is used for the firmware's login, too */
	struct kconn k;
	struct login *login;
	struct login_result *result; /* of the last login */
	struct iscsi_pdu pdu; /* the one being handled */
	struct err err; /* why it went down */
	bool abandoned; /* the kernel kept it */
	bool busy; /* an action runs: what it raises waits */
};

/* connection.c */
void conn_init(struct conn *c, struct session *s, struct transport *t);
void conn_close(struct conn *c); /* frees what it holds; the machine is over */
void conn_event(struct conn *c, enum conn_event event);
int conn_fail(struct conn *c, enum miscsi_error code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4))); /* gives CONN_EV_FAILED */
/* What came of handing over the job that the state waits for: NONE (JOB_DONE or JOB_FAILED follows, later) or JOB_FAILED. */
int conn_submitted(struct conn *c, int result);
int conn_send_pdu(struct conn *c, const struct iscsi_pdu *pdu); /* copied. Gives NONE or FAILED; FAILED may follow later */
void conn_arm(struct conn *c, int64_t seconds); /* TIMEOUT follows; 0: after a minute */
void conn_disarm(struct conn *c);
void conn_release(struct conn *c); /* what an attempt holds, but for the binding */
void conn_dial_init(struct conn *c); /* conn_actions.c */
void conn_attempt_over(struct conn *c); /* and forgets what waits to be said of it */

/* conn_login.c */
int conn_login_begin(void *machine);
int conn_login_pdu(void *machine);

/* conn_params.c: the settings and what was negotiated, for the engine and for the kernel. */
int conn_proposals(struct conn *c, struct iscsi_params *proposal);
int conn_negotiated(struct conn *c, struct iscsi_params *params);
/* Behind the bind, before the login: sessions are shown by what is set here. */
void conn_add_settings(struct conn *c, struct job *job);
/* Before the start. */
int conn_add_params(struct conn *c, struct job *job);

#endif

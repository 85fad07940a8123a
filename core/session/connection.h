/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection, from inside the engine. Its machine (connection.def) tells the session's (session.def) when it is up, down or closed; that
 * one tells it to open or close.
 */
#ifndef SESSION_CONNECTION_H
#define SESSION_CONNECTION_H

#include "base/resolve.h"
#include "kernel/job.h"
#include "plugin/transport.h"
#include "proto/login.h"
#include "base/fsm.h"

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
	struct resolve *resolving;
	struct resolved *addresses; /* of the portal; NULL: not looked up. The next to be tried: */
	unsigned next_address;
	struct transport_op op; /* connect, module loading, firmware login */
	struct miscsi_binding binding; /* what op gave; a socket is closed once the kernel has it */
	struct job *job; /* the one this state waits for */
	struct job *send; /* a PDU on its way */
	struct login *login;
	struct login_result *result; /* of the last login */
	struct iscsi_pdu pdu; /* the one being handled */
	struct err err; /* why it went down */
	bool created; /* the kernel has the session */
	bool has_conn; /* and its connection */
	unsigned conn_request; /* which request of the job under way makes the connection, from 1; 0: none does */
	bool refused; /* the kernel's last job failed */
	bool abandoned; /* the kernel kept it */
	bool busy; /* an action runs: what it raises waits */
};

/* connection.c */
void conn_init(struct conn *c, struct session *s);
void conn_close(struct conn *c); /* frees what it holds; the machine is over */
void conn_event(struct conn *c, enum conn_event event);
int conn_fail(struct conn *c, enum miscsi_error code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4))); /* gives CONN_EV_FAILED */
struct job *conn_job(const struct conn *c); /* about this connection; NULL: no memory */
/* The job that the state waits for: JOB_DONE or JOB_FAILED follows, later. Takes the job (NULL: no memory). Gives NONE or JOB_FAILED. */
int conn_submit(struct conn *c, struct job *job);
int conn_send_pdu(struct conn *c, const struct iscsi_pdu *pdu); /* copied. Gives NONE or FAILED; FAILED may follow later */
void conn_arm(struct conn *c, int64_t seconds); /* TIMEOUT follows; 0: after a minute */
void conn_disarm(struct conn *c);
void conn_release(struct conn *c); /* what an attempt holds, but for the binding */
void conn_attempt_over(struct conn *c); /* and forgets what waits to be said of it */
void conn_bound(struct conn *c);

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

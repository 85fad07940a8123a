/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session's connection. Its machine (connection.def) reports to the session's machine (session.def) that it is up, down,
 * redirected, closed or kept by the kernel; the session's machine opens and closes it. It does not call functions of session.c.
 */
#ifndef SESSION_CONNECTION_H
#define SESSION_CONNECTION_H

#include "base/fsm.h"
#include "link/dial.h"
#include "link/kconn.h"
#include "proto/login.h"

struct conn_check;
struct credentials;
struct hangup;
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
	void (*tell)(struct session *s, unsigned event); /* reports an SESS_EV_CONN_* to the session */
	struct loop_timer timer; /* how long the state may last */
	int64_t limit; /* the same, in seconds, as it was when the state began */
	struct loop_task deliver; /* postponed events, and those raised from within an action */
	uint32_t postponed; /* set of events that wait for the kernel's job */
	struct conn_check *check; /* of the units before a recovery; NULL: not begun */
	struct credentials *credentials; /* secrets from files, kept for recovery; NULL: none */
	bool busy; /* of the runner, not of the connection: an action runs; events that it raises wait */
	struct dial dial; /* its op is used for the firmware's login, too */
	struct kconn k; /* its binding: a socket stays open until the connection goes down */
	struct hangup *hangup; /* during a logout: notices that the target closes the connection */
	struct login *login;
	struct login_result *result; /* of the last login */
	struct iscsi_pdu pdu; /* the one being handled */
	struct err err; /* why it went down */
	char setting[24]; /* the number that a plugin last requested, as text */
};

void conn_init(struct conn *c, struct session *s, struct transport *t, void (*tell)(struct session *s, unsigned event));
void conn_close(struct conn *c); /* frees its resources, in any state of the machine */
void conn_event(struct conn *c, enum conn_event event);
int conn_fail(struct conn *c, enum miscsi_error code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4))); /* returns CONN_EV_FAILED */
int conn_nomem(struct conn *c, const char *what); /* returns CONN_EV_FAILED */
/* Converts the result of kconn_submit() to an event: NONE (JOB_DONE or JOB_FAILED follows later) or JOB_FAILED. */
int conn_submitted(struct conn *c, int result);
int conn_send_pdu(struct conn *c, const struct iscsi_pdu *pdu); /* copied. Returns NONE or FAILED; FAILED may follow later */
void conn_arm(struct conn *c, int64_t seconds); /* TIMEOUT follows; 0: after a minute */
void conn_disarm(struct conn *c);
void conn_release(struct conn *c); /* frees the resources of an attempt, except the binding */
void conn_attempt_over(struct conn *c); /* the same, and drops pending events of this attempt */
void conn_dial_init(struct conn *c); /* conn_actions.c */

/* conn_login.c */
int conn_identify(struct conn *c, struct err *err); /* sets the session's initiator name if it is not set */
/* Fills the settings of a login; the caller clears its secrets (credentials_clear), also after a failure. -errno, with c->err. */
int conn_login_config(struct conn *c, struct login_config *login);
int conn_redirect(struct conn *c, const struct login_redirect *to); /* returns REDIRECTED or FAILED */

/* conn_params.c: the settings and the negotiated parameters, for the login and for the kernel. */
void conn_op(struct conn *c, struct transport_op *op); /* adds the session's settings and ids to op */
int conn_proposals(struct conn *c, struct iscsi_params *proposal);
int conn_negotiated(struct conn *c, struct iscsi_params *params);
/* after the bind, before the login: sysfs shows these for the session */
void conn_add_settings(struct conn *c, struct job *job);
void conn_add_params(struct conn *c, struct job *job); /* before the start */

/* The guards and actions that connection.def names. An action returns the event to process next, or NONE. */
bool conn_by_firmware(const void *machine);
bool conn_logs_out(const void *machine);
bool conn_lost_before(const void *machine);
bool conn_has_files(const void *machine); /* of CHAP secrets that must be read */
bool conn_has_secrets(const void *machine); /* an earlier login had secrets from files */
int conn_read(void *machine);
int conn_read_late(void *machine);
int conn_resolve(void *machine);
int conn_connect(void *machine);
int conn_down(void *machine);
int conn_resolve_late(void *machine);
int conn_down_late(void *machine);
int conn_redirected(void *machine);
int conn_bind(void *machine);
int conn_login_begin(void *machine);
int conn_login_pdu(void *machine);
int conn_fw_login(void *machine);
int conn_fw_logout(void *machine);
int conn_start(void *machine);
int conn_up(void *machine);
int conn_stop(void *machine);
int conn_refused(void *machine);
int conn_stop_late(void *machine);
int conn_pdu(void *machine);
int conn_logout_send(void *machine);
int conn_logout_pdu(void *machine);
int conn_unbind(void *machine);
int conn_destroy(void *machine);
int conn_closed(void *machine);
int conn_kept(void *machine);
int conn_destroy_again(void *machine);

#endif

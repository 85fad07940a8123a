/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two machines as data: the table files, with the functions that they name. */
#include "session/actions.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const conn_states[] = {
#define MACHINE_STATE(name, rfc, doc) #name,
#include "session/connection.def"
#undef MACHINE_STATE
};

static const char *const conn_events[] = {
	"NONE",
#define MACHINE_EVENT(name, doc) #name,
#include "session/connection.def"
#undef MACHINE_EVENT
};

#define IN(state) FSM_IN(CONN_##state)
#define CONN_SAME FSM_SAME
static const struct fsm_row conn_rows[] = {
#define MACHINE_ROW(set, ev, when, act, to, rfc) \
	{ .states = (set), .event = CONN_EV_##ev, .next = CONN_##to, .guard = when, .action = act, .label = rfc },
#include "session/connection.def"
#undef MACHINE_ROW
};
#undef IN

const struct fsm conn_machine = {
	.name = "connection",
	.states = conn_states,
	.events = conn_events,
	.rows = conn_rows,
	.n_states = CONN_STATES,
	.n_events = CONN_EVENTS,
	.n_rows = COUNT(conn_rows),
	.unlisted = CONN_EV_FAILED,
};

static const char *const sess_states[] = {
#define MACHINE_STATE(name, rfc, doc) #name,
#include "session/session.def"
#undef MACHINE_STATE
};

static const char *const sess_events[] = {
	"NONE",
#define MACHINE_EVENT(name, doc) #name,
#include "session/session.def"
#undef MACHINE_EVENT
};

#define IN(state) FSM_IN(SESS_##state)
#define SESS_SAME FSM_SAME
static const struct fsm_row sess_rows[] = {
#define MACHINE_ROW(set, ev, when, act, to, rfc) \
	{ .states = (set), .event = SESS_EV_##ev, .next = SESS_##to, .guard = when, .action = act, .label = rfc },
#include "session/session.def"
#undef MACHINE_ROW
};

const struct fsm sess_machine = {
	.name = "session",
	.states = sess_states,
	.events = sess_events,
	.rows = sess_rows,
	.n_states = SESS_STATES,
	.n_events = SESS_EVENTS,
	.n_rows = COUNT(sess_rows),
	.unlisted = SESS_EV_BAD,
};

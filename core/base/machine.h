/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a machine's constant data from its table file. Include it once per machine (it has no guard), after defining:
 *
 *   MACHINE_FILE      the table, "session/connection.def"
 *   MACHINE_SYMBOL    the identifier of the struct fsm; MACHINE_TITLE its name as text
 *   MACHINE_ST(name)  the enumerator of a state, and of SAME;  MACHINE_EV(name)  of an event
 *   MACHINE_UNLISTED  the event that replaces an event without a row
 */
#include "base/fsm.h"

#define MACHINE_PASTE2(a, b) a##b
#define MACHINE_PASTE(a, b) MACHINE_PASTE2(a, b)
#define MACHINE_PART(part) MACHINE_PASTE(MACHINE_SYMBOL, part)

static const char *const MACHINE_PART(_states)[] = {
#define MACHINE_STATE(name, ...) #name,
#include MACHINE_FILE
#undef MACHINE_STATE
};

static const char *const MACHINE_PART(_events)[] = {
	"NONE",
#define MACHINE_EVENT(name, doc) #name,
#include MACHINE_FILE
#undef MACHINE_EVENT
};

static const struct fsm_row MACHINE_PART(_rows)[] = {
#define IN(state) FSM_IN(MACHINE_ST(state))
#define MACHINE_ROW(set, ev, when, act, to, rfc) \
	{ .states = (set), .event = MACHINE_EV(ev), .next = MACHINE_ST(to), .guard = when, .action = act, .label = rfc },
#include MACHINE_FILE
#undef MACHINE_ROW
#undef IN
};

const struct fsm MACHINE_SYMBOL = {
	.name = MACHINE_TITLE,
	.states = MACHINE_PART(_states),
	.events = MACHINE_PART(_events),
	.rows = MACHINE_PART(_rows),
	.n_states = ARRAY_SIZE(MACHINE_PART(_states)),
	.n_events = ARRAY_SIZE(MACHINE_PART(_events)),
	.n_rows = ARRAY_SIZE(MACHINE_PART(_rows)),
	.unlisted = MACHINE_UNLISTED,
};

#undef MACHINE_PASTE2
#undef MACHINE_PASTE
#undef MACHINE_PART
#undef MACHINE_FILE
#undef MACHINE_SYMBOL
#undef MACHINE_TITLE
#undef MACHINE_ST
#undef MACHINE_EV
#undef MACHINE_UNLISTED

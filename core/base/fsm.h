/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State machines as tables. A row says: in one of these states, on this event, if the guard holds, go to the next state and do
 * the action; what the action returns is the next event (0: none), so that a failure is an event like any other.
 *
 * A machine is a table file (connection.def, session.def) included with MACHINE_STATE, MACHINE_EVENT and MACHINE_ROW; the same
 * file is walked by the tests and printed as doc/STATES.md.
 */
#ifndef BASE_FSM_H
#define BASE_FSM_H

#include <stdbool.h>
#include <stdint.h>

#define FSM_SAME 0xff /* the next state is the present one */
#define FSM_NONE 0 /* no event; a machine's events count from 1 */

/* The bit of a state in a row's set. */
#define FSM_IN(state) (UINT32_C(1) << (state))

struct fsm_row {
	uint32_t states; /* set of FSM_IN() */
	uint8_t event;
	uint8_t next; /* a state or FSM_SAME */
	bool (*guard)(const void *machine); /* NULL: always. Rows are tried in their order */
	int (*action)(void *machine); /* NULL: the event is ignored here on purpose */
	const char *label; /* transition of RFC 7143 sections 8.1 and 8.2, "" where it is ours */
};

struct fsm {
	const char *name;
	const char *const *states;
	const char *const *events; /* events[0] is not used */
	const struct fsm_row *rows;
	uint8_t n_states, n_events;
	uint16_t n_rows;
	uint8_t unlisted; /* event raised in place of one that no row takes: it ends the connection, never the daemon */
};

/* One run of a machine. */
struct fsm_run {
	const struct fsm *fsm;
	void *machine; /* given to guards and actions */
	/* Called for each transition taken, before its action. NULL: no trace. */
	void (*trace)(void *machine, const struct fsm_row *row, uint8_t from, uint8_t to);
	uint8_t state;
};

/*
 * Feeds an event, and those that the actions return, until there is none. An action may free the machine only if it returns FSM_NONE
 * and its row leads to a state with no more rows. Gives false when an event was not listed, nor the event that stands in for it.
 */
bool fsm_event(struct fsm_run *run, unsigned event);

/* The row that would be taken; NULL. Guards are called. */
const struct fsm_row *fsm_find(const struct fsm_run *run, unsigned event);

#endif

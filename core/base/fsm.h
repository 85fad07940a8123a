/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State machines as tables. A row means: in one of these states, on this event, if the guard holds, go to the next state and run
 * the action. The action returns the next event (0: no event), so that a failure is an event like any other.
 *
 * A machine is a table file (connection.def, session.def) included with MACHINE_STATE, MACHINE_EVENT and MACHINE_ROW; the same
 * file is checked by the tests and printed as doc/STATES.md.
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
	const char *label; /* transition of RFC 7143 sections 8.1 and 8.2; "": the RFC has no such transition */
};

struct fsm {
	const char *name;
	const char *const *states;
	const char *const *events; /* events[0] is not used */
	const struct fsm_row *rows;
	uint8_t n_states, n_events;
	uint16_t n_rows;
	uint8_t unlisted; /* event that replaces an event without a row: it ends the connection, never the daemon */
};

/* One run of a machine. */
struct fsm_run {
	const struct fsm *fsm;
	void *machine; /* argument of guards and actions */
	/* Called for each transition, before its action. NULL: no trace. */
	void (*trace)(void *machine, const struct fsm_row *row, uint8_t from, uint8_t to);
	uint8_t state;
};

/*
 * Processes an event and those that the actions return. An action may free the machine only if it returns FSM_NONE and its row
 * leads to a state without rows. Returns false if neither an event nor the unlisted event that replaces it has a row.
 */
bool fsm_event(struct fsm_run *run, unsigned event);

/* Returns the row for an event, or NULL. Calls guards. */
const struct fsm_row *fsm_find(const struct fsm_run *run, unsigned event);

#endif

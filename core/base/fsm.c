/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runner of state machines. It knows no machine; it bounds how long one event may go on by itself. */
#include "base/fsm.h"
#include <stddef.h>

/* No chain of events in our machines is longer than five; a longer one is a loop in a table. */
#define FSM_CHAIN_MAX 16

const struct fsm_row *fsm_find(const struct fsm_run *run, unsigned event)
{
	const struct fsm *f = run->fsm;

	for (unsigned i = 0; i < f->n_rows; i++) {
		const struct fsm_row *row = &f->rows[i];

		if (row->event != event || !(row->states & FSM_IN(run->state)))
			continue;
		if (!row->guard || row->guard(run->machine))
			return row;
	}
	return NULL;
}

bool fsm_event(struct fsm_run *run, unsigned event)
{
	for (unsigned i = 0; i < FSM_CHAIN_MAX && event != FSM_NONE; i++) {
		const struct fsm_row *row = fsm_find(run, event);
		uint8_t from = run->state;

		if (!row)
			row = fsm_find(run, run->fsm->unlisted);
		if (!row)
			return false;
		if (row->next != FSM_SAME)
			run->state = row->next;
		if (run->trace && (row->action || run->state != from))
			run->trace(run->machine, row, from, run->state);
		event = row->action ? (unsigned)row->action(run->machine) : FSM_NONE;
	}
	return event == FSM_NONE;
}

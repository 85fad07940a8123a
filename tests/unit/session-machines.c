/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machines' tables, walked whole: nothing unreachable, nothing unhandled, nothing that shadows something else; and the runner. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "plugin/endpoint.h"
#include "session/session.h"

static const struct fsm *const machines[] = { &conn_machine, &session_machine, &endpoint_machine };

#define EACH_MACHINE(f) for (size_t m = 0; m < ARRAY_SIZE(machines) && (f = machines[m]); m++)

static void every_state_is_reachable(void **state)
{
	const struct fsm *f;

	(void)state;
	EACH_MACHINE(f)
	{
		uint32_t reached = FSM_IN(0), before;

		do {
			before = reached;
			for (unsigned i = 0; i < f->n_rows; i++)
				if (f->rows[i].states & reached && f->rows[i].next != FSM_SAME)
					reached |= FSM_IN(f->rows[i].next);
		} while (reached != before);
		for (unsigned s = 0; s < f->n_states; s++)
			if (!(reached & FSM_IN(s)))
				fail_msg("%s machine: no way leads to %s", f->name, f->states[s]);
	}
}

/* From every state but the last there is a way to the last: nothing can be stuck for ever by the table's shape. */
static void every_state_has_a_way_out(void **state)
{
	const struct fsm *f;

	(void)state;
	EACH_MACHINE(f)
	{
		uint32_t good = FSM_IN(f->n_states - 1), before;

		do {
			before = good;
			for (unsigned i = 0; i < f->n_rows; i++)
				if (f->rows[i].next != FSM_SAME && good & FSM_IN(f->rows[i].next))
					good |= f->rows[i].states;
		} while (good != before);
		for (unsigned s = 0; s < f->n_states; s++)
			if (!(good & FSM_IN(s)))
				fail_msg("%s machine: no way from %s to the end", f->name, f->states[s]);
	}
}

static const struct fsm_row *first_row(const struct fsm *f, unsigned s, unsigned event)
{
	for (unsigned i = 0; i < f->n_rows; i++)
		if (f->rows[i].states & FSM_IN(s) && f->rows[i].event == event)
			return &f->rows[i];
	return NULL;
}

/* An event that is not listed in a state becomes the one that stands in for it: that one must be listed in every state but the last. */
static void what_is_not_listed_has_a_place(void **state)
{
	const struct fsm *f;

	(void)state;
	EACH_MACHINE(f)
	for (unsigned s = 0; s + 1 < f->n_states; s++)
		if (!first_row(f, s, f->unlisted))
			fail_msg("%s machine: %s has no row for %s", f->name, f->states[s], f->events[f->unlisted]);
}

static void no_row_is_dead(void **state)
{
	const struct fsm *f;

	(void)state;
	EACH_MACHINE(f)
	for (unsigned i = 0; i < f->n_rows; i++) {
		uint32_t free_states = f->rows[i].states & (FSM_IN(f->n_states) - 1);

		for (unsigned k = 0; k < i; k++)
			if (f->rows[k].event == f->rows[i].event && !f->rows[k].guard)
				free_states &= ~f->rows[k].states;
		if (!free_states)
			fail_msg("%s machine: row %u (%s) is never reached", f->name, i, f->events[f->rows[i].event]);
	}
}

static void every_event_is_used(void **state)
{
	const struct fsm *f;

	(void)state;
	EACH_MACHINE(f)
	for (unsigned e = 1; e < f->n_events; e++) {
		bool used = false;

		for (unsigned i = 0; i < f->n_rows; i++)
			used |= f->rows[i].event == e;
		if (!used)
			fail_msg("%s machine: no row for %s", f->name, f->events[e]);
	}
}

/* Logout wins from every state: CLOSE is listed everywhere but at the end. */
static void close_is_listed_everywhere(void **state)
{
	(void)state;
	for (unsigned s = 0; s + 1 < conn_machine.n_states; s++)
		if (!first_row(&conn_machine, s, CONN_EV_CLOSE))
			fail_msg("connection: no CLOSE in %s", conn_machine.states[s]);
	for (unsigned s = 0; s + 1 < session_machine.n_states; s++)
		if (!first_row(&session_machine, s, SESS_EV_CLOSE))
			fail_msg("session: no CLOSE in %s", session_machine.states[s]);
}

/* A machine of two states for the runner. */
struct toy {
	struct fsm_run run;
	unsigned actions;
	int follow;
	bool open;
};

static bool toy_open(const void *machine)
{
	return ((const struct toy *)machine)->open;
}

static int toy_act(void *machine)
{
	struct toy *t = machine;

	t->actions++;
	return t->follow;
}

enum { TOY_GO = 1, TOY_BAD, TOY_ODD };

static const struct fsm_row toy_rows[] = {
	{ .states = FSM_IN(0), .event = TOY_GO, .next = 1, .guard = toy_open, .action = toy_act, .label = "" },
	{ .states = FSM_IN(0), .event = TOY_GO, .next = FSM_SAME, .label = "" },
	{ .states = FSM_IN(1), .event = TOY_BAD, .next = 0, .label = "" },
	{ .states = FSM_IN(1), .event = TOY_GO, .next = FSM_SAME, .action = toy_act, .label = "" },
};
static const char *const toy_names[] = { "A", "B", "C", "D" };
static const struct fsm toy_machine = { .name = "toy",
	.states = toy_names,
	.events = toy_names,
	.rows = toy_rows,
	.n_states = 2,
	.n_events = 4,
	.n_rows = 4,
	.unlisted = TOY_BAD };

static void guards_choose_the_row(void **state)
{
	struct toy t = { .run = { .fsm = &toy_machine, .machine = &t } };

	(void)state;
	assert_true(fsm_event(&t.run, TOY_GO));
	assert_int_equal(t.run.state, 0);
	t.open = true;
	assert_true(fsm_event(&t.run, TOY_GO));
	assert_int_equal(t.run.state, 1);
	assert_int_equal(t.actions, 1);
}

static void an_unlisted_event_becomes_the_stand_in(void **state)
{
	struct toy t = { .run = { .fsm = &toy_machine, .machine = &t, .state = 1 } };

	(void)state;
	assert_true(fsm_event(&t.run, TOY_ODD));
	assert_int_equal(t.run.state, 0);
	assert_false(fsm_event(&t.run, TOY_ODD)); /* here not even that one is listed */
	assert_int_equal(t.run.state, 0);
}

static void an_endless_chain_ends(void **state)
{
	struct toy t = { .run = { .fsm = &toy_machine, .machine = &t, .state = 1 }, .follow = TOY_GO };

	(void)state;
	assert_false(fsm_event(&t.run, TOY_GO));
	assert_in_range(t.actions, 2, 100);
}

static void isids_are_a_function_of_names(void **state)
{
	const struct isid_source base = { "iqn.2026-11.example:host", "default", "192.0.2.1", 3260 };
	const struct isid_source same = { "IQN.2026-11.example:host", "default", "192.0.2.1", 3260 };
	const struct isid_source others[] = { { "iqn.2026-11.example:hos", "tdefault", "192.0.2.1", 3260 },
		{ "iqn.2026-11.example:host", "eth1", "192.0.2.1", 3260 },
		{ "iqn.2026-11.example:host", "default", "192.0.2.2", 3260 },
		{ "iqn.2026-11.example:host", "default", "192.0.2.1", 3261 } };
	/* as in the first version: a change would make every reservation that a target keeps another host's */
	static const uint8_t frozen[ISID_LEN] = { 0x80, 0x49, 0xbc, 0x5d, 0xad, 0x06 };
	uint8_t a[ISID_LEN], b[ISID_LEN];

	(void)state;
	isid_of(&base, 0, a);
	assert_memory_equal(a, frozen, ISID_LEN);
	isid_of(&same, 0, b);
	assert_memory_equal(a, b, ISID_LEN);
	assert_int_equal(a[0], 0x80); /* RFC 7143 section 11.12.5: T = 10b, random */
	for (unsigned nth = 1; nth < 64; nth++) {
		isid_of(&base, nth, b);
		assert_memory_not_equal(a, b, ISID_LEN);
		assert_memory_equal(a, b, 4); /* one initiator port but for the qualifier */
	}
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		isid_of(&others[i], 0, b);
		assert_memory_not_equal(a, b, ISID_LEN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_is_reachable),
		cmocka_unit_test(every_state_has_a_way_out),
		cmocka_unit_test(what_is_not_listed_has_a_place),
		cmocka_unit_test(no_row_is_dead),
		cmocka_unit_test(every_event_is_used),
		cmocka_unit_test(close_is_listed_everywhere),
		cmocka_unit_test(guards_choose_the_row),
		cmocka_unit_test(an_unlisted_event_becomes_the_stand_in),
		cmocka_unit_test(an_endless_chain_ends),
		cmocka_unit_test(isids_are_a_function_of_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of the connection and the session, run together with a model of the kernel: every state that any order of events leads to.
 *
 * The rows are those of connection.def and session.def; what an action does is said here, by its name, with every outcome that it
 * may have. From each state that is reached must hold:
 *   - a healthy target (each step succeeds; a time limit ends only what does not go on) leads to LOGGED_IN, on every way;
 *   - a session that is being ended is CLOSED in the end and gone from the kernel, also if the target never answers again.
 * And no event comes in a state that has no row for it.
 */
#include "config.h"
#include "tables.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATES_MAX (1u << 20)

static struct {
	struct model *at;
	uint32_t *from;
	const char **by;
	uint32_t *table; /* index + 1 */
	unsigned n, refused;
} all;

static uint64_t key_of(const struct model *m)
{
	return (uint64_t)m->conn | (uint64_t)m->sess << 5 | (uint64_t)m->kernel << 8 | (uint64_t)m->job << 11 |
		(uint64_t)m->wait << 14 | (uint64_t)m->retry << 19 | (uint64_t)m->timer << 20 | (uint64_t)m->start << 21 |
		(uint64_t)m->unbinding << 22 | (uint64_t)m->postponed << 24;
}

static unsigned index_of(const struct model *m, bool add)
{
	uint64_t key = key_of(m), h = key * UINT64_C(0x9e3779b97f4a7c15) >> 40;

	while (all.table[h %= STATES_MAX * 2] && key_of(&all.at[all.table[h] - 1]) != key)
		h++;
	if (all.table[h] || !add)
		return all.table[h] - 1;
	if (all.n == STATES_MAX) {
		fprintf(stderr, "tables: more than %u states\n", STATES_MAX);
		exit(1);
	}
	all.at[all.n] = *m;
	all.table[h] = ++all.n;
	return all.n - 1;
}

static void print_way(unsigned i)
{
	if (all.by[i])
		print_way(all.from[i]);
	printf("  %-14s ", all.by[i] ? all.by[i] : "");
	model_print(&all.at[i]);
}

/* The daemon logs it as an error: no event may come that the table does not know. */
static void report_refused(unsigned i, const char *by)
{
	if (!all.refused++) {
		printf("%s: no row for event %s after this:\n", by, model_event_name(model_world.refused));
		print_way(i);
	}
}

static void explore(void)
{
	const struct model first = { .conn = C_FREE, .sess = S_NEW, .start = 1 };

	index_of(&first, true);
	for (unsigned i = 0; i < all.n; i++) {
		for (size_t k = 0; k < model_moves_count; k++) {
			model_world.healthy = false;
			model_first();
			do {
				struct model m = all.at[i];
				unsigned before = all.n;

				model_again();
				model_world.refused = 0;
				if ((all.at[i].sess == S_CLOSED && model_moves[k].fn != model_deliver) || !model_moves[k].fn(&m))
					break;
				if (model_world.refused)
					report_refused(i, model_moves[k].name);
				if (index_of(&m, true) == before) {
					all.from[before] = i;
					all.by[before] = model_moves[k].name;
				}
			} while (model_next_path());
		}
	}
}

static bool is_goal(const struct model *m)
{
	if (m->sess == S_CLOSED)
		return m->kernel == K_NONE || m->kernel == K_GONE;
	return m->sess == S_LOGGED_IN && m->conn == C_LOGGED_IN && m->kernel == K_UP && !m->job && !m->postponed;
}

/*
 * All that may happen next leads to a state that is known to be good. What was deferred comes first, in the same round of the loop; time
 * passes only when nothing else happens.
 */
static bool leads_to_good(const uint8_t *good, unsigned i, bool dead)
{
	bool deferred = all.at[i].postponed && !all.at[i].job;
	unsigned ways = 0;

	model_world.healthy = true;
	for (size_t k = 0; k < model_moves_count + 1; k++) {
		struct model m = all.at[i];
		bool time = k == model_moves_count;
		unsigned to;

		if (deferred && (time || model_moves[k].fn != model_deliver))
			continue;
		if (time ? ways || !model_timeout(&m) :
			   !(dead ? model_moves[k].dead : model_moves[k].healthy) || !model_moves[k].fn(&m))
			continue;
		ways++;
		to = index_of(&m, false);
		if (to == UINT32_MAX || !good[to])
			return false;
	}
	return ways;
}

/* From the goals backwards, until no state is added. */
static unsigned check(bool dead)
{
	uint8_t *good = calloc(all.n, 1);
	unsigned bad = 0;
	bool more = true;

	for (unsigned i = 0; i < all.n; i++)
		good[i] = is_goal(&all.at[i]);
	while (more) {
		more = false;
		for (unsigned i = all.n; i-- > 0;) {
			if (good[i] || !leads_to_good(good, i, dead))
				continue;
			good[i] = 1;
			more = true;
		}
	}
	for (unsigned i = 0; i < all.n; i++) {
		const struct model *m = &all.at[i];

		if (good[i] || (dead && m->sess != S_CLOSING))
			continue;
		if (!bad++) {
			printf("%s does not lead to %s from here:\n", dead ? "a dead target" : "a healthy target",
				m->sess == S_CLOSING ? "CLOSED" : "LOGGED_IN");
			print_way(i);
		}
	}
	free(good);
	return bad;
}

int main(void)
{
	unsigned bad = 0;

	all.at = calloc(STATES_MAX, sizeof(*all.at));
	all.from = calloc(STATES_MAX, sizeof(*all.from));
	all.by = calloc(STATES_MAX, sizeof(*all.by));
	all.table = calloc(STATES_MAX * 2 + 1, sizeof(*all.table));
	if (!all.at || !all.from || !all.by || !all.table)
		return 1;
	for (unsigned variant = 0; variant < 3; variant++) {
		model_world.firmware = variant == 2;
		model_world.files = variant == 1;
		all.n = 0;
		memset(all.table, 0, (STATES_MAX * 2 + 1) * sizeof(*all.table));
		memset(all.by, 0, STATES_MAX * sizeof(*all.by));
		explore();
		printf("%s: %u states\n",
			model_world.firmware	  ? "firmware that logs in" :
				model_world.files ? "secrets in files" :
						    "sockets",
			all.n);
		bad += check(false) + check(true);
	}
	printf("%u states are bad, %u events are refused\n", bad, all.refused);
	return bad || all.refused;
}

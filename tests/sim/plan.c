/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of a history: what clients ask for, and the faults, each at its time. An action has all its chances drawn when the
 * plan is made, so that one that is left out (to find the smallest plan that fails) does not change the others.
 */
#include "config.h"
#include "sim.h"
#include "base/mem.h"
#include <malloc.h>

struct action {
	uint64_t at;
	unsigned kind;
	uint32_t a, b, c;
};

static struct {
	struct action action[SIM_ACTIONS];
	unsigned n, left;
	uint64_t skip;
	unsigned slow; /* percent of the kernel's requests that are slow */
	bool cycling; /* it is plan_cycles() */
	uint64_t limit; /* of plan_cycles(): when the login or logout under way must be done */
} plan;

static const uint16_t statuses[] = { 0x0200, 0x0201, 0x0202, 0x0203, 0x0204, 0x0205, 0x0206, 0x0207, 0x0208, 0x0209, 0x020a,
	0x020b, 0x0300, 0x0301, 0x0302, 0x0400, 0x0100 };

static void act_login(const struct action *a)
{
	client_login(a->a % SIM_CLIENTS, 1 + a->b % ((1u << SIM_IDENTITIES) - 1), a->c & 1);
}

static void act_login_one(const struct action *a)
{
	client_login(a->a % SIM_CLIENTS, 1u << a->b % SIM_IDENTITIES, a->c & 1);
}

static void act_logout(const struct action *a)
{
	client_logout(a->a % SIM_CLIENTS, a->b % SIM_IDENTITIES, a->c & 1, a->c & 2);
}

static void act_rescan(const struct action *a)
{
	client_rescan(a->a % SIM_CLIENTS, a->b % SIM_IDENTITIES);
}

static void act_ask(const struct action *a)
{
	client_ask(a->a % SIM_CLIENTS, a->b);
}

static void act_leave(const struct action *a)
{
	client_leave(a->a % SIM_CLIENTS);
}

static void act_stop_reading(const struct action *a)
{
	client_stop_reading(a->a % SIM_CLIENTS, a->b & 1);
}

static void act_net(const struct action *a)
{
	net_mode(a->a % SIM_IDENTITIES, a->b % NET_MODES, statuses[a->c % ARRAY_SIZE(statuses)]);
}

/* An outage of one portal: all that it had is reset, and for some time nothing answers. */
static void back_again(void *arg, uint32_t identity)
{
	(void)arg;
	if (!plan_over())
		net_mode(identity, NET_HEALTHY, 0);
}

static void act_outage(const struct action *a)
{
	net_mode(a->a % SIM_IDENTITIES, a->b & 1 ? NET_SILENT : NET_REFUSED, 0);
	net_break(a->a % SIM_IDENTITIES);
	sim_after(a->c % 20000, back_again, NULL, a->a % SIM_IDENTITIES);
}

static void act_chap(const struct action *a)
{
	target_set_chap(SIM_PORTALS + a->a % SIM_PORTALS, a->b % TARGET_CHAPS);
}

/* What moves an address, or makes a target again, ends its connections. */
static void act_move(const struct action *a)
{
	target_move(a->a % SIM_IDENTITIES, a->b % 3);
	net_break(a->a % SIM_IDENTITIES);
}

static void act_new_disk(const struct action *a)
{
	target_new_disk(a->a % SIM_IDENTITIES);
	net_break(a->a % SIM_IDENTITIES);
}

static void act_break(const struct action *a)
{
	net_break(a->a % SIM_IDENTITIES);
}

static void act_heal(const struct action *a)
{
	if (a->a & 1)
		net_heal();
	else
		net_mode(a->b % SIM_IDENTITIES, NET_HEALTHY, 0);
}

static void act_async(const struct action *a)
{
	net_async(a->a % SIM_IDENTITIES, a->b % 6);
}

static void act_memory(const struct action *a)
{
	sim_trace("world: allocation %u from now fails", 1 + a->a % 300);
	x_fail_at(1 + a->a % 300);
}

static void act_kill(const struct action *a)
{
	sim_trace("world: iscsid is %s", a->a % 4 ? "killed" : "stopped");
	daemon_end(a->a % 4);
}

static void act_lose_events(const struct action *a)
{
	(void)a;
	kern_lose_events();
}

static void act_slow(const struct action *a)
{
	plan.slow = a->a % 3 ? 0 : 30;
}

static void act_wake(const struct action *a)
{
	(void)a;
	daemon_wake();
}

/* Another program, or the removal of a driver, ends a session; or another program makes one. */
static void act_other(const struct action *a)
{
	unsigned n = a->a % 4;
	struct kern_session *s = kern_sessions();

	for (; s && n; n--)
		s = s->next;
	if (!s || s->destroying)
		return;
	sim_trace("world: another program ends session%u", s->sid);
	for (unsigned i = 0; i < SIM_IDENTITIES; i++)
		client_other_program(i);
	kern_remove(s);
}

static const struct {
	unsigned weight;
	void (*fn)(const struct action *a);
} kinds[] = {
	{ 14, act_login_one },
	{ 10, act_login },
	{ 10, act_logout },
	{ 3, act_rescan },
	{ 3, act_ask },
	{ 3, act_leave },
	{ 2, act_stop_reading },
	{ 16, act_net },
	{ 8, act_outage },
	{ 4, act_chap },
	{ 4, act_move },
	{ 3, act_new_disk },
	{ 6, act_break },
	{ 6, act_heal },
	{ 4, act_async },
	{ 4, act_memory },
	{ 5, act_kill },
	{ 2, act_lose_events },
	{ 3, act_slow },
	{ 2, act_wake },
	{ 2, act_other },
};

static void act(void *arg, uint32_t nth)
{
	const struct action *a = &plan.action[nth];

	(void)arg;
	plan.left--;
	if (nth < 64 && plan.skip & UINT64_C(1) << nth)
		return;
	kinds[a->kind].fn(a);
}

static unsigned choose_kind(void)
{
	unsigned sum = 0, at, kind = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		sum += kinds[i].weight;
	for (at = sim_random(sum); at >= kinds[kind].weight; kind++)
		at -= kinds[kind].weight;
	return kind;
}

/* Most follow one another closely, so that they meet what the last one began; some wait until all is quiet. */
void plan_make(uint64_t skip)
{
	uint64_t at = 0;

	plan.n = 4 + sim_random(20);
	plan.left = plan.n;
	plan.skip = skip;
	plan.cycling = false;
	plan.slow = 0;
	for (unsigned i = 0; i < plan.n; i++) {
		struct action *a = &plan.action[i];

		a->kind = i < 2 ? 0 : choose_kind();
		at += sim_chance(60) ? sim_random(30) : sim_chance(60) ? sim_random(4000) : sim_random(60000);
		a->at = at;
		a->a = sim_random(1u << 30);
		a->b = sim_random(1u << 30);
		a->c = sim_random(1u << 30);
		sim_after(at, act, NULL, i);
	}
}

/* What iscsid holds between two cycles, when it has no session. */
struct held {
	unsigned descriptors, files;
	long blocks;
	size_t bytes;
};

#define CYCLE_MOST_MS 60000 /* the world is slow at times */
#define SLACK_BYTES \
	16384 /* malloc counts what it keeps in its caches, 7 blocks of a size; a leak of 8 bytes in each cycle would be far more */
#define CYCLES_FIRST 2000 /* afterwards buffers have their sizes, and the heap its gaps */

static struct held held_now(void)
{
	return (struct held){ os_count(), os_files(), os_blocks(), mallinfo2().uordblks };
}

static void check_held(unsigned cycle)
{
	static struct held first;
	struct held now = held_now();

	if (cycle == CYCLES_FIRST)
		first = now;
	if (cycle < CYCLES_FIRST)
		return;
	if (now.descriptors != first.descriptors || now.files != first.files || now.blocks != first.blocks ||
		now.bytes > first.bytes + SLACK_BYTES)
		sim_fail("after %u logins and logouts iscsid has %u descriptors, %u files, %ld blocks and %zu bytes, and not %u, "
			 "%u, %ld and %zu",
			cycle, now.descriptors, now.files, now.blocks, now.bytes, first.descriptors, first.files, first.blocks,
			first.bytes);
}

/* A login, or the logout after it: step is twice the number of the cycle, and one more for the logout. */
static void cycle(void *arg, uint32_t step)
{
	unsigned identity = step / 2 % SIM_IDENTITIES, before = (step + SIM_IDENTITIES * 2 - 1) / 2 % SIM_IDENTITIES;

	(void)arg;
	if (sim_now() > plan.limit)
		sim_fail("%s has not succeeded after %u ms", step % 2 ? "a login" : "a logout", CYCLE_MOST_MS);
	if (sim_failure())
		return;
	if (client_unanswered() || (step && client_wants(before) != (step % 2 ? WANTED_YES : WANTED_NO))) {
		sim_after(100, cycle, NULL, step); /* the last request is not done */
		return;
	}
	if (step % 2 == 0)
		check_held(step / 2);
	plan.limit = sim_now() + CYCLE_MOST_MS;
	if (!--plan.left)
		return;
	if (step % 2)
		client_logout(0, identity, false, false);
	else
		client_login(0, 1u << identity, false);
	sim_after(100, cycle, NULL, step + 1);
}

void plan_cycles(unsigned n)
{
	plan.n = 0;
	plan.left = 2 * n + 1;
	plan.slow = 0;
	plan.cycling = true;
	plan.limit = UINT64_MAX;
	sim_after(100, cycle, NULL, 0);
}

void plan_calmly(void)
{
	plan.n = 0;
	plan.left = 1;
	plan.slow = 0;
	plan.cycling = true;
}

void plan_end(void)
{
	plan.left = 0;
}

unsigned plan_actions(void)
{
	return plan.n;
}

bool plan_over(void)
{
	return !plan.left;
}

bool plan_cycles_run(void)
{
	return plan.cycling;
}

bool plan_calm(void)
{
	return plan.cycling || !plan.left;
}

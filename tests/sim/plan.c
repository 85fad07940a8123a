/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of a history: what clients ask for, and the faults, each at its time. An action has all its chances drawn when the
 * plan is made, so that one that is left out (to find the smallest plan that fails) does not change the others.
 */
#include "config.h"
#include "sim.h"
#include "base/mem.h"

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

unsigned plan_actions(void)
{
	return plan.n;
}

bool plan_over(void)
{
	return !plan.left;
}

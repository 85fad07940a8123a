/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many sessions, without a fault: what each costs the daemon to log in, to adopt and to log out, in system calls, allocations and CPU
 * time of its own. As many targets as sessions, a few requests in each call of a client.
 */
#include "config.h"
#include "os.h"
#include "sim.h"
#include "session/manager.h"

#define CALL_SESSIONS 8
#define STEP_MS 20
#define STEP_MOST_MS 600000

static struct {
	unsigned n, asked;
	enum sim_step step;
	uint64_t since; /* when the step began */
	struct sim_cost *cost, before;
} scale;

static struct sim_cost used(void)
{
	return (struct sim_cost){ .calls = os_calls(), .allocations = os_allocations(), .cpu_us = os_daemon_us() };
}

static unsigned in_kernel(void)
{
	unsigned n = 0;

	for (const struct kern_session *s = kern_sessions(); s; s = s->next)
		n += s->state == KERN_LOGGED_IN && s->started && s->luns == KERN_LUNS;
	return n;
}

static void step_over(void)
{
	struct sim_cost now = used(), *cost = &scale.cost[scale.step];

	cost->calls = now.calls - scale.before.calls;
	cost->allocations = now.allocations - scale.before.allocations;
	cost->cpu_us = now.cpu_us - scale.before.cpu_us;
	sim_trace("world: step %d is over", scale.step);
	scale.step++;
	scale.asked = 0;
	scale.since = sim_now();
	scale.before = now;
}

/* Whether the step that is under way has come to its end. */
static bool is_over(void)
{
	switch (scale.step) {
	case SIM_START:
		return daemon_listens();
	case SIM_LOGIN:
		return scale.asked == scale.n && !client_unanswered() && in_kernel() == scale.n;
	case SIM_ADOPTION:
		return daemon_listens() && manager_count(daemon_manager()) == scale.n;
	case SIM_LOGOUT:
		return scale.asked == scale.n && !client_unanswered() && !kern_sessions();
	default:
		return false;
	}
}

static void ask(void)
{
	unsigned n = scale.n - scale.asked < CALL_SESSIONS ? scale.n - scale.asked : CALL_SESSIONS;

	if (client_unanswered() || !n || (scale.step != SIM_LOGIN && scale.step != SIM_LOGOUT))
		return;
	if (client_ask_many(0, scale.asked, n, scale.step == SIM_LOGIN))
		scale.asked += n;
}

/* After the logins another iscsid is started, which adopts the sessions. */
static void go_on(void *arg, uint32_t number)
{
	(void)arg, (void)number;
	if (sim_failure())
		return;
	if (sim_now() - scale.since > STEP_MOST_MS)
		sim_fail("step %d of %u sessions has not ended after %u ms", scale.step, scale.n, STEP_MOST_MS);
	if (scale.step == SIM_ADOPTION && !daemon_runs())
		scale.before = used(); /* without the end of the one before */
	if (is_over()) {
		step_over();
		if (scale.step == SIM_ADOPTION)
			daemon_end(true);
	}
	if (scale.step == SIM_STEPS)
		plan_end();
	ask();
	sim_after(STEP_MS, go_on, NULL, 0);
}

void scale_plan(unsigned n, struct sim_cost cost[SIM_STEPS])
{
	plan_calmly();
	scale = (__typeof__(scale)){ .n = n, .cost = cost, .since = sim_now(), .before = used() };
	sim_after(1, go_on, NULL, 0);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The world's clock, chances, memory and events, and the course of one history. */
#include "config.h"
#include "sim.h"
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ARENA_BYTES (512 * 1024 * 1024) /* a history touches a few MB; ten thousand logins all of it */
#define EVENTS_MAX 4096
#define POLL_MS 500

struct event {
	uint64_t at, order;
	void (*fn)(void *arg, uint32_t number);
	void *arg;
	uint32_t number;
};

static struct {
	uint64_t now, order;
	uint64_t random;
	char *arena;
	size_t used;
	struct event heap[EVENTS_MAX];
	unsigned n;
	char why[512];
	enum sim_trace trace;
	uint64_t hash;
	uint64_t healed; /* when the faults ended; 0: not yet */
	uint64_t bound; /* ms after that */
	uint64_t took;
	bool over;
} world;

uint64_t sim_now(void)
{
	return world.now;
}

/* splitmix64 */
uint32_t sim_random(uint32_t n)
{
	uint64_t z = world.random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ z >> 31) % n);
}

bool sim_chance(unsigned percent)
{
	return sim_random(100) < percent;
}

void *sim_alloc(size_t size)
{
	void *at = world.arena + world.used;

	size = (size + 15) & ~(size_t)15;
	if (world.used + size > ARENA_BYTES) {
		fprintf(stderr, "sim: a history needs more memory than the world has\n");
		abort();
	}
	world.used += size;
	return memset(at, 0, size);
}

char *sim_text(const char *fmt, ...)
{
	char text[2048], *copy;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = n < (int)sizeof(text) ? n : (int)sizeof(text) - 1;
	copy = sim_alloc((size_t)n + 1);
	memcpy(copy, text, (size_t)n);
	return copy;
}

static bool event_before(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void sim_after(uint64_t ms, void (*fn)(void *arg, uint32_t number), void *arg, uint32_t number)
{
	struct event e = { world.now + ms, world.order++, fn, arg, number };
	unsigned i = world.n++;

	if (world.n > EVENTS_MAX) {
		fprintf(stderr, "sim: too many events at once\n");
		abort();
	}
	for (; i && event_before(&e, &world.heap[(i - 1) / 2]); i = (i - 1) / 2)
		world.heap[i] = world.heap[(i - 1) / 2];
	world.heap[i] = e;
}

uint64_t sim_next(void)
{
	return world.n ? world.heap[0].at : UINT64_MAX;
}

void sim_step(void)
{
	struct event e = world.heap[0], last = world.heap[--world.n];
	unsigned i = 0;

	for (unsigned child = 1; child < world.n; child = 2 * i + 1) {
		if (child + 1 < world.n && event_before(&world.heap[child + 1], &world.heap[child]))
			child++;
		if (!event_before(&world.heap[child], &last))
			break;
		world.heap[i] = world.heap[child];
		i = child;
	}
	world.heap[i] = last;
	if (e.at > world.now)
		world.now = e.at;
	e.fn(e.arg, e.number);
}

void sim_sleep(uint64_t ms)
{
	world.now += ms;
}

bool sim_traced(void)
{
	return world.trace != SIM_QUIET;
}

void sim_trace(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	if (world.trace == SIM_QUIET)
		return;
	va_start(ap, fmt);
	n = snprintf(line, sizeof(line), "%7llu.%03u ", (unsigned long long)(world.now / 1000), (unsigned)(world.now % 1000));
	n += vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	n = n < (int)sizeof(line) ? n : (int)sizeof(line) - 1;
	for (int i = 0; i < n; i++)
		world.hash = (world.hash ^ (uint8_t)line[i]) * UINT64_C(0x100000001b3);
	if (world.trace == SIM_PRINTED)
		puts(line);
}

void sim_fail(const char *fmt, ...)
{
	va_list ap;

	if (*world.why)
		return;
	va_start(ap, fmt);
	vsnprintf(world.why, sizeof(world.why), fmt, ap);
	va_end(ap);
	sim_trace("FAILED: %s", world.why);
}

const char *sim_failure(void)
{
	return *world.why ? world.why : NULL;
}

/* The faults are over: looks again and again whether all is as wanted, and ends the history when it is. */
static void look(void *arg, uint32_t again)
{
	const char *why = NULL;

	(void)arg;
	if (!world.healed) {
		if (plan_over()) {
			world.healed = world.now;
			world.bound = check_bound();
			net_heal();
			client_read_all();
			x_fail_at(0);
			sim_trace("world: the faults are over");
		}
	} else if (daemon_runs() && check_settled(&why)) {
		if (!again)
			world.took = world.now - world.healed;
		if (again == 4) {
			check_end();
			world.over = true;
			daemon_end(false);
			return;
		}
		sim_after(1 + sim_random(3000), look, NULL, again + 1);
		return;
	} else if (world.now - world.healed > world.bound) {
		sim_fail("%llu ms after the end of the faults: %s", (unsigned long long)world.bound,
			why ? why : "iscsid does not run");
	}
	if (sim_failure()) {
		world.over = true;
		daemon_end(false);
		return;
	}
	sim_after(POLL_MS, look, NULL, 0);
}

/* iscsid is started, runs until it is killed or stopped, and is started again by its service manager. */
static void live(void)
{
	while (!world.over) {
		uint64_t again;
		bool started = daemon_start();

		if (started)
			daemon_run();
		daemon_stop(daemon_dead());
		if (os_count() && !sim_failure())
			sim_fail("%u descriptors are open after the end of iscsid", os_count());
		os_close_all();
		client_lost_all();
		again = world.now + (started ? 1 + sim_random(3000) : 500);
		while (!world.over && sim_next() <= again)
			sim_step();
		if (world.now < again)
			world.now = again;
		if (sim_failure())
			world.over = true;
	}
}

static void begin(const struct sim_options *options)
{
	char *arena = world.arena ? world.arena : malloc(ARENA_BYTES);

	if (!arena)
		abort();
	world.arena = arena;
	world.used = 0;
	world.n = 0;
	world.order = 0;
	world.why[0] = '\0';
	world.trace = options->trace;
	world.hash = UINT64_C(0xcbf29ce484222325);
	world.random = options->seed * UINT64_C(0x2545f4914f6cdd1d);
	world.now = 1000000;
	world.over = false;
	world.healed = world.took = 0;
	os_reset();
	kern_reset();
	kern_wire_reset();
	net_reset();
	target_reset();
	check_reset();
	client_reset();
	daemon_reset();
}

void sim_run(const struct sim_options *options, struct sim_outcome *out)
{
	long before = os_blocks();

	begin(options);
	if (options->scale)
		scale_plan(options->scale, options->cost);
	else if (options->cycles)
		plan_cycles(options->cycles);
	else
		plan_make(options->skip);
	sim_after(POLL_MS, look, NULL, 0);
	live();
	x_fail_at(0);
	if (os_blocks() != before && !sim_failure())
		sim_fail("%ld blocks of memory are left after the end of iscsid", os_blocks() - before);
	memcpy(out->why, world.why, sizeof(out->why));
	out->hash = world.hash;
	out->actions = plan_actions();
	out->took = world.took;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs histories: usage: sim [--seed N] [--count N] [--seconds N] [--trace] [--skip HEX] [--all] [--cycles N] [--scale]
 *
 * A history that fails is made shorter as long as it still fails, and printed with its trace. --trace prints that of the first. --all
 * prints a line for each that fails, and goes on. Without options: what `make check` runs.
 */
#include "config.h"
#include "sim.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#define REPEATED 100
#define CYCLES 10000

struct arguments {
	uint64_t seed, count, seconds, skip, cycles;
	bool trace, all, scale;
};

static double cpu_seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* Leaves out one action after another. */
static uint64_t shrink(uint64_t seed, uint64_t skip, struct sim_outcome *out)
{
	struct sim_outcome tried;
	bool again = true;

	while (again) {
		again = false;
		for (unsigned i = out->actions < 64 ? out->actions : 64; i-- > 0;) {
			if (skip & UINT64_C(1) << i)
				continue;
			sim_run(&(struct sim_options){ .seed = seed, .skip = skip | UINT64_C(1) << i }, &tried);
			if (!*tried.why)
				continue;
			skip |= UINT64_C(1) << i;
			*out = tried;
			again = true;
		}
	}
	return skip;
}

static void report(uint64_t seed, uint64_t skip, struct sim_outcome *out)
{
	printf("seed %llu fails: %s\n", (unsigned long long)seed, out->why);
	skip = shrink(seed, skip, out);
	printf("the shortest that fails: sim --seed %llu --skip %llx --trace: %s\n", (unsigned long long)seed,
		(unsigned long long)skip, out->why);
	sim_run(&(struct sim_options){ .seed = seed, .skip = skip, .trace = SIM_PRINTED }, out);
}

/* A seed is one history: run again, its trace is the same to the byte. */
static bool repeats(uint64_t seed)
{
	struct sim_outcome first, second;

	sim_run(&(struct sim_options){ .seed = seed, .trace = SIM_HASHED }, &first);
	sim_run(&(struct sim_options){ .seed = seed, .trace = SIM_HASHED }, &second);
	if (first.hash != second.hash)
		printf("seed %llu has two histories\n", (unsigned long long)seed);
	return first.hash == second.hash;
}

/* Nothing is left of a login and its logout, however many there were. */
static bool cycles_leave_nothing(unsigned n, bool trace)
{
	struct sim_outcome out;

	sim_run(&(struct sim_options){ .seed = 1, .cycles = n, .trace = trace ? SIM_PRINTED : SIM_QUIET }, &out);
	printf("%u logins and logouts: %s\n", n, *out.why ? out.why : "nothing is left of them");
	return !*out.why;
}

#define FEW 64
#define MANY 1024
#define TIME_TRIES 3

static bool costs(unsigned n, struct sim_cost cost[SIM_STEPS])
{
	struct sim_outcome out;

	sim_run(&(struct sim_options){ .seed = 1, .scale = n, .cost = cost }, &out);
	if (*out.why)
		printf("%u sessions: %s\n", n, out.why);
	/* an adoption is what a start costs with sessions more than without */
	cost[SIM_ADOPTION].calls -= cost[SIM_START].calls;
	cost[SIM_ADOPTION].allocations -= cost[SIM_START].allocations;
	cost[SIM_ADOPTION].cpu_us -= cost[SIM_START].cpu_us < cost[SIM_ADOPTION].cpu_us ? cost[SIM_START].cpu_us : 0;
	return !*out.why;
}

/* The shortest of some, since the machine may be busy. */
static bool costs_least(unsigned n, struct sim_cost cost[SIM_STEPS])
{
	struct sim_cost again[SIM_STEPS];
	bool fine = costs(n, cost);

	for (unsigned i = 1; i < TIME_TRIES && fine; i++) {
		fine = costs(n, again);
		for (unsigned k = 0; k < SIM_STEPS; k++)
			if (again[k].cpu_us < cost[k].cpu_us)
				cost[k].cpu_us = again[k].cpu_us;
	}
	return fine;
}

/* More than so much more for a session is not linear. In the CPU time, caches are that hold 64 sessions, and not 1,024. */
#define MORE_CALLS 1.1
#define MORE_TIME 4

/* However many sessions there are, each costs the same. */
static bool costs_are_linear(void)
{
	static const char *const steps[] = { [SIM_LOGIN] = "login", [SIM_ADOPTION] = "adoption", [SIM_LOGOUT] = "logout" };
	struct sim_cost few[SIM_STEPS], many[SIM_STEPS];
	bool fine;

	os_time(true);
	fine = costs_least(FEW, few) && costs_least(MANY, many);
	os_time(false);
	for (enum sim_step k = SIM_LOGIN; k < SIM_STEPS && fine; k++) {
		double calls[] = { (double)few[k].calls / FEW, (double)many[k].calls / MANY };
		double blocks[] = { (double)few[k].allocations / FEW, (double)many[k].allocations / MANY };
		double us[] = { (double)few[k].cpu_us / FEW, (double)many[k].cpu_us / MANY };

		printf("%s of %u and of %u sessions, each: %.1f and %.1f system calls, %.1f and %.1f allocations, %.1f and %.1f "
		       "us\n",
			steps[k], FEW, MANY, calls[0], calls[1], blocks[0], blocks[1], us[0], us[1]);
		fine = calls[1] <= calls[0] * MORE_CALLS && blocks[1] <= blocks[0] * MORE_CALLS && us[1] <= us[0] * MORE_TIME;
		if (!fine)
			printf("%ss are not linear\n", steps[k]);
	}
	return fine;
}

static void usage(void)
{
	fputs("usage: sim [--seed N] [--count N] [--seconds N] [--trace] [--skip HEX] [--all] [--cycles N] [--scale]\n", stderr);
	exit(2);
}

static void read_arguments(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'c' },
		{ "seconds", required_argument, NULL, 't' },
		{ "skip", required_argument, NULL, 'x' },
		{ "cycles", required_argument, NULL, 'n' },
		{ "trace", no_argument, NULL, 'v' },
		{ "all", no_argument, NULL, 'a' },
		{ "scale", no_argument, NULL, 'k' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 's')
			a->seed = strtoull(optarg, NULL, 10);
		else if (opt == 'c')
			a->count = strtoull(optarg, NULL, 10);
		else if (opt == 't')
			a->seconds = strtoull(optarg, NULL, 10);
		else if (opt == 'x')
			a->skip = strtoull(optarg, NULL, 16);
		else if (opt == 'n')
			a->cycles = strtoull(optarg, NULL, 10);
		else if (opt == 'v')
			a->trace = true;
		else if (opt == 'a')
			a->all = true;
		else if (opt == 'k')
			a->scale = true;
		else
			usage();
	}
	if (optind < argc)
		usage();
}

int main(int argc, char **argv)
{
	struct arguments a = { .seed = 1, .count = 100000, .seconds = 60 };
	struct sim_outcome out;
	uint64_t n = 0, most = 0, failed = 0;
	double start = cpu_seconds();

	setvbuf(stdout, NULL, _IOLBF, 0);
	read_arguments(argc, argv, &a);
	if (a.scale)
		return !costs_are_linear();
	if (a.cycles)
		return !cycles_leave_nothing((unsigned)a.cycles, a.trace);
	if (a.trace) {
		sim_run(&(struct sim_options){ .seed = a.seed, .skip = a.skip, .trace = SIM_PRINTED }, &out);
		puts(*out.why ? out.why : "it ends as it must");
		return *out.why != '\0';
	}
	if (!cycles_leave_nothing(CYCLES, false) || !costs_are_linear())
		return 1;
	for (uint64_t i = 0; i < REPEATED && i < a.count; i++)
		if (!repeats(a.seed + i))
			return 1;
	for (; n < a.count && cpu_seconds() - start < (double)a.seconds; n++) {
		sim_run(&(struct sim_options){ .seed = a.seed + n, .skip = a.skip }, &out);
		if (*out.why && a.all) {
			printf("seed %llu fails: %s\n", (unsigned long long)(a.seed + n), out.why);
			failed++;
		} else if (*out.why) {
			report(a.seed + n, a.skip, &out);
			printf("%llu histories before it\n", (unsigned long long)n);
			return 1;
		}
		if (out.took > most)
			most = out.took;
	}
	printf("%llu histories in %.1f s; the slowest was as wanted %llu ms after its faults\n", (unsigned long long)n,
		cpu_seconds() - start, (unsigned long long)most);
	return failed != 0;
}

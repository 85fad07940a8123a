/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop. A round is: wait, file descriptors, timers that are due, deferred tasks. A source that a callback removes
 * must not be called later in the same round; struct round serves that.
 *
 * Nothing is allocated for a descriptor, a signal or a task: their nodes lie in their owners. So a removal cannot fail, and an
 * owner that removes its nodes may be freed at once.
 */
#include "config.h"
#include "base/loop.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/timers.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define BATCH 64
/* What a round gives to each kind of callback, of which there are three. */
#define TURN_US 5000
/* The kernel is asked what the thread has used when the rounds since have lasted so long. So the CPU time of a round may be too long by that. */
#define UNASKED_US 5000

/* What a thread has used: time on a CPU, and how often it has gone to sleep. */
struct usage {
	uint64_t cpu_us;
	long sleeps;
};

/* The events of one epoll_wait(), and what their callbacks took. On a chain, since a callback may step the loop itself. */
struct round {
	struct epoll_event events[BATCH];
	int n;
	struct round *outer;
	struct loop_turn turn;
	uint64_t begun_us, last_us; /* last: when the last callback ended */
	struct usage before;
};

/* `now` is the time at which the round began: all timers of a round see the same, and none of them asks the kernel. */
struct loop {
	int epfd;
	int sigfd; /* -1 before the first loop_signal_add() */
	struct loop_fd sigsrc;
	sigset_t sigmask;
	struct loop_signal *signals;
	struct timers timers;
	struct loop_task *tasks, **tasks_end;
	struct round *round; /* innermost running one; NULL: none */
	uint64_t now;
	uint64_t ended_us; /* when the last round of loop_run() ended: no need to ask again; 0: ask */
	struct loop_turn longest[LOOP_LONGEST];
	struct usage usage; /* of this thread when it was last asked for */
	unsigned unasked; /* rounds since then */
	uint64_t unasked_us; /* their wall time */
	uint64_t (*clock)(void *arg);
	void *clock_arg;
	bool injected;
	bool quit;
};

static uint64_t real_clock(void *arg)
{
	(void)arg;
	return clock_ms();
}

uint64_t loop_clock_us(const struct loop *l)
{
	return l->injected ? l->clock(l->clock_arg) * 1000 : clock_us();
}

const struct loop_turn *loop_longest(const struct loop *l, enum loop_longest by)
{
	return &l->longest[by];
}

int loop_new(struct loop **out)
{
	struct loop *l = x_new(struct loop);

	if (!l)
		return -ENOMEM;
	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epfd < 0) {
		int rc = -errno;

		x_free(l);
		return rc;
	}
	l->sigfd = -1;
	sigemptyset(&l->sigmask);
	l->tasks_end = &l->tasks;
	l->clock = real_clock;
	for (unsigned i = 0; i < LOOP_LONGEST; i++)
		l->longest[i].callback = "";
	*out = l;
	return 0;
}

/* Timers, tasks and signals that are still there are as if removed; descriptors are their owners' to close. */
void loop_free(struct loop *l)
{
	if (!l)
		return;
	while (l->signals)
		loop_signal_del(l, l->signals);
	while (l->tasks)
		loop_task_cancel(l, l->tasks);
	timers_free(&l->timers);
	if (l->sigfd >= 0)
		close(l->sigfd);
	close(l->epfd);
	x_free(l);
}

uint64_t loop_now(const struct loop *l)
{
	return l->round ? l->now : l->clock(l->clock_arg);
}

void loop_set_clock(struct loop *l, uint64_t (*now)(void *arg), void *arg)
{
	l->clock = now ? now : real_clock;
	l->clock_arg = arg;
	l->injected = now != NULL;
}

/* Level-triggered: a callback may read as much as it likes and leave the rest for the next round. */
int loop_fd_add_named(
	struct loop *l, struct loop_fd *f, int fd, uint32_t events, void (*fn)(void *, uint32_t), void *arg, const char *name)
{
	struct epoll_event ev = { .events = events, .data.ptr = f };

	if (f->active)
		return -EEXIST;
	if (epoll_ctl(l->epfd, EPOLL_CTL_ADD, fd, &ev))
		return -errno;
	f->fd = fd;
	f->fn = fn;
	f->name = name;
	f->arg = arg;
	f->active = true;
	return 0;
}

int loop_fd_mod(struct loop *l, struct loop_fd *f, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = f };

	if (!f->active)
		return -ENOENT;
	return epoll_ctl(l->epfd, EPOLL_CTL_MOD, f->fd, &ev) ? -errno : 0;
}

void loop_fd_del(struct loop *l, struct loop_fd *f)
{
	if (!f->active)
		return;
	epoll_ctl(l->epfd, EPOLL_CTL_DEL, f->fd, NULL);
	f->active = false;
	/* Events of it that are fetched and not yet delivered would reach freed memory. */
	for (struct round *r = l->round; r; r = r->outer)
		for (int i = 0; i < r->n; i++)
			if (r->events[i].data.ptr == f)
				r->events[i].data.ptr = NULL;
}

void loop_timer_set_named(struct loop *l, struct loop_timer *t, uint64_t ms, void (*fn)(void *), void *arg, const char *name)
{
	uint64_t now = loop_now(l);

	t->fn = fn;
	t->name = name;
	t->arg = arg;
	timers_set(&l->timers, t, ms > UINT64_MAX - now ? UINT64_MAX : now + ms);
}

void loop_timer_cancel(struct loop *l, struct loop_timer *t)
{
	timers_remove(&l->timers, t);
}

/* A task that waits already keeps its place and gets the new function: it is called once. */
void loop_defer_named(struct loop *l, struct loop_task *t, void (*fn)(void *), void *arg, const char *name)
{
	t->fn = fn;
	t->name = name;
	t->arg = arg;
	if (t->queued)
		return;
	t->queued = true;
	t->next = NULL;
	*l->tasks_end = t;
	l->tasks_end = &t->next;
}

void loop_task_cancel(struct loop *l, struct loop_task *t)
{
	struct loop_task **at = &l->tasks;

	if (!t->queued)
		return;
	while (*at && *at != t)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = t->next;
	if (l->tasks_end == &t->next)
		l->tasks_end = at;
	t->queued = false;
}

static void on_signals(void *arg, uint32_t events)
{
	struct loop *l = arg;
	struct signalfd_siginfo info;

	(void)events;
	/* One per round: its callback may end the loop's owner; the rest is reported again. */
	if (read(l->sigfd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	for (struct loop_signal *s = l->signals; s; s = s->next) {
		if (s->signo == (int)info.ssi_signo) {
			s->fn(s->arg, s->signo);
			return;
		}
	}
}

/* The signalfd for l->sigmask, made at first. */
static int update_sigfd(struct loop *l)
{
	int fd = signalfd(l->sigfd, &l->sigmask, SFD_CLOEXEC | SFD_NONBLOCK);
	int rc;

	if (fd < 0)
		return -errno;
	if (l->sigfd >= 0)
		return 0;
	rc = loop_fd_add(l, &l->sigsrc, fd, EPOLLIN, on_signals, l);
	if (rc) {
		close(fd);
		return rc;
	}
	l->sigfd = fd;
	return 0;
}

/* By signalfd: callbacks run like any other, so no handler ever runs in the midst of something. */
int loop_signal_add(struct loop *l, struct loop_signal *s, int signo, void (*fn)(void *, int), void *arg)
{
	sigset_t one;
	int rc;

	if (sigemptyset(&one) || sigaddset(&one, signo))
		return -EINVAL;
	if (sigismember(&l->sigmask, signo))
		return -EEXIST;
	rc = pthread_sigmask(SIG_BLOCK, &one, NULL);
	if (rc)
		return -rc;
	sigaddset(&l->sigmask, signo);
	rc = update_sigfd(l);
	if (rc) {
		sigdelset(&l->sigmask, signo);
		return rc;
	}
	s->signo = signo;
	s->fn = fn;
	s->arg = arg;
	s->next = l->signals;
	l->signals = s;
	return 0;
}

/* It stays blocked: unblocking would deliver one that came meanwhile, and end the process. */
void loop_signal_del(struct loop *l, struct loop_signal *s)
{
	struct loop_signal **at = &l->signals;

	while (*at && *at != s)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = s->next;
	sigdelset(&l->sigmask, s->signo);
	update_sigfd(l);
}

/* How long this round may wait, for epoll_wait(). */
static int wait_ms(const struct loop *l, int max_ms)
{
	const struct loop_timer *t = timers_first(&l->timers);
	uint64_t now, left;

	if (l->tasks)
		return 0;
	if (!t)
		return max_ms;
	now = l->ended_us ? l->ended_us / 1000 : l->clock(l->clock_arg);
	if (t->due <= now)
		return 0;
	/* Only the test moves an injected clock: waiting for it without a limit would be for ever. */
	if (l->injected)
		return max_ms < 0 ? 0 : max_ms;
	left = t->due - now;
	if (left > INT_MAX)
		left = INT_MAX;
	return max_ms < 0 || left < (uint64_t)max_ms ? (int)left : max_ms;
}

/* After a callback. Its owner may be gone: only the name is left. */
static void callback_ended(const struct loop *l, struct round *r, const char *name)
{
	uint64_t now = loop_clock_us(l), us = now - r->last_us;

	r->last_us = now;
	if (us < r->turn.callback_us)
		return;
	r->turn.callback_us = us;
	r->turn.callback = name;
}

/* Whether a kind of callback has had its time in this round. A test's clock may jump within one. */
static bool turn_is_over(const struct loop *l, const struct round *r, uint64_t limit)
{
	return !l->injected && r->last_us >= limit;
}

/* NULL: removed by an earlier callback of this round. What is left is reported again by the next epoll_wait(). */
static int run_fds(const struct loop *l, struct round *r)
{
	uint64_t limit = r->last_us + TURN_US;
	int ran = 0;

	for (int i = 0; i < r->n && !turn_is_over(l, r, limit); i++) {
		struct loop_fd *f = r->events[i].data.ptr;
		const char *name;

		if (!f)
			continue;
		name = f->name;
		f->fn(f->arg, r->events[i].events);
		callback_ended(l, r, name);
		ran++;
	}
	return ran;
}

static int run_timers(struct loop *l, struct round *r)
{
	/* What a timer sets, even for at once, waits for the next round: file descriptors have their turn between. */
	uint64_t last = l->timers.order, limit = r->last_us + TURN_US;
	struct loop_timer *t;
	int ran = 0;

	while (!turn_is_over(l, r, limit) && (t = timers_first(&l->timers)) && t->due <= l->now && t->order < last) {
		const char *name = t->name;

		timers_remove(&l->timers, t);
		t->fn(t->arg);
		callback_ended(l, r, name);
		ran++;
	}
	return ran;
}

/*
 * Only as many as there are at the beginning: what tasks defer waits for the next round, or two of them could keep the loop from
 * its descriptors for ever.
 */
static int run_tasks(struct loop *l, struct round *r)
{
	uint64_t limit = r->last_us + TURN_US;
	struct loop_task *t;
	int n = 0, ran = 0;

	for (t = l->tasks; t; t = t->next)
		n++;
	for (; n && l->tasks && !turn_is_over(l, r, limit); n--) {
		const char *name;

		t = l->tasks;
		name = t->name;
		loop_task_cancel(l, t);
		t->fn(t->arg);
		callback_ended(l, r, name);
		ran++;
	}
	return ran;
}

static struct usage usage_now(const struct loop *l)
{
	struct rusage r = { 0 };

	if (!l->injected)
		getrusage(RUSAGE_THREAD, &r);
	return (struct usage){ .cpu_us = (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 +
			(uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec),
		.sleeps = r.ru_nvcsw };
}

static void ask_usage(struct loop *l)
{
	l->usage = usage_now(l);
	l->unasked = 0;
	l->unasked_us = 0;
}

static void turn_began(struct loop *l, struct round *r)
{
	r->before = l->usage;
	r->begun_us = r->last_us = loop_clock_us(l);
	r->turn.callback = "";
	l->now = r->begun_us / 1000;
	l->round = r;
}

/*
 * At most one call of the kernel a round, which counts the waits for events as well: these use next to no CPU time, and go to sleep once. A
 * thread that has slept more often was blocked.
 */
static void turn_ended(struct loop *l, struct round *r)
{
	struct loop_turn *t = &r->turn;
	uint64_t wall = r->last_us - r->begun_us, used;
	long unasked = l->unasked + 1;
	bool blocked = false;

	l->round = r->outer;
	l->ended_us = r->last_us;
	if (l->injected)
		return;
	t->us[LOOP_LONGEST_WALL] = wall;
	l->unasked++;
	l->unasked_us += wall;
	if (l->unasked_us >= UNASKED_US) {
		ask_usage(l);
		blocked = l->usage.sleeps - r->before.sleeps > unasked;
		used = l->usage.cpu_us - r->before.cpu_us;
		t->us[LOOP_LONGEST_CPU] = used < wall ? used : wall;
	}
	if (blocked)
		t->us[LOOP_LONGEST_BLOCKED] = wall - t->us[LOOP_LONGEST_CPU];
	for (unsigned i = 0; i < LOOP_LONGEST; i++)
		if (t->us[i] > l->longest[i].us[i])
			l->longest[i] = *t;
}

static int run_round(struct loop *l, int max_ms)
{
	struct round r = { .outer = l->round };
	int ran;

	r.n = epoll_wait(l->epfd, r.events, BATCH, wait_ms(l, max_ms));
	if (r.n < 0) {
		if (errno != EINTR)
			return -errno;
		r.n = 0;
	}
	turn_began(l, &r);
	ran = run_fds(l, &r);
	ran += run_timers(l, &r);
	ran += run_tasks(l, &r);
	turn_ended(l, &r);
	return ran;
}

/* May be called from within a callback, by code that has to wait for one thing in the old way. */
int loop_step(struct loop *l, int max_ms)
{
	l->ended_us = 0;
	ask_usage(l);
	return run_round(l, max_ms);
}

int loop_run(struct loop *l)
{
	int rc = 0;

	l->ended_us = 0;
	ask_usage(l);
	while (!l->quit && rc >= 0)
		rc = run_round(l, -1);
	l->quit = false;
	return rc < 0 ? rc : 0;
}

void loop_quit(struct loop *l)
{
	l->quit = true;
}

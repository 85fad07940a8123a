/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop: file descriptors (epoll), timers, signals (signalfd), deferred calls. One thread owns it.
 *
 * The caller owns the nodes (struct loop_fd …), embeds them in its structures and zeroes them before the first use: nothing here
 * allocates memory but loop_new(). A round runs the callbacks of each kind for about 10 ms; the others wait for the next round,
 * so that no kind keeps the others waiting. Every _del and _cancel may be called from any callback, at any time, more than once;
 * afterwards the callback does not run again.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop;

struct loop_fd {
	int fd;
	void (*fn)(void *arg, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP */
	void *arg;
	const char *name; /* private from here: that of fn in the sources */
	bool active;
};

struct loop_timer {
	void (*fn)(void *arg);
	void *arg;
	const char *name; /* private from here */
	uint64_t due; /* ms on the loop's clock */
	uint64_t order;
	struct loop_timer *child, *next, *prev; /* in the heap; prev: the one before, or the parent of the first */
	bool set;
};

struct loop_task {
	void (*fn)(void *arg);
	void *arg;
	const char *name; /* private from here */
	struct loop_task *next;
	bool queued;
};

struct loop_signal {
	void (*fn)(void *arg, int signo);
	void *arg;
	struct loop_signal *next; /* private */
	int signo;
};

enum loop_longest {
	LOOP_LONGEST_WALL,
	LOOP_LONGEST_CPU, /* of the loop's thread */
	LOOP_LONGEST_BLOCKED, /* the time not on a CPU, of a round in which the thread went to sleep; otherwise others had the CPU */
	LOOP_LONGEST
};

/* A round: the time that its callbacks took. */
struct loop_turn {
	uint64_t us[LOOP_LONGEST];
	const char *callback; /* the function that took most of it, by its name in the sources; "": no round was measured */
	uint64_t callback_us; /* its wall time */
};

int loop_new(struct loop **out); /* -errno */
/* Drops active sources without calling their callbacks. Must not be called from a callback. */
void loop_free(struct loop *l);

/* Runs until loop_quit(). 0 or -errno of epoll_wait. */
int loop_run(struct loop *l);
/* One round: waits at most max_ms (-1: no limit; 0: does not wait), runs the callbacks due. Returns their number, or -errno. */
int loop_step(struct loop *l, int max_ms);
void loop_quit(struct loop *l);

/* Monotonic milliseconds, the same throughout one round (outside a round: read again). */
uint64_t loop_now(const struct loop *l);
uint64_t loop_clock_us(const struct loop *l); /* monotonic microseconds, read again: to measure */
/* The longest round so far by one of its times; rounds with a test's clock are not measured. */
const struct loop_turn *loop_longest(const struct loop *l, enum loop_longest by);
/*
 * Sets a test's clock: loop_step() then never sleeps for a timer; the test moves its clock and steps again. max_ms remains real
 * time; -1 is 0 while a timer is set. NULL: the real clock.
 */
void loop_set_clock(struct loop *l, uint64_t (*now)(void *arg), void *arg);

/* -EEXIST: f is in use; -EPERM: a regular file; other -errno of epoll_ctl(). */
#define loop_fd_add(l, f, fd, events, fn, arg) loop_fd_add_named(l, f, fd, events, fn, arg, #fn)
int loop_fd_add_named(
	struct loop *l, struct loop_fd *f, int fd, uint32_t events, void (*fn)(void *, uint32_t), void *arg, const char *name);
int loop_fd_mod(struct loop *l, struct loop_fd *f, uint32_t events);
void loop_fd_del(struct loop *l, struct loop_fd *f); /* before the fd is closed */

/* (Re)arms: fn runs once, ms from now. Never fails. */
#define loop_timer_set(l, t, ms, fn, arg) loop_timer_set_named(l, t, ms, fn, arg, #fn)
void loop_timer_set_named(struct loop *l, struct loop_timer *t, uint64_t ms, void (*fn)(void *), void *arg, const char *name);
void loop_timer_cancel(struct loop *l, struct loop_timer *t);
static inline bool loop_timer_active(const struct loop_timer *t)
{
	return t->set;
}

/*
 * fn runs once, in this round or the next, after the callbacks that run now. Never fails; a task that is queued already runs
 * once.
 */
#define loop_defer(l, t, fn, arg) loop_defer_named(l, t, fn, arg, #fn)
void loop_defer_named(struct loop *l, struct loop_task *t, void (*fn)(void *), void *arg, const char *name);
void loop_task_cancel(struct loop *l, struct loop_task *t);

/*
 * Blocks the signal in this thread (call it before threads are made) and delivers it here. One node per
 * signal: -EEXIST for a second one. _del leaves the signal blocked, so that a signal during the shutdown does not kill the
 * process.
 */
int loop_signal_add(struct loop *l, struct loop_signal *s, int signo, void (*fn)(void *, int), void *arg);
void loop_signal_del(struct loop *l, struct loop_signal *s);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of base/loop: order of timers, removal from callbacks, the injected clock, deferred calls, signals. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/loop.h"
#include "base/mem.h"
#include "base/timers.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What the callbacks of a test leave behind: a string of one letter for each call. */
struct trace {
	struct loop *l;
	uint64_t now;
	char seen[256];
	size_t n;
};

struct node {
	struct trace *t;
	char letter;
	struct loop_timer timer;
	struct loop_task task;
	struct loop_fd fd;
	struct loop_signal sig;
	struct node *victim; /* what its callback removes */
	int pipe[2];
};

static uint64_t fake_now(void *arg)
{
	return ((struct trace *)arg)->now;
}

static void note(struct node *n)
{
	if (n->t->n < sizeof(n->t->seen) - 1)
		n->t->seen[n->t->n++] = n->letter;
}

static void start(struct trace *t)
{
	memset(t, 0, sizeof(*t));
	assert_int_equal(loop_new(&t->l), 0);
	t->now = 1000;
	loop_set_clock(t->l, fake_now, t);
}

static void on_timer(void *arg)
{
	struct node *n = arg;

	note(n);
	if (n->victim)
		loop_timer_cancel(n->t->l, &n->victim->timer);
}

static void set(struct node *n, struct trace *t, char letter, uint64_t ms)
{
	n->t = t;
	n->letter = letter;
	loop_timer_set(t->l, &n->timer, ms, on_timer, n);
}

static void timers_run_by_due_time_then_by_setting(void **state)
{
	struct node n[6] = { 0 };
	struct trace t;

	(void)state;
	start(&t);
	set(&n[0], &t, 'd', 30);
	set(&n[1], &t, 'b', 20);
	set(&n[2], &t, 'a', 10);
	set(&n[3], &t, 'c', 20);
	set(&n[4], &t, 'x', 5);
	set(&n[5], &t, 'y', 1);
	loop_timer_cancel(t.l, &n[4].timer);
	loop_timer_cancel(t.l, &n[4].timer);
	set(&n[5], &t, 'e', 40);
	assert_int_equal(loop_step(t.l, -1), 0);
	t.now += 9;
	assert_int_equal(loop_step(t.l, -1), 0);
	t.now += 12;
	assert_int_equal(loop_step(t.l, 0), 3);
	assert_false(loop_timer_active(&n[2].timer));
	assert_true(loop_timer_active(&n[0].timer));
	t.now += 1000;
	assert_int_equal(loop_step(t.l, 0), 2);
	assert_string_equal(t.seen, "abcde");
	loop_free(t.l);
}

static void many_timers_stay_sorted(void **state)
{
	enum { N = 1000 };
	struct node *n = x_newn(struct node, N);
	struct trace t;
	unsigned seed = 42;
	uint64_t last = 0;
	int ran = 0;

	(void)state;
	start(&t);
	for (int i = 0; i < N; i++) {
		seed = seed * 1103515245 + 12345;
		set(&n[i], &t, 'x', seed >> 16 & 1023);
	}
	for (int i = 0; i < N; i += 3)
		loop_timer_cancel(t.l, &n[i].timer);
	for (int i = 1; i < N; i += 3)
		set(&n[i], &t, 'x', (uint64_t)i);
	for (; t.now <= 3000; t.now++) {
		int got = loop_step(t.l, 0);

		assert_true(got >= 0 && t.now >= last);
		for (int i = 0; i < N; i++)
			assert_true(!loop_timer_active(&n[i].timer) || n[i].timer.due > t.now);
		ran += got;
		last = t.now;
	}
	assert_int_equal(ran, N - (N + 2) / 3);
	loop_free(t.l);
	x_free(n);
}

static void a_timer_may_cancel_one_that_is_due(void **state)
{
	struct node a = { 0 }, b = { 0 };
	struct trace t;

	(void)state;
	start(&t);
	set(&a, &t, 'a', 1);
	set(&b, &t, 'b', 1);
	a.victim = &b;
	t.now += 5;
	assert_int_equal(loop_step(t.l, 0), 1);
	t.now += 5;
	assert_int_equal(loop_step(t.l, 0), 0);
	assert_string_equal(t.seen, "a");
	loop_free(t.l);
}

static void rearm_at_once(void *arg)
{
	struct node *n = arg;

	note(n);
	loop_timer_set(n->t->l, &n->timer, 0, rearm_at_once, n);
}

static void a_timer_set_for_at_once_waits_for_the_next_round(void **state)
{
	struct trace t;
	struct node a = { .t = &t, .letter = 'a' };

	(void)state;
	start(&t);
	loop_timer_set(t.l, &a.timer, 0, rearm_at_once, &a);
	assert_int_equal(loop_step(t.l, 0), 1);
	assert_int_equal(loop_step(t.l, -1), 1);
	assert_string_equal(t.seen, "aa");
	loop_free(t.l);
}

static void timers_far_away_do_not_wrap(void **state)
{
	struct node a = { 0 }, b = { 0 };
	struct trace t;

	(void)state;
	start(&t);
	set(&a, &t, 'a', UINT64_MAX);
	set(&b, &t, 'b', UINT64_MAX / 2);
	t.now += 1000000;
	assert_int_equal(loop_step(t.l, 0), 0);
	loop_set_clock(t.l, NULL, NULL);
	assert_int_equal(loop_step(t.l, 1), 0);
	loop_free(t.l);
	assert_false(loop_timer_active(&a.timer));
}

/* A session whose timer could not be set would wait for ever. */
static void a_timer_needs_no_memory(void **state)
{
	struct node n[40] = { 0 };
	struct trace t;

	(void)state;
	start(&t);
	x_fail_at(1);
	for (unsigned i = 0; i < ARRAY_SIZE(n); i++)
		set(&n[i], &t, 'a', 1);
	assert_true(loop_timer_active(&n[39].timer));
	loop_free(t.l);
	assert_false(loop_timer_active(&n[39].timer));
	assert_int_equal(loop_new(&t.l), -ENOMEM);
}

/* Any order of setting, moving and cancelling: what is left runs by due time. */
static void many_timers_run_in_their_order(void **state)
{
	struct loop_timer timer[200] = { 0 };
	struct timers ts = { 0 };
	uint32_t random = 1;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct loop_timer *t = &timer[(random = random * 1103515245 + 12345) >> 8 & 127];

		if (random >> 20 & 3)
			timers_set(&ts, t, random >> 16 & 255);
		else
			timers_remove(&ts, t);
	}
	for (struct loop_timer *t, *last = NULL; (t = timers_first(&ts)); last = t) {
		if (last)
			assert_true(last->due < t->due || (last->due == t->due && last->order < t->order));
		timers_remove(&ts, t);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(timer); i++)
		assert_false(loop_timer_active(&timer[i]));
}

static void the_real_clock_is_waited_for(void **state)
{
	struct node a = { 0 };
	struct timespec before, after;
	struct trace t;
	int64_t took;

	(void)state;
	start(&t);
	loop_set_clock(t.l, NULL, NULL);
	clock_gettime(CLOCK_MONOTONIC, &before);
	set(&a, &t, 'a', 30);
	while (!t.n)
		assert_true(loop_step(t.l, -1) >= 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	took = (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec;
	assert_true(took >= 29000000);
	loop_free(t.l);
}

static void on_fd(void *arg, uint32_t events)
{
	struct node *n = arg;
	char c;

	assert_true(events & EPOLLIN);
	assert_int_equal(read(n->pipe[0], &c, 1), 1);
	note(n);
	if (n->victim) {
		struct node *v = n->victim;

		loop_fd_del(n->t->l, &v->fd);
		loop_fd_del(n->t->l, &v->fd);
		close(v->pipe[0]);
		close(v->pipe[1]);
		/* what a stale event would read */
		memset(&v->fd, 0xff, sizeof(v->fd));
		v->fd.active = false;
	}
}

static void watch(struct node *n, struct trace *t, char letter)
{
	n->t = t;
	n->letter = letter;
	assert_int_equal(pipe(n->pipe), 0);
	assert_int_equal(loop_fd_add(t->l, &n->fd, n->pipe[0], EPOLLIN, on_fd, n), 0);
}

static void unwatch(struct node *n)
{
	loop_fd_del(n->t->l, &n->fd);
	close(n->pipe[0]);
	close(n->pipe[1]);
}

static void an_event_of_a_deleted_fd_is_not_delivered(void **state)
{
	struct node a = { 0 }, b = { 0 };
	struct trace t;

	(void)state;
	start(&t);
	watch(&a, &t, 'f');
	watch(&b, &t, 'f');
	/* whichever comes first takes the other away */
	a.victim = &b;
	b.victim = &a;
	assert_int_equal(write(a.pipe[1], "x", 1), 1);
	assert_int_equal(write(b.pipe[1], "x", 1), 1);
	assert_int_equal(loop_step(t.l, -1), 1);
	assert_int_equal(loop_step(t.l, 0), 0);
	assert_string_equal(t.seen, "f");
	unwatch(a.fd.active ? &a : &b);
	loop_free(t.l);
}

static void fds_are_level_triggered_and_refused_twice(void **state)
{
	struct node a = { 0 };
	struct trace t;

	(void)state;
	start(&t);
	watch(&a, &t, 'f');
	assert_int_equal(loop_fd_add(t.l, &a.fd, a.pipe[0], EPOLLIN, on_fd, &a), -EEXIST);
	assert_int_equal(write(a.pipe[1], "xyz", 3), 3);
	assert_int_equal(loop_fd_mod(t.l, &a.fd, 0), 0);
	assert_int_equal(loop_step(t.l, 0), 0);
	assert_int_equal(loop_fd_mod(t.l, &a.fd, EPOLLIN), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(loop_step(t.l, 0), 1);
	assert_int_equal(loop_step(t.l, 0), 0);
	unwatch(&a);
	assert_int_equal(loop_fd_mod(t.l, &a.fd, EPOLLIN), -ENOENT);
	assert_int_equal(loop_fd_add(t.l, &a.fd, -1, EPOLLIN, on_fd, &a), -EBADF);
	assert_false(a.fd.active);
	loop_free(t.l);
}

static void on_task(void *arg)
{
	struct node *n = arg;

	note(n);
	if (n->victim)
		loop_task_cancel(n->t->l, &n->victim->task);
}

static void defer(struct node *n, struct trace *t, char letter)
{
	n->t = t;
	n->letter = letter;
	loop_defer(t->l, &n->task, on_task, n);
}

static void deferred_calls_run_once_and_in_order(void **state)
{
	struct node a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
	struct trace t;

	(void)state;
	start(&t);
	defer(&a, &t, 'a');
	defer(&b, &t, 'b');
	defer(&c, &t, 'c');
	defer(&a, &t, 'a');
	loop_task_cancel(t.l, &c.task);
	loop_task_cancel(t.l, &c.task);
	defer(&d, &t, 'd');
	b.victim = &d;
	assert_int_equal(loop_step(t.l, -1), 2);
	assert_string_equal(t.seen, "ab");
	assert_int_equal(loop_step(t.l, 0), 0);
	defer(&a, &t, 'a');
	loop_free(t.l);
	assert_false(a.task.queued);
}

static void defer_again(void *arg)
{
	struct node *n = arg;

	note(n);
	loop_defer(n->t->l, &n->task, defer_again, n);
}

static void a_call_deferred_by_a_deferred_call_waits_for_the_next_round(void **state)
{
	struct trace t;
	struct node a = { .t = &t, .letter = 'a' };

	(void)state;
	start(&t);
	loop_defer(t.l, &a.task, defer_again, &a);
	assert_int_equal(loop_step(t.l, -1), 1);
	assert_int_equal(loop_step(t.l, -1), 1);
	loop_free(t.l);
}

static void defer_then_note(void *arg)
{
	struct node *n = arg;

	loop_defer(n->t->l, &n->task, on_task, n);
	n->t->seen[n->t->n++] = 't';
}

static void what_a_timer_defers_runs_after_all_timers(void **state)
{
	struct trace t;
	struct node a = { .t = &t, .letter = 'D' }, b = { 0 };

	(void)state;
	start(&t);
	loop_timer_set(t.l, &a.timer, 0, defer_then_note, &a);
	set(&b, &t, 'b', 0);
	assert_int_equal(loop_step(t.l, -1), 3);
	assert_string_equal(t.seen, "tbD");
	loop_free(t.l);
}

static void nested_step(void *arg)
{
	struct node *n = arg;

	note(n);
	assert_int_equal(loop_step(n->t->l, 0), 1);
	note(n);
}

static void a_callback_may_step_the_loop(void **state)
{
	struct trace t;
	struct node a = { .t = &t, .letter = 'n' }, b = { 0 };

	(void)state;
	start(&t);
	loop_timer_set(t.l, &a.timer, 0, nested_step, &a);
	set(&b, &t, 'b', 0);
	assert_int_equal(loop_step(t.l, 0), 1);
	assert_string_equal(t.seen, "nbn");
	loop_free(t.l);
}

static void on_signal(void *arg, int signo)
{
	struct node *n = arg;

	assert_int_equal(signo, n->sig.signo);
	note(n);
	loop_quit(n->t->l);
}

static void signals_come_by_the_loop(void **state)
{
	struct trace t;
	struct node a = { .t = &t, .letter = '1' }, b = { .t = &t, .letter = '2' }, c = { .t = &t };

	(void)state;
	start(&t);
	assert_int_equal(loop_signal_add(t.l, &a.sig, SIGUSR1, on_signal, &a), 0);
	assert_int_equal(loop_signal_add(t.l, &b.sig, SIGUSR2, on_signal, &b), 0);
	assert_int_equal(loop_signal_add(t.l, &c.sig, SIGUSR2, on_signal, &c), -EEXIST);
	assert_int_equal(loop_signal_add(t.l, &c.sig, 4711, on_signal, &c), -EINVAL);
	raise(SIGUSR1);
	assert_int_equal(loop_run(t.l), 0);
	raise(SIGUSR2);
	assert_int_equal(loop_run(t.l), 0);
	assert_string_equal(t.seen, "12");
	loop_signal_del(t.l, &a.sig);
	loop_signal_del(t.l, &a.sig);
	/* neither delivered nor deadly */
	raise(SIGUSR1);
	assert_int_equal(loop_step(t.l, 0), 0);
	loop_free(t.l);
}

static void quit_before_the_run_is_not_lost(void **state)
{
	struct trace t;

	(void)state;
	start(&t);
	loop_quit(t.l);
	assert_int_equal(loop_run(t.l), 0);
	loop_free(t.l);
}

static void note_now(void *arg)
{
	struct node *n = arg;

	n->t->now += 500;
	assert_int_equal(loop_now(n->t->l), 2000);
	note(n);
}

static void time_stands_still_within_a_round(void **state)
{
	struct trace t;
	struct node a = { .t = &t, .letter = 'a' }, b = { .t = &t, .letter = 'b' };

	(void)state;
	start(&t);
	loop_timer_set(t.l, &a.timer, 10, note_now, &a);
	loop_timer_set(t.l, &b.timer, 20, note_now, &b);
	t.now = 2000;
	assert_int_equal(loop_step(t.l, 0), 2);
	assert_int_equal(loop_now(t.l), 3000);
	loop_free(t.l);
}

static unsigned slow_calls;

/* Two ms by the clock. */
static void slow_call(void *arg)
{
	struct timespec begun, now;

	(void)arg;
	slow_calls++;
	clock_gettime(CLOCK_MONOTONIC, &begun);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - begun.tv_sec) * 1000000000L + now.tv_nsec - begun.tv_nsec < 2000000);
}

/* Many at once do not keep a descriptor waiting for the time of all of them. */
static void a_round_ends_after_some_time(void **state)
{
	static struct loop_task tasks[100];
	static struct loop_timer timers[100];
	struct loop *l;
	unsigned rounds = 0;

	(void)state;
	slow_calls = 0;
	assert_int_equal(loop_new(&l), 0);
	for (unsigned i = 0; i < 100; i++) {
		loop_defer(l, &tasks[i], slow_call, NULL);
		loop_timer_set(l, &timers[i], 0, slow_call, NULL);
	}
	while (slow_calls < 200) {
		assert_true(loop_step(l, 0) >= 0);
		rounds++;
	}
	assert_int_equal(slow_calls, 200);
	assert_in_range(rounds, 20, 100);
	assert_true(loop_longest(l, LOOP_LONGEST_WALL)->us[LOOP_LONGEST_WALL] >= 2000);
	assert_string_equal(loop_longest(l, LOOP_LONGEST_CPU)->callback, "slow_call");
	loop_free(l);
}

static void sleep_call(void *arg)
{
	usleep(30000);
	loop_quit(arg);
}

static void a_callback_that_blocks_is_measured(void **state)
{
	static struct loop_timer timer;
	struct loop *l;

	(void)state;
	assert_int_equal(loop_new(&l), 0);
	loop_timer_set(l, &timer, 20, slow_call, NULL);
	while (loop_timer_active(&timer))
		loop_step(l, 100);
	loop_timer_set(l, &timer, 20, sleep_call, l);
	assert_int_equal(loop_run(l), 0);
	assert_true(loop_longest(l, LOOP_LONGEST_WALL)->us[LOOP_LONGEST_WALL] >= 30000);
	assert_true(loop_longest(l, LOOP_LONGEST_WALL)->callback_us >= 30000);
	assert_string_equal(loop_longest(l, LOOP_LONGEST_WALL)->callback, "sleep_call");
	assert_true(loop_longest(l, LOOP_LONGEST_BLOCKED)->us[LOOP_LONGEST_BLOCKED] >= 25000);
	assert_string_equal(loop_longest(l, LOOP_LONGEST_BLOCKED)->callback, "sleep_call");
	assert_true(loop_longest(l, LOOP_LONGEST_CPU)->us[LOOP_LONGEST_CPU] < 25000);
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_run_by_due_time_then_by_setting),
		cmocka_unit_test(many_timers_stay_sorted),
		cmocka_unit_test(a_timer_may_cancel_one_that_is_due),
		cmocka_unit_test(a_timer_set_for_at_once_waits_for_the_next_round),
		cmocka_unit_test(timers_far_away_do_not_wrap),
		cmocka_unit_test(a_timer_needs_no_memory),
		cmocka_unit_test(many_timers_run_in_their_order),
		cmocka_unit_test(the_real_clock_is_waited_for),
		cmocka_unit_test(an_event_of_a_deleted_fd_is_not_delivered),
		cmocka_unit_test(fds_are_level_triggered_and_refused_twice),
		cmocka_unit_test(deferred_calls_run_once_and_in_order),
		cmocka_unit_test(a_call_deferred_by_a_deferred_call_waits_for_the_next_round),
		cmocka_unit_test(what_a_timer_defers_runs_after_all_timers),
		cmocka_unit_test(a_callback_may_step_the_loop),
		cmocka_unit_test(signals_come_by_the_loop),
		cmocka_unit_test(quit_before_the_run_is_not_lost),
		cmocka_unit_test(time_stands_still_within_a_round),
		cmocka_unit_test(a_round_ends_after_some_time),
		cmocka_unit_test(a_callback_that_blocks_is_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

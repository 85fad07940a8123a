/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of base/worker: order, cancelling, ending with jobs under way, many jobs. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/mem.h"
#include "base/worker.h"
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct shared {
	struct loop *l;
	struct worker_pool *p;
	pthread_t loop_thread;
	sem_t gate; /* jobs that ask for it wait here until the test lets them on */
	sem_t begun;
	char order[2000];
	int ran; /* by one-thread pools only, without a lock */
	int done;
	int quit_at;
};

struct job {
	struct work w;
	struct shared *s;
	int number;
	bool waits;
	bool ran;
};

static void run(struct work *w)
{
	struct job *j = container_of(w, struct job, w);

	sem_post(&j->s->begun);
	if (j->waits)
		sem_wait(&j->s->gate);
	j->ran = true;
}

static void run_ordered(struct work *w)
{
	struct job *j = container_of(w, struct job, w);

	j->s->order[j->s->ran++] = (char)j->number;
}

static void done(struct work *w)
{
	struct job *j = container_of(w, struct job, w);

	assert_true(pthread_equal(pthread_self(), j->s->loop_thread));
	if (++j->s->done == j->s->quit_at)
		loop_quit(j->s->l);
}

static void start(struct shared *s, unsigned threads)
{
	memset(s, 0, sizeof(*s));
	s->loop_thread = pthread_self();
	sem_init(&s->gate, 0, 0);
	sem_init(&s->begun, 0, 0);
	assert_int_equal(loop_new(&s->l), 0);
	assert_int_equal(worker_pool_new(s->l, threads, &s->p), 0);
}

static void stop(struct shared *s)
{
	worker_pool_free(s->p);
	loop_free(s->l);
	sem_destroy(&s->gate);
	sem_destroy(&s->begun);
}

static void job_init(struct job *j, struct shared *s, void (*fn)(struct work *), int number)
{
	*j = (struct job){ .w = { .run = fn, .done = done }, .s = s, .number = number };
}

static void one_thread_runs_in_order(void **state)
{
	enum { N = 100 };
	struct job jobs[N];
	struct shared s;

	(void)state;
	start(&s, 1);
	s.quit_at = N;
	for (int i = 0; i < N; i++) {
		job_init(&jobs[i], &s, run_ordered, i);
		assert_int_equal(worker_submit(s.p, &jobs[i].w), 0);
	}
	assert_int_equal(worker_pending(s.p), N);
	assert_int_equal(loop_run(s.l), 0);
	assert_int_equal(worker_pending(s.p), 0);
	for (int i = 0; i < N; i++)
		assert_int_equal(s.order[i], i);
	stop(&s);
}

static void done_slowly(struct work *w)
{
	usleep(2000);
	done(w);
}

/* What has ended while the loop was busy does not keep it from the rest for the time of all of it. */
static void many_that_ended_are_delivered_over_several_rounds(void **state)
{
	enum { N = 40 };
	struct job jobs[N];
	struct shared s;
	unsigned rounds = 0;

	(void)state;
	start(&s, 1);
	for (int i = 0; i < N; i++) {
		job_init(&jobs[i], &s, run, i);
		jobs[i].w.done = done_slowly;
		assert_int_equal(worker_submit(s.p, &jobs[i].w), 0);
	}
	for (int i = 0; i < N; i++)
		sem_wait(&s.begun);
	while (s.done < N) {
		assert_true(loop_step(s.l, 1000) >= 0);
		rounds++;
	}
	assert_in_range(rounds, 4, N);
	stop(&s);
}

static void a_thousand_jobs_are_done_by_a_few_threads(void **state)
{
	enum { N = 1000 };
	struct job *jobs = x_newn(struct job, N);
	struct shared s;

	(void)state;
	start(&s, 4);
	s.quit_at = N;
	for (int i = 0; i < N; i++) {
		job_init(&jobs[i], &s, run, i);
		assert_int_equal(worker_submit(s.p, &jobs[i].w), 0);
	}
	assert_int_equal(loop_run(s.l), 0);
	for (int i = 0; i < N; i++)
		assert_true(jobs[i].ran);
	stop(&s);
	x_free(jobs);
}

static void jobs_run_side_by_side_up_to_the_maximum(void **state)
{
	struct job jobs[4];
	struct shared s;
	int begun = 0;

	(void)state;
	start(&s, 3);
	s.quit_at = 4;
	for (int i = 0; i < 4; i++) {
		job_init(&jobs[i], &s, run, i);
		jobs[i].waits = true;
		assert_int_equal(worker_submit(s.p, &jobs[i].w), 0);
	}
	for (int i = 0; i < 3; i++)
		sem_wait(&s.begun);
	usleep(20000);
	sem_getvalue(&s.begun, &begun);
	assert_int_equal(begun, 0);
	for (int i = 0; i < 4; i++)
		sem_post(&s.gate);
	assert_int_equal(loop_run(s.l), 0);
	stop(&s);
}

static void only_a_job_that_waits_can_be_cancelled(void **state)
{
	struct job a, b, never;
	struct shared s;

	(void)state;
	start(&s, 1);
	s.quit_at = 1;
	job_init(&a, &s, run, 0);
	job_init(&b, &s, run, 1);
	job_init(&never, &s, run, 2);
	a.waits = true;
	assert_int_equal(worker_submit(s.p, &a.w), 0);
	assert_int_equal(worker_submit(s.p, &a.w), -EBUSY);
	assert_int_equal(worker_submit(s.p, &b.w), 0);
	sem_wait(&s.begun);
	assert_false(worker_cancel(s.p, &a.w));
	assert_true(worker_cancel(s.p, &b.w));
	assert_true(worker_cancel(s.p, &b.w));
	assert_true(worker_cancel(s.p, &never.w));
	assert_int_equal(worker_pending(s.p), 1);
	sem_post(&s.gate);
	assert_int_equal(loop_run(s.l), 0);
	assert_true(a.ran);
	assert_false(b.ran);
	assert_int_equal(s.done, 1);
	stop(&s);
}

static void *open_gate_later(void *arg)
{
	usleep(30000);
	sem_post(arg);
	return NULL;
}

static void freeing_waits_for_what_runs_and_drops_what_waits(void **state)
{
	struct job a, b;
	struct shared s;
	pthread_t t;

	(void)state;
	start(&s, 1);
	job_init(&a, &s, run, 0);
	job_init(&b, &s, run, 1);
	a.waits = true;
	assert_int_equal(worker_submit(s.p, &a.w), 0);
	assert_int_equal(worker_submit(s.p, &b.w), 0);
	sem_wait(&s.begun);
	assert_int_equal(pthread_create(&t, NULL, open_gate_later, &s.gate), 0);
	worker_pool_free(s.p);
	pthread_join(t, NULL);
	assert_true(a.ran);
	assert_false(b.ran);
	assert_int_equal(s.done, 1);
	/* what was dropped is its owner's again */
	assert_int_equal(worker_pool_new(s.l, 1, &s.p), 0);
	assert_int_equal(worker_submit(s.p, &b.w), 0);
	s.quit_at = 2;
	assert_int_equal(loop_run(s.l), 0);
	stop(&s);
}

static void an_idle_thread_is_counted_for_one_job(void **state)
{
	struct job first, both[2];
	struct shared s;
	struct timespec limit;

	(void)state;
	start(&s, 2);
	s.quit_at = 1;
	job_init(&first, &s, run, 0);
	assert_int_equal(worker_submit(s.p, &first.w), 0);
	assert_int_equal(loop_run(s.l), 0);
	sem_wait(&s.begun);
	usleep(10000);
	for (int i = 0; i < 2; i++) {
		job_init(&both[i], &s, run, i);
		both[i].waits = true;
		assert_int_equal(worker_submit(s.p, &both[i].w), 0);
	}
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 10;
	for (int i = 0; i < 2; i++)
		assert_int_equal(sem_timedwait(&s.begun, &limit), 0);
	sem_post(&s.gate);
	sem_post(&s.gate);
	s.quit_at = 3;
	assert_int_equal(loop_run(s.l), 0);
	stop(&s);
}

static void free_the_pool(struct work *w)
{
	struct job *j = container_of(w, struct job, w);

	j->s->done++;
	worker_pool_free(j->s->p);
	j->s->p = NULL;
	loop_quit(j->s->l);
}

static void a_done_may_free_the_pool(void **state)
{
	struct job jobs[8];
	struct shared s;

	(void)state;
	start(&s, 1);
	for (int i = 0; i < 8; i++) {
		job_init(&jobs[i], &s, run, i);
		jobs[i].w.done = i ? done : free_the_pool;
		assert_int_equal(worker_submit(s.p, &jobs[i].w), 0);
	}
	assert_int_equal(loop_run(s.l), 0);
	for (int i = 1, ran = 1; i < 8; i++) {
		ran += jobs[i].ran;
		assert_true(s.done >= ran);
	}
	stop(&s);
}

static void submit_again(struct work *w)
{
	struct job *j = container_of(w, struct job, w);

	if (++j->s->done < 50)
		assert_int_equal(worker_submit(j->s->p, w), 0);
	else
		loop_quit(j->s->l);
}

static void a_done_may_submit_its_job_again(void **state)
{
	struct job a;
	struct shared s;

	(void)state;
	start(&s, 2);
	job_init(&a, &s, run, 0);
	a.w.done = submit_again;
	assert_int_equal(worker_submit(s.p, &a.w), 0);
	assert_int_equal(loop_run(s.l), 0);
	assert_int_equal(s.done, 50);
	stop(&s);
}

static unsigned threads_now(void)
{
	DIR *d = opendir("/proc/self/task");
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n - 2;
}

static void idle_threads_end_and_come_back(void **state)
{
	const unsigned before = threads_now();
	struct job jobs[3];
	struct shared s;

	(void)state;
	start(&s, 3);
	worker_pool_set_idle(s.p, 5);
	for (int round = 0; round < 20; round++) {
		s.done = 0;
		s.quit_at = 3;
		for (int i = 0; i < 3; i++) {
			job_init(&jobs[i], &s, run, i);
			assert_int_equal(worker_submit(s.p, &jobs[i].w), 0);
		}
		assert_int_equal(loop_run(s.l), 0);
		/* now and then just when they end */
		usleep(round & 1 ? 5000 : 4900);
	}
	for (int i = 0; i < 1000 && threads_now() > before; i++)
		usleep(5000);
	assert_int_equal(threads_now(), before);
	s.done = 0;
	s.quit_at = 1;
	job_init(&jobs[0], &s, run, 0);
	assert_int_equal(worker_submit(s.p, &jobs[0].w), 0);
	assert_int_equal(loop_run(s.l), 0);
	stop(&s);
}

static void threads_that_stay_do_not_end(void **state)
{
	const unsigned before = threads_now();
	struct shared s;

	(void)state;
	start(&s, 1);
	worker_pool_set_idle(s.p, 5);
	assert_int_equal(worker_pool_stay(s.p), 0);
	assert_int_equal(threads_now(), before + 1);
	usleep(50000);
	assert_int_equal(threads_now(), before + 1);
	stop(&s);
}

static void look_at_mask(struct work *w)
{
	struct job *j = container_of(w, struct job, w);
	sigset_t mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	j->number = sigismember(&mask, SIGTERM) && sigismember(&mask, SIGCHLD) && sigismember(&mask, SIGUSR1);
}

static void threads_take_no_signals_and_the_maker_keeps_its_mask(void **state)
{
	struct shared s;
	struct job a;
	sigset_t mask;

	(void)state;
	start(&s, 1);
	s.quit_at = 1;
	job_init(&a, &s, look_at_mask, 0);
	assert_int_equal(worker_submit(s.p, &a.w), 0);
	assert_int_equal(loop_run(s.l), 0);
	assert_int_equal(a.number, 1);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	assert_false(sigismember(&mask, SIGTERM));
	stop(&s);
}

static void a_pool_without_threads_or_memory_is_refused(void **state)
{
	struct worker_pool *p = NULL;
	struct loop *l;

	(void)state;
	assert_int_equal(loop_new(&l), 0);
	assert_int_equal(worker_pool_new(l, 0, &p), -EINVAL);
	x_fail_at(1);
	assert_int_equal(worker_pool_new(l, 1, &p), -ENOMEM);
	assert_null(p);
	worker_pool_free(p);
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_thread_runs_in_order),
		cmocka_unit_test(many_that_ended_are_delivered_over_several_rounds),
		cmocka_unit_test(a_thousand_jobs_are_done_by_a_few_threads),
		cmocka_unit_test(jobs_run_side_by_side_up_to_the_maximum),
		cmocka_unit_test(only_a_job_that_waits_can_be_cancelled),
		cmocka_unit_test(freeing_waits_for_what_runs_and_drops_what_waits),
		cmocka_unit_test(an_idle_thread_is_counted_for_one_job),
		cmocka_unit_test(a_done_may_free_the_pool),
		cmocka_unit_test(a_done_may_submit_its_job_again),
		cmocka_unit_test(idle_threads_end_and_come_back),
		cmocka_unit_test(threads_that_stay_do_not_end),
		cmocka_unit_test(threads_take_no_signals_and_the_maker_keeps_its_mask),
		cmocka_unit_test(a_pool_without_threads_or_memory_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

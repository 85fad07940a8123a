/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plugin's own thread, what it reports, and what it may ask of the program: work(), event(), has(). */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "plugin-run.h"
#include "plugin/report.h"
#include <pthread.h>
#include <semaphore.h>

static struct {
	sem_t may_run;
	pthread_t loop_thread;
	_Atomic int runs, inside, most; /* of run(): finished, under way, and the most at once */
	char order[16]; /* the letters of works whose done() or late() was called */
	_Atomic int cancelled; /* ops */
	int stopped, stopped_after; /* calls of stop(), and runs at that moment */
	uint32_t event, number;
	int reported; /* the result of event() */
	struct miscsi_op *self;
} script;

struct job {
	char letter;
	bool on_loop;
	unsigned char big[5000];
};

static void run(void *data)
{
	struct job *j = data;

	script.inside++;
	if (script.inside > script.most)
		script.most = script.inside;
	sem_wait(&script.may_run);
	j->on_loop = pthread_equal(pthread_self(), script.loop_thread);
	script.inside--;
	script.runs++;
}

static void note(char letter)
{
	script.order[strlen(script.order)] = letter;
}

static void done(struct miscsi_op *op, void *data)
{
	const struct job *j = data;

	assert_false(j->on_loop);
	assert_true(pthread_equal(pthread_self(), script.loop_thread));
	assert_int_equal(j->big[4999], 7); /* all of it was copied */
	note(j->letter);
	op->core->op_done(op, 0);
}

static void late(struct miscsi_op *op, void *data)
{
	const struct job *j = data;

	assert_ptr_equal(op, script.self);
	note((char)(j->letter - 'a' + 'A'));
}

static int on_start(const struct miscsi_core *core, void **state)
{
	(void)state;
	script.self = core->self;
	return 0;
}

static void on_stop(void *state)
{
	(void)state;
	script.stopped++;
	script.stopped_after = script.runs;
}

static void on_cancel(struct miscsi_op *op)
{
	(void)op;
	script.cancelled++;
}

/* The letter is the op's host. */
static int on_stats(struct miscsi_op *op)
{
	struct job j = { .letter = (char)('a' + op->host_no), .on_loop = true };
	int rc;

	j.big[4999] = 7;
	rc = op->core->work(op, &j, sizeof(j), run, done, late);
	memset(&j, 0, sizeof(j));
	return rc < 0 ? rc : -EINPROGRESS;
}

static int on_set(struct miscsi_op *op)
{
	script.reported = op->core->event(op, script.event, script.number);
	return 0;
}

static const struct miscsi_match own_match[] = { MISCSI_MATCH(.transport = "one", .traits = MISCSI_TRAIT_OWN_HOSTS), MISCSI_END };
static const struct miscsi_match kernel_match[] = { MISCSI_MATCH(.transport = "one"), MISCSI_END };
MISCSI_OPS(stats, stats, .host = on_stats);
MISCSI_OPS(host, host, .set = on_set);
static struct miscsi_plugin plugin = { .size = sizeof(plugin),
	.abi = MISCSI_ABI,
	.name = "one",
	.start = on_start,
	.stop = on_stop,
	.cancel = on_cancel,
	.stats = &stats,
	.host = &host };

static struct transport *begin(struct plugin_fixture *w, const struct miscsi_match *match)
{
	memset(&script, 0, sizeof(script));
	script.loop_thread = pthread_self();
	assert_int_equal(sem_init(&script.may_run, 0, 0), 0);
	plugin_fixture_make(w, "");
	plugin.match = match;
	assert_int_equal(load_entry(w->ps, "one", "one.so", 1, &plugin), 0);
	return must_find(w, "one");
}

static void wait_inside(void)
{
	while (!script.inside)
		sched_yield();
}

/* Until n letters have come. */
static void step_until(struct plugin_fixture *w, size_t n)
{
	for (int i = 0; i < 2000 && strlen(script.order) < n; i++)
		loop_step(w->loop, 10);
	assert_int_equal(strlen(script.order), n);
}

static void work_is_done_in_order_and_one_at_a_time(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w, own_match);
	struct run r[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		transport_stats_host(t, run_begin(&r[i], i, NULL));
	for (unsigned i = 0; i < 3; i++)
		sem_post(&script.may_run);
	step_until(&w, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(run_end(&w, &r[i]), 0);
	assert_string_equal(script.order, "abc");
	assert_int_equal(script.most, 1);
	plugin_fixture_free(&w);
}

static void work_of_a_cancelled_op_ends_late_or_never_begins(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w, own_match);
	struct run r[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		transport_stats_host(t, run_begin(&r[i], i, NULL));
	wait_inside(); /* a runs; b and c wait for it */
	transport_cancel(&r[0].op);
	transport_cancel(&r[1].op);
	for (unsigned i = 0; i < 3; i++)
		sem_post(&script.may_run);
	step_until(&w, 2);
	assert_int_equal(run_end(&w, &r[2]), 0);
	assert_string_equal(script.order, "Ac");
	assert_int_equal(script.runs, 2);
	assert_int_equal(r[0].done + r[1].done, 0);
	plugin_fixture_free(&w);
}

/* Lets the first work end when the program has begun to end, which cancels the first op too. */
static void *end_first(void *arg)
{
	while (script.cancelled < 2)
		sched_yield();
	sem_post(&script.may_run);
	return arg;
}

static void program_ends_when_work_under_way_has_ended(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w, own_match);
	struct run r[2];
	pthread_t thread;

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		transport_stats_host(t, run_begin(&r[i], i, NULL));
	wait_inside();
	transport_cancel(&r[1].op);
	assert_int_equal(pthread_create(&thread, NULL, end_first, NULL), 0);
	plugin_fixture_free(&w);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(script.stopped_after, 1); /* the first had ended when stop() was called, the second never begun */
	assert_string_equal(script.order, "A");
}

/* It would keep a stopped iscsid, with the lock of its pid file. */
static void program_does_not_wait_for_work_that_hangs(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w, own_match);
	struct run r;

	(void)state;
	transport_stats_host(t, run_begin(&r, 0, NULL));
	wait_inside();
	assert_false(plugins_free(w.ps));
	assert_non_null(strstr(w.lines, "a call of plugin one to its library has not returned for two seconds"));
	assert_int_equal(script.cancelled, 1);
	assert_string_equal(script.order, ""); /* neither late() nor stop(), which may use what run() uses */
	assert_int_equal(script.stopped, 0);
	sem_post(&script.may_run);
	plugin_fixture_free(&w);
	assert_string_equal(script.order, "A");
	assert_int_equal(script.stopped, 1);
}

static unsigned heard;

static void hear(void *arg, const struct plugin *from, uint32_t event, uint32_t number)
{
	assert_true(transport_is_of(arg, from));
	assert_int_equal(event, script.event);
	assert_int_equal(number, script.number);
	heard++;
}

static int report(struct plugin_fixture *w, struct transport *t, uint32_t event, uint32_t number)
{
	struct run r;

	script.event = event;
	script.number = number;
	transport_host_set(t, run_begin(&r, MISCSI_NONE, NULL));
	assert_int_equal(heard, 0); /* never from inside the plugin's call */
	assert_int_equal(run_end(w, &r), 0);
	return script.reported;
}

static void events_are_heard_from_the_loop(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w, own_match);
	struct run r;

	(void)state;
	heard = 0;
	assert_int_equal(report(&w, t, MISCSI_EVENT_SESSION_LOST, 5), -EOPNOTSUPP); /* a command has no sessions */
	report_listen(w.ps, hear, t);
	for (uint32_t event = MISCSI_EVENT_SESSION_LOST; event <= MISCSI_EVENT_HOST_RESET; event++) {
		heard = 0;
		assert_int_equal(report(&w, t, event, 5), 0);
		assert_int_equal(heard, 1);
	}
	heard = 0;
	assert_int_equal(report(&w, t, 0, 5), -EINVAL);
	assert_int_equal(report(&w, t, MISCSI_EVENT_HOST_RESET + 1, 5), -EINVAL);
	assert_non_null(strstr(w.lines, "event() with an unknown number"));
	/* the program's sessions end before its plugins do */
	script.event = MISCSI_EVENT_SESSION_LOST;
	transport_host_set(t, run_begin(&r, MISCSI_NONE, NULL));
	report_listen(w.ps, NULL, NULL);
	assert_int_equal(run_end(&w, &r), 0);
	transport_host_set(t, run_begin(&r, MISCSI_NONE, NULL));
	report_listen(w.ps, hear, t);
	plugin_fixture_free(&w);
	assert_int_equal(heard, 0);
}

static void events_of_foreign_hosts_are_refused(void **state)
{
	struct plugin_fixture w;
	struct transport *t = begin(&w, kernel_match);

	(void)state;
	heard = 0;
	report_listen(w.ps, hear, t);
	assert_int_equal(report(&w, t, MISCSI_EVENT_HOST_RESET, 5), -ENODEV);
	assert_int_equal(report(&w, t, MISCSI_EVENT_HOST_ADDED, 5), -ENODEV);
	plugin_fixture_free(&w);
	assert_int_equal(heard, 0);
}

static void plugins_learn_what_the_program_has(void **state)
{
	static const char *const known[] = { "UIO", "ping.send", "login.logout", "work", "has" };
	static const char *const unknown[] = { "", "MISCSI_TRAIT_UIO", "ping.nothing", "work()", "size" };
	struct plugin_fixture w;
	const struct miscsi_core *core;

	(void)state;
	begin(&w, own_match);
	core = script.self->core;
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(core->has(script.self, known[i]), 1);
		assert_int_equal(core->has(script.self, unknown[i]), 0);
	}
	assert_int_equal(core->has(script.self, NULL), 0);
	assert_int_equal(core->minor, MISCSI_MINOR);
	assert_true(MISCSI_HAS(core, work));
	plugin_fixture_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_is_done_in_order_and_one_at_a_time),
		cmocka_unit_test(work_of_a_cancelled_op_ends_late_or_never_begins),
		cmocka_unit_test(program_ends_when_work_under_way_has_ended),
		cmocka_unit_test(program_does_not_wait_for_work_that_hangs),
		cmocka_unit_test(events_are_heard_from_the_loop),
		cmocka_unit_test(events_of_foreign_hosts_are_refused),
		cmocka_unit_test(plugins_learn_what_the_program_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

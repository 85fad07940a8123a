/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of base/helper: results, jobs that hang, helpers that die, and what a helper holds. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/helper.h"
#include "base/mem.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 40

/* Shared with the helpers. */
static struct {
	_Atomic unsigned hang; /* jobs that hang() keeps until it is 0 */
	_Atomic unsigned begun;
} * shared;

struct world {
	struct loop *l;
	struct helper_pool *p;
};

struct task {
	struct helper_job job;
	unsigned done, begun;
	int result;
	char answer[HELPER_BYTES_MAX];
	size_t len;
};

static int setup(void **state)
{
	struct world *w = x_new(struct world);

	shared->hang = shared->begun = 0;
	assert_int_equal(loop_new(&w->l), 0);
	assert_int_equal(helper_pool_new(w->l, NULL, &w->p), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	shared->hang = 0;
	helper_pool_free(w->p);
	loop_free(w->l);
	x_free(w);
	return 0;
}

static void done(struct helper_job *j, int result, const void *answer, size_t len)
{
	struct task *t = container_of(j, struct task, job);

	t->done++;
	t->result = result;
	t->len = len;
	if (len)
		memcpy(t->answer, answer, len);
}

static int reverse(const void *request, size_t len, void *answer, size_t *answer_len)
{
	const char *from = request;
	char *to = answer;

	for (size_t i = 0; i < len; i++)
		to[i] = from[len - 1 - i];
	*answer_len = len;
	return (int)len;
}

static int hang(const void *request, size_t len, void *answer, size_t *answer_len)
{
	(void)request, (void)len, (void)answer, (void)answer_len;
	shared->begun++;
	while (shared->hang)
		usleep(1000);
	return 7;
}

static int die(const void *request, size_t len, void *answer, size_t *answer_len)
{
	(void)request, (void)len, (void)answer, (void)answer_len;
	_exit(1);
}

/* The descriptors that are open here, without the one that lists them; names the pid and the parent's. */
static int look_around(const void *request, size_t len, void *answer, size_t *answer_len)
{
	pid_t pids[2] = { getpid(), getppid() };
	int n = 0;
	DIR *d = opendir("/proc/self/fd");

	(void)request, (void)len;
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	memcpy(answer, pids, sizeof(pids));
	*answer_len = sizeof(pids);
	return n - 3; /* ., .. and the directory itself */
}

static void submit(struct world *w, struct task *t, int (*run)(const void *, size_t, void *, size_t *), uint64_t key)
{
	*t = (struct task){ .job = { .run = run, .done = done, .key = key } };
	assert_int_equal(helper_submit(w->p, &t->job, "abc", 3), 0);
	assert_int_equal(t->done, 0);
}

static void wait_for(struct world *w, struct task *t)
{
	for (int i = 0; i < 3000 && !t->done; i++)
		loop_step(w->l, 10);
	assert_int_equal(t->done, 1);
}

static void wait_for_begun(struct world *w, unsigned n)
{
	for (int i = 0; i < 3000 && shared->begun < n; i++)
		loop_step(w->l, 10);
	assert_int_equal(shared->begun, n);
}

static void job_has_its_result_and_answer(void **state)
{
	static char most[HELPER_BYTES_MAX + 1];
	struct world *w = *state;
	struct task t;

	for (int i = 0; i < 3; i++) {
		submit(w, &t, reverse, 0);
		assert_int_equal(helper_submit(w->p, &t.job, "abc", 3), -EBUSY);
		assert_int_equal(helper_pending(w->p), 1);
		wait_for(w, &t);
		assert_int_equal(t.result, 3);
		assert_int_equal(t.len, 3);
		assert_memory_equal(t.answer, "cba", 3);
		assert_int_equal(helper_pending(w->p), 0);
	}
	assert_int_equal(helper_submit(w->p, &t.job, most, sizeof(most)), -EMSGSIZE);
	t.done = 0;
	most[0] = 1;
	assert_int_equal(helper_submit(w->p, &t.job, most, HELPER_BYTES_MAX), 0);
	wait_for(w, &t);
	assert_int_equal(t.len, HELPER_BYTES_MAX);
	assert_int_equal(t.answer[HELPER_BYTES_MAX - 1], 1);
}

static void jobs_that_hang_delay_no_other(void **state)
{
	struct world *w = *state;
	struct task t[MANY], other;

	shared->hang = 1;
	for (unsigned i = 0; i < MANY; i++)
		submit(w, &t[i], hang, i + 1);
	submit(w, &other, reverse, 1000);
	wait_for(w, &other);
	assert_int_equal(helper_pending(w->p), MANY);
	assert_int_equal(helper_running(w->p), MANY);
	shared->hang = 0;
	for (unsigned i = 0; i < MANY; i++) {
		wait_for(w, &t[i]);
		assert_int_equal(t[i].result, 7);
	}
	assert_int_equal(helper_running(w->p), 0);
}

static void key_has_its_share_and_no_more(void **state)
{
	struct world *w = *state;
	struct task t[MANY], other;

	shared->hang = 1;
	for (unsigned i = 0; i < MANY; i++)
		submit(w, &t[i], hang, 5);
	wait_for_begun(w, HELPER_KEY_JOBS);
	submit(w, &other, reverse, 6);
	wait_for(w, &other);
	assert_int_equal(helper_running(w->p), HELPER_KEY_JOBS);
	for (unsigned i = 0; i < HELPER_KEY_JOBS; i++)
		helper_cancel(&t[i].job); /* what hangs is counted though nobody waits for it */
	for (unsigned i = 0; i < 30; i++)
		loop_step(w->l, 10);
	assert_int_equal(shared->begun, HELPER_KEY_JOBS);
	shared->hang = 0;
	for (unsigned i = HELPER_KEY_JOBS; i < MANY; i++)
		wait_for(w, &t[i]);
	assert_int_equal(t[0].done, 0);
}

#define DISKS 192 /* 256 less those that are left for others */

static void count_begun(struct helper_job *j)
{
	container_of(j, struct task, job)->begun++;
}

/* Each target that is lost has a key of its own. */
static void lost_disks_leave_helpers_for_names(void **state)
{
	struct world *w = *state;
	struct task *t = x_calloc(DISKS + 1, sizeof(*t)), name;

	shared->hang = 1;
	for (unsigned i = 0; i <= DISKS; i++) {
		t[i].job = (struct helper_job){ .run = hang, .done = done, .begun = count_begun, .of_disk = true, .key = i + 1 };
		assert_int_equal(helper_submit(w->p, &t[i].job, "", 0), 0);
	}
	wait_for_begun(w, DISKS);
	submit(w, &name, reverse, 1000);
	wait_for(w, &name);
	assert_int_equal(name.result, 3);
	assert_int_equal(helper_running(w->p), DISKS);
	for (unsigned i = 0; i <= DISKS; i++)
		assert_int_equal(t[i].begun, i < DISKS);
	shared->hang = 0;
	for (unsigned i = 0; i <= DISKS; i++)
		wait_for(w, &t[i]);
	x_free(t);
}

static void helper_that_dies_is_reported(void **state)
{
	struct world *w = *state;
	struct task t[3];

	for (int round = 0; round < 3; round++) {
		submit(w, &t[0], die, 0);
		submit(w, &t[1], reverse, 0);
		submit(w, &t[2], die, 0);
		for (int i = 0; i < 3; i++)
			wait_for(w, &t[i]);
		assert_int_equal(t[0].result, -EPIPE);
		assert_int_equal(t[1].result, 3);
		assert_int_equal(t[2].result, -EPIPE);
	}
}

static void cancelled_job_may_be_freed(void **state)
{
	struct world *w = *state;
	struct task *t = x_new(struct task), other;

	shared->hang = 1;
	submit(w, t, hang, 0);
	wait_for_begun(w, 1);
	helper_cancel(&t->job);
	helper_cancel(&t->job);
	memset(t, 0xff, sizeof(*t));
	x_free(t);
	t = x_new(struct task);
	submit(w, t, hang, 0); /* it waits */
	helper_cancel(&t->job);
	x_free(t);
	assert_int_equal(helper_pending(w->p), 0);
	shared->hang = 0;
	submit(w, &other, reverse, 0);
	wait_for(w, &other);
	assert_int_equal(shared->begun, 1);
}

/* A descriptor of the program in a helper would be a lock or a socket that outlives the program. */
static void helper_holds_nothing_and_ends_with_the_program(void **state)
{
	struct world *w = *state;
	struct task t;
	pid_t pids[2];
	int kept[20];

	for (unsigned i = 0; i < 20; i++)
		kept[i] = open("/", O_PATH | O_CLOEXEC);
	submit(w, &t, look_around, 0);
	wait_for(w, &t);
	assert_int_equal(t.result, 4); /* /dev/null three times, and its socket */
	memcpy(pids, t.answer, sizeof(pids));
	for (unsigned i = 0; i < 20; i++)
		close(kept[i]);
	assert_int_equal(kill(pids[0], SIGTERM), 0); /* ignored: it ends with the program */
	assert_int_equal(kill(pids[1], SIGTERM), 0);
	submit(w, &t, look_around, 0);
	wait_for(w, &t);
	assert_memory_equal(t.answer, pids, sizeof(pids));

	shared->hang = 1; /* also in the midst of a job that can be killed, at once and unasked */
	submit(w, &t, hang, 0);
	wait_for_begun(w, 1);
	helper_pool_free(w->p);
	waitpid(pids[1], NULL, 0); /* the zygote is our child, unless the pool was the first to see its end */
	for (int i = 0; i < 3000 && !kill(pids[0], 0); i++)
		usleep(10000);
	assert_int_equal(kill(pids[0], 0), -1);
	assert_int_equal(helper_pool_new(w->l, NULL, &w->p), 0);
}

static int locked_kib(const char *status)
{
	FILE *f = fopen(status, "re");
	char line[200];
	int kib = -1;

	while (f && kib < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "VmLck: %d", &kib);
	if (f)
		fclose(f);
	return kib;
}

static int locked(const void *request, size_t len, void *answer, size_t *answer_len)
{
	(void)request, (void)len, (void)answer, (void)answer_len;
	return locked_kib("/proc/self/status");
}

/* It has the program's memory of that moment, secrets too, which must not be written to swap space. AddressSanitizer locks nothing. */
static void zygote_with_secrets_is_locked(void **state)
{
	struct world *w = *state;
	struct task t;
	pid_t pids[2];

	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0 || locked(NULL, 0, NULL, NULL) <= 0)
		skip();
	munlockall();
	submit(w, &t, look_around, 0);
	wait_for(w, &t);
	memcpy(pids, t.answer, sizeof(pids));
	assert_int_equal(kill(pids[1], SIGKILL), 0);
	while (kill(pids[0], 0) == 0)
		usleep(1000);
	submit(w, &t, locked, 0);
	wait_for(w, &t);
	assert_true(t.result > 0);
}

/* A helper that a recovery needs is forked when memory may be short, and the zygote's pages may be swapped out to the lost disk. */
static void zygote_of_a_program_is_locked(void **state)
{
	struct world *w = *state;
	struct helper_zygote zygote;
	char status[40];
	struct task t;

	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0 ||
		locked_kib("/proc/self/status") <= 0) /* AddressSanitizer locks nothing */
		skip();
	munlockall();
	helper_pool_free(w->p);
	assert_int_equal(helper_zygote_start(&zygote), 0);
	assert_int_equal(helper_pool_new(w->l, &zygote, &w->p), 0);
	submit(w, &t, locked, 0);
	wait_for(w, &t);
	assert_true(t.result > 0);
	snprintf(status, sizeof(status), "/proc/%d/status", (int)zygote.pid);
	assert_true(locked_kib(status) > 0);
}

static void zygote_that_was_killed_is_replaced(void **state)
{
	struct world *w = *state;
	struct task t, hung;
	pid_t pids[2];

	submit(w, &t, look_around, 0);
	wait_for(w, &t);
	memcpy(pids, t.answer, sizeof(pids));
	shared->hang = 1;
	submit(w, &hung, hang, 0);
	wait_for_begun(w, 1);
	assert_int_equal(kill(pids[1], SIGKILL), 0);
	wait_for(w, &hung); /* its helpers die with it */
	assert_int_equal(hung.result, -EPIPE);
	submit(w, &t, look_around, 0);
	wait_for(w, &t);
	assert_true(memcmp(t.answer, pids, sizeof(pids)) != 0);
	assert_int_equal(t.result, 4);
}

static void no_memory_is_an_error_of_the_submit(void **state)
{
	struct world *w = *state;
	struct task t;

	for (unsigned long nth = 1; nth <= 2; nth++) {
		t = (struct task){ .job = { .run = reverse, .done = done } };
		x_fail_at(nth);
		if (helper_submit(w->p, &t.job, "abc", 3) == -ENOMEM)
			continue;
		wait_for(w, &t);
		assert_int_equal(t.result, -ENOMEM); /* of the helper */
	}
	x_fail_at(0);
	submit(w, &t, reverse, 0);
	wait_for(w, &t);
	assert_int_equal(t.result, 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(job_has_its_result_and_answer),
		T(jobs_that_hang_delay_no_other),
		T(key_has_its_share_and_no_more),
		T(lost_disks_leave_helpers_for_names),
		T(helper_that_dies_is_reported),
		T(cancelled_job_may_be_freed),
		T(helper_holds_nothing_and_ends_with_the_program),
		T(zygote_that_was_killed_is_replaced),
		T(zygote_with_secrets_is_locked),
		T(zygote_of_a_program_is_locked),
		T(no_memory_is_an_error_of_the_submit),
	};

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs that run in a helper process: their results, sockets, secrets, and a helper that hangs or is killed. */
#include "config.h"
#include "base/mem.h"
#include "kernel/requester.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define HANDLE 0xffffffffc0de0001ull
#define SID 77
#define DIE 1000 /* the helper ends at a request for this host */
#define HANG 1001
#define NO_FILES 1002 /* the helper can open no more */

/* Shared with the helper: what its kernel has seen. */
static struct {
	_Atomic unsigned sent;
	_Atomic bool hang, bound, bound_a_pipe, secret;
	_Atomic pid_t pid;
} * seen;

static struct {
	struct loop *loop;
	struct helper_pool *helpers;
	struct requester *requester;
	struct job *ran[8];
	unsigned n_ran;
	pid_t died;
	unsigned ran_before; /* died() */
} world;

/* ---- a kernel that is in the helper ---- */

static uint8_t answers[64][128];
static size_t n_answers;

static int made_up_open(void *arg, void **sock)
{
	seen->pid = getpid();
	*sock = arg;
	return 0;
}

static void made_up_close(void *sock)
{
	(void)sock;
}

static void answer(const uint8_t *at, struct iscsi_uevent *ev)
{
	static const struct rlimit none = { 0, 0 };
	struct nlmsghdr head;
	struct stat st;

	memcpy(&head, at, sizeof(head));
	memcpy(ev, at + NLMSG_HDRLEN, sizeof(*ev));
	seen->bound |= ev->type == ISCSI_UEVENT_BIND_CONN;
	if (ev->type == ISCSI_UEVENT_CREATE_SESSION)
		ev->r.c_session_ret.sid = SID;
	if (ev->type == ISCSI_UEVENT_BIND_CONN)
		seen->bound_a_pipe =
			fstat((int)ev->u.b_conn.transport_eph, &st) == 0 && S_ISFIFO(st.st_mode) && ev->u.b_conn.sid == SID;
	if (ev->type == ISCSI_UEVENT_SET_PARAM && ev->u.set_param.param == ISCSI_PARAM_PASSWORD)
		seen->secret = memcmp(at + ISCSI_MSG_HEAD, "open sesame", 12) == 0;
	if (ev->type == ISCSI_UEVENT_START_CONN)
		ev->r.retcode = -ENOTCONN;
	if (ev->type == ISCSI_UEVENT_SET_HOST_PARAM && ev->u.set_host_param.host_no == DIE)
		_exit(1);
	if (ev->type == ISCSI_UEVENT_SET_HOST_PARAM && ev->u.set_host_param.host_no == NO_FILES)
		setrlimit(RLIMIT_NOFILE, &none);
	while (ev->type == ISCSI_UEVENT_SET_HOST_PARAM && ev->u.set_host_param.host_no == HANG && seen->hang)
		usleep(1000);
	head.nlmsg_len = ISCSI_MSG_HEAD;
	memcpy(answers[n_answers], &head, sizeof(head));
	memcpy(answers[n_answers++] + NLMSG_HDRLEN, ev, sizeof(*ev));
}

static int made_up_send(void *sock, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	struct iscsi_uevent ev;
	struct nlmsghdr head;

	(void)sock;
	for (size_t step = 0; step < len; step += NLMSG_ALIGN(head.nlmsg_len)) {
		memcpy(&head, at + step, sizeof(head));
		seen->sent++;
		answer(at + step, &ev);
	}
	return 0;
}

static int made_up_recv(void *sock, void *bufs, size_t size, size_t *lens, unsigned n)
{
	unsigned got = 0;

	(void)sock;
	for (; got < n && got < n_answers; got++) {
		memcpy((uint8_t *)bufs + got * size, answers[got], size);
		lens[got] = ISCSI_MSG_HEAD;
	}
	memmove(answers, answers[got], (n_answers - got) * sizeof(answers[0]));
	n_answers -= got;
	return got ? (int)got : -EAGAIN;
}

static const struct netlink_ops made_up = {
	.open = made_up_open, .close = made_up_close, .send = made_up_send, .recv = made_up_recv
};

static void serve(int fd)
{
	requester_serve(fd, &made_up, seen);
}

/* ---- the program ---- */

static void ran(struct job_state *s)
{
	world.ran[world.n_ran++] = s->job;
	loop_quit(world.loop);
}

static void died(struct job_state *s, pid_t helper)
{
	assert_int_equal(job_result(s->job, NULL), -EPIPE);
	world.died = helper;
	world.ran_before = world.n_ran;
}

static int setup(void **state)
{
	(void)state;
	memset((void *)seen, 0, sizeof(*seen));
	memset(&world, 0, sizeof(world));
	assert_int_equal(loop_new(&world.loop), 0);
	assert_int_equal(helper_pool_new(world.loop, NULL, &world.helpers), 0);
	assert_int_equal(requester_new(world.loop, world.helpers, serve, ran, died, &world.requester), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	seen->hang = false;
	requester_free(world.requester);
	helper_pool_free(world.helpers);
	loop_free(world.loop);
	return 0;
}

static void late(void *arg)
{
	(void)arg;
	fail_msg("no job has ended for ten seconds");
}

static void quit(void *arg)
{
	(void)arg;
	loop_quit(world.loop);
}

static void until_ran(unsigned n)
{
	struct loop_timer limit = { 0 };

	loop_timer_set(world.loop, &limit, 10000, late, NULL);
	while (world.n_ran < n)
		assert_int_equal(loop_run(world.loop), 0);
	loop_timer_cancel(world.loop, &limit);
}

static void submit(struct job *job)
{
	assert_int_equal(job->state->build_error, 0);
	assert_int_equal(requester_submit(world.requester, job->state), 0);
}

static struct job *job_to_host(uint32_t host_no)
{
	struct job *job = job_new();

	job_for_host(job, HANDLE, host_no);
	job_set_host_param(job, ISCSI_HOST_PARAM_NETDEV_NAME, "eth0");
	return job;
}

static void results_come_back(void **state)
{
	struct job *job = job_new();
	struct iscsi_uevent ev;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	job_create_session(job, HANDLE, 0, 128, 32, 1);
	job_create_conn(job, 0);
	job_bind_socket(job, fds[0], true);
	close(fds[0]);
	close(fds[1]);
	job_set_param(job, ISCSI_PARAM_USERNAME, "ali");
	job_set_param_secret(job, ISCSI_PARAM_PASSWORD, "open sesame", 11);
	job_add(job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	submit(job);
	until_ran(1);
	assert_ptr_equal(world.ran[0], job);
	assert_int_equal(job->sid, SID);
	assert_int_equal(job_result(job, NULL), -ENOTCONN);
	assert_int_equal(job_failed(job), 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(job_status(job, i), 0);
	assert_true(job_answer(job, 0, &ev));
	assert_int_equal(ev.r.c_session_ret.sid, SID);
	assert_true(seen->bound_a_pipe);
	assert_true(seen->secret);
	assert_int_equal(seen->sent, 6);
	assert_int_not_equal(seen->pid, getpid());
	job_free(job);
}

/* The number that the socket has in the program is another file's in the helper. */
static void a_socket_that_did_not_arrive_is_not_bound(void **state)
{
	struct job *job = job_to_host(NO_FILES);
	int fds[2];

	(void)state;
	submit(job);
	until_ran(1);
	job_free(job);
	assert_int_equal(pipe(fds), 0);
	job = job_new();
	job_create_session(job, HANDLE, 0, 128, 32, 1);
	job_create_conn(job, 0);
	job_bind_socket(job, fds[0], true);
	submit(job);
	until_ran(2);
	assert_int_equal(job_result(job, NULL), -EBADF);
	assert_false(seen->bound);
	assert_int_equal(seen->sent, 1); /* nor is a session made in vain */
	close(fds[0]);
	close(fds[1]);
	job_free(job);
}

static void jobs_run_in_order(void **state)
{
	struct job *jobs[4];

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		submit(jobs[i] = job_to_host(i));
	assert_false(requester_cancel(world.requester, jobs[0]->state)); /* it runs */
	assert_true(requester_cancel(world.requester, jobs[2]->state));
	until_ran(3);
	assert_ptr_equal(world.ran[0], jobs[0]);
	assert_ptr_equal(world.ran[1], jobs[1]);
	assert_ptr_equal(world.ran[2], jobs[3]);
	assert_int_equal(seen->sent, 3);
	for (uint32_t i = 0; i < 4; i++)
		job_free(jobs[i]);
}

static void a_helper_that_dies_fails_its_job_alone(void **state)
{
	struct job *bad = job_to_host(DIE), *good = job_to_host(1), *later;
	pid_t first;

	(void)state;
	while (!seen->pid)
		usleep(1000);
	first = seen->pid;
	submit(bad);
	submit(good);
	until_ran(2);
	assert_int_equal(job_result(bad, NULL), -EPIPE);
	assert_int_equal(job_status(bad, 0), -EPIPE);
	assert_int_equal(world.died, first);
	world.died = 0;
	assert_int_equal(job_result(good, NULL), 0);
	kill(seen->pid, SIGKILL); /* while it has nothing to do */
	while (kill(seen->pid, 0) == 0)
		usleep(1000);
	later = job_to_host(2);
	submit(later);
	until_ran(3);
	assert_int_equal(job_result(later, NULL), 0);
	assert_int_equal(world.died, 0); /* with no request under way, there is nothing to look for */
	job_free(bad);
	job_free(good);
	job_free(later);
}

/*
 * The helper has the next jobs already. What it had answered counts, also when the program reads it later; what it had not begun runs in
 * the next one; nothing runs twice. Whoever looks for what it has left behind knows of the jobs before.
 */
static void jobs_that_are_ahead_survive_the_helper(void **state)
{
	struct job *jobs[7];
	pid_t first;

	(void)state;
	for (uint32_t i = 0; i < 7; i++)
		submit(jobs[i] = job_to_host(i == 3 ? DIE : i));
	until_ran(1);
	first = seen->pid;
	for (unsigned n = 0; n < 10000 && kill(first, 0) == 0; n++) /* it dies while nobody reads */
		usleep(1000);
	assert_int_equal(seen->sent, 4);
	assert_false(requester_cancel(world.requester, jobs[5]->state));
	until_ran(7);
	assert_int_equal(world.died, first);
	assert_int_equal(world.ran_before, 3);
	assert_int_equal(seen->sent, 7);
	for (uint32_t i = 0; i < 7; i++) {
		assert_ptr_equal(world.ran[i], jobs[i]);
		assert_int_equal(job_result(jobs[i], NULL), i == 3 ? -EPIPE : 0);
		job_free(jobs[i]);
	}
}

/* Also the socket of the helper is open before a recovery has a request. */
static void a_helper_that_dies_is_replaced_before_it_is_needed(void **state)
{
	struct loop_timer look = { 0 };
	struct job *job = job_to_host(1);
	pid_t first;

	(void)state;
	submit(job);
	until_ran(1);
	job_free(job);
	for (unsigned i = 0; i < 2; i++) {
		first = seen->pid;
		kill(first, SIGKILL);
		for (unsigned n = 0; n < 1000 && seen->pid == first; n++) {
			loop_timer_set(world.loop, &look, 10, quit, NULL);
			assert_int_equal(loop_run(world.loop), 0);
		}
		assert_int_not_equal(seen->pid, first);
	}
	job = job_to_host(2);
	first = seen->pid;
	submit(job);
	until_ran(2);
	assert_int_equal(job_result(job, NULL), 0);
	assert_int_equal(seen->pid, first);
	job_free(job);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Nothing of the program waits in the kernel: it goes on, and ends. */
static void a_request_that_hangs_does_not_keep_the_program(void **state)
{
	struct job *job = job_to_host(HANG);
	double start;

	(void)state;
	seen->hang = true;
	submit(job);
	while (!seen->sent)
		usleep(1000);
	start = seconds();
	requester_free(world.requester);
	world.requester = NULL;
	assert_true(seconds() - start < 10);
	assert_int_equal(job_result(job, NULL), -EINPROGRESS);
	job_free(job);
}

static void a_job_that_is_too_large_is_refused(void **state)
{
	struct job *job = job_new();
	char text[4000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	job_for_host(job, HANDLE, 1);
	for (unsigned i = 0; i < 40; i++)
		job_set_host_param(job, ISCSI_HOST_PARAM_NETDEV_NAME, text);
	assert_int_equal(requester_submit(world.requester, job->state), -E2BIG);
	job_free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(results_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_socket_that_did_not_arrive_is_not_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(jobs_run_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_helper_that_dies_fails_its_job_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(jobs_that_are_ahead_survive_the_helper, setup, teardown),
		cmocka_unit_test_setup_teardown(a_helper_that_dies_is_replaced_before_it_is_needed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_request_that_hangs_does_not_keep_the_program, setup, teardown),
		cmocka_unit_test_setup_teardown(a_job_that_is_too_large_is_refused, setup, teardown),
	};

	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

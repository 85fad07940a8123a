/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traps of the kernel's interface (doc/TRAPS.md) that requests and answers alone can fall into. */
#include "config.h"
#include "base/mem.h"
#include "fake_kernel.h"
#include "kernel/ktransport.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct kernel_fixture {
	struct loop *loop;
	struct fake_kernel *fk;
	struct kernel *k;
	struct job *job;
	unsigned done;
};

static const struct kernel_event_ops no_events = { 0 };

static int setup(void **state)
{
	struct kernel_fixture *w = x_new(struct kernel_fixture);

	assert_int_equal(loop_new(&w->loop), 0);
	w->fk = fake_kernel_new();
	assert_int_equal(kernel_new(&fake_kernel_ops, w->fk, &w->k), 0);
	w->job = job_new();
	job_for(w->job, 1, 7, 0);
	job_for_host(w->job, 1, 3);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct kernel_fixture *w = *state;

	job_free(w->job);
	kernel_free(w->k);
	assert_int_equal(fake_kernel_sockets(w->fk), 0);
	fake_kernel_free(w->fk);
	loop_free(w->loop);
	x_free(w);
	return 0;
}

/* Each of the three requests, as a builder makes it and as a plugin does. */
#define ASKINGS 6
static void ask(struct job *job, unsigned nth)
{
	static const uint32_t numbers[] = { ISCSI_UEVENT_GET_STATS, ISCSI_UEVENT_GET_CHAP, ISCSI_UEVENT_GET_HOST_STATS };
	static const union iscsi_uevent_u u;

	if (nth >= 3)
		job_raw(job, numbers[nth - 3], &u, NULL, 0);
	else
		job_add(job, numbers[nth], NULL, NULL, 0);
}

static void job_done(struct job *job, void *arg)
{
	struct kernel_fixture *w = arg;

	(void)job;
	w->done++;
}

/* In the calling thread, or by the worker as a daemon does it. */
static int run(struct kernel_fixture *w, bool attached)
{
	unsigned before = w->done;

	if (!attached)
		return kernel_run(w->k, w->job, NULL);
	assert_int_equal(kernel_submit(w->k, w->job, job_done, w), 0);
	while (w->done == before)
		loop_step(w->loop, 1000);
	return job_result(w->job, NULL);
}

/* Who asks listens himself, with room: that others listen too (here: the daemon) is no help, for they may go at any moment. */
static void trap_04_who_asks_listens(void **state)
{
	struct kernel_fixture *w = *state;
	size_t len;

	fake_kernel_noise(w->fk, true); /* what came in between joining and asking must not fill the buffer */
	for (unsigned attached = 0; attached < 2; attached++) {
		if (attached)
			assert_int_equal(kernel_attach(w->k, w->loop, &no_events, NULL, NULL), 0);
		for (unsigned i = 0; i < ASKINGS; i++) {
			job_clear(w->job);
			ask(w->job, i);
			assert_int_equal(run(w, attached), 0);
			assert_non_null(job_data(w->job, 0, &len));
			assert_int_equal(fake_kernel_hangs(w->fk), 0);
		}
	}
	assert_int_equal(fake_kernel_requests(w->fk), 2 * ASKINGS);
}

/* Not subscribed, not sent: whatever the reason, whoever else listens. */
static void trap_04_who_cannot_listen_does_not_ask(void **state)
{
	struct kernel_fixture *w = *state;

	for (unsigned attached = 0; attached < 2; attached++) {
		if (attached)
			assert_int_equal(kernel_attach(w->k, w->loop, &no_events, NULL, NULL), 0);
		for (unsigned i = 0; i < 2 * ASKINGS; i++) {
			fake_kernel_refuse_join(w->fk, i < ASKINGS ? EPERM : 0);
			fake_kernel_refuse_open(w->fk, i < ASKINGS ? 0 : EMFILE);
			job_clear(w->job);
			ask(w->job, i % ASKINGS);
			assert_int_equal(run(w, attached), i < ASKINGS ? -EPERM : -EMFILE);
		}
		fake_kernel_refuse_open(w->fk, 0);
	}
	assert_int_equal(fake_kernel_requests(w->fk), 0);
}

/* Answers have no number: where events come too, one could be lost among them, or taken for one. */
static void trap_05_requests_have_a_socket_without_events(void **state)
{
	struct kernel_fixture *w = *state;

	assert_int_equal(kernel_attach(w->k, w->loop, &no_events, NULL, NULL), 0);
	job_create_conn(w->job, 0);
	assert_int_equal(run(w, true), 0);
	assert_int_equal(fake_kernel_sockets(w->fk), 2);
	assert_int_equal(fake_kernel_listeners(w->fk), 1);
}

/* One errno, another meaning for each request. */
static void trap_08_errors_are_those_of_the_request(void **state)
{
	static const struct {
		uint32_t request;
		enum fake_fault fault;
		int value;
		enum miscsi_error code;
	} rows[] = {
		{ ISCSI_UEVENT_CREATE_SESSION, FAKE_IF_ERROR, ENOMEM, MISCSI_ERR_INTERNAL }, /* any failure of the driver's */
		{ ISCSI_UEVENT_NEW_FLASHNODE, FAKE_IF_ERROR, EIO, MISCSI_ERR_INTERNAL },
		{ ISCSI_UEVENT_SEND_PDU, FAKE_RETCODE, -EPERM, MISCSI_ERR_SESSION_NOT_CONNECTED }, /* no matter of privileges */
		{ ISCSI_UEVENT_GET_STATS, FAKE_IF_ERROR, EEXIST, MISCSI_ERR_SESS_NOT_FOUND },
		{ ISCSI_UEVENT_LOGIN_FLASHNODE, FAKE_IF_ERROR, EPERM, MISCSI_ERR_LOGIN },
		{ ISCSI_UEVENT_CREATE_CONN, FAKE_IF_ERROR, EPERM, MISCSI_ERR_ACCESS },
	};
	struct kernel_fixture *w = *state;
	uint8_t header[ISCSI_BHS_LEN] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err err = ERR_INIT;

		job_clear(w->job);
		fake_kernel_fault(w->fk, rows[i].request, 1, rows[i].fault, rows[i].value);
		switch (rows[i].request) {
		case ISCSI_UEVENT_CREATE_SESSION:
			job_create_session(w->job, 1, 0, 0, 0, 0);
			break;
		case ISCSI_UEVENT_NEW_FLASHNODE:
			job_add(w->job, ISCSI_UEVENT_NEW_FLASHNODE, NULL, "ipv4", 5);
			break;
		case ISCSI_UEVENT_SEND_PDU:
			job_send_pdu(w->job, header, NULL, 0);
			break;
		case ISCSI_UEVENT_GET_STATS:
			job_add(w->job, ISCSI_UEVENT_GET_STATS, NULL, NULL, 0);
			break;
		case ISCSI_UEVENT_LOGIN_FLASHNODE:
			job_add(w->job, ISCSI_UEVENT_LOGIN_FLASHNODE, NULL, NULL, 0);
			break;
		default:
			job_create_conn(w->job, 0);
		}
		assert_true(kernel_run(w->k, w->job, &err) < 0);
		assert_int_equal(err.code, rows[i].code);
	}
}

/* Handles are the kernel's pointers: a program of 32 bits knows by them which kernel it speaks to (see also kernel-layout.sh). */
static void trap_16_layout_is_that_of_64_bits(void **state)
{
	(void)state;
	assert_true(ktransport_layout_fits(false, 0xc0de0000));
	assert_true(ktransport_layout_fits(false, 0xffffffffc0de0000ull));
	assert_true(ktransport_layout_fits(true, 0xffffffffc0de0000ull));
	assert_false(ktransport_layout_fits(true, 0xf8de0000));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(trap_04_who_asks_listens),
		T(trap_04_who_cannot_listen_does_not_ask),
		T(trap_05_requests_have_a_socket_without_events),
		T(trap_08_errors_are_those_of_the_request),
		T(trap_16_layout_is_that_of_64_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

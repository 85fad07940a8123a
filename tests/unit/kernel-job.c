/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs against a made-up kernel: what is sent, how answers are told apart, where a job stops. */
#include "config.h"
#include "base/mem.h"
#include "fake_kernel.h"
#include "kernel/attrs.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define HANDLE 0xffffffffc0de0001ull

struct kernel_fixture {
	struct fake_kernel *fk;
	struct kernel *k;
	struct job *job;
};

static int setup(void **state)
{
	struct kernel_fixture *w = x_new(struct kernel_fixture);

	w->fk = fake_kernel_new();
	assert_int_equal(kernel_new(&fake_kernel_ops, w->fk, &w->k), 0);
	w->job = job_new();
	job_for(w->job, HANDLE, 7, 0);
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
	x_free(w);
	return 0;
}

static uint32_t u32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, 4);
	return v;
}

/* The nth request sent, and its payload as text. */
static struct iscsi_uevent sent(struct kernel_fixture *w, unsigned nth, char *text)
{
	struct iscsi_uevent ev = { 0 };
	char *payload = NULL;
	size_t len = 0;

	fake_kernel_request(w->fk, nth, &ev, &payload, &len);
	assert_non_null(payload);
	if (text)
		snprintf(text, 64, "%s", payload);
	x_free(payload);
	return ev;
}

static void job_sets_up_a_connection_of_the_session_it_created(void **state)
{
	struct kernel_fixture *w = *state;
	struct err err = ERR_INIT;
	struct iscsi_uevent ev;
	uint64_t eph;
	char text[64];

	job_create_session(w->job, HANDLE, 0, 128, 32, 5);
	job_create_conn(w->job, 0);
	job_bind(w->job, 42, true);
	job_set_param(w->job, ISCSI_PARAM_TARGET_NAME, "iqn.x");
	job_set_param_int(w->job, ISCSI_PARAM_TPGT, 1);
	job_set_host_param(w->job, ISCSI_HOST_PARAM_NETDEV_NAME, "eth0");
	job_add(w->job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, &err), 0);
	assert_int_equal(w->job->sid, 1);
	assert_int_equal(w->job->host_no, 101);
	assert_int_equal(job_failed(w->job), 7);
	ev = sent(w, 0, NULL);
	assert_true(ev.type == 11 && ev.transport_handle == HANDLE && u32(ev.u.bytes) == 5);
	assert_true(ev.u.bytes[4] == 128 && ev.u.bytes[6] == 32);
	ev = sent(w, 2, NULL);
	memcpy(&eph, ev.u.bytes + 8, 8);
	assert_true(ev.type == 15 && u32(ev.u.bytes) == 1 && eph == 42 && u32(ev.u.bytes + 16) == 1);
	ev = sent(w, 3, text);
	assert_true(ev.type == 16 && u32(ev.u.bytes) == 1 && u32(ev.u.bytes + 8) == 15 && u32(ev.u.bytes + 12) == 6);
	assert_string_equal(text, "iqn.x");
	ev = sent(w, 5, text);
	assert_true(ev.type == 26 && u32(ev.u.bytes) == 101 && u32(ev.u.bytes + 4) == 2 && u32(ev.u.bytes + 8) == 5);
	assert_string_equal(text, "eth0");
	assert_int_equal(fake_kernel_datagrams(w->fk), 5); /* the three parameters are one */
}

static void session_of_an_endpoint_is_created_bound(void **state)
{
	struct kernel_fixture *w = *state;
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct iscsi_uevent ev;
	uint64_t ep;

	job_for_host(w->job, HANDLE, 4);
	job_add(w->job, ISCSI_UEVENT_EP_CONNECT_THROUGH_HOST,
		&(union iscsi_uevent_u){ .ep_connect_through_host.non_blocking = 1 }, &addr, sizeof(addr));
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	assert_int_equal(w->job->ep_handle, 1);
	ev = sent(w, 0, NULL);
	assert_true(ev.type == 29 && u32(ev.u.bytes) == 4 && u32(ev.u.bytes + 4) == 1);
	job_clear(w->job);
	job_create_session(w->job, HANDLE, 9, 64, 16, 3);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	ev = sent(w, 1, NULL);
	memcpy(&ep, ev.u.bytes, 8);
	assert_true(ev.type == 28 && ep == 9 && u32(ev.u.bytes + 8) == 3 && ev.u.bytes[12] == 64 && ev.u.bytes[14] == 16);
}

static void error_answer_ends_the_job_and_names_the_request(void **state)
{
	struct kernel_fixture *w = *state;
	struct err err = ERR_INIT;

	fake_kernel_fault(w->fk, ISCSI_UEVENT_BIND_CONN, 1, FAKE_IF_ERROR, EINVAL);
	job_create_conn(w->job, 0);
	job_bind(w->job, 3, true);
	job_add(w->job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, &err), -EINVAL);
	assert_int_equal(job_failed(w->job), 1);
	assert_int_equal(job_status(w->job, 0), 0);
	assert_int_equal(job_status(w->job, 2), -ECANCELED);
	assert_int_equal(fake_kernel_requests(w->fk), 2);
	assert_non_null(strstr(err.text, "bind the connection to its session 7"));
}

static void negative_retcode_is_a_failure_where_the_request_has_one(void **state)
{
	struct kernel_fixture *w = *state;
	struct err err = ERR_INIT;

	fake_kernel_fault(w->fk, ISCSI_UEVENT_START_CONN, 1, FAKE_RETCODE, -ENOTCONN);
	job_add(w->job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, &err), -ENOTCONN);
	job_clear(w->job);
	fake_kernel_fault(w->fk, ISCSI_UEVENT_SEND_PDU, 1, FAKE_RETCODE, -EPERM);
	job_send_pdu(w->job, (const uint8_t[48]){ 0x43 }, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, &err), -EPERM);
	assert_int_equal(err.code, MISCSI_ERR_SESSION_NOT_CONNECTED); /* the connection's refusal, not a missing privilege */
	/* elsewhere r holds nothing */
	job_clear(w->job);
	fake_kernel_fault(w->fk, ISCSI_UEVENT_STOP_CONN, 1, FAKE_RETCODE, -EIO);
	job_stop_conn(w->job, ISCSI_STOP_CONN_TERM);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
}

static void missing_privilege_is_told_as_such(void **state)
{
	struct kernel_fixture *w = *state;
	struct err err = ERR_INIT;

	fake_kernel_fault(w->fk, ISCSI_UEVENT_STOP_CONN, 1, FAKE_IF_ERROR, EPERM);
	job_stop_conn(w->job, ISCSI_STOP_CONN_RECOVER);
	assert_int_equal(kernel_run(w->k, w->job, &err), -EPERM);
	assert_int_equal(err.code, MISCSI_ERR_ACCESS);
	/* a flash node that is logged in: the adapter's word for "not now" */
	job_clear(w->job);
	fake_kernel_fault(w->fk, ISCSI_UEVENT_LOGIN_FLASHNODE, 1, FAKE_IF_ERROR, EPERM);
	job_add(w->job, ISCSI_UEVENT_LOGIN_FLASHNODE, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, &err), -EPERM);
	assert_int_equal(err.code, MISCSI_ERR_LOGIN);
}

static void refused_connect_is_the_peers_not_the_sockets(void **state)
{
	struct kernel_fixture *w = *state;
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct err err = ERR_INIT;

	fake_kernel_fault(w->fk, ISCSI_UEVENT_EP_CONNECT, 1, FAKE_IF_ERROR, ECONNREFUSED);
	job_add(w->job, ISCSI_UEVENT_EP_CONNECT, NULL, &addr, sizeof(addr));
	assert_int_equal(kernel_run(w->k, w->job, &err), -ECONNREFUSED);
	assert_int_equal(err.code, MISCSI_ERR_TRANS);
	job_clear(w->job);
	fake_kernel_fault(w->fk, ISCSI_UEVENT_EP_CONNECT, 1, FAKE_IF_ERROR, ETIMEDOUT);
	job_add(w->job, ISCSI_UEVENT_EP_CONNECT, NULL, &addr, sizeof(addr));
	assert_int_equal(kernel_run(w->k, w->job, &err), -ETIMEDOUT);
	assert_int_equal(err.code, MISCSI_ERR_TRANS_TIMEOUT);
}

static void poll_result_is_the_retcode(void **state)
{
	struct kernel_fixture *w = *state;

	fake_kernel_fault(w->fk, ISCSI_UEVENT_EP_POLL, 2, FAKE_RETCODE, 0);
	job_add(w->job, ISCSI_UEVENT_EP_POLL, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	assert_int_equal(w->job->retcode, 1);
	job_clear(w->job);
	job_add(w->job, ISCSI_UEVENT_EP_POLL, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	assert_int_equal(w->job->retcode, 0);
}

static void missing_answer_is_an_error_at_once(void **state)
{
	struct kernel_fixture *w = *state;

	fake_kernel_fault(w->fk, ISCSI_UEVENT_CREATE_CONN, 1, FAKE_SILENT, 0);
	job_create_conn(w->job, 0);
	job_add(w->job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), -ENODATA);
	assert_int_equal(job_failed(w->job), 0);
}

static void short_and_foreign_messages_are_no_answers(void **state)
{
	struct kernel_fixture *w = *state;

	fake_kernel_fault(w->fk, ISCSI_UEVENT_START_CONN, 1, FAKE_SHORT, 71);
	job_add(w->job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), -ENODATA);
	job_clear(w->job);
	fake_kernel_fault(w->fk, ISCSI_UEVENT_START_CONN, 1, FAKE_WRONG_TYPE, 14);
	job_add(w->job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
}

static void events_before_the_answer_are_passed_over(void **state)
{
	struct kernel_fixture *w = *state;

	fake_kernel_noise(w->fk, true);
	job_create_session(w->job, HANDLE, 0, 0, 0, 0);
	job_create_conn(w->job, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	assert_int_equal(w->job->sid, 1);
}

static void answer_left_by_a_failure_is_not_taken_for_a_later_one(void **state)
{
	struct kernel_fixture *w = *state;

	/* the first START_CONN's answer stays in the socket, before the second's error */
	fake_kernel_fault(w->fk, ISCSI_UEVENT_START_CONN, 1, FAKE_RECV, ENOMEM);
	fake_kernel_fault(w->fk, ISCSI_UEVENT_START_CONN, 2, FAKE_IF_ERROR, EIO);
	job_add(w->job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), -ENODATA);
	job_clear(w->job);
	job_add(w->job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), -EIO);
}

static void lost_notice_does_not_lose_the_answer(void **state)
{
	struct kernel_fixture *w = *state;

	job_add(w->job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	job_clear(w->job);
	fake_kernel_lose(w->fk, false);
	job_add(w->job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
}

static void failing_parameter_of_a_batch_is_the_one_named(void **state)
{
	struct kernel_fixture *w = *state;
	struct err err = ERR_INIT;

	fake_kernel_fault(w->fk, ISCSI_UEVENT_SET_PARAM, 3, FAKE_IF_ERROR, ENOSYS);
	job_set_param_int(w->job, ISCSI_PARAM_TPGT, 1);
	job_set_param(w->job, ISCSI_PARAM_TARGET_NAME, "iqn.longer-than-eight-bytes");
	job_set_param_int(w->job, ISCSI_PARAM_ISID, 1);
	job_set_param_int(w->job, ISCSI_PARAM_ERL, 0);
	job_add(w->job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, &err), -ENOSYS);
	assert_int_equal(job_failed(w->job), 2);
	assert_int_equal(job_status(w->job, 3), 0); /* it was in the datagram */
	assert_int_equal(job_status(w->job, 4), -ECANCELED);
	assert_int_equal(err.code, MISCSI_ERR_OP_NOT_SUPP);
	assert_non_null(strstr(err.text, "set the parameter ISID of session 7"));
}

static void dropped_answer_of_a_batch_is_found(void **state)
{
	struct kernel_fixture *w = *state;

	fake_kernel_fault(w->fk, ISCSI_UEVENT_SET_PARAM, 2, FAKE_SILENT, 0);
	for (int i = 0; i < 4; i++)
		job_set_param_int(w->job, ISCSI_PARAM_MAX_RECV_DLENGTH + i, 1);
	assert_int_equal(kernel_run(w->k, w->job, NULL), -ENODATA);
	assert_int_equal(job_failed(w->job), 1);
	assert_int_equal(job_status(w->job, 2), 0);
	assert_int_equal(job_status(w->job, 3), 0);
}

static void request_that_may_fail_does_not_end_the_job(void **state)
{
	struct kernel_fixture *w = *state;

	fake_kernel_fault(w->fk, ISCSI_UEVENT_SET_PARAM, 1, FAKE_IF_ERROR, ENOSYS);
	job_set_param_int(w->job, ISCSI_PARAM_TPGT, 1);
	job_may_fail(w->job);
	job_set_param_int(w->job, ISCSI_PARAM_ERL, 0);
	job_add(w->job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	assert_int_equal(job_status(w->job, 0), -ENOSYS);
	assert_int_equal(fake_kernel_requests(w->fk), 3);
}

static void many_parameters_are_several_datagrams(void **state)
{
	struct kernel_fixture *w = *state;
	char big[4096];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	for (int i = 0; i < 70; i++)
		job_set_param_int(w->job, i % ISCSI_PARAM_MAX, i);
	for (int i = 0; i < 5; i++)
		job_set_param(w->job, ISCSI_PARAM_BOOT_ROOT, big);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	assert_int_equal(fake_kernel_requests(w->fk), 75);
	assert_in_range(fake_kernel_datagrams(w->fk), 4, 5);
	job_clear(w->job);
	job_set_param_secret(w->job, ISCSI_PARAM_PASSWORD, big, sizeof(big));
	assert_int_equal(kernel_run(w->k, w->job, NULL), -E2BIG);
}

static void parameter_that_is_null_is_not_sent(void **state)
{
	struct kernel_fixture *w = *state;

	job_set_param(w->job, ISCSI_PARAM_TARGET_ALIAS, NULL);
	job_may_fail(w->job);
	assert_int_equal(job_count(w->job), 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	/* nor does what is said of it fall on the one before */
	job_clear(w->job);
	fake_kernel_fault(w->fk, ISCSI_UEVENT_START_CONN, 1, FAKE_IF_ERROR, EINVAL);
	job_add(w->job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	job_set_param(w->job, ISCSI_PARAM_TARGET_ALIAS, NULL);
	job_may_fail(w->job);
	assert_int_equal(kernel_run(w->k, w->job, NULL), -EINVAL);
}

static void destroy_falls_back_on_an_old_kernel(void **state)
{
	struct kernel_fixture *w = *state;

	fake_kernel_fault(w->fk, ISCSI_UEVENT_DESTROY_SESSION_ASYNC, 1, FAKE_IF_ERROR, ENOSYS);
	job_add(w->job, ISCSI_UEVENT_DESTROY_SESSION_ASYNC, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	assert_int_equal(fake_kernel_requests(w->fk), 2);
	assert_int_equal(sent(w, 1, NULL).type, ISCSI_UEVENT_DESTROY_SESSION);
	assert_int_equal(u32(sent(w, 1, NULL).u.bytes), 7);
}

static void statistics_are_asked_only_while_listening(void **state)
{
	struct kernel_fixture *w = *state;
	size_t len;

	job_add(w->job, ISCSI_UEVENT_GET_STATS, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	assert_string_equal(job_data(w->job, 0, &len), "statistics");
	assert_int_equal(len, 11);
	job_clear(w->job);
	fake_kernel_refuse_join(w->fk, EPERM);
	job_for(w->job, HANDLE, 7, 0);
	job_add(w->job, ISCSI_UEVENT_GET_STATS, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), -EPERM);
	job_clear(w->job);
	job_raw(w->job, ISCSI_UEVENT_GET_HOST_STATS, &(union iscsi_uevent_u){ 0 }, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), -EPERM);
	job_clear(w->job);
	job_add(w->job, ISCSI_UEVENT_GET_CHAP, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), -EPERM);
	assert_int_equal(fake_kernel_hangs(w->fk), 0);
	assert_int_equal(fake_kernel_requests(w->fk), 1);
}

static void statistics_of_no_connection(void **state)
{
	struct kernel_fixture *w = *state;
	struct err err = ERR_INIT;

	fake_kernel_fault(w->fk, ISCSI_UEVENT_GET_STATS, 1, FAKE_IF_ERROR, EEXIST);
	job_add(w->job, ISCSI_UEVENT_GET_STATS, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, &err), -ENOENT);
	assert_int_equal(err.code, MISCSI_ERR_SESS_NOT_FOUND);
	job_clear(w->job);
	fake_kernel_fault(w->fk, ISCSI_UEVENT_GET_STATS, 1, FAKE_SILENT, 0);
	job_add(w->job, ISCSI_UEVENT_GET_STATS, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), -ENODATA);
}

/* Another's statistics come first. */
static bool stats_for_other(void *arg, struct iscsi_uevent *ev, const uint8_t *payload, size_t len)
{
	struct fake_kernel *fk = arg;
	uint8_t buf[256] = { 0 };
	struct nlmsghdr head = { .nlmsg_len = ISCSI_MSG_HEAD + 5 };
	struct iscsi_uevent other = *ev;

	(void)payload;
	(void)len;
	other.u.bytes[0]++;
	memcpy(buf, &head, sizeof(head));
	memcpy(buf + sizeof(head), &other, sizeof(other));
	memcpy(buf + ISCSI_MSG_HEAD, "other", 5);
	fake_kernel_multicast(fk, 1, buf, ISCSI_MSG_HEAD + 5);
	return false;
}

static void statistics_of_another_session_are_passed_over(void **state)
{
	struct kernel_fixture *w = *state;
	size_t len;

	fake_kernel_hook(w->fk, stats_for_other, w->fk);
	job_add(w->job, ISCSI_UEVENT_GET_STATS, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	assert_string_equal(job_data(w->job, 0, &len), "statistics");
}

static void chap_table_is_asked_in_small_parts(void **state)
{
	struct kernel_fixture *w = *state;
	const union iscsi_uevent_u u = { .get_chap.num_entries = 33 };

	job_raw(w->job, ISCSI_UEVENT_GET_CHAP, &u, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), -E2BIG);
}

static void raw_request_gives_the_answer_back(void **state)
{
	struct kernel_fixture *w = *state;
	struct iscsi_uevent ev;
	const union iscsi_uevent_u u = { .conn.sid = 9 };

	job_raw(w->job, ISCSI_UEVENT_CREATE_CONN, &u, NULL, 0);
	assert_false(job_answer(w->job, 0, &ev));
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	assert_true(job_answer(w->job, 0, &ev));
	assert_int_equal(u32(ev.u.bytes), 9);
	job_clear(w->job);
	job_raw(w->job, 21, &u, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, NULL), -EOPNOTSUPP);
}

static void socket_to_bind_is_held_by_the_job(void **state)
{
	struct kernel_fixture *w = *state;
	struct iscsi_uevent ev;
	int fd = dup(0);
	uint32_t held;

	job_bind_socket(w->job, fd, true);
	close(fd);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	ev = sent(w, 0, NULL);
	held = u32(ev.u.bytes + 8);
	assert_int_not_equal(held, fd);
	assert_int_equal(fcntl((int)held, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	job_clear(w->job);
	assert_int_equal(fcntl((int)held, F_GETFD), -1);
}

static void kernel_without_iscsi_is_told(void **state)
{
	struct kernel_fixture *w = *state;
	struct err err = ERR_INIT;

	fake_kernel_refuse_open(w->fk, EPROTONOSUPPORT);
	job_add(w->job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, &err), -EPROTONOSUPPORT);
	assert_int_equal(err.code, MISCSI_ERR_TRANS_NOT_FOUND);
}

static void send_that_fails_is_the_requests_failure(void **state)
{
	struct kernel_fixture *w = *state;
	struct err err = ERR_INIT;

	fake_kernel_fault(w->fk, ISCSI_UEVENT_START_CONN, 1, FAKE_SEND, ECONNREFUSED);
	job_add(w->job, ISCSI_UEVENT_START_CONN, NULL, NULL, 0);
	assert_int_equal(kernel_run(w->k, w->job, &err), -ECONNREFUSED);
	assert_int_equal(err.code, MISCSI_ERR_TRANS_NOT_FOUND);
}

static void series_of_attributes_is_laid_out_as_the_kernel_reads_it(void **state)
{
	struct kernel_fixture *w = *state;
	cleanup(strbuf_free) struct strbuf attrs = ATTRS_INIT;
	const uint8_t iface[] = { 17, 0, 12, 0, 3, 0, 0, 0, 1, 0, 0, 0, 12, 0, 1, 2, 0xee, 0, 0, 0 };
	const uint8_t flash[] = { 12, 0, 44, 0, 2, 0, 0, 0, 44, 0, 0xaa, 0xbb };

	attrs_add_iface(&attrs, 3, ISCSI_IFACE_TYPE_IPV4, ISCSI_NET_PARAM, 12, "\xee", 1);
	attrs_add(&attrs, 44, "\xaa\xbb", 2);
	assert_int_equal(strbuf_error(&attrs), 0);
	assert_int_equal(attrs.len, sizeof(iface) + sizeof(flash));
	assert_memory_equal(attrs.s, iface, sizeof(iface));
	assert_memory_equal(attrs.s + sizeof(iface), flash, sizeof(flash));
	job_for_host(w->job, HANDLE, 5);
	job_add(w->job, ISCSI_UEVENT_SET_IFACE_PARAMS, NULL, attrs.s, attrs.len);
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	assert_int_equal(u32(sent(w, 0, NULL).u.bytes), 5);
	attrs_add(&attrs, 1, attrs.s, 4097);
	assert_int_equal(strbuf_error(&attrs), -EFBIG);
}

/* A request about a host is sent with its number, whatever else it has. */
static void requests_of_a_host_name_it(void **state)
{
	struct kernel_fixture *w = *state;
	const struct iscsi_path path = { .ip_addr_len = 4 };

	job_for_host(w->job, HANDLE, 77);
	job_add(w->job, ISCSI_UEVENT_PATH_UPDATE, NULL, &path, sizeof(path));
	for (enum iscsi_uevent_e n = ISCSI_UEVENT_SET_IFACE_PARAMS; n <= ISCSI_UEVENT_SET_CHAP; n++) {
		if (n != ISCSI_UEVENT_GET_CHAP)
			job_add(w->job, n, &(union iscsi_uevent_u){ .iscsi_ping.pid = 9 }, NULL, 0);
	}
	assert_int_equal(kernel_run(w->k, w->job, NULL), 0);
	for (unsigned i = 0; i < job_count(w->job); i++) {
		struct iscsi_uevent ev = sent(w, i, NULL);

		assert_int_equal(ev.u.host.host_no, 77);
		assert_true(ev.transport_handle == HANDLE);
		assert_int_equal(ev.u.iscsi_ping.pid, i ? 9 : 0);
		if (ev.type == ISCSI_UEVENT_LOGOUT_FLASHNODE_SID)
			assert_int_equal(ev.u.logout_flashnode_sid.sid, 7);
	}
}

static void build(struct job *job)
{
	job_create_session(job, HANDLE, 0, 0, 0, 0);
	job_bind_socket(job, 0, true);
	for (int i = 0; i < 40; i++)
		job_set_param(job, ISCSI_PARAM_TARGET_NAME, "some length, so that the buffer grows");
	job_may_fail(job);
}

static void builders_remember_that_memory_failed(void **state)
{
	struct kernel_fixture *w = *state;
	unsigned long n = 0;
	int rc = -ENOMEM;

	while (rc == -ENOMEM) {
		struct job *job = job_new();

		x_fail_at(++n);
		build(job);
		x_fail_at(0);
		rc = kernel_run(w->k, job, NULL);
		assert_true(rc == 0 || rc == -ENOMEM);
		job_free(job);
	}
	assert_true(n > 4);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(job_sets_up_a_connection_of_the_session_it_created),
		T(session_of_an_endpoint_is_created_bound),
		T(error_answer_ends_the_job_and_names_the_request),
		T(negative_retcode_is_a_failure_where_the_request_has_one),
		T(missing_privilege_is_told_as_such),
		T(refused_connect_is_the_peers_not_the_sockets),
		T(poll_result_is_the_retcode),
		T(missing_answer_is_an_error_at_once),
		T(short_and_foreign_messages_are_no_answers),
		T(events_before_the_answer_are_passed_over),
		T(answer_left_by_a_failure_is_not_taken_for_a_later_one),
		T(lost_notice_does_not_lose_the_answer),
		T(failing_parameter_of_a_batch_is_the_one_named),
		T(dropped_answer_of_a_batch_is_found),
		T(request_that_may_fail_does_not_end_the_job),
		T(many_parameters_are_several_datagrams),
		T(parameter_that_is_null_is_not_sent),
		T(destroy_falls_back_on_an_old_kernel),
		T(statistics_are_asked_only_while_listening),
		T(statistics_of_no_connection),
		T(statistics_of_another_session_are_passed_over),
		T(chap_table_is_asked_in_small_parts),
		T(raw_request_gives_the_answer_back),
		T(socket_to_bind_is_held_by_the_job),
		T(kernel_without_iscsi_is_told),
		T(send_that_fails_is_the_requests_failure),
		T(series_of_attributes_is_laid_out_as_the_kernel_reads_it),
		T(requests_of_a_host_name_it),
		T(builders_remember_that_memory_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events: their fields and bounds; how a kernel attached to a loop delivers them and the ends of jobs. */
#include "config.h"
#include "base/mem.h"
#include "fake_kernel.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* What was called, as text. */
struct seen {
	char text[1024];
	struct loop *loop;
	unsigned wanted, n;
};

#define SEEN(arg, ...) \
	do { \
		struct seen *seen_ = (arg); \
		size_t len_ = strlen(seen_->text); \
		snprintf(seen_->text + len_, sizeof(seen_->text) - len_, __VA_ARGS__); \
		seen_->n++; \
	} while (0)

static void pdu(void *arg, uint32_t sid, uint32_t cid, const uint8_t *bhs, const uint8_t *data, size_t len)
{
	SEEN(arg, "pdu %u:%u %02x %zu %.*s;", sid, cid, bhs[0], len, (int)len, (const char *)data);
}

static void conn_error(void *arg, uint32_t sid, uint32_t cid, uint32_t error)
{
	SEEN(arg, "error %u:%u %u;", sid, cid, error);
}

static void login_state(void *arg, uint32_t sid, uint32_t cid, uint32_t s)
{
	SEEN(arg, "login %u:%u %u;", sid, cid, s);
}

static void created(void *arg, uint32_t sid, uint32_t host)
{
	SEEN(arg, "created %u on %u;", sid, host);
}

static void unbound(void *arg, uint32_t sid, uint32_t host)
{
	SEEN(arg, "unbound %u on %u;", sid, host);
}

static void destroyed(void *arg, uint32_t sid, uint32_t host)
{
	SEEN(arg, "destroyed %u on %u;", sid, host);
}

static void host_event(void *arg, uint32_t host, uint32_t code, const uint8_t *data, size_t len)
{
	(void)data;
	SEEN(arg, "host %u %u %zu;", host, code, len);
}

static void ping_done(void *arg, uint32_t host, uint32_t status, uint32_t id, const uint8_t *data, size_t len)
{
	(void)data;
	SEEN(arg, "ping %u %u %u %zu;", host, status, id, len);
}

static void path_req(void *arg, uint64_t handle, uint32_t host, const struct iscsi_path *path)
{
	SEEN(arg, "path %llu %u %u;", (unsigned long long)handle, host, path->ip_addr_len);
}

static void iface_down(void *arg, uint32_t host)
{
	SEEN(arg, "down %u;", host);
}

static void lost(void *arg)
{
	SEEN(arg, "lost;");
}

static const struct kernel_event_ops all = { pdu, conn_error, login_state, created, unbound, destroyed, host_event, ping_done,
	path_req, iface_down, lost, NULL };

/* A message of that event with r's four words and len bytes behind. In a block of its own size, so that
 * reading beyond it is seen. */
static uint8_t *make(uint32_t type, const uint32_t r[4], const void *data, size_t len, size_t *out)
{
	struct nlmsghdr head = { .nlmsg_len = (uint32_t)(ISCSI_MSG_HEAD + len) };
	struct iscsi_uevent ev = { .type = type, .transport_handle = 77 };
	uint8_t *bytes = x_zalloc(ISCSI_MSG_HEAD + len);

	memcpy(ev.r.bytes, r, 16);
	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + sizeof(head), &ev, sizeof(ev));
	if (len)
		memcpy(bytes + ISCSI_MSG_HEAD, data, len);
	*out = ISCSI_MSG_HEAD + len;
	return bytes;
}

static int decode(uint32_t type, const uint32_t r[4], const void *data, size_t len, char *text)
{
	static const struct kernel_event_ops none = { 0 };
	struct seen seen = { 0 };
	size_t n;
	uint8_t *bytes = make(type, r, data, len, &n);
	int rc = events_decode(bytes, n, &all, &seen);

	assert_int_equal(events_decode(bytes, n, &none, NULL), rc);
	x_free(bytes);
	strcpy(text, seen.text);
	return rc;
}

static void each_event_reaches_its_callback_with_its_fields(void **state)
{
	const struct {
		uint32_t type;
		const char *text;
	} rows[] = {
		{ 102, "error 1:2 3;" },
		{ 104, "destroyed 2 on 1;" },
		{ 105, "unbound 1 on 2;" },
		{ 106, "created 1 on 2;" },
		{ 108, "down 1;" },
		{ 109, "login 1:2 3;" },
		{ 103, "" },
		{ 110, "host 1 3 2;" },
		{ 111, "ping 1 2 3 4;" },
		{ 20, "" },
		{ 0, "" },
		{ 112, "" },
		{ UINT32_MAX, "" },
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(decode(rows[i].type, (uint32_t[4]){ 1, 2, 3, 4 }, "abcd", 4, text), 0);
		assert_string_equal(text, rows[i].text);
	}
}

static void pdu_length_is_its_own_not_the_messages(void **state)
{
	uint8_t data[48 + 8] = { 0x23, [7] = 5 };
	char text[1024];

	(void)state;
	memcpy(data + 48, "a=b12xxx", 8);
	assert_int_equal(decode(101, (uint32_t[4]){ 9, 1 }, data, sizeof(data), text), 0);
	assert_string_equal(text, "pdu 9:1 23 5 a=b12;");
}

static void pdu_longer_than_its_message_is_refused(void **state)
{
	uint8_t data[48 + 4] = { 0x23, [7] = 5 };
	char text[1024];

	(void)state;
	assert_int_equal(decode(101, (uint32_t[4]){ 9, 1 }, data, sizeof(data), text), -EBADMSG);
	assert_string_equal(text, "");
	assert_int_equal(decode(101, (uint32_t[4]){ 9, 1 }, data, 47, text), -EBADMSG);
	data[5] = 0xff;
	assert_int_equal(decode(101, (uint32_t[4]){ 9, 1 }, data, sizeof(data), text), -EBADMSG);
}

static void data_longer_than_the_message_is_refused(void **state)
{
	char text[1024];

	(void)state;
	assert_int_equal(decode(110, (uint32_t[4]){ 1, 5, 3, 4 }, "abcd", 4, text), -EBADMSG);
	assert_int_equal(decode(111, (uint32_t[4]){ 1, 2, 3, UINT32_MAX }, "abcd", 4, text), -EBADMSG);
	assert_string_equal(text, "");
}

static void path_request_has_a_whole_path_of_a_known_family(void **state)
{
	struct iscsi_path path = { .ip_addr_len = 16 };
	char text[1024];

	(void)state;
	assert_int_equal(decode(107, (uint32_t[4]){ 5 }, &path, sizeof(path), text), 0);
	assert_string_equal(text, "path 77 5 16;");
	assert_int_equal(decode(107, (uint32_t[4]){ 5 }, &path, sizeof(path) - 1, text), -EBADMSG);
	path.ip_addr_len = 64;
	assert_int_equal(decode(107, (uint32_t[4]){ 5 }, &path, sizeof(path), text), -EBADMSG);
}

static void answers_and_cut_messages_are_no_events(void **state)
{
	struct seen seen = { 0 };
	size_t n;
	uint8_t *bytes = make(102, (uint32_t[4]){ 1, 2, 3 }, NULL, 0, &n);
	const uint16_t type = 14;
	const uint32_t huge = 0x7fffffff, tiny = 16;

	(void)state;
	for (size_t cut = 1; cut < n; cut++)
		assert_int_equal(events_decode(bytes, cut, &all, &seen), -EBADMSG);
	memcpy(bytes, &huge, 4);
	assert_int_equal(events_decode(bytes, n, &all, &seen), -EBADMSG);
	memcpy(bytes, &tiny, 4);
	assert_int_equal(events_decode(bytes, n, &all, &seen), -EBADMSG);
	memcpy(bytes, &(uint32_t){ (uint32_t)n }, 4);
	memcpy(bytes + 4, &type, 2);
	assert_int_equal(events_decode(bytes, n, &all, &seen), 0);
	assert_string_equal(seen.text, "");
	x_free(bytes);
}

static void several_messages_in_one_datagram(void **state)
{
	struct seen seen = { 0 };
	uint8_t *bytes, *two, *three = x_zalloc(1000);
	size_t n, n2;

	(void)state;
	bytes = make(102, (uint32_t[4]){ 1, 2, 3 }, NULL, 0, &n);
	two = make(106, (uint32_t[4]){ 4, 5 }, NULL, 0, &n2);
	memcpy(three, bytes, n);
	memcpy(three + n, two, n2);
	assert_int_equal(events_decode(three, n + n2, &all, &seen), 0);
	assert_int_equal(events_decode(three, n + n2 - 1, &all, &seen), -EBADMSG);
	assert_string_equal(seen.text, "error 1:2 3;created 4 on 5;error 1:2 3;");
	x_free(bytes);
	x_free(two);
	x_free(three);
}

static void errors_have_names(void **state)
{
	(void)state;
	assert_string_equal(events_conn_error_text(1022),
		"the target did not answer a NOP-Out (ping) within node.conn[0].timeo.noop_out_timeout: check the network and "
		"the target");
	assert_string_equal(events_conn_error_text(5), "unknown error");
}

struct kernel_fixture {
	struct loop *loop;
	struct fake_kernel *fk;
	struct kernel *k;
	struct seen seen;
};

static int setup(void **state)
{
	struct kernel_fixture *w = x_new(struct kernel_fixture);

	assert_int_equal(loop_new(&w->loop), 0);
	w->fk = fake_kernel_new();
	assert_int_equal(kernel_new(&fake_kernel_ops, w->fk, &w->k), 0);
	assert_int_equal(kernel_attach(w->k, w->loop, &all, &w->seen, NULL), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct kernel_fixture *w = *state;

	kernel_free(w->k);
	assert_int_equal(fake_kernel_sockets(w->fk), 0);
	fake_kernel_free(w->fk);
	loop_free(w->loop);
	x_free(w);
	return 0;
}

static void run_until(struct kernel_fixture *w, unsigned n)
{
	for (int i = 0; i < 1000 && w->seen.n < n; i++)
		assert_true(loop_step(w->loop, 1000) >= 0);
	assert_int_equal(w->seen.n, n);
}

static void job_done(struct job *job, void *arg)
{
	struct kernel_fixture *w = arg;

	SEEN(&w->seen, "done %d sid %u;", job_result(job, NULL), job->sid);
	job_free(job);
}

static struct job *make_job(void)
{
	struct job *job = job_new();

	job_create_session(job, 1, 0, 0, 0, 0);
	job_create_conn(job, 0);
	return job;
}

static void jobs_are_done_in_their_order_and_bring_events(void **state)
{
	struct kernel_fixture *w = *state;

	assert_int_equal(kernel_submit(w->k, make_job(), job_done, w), 0);
	assert_int_equal(kernel_submit(w->k, make_job(), job_done, w), 0);
	assert_int_equal(kernel_pending(w->k), 2);
	run_until(w, 4);
	assert_int_equal(kernel_pending(w->k), 0);
	assert_non_null(strstr(w->seen.text, "created 1 on 101;"));
	assert_non_null(strstr(strstr(w->seen.text, "done 0 sid 1;"), "done 0 sid 2;"));
}

static void many_events_are_all_delivered(void **state)
{
	struct kernel_fixture *w = *state;
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_CONN_ERROR };

	for (int i = 0; i < 500; i++)
		fake_kernel_event(w->fk, 1, &ev, NULL, 0);
	run_until(w, 500);
}

/* More than one round's worth: the loop's other sources have their turn in between. */
static void storm_does_not_hold_the_loop(void **state)
{
	struct kernel_fixture *w = *state;
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_CONN_ERROR };

	for (int i = 0; i < 500; i++)
		fake_kernel_event(w->fk, 1, &ev, NULL, 0);
	assert_true(loop_step(w->loop, 1000) >= 0);
	assert_in_range(w->seen.n, 1, 100);
}

static void lost_events_are_told(void **state)
{
	struct kernel_fixture *w = *state;
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_CONN_ERROR };

	fake_kernel_event(w->fk, 1, &ev, NULL, 0);
	fake_kernel_lose(w->fk, true);
	run_until(w, 2);
	assert_string_equal(w->seen.text, "lost;error 0:0 0;");
}

static void cancelled_job_is_not_done(void **state)
{
	struct kernel_fixture *w = *state;
	struct job *one = make_job(), *two = make_job();

	assert_int_equal(kernel_submit(w->k, one, job_done, w), 0);
	assert_int_equal(kernel_submit(w->k, two, job_done, w), 0);
	kernel_cancel(w->k, two);
	kernel_cancel(w->k, one);
	assert_int_equal(kernel_submit(w->k, make_job(), job_done, w), 0);
	for (int i = 0; i < 1000 && !strstr(w->seen.text, "done"); i++)
		loop_step(w->loop, 1000);
	assert_int_equal(kernel_pending(w->k), 0);
	assert_null(strstr(strstr(w->seen.text, "done") + 1, "done"));
}

static void job_that_nobody_waits_for_is_run_and_freed(void **state)
{
	struct kernel_fixture *w = *state;

	assert_int_equal(kernel_submit(w->k, make_job(), NULL, NULL), 0);
	while (kernel_pending(w->k))
		loop_step(w->loop, 1000);
	assert_int_equal(fake_kernel_requests(w->fk), 2);
}

static void end_frees_what_waits(void **state)
{
	struct kernel_fixture *w = *state;

	for (int i = 0; i < 20; i++)
		assert_int_equal(kernel_submit(w->k, make_job(), job_done, w), 0);
	/* teardown: no done(), no leak */
}

static void job_that_failed_to_build_stays_its_owners(void **state)
{
	struct kernel_fixture *w = *state;
	struct job *job = job_new();

	job_raw(job, ISCSI_UEVENT_GET_CHAP, &(union iscsi_uevent_u){ .get_chap.num_entries = 1000 }, NULL, 0);
	assert_int_equal(kernel_submit(w->k, job, job_done, w), -E2BIG);
	job_free(job);
}

static void attaching_needs_the_privilege_to_listen(void **state)
{
	struct kernel_fixture *w = *state;
	struct kernel *k;
	struct err err = ERR_INIT;
	struct job *job = make_job();

	assert_int_equal(kernel_new(&fake_kernel_ops, w->fk, &k), 0);
	assert_int_equal(kernel_submit(k, job, job_done, w), -ENOTCONN);
	job_free(job);
	fake_kernel_refuse_join(w->fk, EPERM);
	assert_int_equal(kernel_attach(k, w->loop, &all, NULL, &err), -EPERM);
	assert_int_equal(err.code, MISCSI_ERR_ACCESS);
	fake_kernel_refuse_join(w->fk, 0);
	fake_kernel_refuse_open(w->fk, EPROTONOSUPPORT);
	assert_int_equal(kernel_attach(k, w->loop, &all, NULL, &err), -EPROTONOSUPPORT);
	assert_int_equal(err.code, MISCSI_ERR_TRANS_NOT_FOUND);
	fake_kernel_refuse_open(w->fk, 0);
	assert_int_equal(kernel_attach(k, w->loop, &all, NULL, &err), 0);
	kernel_free(k);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_reaches_its_callback_with_its_fields),
		cmocka_unit_test(pdu_length_is_its_own_not_the_messages),
		cmocka_unit_test(pdu_longer_than_its_message_is_refused),
		cmocka_unit_test(data_longer_than_the_message_is_refused),
		cmocka_unit_test(path_request_has_a_whole_path_of_a_known_family),
		cmocka_unit_test(answers_and_cut_messages_are_no_events),
		cmocka_unit_test(several_messages_in_one_datagram),
		cmocka_unit_test(errors_have_names),
		T(jobs_are_done_in_their_order_and_bring_events),
		T(many_events_are_all_delivered),
		T(storm_does_not_hold_the_loop),
		T(lost_events_are_told),
		T(cancelled_job_is_not_done),
		T(job_that_nobody_waits_for_is_run_and_freed),
		T(end_frees_what_waits),
		T(job_that_failed_to_build_stays_its_owners),
		T(attaching_needs_the_privilege_to_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

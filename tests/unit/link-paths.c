/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Path requests of drivers, as the engine answers them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "session-fixture.h"
#include "session/manager_private.h"
#include <dirent.h>
#include <errno.h>
#include <string.h>

#define SECONDS 1000

/* The request's payload of the last PATH_UPDATE. */
static struct iscsi_path answered_path(struct session_fixture *w)
{
	struct iscsi_path path = { .handle = 0 };

	for (unsigned i = 0; i < fake_kernel_requests(w->fk); i++) {
		struct iscsi_uevent ev;
		char *payload = NULL;
		size_t len;

		fake_kernel_request(w->fk, i, &ev, &payload, &len);
		if (ev.type == ISCSI_UEVENT_PATH_UPDATE && len >= sizeof(path))
			memcpy(&path, payload, sizeof(path));
		x_free(payload);
	}
	return path;
}

/* A driver that asks is answered, also when there is no path: with no MAC, so that its connect fails at once. */
static void a_path_request_is_always_answered(void **state)
{
	static const uint8_t nobody[6];
	struct session_fixture *w = *state;
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_PATH_REQ };
	struct iscsi_path asked = { .handle = 0x1234567890, .ip_addr_len = 4 }, got;
	const uint32_t host = 3;

	fake_sys_transport(&w->sys, "qedi");
	fake_sys_write(&w->sys, "qedi\n", "class/scsi_host/host3/proc_name");
	inet_pton(AF_INET, "127.0.0.9", asked.dst); /* to ourselves: no way out for an adapter */
	memcpy(ev.r.bytes, &host, sizeof(host));
	fake_kernel_event(w->fk, 2, &ev, &asked, sizeof(asked));
	for (int i = 0; i < 50 && !fixture_count(w, ISCSI_UEVENT_PATH_UPDATE); i++) /* the worker is another thread */
		fixture_run(w, 2 * SECONDS);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_PATH_UPDATE), 1);
	got = answered_path(w);
	assert_true(got.handle == asked.handle);
	assert_memory_equal(got.dst, asked.dst, 4);
	assert_memory_equal(got.mac_addr, nobody, 6);

	/* a host of nobody's, a request that is cut: no harm, no answer */
	memcpy(ev.r.bytes, (const uint32_t[]){ 77 }, sizeof(host));
	fake_kernel_event(w->fk, 2, &ev, &asked, sizeof(asked));
	memcpy(ev.r.bytes, &host, sizeof(host));
	fake_kernel_event(w->fk, 2, &ev, &asked, 60);
	fixture_run(w, 2 * SECONDS);
	assert_int_equal(fixture_count(w, ISCSI_UEVENT_PATH_UPDATE), 1);
}

/* With as many under way as are looked for at once, one more is refused, and told so: its driver waits. */
static void one_path_request_too_many_is_answered(void **state)
{
	struct session_fixture *w = *state;
	struct iscsi_uevent ev = { .type = ISCSI_KEVENT_PATH_REQ };
	struct iscsi_path asked = { .handle = 0x42, .ip_addr_len = 4 }, got;
	struct list under_way[PATHS_MAX];
	const uint32_t host = 3;

	fake_sys_transport(&w->sys, "qedi");
	fake_sys_write(&w->sys, "qedi\n", "class/scsi_host/host3/proc_name");
	inet_pton(AF_INET, "127.0.0.9", asked.dst);
	memcpy(ev.r.bytes, &host, sizeof(host));
	for (unsigned n = 1; n <= 2; n++) {
		fake_kernel_event(w->fk, 2, &ev, &asked, sizeof(asked));
		for (int i = 0; i < 50 && fixture_count(w, ISCSI_UEVENT_PATH_UPDATE) < n; i++)
			fixture_run(w, 2 * SECONDS);
		assert_int_equal(fixture_count(w, ISCSI_UEVENT_PATH_UPDATE), n);
		got = answered_path(w);
		assert_true(got.handle == asked.handle++);
		for (unsigned i = 0; n == 1 && i < PATHS_MAX; i++)
			list_append(&w->m->paths.requests, &under_way[i]);
	}
	for (unsigned i = 0; i < PATHS_MAX; i++)
		list_remove(&under_way[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_path_request_is_always_answered, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(one_path_request_too_many_is_answered, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

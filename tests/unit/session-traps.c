/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traps of the kernel's interface (doc/TRAPS.md) that the engine can fall into. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "session-fixture.h"
#include "session/manager_private.h"
#include <string.h>

#define SECONDS 1000

/* The nth request of that number, from 0, with its first bytes of payload. */
static struct iscsi_uevent sent(struct session_fixture *w, uint32_t number, unsigned nth, uint8_t bhs[ISCSI_BHS_LEN])
{
	struct iscsi_uevent ev = { 0 };

	for (unsigned i = 0; i < fake_kernel_requests(w->fk); i++) {
		char *payload;
		size_t len;

		fake_kernel_request(w->fk, i, &ev, &payload, &len);
		if (bhs && len >= ISCSI_BHS_LEN)
			memcpy(bhs, payload, ISCSI_BHS_LEN);
		x_free(payload);
		if (ev.type == number && nth-- == 0)
			return ev;
	}
	fail_msg("request %u was not sent", number);
	return ev;
}

static uint64_t u64(const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

/* A socket of ours for one, an endpoint of the kernel's for the others; iser is of both kinds: endpoints, and hosts of its own. */
static void trap_01_two_connect_models(void **state)
{
	static const struct {
		const char *transport;
		bool endpoint;
	} rows[] = { { "tcp", false }, { "iser", true }, { "cxgb4i", true } };
	struct session_fixture *w = *state;
	unsigned endpoints = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct record *node = fixture_node(w);
		struct asked a;
		uint64_t bound;

		fake_sys_transport(&w->sys, rows[i].transport);
		assert_int_equal(record_set(node, FIELD_IFACE_TRANSPORT, rows[i].transport, NULL), 0);
		fixture_login(w, node, &a);
		fixture_until(w, &a.done, 1, 50, 10 * SECONDS);
		record_free(node);
		assert_int_equal(a.result.err.code, 0);
		bound = u64(sent(w, ISCSI_UEVENT_BIND_CONN, i, NULL).u.bytes + 8);
		assert_int_equal(fixture_count(w, ISCSI_UEVENT_CREATE_SESSION), 1);
		assert_int_equal(fixture_count(w, ISCSI_UEVENT_EP_CONNECT), endpoints + rows[i].endpoint);
		if (rows[i].endpoint) {
			assert_int_equal(bound, ++endpoints); /* the made-up kernel counts its endpoints up */
			assert_int_equal(u64(sent(w, ISCSI_UEVENT_CREATE_BOUND_SESSION, endpoints - 1, NULL).u.bytes), bound);
		}
		fixture_logout(w, a.result.sid, &a);
		fixture_until(w, &a.done, 1, 250, 60 * SECONDS);
		fixture_run(w, 1 * SECONDS);
		assert_int_equal(fixture_count(w, ISCSI_UEVENT_EP_DISCONNECT), endpoints);
	}
}

/* The adapter's own session is not taken over, not recovered and not ended, before a restart of the daemon and after. */
static void trap_03_sessions_of_the_driver(void **state)
{
	struct session_fixture *w = *state;
	struct fake_session own = {
		.sid = 9, .host = 1, .target = TARGET, .proc_name = "qla4xxx", .state = "FAILED", .conn_state = "failed"
	};

	fake_sys_transport(&w->sys, "qla4xxx");
	fake_sys_session(&w->sys, &own);
	fake_sys_write(&w->sys, "-1\n", "class/iscsi_session/session9/creator");
	assert_int_equal(fixture_adopt(w), 0);
	assert_int_equal(w->m->adopter->one(w->m->adopter, 9, NULL), 0);
	fixture_event(w, ISCSI_KEVENT_CREATE_SESSION, 9, 1, 0);
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, 9, 0, ISCSI_ERR_CONN_FAILED);
	fixture_event(w, ISCSI_KEVENT_CONN_LOGIN_STATE, 9, 0, ISCSI_CONN_STATE_LOGGED_IN);
	fixture_event(w, ISCSI_KEVENT_DESTROY_SESSION, 1, 9, 0);
	fake_kernel_lose(w->fk, true);
	fixture_event(w, ISCSI_KEVENT_CONN_ERROR, 77, 0, 0);
	fixture_run(w, 60 * SECONDS);
	assert_int_equal(manager_count(w->m), 0);
	assert_int_equal(fake_kernel_requests(w->fk), 0);
	/* one that user space made on the same adapter is looked after */
	fake_sys_write(&w->sys, "4242\n", "class/iscsi_session/session9/creator");
	assert_int_equal(fixture_adopt(w), 1);
}

/* The session that a target must find again after the daemon was killed: by its file, or from its names. */
static void trap_17_isid_is_not_in_the_kernel(void **state)
{
	static const uint8_t kept[ISID_LEN] = { 0x80, 1, 2, 3, 4, 5 };
	struct session_fixture *w = *state;
	static const struct fake_lun one_disk[] = { { 0, "sda" }, { FAKE_LUN_END, NULL } };
	struct fake_session left = { .target = TARGET,
		.address = "127.0.0.1",
		.proc_name = "iscsi_tcp",
		.state = "FAILED",
		.conn_state = "failed",
		.luns = one_disk };
	char port[8], path[128];

	snprintf(port, sizeof(port), "%u", w->port);
	left.port = port;
	for (uint32_t sid = 8; sid < 10; sid++) {
		const struct isid_source names = { "iqn.2026-11.com.example:initiator", "default", "127.0.0.1", w->port };
		uint8_t bhs[ISCSI_BHS_LEN] = { 0 }, computed[ISID_LEN];

		left.sid = sid;
		left.host = sid + 100;
		fake_sys_session(&w->sys, &left);
		snprintf(path, sizeof(path), "%s/session%u", w->dir, sid);
		if (sid == 9) {
			FILE *f = fopen(path, "w");

			assert_non_null(f);
			fprintf(f,
				"# session.isid = 800102030405\nnode.name = " TARGET "\nnode.conn[0].address = 127.0.0.1\n"
				"node.conn[0].port = %s\niface.iscsi_ifacename = default\n",
				port);
			fclose(f);
		}
		assert_int_equal(w->m->adopter->one(w->m->adopter, sid, NULL), 1);
		fixture_until(w, &manager_find(w->m, sid)->reconnects, 1, 250, 20 * SECONDS);
		sent(w, ISCSI_UEVENT_SEND_PDU, w->logins - 1, bhs);
		isid_of(&names, 0, computed);
		assert_memory_equal(bhs + 8, sid == 9 ? kept : computed, ISID_LEN);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(trap_01_two_connect_models),
		T(trap_03_sessions_of_the_driver),
		T(trap_17_isid_is_not_in_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

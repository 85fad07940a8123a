/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read of sessions, on a made-up /sys. */
#include "config.h"
#include "fake_sys.h"
#include "object/session_info.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static const struct fake_lun one_lun[] = { { 0, "sda" }, { FAKE_LUN_END, NULL } };

static const char *map_tcp(void *arg, const char *proc_name)
{
	(void)arg;
	return strcmp(proc_name, "iscsi_tcp") ? NULL : "tcp";
}

static const struct ktransport_map map = { .transport = map_tcp };

static int setup(void **state)
{
	struct fake_sys *s = x_new(struct fake_sys);

	fake_sys_new(s);
	fake_sys_transport(s, "tcp");
	fake_sys_session(s, &(struct fake_session){ .sid = 1, .host = 2, .luns = one_lun });
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	fake_sys_free(*state);
	x_free(*state);
	return 0;
}

static void everything_of_a_session_is_read(void **state)
{
	struct fake_sys *s = *state;
	cleanup(session_info_clear) struct session_info i = { 0 };

	assert_int_equal(session_info_read(&s->sysfs, &map, 1, SESSION_INFO_ALL, &i, NULL), 0);
	assert_true(i.sid == 1 && i.host_no == 2 && i.cid == 0 && i.has_conn);
	assert_string_equal(i.transport, "tcp");
	assert_string_equal(i.target, "iqn.2026-11.com.example:disk1");
	assert_true(i.tpgt == 1 && i.creator == 4242);
	assert_string_equal(i.persistent_address, "192.0.2.10");
	assert_string_equal(i.address, "192.0.2.10");
	assert_true(i.persistent_port == 3260 && i.port == 3260);
	assert_string_equal(i.iface, "default");
	assert_string_equal(i.initiator, "iqn.2026-11.com.example:initiator");
	assert_string_equal(i.ipaddress, "192.0.2.1");
	assert_string_equal(i.hwaddress, "");
	assert_string_equal(i.netdev, "");
	assert_string_equal(i.state, "LOGGED_IN");
	assert_string_equal(i.conn_state, "up");
	assert_string_equal(i.target_state, "SCANNED");
	assert_true(i.recovery_tmo == 120 && i.tgt_reset_tmo == 30 && i.lu_reset_tmo == 30 && i.abort_tmo == 15);
	assert_true(i.ping_tmo == 5 && i.recv_tmo == 6 && i.exp_statsn == 42 && i.target_id == 0);
	assert_null(i.username.bytes);
	assert_null(i.password.bytes);
	assert_true(i.header_digest == 0 && i.data_digest == 0 && i.max_recv == 262144 && i.max_xmit == 8192);
	assert_true(i.first_burst == 262144 && i.max_burst == 16776192 && i.immediate_data == 1 && i.initial_r2t == 0);
	assert_true(i.max_r2t == 1 && i.erl == 0);
	assert_string_equal(i.host_state, "running");
	assert_true(i.devices.n == 1 && i.devices.dev[0].lun == 0);
	assert_string_equal(i.devices.dev[0].block, "sda");
	assert_string_equal(i.devices.dev[0].state, "running");
}

static void only_what_is_asked_for_is_read(void **state)
{
	struct fake_sys *s = *state;
	cleanup(session_info_clear) struct session_info i = { 0 };

	assert_int_equal(session_info_read(&s->sysfs, &map, 1, 0, &i, NULL), 0);
	assert_string_equal(i.target, "iqn.2026-11.com.example:disk1");
	assert_string_equal(i.state, "");
	assert_string_equal(i.address, "");
	assert_int_equal(session_info_more(&s->sysfs, SESSION_INFO_STATE | SESSION_INFO_DEVICES, &i, NULL), 0);
	assert_string_equal(i.state, "LOGGED_IN");
	assert_int_equal(i.devices.n, 1);
	assert_int_equal(session_info_more(&s->sysfs, SESSION_INFO_DEVICES, &i, NULL), 0);
	assert_string_equal(i.address, "");
}

static void secrets_are_read_when_asked_for(void **state)
{
	struct fake_sys *s = *state;
	cleanup(session_info_clear) struct session_info i = { 0 };

	fake_sys_session(s, &(struct fake_session){ .sid = 3, .host = 5, .username = "user one", .password = "secret" });
	assert_int_equal(session_info_read(&s->sysfs, &map, 3, SESSION_INFO_CHAP, &i, NULL), 0);
	assert_int_equal(i.username.len, 8);
	assert_memory_equal(i.username.bytes, "user one", 8);
	assert_memory_equal(i.password.bytes, "secret", 6);
	assert_null(i.password_in.bytes);
}

static void values_that_are_not_shown_are_told(void **state)
{
	struct fake_sys *s = *state;
	const char *dir = "devices/platform/host2/session1/iscsi_session/session1";
	cleanup(session_info_clear) struct session_info i = { 0 };

	fake_sys_write(s, "off\n", "%s/recovery_tmo", dir);
	fake_sys_remove(s, "%s/tgt_reset_tmo", dir);
	fake_sys_write(s, "junk\n", "%s/abort_tmo", dir);
	fake_sys_remove(s, "%s/initiatorname", dir);
	assert_int_equal(session_info_read(&s->sysfs, NULL, 1, SESSION_INFO_ALL, &i, NULL), 0);
	assert_true(i.recovery_tmo == SESSION_INFO_OFF && i.tgt_reset_tmo == -1 && i.abort_tmo == -1);
	assert_string_equal(i.transport, "");
	assert_string_equal(i.initiator, "iqn.2026-11.com.example:initiator"); /* the host's */
}

static void session_without_connection_is_still_a_session(void **state)
{
	struct fake_sys *s = *state;
	cleanup(session_info_clear) struct session_info i = { 0 };

	fake_sys_remove(s, "class/iscsi_connection/connection1:0");
	fake_sys_remove(s, "devices/platform/host2/session1/connection1:0");
	assert_int_equal(session_info_read(&s->sysfs, &map, 1, SESSION_INFO_ALL, &i, NULL), 0);
	assert_false(i.has_conn);
	assert_string_equal(i.persistent_address, "");
	assert_true(i.persistent_port == -1 && i.port == -1 && i.max_recv == -1);
}

static void connection_of_another_number_is_found(void **state)
{
	struct fake_sys *s = *state;
	cleanup(session_info_clear) struct session_info i = { 0 };

	fake_sys_remove(s, "class/iscsi_connection/connection1:0");
	fake_sys_remove(s, "devices/platform/host2/session1/connection1:0");
	fake_sys_write(s, "192.0.2.77\n", "devices/platform/host2/session1/connection1:3/iscsi_connection/connection1:3/address");
	fake_sys_link(s, "../../devices/platform/host2/session1/connection1:3/iscsi_connection/connection1:3",
		"class/iscsi_connection/connection1:3");
	assert_int_equal(session_info_read(&s->sysfs, &map, 1, SESSION_INFO_PORTAL, &i, NULL), 0);
	assert_true(i.has_conn && i.cid == 3);
	assert_string_equal(i.address, "192.0.2.77");
}

static void missing_session_is_a_lookup_failure(void **state)
{
	struct fake_sys *s = *state;
	cleanup(session_info_clear) struct session_info i = { 0 };
	struct err err = ERR_INIT;

	assert_int_equal(session_info_read(&s->sysfs, &map, 99, 0, &i, &err), -ENOENT);
	assert_int_equal(err.code, MISCSI_ERR_SYSFS_LOOKUP);
	assert_non_null(strstr(err.text, "99"));
}

static void sessions_are_listed_in_either_order(void **state)
{
	struct fake_sys *s = *state;
	struct session_info_list l;

	fake_sys_session(s, &(struct fake_session){ .sid = 2, .host = 3 });
	fake_sys_session(s, &(struct fake_session){ .sid = 12, .host = 13, .state = "FREE" });
	assert_int_equal(session_info_list(&s->sysfs, &map, SYSFS_BY_NAME, 0, &l, NULL), 0);
	assert_true(l.n == 3 && l.info[0].sid == 1 && l.info[1].sid == 12 && l.info[2].sid == 2);
	session_info_list_free(&l);
	assert_int_equal(session_info_list(&s->sysfs, &map, SYSFS_BY_NUMBER, SESSION_INFO_ALL, &l, NULL), 0);
	assert_true(l.n == 3 && l.info[1].sid == 2 && l.info[2].sid == 12);
	assert_string_equal(l.info[2].state, "FREE");
	session_info_list_free(&l);
}

static void session_that_goes_away_is_left_out(void **state)
{
	struct fake_sys *s = *state;
	struct session_info_list l;

	fake_sys_session(s, &(struct fake_session){ .sid = 2, .host = 3 });
	fake_sys_remove(s, "devices/platform/host2");
	assert_int_equal(session_info_list(&s->sysfs, &map, SYSFS_BY_NAME, SESSION_INFO_ALL, &l, NULL), 0);
	assert_true(l.n == 1 && l.info[0].sid == 2);
	session_info_list_free(&l);
	fake_sys_remove(s, "class/iscsi_session");
	assert_int_equal(session_info_list(&s->sysfs, &map, SYSFS_BY_NAME, 0, &l, NULL), 0);
	assert_int_equal(l.n, 0);
	session_info_list_free(&l);
}

static void list_survives_any_allocation_failing(void **state)
{
	struct fake_sys *s = *state;
	struct session_info_list l;
	unsigned long n = 0;
	int rc;

	fake_sys_session(s, &(struct fake_session){ .sid = 2, .host = 3, .username = "u", .luns = one_lun });
	do {
		x_fail_at(++n);
		rc = session_info_list(&s->sysfs, &map, SYSFS_BY_NAME, SESSION_INFO_ALL, &l, NULL);
		x_fail_at(0);
		session_info_list_free(&l);
		assert_true(n < 1000);
	} while (rc);
	assert_true(n > 5);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(everything_of_a_session_is_read),
		T(only_what_is_asked_for_is_read),
		T(secrets_are_read_when_asked_for),
		T(values_that_are_not_shown_are_told),
		T(session_without_connection_is_still_a_session),
		T(connection_of_another_number_is_found),
		T(missing_session_is_a_lookup_failure),
		T(sessions_are_listed_in_either_order),
		T(session_that_goes_away_is_left_out),
		T(list_survives_any_allocation_failing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What boot firmware says, on a made-up /sys: which file goes where, and what is not believed. */
#include "fake_sys.h"
#include "object/firmware.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define IQN "iqn.2026-11.example:boot"

static void target(struct fake_sys *s, const char *dir, const char *name, const char *address)
{
	fake_sys_write(s, name, "firmware/%s/target-name", dir);
	fake_sys_write(s, address, "firmware/%s/ip-addr", dir);
}

/* An adapter: host7 of a driver called card. */
static void adapter(struct fake_sys *s)
{
	fake_sys_transport(s, "card");
	fake_sys_write(s, "card\n", "class/scsi_host/host7/proc_name");
	fake_sys_write(s, "00:00:5e:00:53:01\n", "firmware/iscsi_boot7/ethernet0/mac");
	target(s, "iscsi_boot7/target0", IQN "\n", "10.0.0.7\n");
}

static void read_firmware(struct fake_sys *s, struct firmware_list *l)
{
	struct err err = ERR_INIT;

	if (firmware_read(&s->sysfs, NULL, l, &err) < 0)
		fail_msg("%s", err.text);
}

static void nothing_is_no_failure(void **state)
{
	cleanup(firmware_list_free) struct firmware_list l = { 0 };

	read_firmware(*state, &l);
	assert_int_equal(l.n, 0);
}

static void the_machine_comes_before_its_adapters(void **state)
{
	cleanup(firmware_list_free) struct firmware_list l = { 0 };
	struct fake_sys *s = *state;

	adapter(s);
	target(s, "ibft/target1", IQN "-1\n", "10.0.0.2\n");
	target(s, "ibft/target0", IQN "-0\n", "10.0.0.1\n");
	target(s, "iscsi_boot10/target0", IQN "-10\n", "10.0.0.10\n");
	read_firmware(s, &l);
	assert_int_equal(l.n, 4);
	assert_string_equal(l.at[0].values[FIRMWARE_TARGET], IQN "-0");
	assert_int_equal(l.at[1].host_no, FIRMWARE_OWN);
	assert_int_equal(l.at[2].host_no, 7);
	assert_int_equal(l.at[3].host_no, 10);
	assert_string_equal(l.at[2].values[FIRMWARE_TRANSPORT], "card");
	assert_null(l.at[0].values[FIRMWARE_TRANSPORT]);
	assert_string_equal(l.at[2].values[FIRMWARE_PREFIX_LEN], "-1");
	assert_string_equal(l.at[2].values[FIRMWARE_PORT], "3260");
	assert_string_equal(l.at[2].values[FIRMWARE_BOOTPROTO], "STATIC");
}

/* Each target's own card, and the network device of that. */
static void the_card_is_the_targets(void **state)
{
	cleanup(firmware_list_free) struct firmware_list l = { 0 };
	struct fake_sys *s = *state;

	for (unsigned i = 0; i < 2; i++) {
		char name[64], dir[32];

		snprintf(name, sizeof(name), IQN "-%u\n", i);
		snprintf(dir, sizeof(dir), "ibft/target%u", i);
		target(s, dir, name, "fd00:0000:0000:0000:0000:0000:0000:0001\n");
		fake_sys_write(s, i ? "1\n" : "0\n", "firmware/ibft/target%u/nic-assoc", i);
		fake_sys_write(s, i ? "02:00:00:00:00:02\n" : "02:00:00:00:00:01\n", "firmware/ibft/ethernet%u/mac", i);
		fake_sys_write(s, i ? "3\n" : "1\n", "firmware/ibft/ethernet%u/origin", i);
	}
	fake_sys_write(s, "", "firmware/ibft/ethernet0/device/net/eth7/flags");
	fake_sys_write(s, "02:00:00:00:00:02\n", "class/net/bond0/address"); /* of the same address, but no card */
	fake_sys_write(s, "02:00:00:00:00:02\n", "class/net/eth9/address");
	fake_sys_write(s, "", "class/net/eth9/device/vendor");
	read_firmware(s, &l);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.at[0].values[FIRMWARE_NETDEV], "eth7");
	assert_string_equal(l.at[1].values[FIRMWARE_NETDEV], "eth9");
	assert_string_equal(l.at[0].values[FIRMWARE_BOOTPROTO], "STATIC");
	assert_string_equal(l.at[1].values[FIRMWARE_BOOTPROTO], "DHCP");
}

static void what_is_no_target_is_left_out(void **state)
{
	static const struct {
		const char *name, *address;
	} bad[] = {
		{ "", "10.0.0.1\n" },
		{ "\n", "10.0.0.1\n" },
		{ "../../etc\n", "10.0.0.1\n" },
		{ "iqn.2026-11.example:a\nb\n", "10.0.0.1\n" },
		{ IQN "\n", "" },
		{ IQN "\n", "0.0.0.0\n" },
		{ IQN "\n", "10.0.0\n" },
		{ IQN "\n", "\x01" },
		{ IQN "\n", "a.host.name\n" },
		{ IQN "\n", "0000:0000:0000:0000:0000:0000:0000:0000\n" },
	};
	cleanup(firmware_list_free) struct firmware_list l = { 0 };
	struct fake_sys *s = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		char dir[32];

		snprintf(dir, sizeof(dir), "ibft/target%u", i);
		target(s, dir, bad[i].name, bad[i].address);
	}
	target(s, "ibft/targetless", IQN "\n", "10.0.0.1\n");
	target(s, "iscsi_boot/target0", IQN "\n", "10.0.0.1\n");
	read_firmware(s, &l);
	assert_int_equal(l.n, 0);
}

static void bad_values_are_none(void **state)
{
	cleanup(firmware_list_free) struct firmware_list l = { 0 };
	struct fake_sys *s = *state;

	adapter(s);
	fake_sys_write(s, "70000\n", "firmware/iscsi_boot7/target0/port");
	fake_sys_write(s, "-7\n", "firmware/iscsi_boot7/target0/nic-assoc");
	fake_sys_write(s, "\n", "firmware/iscsi_boot7/target0/chap-name");
	fake_sys_write(s, "4096\n", "firmware/iscsi_boot7/ethernet0/vlan");
	fake_sys_write(s, "10.66.0.\n", "firmware/iscsi_boot7/ethernet0/gateway");
	read_firmware(s, &l);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.at[0].values[FIRMWARE_PORT], "3260");
	assert_string_equal(l.at[0].values[FIRMWARE_HWADDRESS], "00:00:5e:00:53:01");
	assert_null(l.at[0].values[FIRMWARE_USERNAME]);
	assert_null(l.at[0].values[FIRMWARE_VLAN_ID]);
	assert_null(l.at[0].values[FIRMWARE_GATEWAY]);
}

/* A login by a record finds the secrets of its target, however the firmware writes the port. */
static void a_port_is_a_number(void **state)
{
	cleanup(firmware_list_free) struct firmware_list l = { 0 };
	cleanup(record_freep) struct record *node = record_new(RECORD_NODE);
	struct fake_sys *s = *state;

	adapter(s);
	fake_sys_write(s, "03261\n", "firmware/iscsi_boot7/target0/port");
	read_firmware(s, &l);
	assert_int_equal(l.n, 1);
	assert_int_equal(firmware_to_node(&l.at[0], node, NULL), 0);
	assert_int_equal(record_int(node, FIELD_CONN_PORT), 3261);
	assert_ptr_equal(firmware_of_node(&l, node), &l.at[0]);
}

static void credentials_go_where_they_are_asked_for(void **state)
{
	static const struct {
		const char *type, *secret, *secret_in;
		int64_t method;
		bool mutual;
	} cases[] = {
		{ NULL, "secretsecret\n", "", RECORD_AUTH_CHAP, false },
		{ NULL, "secretsecret\n", "backbackback\n", RECORD_AUTH_CHAP, true },
		{ "1\n", "secretsecret\n", "backbackback\n", RECORD_AUTH_CHAP, false },
		{ "0\n", "secretsecret\n", "backbackback\n", RECORD_AUTH_NONE, false },
		{ "2\n", "\n", "backbackback\n", RECORD_AUTH_NONE, false },
	};
	struct fake_sys *s = *state;

	adapter(s);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup(firmware_list_free) struct firmware_list l = { 0 };
		cleanup(record_freep) struct record *node = record_new(RECORD_NODE);

		if (cases[i].type)
			fake_sys_write(s, cases[i].type, "firmware/iscsi_boot7/target0/chap-type");
		fake_sys_write(s, "user\n", "firmware/iscsi_boot7/target0/chap-name");
		fake_sys_write(s, "them\n", "firmware/iscsi_boot7/target0/rev-chap-name");
		fake_sys_write(s, cases[i].secret, "firmware/iscsi_boot7/target0/chap-secret");
		fake_sys_write(s, cases[i].secret_in, "firmware/iscsi_boot7/target0/rev-chap-name-secret");
		read_firmware(s, &l);
		assert_int_equal(l.n, 1);
		assert_int_equal(firmware_to_node(&l.at[0], node, NULL), 0);
		assert_int_equal(firmware_credentials(&l.at[0], node, NULL), 0);
		assert_int_equal(record_int(node, FIELD_SESSION_AUTHMETHOD), cases[i].method);
		assert_int_equal(record_secret(node, FIELD_SESSION_PASSWORD)->len, cases[i].method == RECORD_AUTH_CHAP ? 12 : 0);
		assert_int_equal(record_secret(node, FIELD_SESSION_PASSWORD_IN)->len, cases[i].mutual ? 12 : 0);
		assert_string_equal(record_str(node, FIELD_CONN_ADDRESS), "10.0.0.7");
		assert_ptr_equal(firmware_of_node(&l, node), &l.at[0]);
		assert_int_equal(record_set(node, FIELD_CONN_PORT, "3261", NULL), 0);
		assert_null(firmware_of_node(&l, node));
	}
}

/* Both ports of a card boot from one portal, each as somebody else: neither node gets the other's secret. */
static void each_adapter_has_its_own_credentials(void **state)
{
	cleanup(firmware_list_free) struct firmware_list l = { 0 };
	struct fake_sys *s = *state;

	adapter(s);
	target(s, "iscsi_boot8/target0", IQN "\n", "10.0.0.7\n");
	for (unsigned host = 7; host < 9; host++) {
		fake_sys_write(s, host == 7 ? "iqn.2026-11.example:seven\n" : "iqn.2026-11.example:eight\n",
			"firmware/iscsi_boot%u/initiator/initiator-name", host);
		fake_sys_write(s, host == 7 ? "seven\n" : "eight\n", "firmware/iscsi_boot%u/target0/chap-name", host);
		fake_sys_write(s, "secretsecret\n", "firmware/iscsi_boot%u/target0/chap-secret", host);
	}
	read_firmware(s, &l);
	assert_int_equal(l.n, 2);
	for (unsigned i = 0; i < 2; i++) {
		cleanup(record_freep) struct record *node = record_new(RECORD_NODE);

		assert_int_equal(firmware_to_node(&l.at[i], node, NULL), 0);
		assert_ptr_equal(firmware_of_node(&l, node), &l.at[i]);
		record_unset(node, FIELD_IFACE_INITIATORNAME);
		assert_ptr_equal(firmware_of_node(&l, node), &l.at[0]);
		assert_int_equal(record_set(node, FIELD_SESSION_USERNAME, i ? "eight" : "seven", NULL), 0);
		assert_ptr_equal(firmware_of_node(&l, node), &l.at[i]);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_sys_setup, fake_sys_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_is_no_failure),
		T(the_machine_comes_before_its_adapters),
		T(the_card_is_the_targets),
		T(what_is_no_target_is_left_out),
		T(bad_values_are_none),
		T(a_port_is_a_number),
		T(credentials_go_where_they_are_asked_for),
		T(each_adapter_has_its_own_credentials),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

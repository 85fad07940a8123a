/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts and the interfaces of adapters, on a made-up /sys that is not always as drivers make it. */
#include "config.h"
#include "fake_sys.h"
#include "object/host.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const char *map_card(void *arg, const char *proc_name)
{
	(void)arg;
	return strcmp(proc_name, "card_driver") ? NULL : "card";
}

static const struct ktransport_map map = { .transport = map_card };

static void host(struct fake_sys *s, unsigned n, const char *proc_name)
{
	fake_sys_write(s, proc_name, "class/scsi_host/host%u/proc_name", n);
	fake_sys_write(s, "running\n", "class/scsi_host/host%u/state", n);
	fake_sys_write(s, "00:11:22:33:44:AA\n", "class/iscsi_host/host%u/hwaddress", n);
	fake_sys_write(s, "192.0.2.1\n", "class/iscsi_host/host%u/ipaddress", n);
	fake_sys_write(s, "(null)\n", "class/iscsi_host/host%u/netdev", n);
	fake_sys_write(s, "iqn.2026-11.com.example:i\n", "class/iscsi_host/host%u/initiatorname", n);
}

static int setup(void **state)
{
	struct fake_sys *s = x_new(struct fake_sys);

	fake_sys_new(s);
	host(s, 3, "card_driver\n");
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	fake_sys_free(*state);
	x_free(*state);
	return 0;
}

static void everything_of_a_host_is_read(void **state)
{
	struct fake_sys *s = *state;
	cleanup(host_list_free) struct host_list l = { 0 };

	fake_sys_write(s, "Up\n", "class/iscsi_host/host3/port_state");
	fake_sys_write(s, "10 Gbps\n", "class/iscsi_host/host3/port_speed");
	assert_int_equal(host_list_read(&s->sysfs, &map, &l, NULL), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.at->host_no, 3);
	assert_string_equal(l.at->transport, "card");
	assert_string_equal(l.at->state, "running");
	assert_string_equal(l.at->hwaddress, "00:11:22:33:44:AA");
	assert_string_equal(l.at->ipaddress, "192.0.2.1");
	assert_string_equal(l.at->netdev, ""); /* never set */
	assert_string_equal(l.at->initiator, "iqn.2026-11.com.example:i");
	assert_string_equal(l.at->port_state, "Up");
	assert_string_equal(l.at->port_speed, "10 Gbps");
}

static void hosts_come_by_number_and_others_are_none(void **state)
{
	struct fake_sys *s = *state;
	static const char *const odd[] = { "hostile", "host", "host-1", "host 4", "host4x", "host99999999999999999999",
		"guest4" };
	cleanup(host_list_free) struct host_list l = { 0 };

	host(s, 12, "nobodys\n");
	host(s, 2, "card_driver"); /* without a newline: as good */
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		fake_sys_write(s, "x\n", "class/iscsi_host/%s/netdev", odd[i]);
	assert_int_equal(host_list_read(&s->sysfs, &map, &l, NULL), 0);
	assert_int_equal(l.n, 3);
	assert_true(l.at[0].host_no == 2 && l.at[1].host_no == 3 && l.at[2].host_no == 12);
	assert_string_equal(l.at[0].transport, "card");
	assert_string_equal(l.at[2].transport, "");
}

static void no_host_is_success(void **state)
{
	struct fake_sys *s = *state;
	cleanup(host_list_free) struct host_list l = { 0 };

	fake_sys_remove(s, "class/iscsi_host/host3");
	assert_int_equal(host_list_read(&s->sysfs, &map, &l, NULL), 0);
	assert_int_equal(l.n, 0);
	fake_sys_remove(s, "class/iscsi_host");
	assert_int_equal(host_list_read(&s->sysfs, NULL, &l, NULL), 0);
	assert_int_equal(l.n, 0);
}

static void what_cannot_be_read_is_empty(void **state)
{
	static const char *const names[] = { "hwaddress", "ipaddress", "netdev", "initiatorname" };
	struct fake_sys *s = *state;
	cleanup(host_list_free) struct host_list l = { 0 };
	char longest[5000];

	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		fake_sys_write(s, longest, "class/iscsi_host/host3/%s", names[i]);
	fake_sys_remove(s, "class/scsi_host/host3"); /* its driver goes away just now */
	assert_int_equal(host_list_read(&s->sysfs, &map, &l, NULL), 0);
	assert_int_equal(l.n, 1);
	assert_true(!*l.at->transport && !*l.at->state && !*l.at->hwaddress && !*l.at->ipaddress && !*l.at->netdev &&
		!*l.at->initiator);
}

/* What is no text stays as it is: who prints it escapes it. */
static void bytes_that_are_no_text_are_kept(void **state)
{
	struct fake_sys *s = *state;
	cleanup(host_list_free) struct host_list l = { 0 };

	fake_sys_write(s, "\xff\x1b[2J\nsecond\n", "class/iscsi_host/host3/netdev");
	assert_int_equal(host_list_read(&s->sysfs, &map, &l, NULL), 0);
	assert_string_equal(l.at->netdev, "\xff\x1b[2J\nsecond");
}

static void a_host_is_meant_by_number_or_address(void **state)
{
	const struct host_info h = { .host_no = 3, .hwaddress = "00:11:22:33:44:AA" }, bare = { .host_no = 0 };

	(void)state;
	assert_true(host_is(&h, "3") && host_is(&h, "00:11:22:33:44:aa"));
	assert_false(host_is(&h, "03") || host_is(&h, "3 ") || host_is(&h, "33") || host_is(&h, "") ||
		host_is(&h, "00:11:22:33:44:AB"));
	assert_true(host_is(&bare, "0"));
	assert_false(host_is(&bare, "")); /* no address is nobody's address */
}

/* ---- interfaces ---- */

static void read_hosts(struct fake_sys *s, struct host_list *l)
{
	assert_int_equal(host_list_read(&s->sysfs, &map, l, NULL), 0);
	assert_int_equal(l->n, 1);
}

static void port(struct fake_sys *s, const char *name, const char *attribute, const char *value)
{
	fake_sys_write(s, value, "class/iscsi_iface/%s/%s", name, attribute);
}

static void interfaces_become_records(void **state)
{
	struct fake_sys *s = *state;
	cleanup(host_list_free) struct host_list l = { 0 };
	cleanup(host_ports_free) struct host_ports p = { 0 };

	port(s, "ipv6-iface-3-1", "ipaddress", "fd00::7\n");
	port(s, "ipv6-iface-3-0", "subnet", "255.0.0.0\n"); /* of IPv4 alone */
	port(s, "ipv4-iface-3-0", "ipaddress", "192.0.2.7\n");
	port(s, "ipv4-iface-3-0", "mtu", "9000\n");
	port(s, "ipv4-iface-4-0", "ipaddress", "192.0.2.8\n"); /* another's */
	read_hosts(s, &l);
	assert_int_equal(host_ports_read(&s->sysfs, l.at, &p, NULL), 0);
	assert_int_equal(p.n, 3);
	assert_string_equal(p.at[0].kernel_name, "ipv4-iface-3-0");
	assert_false(p.at[0].v6);
	assert_string_equal(record_str(p.at[0].record, FIELD_IFACE_NAME), "card.00:11:22:33:44:AA.ipv4.0");
	assert_string_equal(record_str(p.at[0].record, FIELD_IFACE_IPADDRESS), "192.0.2.7");
	assert_int_equal(record_int(p.at[0].record, FIELD_IFACE_MTU), 9000);
	assert_string_equal(record_str(p.at[0].record, FIELD_IFACE_NETDEV), "default");
	assert_true(p.at[1].v6 && p.at[2].v6);
	assert_false(record_is_set(p.at[1].record, FIELD_IFACE_SUBNET_MASK));
	assert_string_equal(record_str(p.at[2].record, FIELD_IFACE_NAME), "card.00:11:22:33:44:AA.ipv6.1");
	assert_int_equal(record_int(p.at[2].record, FIELD_IFACE_NUM), 1);
}

static void odd_interfaces_are_none(void **state)
{
	static const char *const odd[] = { "ipv4-iface-4294967299-0", "ipv4-iface-3-4294967296", "ipv4-iface-3-0x",
		"ipv4-iface-3", "ipv4-iface- 3-0", "ipv4-iface-3--1", "ipv4-iface-03-0", "ipv5-iface-3-0", "ipv4-3-0", "ipv" };
	struct fake_sys *s = *state;
	cleanup(host_list_free) struct host_list l = { 0 };
	cleanup(host_ports_free) struct host_ports p = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		port(s, odd[i], "mtu", "1500\n");
	read_hosts(s, &l);
	assert_int_equal(host_ports_read(&s->sysfs, l.at, &p, NULL), 0);
	assert_int_equal(p.n, 0);
}

static void values_that_no_iface_may_have_are_left_out(void **state)
{
	static const char *const bad[] = { "many\n", "99999999999999999999\n", "-1\n", "(null)\n", "", "\xff\xfe\n",
		"1500 1500\n" };
	struct fake_sys *s = *state;
	char longest[1000];

	memset(longest, '1', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i <= ARRAY_SIZE(bad); i++) {
		const char *value = i < ARRAY_SIZE(bad) ? bad[i] : longest;
		cleanup(host_list_free) struct host_list l = { 0 };
		cleanup(host_ports_free) struct host_ports p = { 0 };

		port(s, "ipv4-iface-3-0", "mtu", value);
		port(s, "ipv4-iface-3-0", "ipaddress", value);
		port(s, "ipv4-iface-3-0", "bootproto", value);
		port(s, "ipv4-iface-3-0", "vlan_id", "12"); /* no newline */
		read_hosts(s, &l);
		assert_int_equal(host_ports_read(&s->sysfs, l.at, &p, NULL), 0);
		assert_int_equal(p.n, 1);
		assert_false(record_is_set(p.at->record, FIELD_IFACE_MTU));
		assert_false(record_is_set(p.at->record, FIELD_IFACE_BOOTPROTO));
		assert_int_equal(record_int(p.at->record, FIELD_IFACE_VLAN_ID), 12);
	}
}

/* The name becomes a file's: what the adapter says cannot lead out of the folder. */
static void an_address_that_is_a_path_names_no_iface(void **state)
{
	struct fake_sys *s = *state;
	cleanup(host_list_free) struct host_list l = { 0 };
	cleanup(host_ports_free) struct host_ports p = { 0 }, q = { 0 };

	fake_sys_write(s, "../../x\n", "class/iscsi_host/host3/hwaddress");
	port(s, "ipv4-iface-3-0", "mtu", "1500\n");
	read_hosts(s, &l);
	assert_int_equal(host_ports_read(&s->sysfs, l.at, &p, NULL), 0);
	assert_int_equal(p.n, 1);
	assert_null(strchr(record_str(p.at->record, FIELD_IFACE_NAME), '/'));
	assert_int_equal(host_ports_of_host(l.at, &q, NULL), 0);
	assert_null(strchr(record_str(q.at->record, FIELD_IFACE_NAME), '/'));
}

static void a_host_without_interfaces_is_one_itself(void **state)
{
	struct fake_sys *s = *state;
	cleanup(host_list_free) struct host_list l = { 0 };
	cleanup(host_ports_free) struct host_ports p = { 0 };

	read_hosts(s, &l);
	assert_int_equal(host_ports_of_host(l.at, &p, NULL), 0);
	assert_int_equal(p.n, 1);
	assert_string_equal(p.at->kernel_name, "");
	assert_string_equal(record_str(p.at->record, FIELD_IFACE_NAME), "card.00:11:22:33:44:AA.ipv4.0");
	assert_string_equal(record_str(p.at->record, FIELD_IFACE_TRANSPORT), "card");
	assert_string_equal(record_str(p.at->record, FIELD_IFACE_IPADDRESS), "192.0.2.1");
}

static void interfaces_without_end_are_bounded(void **state)
{
	struct fake_sys *s = *state;
	cleanup(host_list_free) struct host_list l = { 0 };
	cleanup(host_ports_free) struct host_ports p = { 0 };

	for (unsigned i = 0; i < 100; i++)
		fake_sys_write(s, "1500\n", "class/iscsi_iface/ipv4-iface-3-%u/mtu", i);
	read_hosts(s, &l);
	assert_int_equal(host_ports_read(&s->sysfs, l.at, &p, NULL), 0);
	assert_int_equal(p.n, 64);
}

static void reading_survives_any_allocation_failing(void **state)
{
	struct fake_sys *s = *state;
	unsigned long n = 0;
	int r;

	port(s, "ipv4-iface-3-0", "ipaddress", "192.0.2.7\n");
	do {
		cleanup(host_list_free) struct host_list l = { 0 };
		cleanup(host_ports_free) struct host_ports p = { 0 }, q = { 0 };
		struct err err = ERR_INIT;

		x_fail_at(++n);
		r = host_list_read(&s->sysfs, &map, &l, &err);
		if (r == 0)
			r = host_ports_read(&s->sysfs, l.at, &p, &err);
		if (r == 0)
			r = host_ports_of_host(l.at, &q, &err);
		x_fail_at(0);
		assert_true(n < 1000 && (r == 0 || err.code != 0));
	} while (r);
	assert_true(n > 4);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(everything_of_a_host_is_read),
		T(hosts_come_by_number_and_others_are_none),
		T(no_host_is_success),
		T(what_cannot_be_read_is_empty),
		T(bytes_that_are_no_text_are_kept),
		cmocka_unit_test(a_host_is_meant_by_number_or_address),
		T(interfaces_become_records),
		T(odd_interfaces_are_none),
		T(values_that_no_iface_may_have_are_left_out),
		T(an_address_that_is_a_path_names_no_iface),
		T(a_host_without_interfaces_is_one_itself),
		T(interfaces_without_end_are_bounded),
		T(reading_survives_any_allocation_failing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

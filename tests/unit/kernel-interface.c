/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's interface is set up, in a network of the test's own. Skipped where none can be made. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kernel/interface.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char cable[] = "exec 2>/dev/null; ip link add v0 type veth peer name v1 || exit 1\n"
			    "ip link set v1 up; ip link set v0 address 02:00:00:00:00:01; exit 0\n";

#define MAC "02:00:00:00:00:01"

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

static void must_be_up(const struct interface *i, const char *device)
{
	char name[INTERFACE_NAME_MAX];
	struct err err = ERR_INIT;

	if (interface_up(i, name, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(name, device);
}

static void by_its_hardware_address_with_a_route(void **state)
{
	const struct interface i = {
		.hwaddress = MAC, .address = "10.1.0.2", .prefix = 24, .gateway = "10.1.0.254", .target = "10.9.0.1"
	};

	(void)state;
	must_be_up(&i, "v0");
	must_be_up(&i, "v0"); /* again */
	run("test $(ip -o addr show dev v0 | grep -c ' 10.1.0.2/24 ') = 1");
	run("ip -o link show dev v0 | grep -q '[<,]UP[,>]'");
	run("ip route | grep -q '^10.9.0.1 via 10.1.0.254 dev v0'");
	run("! ip route | grep -q ^default");
}

static void no_route_within_the_prefix(void **state)
{
	const struct interface i = {
		.device = "v0", .address = "10.2.0.2", .prefix = 24, .gateway = "10.2.0.254", .target = "10.2.0.7"
	};

	(void)state;
	must_be_up(&i, "v0");
	run("! ip route | grep 10.2.0.254");
}

static void over_ipv6(void **state)
{
	const struct interface i = {
		.device = "v0", .address = "fd00:1::2", .prefix = 64, .gateway = "fd00:1::fe", .target = "fd00:2::1"
	};

	(void)state;
	must_be_up(&i, "v0");
	run("ip -o -6 addr show dev v0 | grep ' fd00:1::2/64 ' | grep -qv tentative");
	run("ip -6 route | grep -q '^fd00:2::1 via fd00:1::fe dev v0'");
}

/* Without a prefix and a gateway, nothing says how to reach a target of the other family: this address has no part in that. */
static void no_route_to_the_other_family(void **state)
{
	static const struct interface rows[] = {
		{ .device = "v0", .address = "10.5.0.2", .prefix = 32, .target = "fd00:5::1" },
		{ .device = "v0", .address = "fd00:6::2", .prefix = 128, .target = "10.6.0.1" },
		{ .device = "v0", .address = "10.7.0.2", .prefix = 24, .target = "fd00:7::1" },
	};

	(void)state;
	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++)
		must_be_up(&rows[n], "v0");
	run("! { ip route; ip -6 route; } | grep -E '^(fd00:[57]::1|10.6.0.1)'");
}

static void on_a_vlan(void **state)
{
	const struct interface i = { .hwaddress = MAC, .address = "10.3.0.2", .prefix = 25, .target = "10.3.0.1", .vlan = 7 };

	(void)state;
	if (system("ip link add link v1 name try type vlan id 9 2>/dev/null && ip link del try") != 0)
		skip(); /* this kernel has no VLANs */
	must_be_up(&i, "v0.7");
	must_be_up(&i, "v0.7");
	run("ip -d -o link show dev v0.7 | grep -q 'vlan .*id 7 '");
	run("ip -o addr show dev v0.7 | grep -q ' 10.3.0.2/25 '");
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		struct interface i;
		const char *text;
	} bad[] = {
		{ { .device = "nosuch", .address = "10.1.0.2" },
			"cannot find the network device that the boot firmware names, nosuch" },
		{ { .hwaddress = "02:00:00:00:00:99", .address = "10.1.0.2" }, "02:00:00:00:00:99" },
		{ { .hwaddress = "\x1b[1m", .address = "10.1.0.2" }, "\\x1b[1m" },
		{ { .device = "v0",
			  .address = "10.1.0"
				     "x",
			  .prefix = 24 },
			"cannot add the boot firmware's address 10.1.0x/24 to network device v0" },
		{ { .device = "v0", .address = "10.4.0.2", .prefix = 24, .gateway = "fd00::1", .target = "10.9.0.9" },
			"cannot add a route" },
	};
	char name[INTERFACE_NAME_MAX];

	(void)state;
	for (size_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
		struct err err = ERR_INIT;

		assert_true(interface_up(&bad[n].i, name, &err) < 0);
		if (!strstr(err.text, bad[n].text))
			fail_msg("%s", err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_its_hardware_address_with_a_route),
		cmocka_unit_test(no_route_within_the_prefix),
		cmocka_unit_test(over_ipv6),
		cmocka_unit_test(no_route_to_the_other_family),
		cmocka_unit_test(on_a_vlan),
		cmocka_unit_test(what_is_wrong_is_named),
	};

	if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) < 0 || system(cable) != 0) {
		printf("no network namespace can be made here\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

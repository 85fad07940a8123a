/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A macvlan with an adapter's address, in a network of the test's own: a cable whose near end is the adapter's network device,
 * and at whose far end is heard who answers ARP. Skipped where none can be made.
 */
#include "config.h"
#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kernel/macvlan.h"
#include "kernel/route.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/if_ether.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* rp_filter: as strict as an administrator may have it. v1 answers nothing itself. */
static const char cable[] =
	"exec 2>/dev/null; ip link set lo up; ip link add v0 type veth peer name v1 || exit 1\n"
	"echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter; ip link set v1 arp off up; ip link set v0 address 02:00:00:00:00:01 up\n"
	"ip addr add 10.1.0.1/24 dev v0; ip link add link v0 name try type macvlan || exit 1; ip link del try; exit 0\n";

static const unsigned char adapter[] = { 2, 0, 0x5e, 0, 0x53, 1 };
#define NAME "isc02005e005301"

static struct macvlan wanted(const char *address, unsigned prefix)
{
	struct macvlan m = { .parent = "v0", .family = strchr(address, ':') ? AF_INET6 : AF_INET, .prefix = prefix };

	memcpy(m.mac, adapter, sizeof(adapter));
	assert_int_equal(inet_pton(m.family, address, m.address), 1);
	return m;
}

static void must_make(const struct macvlan *m)
{
	struct err err = ERR_INIT;

	if (macvlan_make(m, &err) < 0)
		fail_msg("%s", err.text);
}

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

static int far_end(void)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_ifindex = (int)if_nametoindex("v1")
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ARP));

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

struct frame {
	struct ether_header head;
	struct ether_arp arp;
} __attribute__((packed));

/* Asks for an address at the far end; gives how many answer within a moment, and who was the last. */
static unsigned who_has(const char *address, unsigned char mac[6])
{
	static const unsigned char us[] = { 2, 0, 0, 0, 0, 2 };
	struct frame f = { .head.ether_type = htons(ETH_P_ARP),
		.arp.arp_hrd = htons(ARPHRD_ETHER),
		.arp.arp_pro = htons(ETH_P_IP),
		.arp.arp_hln = 6,
		.arp.arp_pln = 4,
		.arp.arp_op = htons(ARPOP_REQUEST),
		.arp.arp_spa = { 10, 1, 0, 2 } };
	struct pollfd p = { .fd = far_end(), .events = POLLIN };
	unsigned n = 0;

	memset(f.head.ether_dhost, 0xff, 6);
	memcpy(f.head.ether_shost, us, 6);
	memcpy(f.arp.arp_sha, us, 6);
	inet_pton(AF_INET, address, f.arp.arp_tpa);
	assert_int_equal(send(p.fd, &f, sizeof(f), 0), sizeof(f));
	while (poll(&p, 1, 300) > 0) {
		struct frame got = { .arp.arp_op = 0 };

		if (recv(p.fd, &got, sizeof(got), 0) < (ssize_t)sizeof(got) || got.arp.arp_op != htons(ARPOP_REPLY) ||
			memcmp(got.arp.arp_spa, f.arp.arp_tpa, 4) != 0)
			continue;
		memcpy(mac, got.arp.arp_sha, 6);
		n++;
	}
	close(p.fd);
	return n;
}

/* Whoever has not asked for it has none; then each address is answered for by its own device, and by it alone. */
static void the_kernel_answers_for_the_adapter(void **state)
{
	static const unsigned char parent[] = { 2, 0, 0, 0, 0, 1 };
	struct macvlan m = wanted("10.1.0.50", 32);
	unsigned char mac[6], got[16];
	char name[IFNAMSIZ];

	(void)state;
	macvlan_name(m.mac, name);
	assert_string_equal(name, NAME);
	assert_int_equal(macvlan_address_is_ours(AF_INET, m.address), 0);
	assert_int_equal(who_has("10.1.0.50", mac), 0);
	must_make(&m);
	assert_int_equal(macvlan_address_is_ours(AF_INET, m.address), 1);
	assert_int_equal(macvlan_address_of(NAME, AF_INET, got), 0);
	assert_memory_equal(got, m.address, 4);
	assert_int_equal(who_has("10.1.0.50", mac), 1);
	assert_memory_equal(mac, adapter, 6);
	assert_int_equal(who_has("10.1.0.1", mac), 1);
	assert_memory_equal(mac, parent, 6);
	run("ip -d link show " NAME " | grep -q 'macvlan mode bridge' && ip link show " NAME " | grep -q '@v0.*[<,]UP'");
	run("ip addr show " NAME " | grep -q 'inet 10.1.0.50/32'");
}

/* The next session, the next daemon. */
static void what_is_there_is_taken(void **state)
{
	struct macvlan m = wanted("10.1.0.50", 32), other = wanted("10.1.0.51", 24), six = wanted("fd00:1::50", 64);
	unsigned before = if_nametoindex(NAME);
	struct route r = { .family = AF_INET };

	(void)state;
	run("ip link set " NAME " down");
	must_make(&m);
	must_make(&m);
	must_make(&other);
	must_make(&six);
	assert_int_equal(if_nametoindex(NAME), before);
	run("test $(ip -o addr show dev " NAME " | grep -c 'inet 10.1.0.5') = 2");
	run("for i in 1 2 3 4 5; do ip -6 addr show " NAME
	    " | grep 'fd00:1::50/64' | grep -qv tentative && exit 0; sleep 0.1; done; exit 1");
	/* it is a source that routes can have */
	inet_pton(AF_INET, "10.1.0.2", r.dst);
	inet_pton(AF_INET, "10.1.0.51", r.src);
	assert_int_equal(route_find(&r), 0);
	assert_memory_equal(r.src, other.address, 4);
}

/* For DHCP: the device without an address, which a client gives it. */
static void an_address_may_come_from_elsewhere(void **state)
{
	struct macvlan m = { .parent = "v0", .mac = { 2, 0, 0x5e, 0, 0x53, 2 } };
	unsigned char got[16];

	(void)state;
	must_make(&m);
	run("ip addr add 169.254.3.4/16 dev isc02005e005302"); /* what a host gives itself is not it */
	assert_int_equal(macvlan_address_of("isc02005e005302", AF_INET, got), -ENOENT);
	run("ip addr add 10.1.0.60/24 dev isc02005e005302");
	assert_int_equal(macvlan_address_of("isc02005e005302", AF_INET, got), 0);
	assert_int_equal(got[3], 60);
	assert_int_equal(macvlan_address_of("isc02005e005399", AF_INET, got), -ENOENT);
}

static void what_is_not_ours_is_left_alone(void **state)
{
	struct macvlan m = wanted("10.1.0.70", 32);
	struct err err = ERR_INIT;

	(void)state;
	strcpy(m.parent, "nowhere0");
	assert_true(macvlan_make(&m, &err) < 0);
	assert_int_equal(err.code, MISCSI_ERR_TRANS);
	assert_non_null(strstr(err.text, "network device nowhere0: "));
	strcpy(m.parent, "v1"); /* another network than that of the device with this name */
	assert_true(macvlan_make(&m, &err) < 0);
	assert_string_equal(err.text,
		"network device " NAME
		" exists, but is not a macvlan of v1 with the adapter's hardware address: delete or rename it");
	assert_int_equal(macvlan_address_is_ours(AF_INET, m.address), 0);
	m.mac[5] = 3;
	run("ip link add isc02005e005303 type veth peer name v3");
	assert_true(macvlan_make(&m, &err) < 0);
	assert_int_equal(macvlan_address_is_ours(AF_INET, m.address), 0);
}

/* An address that is there is taken for one that is answered for: whatever fails or is killed before that leaves none. */
static void the_address_comes_last(void **state)
{
	struct macvlan m = wanted("10.1.0.80", 32);
	struct err err = ERR_INIT;

	(void)state;
	m.mac[1] = m.mac[2] = m.mac[3] = m.mac[4] = 0;
	m.mac[5] = 1; /* the parent's own: such a device is made, and cannot be set up */
	for (int i = 0; i < 2; i++) {
		assert_true(macvlan_make(&m, &err) < 0);
		assert_non_null(strstr(err.text, "cannot bring up network device isc020000000001: "));
		assert_int_equal(macvlan_address_is_ours(AF_INET, m.address), 0);
	}
}

/* An administrator may want fewer answers than we need: those stay as few. */
static void a_stricter_parent_stays_so(void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = { { "0", "1" }, { "1", "1" }, { "2", "2" }, { "3", "1" }, { "8", "8" } };
	struct macvlan m = { .parent = "v0", .mac = { 2, 0, 0x5e, 0, 0x53, 5 } };
	char command[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(command, sizeof(command), "echo %s >/proc/sys/net/ipv4/conf/v0/arp_ignore", cases[i].before);
		run(command);
		must_make(&m);
		snprintf(command, sizeof(command), "test $(cat /proc/sys/net/ipv4/conf/v0/arp_ignore) = %s", cases[i].after);
		run(command);
	}
	run("test $(cat /proc/sys/net/ipv4/conf/isc02005e005305/arp_ignore) = 1");
}

/* A macvlan on a VLAN: the adapter has to tag. */
static void a_vlan_below_is_told(void **state)
{
	struct macvlan m = {
		.parent = "v0.7", .mac = { 2, 0, 0x5e, 0, 0x53, 4 }, .family = AF_INET, .address = { 10, 7, 0, 50 }, .prefix = 24
	};
	struct route r = { .family = AF_INET, .dst = { 10, 7, 0, 2 } };

	(void)state;
	if (system("ip link add link v0 name v0.7 type vlan id 7 2>/dev/null && ip link set v0.7 up") != 0)
		skip(); /* this kernel has no VLANs; tests/vm/test_macvlan.py has one that does */
	must_make(&m);
	assert_int_equal(route_find(&r), 0);
	assert_int_equal(r.vlan_id, 7);
	assert_int_equal(r.src[3], 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_answers_for_the_adapter),
		cmocka_unit_test(what_is_there_is_taken),
		cmocka_unit_test(an_address_may_come_from_elsewhere),
		cmocka_unit_test(what_is_not_ours_is_left_alone),
		cmocka_unit_test(the_address_comes_last),
		cmocka_unit_test(a_stricter_parent_stays_so),
		cmocka_unit_test(a_vlan_below_is_told),
	};

	if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) < 0 || system(cable) != 0) {
		printf("no network namespace with a macvlan can be made here\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

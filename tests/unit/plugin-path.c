/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths by the kernel's routes and neighbours, in a network of the test's own: two namespaces and a cable between them. Skipped
 * where none can be made.
 */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kernel/route.h"
#include "plugin-run.h"
#include "tests/paths.h"
#include <arpa/inet.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char cable[] =
	"exec 2>/dev/null; ip link set lo up; ip link add v0 type veth peer name v1 || exit 1\n"
	"unshare -n sleep 30 & far=$!; echo $far > $PATH_TEST_PID; sleep 0.3; ip link set v1 netns $far || exit 1\n"
	"nsenter -t $far -n sh -c 'ip link set v1 address 02:00:00:00:00:02; ip addr add 10.1.0.2/24 dev v1;"
	" ip addr add fd00:1::2/64 dev v1 nodad; ip link set v1 mtu 1400 up' || exit 1\n"
	"ip addr add 10.1.0.1/24 dev v0; ip addr add 10.1.0.9/24 dev v0; ip addr add fd00:1::1/64 dev v0 nodad; ip link set v0 "
	"mtu 1400 up\n"
	"ip route add 10.2.0.0/16 via 10.1.0.2 mtu 1300; ip route add blackhole 10.3.0.0/16; sleep 0.3\n"
	"ip link add link v0 name v0.7 type vlan id 7 && ip addr add 10.7.0.1/24 dev v0.7 && ip link set v0.7 up;"
	" ip neigh add 10.7.0.2 lladdr 02:00:00:00:07:02 dev v0.7 nud permanent; exit 0\n";

static struct route to(const char *address)
{
	struct route r = { .family = strchr(address, ':') ? AF_INET6 : AF_INET };

	assert_int_equal(inet_pton(r.family, address, r.dst), 1);
	return r;
}

static void assert_address(const struct route *r, const unsigned char *address, const char *wanted)
{
	char text[INET6_ADDRSTRLEN];

	assert_string_equal(inet_ntop(r->family, address, text, sizeof(text)), wanted);
}

static void routes_are_the_kernels(void **state)
{
	struct route r = to("10.1.0.2");

	(void)state;
	assert_int_equal(route_find(&r), 0);
	assert_address(&r, r.src, "10.1.0.1");
	assert_address(&r, r.hop, "10.1.0.2");
	assert_int_equal(r.mtu, 1400);
	assert_int_equal(r.vlan_id, 0);
	r = to("10.2.3.4");
	assert_int_equal(route_find(&r), 0);
	assert_address(&r, r.hop, "10.1.0.2");
	assert_int_equal(r.mtu, 1300);
	r = to("10.1.0.2");
	inet_pton(AF_INET, "10.1.0.9", r.src); /* as the iface says */
	assert_int_equal(route_find(&r), 0);
	assert_address(&r, r.src, "10.1.0.9");
	r = to("fd00:1::2");
	assert_int_equal(route_find(&r), 0);
	assert_address(&r, r.src, "fd00:1::1");
	for (const char *const *bad =
			(const char *const[]){ "127.0.0.1", "10.1.0.1", "10.3.0.1", "203.0.113.1", "2001:db8::1", "::1", NULL };
		*bad; bad++) {
		r = to(*bad);
		assert_int_equal(route_find(&r), -ENETUNREACH);
	}
}

struct asking {
	struct plugin_fixture w;
	struct run r;
	struct miscsi_path path;
	double seconds;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int find_path(struct asking *a, const char *transport, const char *address, const char *const *settings)
{
	struct route r = to(address);
	double begin = now();
	int result;

	plugin_fixture_make(&a->w, BUILDDIR "/.libs");
	a->path = (struct miscsi_path){ .size = sizeof(a->path), .family = (uint32_t)r.family };
	memcpy(a->path.dst, r.dst, sizeof(r.dst));
	transport_net_path(must_find(&a->w, transport), run_begin(&a->r, MISCSI_NONE, settings), &a->path);
	result = run_end(&a->w, &a->r);
	a->seconds = now() - begin;
	plugin_fixture_free(&a->w);
	return result;
}

static void neighbours_are_resolved_by_the_kernel(void **state)
{
	static const unsigned char far[] = { 2, 0, 0, 0, 0, 2 };
	static const char *const settings[] = { "iface.ipaddress", "10.1.0.9", NULL };
	struct asking a;

	(void)state;
	assert_int_equal(find_path(&a, "bnx2i", "10.1.0.2", settings), 0);
	assert_memory_equal(a.path.mac, far, 6);
	assert_int_equal(a.path.pmtu, 1400);
	assert_int_equal(a.path.src[3], 9);
	assert_int_equal(find_path(&a, "qedi", "10.2.3.4", NULL), 0); /* the gateway's */
	assert_memory_equal(a.path.mac, far, 6);
	assert_int_equal(a.path.src[3], 1);
	assert_int_equal(find_path(&a, "bnx2i", "fd00:1::2", NULL), 0);
	assert_memory_equal(a.path.mac, far, 6);
}

static void a_vlan_is_told(void **state)
{
	static const unsigned char far[] = { 2, 0, 0, 0, 7, 2 };
	struct route r = to("10.7.0.2");
	struct asking a;

	(void)state;
	if (route_find(&r) < 0)
		skip(); /* this kernel has no VLANs; tests/vm/test_offload.py has one that does */
	assert_int_equal(find_path(&a, "bnx2i", "10.7.0.2", NULL), 0);
	assert_int_equal(a.path.vlan_id, 7);
	assert_memory_equal(a.path.mac, far, 6);
}

static void what_cannot_be_found_ends_in_time(void **state)
{
	struct asking a;

	(void)state;
	assert_true(find_path(&a, "bnx2i", "10.1.0.77", NULL) < 0);
	assert_true(a.seconds < 4.5);
	assert_non_null(strstr(a.r.op.err.text, "no network path from the adapter to 10.1.0.77: "));
	assert_true(find_path(&a, "qedi", "203.0.113.1", NULL) < 0);
	assert_true(a.seconds < 0.5);
	assert_string_equal(a.r.op.err.text, "there is no network path from the adapter to 203.0.113.1: Network is unreachable");
	/* who does not ask for paths gets none */
	assert_true(find_path(&a, "cxgb4i", "10.1.0.2", NULL) < 0);
	assert_int_equal(a.r.op.err.code, MISCSI_ERR_TRANS_CAPS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_are_the_kernels),
		cmocka_unit_test(neighbours_are_resolved_by_the_kernel),
		cmocka_unit_test(a_vlan_is_told),
		cmocka_unit_test(what_cannot_be_found_ends_in_time),
	};
	char pidfile[] = "/tmp/miscsi-path.XXXXXX", kill_it[64];
	int fd = mkstemp(pidfile), r;
	bool made;

	if (fd < 0 || setenv("PATH_TEST_PID", pidfile, 1) < 0)
		return 1;
	made = unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) == 0 && system(cable) == 0;
	r = made ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
	snprintf(kill_it, sizeof(kill_it), "kill $(cat %s) 2>/dev/null", pidfile);
	if (system(kill_it) != 0 && made)
		printf("the far end had gone already\n");
	close(fd);
	unlink(pidfile);
	return r;
}

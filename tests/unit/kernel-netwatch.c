/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When changes of the network are reported: the routing socket is a test's, and so is the clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "kernel/netwatch.h"
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct network {
	struct loop *loop;
	struct netwatch *watch;
	uint64_t now;
	unsigned calls;
	uint64_t last; /* call */
};

static int kernel_end, program_end;

struct nl_sock;
int __wrap_nl_socket_get_fd(const struct nl_sock *sk);
int __wrap_nl_socket_get_fd(const struct nl_sock *sk)
{
	(void)sk;
	return program_end;
}

static uint64_t network_now(void *arg)
{
	return ((struct network *)arg)->now;
}

static void network_changed(void *arg)
{
	struct network *n = arg;

	n->calls++;
	n->last = n->now;
}

static void network_new(struct network *n, enum netwatch_when when)
{
	int ends[2];

	*n = (struct network){ .now = 1000000 };
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
	kernel_end = ends[0];
	program_end = ends[1];
	assert_int_equal(loop_new(&n->loop), 0);
	loop_set_clock(n->loop, network_now, n);
	assert_int_equal(netwatch_new(n->loop, when, network_changed, n, &n->watch), 0);
}

static void network_free(struct network *n)
{
	netwatch_free(n->watch);
	loop_free(n->loop);
	close(kernel_end);
	close(program_end);
}

static void tell(uint16_t type, unsigned flags)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
	} m = { .head = { .nlmsg_len = sizeof(m), .nlmsg_type = type }, .link = { .ifi_flags = flags } };

	assert_int_equal(send(kernel_end, &m, sizeof(m), 0), sizeof(m));
}

/* The changes that lie there are read, and what is due is done; not a millisecond passes. */
static void look(struct network *n)
{
	for (unsigned i = 0; i < 4; i++)
		assert_true(loop_step(n->loop, 0) >= 0);
}

static void pass(struct network *n, uint64_t ms)
{
	for (; ms; ms--) {
		n->now++;
		look(n);
	}
}

static void who_waits_for_an_address_hears_of_it_at_once(void **state)
{
	static const uint16_t types[] = { RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWLINK };
	struct network n;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
		network_new(&n, NETWATCH_AT_ONCE);
		tell(types[i], IFF_UP | IFF_RUNNING);
		look(&n);
		assert_int_equal(n.calls, 1); /* no timer is waited for */
		tell(RTM_NEWROUTE, 0); /* of the same address: a moment later */
		look(&n);
		assert_int_equal(n.calls, 1);
		pass(&n, 10);
		assert_int_equal(n.calls, 2);
		pass(&n, 5000);
		assert_int_equal(n.calls, 2);
		tell(types[i], IFF_UP | IFF_RUNNING);
		look(&n);
		assert_int_equal(n.calls, 3);
		network_free(&n);
	}
}

static void losses_are_no_news(void **state)
{
	static const uint16_t types[] = { RTM_DELADDR, RTM_DELROUTE, RTM_DELLINK, RTM_NEWLINK, RTM_NEWNEIGH };
	struct network n;

	(void)state;
	network_new(&n, NETWATCH_AT_ONCE);
	for (unsigned i = 0; i < ARRAY_SIZE(types); i++)
		tell(types[i], IFF_UP); /* without a carrier */
	pass(&n, 2000);
	assert_int_equal(n.calls, 0);
	network_free(&n);
}

/* Hundreds of routes, or a machine whose network never rests: few calls, and one after the last change. */
static void a_flood_of_changes_is_not_one_of_calls(void **state)
{
	static const struct {
		enum netwatch_when when;
		unsigned least, most; /* in 10 s */
		uint64_t after; /* the last change */
	} kinds[] = {
		{ NETWATCH_AT_ONCE, 45, 58, 200 },
		{ NETWATCH_WHEN_QUIET, 9, 10, 1000 },
	};
	struct network n;
	uint64_t changed;

	(void)state;
	for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++) {
		network_new(&n, kinds[k].when);
		for (unsigned ms = 0; ms < 10000; ms++) {
			tell(RTM_NEWROUTE, 0);
			tell(RTM_NEWADDR, 0);
			pass(&n, 1);
		}
		assert_in_range(n.calls, kinds[k].least, kinds[k].most);
		tell(RTM_NEWADDR, 0);
		look(&n);
		changed = n.now;
		pass(&n, 5000);
		assert_in_range(n.last, changed, changed + kinds[k].after);
		network_free(&n);
	}
}

static void a_burst_is_reported_once_it_is_over(void **state)
{
	struct network n;

	(void)state;
	network_new(&n, NETWATCH_WHEN_QUIET);
	for (unsigned i = 0; i < 5; i++) {
		tell(RTM_NEWADDR, 0);
		pass(&n, 100);
	}
	assert_int_equal(n.calls, 0);
	pass(&n, 110);
	assert_int_equal(n.calls, 1);
	pass(&n, 5000);
	assert_int_equal(n.calls, 1);
	network_free(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_waits_for_an_address_hears_of_it_at_once),
		cmocka_unit_test(losses_are_no_news),
		cmocka_unit_test(a_flood_of_changes_is_not_one_of_calls),
		cmocka_unit_test(a_burst_is_reported_once_it_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

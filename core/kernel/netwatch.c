/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The routing socket's news, of which only the good ones count. */
#include "kernel/netwatch.h"
#include "base/mem.h"
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#define QUIET_MS 200
#define SOON_MS 10 /* the route of an address comes a moment after it */
#define LATEST_MS 1000
#define ROUND_MAX 64 /* datagrams in one round of the loop */

struct netwatch {
	struct loop *loop;
	struct nl_sock *sock;
	struct loop_fd fd;
	struct loop_timer timer;
	enum netwatch_when when;
	uint64_t since; /* WHEN_QUIET: of the burst's first; 0: there is none */
	uint64_t reported; /* AT_ONCE: when fn was called last; 0: never */
	uint64_t pause; /* AT_ONCE: between the last two calls of this burst */
	void (*fn)(void *arg);
	void *arg;
};

/* A loss is not news for a program that waits; a link that is reported without a carrier is on its way up, and is reported again. */
static bool is_news(const struct nlmsghdr *h)
{
	const struct ifinfomsg *link = NLMSG_DATA(h);

	switch (h->nlmsg_type) {
	case RTM_NEWADDR:
	case RTM_NEWROUTE:
		return true;
	case RTM_NEWLINK:
		return h->nlmsg_len >= NLMSG_LENGTH(sizeof(*link)) && link->ifi_flags & IFF_RUNNING;
	default:
		return false;
	}
}

static void report_change(void *arg)
{
	struct netwatch *w = arg;

	w->since = 0;
	w->reported = loop_now(w->loop);
	w->fn(w->arg);
}

/* The pauses grow, so that a flood of changes does not become one of attempts. */
static void report_soon(struct netwatch *w)
{
	if (loop_timer_active(&w->timer))
		return;
	if (!w->reported || loop_now(w->loop) - w->reported >= QUIET_MS)
		w->pause = 0;
	else if (w->pause < QUIET_MS)
		w->pause = !w->pause ? SOON_MS : w->pause * 2 < QUIET_MS ? w->pause * 2 : QUIET_MS;
	loop_timer_set(w->loop, &w->timer, w->pause, report_change, w);
}

/* Routes come by hundreds when a link comes up: one call at the end of the burst, but not later than LATEST_MS. */
static void note_change(struct netwatch *w)
{
	uint64_t now = loop_now(w->loop), waited;

	if (w->when == NETWATCH_AT_ONCE) {
		report_soon(w);
		return;
	}
	if (!w->since)
		w->since = now;
	waited = now - w->since;
	loop_timer_set(w->loop, &w->timer,
		waited + QUIET_MS < LATEST_MS ? QUIET_MS : LATEST_MS - (waited < LATEST_MS ? waited : LATEST_MS), report_change,
		w);
}

static void on_readable(void *arg, uint32_t events)
{
	struct netwatch *w = arg;
	char buf[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t n;

	(void)events;
	for (int i = 0; i < ROUND_MAX; i++) {
		n = recv(nl_socket_get_fd(w->sock), buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && errno == ENOBUFS) /* so much has changed that some of it was lost: reason enough */
			note_change(w);
		else if (n <= 0)
			return;
		for (struct nlmsghdr *h = (void *)buf; n > 0 && NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n))
			if (is_news(h))
				note_change(w);
	}
}

/* Connections that wait for their next attempt are woken by it: a host that comes back online logs in at once. */
int netwatch_new(struct loop *l, enum netwatch_when when, void (*fn)(void *arg), void *arg, struct netwatch **out)
{
	struct netwatch *w = x_new(struct netwatch);
	int rc;

	if (!w)
		return -ENOMEM;
	w->loop = l;
	w->when = when;
	w->fn = fn;
	w->arg = arg;
	w->sock = nl_socket_alloc();
	rc = w->sock && nl_connect(w->sock, NETLINK_ROUTE) == 0 &&
			nl_socket_add_memberships(w->sock, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
				RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, 0) == 0 ?
		loop_fd_add(l, &w->fd, nl_socket_get_fd(w->sock), EPOLLIN, on_readable, w) :
		-EPROTO;
	if (rc < 0) {
		netwatch_free(w);
		return rc;
	}
	*out = w;
	return 0;
}

void netwatch_free(struct netwatch *w)
{
	if (!w)
		return;
	loop_fd_del(w->loop, &w->fd);
	loop_timer_cancel(w->loop, &w->timer);
	if (w->sock)
		nl_socket_free(w->sock);
	x_free(w);
}

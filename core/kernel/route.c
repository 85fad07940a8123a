/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes and neighbours by libnl-route. One socket per question: questions are few, and a socket that is kept would have to be
 * kept in step.
 */
#include "kernel/route.h"
#include "base/mem.h"
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/vlan.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DISCARD_PORT 9
#define MAC_LEN 6

static int errno_of(int nl)
{
	return nl == -NLE_NOMEM ? -ENOMEM : nl == -NLE_PERM || nl == -NLE_NOACCESS ? -EPERM : -ENETUNREACH;
}

unsigned route_address_len(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

void route_socket_free(struct nl_sock **sock)
{
	if (*sock)
		nl_socket_free(*sock);
}

void route_link_put(struct rtnl_link **link)
{
	if (*link)
		rtnl_link_put(*link);
}

void route_address_put(struct nl_addr **address)
{
	if (*address)
		nl_addr_put(*address);
}

struct nl_sock *route_socket(void)
{
	struct nl_sock *sock = nl_socket_alloc();

	if (sock && nl_connect(sock, NETLINK_ROUTE) < 0) {
		nl_socket_free(sock);
		sock = NULL;
	}
	return sock;
}

static bool copy_address(const struct nl_addr *addr, int family, unsigned char out[16])
{
	if (!addr || nl_addr_get_family(addr) != family || nl_addr_get_len(addr) != route_address_len(family))
		return false;
	memcpy(out, nl_addr_get_binary_addr(addr), route_address_len(family));
	return true;
}

static bool is_zero(const unsigned char address[16])
{
	static const unsigned char zero[16];

	return memcmp(address, zero, sizeof(zero)) == 0;
}

static void take_route(struct nl_object *object, void *arg)
{
	struct rtnl_route *route = (struct rtnl_route *)(void *)object;
	struct rtnl_nexthop *next = rtnl_route_nexthop_n(route, 0);
	struct route *r = arg;
	uint32_t mtu = 0;

	if (rtnl_route_get_type(route) != RTN_UNICAST || !next)
		return; /* to ourselves, to nowhere */
	r->link = rtnl_route_nh_get_ifindex(next);
	if (!copy_address(rtnl_route_nh_get_gateway(next), r->family, r->hop))
		memcpy(r->hop, r->dst, sizeof(r->hop));
	if (is_zero(r->src))
		copy_address(rtnl_route_get_pref_src(route), r->family, r->src);
	if (rtnl_route_get_metric(route, RTAX_MTU, &mtu) == 0 && mtu <= UINT16_MAX)
		r->mtu = (uint16_t)mtu;
}

static int on_message(struct nl_msg *msg, void *arg)
{
	nl_msg_parse(msg, take_route, arg);
	return NL_STOP;
}

static int ask_route(struct nl_sock *sock, struct route *r)
{
	struct rtmsg head = { .rtm_family = (unsigned char)r->family,
		.rtm_dst_len = (unsigned char)(route_address_len(r->family) * 8) };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, 0);
	int rc;

	if (!msg)
		return -NLE_NOMEM;
	nl_socket_disable_auto_ack(sock);
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, r);
	rc = nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO);
	if (rc == 0)
		rc = nla_put(msg, RTA_DST, (int)route_address_len(r->family), r->dst);
	if (rc == 0 && !is_zero(r->src))
		rc = nla_put(msg, RTA_SRC, (int)route_address_len(r->family), r->src);
	if (rc == 0)
		rc = nl_send_auto(sock, msg);
	nlmsg_free(msg);
	return rc < 0 ? rc : nl_recvmsgs_default(sock);
}

/* A VLAN's own number; of a macvlan that of the device below it. */
static uint16_t vlan_of(struct nl_sock *sock, struct rtnl_link *link)
{
	cleanup(route_link_put) struct rtnl_link *below = NULL;

	if (rtnl_link_is_vlan(link))
		return (uint16_t)rtnl_link_vlan_get_id(link);
	if (!rtnl_link_is_macvlan(link) || rtnl_link_get_kernel(sock, rtnl_link_get_link(link), NULL, &below) < 0)
		return 0;
	return rtnl_link_is_vlan(below) ? (uint16_t)rtnl_link_vlan_get_id(below) : 0;
}

static int ask_link(struct nl_sock *sock, struct route *r)
{
	cleanup(route_link_put) struct rtnl_link *link = NULL;
	int rc = rtnl_link_get_kernel(sock, r->link, NULL, &link);
	unsigned mtu;

	if (rc < 0)
		return rc;
	mtu = rtnl_link_get_mtu(link);
	if (!r->mtu || mtu < r->mtu)
		r->mtu = mtu > UINT16_MAX ? UINT16_MAX : (uint16_t)mtu;
	r->vlan_id = vlan_of(sock, link);
	return 0;
}

int route_find(struct route *r)
{
	cleanup(route_socket_free) struct nl_sock *sock = route_socket();
	int rc;

	if (!sock)
		return -ENOMEM;
	r->link = 0;
	r->vlan_id = r->mtu = 0;
	rc = ask_route(sock, r);
	if (rc >= 0 && r->link)
		rc = ask_link(sock, r);
	if (rc < 0)
		return errno_of(rc);
	return r->link ? 0 : -ENETUNREACH;
}

/* What a row of the table says of the address; -EAGAIN: nothing yet. */
static int neighbour_state(struct rtnl_neigh *row, unsigned char mac[MAC_LEN])
{
	const struct nl_addr *address = rtnl_neigh_get_lladdr(row);
	int state = rtnl_neigh_get_state(row);

	if (state & (NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE) && address &&
		nl_addr_get_len(address) == MAC_LEN) {
		memcpy(mac, nl_addr_get_binary_addr(address), MAC_LEN);
		return 0;
	}
	return state & NUD_FAILED ? -EHOSTUNREACH : -EAGAIN;
}

int route_neighbour(const struct route *r, unsigned char mac[MAC_LEN])
{
	cleanup(route_socket_free) struct nl_sock *sock = route_socket();
	struct nl_cache *table = NULL;
	cleanup(route_address_put) struct nl_addr *hop = nl_addr_build(r->family, r->hop, route_address_len(r->family));
	struct rtnl_neigh *row = NULL;
	int rc = sock && hop ? rtnl_neigh_alloc_cache(sock, &table) : -NLE_NOMEM;

	if (rc == 0)
		row = rtnl_neigh_get(table, r->link, hop);
	rc = rc < 0 ? errno_of(rc) : row ? neighbour_state(row, mac) : -EAGAIN;
	if (row)
		rtnl_neigh_put(row);
	if (table)
		nl_cache_free(table);
	return rc;
}

int route_probe(const struct route *r)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(DISCARD_PORT) };
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(DISCARD_PORT), .sin6_scope_id = (uint32_t)r->link
	};
	const struct sockaddr *to = r->family == AF_INET6 ? (const struct sockaddr *)&in6 : (const struct sockaddr *)&in;
	socklen_t len = r->family == AF_INET6 ? sizeof(in6) : sizeof(in);
	int fd = socket(r->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), rc = 0;
	char name[IF_NAMESIZE];

	if (fd < 0)
		return -errno;
	memcpy(&in.sin_addr, r->hop, sizeof(in.sin_addr));
	memcpy(&in6.sin6_addr, r->hop, sizeof(in6.sin6_addr));
	/* the device that the route named, also when the next hop could be had by another */
	if (if_indextoname((unsigned)r->link, name))
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name) + 1);
	if (sendto(fd, "", 0, MSG_NOSIGNAL, to, len) < 0 && errno != EAGAIN)
		rc = -errno;
	close(fd);
	return rc;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The path of a packet to an address, from the kernel's routes and neighbours, for adapters that send frames themselves. Nothing
 * is cached: each call queries the kernel and waits only for its answer.
 */
#ifndef KERNEL_ROUTE_H
#define KERNEL_ROUTE_H

#include <stdint.h>

struct nl_addr;
struct nl_sock;
struct rtnl_link;

struct route {
	int family; /* AF_INET, AF_INET6 */
	unsigned char dst[16], src[16]; /* in network order; src all zero: not found */
	unsigned char hop[16]; /* the next hop: the gateway, or dst itself */
	int link; /* index of the network device */
	uint16_t vlan_id; /* of a VLAN device, or of one below a macvlan; 0: no VLAN */
	uint16_t mtu;
};

/* A connected socket of NETLINK_ROUTE. NULL: it could not be opened. */
struct nl_sock *route_socket(void);
void route_socket_free(struct nl_sock **sock); /* these three are usable as cleanup(), and do nothing for NULL */
void route_link_put(struct rtnl_link **link);
void route_address_put(struct nl_addr **address);
unsigned route_address_len(int family); /* bytes */
/*
 * Finds the other members from family and dst; a src that is set is kept. -ENETUNREACH: no route, a local or a blackhole route.
 * -errno.
 */
int route_find(struct route *r);
/* The next hop's hardware address, as the kernel knows it now. -EAGAIN: not yet; -EHOSTUNREACH: the neighbour does not answer. */
int route_neighbour(const struct route *r, unsigned char mac[6]);
/* Makes the kernel resolve it, by a datagram to the discard port that need not be received. -errno. */
int route_probe(const struct route *r);

#endif

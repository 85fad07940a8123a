/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a packet to an address would leave this machine, from the kernel's routes and neighbours, for adapters that send by
 * themselves. Nothing is kept; each call asks the kernel again and waits for nothing else.
 */
#ifndef KERNEL_ROUTE_H
#define KERNEL_ROUTE_H

#include <stdint.h>

struct nl_sock;

struct route {
	int family; /* AF_INET, AF_INET6 */
	unsigned char dst[16], src[16]; /* in network order; src all zero: none found */
	unsigned char hop[16]; /* whose hardware address is wanted: the gateway, or dst itself */
	int link; /* index of the network device */
	uint16_t vlan_id; /* of a VLAN device, or of one below a macvlan; 0: none */
	uint16_t mtu;
};

/* A connected socket of NETLINK_ROUTE, for nl_socket_free(). NULL: it could not be opened. */
struct nl_sock *route_socket(void);
/* From family and dst all the rest. A src that is set stays. -ENETUNREACH: no route, or one to ourselves or to nowhere. -errno. */
int route_find(struct route *r);
/* The next hop's hardware address, as the kernel knows it now. -EAGAIN: not yet; -EHOSTUNREACH: it tried, and nobody answers. */
int route_neighbour(const struct route *r, unsigned char mac[6]);
/* Makes the kernel resolve it, by a datagram to the discard port that need not be received. -errno. */
int route_probe(const struct route *r);

#endif

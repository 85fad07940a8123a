/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's TCP connections (NETLINK_SOCK_DIAG, sock_diag(7)): the state of one of which this program has no descriptor.
 */
#ifndef KERNEL_TCP_DIAG_H
#define KERNEL_TCP_DIAG_H

#include <stdint.h>

/* A connection by its far end, in network byte order, and by its port here, if that is known. */
struct tcp_diag_name {
	uint8_t family; /* AF_INET, AF_INET6 */
	uint8_t address[16];
	uint16_t port, local_port; /* local_port 0: any */
};

/*
 * 1: a connection of that name is established; 0: there is none, or its other end has closed it; -ENOENT: this kernel has no
 * inet_diag or no tcp_diag; other -errno. May wait, since the first question loads a module: to be called in a helper.
 */
int tcp_diag_established(const struct tcp_diag_name *name);

#endif

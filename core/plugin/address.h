/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The address that an adapter sends from, where its driver leaves ARP and neighbour discovery to user space (MISCSI_TRAIT_PATH).
 * A network device of this host must have it, since otherwise this host would not answer ARP for it. Looked up on the loop's thread, set up on a
 * worker's. For this folder alone.
 */
#ifndef PLUGIN_ADDRESS_H
#define PLUGIN_ADDRESS_H

#include "kernel/macvlan.h"
#include "plugin/private.h"
#include <netinet/in.h>

struct address {
	bool wanted; /* false: the kernel chooses the address */
	bool dhcp; /* whatever address a DHCP client got */
	bool may_make; /* iscsid.offload_macvlan */
	bool adapter; /* macvlan's parent and mac are known */
	int family;
	char text[INET6_ADDRSTRLEN], transport[64];
	struct macvlan macvlan; /* with the address */
};

/* Finds the address that the op's settings and the connect's arguments ask for. */
void address_look(struct op_private *p, const struct miscsi_connect_args *args, struct address *a);
/* Makes sure that this host has it; may block. MISCSI_ERR_TRANS_CAPS: that needs a macvlan, which iscsid.conf does not allow. */
int address_ready(const struct address *a, struct err *err);
/*
 * The source address for an op that looks for a path, in network order: the iface's if it is of the family; with DHCP that of the
 * adapter's macvlan; zeros if the kernel may choose. MISCSI_ERR_TRANS: the macvlan has none yet.
 */
int address_source(struct op_private *p, int family, unsigned char source[16], struct err *err);

#endif

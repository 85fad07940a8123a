/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The address that an adapter sends from, where its driver leaves ARP and the like to user space (MISCSI_TRAIT_PATH): this host's kernel
 * must own it, for nobody else would answer for it. Looked up on the loop's thread, seen to on a worker's. For this folder alone.
 */
#ifndef PLUGIN_ADDRESS_H
#define PLUGIN_ADDRESS_H

#include "kernel/macvlan.h"
#include "plugin/private.h"
#include <netinet/in.h>

struct address {
	bool wanted; /* false: the kernel's own choice will do */
	bool dhcp; /* whatever address a DHCP client got */
	bool may_make; /* iscsid.offload_macvlan */
	bool adapter; /* macvlan's parent and mac are known */
	int family;
	char text[INET6_ADDRSTRLEN], transport[64];
	struct macvlan macvlan; /* with the address */
};

/* What the settings of op and the connect's arguments want. */
void address_look(struct op_private *p, const struct miscsi_connect_args *args, struct address *a);
/* Sees to it; may block. MISCSI_ERR_TRANS_CAPS: it cannot be had without a macvlan, which nobody asked for. */
int address_ready(const struct address *a, struct err *err);
/*
 * For an op that looks for a path: the source to use, in network order; zeroed when the kernel may choose. The iface's address where it
 * is of the family; with DHCP that of the adapter's macvlan. MISCSI_ERR_TRANS: it has none yet.
 */
int address_source(struct op_private *p, int family, unsigned char source[16], struct err *err);

#endif

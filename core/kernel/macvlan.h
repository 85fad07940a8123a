/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A macvlan with an adapter's iSCSI hardware address, so that this kernel answers ARP and neighbour solicitations for an address
 * that the adapter uses and no network device has. It is named for the hardware address, which is the same after each boot.
 *
 * Made when it is needed and never removed: ARP must be answered while a session is recovered and while the daemon is restarted,
 * and a DHCP client of the administrator's may run on it. All of this may wait for the kernel's network lock, as all of route.h
 * may: on a loop's thread macvlan_address_of() alone is called, for a path request.
 */
#ifndef KERNEL_MACVLAN_H
#define KERNEL_MACVLAN_H

#include "base/err.h"
#include <net/if.h>

struct macvlan {
	char parent[IFNAMSIZ]; /* the network device beside the adapter */
	unsigned char mac[6];
	int family; /* AF_INET, AF_INET6; AF_UNSPEC: no address is set */
	unsigned char address[16];
	unsigned prefix;
};

/* "isc" and twelve digits. */
void macvlan_name(const unsigned char mac[6], char name[IFNAMSIZ]);
/*
 * Makes it, or uses an existing one that matches; sets it up; adds the address if it is missing. Parent and macvlan then answer
 * ARP only for their own addresses (arp_ignore, unless the parent's is stricter): otherwise both would answer, and the wrong
 * answer might win. The address is added last, so that its presence means that the rest is done. MISCSI_ERR_TRANS,
 * MISCSI_ERR_ACCESS.
 */
int macvlan_make(const struct macvlan *m, struct err *err);

/* 1: a network device of this host has the address; 0: no device has it; -errno. */
int macvlan_address_is_ours(int family, const unsigned char *address);
/* Returns the first address of a device that is not link-local. -ENOENT: no such address or device. */
int macvlan_address_of(const char *name, int family, unsigned char address[16]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From iface.* settings and sysfs to the address of an adapter, and to the macvlan that carries it. Nothing is kept. */
#include "plugin/address.h"
#include "kernel/sysfs.h"
#include "plugin/hosts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const char *iface_setting(struct op_private *p, const char *key)
{
	const char *text = p->pub.core->setting(&p->pub, key);

	return text ? text : "";
}

/* A mask with holes counts its bits: it was wrong before it came here, and only the prefix reaches the kernel. */
static unsigned prefix_of_mask(const char *mask)
{
	struct in_addr in;

	return inet_pton(AF_INET, mask, &in) == 1 ? (unsigned)__builtin_popcount(in.s_addr) : 0;
}

/* Without one only the address itself is the adapter's: the routes stay as they are. */
static unsigned prefix_of(struct op_private *p, int family)
{
	unsigned most = family == AF_INET6 ? 128 : 32, n = 0;

	if (family == AF_INET)
		n = prefix_of_mask(iface_setting(p, "iface.subnet_mask"));
	if (n == 0)
		n = (unsigned)strtoul(iface_setting(p, "iface.prefix_len"), NULL, 10);
	return n == 0 || n > most ? most : n;
}

/* Exactly six numbers: a driver in an error state shows less, and the macvlan must have the adapter's address. */
static bool read_mac(const struct sysfs *sysfs, uint32_t host_no, unsigned char mac[6])
{
	char text[32], end;

	return sysfs_read(sysfs, text, sizeof(text), "class/iscsi_host/host%u/hwaddress", host_no) >= 0 &&
		sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5],
			&end) == 6;
}

/* The name comes from a record or a driver and becomes a path and a device name, so it is checked for both. */
static bool take_netdev(const struct sysfs *sysfs, const char *name, char parent[IFNAMSIZ])
{
	if (!*name || strlen(name) >= IFNAMSIZ || strchr(name, '/') || *name == '.' || !sysfs_exists(sysfs, "class/net/%s", name))
		return false;
	memcpy(parent, name, strlen(name) + 1);
	return true;
}

/* The iface's own network device first: some drivers do not know theirs. */
static bool find_adapter(struct op_private *p, struct macvlan *m)
{
	const struct sysfs *sysfs = op_plugins(p)->config.sysfs;
	uint32_t hosts[TRANSPORT_HOSTS_MAX], host_no = p->pub.host_no;
	char netdev[64];

	if (host_no == MISCSI_NONE && hosts_of(p->transport, hosts) == 1)
		host_no = hosts[0];
	if (host_no == MISCSI_NONE || !read_mac(sysfs, host_no, m->mac))
		return false;
	if (take_netdev(sysfs, iface_setting(p, "iface.net_ifacename"), m->parent))
		return true;
	return sysfs_read(sysfs, netdev, sizeof(netdev), "class/iscsi_host/host%u/netdev", host_no) >= 0 &&
		take_netdev(sysfs, netdev, m->parent);
}

/*
 * On the loop's thread: settings and sysfs are read here, and copied, since the worker may still run when the op is gone. Without
 * an address in the iface the adapter uses the one that the kernel chooses, and nothing needs to be done.
 */
void address_look(struct op_private *p, const struct miscsi_connect_args *args, struct address *a)
{
	memset(a, 0, sizeof(*a));
	if (!op_plugins(p)->config.sysfs)
		return;
	a->family = args->dst->sa_family;
	a->may_make = op_plugins(p)->config.macvlan;
	snprintf(a->transport, sizeof(a->transport), "%s", p->transport->match.transport);
	if (args->ip && *args->ip) {
		a->wanted = inet_pton(a->family, args->ip, a->macvlan.address) == 1;
		snprintf(a->text, sizeof(a->text), "%.*s", (int)sizeof(a->text) - 1, args->ip);
	} else {
		a->wanted = a->dhcp = a->family == AF_INET && strcmp(iface_setting(p, "iface.bootproto"), "dhcp") == 0;
	}
	if (!a->wanted)
		return;
	a->macvlan.family = a->dhcp ? AF_UNSPEC : a->family;
	a->macvlan.prefix = prefix_of(p, a->family);
	a->adapter = find_adapter(p, &a->macvlan);
}

/* Both ways out are named: an address that this host has, or a macvlan that the daemon may make. */
static int not_without(const struct address *a, struct err *err)
{
	if (a->dhcp)
		return err_set(err, MISCSI_ERR_TRANS_CAPS,
			"transport %s: the adapter cannot use DHCP by itself; set iface.ipaddress, or set iscsid.offload_macvlan "
			"= Yes, restart iscsid, and run a DHCP client on the "
			"network device that it makes",
			a->transport);
	return err_set(err, MISCSI_ERR_TRANS_CAPS,
		"transport %s: no network device of this machine has the address %s (iface.ipaddress), for which the "
		"adapter does not answer ARP by itself; add the address to a network device, "
		"or set iscsid.offload_macvlan = Yes and restart iscsid",
		a->transport, a->text);
}

/* The macvlan is made without an address; the administrator runs the DHCP client, which is not ours to start. */
static int await_dhcp(const struct address *a, struct err *err)
{
	unsigned char address[16];
	char name[IFNAMSIZ];

	macvlan_name(a->macvlan.mac, name);
	if (macvlan_address_of(name, a->family, address) == 0)
		return 0;
	return err_set(err, MISCSI_ERR_TRANS,
		"transport %s: the network device %s, which iscsid made for the adapter, has no IP address yet: run a DHCP "
		"client on it",
		a->transport, name);
}

/* On a worker's thread: asking the kernel for all addresses and making a device both wait for its network lock. */
int address_ready(const struct address *a, struct err *err)
{
	int rc;

	if (!a->wanted)
		return 0;
	rc = a->dhcp ? 0 : macvlan_address_is_ours(a->family, a->macvlan.address);
	if (rc < 0)
		return err_sys(err, MISCSI_ERR_INTERNAL, -rc,
			"transport %s: cannot look up which network device has the address %s (iface.ipaddress)", a->transport,
			a->text);
	if (rc > 0)
		return 0;
	if (!a->may_make)
		return not_without(a, err);
	if (!a->adapter)
		return err_set(err, MISCSI_ERR_INVAL,
			"transport %s: cannot make a macvlan for the adapter, because its network device is not known: set "
			"iface.hwaddress (the adapter's address) and iface.net_ifacename (its network device) in one command",
			a->transport);
	rc = macvlan_make(&a->macvlan, err);
	return rc == 0 && a->dhcp ? await_dhcp(a, err) : rc;
}

/* For the answer to PATH_REQ, on the loop's thread: only looks, for the connect has made the device before. */
int address_source(struct op_private *p, int family, unsigned char source[16], struct err *err)
{
	struct address a = { .dhcp = true, .family = family };

	memset(source, 0, 16);
	if (inet_pton(family, iface_setting(p, "iface.ipaddress"), source) == 1)
		return 0;
	memset(source, 0, 16);
	if (*iface_setting(p, "iface.ipaddress") || family != AF_INET ||
		strcmp(iface_setting(p, "iface.bootproto"), "dhcp") != 0 || !op_plugins(p)->config.macvlan ||
		!op_plugins(p)->config.sysfs)
		return 0;
	snprintf(a.transport, sizeof(a.transport), "%s", p->transport->match.transport);
	if (find_adapter(p, &a.macvlan)) {
		char name[IFNAMSIZ];

		macvlan_name(a.macvlan.mac, name);
		if (macvlan_address_of(name, family, source) == 0)
			return 0;
	}
	return await_dhcp(&a, err);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network devices and addresses by libnl-route; each call has a socket of its own, as in route.c. Nothing is kept. */
#include "kernel/macvlan.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "kernel/route.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/macvlan.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAC_LEN 6
#define ARP_OWN_ONLY "1" /* arp_ignore: an address is answered for on its own device alone */
#define RP_LOOSE "2" /* rp_filter: what comes in may have its way back by the parent */

static int link_failed(struct err *err, int nl, const char *what, const char *name)
{
	char escaped[64];

	str_escape(escaped, sizeof(escaped), name, strnlen(name, IFNAMSIZ));
	return err_set(err, nl == -NLE_PERM || nl == -NLE_NOACCESS ? MISCSI_ERR_ACCESS : MISCSI_ERR_TRANS, "%s %s: %s", what,
		escaped, nl_geterror(nl));
}

void macvlan_name(const unsigned char mac[6], char name[IFNAMSIZ])
{
	snprintf(name, IFNAMSIZ, "isc%02x%02x%02x%02x%02x%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/* ---- addresses ---- */

struct search {
	int family, link; /* link 0: any */
	const unsigned char *address; /* NULL: any but a link-local one */
	unsigned char found[16];
	bool any;
};

static bool is_link_local(int family, const unsigned char *a)
{
	return family == AF_INET6 ? a[0] == 0xfe && (a[1] & 0xc0) == 0x80 : a[0] == 169 && a[1] == 254;
}

static void match_address(struct nl_object *object, void *arg)
{
	struct rtnl_addr *row = (struct rtnl_addr *)(void *)object;
	struct nl_addr *local = rtnl_addr_get_local(row);
	struct search *s = arg;
	const unsigned char *bytes;

	if (s->any || !local || rtnl_addr_get_family(row) != s->family || nl_addr_get_len(local) != route_address_len(s->family))
		return;
	if (s->link && rtnl_addr_get_ifindex(row) != s->link)
		return;
	bytes = nl_addr_get_binary_addr(local);
	if (s->address ? memcmp(bytes, s->address, route_address_len(s->family)) != 0 : is_link_local(s->family, bytes))
		return;
	memcpy(s->found, bytes, route_address_len(s->family));
	s->any = true;
}

static int search_address(struct nl_sock *sock, struct search *s)
{
	struct nl_cache *rows = NULL;
	int rc = rtnl_addr_alloc_cache(sock, &rows);

	if (rc < 0)
		return -ENOMEM;
	nl_cache_foreach(rows, match_address, s);
	nl_cache_free(rows);
	return s->any ? 1 : 0;
}

int macvlan_address_is_ours(int family, const unsigned char *address)
{
	cleanup(route_socket_free) struct nl_sock *sock = route_socket();
	struct search s = { .family = family, .address = address };

	return sock ? search_address(sock, &s) : -ENOMEM;
}

int macvlan_address_of(const char *name, int family, unsigned char address[16])
{
	cleanup(route_socket_free) struct nl_sock *sock = route_socket();
	struct search s = { .family = family, .link = (int)if_nametoindex(name) };

	if (!s.link)
		return -ENOENT;
	if (!sock || search_address(sock, &s) < 0)
		return -ENOMEM;
	memcpy(address, s.found, route_address_len(family));
	return s.any ? 0 : -ENOENT;
}

/* Usable at once: it is what the administrator gave to the adapter, so IPv6 does not try it out first. */
static int add_address(struct nl_sock *sock, const struct macvlan *m, int link)
{
	cleanup(route_address_put) struct nl_addr *local = nl_addr_build(m->family, m->address, route_address_len(m->family));
	struct search s = { .family = m->family, .link = link, .address = m->address };
	struct rtnl_addr *row;
	int rc = search_address(sock, &s);

	if (rc != 0)
		return rc < 0 ? -NLE_NOMEM : 0;
	row = local ? rtnl_addr_alloc() : NULL;
	if (!row)
		return -NLE_NOMEM;
	nl_addr_set_prefixlen(local, (int)m->prefix);
	rtnl_addr_set_ifindex(row, link);
	rc = rtnl_addr_set_local(row, local);
	if (rc == 0 && m->family == AF_INET6)
		rtnl_addr_set_flags(row, IFA_F_NODAD);
	if (rc == 0)
		rc = rtnl_addr_add(sock, row, NLM_F_EXCL);
	rtnl_addr_put(row);
	return rc == -NLE_EXIST ? 0 : rc;
}

/* ---- the device ---- */

static int make_link(struct nl_sock *sock, const struct macvlan *m, const char *name, int parent)
{
	cleanup(route_link_put) struct rtnl_link *link = rtnl_link_macvlan_alloc();
	cleanup(route_address_put) struct nl_addr *mac = nl_addr_build(AF_LLC, m->mac, MAC_LEN);
	int rc;

	if (!link || !mac)
		return -NLE_NOMEM;
	rtnl_link_set_name(link, name);
	rtnl_link_set_link(link, parent);
	rtnl_link_set_addr(link, mac);
	rtnl_link_set_ifalias(link, "made by miscsi");
	rc = rtnl_link_macvlan_set_mode(link, MACVLAN_MODE_BRIDGE);
	if (rc == 0)
		rc = rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
	return rc == -NLE_EXIST ? 0 : rc; /* somebody made it just now: whether it is as wanted is looked at next */
}

static bool is_as_wanted(struct rtnl_link *link, const struct macvlan *m, int parent)
{
	const struct nl_addr *mac = rtnl_link_get_addr(link);

	return rtnl_link_is_macvlan(link) && rtnl_link_get_link(link) == parent && mac && nl_addr_get_len(mac) == MAC_LEN &&
		memcmp(nl_addr_get_binary_addr(mac), m->mac, MAC_LEN) == 0;
}

static int set_up(struct nl_sock *sock, struct rtnl_link *link)
{
	cleanup(route_link_put) struct rtnl_link *change = rtnl_link_alloc();

	if (!change)
		return -NLE_NOMEM;
	rtnl_link_set_flags(change, IFF_UP);
	return rtnl_link_change(sock, link, change, 0);
}

static int open_ipv4(const char *device, const char *key, int how)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%.*s/%s", IFNAMSIZ, device, key);
	fd = open(path, how | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* As sysctl does. A kernel without the setting needs none. */
static int set_ipv4(const char *device, const char *key, const char *value)
{
	int fd = open_ipv4(device, key, O_WRONLY), rc = 0;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (write(fd, value, strlen(value)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

/* An administrator may want fewer answers still than we do. */
static bool is_strict(const char *device)
{
	int fd = open_ipv4(device, "arp_ignore", O_RDONLY);
	char value = '\0';

	if (fd < 0)
		return false;
	if (read(fd, &value, 1) != 1)
		value = '\0';
	close(fd);
	return value && strchr("128", value);
}

static int answer_apart(const char *name, const char *parent, struct err *err)
{
	int rc = set_ipv4(name, "arp_ignore", ARP_OWN_ONLY);

	if (rc == 0)
		rc = set_ipv4(name, "rp_filter", RP_LOOSE);
	if (rc == 0 && !is_strict(parent))
		rc = set_ipv4(parent, "arp_ignore", ARP_OWN_ONLY);
	return rc < 0 ?
		err_sys(err, rc == -EACCES || rc == -EPERM ? MISCSI_ERR_ACCESS : MISCSI_ERR_TRANS, -rc,
			"cannot set arp_ignore and rp_filter in /proc/sys/net/ipv4/conf of macvlan %s and its network device %s",
			name, parent) :
		0;
}

static int make_sure(struct nl_sock *sock, const struct macvlan *m, const char *name, struct err *err)
{
	cleanup(route_link_put) struct rtnl_link *link = NULL;
	int parent = (int)if_nametoindex(m->parent), rc;

	if (!parent)
		return link_failed(err, -NLE_NODEV, "cannot find the adapter's network device", m->parent);
	if (rtnl_link_get_kernel(sock, 0, name, &link) < 0) {
		rc = make_link(sock, m, name, parent);
		if (rc < 0)
			return link_failed(err, rc, "cannot create a macvlan of network device", m->parent);
		rc = rtnl_link_get_kernel(sock, 0, name, &link);
		if (rc < 0)
			return link_failed(err, rc, "cannot find the macvlan that was just created,", name);
	}
	if (!is_as_wanted(link, m, parent))
		return err_set(err, MISCSI_ERR_TRANS,
			"network device %s exists, but is not a macvlan of %s with the adapter's hardware address: delete or "
			"rename it",
			name, m->parent);
	/* before it has an address that could be answered for wrongly */
	rc = answer_apart(name, m->parent, err);
	if (rc < 0)
		return rc;
	rc = set_up(sock, link);
	if (rc < 0)
		return link_failed(err, rc, "cannot bring up network device", name);
	/* last: a later call that finds the address skips all of this */
	rc = m->family == AF_UNSPEC ? 0 : add_address(sock, m, rtnl_link_get_ifindex(link));
	return rc < 0 ? link_failed(err, rc, "cannot add the adapter's IP address to network device", name) : 0;
}

int macvlan_make(const struct macvlan *m, struct err *err)
{
	cleanup(route_socket_free) struct nl_sock *sock = route_socket();
	char name[IFNAMSIZ];

	macvlan_name(m->mac, name);
	if (!sock)
		return err_set(err, MISCSI_ERR_TRANS,
			"cannot open a netlink socket to make a macvlan of %s: no memory or file descriptors are left; free some "
			"memory, or raise the limit of open files",
			m->parent);
	return make_sure(sock, m, name, err);
}

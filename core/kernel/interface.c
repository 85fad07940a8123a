/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces by libnl-route, in one pass: device, VLAN, address, route. An object that exists is what was wanted. */
#include "kernel/interface.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "kernel/route.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/vlan.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int interface_failed(struct err *err, int nl, const char *what, const char *name)
{
	char escaped[64];

	return err_set(err, nl == -NLE_PERM || nl == -NLE_NOACCESS ? MISCSI_ERR_ACCESS : MISCSI_ERR_TRANS, "%s %s: %s", what,
		str_escape(escaped, sizeof(escaped), name, strnlen(name, INTERFACE_NAME_MAX)), nl_geterror(nl));
}

/* A VLAN device may have the address of the card below it. */
static int find_by_hwaddress(struct nl_sock *sock, const char *hwaddress, struct rtnl_link **out)
{
	struct nl_cache *links = NULL;
	struct nl_addr *wanted = NULL;
	int rc = nl_addr_parse(hwaddress, AF_LLC, &wanted);

	if (rc == 0)
		rc = rtnl_link_alloc_cache(sock, AF_UNSPEC, &links);
	for (struct nl_object *o = rc ? NULL : nl_cache_get_first(links); o && !*out; o = nl_cache_get_next(o)) {
		struct rtnl_link *link = (struct rtnl_link *)(void *)o;
		const struct nl_addr *own = rtnl_link_get_addr(link);

		if (own && nl_addr_cmp(own, wanted) == 0 && !rtnl_link_is_vlan(link) && !rtnl_link_is_macvlan(link)) {
			nl_object_get(o);
			*out = link;
		}
	}
	if (links)
		nl_cache_free(links);
	if (wanted)
		nl_addr_put(wanted);
	return rc ? rc : *out ? 0 : -NLE_OBJ_NOTFOUND;
}

static int link_up(struct nl_sock *sock, struct rtnl_link *link)
{
	cleanup(route_link_put) struct rtnl_link *change = rtnl_link_alloc();

	if (!change)
		return -NLE_NOMEM;
	if (rtnl_link_get_flags(link) & IFF_UP)
		return 0;
	rtnl_link_set_flags(change, IFF_UP);
	return rtnl_link_change(sock, link, change, 0);
}

/* The VLAN device of the link, made if it is missing, in *out. */
static int vlan_device(struct nl_sock *sock, struct rtnl_link *link, const struct interface *i, struct rtnl_link **out)
{
	cleanup(route_link_put) struct rtnl_link *made = rtnl_link_vlan_alloc();
	char name[INTERFACE_NAME_MAX];
	int rc;

	if (!made)
		return -NLE_NOMEM;
	if ((size_t)snprintf(name, sizeof(name), "%s.%u", rtnl_link_get_name(link), i->vlan) >= IFNAMSIZ)
		snprintf(name, sizeof(name), "vlan%u", i->vlan);
	rtnl_link_set_name(made, name);
	rtnl_link_set_link(made, rtnl_link_get_ifindex(link));
	rc = rtnl_link_vlan_set_id(made, i->vlan);
	if (rc == 0)
		rc = rtnl_link_add(sock, made, NLM_F_CREATE | NLM_F_EXCL);
	return rc && rc != -NLE_EXIST ? rc : rtnl_link_get_kernel(sock, 0, name, out);
}

static int add_address(struct nl_sock *sock, const struct interface *i, int index)
{
	struct rtnl_addr *row = rtnl_addr_alloc();
	struct nl_addr *local = NULL;
	int rc = row ? nl_addr_parse(i->address, AF_UNSPEC, &local) : -NLE_NOMEM;

	if (rc == 0) {
		nl_addr_set_prefixlen(local, (int)i->prefix);
		rtnl_addr_set_ifindex(row, index);
		rc = rtnl_addr_set_local(row, local);
	}
	/* as the firmware used it: it need not be tried out first */
	if (rc == 0 && nl_addr_get_family(local) == AF_INET6)
		rtnl_addr_set_flags(row, IFA_F_NODAD);
	if (rc == 0)
		rc = rtnl_addr_add(sock, row, NLM_F_EXCL);
	if (local)
		nl_addr_put(local);
	if (row)
		rtnl_addr_put(row);
	return rc == -NLE_EXIST ? 0 : rc;
}

/* gateway: NULL for a target on the link itself. onlink: the gateway is there too, although no address of the device says so. */
static int add_route(struct nl_sock *sock, const struct nl_addr *target, const struct nl_addr *gateway, bool onlink, int index)
{
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *next = rtnl_route_nh_alloc();
	int rc = route && next ? rtnl_route_set_dst(route, (struct nl_addr *)(uintptr_t)target) : -NLE_NOMEM;

	if (rc == 0) {
		rtnl_route_nh_set_ifindex(next, index);
		if (gateway)
			rtnl_route_nh_set_gateway(next, (struct nl_addr *)(uintptr_t)gateway);
		if (onlink)
			rtnl_route_nh_set_flags(next, RTNH_F_ONLINK);
		rtnl_route_add_nexthop(route, next); /* owned by the route from now on */
		next = NULL;
		rc = rtnl_route_add(sock, route, NLM_F_CREATE | NLM_F_EXCL);
	}
	if (next)
		rtnl_route_nh_free(next);
	if (route)
		rtnl_route_put(route);
	return rc == -NLE_EXIST ? 0 : rc;
}

/*
 * None is needed to a target within the prefix. A prefix of the address alone is one that the firmware did not report: the gateway, or
 * without one the target, is on the link. To a target of the other family only a gateway would lead, and that is refused.
 */
static int route_to_target(struct nl_sock *sock, const struct interface *i, int index)
{
	cleanup(route_address_put) struct nl_addr *target = NULL, *gateway = NULL, *local = NULL;
	bool by_gateway = i->gateway && *i->gateway, alone, mixed;
	int rc = nl_addr_parse(i->address, AF_UNSPEC, &local);

	if (rc == 0 && i->target)
		rc = nl_addr_parse(i->target, AF_UNSPEC, &target);
	if (rc == 0 && by_gateway)
		rc = nl_addr_parse(i->gateway, AF_UNSPEC, &gateway);
	if (rc || !target)
		return rc;
	alone = i->prefix == 8 * nl_addr_get_len(local);
	nl_addr_set_prefixlen(local, (int)i->prefix);
	mixed = nl_addr_get_family(target) != nl_addr_get_family(local);
	if (!by_gateway && (mixed || !alone))
		return 0;
	if (mixed || (gateway && nl_addr_get_family(gateway) != nl_addr_get_family(local)))
		return -NLE_AF_MISMATCH;
	if (nl_addr_cmp_prefix(local, target) == 0)
		return 0;
	return add_route(sock, target, gateway, gateway && nl_addr_cmp_prefix(local, gateway) != 0, index);
}

static const char *escaped_text(char *buf, size_t size, const char *text)
{
	return text ? str_escape(buf, size, text, strlen(text)) : "";
}

static int set_up_device(struct nl_sock *sock, const struct interface *i, struct rtnl_link *link, char *name, struct err *err)
{
	int rc = link_up(sock, link);
	char what[200], shown[80];

	snprintf(name, INTERFACE_NAME_MAX, "%s", rtnl_link_get_name(link));
	if (rc)
		return interface_failed(err, rc, "cannot bring up network device", name);
	rc = add_address(sock, i, rtnl_link_get_ifindex(link));
	snprintf(what, sizeof(what), "cannot add the boot firmware's address %s/%u to network device",
		escaped_text(shown, sizeof(shown), i->address), i->prefix);
	if (rc)
		return interface_failed(err, rc, what, name);
	rc = route_to_target(sock, i, rtnl_link_get_ifindex(link));
	snprintf(what, sizeof(what), "cannot add a route to the target %s by network device",
		escaped_text(shown, sizeof(shown), i->target));
	return rc ? interface_failed(err, rc, what, name) : 0;
}

int interface_up(const struct interface *i, char name[INTERFACE_NAME_MAX], struct err *err)
{
	cleanup(route_socket_free) struct nl_sock *sock = route_socket();
	cleanup(route_link_put) struct rtnl_link *link = NULL, *vlan = NULL;
	bool named = i->device && *i->device;
	int rc;

	if (!sock)
		return err_set(err, MISCSI_ERR_TRANS,
			"cannot open a netlink socket to set up the boot network: no memory or file descriptors are left; free "
			"some memory, or raise the limit of open files");
	rc = named ? rtnl_link_get_kernel(sock, 0, i->device, &link) : find_by_hwaddress(sock, i->hwaddress, &link);
	if (rc)
		return interface_failed(err, rc, "cannot find the network device that the boot firmware names,",
			named ? i->device : i->hwaddress);
	if (!i->vlan)
		return set_up_device(sock, i, link, name, err);
	rc = link_up(sock, link);
	if (rc)
		return interface_failed(err, rc, "cannot bring up network device", rtnl_link_get_name(link));
	rc = vlan_device(sock, link, i, &vlan);
	return rc ? interface_failed(
			    err, rc, "cannot create the VLAN of the boot firmware on network device", rtnl_link_get_name(link)) :
		    set_up_device(sock, i, vlan, name, err);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PATH_REQ answered for drivers that send by themselves: route, source, VLAN and MTU at once, the next hop's hardware address as
 * soon as the kernel has resolved it. No packet is made or read here: the kernel's own ARP and neighbour discovery do it.
 */
#include "kernel/route.h"
#include "plugin/address.h"
#include "plugin/defaults.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define LOOK_MS 50u
#define LOOKS_MAX 70u /* 3.5 s: the kernel asks three times, a second apart */
#define PROBE_EVERY 20u
#define MTU_MAX 9000u /* drivers refuse more without telling anybody, and the connect then hangs */

struct path_search {
	struct miscsi_path *path;
	struct route route;
	struct miscsi_timer *timer;
	unsigned looks;
};

static int not_found(struct miscsi_op *op, const struct path_search *s, const char *why)
{
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop((int)s->path->family, s->path->dst, text, sizeof(text));
	return op->core->set_error(op, MISCSI_ERR_TRANS, "there is no network path from the adapter to %s: %s", text, why);
}

static void path_look(struct miscsi_op *op, void *arg);

static int look_later(struct miscsi_op *op, struct path_search *s)
{
	int rc;

	if (s->looks % PROBE_EVERY == 0)
		route_probe(&s->route); /* if it cannot be sent, the next hop stays unresolved, which is reported then */
	if (s->looks++ >= LOOKS_MAX)
		return not_found(op, s,
			"the next hop of the route does not answer ARP or neighbor solicitations; check the route and the VLAN");
	rc = op->core->timer(op, LOOK_MS, path_look, s, &s->timer);
	return rc < 0 ? rc : -EINPROGRESS;
}

/*
 * The kernel resolves the next hop by itself once something is sent to it; here its table is read until the answer stands there.
 */
static int look_now(struct miscsi_op *op, struct path_search *s)
{
	int rc = route_neighbour(&s->route, s->path->mac);

	/* a failure may be one of long ago: the kernel forgets it when it is asked again */
	if (rc == -EAGAIN || (rc == -EHOSTUNREACH && s->looks < PROBE_EVERY))
		return look_later(op, s);
	return rc < 0 ? not_found(op, s, strerror(-rc)) : 0;
}

static void path_look(struct miscsi_op *op, void *arg)
{
	int rc = look_now(op, arg);

	if (rc != -EINPROGRESS)
		op->core->op_done(op, rc);
}

/* The VLAN of the route's device goes into the answer because the adapter tags its frames itself. */
int path_find(struct miscsi_op *op, struct miscsi_path *path)
{
	struct path_search *s = op->core->op_alloc(op, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	s->path = path;
	s->route.family = (int)path->family;
	memcpy(s->route.dst, path->dst, sizeof(s->route.dst));
	rc = address_source(op_of(op), s->route.family, s->route.src, &op_of(op)->owner->err);
	if (rc < 0)
		return rc;
	rc = route_find(&s->route);
	if (rc < 0)
		return not_found(op, s, strerror(-rc));
	memcpy(path->src, s->route.src, sizeof(path->src));
	path->vlan_id = s->route.vlan_id;
	path->pmtu = s->route.mtu < MTU_MAX ? s->route.mtu : MTU_MAX;
	return look_now(op, s);
}

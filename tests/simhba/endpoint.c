/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints: connecting as each driver does, at once or slowly, with a path from user space or without. */
#include "sim.h"
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/in.h>

#define PACKET_HANDLE 0xfe0000000ull /* by which qedi is told to send what lies in its uio ring */

struct iscsi_endpoint *ep_make(struct host *h, const struct sockaddr *to)
{
	struct iscsi_endpoint *ep = iscsi_create_endpoint(sizeof(struct endpoint));
	struct endpoint *e;

	if (!ep)
		return NULL;
	e = ep->dd_data;
	e->host = h;
	e->ep = ep;
	e->state = 1;
	e->ready = jiffies + (sim_faulty(h) ? msecs_to_jiffies(slow_poll_ms) : 0);
	memcpy(&e->address, to, to->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
	init_waitqueue_head(&e->wait);
	return ep;
}

/* Asks user space for the way; nobody there is an error, at once or after some tries. */
static int ask_path(struct endpoint *e)
{
	struct iscsi_path path = { .handle = e->ep->id, .vlan_id = path_vlan, .pmtu = path_mtu };
	struct host *h = e->host;
	int tries = h->kind->has & PATH_RETRIES ? 3 : 1, rc = -ESRCH;

	if (e->address.ss_family == AF_INET6) {
		path.ip_addr_len = 16;
		path.dst.v6_addr = ((struct sockaddr_in6 *)&e->address)->sin6_addr;
	} else {
		path.ip_addr_len = 4;
		path.dst.v4_addr = ((struct sockaddr_in *)&e->address)->sin_addr;
	}
	e->state = 0;
	while (tries--) {
		rc = iscsi_offload_mesg(h->shost, &h->kind->transport, ISCSI_KEVENT_PATH_REQ, (char *)&path, sizeof(path));
		if (rc >= 0)
			break;
		if (tries)
			msleep(100);
	}
	sim_log("host%u PATH_REQ handle %llu to %pISc: %d", h->shost->host_no, path.handle, &e->address, rc);
	return rc < 0 ? rc : 0;
}

struct iscsi_endpoint *ep_connect(struct Scsi_Host *shost, struct sockaddr *to, int non_blocking)
{
	struct host *h = shost ? sim_host(shost) : NULL;
	struct iscsi_endpoint *ep;
	int rc = 0;

	if (!h)
		return ERR_PTR(-ENXIO);
	sim_log("host%u EP_CONNECT %pISpc%s", h->shost->host_no, to, non_blocking ? " non-blocking" : "");
	if (fail_connect && sim_faulty(h))
		return ERR_PTR(-abs(fail_connect));
	if ((h->kind->has & NEEDS_UIO) && !uio_is_open(h))
		return ERR_PTR(-ENODEV);
	ep = ep_make(h, to);
	if (!ep)
		return ERR_PTR(-ENOMEM);
	if ((h->kind->has & CONNECT_BLOCKS) && sim_faulty(h))
		msleep(slow_poll_ms);
	if (h->kind->has & HAS_PATH)
		rc = ask_path(ep->dd_data);
	if (rc) {
		iscsi_destroy_endpoint(ep);
		return ERR_PTR(rc);
	}
	return ep;
}

/* 1 connected, 0 not yet, negative: failed. */
static int look(struct endpoint *e)
{
	u32 has = e->host->kind->has;

	if (has & POLL_AT_ONCE)
		return 1;
	if (e->state < 0)
		return e->state;
	if (!e->state || time_before(jiffies, e->ready))
		return 0;
	if (refuse_connect && sim_faulty(e->host))
		return has & POLL_NO_ERROR ? 0 : -ECONNREFUSED;
	return 1;
}

int ep_poll(struct iscsi_endpoint *ep, int timeout_ms)
{
	struct endpoint *e = ep->dd_data;
	unsigned long end = jiffies + msecs_to_jiffies(timeout_ms);
	int rc;

	sim_log("ep %d EP_POLL %d ms", ep->id, timeout_ms);
	if (block_poll_ms && sim_faulty(e->host))
		msleep(block_poll_ms);
	while (!(rc = look(e)) && !(e->host->kind->has & POLL_NO_WAIT) && time_before(jiffies, end))
		wait_event_interruptible_timeout(e->wait, e->state, msecs_to_jiffies(5));
	return rc;
}

void ep_disconnect(struct iscsi_endpoint *ep)
{
	sim_log("ep %d EP_DISCONNECT", ep->id);
	iscsi_destroy_endpoint(ep);
}

int ep_get(struct iscsi_endpoint *ep, enum iscsi_param param, char *buf)
{
	struct endpoint *e = ep->dd_data;

	return iscsi_conn_get_addr_param(&e->address, param, buf);
}

/* What makes a real driver fail, hang, or do something else than connect. */
static const char *wrong(const struct iscsi_path *path, const struct endpoint *e)
{
	static const u8 zero[16];
	int length = e->address.ss_family == AF_INET6 ? 16 : 4;

	if (e->state)
		return "answered twice";
	if (path->ip_addr_len != length)
		return "other family";
	if (is_zero_ether_addr(path->mac_addr))
		return NULL;
	if (!is_valid_ether_addr(path->mac_addr))
		return "MAC of a group";
	if (!memcmp(&path->src, zero, length))
		return "no source";
	if (path->vlan_id > 4094)
		return "VLAN";
	if (path->pmtu < 576 || path->pmtu > 9000)
		return "MTU";
	return NULL;
}

/* The answer to a PATH_REQ. No hardware address means that there is no way. */
int ep_path(struct Scsi_Host *shost, struct iscsi_path *path)
{
	struct iscsi_endpoint *ep;
	struct endpoint *e;
	const char *bad;

	if (path->handle == PACKET_HANDLE)
		sim_log("BAD PATH_UPDATE: a packet of the uio ring");
	sim_log("host%u PATH_UPDATE handle %llu mac %pM len %u vlan %u mtu %u", shost->host_no, path->handle, path->mac_addr,
		path->ip_addr_len, path->vlan_id, path->pmtu);
	sim_log_bytes(" src", &path->src, path->ip_addr_len == 16 ? 16 : 4);
	sim_log_bytes(" dst", &path->dst, path->ip_addr_len == 16 ? 16 : 4);
	ep = iscsi_lookup_endpoint(path->handle);
	if (!ep)
		return -EINVAL;
	e = ep->dd_data;
	bad = wrong(path, e);
	if (bad)
		sim_log("BAD PATH_UPDATE: %s", bad);
	e->state = is_valid_ether_addr(path->mac_addr) ? 1 : -EHOSTUNREACH;
	wake_up_all(&e->wait);
	iscsi_put_endpoint(ep);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel serves for an adapter's network interfaces: their settings and ping. Written against the public ABI. */
#include "plugin/defaults.h"
#include "plugin/kencode.h"
#include "plugin/krequest.h"
#include "base/mem.h"

#include <errno.h>

#define PING_LOST_MS 60000u /* the firmware has time-outs of its own: this is for an event that was lost */

static const struct krequest set_iface = { ISCSI_UEVENT_SET_IFACE_PARAMS, "cannot write the network settings to the adapter",
	MISCSI_ERR_TRANS_CAPS, MISCSI_ERR_GENERIC,
	{ { EINVAL, MISCSI_ERR_INVAL, "the adapter refuses one of them (the kernel's log may name it)" } } };
static const struct krequest ping = { ISCSI_UEVENT_PING, "cannot send a ping by the adapter", MISCSI_ERR_OP_NOT_SUPP,
	MISCSI_ERR_GENERIC,
	{ { EINVAL, MISCSI_ERR_INVAL, "the adapter refuses the request (the kernel's log may have the reason)" } } };

/* One message is one transaction: an address goes with its mask, and the port is set up anew once. */
int knet_apply(struct miscsi_op *op)
{
	cleanup(kencode_wipe) struct kencode k = KENCODE_INIT;
	struct miscsi_request request = { 0 };
	int rc = kencode_iface(op, &k);

	if (rc < 0)
		return rc;
	request.payload = strbuf_str(&k.attrs);
	request.payload_len = (uint32_t)k.attrs.len;
	request.u.set_iface_params.host_no = op->host_no;
	request.u.set_iface_params.count = k.count;
	return krequest_send(op, &set_iface, &request);
}

/* ---- ping ---- */

static const struct {
	enum miscsi_error code;
	const char *text;
} ping_states[] = {
	[ISCSI_PING_FW_DISABLED] = { MISCSI_ERR_TRANS, "firmware disabled" },
	[ISCSI_PING_IPADDR_INVALID] = { MISCSI_ERR_INVAL, "invalid IP address" },
	[ISCSI_PING_LINKLOCAL_IPV6_ADDR_INVALID] = { MISCSI_ERR_INVAL, "invalid link local IPv6 address" },
	[ISCSI_PING_TIMEOUT] = { MISCSI_ERR_TRANS_TIMEOUT, "timed out" },
	[ISCSI_PING_INVALID_DEST_ADDR] = { MISCSI_ERR_INVAL, "invalid destination address" },
	[ISCSI_PING_OVERSIZE_PACKET] = { MISCSI_ERR_INVAL, "oversized packet" },
	[ISCSI_PING_ICMP_ERROR] = { MISCSI_ERR_TRANS, "ICMP error" },
	[ISCSI_PING_MAX_REQ_EXCEEDED] = { MISCSI_ERR_BUSY, "Max request exceeded" },
	[ISCSI_PING_NO_ARP_RECEIVED] = { MISCSI_ERR_TRANS, "No ARP response received" },
};

struct pinging {
	struct miscsi_timer *lost;
};

static void ping_sent(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	if (answer->result < 0)
		op->core->op_done(op, krequest_failed(op, &ping, answer->result));
}

/* Counted from the request: an adapter whose firmware has crashed sends no event. */
static void ping_lost(struct miscsi_op *op, void *arg)
{
	(void)arg;
	op->core->op_done(op,
		op->core->set_error(op, MISCSI_ERR_TRANS_TIMEOUT,
			"the adapter did not report the result of the ping within %u s: its firmware may have failed (see the "
			"kernel's log)",
			PING_LOST_MS / 1000));
}

/* The request only starts the ping. Its end is event 111, which carries the id: several may be under way on one host. */
int knet_ping(struct miscsi_op *op, const struct miscsi_ping_args *args)
{
	struct pinging *p = op->core->op_alloc(op, sizeof(*p));
	struct miscsi_request request = { .type = ISCSI_UEVENT_PING, .payload = args->dst, .payload_len = args->dst_len };
	int rc = p ? op->core->timer(op, PING_LOST_MS, ping_lost, NULL, &p->lost) : -ENOMEM;

	if (rc < 0)
		return rc;
	request.u.iscsi_ping.host_no = op->host_no;
	request.u.iscsi_ping.iface_num = args->iface_num;
	request.u.iscsi_ping.iface_type = args->iface_type;
	request.u.iscsi_ping.payload_size = args->payload;
	request.u.iscsi_ping.pid = args->id;
	return krequest_ask(op, &request, ping_sent);
}

void knet_ping_event(struct miscsi_op *op, uint32_t status)
{
	int rc = 0;

	if (status >= ARRAY_SIZE(ping_states))
		rc = op->core->set_error(op, MISCSI_ERR_TRANS,
			"the adapter reported the unknown status %u as the result of the ping, so whether there was an answer is "
			"unknown",
			status);
	else if (status != ISCSI_PING_SUCCESS)
		rc = op->core->set_error(op, ping_states[status].code, "%s", ping_states[status].text);
	op->core->op_done(op, rc);
}

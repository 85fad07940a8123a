/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a plugin gets that brings no op of its own: the kernel's endpoints; the kernel's statistics and host parameters
 * (kdefaults.c); what the driver has by its traits (kflash.c, kchap.c, kiface.c); "not supported" for the rest. Constant data.
 */
#include "plugin/defaults.h"
#include "plugin/op.h"
#include "plugin/private.h"
#include "plugin/resources.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define POLL_FIRST_MS 2u
#define POLL_MAX_MS 50u
#define POLL_IN_KERNEL_MS 1u /* every iSCSI request of the machine waits with it */

static bool has(struct miscsi_op *op, uint64_t trait)
{
	return op_of(op)->transport->match.traits & trait;
}

static int ep_request(struct miscsi_op *op, uint32_t type, uint64_t handle, miscsi_answer_fn fn)
{
	struct miscsi_request r = { .size = sizeof(r), .type = type, .u.ep_poll = { .ep_handle = handle } };

	if (type == ISCSI_UEVENT_EP_POLL)
		r.u.ep_poll.timeout_ms = POLL_IN_KERNEL_MS;
	return op->core->request(op, &r, fn, NULL);
}

static void ep_poll_next(struct miscsi_op *op);

static void ep_failed(struct miscsi_op *op, int result)
{
	struct op_private *p = op_of(op);

	if (p->undo)
		p->undo(p);
	op->core->set_error(op, MISCSI_ERR_TRANS, "%s", strerror(-result));
	op->core->op_done(op, result);
}

static void ep_polled(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	struct op_private *p = op_of(op);

	if (answer->result == -EPERM) { /* -1, by which drivers mean "failed", whatever the reason */
		ep_failed(op, -ECONNREFUSED);
	} else if (answer->result < 0) {
		ep_failed(op, answer->result);
	} else if (answer->retcode > 0) {
		p->binding.kind = MISCSI_BINDING_ENDPOINT;
		p->binding.value = p->endpoint;
		p->undo = NULL;
		op->core->op_done(op, 0);
	} else {
		ep_poll_next(op);
	}
}

static void ep_poll_now(struct miscsi_op *op, void *arg)
{
	int r = ep_request(op, ISCSI_UEVENT_EP_POLL, op_of(op)->endpoint, ep_polled);

	(void)arg;
	if (r < 0)
		ep_failed(op, r);
}

/* A poll is a request that the whole machine waits for: short ones, further and further apart. */
static void ep_poll_next(struct miscsi_op *op)
{
	struct op_private *p = op_of(op);
	int r;

	p->poll_ms = p->poll_ms ? p->poll_ms * 2 : POLL_FIRST_MS;
	if (p->poll_ms > POLL_MAX_MS)
		p->poll_ms = POLL_MAX_MS;
	r = op->core->timer(op, p->poll_ms, ep_poll_now, NULL, &p->poll);
	if (r < 0)
		ep_failed(op, r);
}

static void ep_closed(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	if (answer->result < 0)
		op->core->log(op, MISCSI_LOG_WARN, "an endpoint could not be disconnected: %s", strerror(-answer->result));
}

/* The endpoint outlives the op that made it: disconnected in the plugin's own name. */
static void ep_undo(struct op_private *p)
{
	struct miscsi_op *self = p->pub.core->self;

	p->undo = NULL;
	op_self_for(p->plugin, p->transport);
	if (p->endpoint && ep_request(self, ISCSI_UEVENT_EP_DISCONNECT, p->endpoint, ep_closed) < 0)
		self->core->log(self, MISCSI_LOG_WARN, "an endpoint could not be disconnected");
	op_self_for(p->plugin, NULL);
}

static void ep_late(struct miscsi_op *self, const struct miscsi_answer *answer)
{
	if (answer->result == 0)
		ep_request(self, ISCSI_UEVENT_EP_DISCONNECT, answer->r.ep_connect_ret.handle, ep_closed);
}

static void ep_connected(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	struct op_private *p = op_of(op);

	if (answer->result < 0) {
		op->core->set_error(op, MISCSI_ERR_TRANS, "%s", strerror(-answer->result));
		op->core->op_done(op, answer->result);
		return;
	}
	p->endpoint = answer->r.ep_connect_ret.handle;
	ep_poll_now(op, NULL);
}

static void ep_given_up(struct op_private *p)
{
	ep_undo(p);
}

static int ep_connect(struct miscsi_op *op)
{
	struct op_private *p = op_of(op);
	struct miscsi_request r = {
		.size = sizeof(r), .type = ISCSI_UEVENT_EP_CONNECT, .payload = p->connect.dst, .payload_len = p->connect.dst_len
	};

	if (op->host_no != MISCSI_NONE && !(p->transport->match.traits & MISCSI_TRAIT_SESSION_HOST)) {
		r.type = ISCSI_UEVENT_EP_CONNECT_THROUGH_HOST;
		r.u.ep_connect_through_host.host_no = op->host_no;
		r.u.ep_connect_through_host.non_blocking = 1;
	} else {
		r.u.ep_connect.non_blocking = 1;
	}
	p->undo = ep_given_up;
	return op->core->request(op, &r, ep_connected, ep_late);
}

static void host_has_ip(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	int r = answer->result;

	if (r < 0)
		op->core->set_error(op, MISCSI_ERR_TRANS, "host%u does not take the address %s: %s", op->host_no,
			op_of(op)->connect.ip, strerror(-r));
	else
		r = ep_connect(op);
	if (r < 0)
		op->core->op_done(op, r);
}

/* The host's own address for iSCSI, which the adapter forgets at each reset. */
static int set_host_ip(struct miscsi_op *op, const char *ip)
{
	struct miscsi_request r = {
		.size = sizeof(r), .type = ISCSI_UEVENT_SET_HOST_PARAM, .payload = ip, .payload_len = (uint32_t)strlen(ip) + 1
	};

	r.u.set_host_param.host_no = op->host_no;
	r.u.set_host_param.param = ISCSI_HOST_PARAM_IPADDRESS;
	r.u.set_host_param.len = r.payload_len;
	return op->core->request(op, &r, host_has_ip, NULL);
}

/* Everything is ready for the request. */
static int connect_now(struct miscsi_op *op)
{
	struct op_private *p = op_of(op);
	const char *ip = p->connect.ip;

	if (has(op, MISCSI_TRAIT_HOST_IP) && op->host_no != MISCSI_NONE && ip && *ip)
		return set_host_ip(op, ip);
	return ep_connect(op);
}

static void connect_prepared(struct op_private *p, int result)
{
	if (result == 0)
		result = connect_now(&p->pub);
	if (result < 0)
		p->pub.core->op_done(&p->pub, result);
}

static int default_connect(struct miscsi_op *op, const struct miscsi_connect_args *args, struct miscsi_binding *out)
{
	int r = 0;

	(void)out; /* p->binding, which is filled when the endpoint is connected */
	if (has(op, MISCSI_TRAIT_THROUGH_HOST) && op->host_no == MISCSI_NONE)
		return op->core->set_error(op, MISCSI_ERR_HOST_NOT_FOUND,
			"transport %s connects through a host only: bind the iface to one", op->transport);
	if (has(op, MISCSI_TRAIT_PATH | MISCSI_TRAIT_UIO))
		r = resources_prepare(op_of(op), args, connect_prepared);
	if (r == 0)
		r = connect_now(op);
	return r < 0 ? r : -EINPROGRESS;
}

/* EINVAL: there is no such endpoint; when a connection fails the kernel's own clean-up is quicker. */
static void disconnected(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	op->core->op_done(op, answer->result == -EINVAL ? 0 : answer->result);
}

static int default_disconnect(struct miscsi_op *op, const struct miscsi_binding *binding)
{
	int r;

	if (binding->kind == MISCSI_BINDING_SOCKET)
		return close((int)binding->value) < 0 ? -errno : 0;
	r = ep_request(op, ISCSI_UEVENT_EP_DISCONNECT, binding->value, disconnected);
	return r < 0 ? r : -EINPROGRESS;
}

static int refused(struct miscsi_op *op, uint32_t error, const char *what)
{
	return op->core->set_error(op, error, "%s: not supported by transport %s", what, op->transport);
}

/* Where the driver leaves ARP to user space, it leaves to it what else needs packets of the adapter's. */
static int left_to_maker(struct miscsi_op *op, uint32_t error, const char *what)
{
	if (!has(op, MISCSI_TRAIT_PATH))
		return refused(op, error, what);
	return op->core->set_error(op, error,
		"%s: not supported by transport %s: its kernel driver leaves that to the maker's driver in user "
		"space, which is not part of miscsi",
		what, op->transport);
}

/* The kernel's op for a transport whose driver has it by its traits; the others are refused. */
#define KERNEL_OP(name, trait, kernel_op, error, what) \
	static int name(struct miscsi_op *op) \
	{ \
		return has(op, MISCSI_TRAIT_KERNEL_##trait) ? kernel_op(op) : refused(op, MISCSI_ERR_##error, what); \
	}
#define KERNEL_OP1(name, trait, kernel_op, what, type) \
	static int name(struct miscsi_op *op, type arg) \
	{ \
		return has(op, MISCSI_TRAIT_KERNEL_##trait) ? kernel_op(op, arg) : refused(op, MISCSI_ERR_OP_NOT_SUPP, what); \
	}
#define UNUSED(type, name) type name __attribute__((unused))

KERNEL_OP(flash_list, FLASH, kflash_list, OP_NOT_SUPP, "flash nodes")
KERNEL_OP1(flash_show, FLASH, kflash_show, "flash nodes", uint32_t)
KERNEL_OP1(flash_create, FLASH, kflash_create, "flash nodes", const char *)
KERNEL_OP1(flash_set, FLASH, kflash_set, "flash nodes", uint32_t)
KERNEL_OP1(flash_remove, FLASH, kflash_remove, "flash nodes", uint32_t)
KERNEL_OP1(flash_login, FLASH, kflash_login, "flash nodes", uint32_t)
KERNEL_OP1(flash_logout, FLASH, kflash_logout, "flash nodes", uint32_t)
KERNEL_OP(flash_logout_sid, FLASH, kflash_logout_sid, OP_NOT_SUPP, "flash nodes")
KERNEL_OP(chap_list, CHAP, kchap_list, OP_NOT_SUPP, "CHAP table")
KERNEL_OP1(chap_set, CHAP, kchap_set, "CHAP table", uint32_t)
KERNEL_OP1(chap_remove, CHAP, kchap_remove, "CHAP table", uint32_t)
KERNEL_OP(host_stats, STATS, kstats_host, OP_NOT_SUPP, "host statistics")

static int net_apply(struct miscsi_op *op)
{
	if (has(op, MISCSI_TRAIT_KERNEL_NET))
		return knet_apply(op);
	return left_to_maker(op, MISCSI_ERR_TRANS_CAPS, "applying network settings");
}

static int ping_send(struct miscsi_op *op, const struct miscsi_ping_args *args)
{
	if (has(op, MISCSI_TRAIT_KERNEL_PING))
		return knet_ping(op, args);
	return left_to_maker(op, MISCSI_ERR_OP_NOT_SUPP, "ping");
}

static void ping_event(struct miscsi_op *op, uint32_t status)
{
	if (has(op, MISCSI_TRAIT_KERNEL_PING))
		knet_ping_event(op, status);
}

static int net_path(struct miscsi_op *op, struct miscsi_path *path)
{
	return has(op, MISCSI_TRAIT_PATH) ? path_find(op, path) : refused(op, MISCSI_ERR_TRANS_CAPS, "finding paths");
}

static void no_event(UNUSED(struct miscsi_op *, op), UNUSED(uint32_t, number))
{
}

static int unchanged(UNUSED(struct miscsi_op *, op), UNUSED(struct miscsi_params *, params))
{
	return 0;
}

const struct plugin_ops defaults_table = {
	.endpoint = { .connect = default_connect, .disconnect = default_disconnect },
	.param = { .offer = unchanged, .negotiated = unchanged },
	.net = { .apply = net_apply, .path = net_path },
	.host = { .set = khost_set, .event = no_event },
	.flash = { .list = flash_list,
		.show = flash_show,
		.create = flash_create,
		.set = flash_set,
		.remove = flash_remove,
		.login = flash_login,
		.logout = flash_logout,
		.logout_sid = flash_logout_sid },
	.chap = { .list = chap_list, .set = chap_set, .remove = chap_remove },
	.stats = { .session = kstats_session, .host = host_stats },
	.ping = { .send = ping_send, .event = ping_event },
};

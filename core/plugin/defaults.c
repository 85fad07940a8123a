/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a plugin gets that brings no op of its own: the kernel's endpoints; the kernel's statistics, host parameters and boot targets
 * (kdefaults.c); "not supported" for the rest. Constant data.
 */
#include "plugin/defaults.h"
#include "plugin/private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define EP_CONNECT 22u
#define EP_POLL 23u
#define EP_DISCONNECT 24u
#define SET_HOST_PARAM 26u
#define HOST_PARAM_IPADDRESS 3u
#define EP_CONNECT_THROUGH_HOST 29u
#define POLL_FIRST_MS 2u
#define POLL_MAX_MS 50u
#define POLL_IN_KERNEL_MS 1u /* every iSCSI request of the machine waits with it */

static void put32(struct miscsi_request *r, size_t at, uint32_t value)
{
	memcpy(r->u + at, &value, sizeof(value));
}

static void put64(struct miscsi_request *r, size_t at, uint64_t value)
{
	memcpy(r->u + at, &value, sizeof(value));
}

static int ep_request(struct miscsi_op *op, uint32_t type, uint64_t handle, miscsi_answer_fn fn)
{
	struct miscsi_request r = { .size = sizeof(r), .type = type };

	put64(&r, 0, handle);
	if (type == EP_POLL)
		put32(&r, 8, POLL_IN_KERNEL_MS);
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

	if (answer->result < 0) {
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
	int r = ep_request(op, EP_POLL, op_of(op)->endpoint, ep_polled);

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

static uint64_t answered_handle(const struct miscsi_answer *answer)
{
	uint64_t handle;

	memcpy(&handle, answer->r, sizeof(handle));
	return handle;
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
	if (p->endpoint && ep_request(self, EP_DISCONNECT, p->endpoint, ep_closed) < 0)
		self->core->log(self, MISCSI_LOG_WARN, "an endpoint could not be disconnected");
}

static void ep_late(struct miscsi_op *self, const struct miscsi_answer *answer)
{
	if (answer->result == 0)
		ep_request(self, EP_DISCONNECT, answered_handle(answer), ep_closed);
}

static void ep_connected(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	struct op_private *p = op_of(op);

	if (answer->result < 0) {
		op->core->set_error(op, MISCSI_ERR_TRANS, "%s", strerror(-answer->result));
		op->core->op_done(op, answer->result);
		return;
	}
	p->endpoint = answered_handle(answer);
	ep_poll_now(op, NULL);
}

static void ep_given_up(struct op_private *p)
{
	ep_undo(p);
}

static int ep_connect(struct miscsi_op *op)
{
	struct op_private *p = op_of(op);
	struct miscsi_request r = { .size = sizeof(r), .type = EP_CONNECT, .payload = p->connect.dst, .payload_len = p->connect.dst_len };

	if (op->host_no != MISCSI_NONE && !(p->transport->match.traits & MISCSI_TRAIT_SESSION_HOST)) {
		r.type = EP_CONNECT_THROUGH_HOST;
		put32(&r, 0, op->host_no);
		put32(&r, 4, 1);
	} else {
		put32(&r, 0, 1);
	}
	p->undo = ep_given_up;
	return op->core->request(op, &r, ep_connected, ep_late);
}

static void host_has_ip(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	int r = answer->result;

	if (r < 0)
		op->core->set_error(op, MISCSI_ERR_TRANS, "host%u does not take the address %s: %s", op->host_no, op_of(op)->connect.ip,
			strerror(-r));
	else
		r = ep_connect(op);
	if (r < 0)
		op->core->op_done(op, r);
}

/* The host's own address for iSCSI, which the adapter forgets at each reset. */
static int set_host_ip(struct miscsi_op *op, const char *ip)
{
	struct miscsi_request r = { .size = sizeof(r), .type = SET_HOST_PARAM, .payload = ip, .payload_len = (uint32_t)strlen(ip) + 1 };

	put32(&r, 0, op->host_no);
	put32(&r, 4, HOST_PARAM_IPADDRESS);
	put32(&r, 8, r.payload_len);
	return op->core->request(op, &r, host_has_ip, NULL);
}

static int default_connect(struct miscsi_op *op, const struct miscsi_connect_args *args, struct miscsi_binding *out)
{
	struct op_private *p = op_of(op);
	uint64_t traits = p->transport->match.traits;
	int r;

	(void)out; /* p->binding, which is filled when the endpoint is connected */
	if ((traits & MISCSI_TRAIT_THROUGH_HOST) && op->host_no == MISCSI_NONE)
		return op->core->set_error(op, MISCSI_ERR_HOST_NOT_FOUND, "transport %s connects through a host only: bind the iface to one",
			op->transport);
	if ((traits & MISCSI_TRAIT_HOST_IP) && op->host_no != MISCSI_NONE && args->ip && *args->ip)
		r = set_host_ip(op, args->ip);
	else
		r = ep_connect(op);
	return r < 0 ? r : -EINPROGRESS;
}

static void disconnected(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	op->core->op_done(op, answer->result);
}

static int default_disconnect(struct miscsi_op *op, const struct miscsi_binding *binding)
{
	int r;

	if (binding->kind == MISCSI_BINDING_SOCKET)
		return close((int)binding->value) < 0 ? -errno : 0;
	r = ep_request(op, EP_DISCONNECT, binding->value, disconnected);
	return r < 0 ? r : -EINPROGRESS;
}

static int refused(struct miscsi_op *op, uint32_t error, const char *what)
{
	return op->core->set_error(op, error, "%s: not supported by transport %s", what, op->transport);
}

#define NO_OP(name, what, ...)                                       \
	static int name(struct miscsi_op *op, ##__VA_ARGS__)         \
	{                                                            \
		return refused(op, MISCSI_ERR_OP_NOT_SUPP, what);    \
	}
#define UNUSED(type, name) type name __attribute__((unused))

NO_OP(no_flash, "flash nodes")
NO_OP(no_flash_index, "flash nodes", UNUSED(uint32_t, index))
NO_OP(no_flash_create, "flash nodes", UNUSED(const char *, portal_type))
NO_OP(no_chap, "CHAP table")
NO_OP(no_chap_index, "CHAP table", UNUSED(uint32_t, index))
NO_OP(no_host_stats, "host statistics")
NO_OP(no_ping, "ping", UNUSED(const struct miscsi_ping_args *, args))

static int no_apply(struct miscsi_op *op)
{
	return refused(op, MISCSI_ERR_TRANS_CAPS, "applying network settings");
}

static int no_path(struct miscsi_op *op, UNUSED(struct miscsi_path *, path))
{
	return refused(op, MISCSI_ERR_TRANS_CAPS, "finding paths");
}

static int nothing(UNUSED(struct miscsi_op *, op))
{
	return 0;
}

static void no_event(UNUSED(struct miscsi_op *, op), UNUSED(uint32_t, number))
{
}

static int unchanged(UNUSED(struct miscsi_op *, op), UNUSED(struct miscsi_params *, params))
{
	return 0;
}

const struct plugin_ops plugin_defaults = {
	.endpoint = { .connect = default_connect, .disconnect = default_disconnect },
	.param = { .offer = unchanged, .negotiated = unchanged },
	.net = { .apply = no_apply, .path = no_path, .down = nothing },
	.host = { .get = default_host_get, .set = default_host_set, .event = no_event },
	.flash = { .list = no_flash, .show = no_flash_index, .create = no_flash_create, .set = no_flash_index,
		.remove = no_flash_index, .login = no_flash_index, .logout = no_flash_index, .logout_sid = no_flash },
	.chap = { .list = no_chap, .set = no_chap_index, .remove = no_chap_index },
	.stats = { .session = default_session_stats, .host = no_host_stats },
	.ping = { .send = no_ping, .event = no_event },
	.boot = { .list = default_boot_list },
};

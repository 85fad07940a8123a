/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's endpoints: a machine from the connect to the binding (endpoint.def), and the disconnect. A run of it lies in the
 * op's memory. Until the connect ends, its endpoint is ours to disconnect; from then on it is the owner's.
 */
#include "plugin/endpoint.h"
#include "plugin/op.h"
#include "plugin/private.h"
#include "plugin/resources.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define POLL_FIRST_MS 2u
#define POLL_MAX_MS 50u
#define POLL_IN_KERNEL_MS 1u /* every iSCSI request of the machine waits with it */

struct endpoint {
	struct fsm_run run;
	struct op_private *p;
	const struct miscsi_connect_args *args;
	uint64_t handle; /* in POLLING and WAITING */
	struct miscsi_timer *timer;
	uint32_t poll_ms;
	int result; /* of FAILED */
};

static bool has_trait(const struct op_private *p, uint64_t traits)
{
	return p->transport->match.traits & traits;
}

/* What an action returns. After a success there is no event yet: a callback brings it. */
static int failed_or_none(struct endpoint *e, int rc)
{
	e->result = rc;
	return rc < 0 ? EP_EV_FAILED : EP_EV_NONE;
}

static void endpoint_trace(void *machine, const struct fsm_row *row, uint8_t from, uint8_t to)
{
	const struct endpoint *e = machine;
	const struct fsm *f = e->run.fsm;

	log_debug(op_plugins(e->p)->config.log, "plugin", "endpoint[%s] %s --%s--> %s", e->p->pub.transport, f->states[from],
		f->events[row->event], f->states[to]);
}

static void endpoint_event(struct endpoint *e, enum endpoint_event event)
{
	fsm_event(&e->run, event);
}

/* EP_POLL and EP_DISCONNECT both have the handle in the same place. */
static int endpoint_request(struct miscsi_op *op, uint32_t type, uint64_t handle, miscsi_answer_fn fn)
{
	struct miscsi_request r = { .size = sizeof(r), .type = type };

	r.u.ep_poll.ep_handle = handle;
	if (type == ISCSI_UEVENT_EP_POLL)
		r.u.ep_poll.timeout_ms = POLL_IN_KERNEL_MS;
	return op->core->request(op, &r, fn, NULL);
}

/* ---- an endpoint that has no owner ---- */

static void endpoint_dropped(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	if (answer->result < 0)
		op->core->log(op, MISCSI_LOG_WARN,
			"the kernel did not close a connection of the adapter that no session uses: %s",
			strerror(-answer->result));
}

/* It outlives the op that made it, so the request is one of the plugin's own op. */
static int endpoint_drop(void *machine)
{
	struct endpoint *e = machine;
	struct op_private *p = e->p;
	struct miscsi_op *self = p->pub.core->self;
	int rc;

	op_self_for(p->plugin, p->transport);
	rc = endpoint_request(self, ISCSI_UEVENT_EP_DISCONNECT, e->handle, endpoint_dropped);
	if (rc < 0)
		self->core->log(self, MISCSI_LOG_WARN,
			"transport %s: cannot request the kernel to close a connection of the adapter that no session uses: %s",
			p->transport->match.transport, strerror(-rc));
	op_self_for(p->plugin, NULL);
	return EP_EV_NONE;
}

/* The connect was given up before the answer to EP_CONNECT came. */
static void endpoint_late(struct miscsi_op *self, const struct miscsi_answer *answer)
{
	if (answer->result == 0)
		endpoint_request(self, ISCSI_UEVENT_EP_DISCONNECT, answer->r.ep_connect_ret.handle, endpoint_dropped);
}

static void endpoint_given_up(struct op_private *p)
{
	endpoint_event(p->endpoint, EP_EV_GIVEN_UP);
}

/* ---- before EP_CONNECT ---- */

static void endpoint_prepared(struct op_private *p, int result)
{
	p->endpoint->result = result;
	endpoint_event(p->endpoint, result < 0 ? EP_EV_FAILED : EP_EV_PREPARED);
}

static int endpoint_prepare(void *machine)
{
	struct endpoint *e = machine;
	int rc = 0;

	if (has_trait(e->p, MISCSI_TRAIT_PATH | MISCSI_TRAIT_UIO))
		rc = resources_acquire(e->p, e->args, endpoint_prepared);
	if (rc == -EINPROGRESS)
		return EP_EV_NONE;
	return rc < 0 ? failed_or_none(e, rc) : EP_EV_PREPARED;
}

static bool endpoint_needs_address(const void *machine)
{
	const struct endpoint *e = machine;

	return has_trait(e->p, MISCSI_TRAIT_HOST_IP) && e->p->pub.host_no != MISCSI_NONE && e->args->ip && *e->args->ip;
}

static void endpoint_addressed(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	struct endpoint *e = op_of(op)->endpoint;

	e->result = answer->result;
	if (answer->result < 0)
		op->core->set_error(op, MISCSI_ERR_TRANS,
			"the driver of host%u refuses the IP address %s (set another iface.ipaddress): %s", op->host_no,
			e->args->ip, strerror(-answer->result));
	endpoint_event(e, answer->result < 0 ? EP_EV_FAILED : EP_EV_ADDRESSED);
}

/* The adapter forgets the address at each reset, so it is set before each connect. */
static int endpoint_address(void *machine)
{
	struct endpoint *e = machine;
	struct miscsi_op *op = &e->p->pub;
	struct miscsi_request r = { .size = sizeof(r),
		.type = ISCSI_UEVENT_SET_HOST_PARAM,
		.payload = e->args->ip,
		.payload_len = (uint32_t)strlen(e->args->ip) + 1 };

	e->p->undo = endpoint_given_up;
	r.u.set_host_param.host_no = op->host_no;
	r.u.set_host_param.param = ISCSI_HOST_PARAM_IPADDRESS;
	r.u.set_host_param.len = r.payload_len;
	return failed_or_none(e, op->core->request(op, &r, endpoint_addressed, NULL));
}

/* ---- EP_CONNECT and EP_POLL ---- */

static void endpoint_made(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	struct endpoint *e = op_of(op)->endpoint;

	e->result = answer->result;
	e->handle = answer->r.ep_connect_ret.handle;
	if (answer->result < 0)
		op->core->set_error(op, MISCSI_ERR_TRANS, "%s", strerror(-answer->result));
	endpoint_event(e, answer->result < 0 ? EP_EV_FAILED : EP_EV_MADE);
}

/* Drivers that make a SCSI host per session, and those whose host is not named, choose the device by the route. */
static int endpoint_make(void *machine)
{
	struct endpoint *e = machine;
	struct miscsi_op *op = &e->p->pub;
	struct miscsi_request r = {
		.size = sizeof(r), .type = ISCSI_UEVENT_EP_CONNECT, .payload = e->args->dst, .payload_len = e->args->dst_len
	};

	if (op->host_no != MISCSI_NONE && !has_trait(e->p, MISCSI_TRAIT_SESSION_HOST)) {
		r.type = ISCSI_UEVENT_EP_CONNECT_THROUGH_HOST;
		r.u.ep_connect_through_host.host_no = op->host_no;
		r.u.ep_connect_through_host.non_blocking = 1;
	} else {
		r.u.ep_connect.non_blocking = 1;
	}
	e->p->undo = endpoint_given_up;
	return failed_or_none(e, op->core->request(op, &r, endpoint_made, endpoint_late));
}

static void endpoint_polled(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	struct endpoint *e = op_of(op)->endpoint;

	/* retcode -1, which reads as EPERM, is how drivers say "failed", whatever the reason */
	e->result = answer->result == -EPERM ? -ECONNREFUSED : answer->result;
	if (e->result < 0)
		endpoint_event(e, EP_EV_FAILED);
	else
		endpoint_event(e, answer->retcode > 0 ? EP_EV_CONNECTED : EP_EV_NOT_YET);
}

static int endpoint_poll(void *machine)
{
	struct endpoint *e = machine;

	return failed_or_none(e, endpoint_request(&e->p->pub, ISCSI_UEVENT_EP_POLL, e->handle, endpoint_polled));
}

static void poll_is_due(struct miscsi_op *op, void *arg)
{
	(void)op;
	endpoint_event(arg, EP_EV_POLL);
}

/* A poll is a request that the whole machine waits for: short ones, further and further apart. */
static int endpoint_wait(void *machine)
{
	struct endpoint *e = machine;
	struct miscsi_op *op = &e->p->pub;

	e->poll_ms = e->poll_ms ? e->poll_ms * 2 : POLL_FIRST_MS;
	if (e->poll_ms > POLL_MAX_MS)
		e->poll_ms = POLL_MAX_MS;
	return failed_or_none(e, op->core->timer(op, e->poll_ms, poll_is_due, e, &e->timer));
}

/* ---- the end ---- */

static int endpoint_bind(void *machine)
{
	struct endpoint *e = machine;

	e->p->binding.kind = MISCSI_BINDING_ENDPOINT;
	e->p->binding.value = e->handle;
	e->p->undo = NULL;
	op_finish(e->p, 0);
	return EP_EV_NONE;
}

static int endpoint_fail(void *machine)
{
	struct endpoint *e = machine;

	e->p->undo = NULL;
	op_finish(e->p, e->result < 0 ? e->result : -EIO);
	return EP_EV_NONE;
}

static int endpoint_abandon(void *machine)
{
	struct endpoint *e = machine;

	endpoint_drop(e);
	e->p->pub.core->set_error(&e->p->pub, MISCSI_ERR_TRANS, "%s", strerror(e->result < 0 ? -e->result : EIO));
	return endpoint_fail(e);
}

#define EP_SAME FSM_SAME
#define MACHINE_FILE "plugin/endpoint.def"
#define MACHINE_SYMBOL endpoint_machine
#define MACHINE_TITLE "endpoint"
#define MACHINE_ST(name) EP_##name
#define MACHINE_EV(name) EP_EV_##name
#define MACHINE_UNLISTED EP_EV_FAILED
#include "base/machine.h"

/* Every end of the machine calls op_finish(), which reports from the loop: so this never returns a result itself. */
int endpoint_connect(struct miscsi_op *op, const struct miscsi_connect_args *args, struct miscsi_binding *out)
{
	struct op_private *p = op_of(op);
	struct endpoint *e;

	(void)out; /* p->binding, which is filled when the endpoint is connected */
	if (has_trait(p, MISCSI_TRAIT_THROUGH_HOST) && op->host_no == MISCSI_NONE)
		return op->core->set_error(op, MISCSI_ERR_HOST_NOT_FOUND,
			"transport %s connects only through a SCSI host, and none was chosen: set iface.hwaddress to the "
			"hardware address of an adapter ('iscsiadm -m host -P 1' shows them)",
			op->transport);
	e = p->endpoint = op->core->op_alloc(op, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->run = (struct fsm_run){ .fsm = &endpoint_machine, .machine = e, .trace = endpoint_trace };
	e->p = p;
	e->args = args;
	endpoint_event(e, EP_EV_CONNECT);
	return -EINPROGRESS;
}

/* EINVAL: the endpoint is gone. When a connection fails, the kernel's own clean-up may be quicker than ours. */
static void endpoint_disconnected(struct miscsi_op *op, const struct miscsi_answer *answer)
{
	op->core->op_done(op, answer->result == -EINVAL ? 0 : answer->result);
}

/* Only for an endpoint that was never bound to a connection: STOP_CONN disconnects a bound one (doc/KERNEL.md, rule 11). */
int endpoint_disconnect(struct miscsi_op *op, const struct miscsi_binding *binding)
{
	int rc;

	if (binding->kind == MISCSI_BINDING_SOCKET)
		return close((int)binding->value) < 0 ? -errno : 0;
	rc = endpoint_request(op, ISCSI_UEVENT_EP_DISCONNECT, binding->value, endpoint_disconnected);
	return rc < 0 ? rc : -EINPROGRESS;
}

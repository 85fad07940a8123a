/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of the ops that stand in for those a plugin does not have. Constant data. */
#include "plugin/defaults.h"
#include "plugin/endpoint.h"
#include "plugin/private.h"

#define UNUSED(type, name) type name __attribute__((unused))

/* Of a plugin whose ping ends without events, as long as the driver has none either. */
static void net_ping_event(struct miscsi_op *op, uint32_t status)
{
	if (op_of(op)->transport->match.traits & MISCSI_TRAIT_KERNEL_PING)
		knet_ping_event(op, status);
}

/* Link events only change what the session layer does; a plugin without the op has nothing to add. */
static void no_event(UNUSED(struct miscsi_op *, op), UNUSED(uint32_t, number))
{
}

static int params_unchanged(UNUSED(struct miscsi_op *, op), UNUSED(struct miscsi_params *, params))
{
	return 0;
}

const struct plugin_ops defaults_table = {
	.endpoint = { .connect = endpoint_connect, .disconnect = endpoint_disconnect },
	.param = { .offer = params_unchanged, .negotiated = params_unchanged },
	.host.event = no_event,
	.ping.event = net_ping_event,
#define OP(table, member, limit, trait, default_op, ...) .table.member = default_op,
#define OP_ARG(table, member, limit, trait, default_op, ...) .table.member = default_op,
#include "plugin/ops.def"
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's endpoints, as ops of the ABI. For the table of defaults, and the machine for its test. */
#ifndef PLUGIN_ENDPOINT_H
#define PLUGIN_ENDPOINT_H

#include "base/fsm.h"
#include <miscsi/plugin.h>

enum endpoint_state {
#define MACHINE_STATE(name, ...) EP_##name,
#include "plugin/endpoint.def"
#undef MACHINE_STATE
	EP_STATES
};

enum endpoint_event {
	EP_EV_NONE = FSM_NONE,
#define MACHINE_EVENT(name, doc) EP_EV_##name,
#include "plugin/endpoint.def"
#undef MACHINE_EVENT
};

extern const struct fsm endpoint_machine;

/* Connects op's owner through op->host_no, where that is one, to args->dst. The binding is the op's own, filled when it ends well. */
int endpoint_connect(struct miscsi_op *op, const struct miscsi_connect_args *args, struct miscsi_binding *out);
/* Closes a socket; disconnects an endpoint. */
int endpoint_disconnect(struct miscsi_op *op, const struct miscsi_binding *binding);

#endif

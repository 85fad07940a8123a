/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transports cxgb3i and cxgb4i: iSCSI offload of Chelsio T3 and of T4 to T6 network adapters. One plugin: both are libcxgbi below.
 *
 * The driver chooses the adapter by the route. T3 has an IP address for iSCSI of its own, to be set before it connects; T4 and
 * later use the network device's, and take the setting without a word.
 */
#include <miscsi/plugin.h>

/*
 * The driver refuses to bind a connection whose MaxRecvDataSegmentLength exceeds what its page pods hold, and cuts lengths to
 * multiples of 512. How much they hold depends on the adapter and on module parameters; this much they all do.
 */
#define SEGMENT_MAX 8192u
#define SEGMENT_UNIT 512u

static int cxgbi_offer(struct miscsi_op *op, struct miscsi_params *params)
{
	(void)op;
	if (params->max_recv_data_segment_length > SEGMENT_MAX)
		params->max_recv_data_segment_length = SEGMENT_MAX;
	params->max_recv_data_segment_length -= params->max_recv_data_segment_length % SEGMENT_UNIT;
	return 0;
}

MISCSI_OPS(param, param, .offer = cxgbi_offer);

static const char *const t3[] = { "cxgb3", NULL };
static const char *const t4[] = { "cxgb4", NULL };

static const struct miscsi_match match[] = {
	MISCSI_MATCH(.transport = "cxgb3i", .module = "cxgb3i", .netdev_drivers = t3, .traits = MISCSI_TRAIT_HOST_IP),
	MISCSI_MATCH(.transport = "cxgb4i", .module = "cxgb4i", .netdev_drivers = t4),
	MISCSI_END,
};

MISCSI_PLUGIN(cxgbi, .version = PLUGIN_VERSION, .summary = "Chelsio iSCSI offload", .match = match,
	.traits = MISCSI_TRAIT_BOUND_SESSION, .param = &param, );

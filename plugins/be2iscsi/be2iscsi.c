/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transport be2iscsi: Emulex (now Broadcom) OneConnect iSCSI functions: BladeEngine 2 and 3, Skyhawk.
 *
 * The adapter keeps its IP settings in ifaces of its own. Its driver shortens what exceeds the hardware without a word, after
 * both sides have agreed on more: so no more is offered. An initial R2T is always asked for, as open-iscsi was seen to do on this
 * transport alone.
 */
#include <miscsi/plugin.h>

#define SEGMENT_MAX 65536u
#define BURST_MAX 262144u
#define FIRST_BURST_MAX 8192u

static void limit(uint32_t *value, uint32_t most)
{
	if (*value == 0 || *value > most) /* 0: no limit of ours yet */
		*value = most;
}

static int be2iscsi_offer(struct miscsi_op *op, struct miscsi_params *params)
{
	(void)op;
	limit(&params->max_recv_data_segment_length, SEGMENT_MAX);
	limit(&params->max_xmit_data_segment_length, SEGMENT_MAX);
	limit(&params->max_burst_length, BURST_MAX);
	limit(&params->first_burst_length, FIRST_BURST_MAX);
	params->initial_r2t = 1;
	return 0;
}

MISCSI_OPS(param, param, .offer = be2iscsi_offer);

static const struct miscsi_pci_id pci[] = {
	MISCSI_PCI(0x19a2, 0x0212, "OneConnect BladeEngine 2 (iSCSI)"),
	MISCSI_PCI(0x19a2, 0x0222, "OneConnect BladeEngine 3 (iSCSI)"),
	MISCSI_PCI(0x19a2, 0x0702, "OneConnect 10Gb (iSCSI)"),
	MISCSI_PCI(0x19a2, 0x0703, "OneConnect 10Gb, second generation (iSCSI)"),
	MISCSI_PCI(0x19a2, 0x0712, "OneConnect 10Gb, BladeEngine 3 (iSCSI)"),
	MISCSI_PCI(0x10df, 0x0722, "OneConnect Skyhawk (iSCSI)"),
	MISCSI_PCI_END,
};

static const struct miscsi_match match[] = {
	MISCSI_MATCH(.transport = "be2iscsi", .module = "be2iscsi", .pci = pci),
	MISCSI_END,
};

MISCSI_PLUGIN(be2iscsi, .version = PLUGIN_VERSION, .summary = "OneConnect iSCSI offload", .match = match,
	.traits = MISCSI_TRAIT_BOUND_SESSION | MISCSI_TRAIT_THROUGH_HOST | MISCSI_TRAIT_KERNEL_NET, .param = &param, );

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transport qedi: iSCSI offload of QLogic (now Marvell) FastLinQ 41000 and 45000 adapters.
 *
 * The driver connects only through a named host. It asks user space for the path (PATH_REQ), and fails at once if no program
 * listens. Its host's netdev attribute does not name a network device, so hosts are found by hardware address.
 */
#include <miscsi/plugin.h>

static const struct miscsi_pci_id pci[] = {
	MISCSI_PCI(0x1077, 0x165e, "FastLinQ 45000 (iSCSI)"),
	MISCSI_PCI(0x1077, 0x8084, "FastLinQ 41000 (iSCSI)"),
	MISCSI_PCI_END,
};

static const struct miscsi_match match[] = {
	MISCSI_MATCH(.transport = "qedi", .module = "qedi", .pci = pci),
	MISCSI_END,
};

MISCSI_PLUGIN(qedi, .version = PLUGIN_VERSION, .summary = "FastLinQ iSCSI offload", .match = match,
	.traits = MISCSI_TRAIT_BOUND_SESSION | MISCSI_TRAIT_THROUGH_HOST | MISCSI_TRAIT_PATH, );

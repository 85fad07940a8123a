/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transport bnx2i: iSCSI offload of Broadcom (now Marvell) NetXtreme II network adapters: bnx2 and bnx2x, joined by cnic.
 *
 * The kernel's driver chooses the adapter by the route, and asks user space for the path (PATH_REQ); iscsid answers from the
 * kernel's own routes and neighbours. It connects only while its /dev/uioN, meant for the maker's user-space driver, is open:
 * that suffices. Adapters are known by the driver of their network device: nearly every NIC of the family has the offload.
 */
#include <miscsi/plugin.h>

static const char *const netdevs[] = { "bnx2", "bnx2x", NULL };

static const struct miscsi_match match[] = {
	MISCSI_MATCH(.transport = "bnx2i", .module = "bnx2i", .netdev_drivers = netdevs),
	MISCSI_END,
};

MISCSI_PLUGIN(bnx2i, .version = PLUGIN_VERSION, .summary = "NetXtreme II iSCSI offload", .match = match,
	.traits = MISCSI_TRAIT_BOUND_SESSION | MISCSI_TRAIT_PATH | MISCSI_TRAIT_UIO, );

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transport ocs: Emulex OneConnect adapters whose driver comes from their maker; no mainline kernel has it.
 *
 * So only this is assumed: a kernel endpoint comes before the session and goes through a host, as with every adapter that keeps
 * its IP settings itself. Every optional request is sent when a user asks for it; what the driver does not know it refuses, and
 * the user gets the same error as on any other adapter.
 */
#include <miscsi/plugin.h>

static const struct miscsi_match match[] = {
	MISCSI_MATCH(.transport = "ocs", .module = "ocs"),
	MISCSI_END,
};

MISCSI_PLUGIN(ocs, .version = PLUGIN_VERSION, .summary = "OneConnect iSCSI, by the maker's driver", .match = match,
	.traits = MISCSI_TRAIT_BOUND_SESSION | MISCSI_TRAIT_THROUGH_HOST | MISCSI_TRAIT_KERNEL_NET | MISCSI_TRAIT_KERNEL_FLASH |
		MISCSI_TRAIT_KERNEL_CHAP | MISCSI_TRAIT_KERNEL_STATS | MISCSI_TRAIT_KERNEL_PING, );

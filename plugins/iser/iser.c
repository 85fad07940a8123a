/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transport iser: iSCSI Extensions for RDMA (RFC 7145) by the kernel's ib_iser, over InfiniBand, RoCE or iWARP.
 *
 * The connection is a kernel endpoint like an adapter's, yet each session brings a SCSI host of its own, as in tcp: there is no adapter
 * to be named, the RDMA device follows from the route. RFC 7145 section 4.3 wants no digests: the fabric checks its own data.
 */
#include <miscsi/plugin.h>

static const struct miscsi_match match[] = {
	MISCSI_MATCH(.transport = "iser", .module = "ib_iser", .proc_name = "iscsi_iser"),
	MISCSI_END,
};

MISCSI_PLUGIN(iser, .version = PLUGIN_VERSION, .summary = "iSCSI over RDMA (iSER)", .match = match,
	.traits = MISCSI_TRAIT_SESSION_HOST | MISCSI_TRAIT_BOUND_SESSION | MISCSI_TRAIT_RDMA | MISCSI_TRAIT_NO_DIGESTS, );

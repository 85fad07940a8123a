/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encodes the settings of an op for the kernel: a series of attributes for SET_IFACE_PARAMS, SET_FLASHNODE_PARAMS or SET_CHAP, by
 * the numbers and widths of fields.def.
 *
 * A setting that is unknown, read-only or invalid fails the whole series with the op's error set (INVAL), before anything is
 * sent. The result may hold secrets: free it by kencode_wipe().
 */
#ifndef PLUGIN_KENCODE_H
#define PLUGIN_KENCODE_H

#include "kernel/attrs.h"
#include <miscsi/plugin.h>

struct kencode {
	struct strbuf attrs;
	uint32_t count; /* of attributes */
};
#define KENCODE_INIT \
	{ \
		.attrs = ATTRS_INIT \
	}

/*
 * One iface or several, each beginning with iface.iscsi_ifacename. The adapter keeps its value for a setting that is empty or 0,
 * and for an address that it finds by itself (DHCP, autoconfiguration).
 */
int kencode_iface(struct miscsi_op *op, struct kencode *out);
/* Only the settings that are given. v6: it is an IPv6 entry, and addresses must be too. */
int kencode_flashnode(struct miscsi_op *op, int v6, struct kencode *out);
/* index 0xffff: a free entry. The settings are either username and password, or username_in and password_in. */
int kencode_chap(struct miscsi_op *op, uint16_t index, struct kencode *out);
void kencode_wipe(struct kencode *k); /* usable as cleanup() */

#endif

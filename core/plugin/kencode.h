/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings of an op as the kernel wants them: a series of attributes for SET_IFACE_PARAMS, SET_FLASHNODE_PARAMS or SET_CHAP, by
 * the numbers and widths of fields.def.
 *
 * A setting that is unknown, not to be set, or no good fails the whole series, with the op's error set (INVAL); nothing was sent then.
 * What is made may hold secrets: kencode_wipe().
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
 * One iface or several, each begun by iface.iscsi_ifacename: what is empty or 0 is left as the adapter has it, and so are addresses
 * that the adapter finds by itself (DHCP, autoconfiguration).
 */
int kencode_iface(struct miscsi_op *op, struct kencode *out);
/* Only what is named. v6: the entry is one of IPv6, which addresses must fit. */
int kencode_flashnode(struct miscsi_op *op, int v6, struct kencode *out);
/* index 0xffff: a free one. Either username and password, or username_in and password_in. */
int kencode_chap(struct miscsi_op *op, uint16_t index, struct kencode *out);
void kencode_wipe(struct kencode *k); /* usable as cleanup() */

#endif

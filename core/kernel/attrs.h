/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The payloads of SET_IFACE_PARAMS, SET_FLASHNODE_PARAMS and SET_CHAP: series of netlink attributes, each with a packed header of
 * the kernel's before the value.
 *
 * Drivers read as many bytes as the parameter has, whatever length is sent (doc/KERNEL.md, Parameters as bytes): pass exactly the
 * width that fields.def lists. One series is one transaction of the adapter.
 */
#ifndef KERNEL_ATTRS_H
#define KERNEL_ATTRS_H

#include "base/strbuf.h"
#include <miscsi/kernel.h>

/* The longest series; beyond it the appenders below put the buffer into its error state (strbuf_error()). */
#define ATTRS_MAX 16384
#define ATTRS_INIT STRBUF_INIT(ATTRS_MAX)

/* Appends one setting of an interface. len: bytes of value, at most 4096. */
void attrs_add_iface(struct strbuf *attrs, uint32_t iface_num, enum iscsi_iface_type iface_type, enum iscsi_param_type param_type,
	uint16_t param, const void *value, uint32_t len);
/* Appends one setting of a flash node or CHAP entry. It may be a secret; strbuf does not wipe, so wipe attrs->s after use. */
void attrs_add(struct strbuf *attrs, uint16_t param, const void *value, uint32_t len);

#endif

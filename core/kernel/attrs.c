/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Series of netlink attributes. nla_type is the parameter: be2iscsi finds the address that goes with a netmask by it. */
#include "config.h"
#include "kernel/attrs.h"
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

#define VALUE_MAX 4096

/*
 * Drivers go from one attribute to the next by its aligned length, and trust the value's size by its parameter. So the caller
 * gives exactly the parameter's size, and what is too long is an error here, not a cut value there.
 */
static void attrs_put(struct strbuf *attrs, uint16_t param, const uint8_t *head, size_t head_len, const void *value, uint32_t len)
{
	static const uint8_t zeros[NLA_ALIGNTO];
	struct nlattr nla = { .nla_len = (uint16_t)(NLA_HDRLEN + head_len + len), .nla_type = param };

	if (len > VALUE_MAX) {
		attrs->error = attrs->error ? attrs->error : -EFBIG;
		return;
	}
	strbuf_add(attrs, &nla, sizeof(nla));
	strbuf_add(attrs, head, head_len);
	strbuf_add(attrs, value, len);
	strbuf_add(attrs, zeros, NLA_ALIGN(nla.nla_len) - nla.nla_len);
}

/* iface_num u32, len u32, param u16, iface_type u8, param_type u8: packed */
void attrs_add_iface(struct strbuf *attrs, uint32_t iface_num, enum iscsi_iface_type iface_type, enum iscsi_param_type param_type,
	uint16_t param, const void *value, uint32_t len)
{
	uint8_t head[12];

	memcpy(head, &iface_num, 4);
	memcpy(head + 4, &len, 4);
	memcpy(head + 8, &param, 2);
	head[10] = (uint8_t)iface_type;
	head[11] = (uint8_t)param_type;
	attrs_put(attrs, param, head, sizeof(head), value, len);
}

/* len u32, param u16: packed */
void attrs_add(struct strbuf *attrs, uint16_t param, const void *value, uint32_t len)
{
	uint8_t head[6];

	memcpy(head, &len, 4);
	memcpy(head + 4, &param, 2);
	attrs_put(attrs, param, head, sizeof(head), value, len);
}

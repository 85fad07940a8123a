/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of ops of adapters that store something themselves: flash nodes, CHAP table, statistics, ping. Included by plugin.h.
 * The rules of ops.h for NULL, settings and results apply here too.
 */
#ifndef MISCSI_ADAPTER_H
#define MISCSI_ADAPTER_H

#include <miscsi/core.h>
#include <sys/socket.h>

/* `index` is the flash node's number on the host. NULL: MISCSI_TRAIT_KERNEL_FLASH, or error 27. */
struct miscsi_flash_ops {
	uint32_t size, reserved;
	int (*list)(struct miscsi_op *op); /* a row per flash node, all its values */
	int (*show)(struct miscsi_op *op, uint32_t index);
	int (*create)(struct miscsi_op *op, const char *portal_type); /* "ipv4", "ipv6"; result_row() reports the new index */
	int (*set)(struct miscsi_op *op, uint32_t index); /* the settings, as one transaction */
	int (*remove)(struct miscsi_op *op, uint32_t index);
	int (*login)(struct miscsi_op *op, uint32_t index);
	int (*logout)(struct miscsi_op *op, uint32_t index);
	int (*logout_sid)(struct miscsi_op *op); /* op->sid */
};

/* The adapter's CHAP table. NULL: MISCSI_TRAIT_KERNEL_CHAP, or error 27. */
struct miscsi_chap_ops {
	uint32_t size, reserved;
	int (*list)(struct miscsi_op *op); /* a row per entry */
	int (*set)(struct miscsi_op *op, uint32_t index); /* MISCSI_NONE: a free one, which result_row() reports */
	int (*remove)(struct miscsi_op *op, uint32_t index);
};

struct miscsi_stats_ops {
	uint32_t size, reserved;
	int (*session)(struct miscsi_op *op); /* op->sid, op->cid. NULL: GET_STATS */
	int (*host)(struct miscsi_op *op); /* NULL: MISCSI_TRAIT_KERNEL_STATS, or error 27 */
};

struct miscsi_ping_args {
	uint32_t size;
	uint32_t payload; /* bytes */
	const struct sockaddr *dst;
	uint32_t dst_len;
	uint32_t iface_num, iface_type; /* of the host; type 1 IPv4, 2 IPv6 */
	uint32_t id; /* unique among the pings under way: the kernel's pid field */
};

struct miscsi_ping_ops {
	uint32_t size, reserved;
	int (*send)(struct miscsi_op *op,
		const struct miscsi_ping_args
			*args); /* one echo request; done when answered. NULL: MISCSI_TRAIT_KERNEL_PING, or error 27 */
	void (*event)(struct miscsi_op *op,
		uint32_t status); /* PING_COMP (111) of an op under way; ends it by op_done(). NULL: no such event */
};

#endif

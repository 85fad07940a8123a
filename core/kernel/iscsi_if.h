/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of NETLINK_ISCSI as they are on the wire: the numbers and layouts that <miscsi/kernel.h> leaves out, since no plugin
 * needs them. Kernel spelling, prefix iscsi_, no behaviour.
 *
 * Host byte order. Every layout is fixed by offset: a 32-bit x86 compiler would otherwise put r at 36, and the kernel has no
 * compatibility layer for that.
 */
#ifndef KERNEL_ISCSI_IF_H
#define KERNEL_ISCSI_IF_H

#include <linux/netlink.h>
#include <miscsi/kernel.h>
#include <stddef.h>

enum { ISCSI_NL_GRP_ISCSID = 1, ISCSI_NL_GRP_UIP = 2 };

enum iscsi_err {
#define CONN_ERROR(number, name, text) ISCSI_ERR_##name = number,
#include "kernel/conn_errors.def"
#undef CONN_ERROR
};

/* 2 (suspend) is refused by every kernel although it answers success: never sent. */
enum iscsi_stop_flag { ISCSI_STOP_CONN_TERM = 1, ISCSI_STOP_CONN_RECOVER = 3 };

struct iscsi_uevent {
	uint32_t type;
	int32_t iferror; /* of an IF_ERROR answer: negative errno */
	uint64_t transport_handle __attribute__((aligned(8)));
	union iscsi_uevent_u u __attribute__((aligned(8))); /* the request's fields */
	union iscsi_uevent_r r __attribute__((aligned(8))); /* the answer's or the event's */
};

#define ISCSI_MSG_HEAD (NLMSG_HDRLEN + sizeof(struct iscsi_uevent)) /* where the payload begins: 72 */
#define ISCSI_BHS_LEN 48

struct iscsi_path {
	uint64_t handle __attribute__((aligned(8)));
	uint8_t mac_addr[6];
	uint8_t mac_addr_old[6];
	uint32_t ip_addr_len; /* 4 or 16 */
	uint8_t src[16];
	uint8_t dst[16];
	uint16_t vlan_id;
	uint16_t pmtu;
};

_Static_assert(offsetof(struct iscsi_uevent, transport_handle) == 8 && offsetof(struct iscsi_uevent, u) == 16 &&
		offsetof(struct iscsi_uevent, r) == 40 && sizeof(struct iscsi_uevent) == 56,
	"iscsi_uevent");
_Static_assert(offsetof(union iscsi_uevent_u, b_conn.is_leading) == 16 && offsetof(union iscsi_uevent_u, stop_conn.flag) == 16 &&
		offsetof(union iscsi_uevent_u, iscsi_ping.pid) == 16 && sizeof(union iscsi_uevent_u) == 24 &&
		sizeof(union iscsi_uevent_r) == 16,
	"iscsi_uevent's unions");
_Static_assert(offsetof(struct iscsi_path, ip_addr_len) == 20 && offsetof(struct iscsi_path, src) == 24 &&
		offsetof(struct iscsi_path, dst) == 40 && offsetof(struct iscsi_path, vlan_id) == 56 &&
		offsetof(struct iscsi_path, pmtu) == 58 && sizeof(struct iscsi_path) == 64,
	"iscsi_path");

#endif

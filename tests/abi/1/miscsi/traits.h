/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Traits: properties that a plugin declares instead of writing code. Those in struct miscsi_plugin apply to all its transports,
 * those in a row of `match` to that transport. Included by plugin.h.
 */
#ifndef MISCSI_TRAITS_H
#define MISCSI_TRAITS_H

#define MISCSI_TRAIT_SOCKET (1ull << 0) /* connect() returns a socket, and discovery needs no kernel module */
#define MISCSI_TRAIT_SESSION_HOST (1ull << 1) /* the kernel makes one SCSI host per session (tcp, iser) */
#define MISCSI_TRAIT_BOUND_SESSION (1ull << 2) /* sessions are made by CREATE_BOUND_SESSION: the endpoint comes first */
#define MISCSI_TRAIT_THROUGH_HOST (1ull << 3) /* the driver connects only through a named host */
#define MISCSI_TRAIT_RDMA (1ull << 4) /* offers the keys of RFC 7145 */
#define MISCSI_TRAIT_NO_DIGESTS (1ull << 5) /* digests are neither offered nor set */
#define MISCSI_TRAIT_FIRMWARE_LOGIN (1ull << 6) /* the adapter logs in: no login PDU, no discovery session; needs `login` */
#define MISCSI_TRAIT_FIRMWARE_SESSIONS (1ull << 7) /* sessions whose creator is -1 are the adapter's: listed, never recovered */
#define MISCSI_TRAIT_HOST_IP (1ull << 8) /* the host must have its IP address set before it connects */
#define MISCSI_TRAIT_PATH \
	(1ull << 9) /* the driver asks for paths (PATH_REQ): answered from the kernel's routes, or by `net`'s path op */
#define MISCSI_TRAIT_OWN_HOSTS (1ull << 10) /* host numbers are not SCSI hosts of the kernel (only for tests) */
#define MISCSI_TRAIT_UIO \
	(1ull << 16) /* the driver connects only while the /dev/uioN beside its host is open: the core opens it */

/*
 * The driver supports these requests of the kernel, and the core sends them: the plugin needs no table. If it has an op all the
 * same, that is called instead. If the driver answers -ENOSYS, the op fails as it would without the trait.
 */
#define MISCSI_TRAIT_KERNEL_NET (1ull << 11) /* SET_IFACE_PARAMS */
#define MISCSI_TRAIT_KERNEL_FLASH (1ull << 12) /* flash nodes: sysfs and NEW_FLASHNODE to LOGOUT_FLASHNODE_SID */
#define MISCSI_TRAIT_KERNEL_CHAP (1ull << 13) /* GET_CHAP, SET_CHAP, DELETE_CHAP */
#define MISCSI_TRAIT_KERNEL_STATS (1ull << 14) /* GET_HOST_STATS */
#define MISCSI_TRAIT_KERNEL_PING (1ull << 15) /* PING, answered by event 111 */

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The numbers and layouts of requests over NETLINK_ISCSI that plugins need, in the kernel's spelling (its scsi/iscsi_if.h);
 * core/kernel/iscsi_if.h and attrs.h and <miscsi/kparams.def> have the others. Everything is in host byte order.
 */
#ifndef MISCSI_KERNEL_H
#define MISCSI_KERNEL_H

#include <stdint.h>

/* Requests. The kernel has never handled 21 (GET_PARAM), and no driver of today answers 25 (TGT_DSCVR). */
enum iscsi_uevent_e {
	ISCSI_UEVENT_CREATE_SESSION = 11,
	ISCSI_UEVENT_DESTROY_SESSION = 12,
	ISCSI_UEVENT_CREATE_CONN = 13,
	ISCSI_UEVENT_DESTROY_CONN = 14,
	ISCSI_UEVENT_BIND_CONN = 15,
	ISCSI_UEVENT_SET_PARAM = 16,
	ISCSI_UEVENT_START_CONN = 17,
	ISCSI_UEVENT_STOP_CONN = 18,
	ISCSI_UEVENT_SEND_PDU = 19,
	ISCSI_UEVENT_GET_STATS = 20,
	ISCSI_UEVENT_EP_CONNECT = 22,
	ISCSI_UEVENT_EP_POLL = 23,
	ISCSI_UEVENT_EP_DISCONNECT = 24,
	ISCSI_UEVENT_SET_HOST_PARAM = 26,
	ISCSI_UEVENT_UNBIND_SESSION = 27,
	ISCSI_UEVENT_CREATE_BOUND_SESSION = 28,
	ISCSI_UEVENT_EP_CONNECT_THROUGH_HOST = 29,
	ISCSI_UEVENT_PATH_UPDATE = 30,
	ISCSI_UEVENT_SET_IFACE_PARAMS = 31,
	ISCSI_UEVENT_PING = 32,
	ISCSI_UEVENT_GET_CHAP = 33,
	ISCSI_UEVENT_DELETE_CHAP = 34,
	ISCSI_UEVENT_SET_FLASHNODE_PARAMS = 35,
	ISCSI_UEVENT_NEW_FLASHNODE = 36,
	ISCSI_UEVENT_DEL_FLASHNODE = 37,
	ISCSI_UEVENT_LOGIN_FLASHNODE = 38,
	ISCSI_UEVENT_LOGOUT_FLASHNODE = 39,
	ISCSI_UEVENT_LOGOUT_FLASHNODE_SID = 40,
	ISCSI_UEVENT_SET_CHAP = 41,
	ISCSI_UEVENT_GET_HOST_STATS = 42,
	ISCSI_UEVENT_DESTROY_SESSION_ASYNC = 43
};

/* clang-format off */
/* The fields of a request. What a request does not have stays zero, since some drivers read further than their own fields. */
union iscsi_uevent_u {
	unsigned char bytes[24];
	struct { uint32_t initial_cmdsn; uint16_t cmds_max, queue_depth; } c_session;
	struct { uint64_t ep_handle; uint32_t initial_cmdsn; uint16_t cmds_max, queue_depth; } c_bound_session;
	struct { uint32_t sid; } d_session; /* UNBIND_SESSION too */
	struct { uint32_t sid, cid; } conn; /* CREATE_CONN, DESTROY_CONN, START_CONN, GET_STATS */
	struct { uint32_t sid, cid; uint64_t transport_eph; uint32_t is_leading; } b_conn;
	struct { uint32_t sid, cid, param, len; } set_param;
	struct { uint32_t sid, cid; uint64_t conn_handle; uint32_t flag; } stop_conn;
	struct { uint32_t sid, cid, hdr_size, data_size; } send_pdu;
	struct { uint32_t non_blocking; } ep_connect;
	struct { uint32_t host_no, non_blocking; } ep_connect_through_host;
	struct { uint64_t ep_handle; uint32_t timeout_ms; } ep_poll;
	struct { uint64_t ep_handle; } ep_disconnect;
	struct { uint32_t host_no, param, len; } set_host_param;
	struct { uint32_t host_no; } host; /* PATH_UPDATE, SET_CHAP, GET_HOST_STATS */
	struct { uint32_t host_no, count; } set_iface_params;
	struct { uint32_t host_no, iface_num, iface_type, payload_size, pid; } iscsi_ping;
	struct { uint32_t host_no, num_entries; uint16_t chap_tbl_idx; } get_chap; /* the answer's num_entries: those that follow */
	struct { uint32_t host_no; uint16_t chap_tbl_idx; } delete_chap;
	struct { uint32_t host_no, flashnode_idx, count; } set_flashnode;
	struct { uint32_t host_no, len; } new_flashnode;
	struct { uint32_t host_no, flashnode_idx; } flashnode; /* DEL_, LOGIN_, LOGOUT_FLASHNODE */
	struct { uint32_t host_no, sid; } logout_flashnode_sid;
};

/* What an answer gives back, and what an event reports. */
union iscsi_uevent_r {
	unsigned char bytes[16];
	int32_t retcode; /* the driver's, of BIND_CONN, START_CONN, SEND_PDU, EP_POLL */
	struct { uint32_t sid, host_no; } c_session_ret;
	struct { uint64_t handle; } ep_connect_ret;
	struct { uint32_t flashnode_idx; } new_flashnode_ret;
	struct { uint32_t sid, cid; } recv_req;
	struct { uint32_t sid, cid, error; } connerror;
	struct { uint32_t sid, cid, state; } conn_login;
	struct { uint32_t host_no, sid; } d_session; /* here, and here alone, the host comes first */
	struct { uint32_t sid, host_no; } unbind_session;
	struct { uint32_t host_no; } req_path; /* IF_DOWN too */
	struct { uint32_t host_no, data_size, code; } host_event;
	struct { uint32_t host_no, status, pid, data_size; } ping_comp;
};
/* clang-format on */

/* An entry of the CHAP table, as GET_CHAP's answer carries them. */
struct iscsi_chap_rec {
	uint16_t chap_tbl_idx;
	uint32_t chap_type; /* 0: with which we answer the target; 1: with which it answers us */
	char username[256], password[256]; /* a text that fills its field has no NUL */
	uint8_t password_length;
};

enum iscsi_param {
#define PARAM(number, name, ...) ISCSI_PARAM_##name = number,
#include <miscsi/kparams.def>
#undef PARAM
	ISCSI_PARAM_MAX,
};

enum iscsi_host_param {
	ISCSI_HOST_PARAM_HWADDRESS,
	ISCSI_HOST_PARAM_INITIATOR_NAME,
	ISCSI_HOST_PARAM_NETDEV_NAME,
	ISCSI_HOST_PARAM_IPADDRESS
};

/* Of event CONN_LOGIN_STATE. */
enum iscsi_conn_state { ISCSI_CONN_STATE_FREE, ISCSI_CONN_STATE_XPT_WAIT, ISCSI_CONN_STATE_IN_LOGIN, ISCSI_CONN_STATE_LOGGED_IN };

enum iscsi_host_event_code { ISCSI_EVENT_LINKUP = 1, ISCSI_EVENT_LINKDOWN };
enum iscsi_iface_type { ISCSI_IFACE_TYPE_IPV4 = 1, ISCSI_IFACE_TYPE_IPV6 };

#endif

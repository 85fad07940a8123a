/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The layouts of requests over NETLINK_ISCSI, in the kernel's spelling (its scsi/iscsi_if.h); numbers.h has the numbers. Everything is
 * in host byte order.
 */
#ifndef MISCSI_KERNEL_H
#define MISCSI_KERNEL_H

#include <miscsi/numbers.h>
#include <stdint.h>

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

/* The fields that an answer returns, or an event reports. */
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
	uint32_t chap_type; /* enum chap_type_e */
	char username[256], password[256]; /* a text that fills its field has no NUL */
	uint8_t password_length;
};

/*
 * A request to the kernel's iSCSI netlink: number, fields and payload as above. The core copies it before
 * request() returns, adds the transport's handle, and sends it from a worker thread.
 */
struct miscsi_request {
	uint32_t size;
	uint32_t type; /* ISCSI_UEVENT_* */
	union iscsi_uevent_u u; /* the request's fields, its session's, connection's or host's number among them */
	const void *payload; /* the bytes behind the fields; NULL: none */
	uint32_t payload_len;
	uint32_t reserved; /* 0 */
};

struct miscsi_answer {
	uint32_t size;
	int32_t result; /* 0, or a negative errno: refused, or (BIND, START, SEND_PDU, EP_POLL) a negative retcode */
	int32_t retcode; /* r.retcode where the request has one */
	uint32_t data_len;
	union iscsi_uevent_u u; /* the request's fields, as the kernel answered them */
	union iscsi_uevent_r r; /* the fields that the answer returns */
	const void *data; /* answers that carry data (GET_STATS, GET_CHAP, GET_HOST_STATS); valid during the callback */
};

#endif

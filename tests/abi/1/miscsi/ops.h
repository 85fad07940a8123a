/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of ops of connections, sessions and hosts, and their arguments; those of adapters are in adapter.h. Included by
 * plugin.h. The comment beside a member documents what NULL means there; plugin.h documents a NULL table. A plugin reads settings
 * by core->setting() and reports results by core->result(); keys are those of iscsiadm's records ("flashnode.session.targetname",
 * "host.auth.tbl_idx").
 */
#ifndef MISCSI_OPS_H
#define MISCSI_OPS_H

#include <miscsi/core.h>
#include <sys/socket.h>

struct miscsi_connect_args {
	uint32_t size;
	uint32_t timeout_ms; /* the core cancels the op then; for a plugin that can pass the limit on */
	const struct sockaddr *dst; /* AF_INET or AF_INET6 with port */
	uint32_t dst_len;
	uint32_t reserved; /* 0 */
	/* Where to connect from; NULL: not specified. */
	const char *netdev; /* iface.net_ifacename */
	const char *ip; /* iface.ipaddress */
	const char *hwaddress; /* iface.hwaddress */
};

#define MISCSI_BINDING_NONE 0u
#define MISCSI_BINDING_SOCKET 1u /* value: a connected socket's fd, which the core owns from now on */
#define MISCSI_BINDING_ENDPOINT 2u /* value: a kernel endpoint's handle */
/* 3 to 15 are reserved for sessions that the kernel's initiator does not carry; connect() must not return them. */
struct miscsi_binding {
	uint32_t size;
	uint32_t kind;
	uint64_t value;
};

struct miscsi_endpoint_ops {
	uint32_t size, reserved;
	/* Fill *out before you return 0 or call op_done(op, 0). It stays in place until the op ends. */
	int (*connect)(struct miscsi_op *op, const struct miscsi_connect_args *args, struct miscsi_binding *out);
	/* Ends a connection that connect() made. NULL: a socket is closed, an endpoint disconnected by EP_DISCONNECT. */
	int (*disconnect)(struct miscsi_op *op, const struct miscsi_binding *binding);
};

struct miscsi_login_ops {
	uint32_t size, reserved;
	/* Log in: session and connection (op->sid, op->cid) exist, are bound, and have their parameters. Done when logged in. */
	int (*start)(struct miscsi_op *op);
	/* CONN_LOGIN_STATE (109) for an op under way; state as the kernel's iscsi_conn_state: 3 logged in, 0 failed. Ends the op by op_done(). */
	void (*event)(struct miscsi_op *op, uint32_t state);
	/* Log out: the session (op->sid) has no devices any more; its removal from the kernel follows, whether this fails or not. NULL: the
	 * driver logs out when the kernel removes the session. */
	int (*logout)(struct miscsi_op *op);
};

#define MISCSI_DIGEST_NONE 1u
#define MISCSI_DIGEST_CRC32C 2u
#define MISCSI_DIGEST_PREFER_CRC32C 4u /* with both: CRC32C is named first */
/* Operational parameters, by RFC 7143's names. Flags are 0 or 1, lengths bytes, times seconds. */
struct miscsi_params {
	uint32_t size;
	uint32_t header_digest, data_digest; /* MISCSI_DIGEST_* offered; after negotiation the one that holds */
	uint32_t max_connections, initial_r2t, immediate_data;
	uint32_t max_recv_data_segment_length; /* ours */
	uint32_t max_xmit_data_segment_length; /* the target's, and our limit to it; 0: no limit */
	uint32_t max_burst_length, first_burst_length;
	uint32_t default_time2wait, default_time2retain, max_outstanding_r2t;
	uint32_t data_pdu_in_order, data_sequence_in_order, error_recovery_level;
	uint32_t rdma_extensions, initiator_recv_data_segment_length, target_recv_data_segment_length; /* RFC 7145 */
};

/* These must not return -EINPROGRESS: the negotiation waits for them. NULL: nothing to adjust. */
struct miscsi_param_ops {
	uint32_t size, reserved;
	int (*offer)(struct miscsi_op *op, struct miscsi_params *params); /* before the first login PDU */
	int (*negotiated)(struct miscsi_op *op,
		struct miscsi_params *params); /* before they are set in the kernel; an error ends the login */
};

/* The kernel's struct iscsi_path, by fields (network byte order in addresses). */
struct miscsi_path {
	uint32_t size;
	uint32_t family; /* AF_INET, AF_INET6 */
	uint64_t handle;
	unsigned char mac[6], mac_old[6];
	unsigned char src[16], dst[16];
	uint16_t vlan_id, pmtu;
};

struct miscsi_net_ops {
	uint32_t size, reserved;
	int (*apply)(struct miscsi_op *
			op); /* the op's iface.* settings to host_no, as one transaction. NULL: MISCSI_TRAIT_KERNEL_NET, or error 14 */
	/* PATH_REQ (107): find source, next hop and MTU; the core sends the PATH_UPDATE, with mac all zero if this fails. NULL: error 14 */
	int (*path)(struct miscsi_op *op, struct miscsi_path *path);
};

struct miscsi_host_ops {
	uint32_t size, reserved;
	int (*set)(struct miscsi_op *op); /* settings: host parameters. NULL: SET_HOST_PARAM */
	void (*event)(struct miscsi_op *op,
		uint32_t code); /* HOST_EVENT (110), op = core->self: 1 link up, 2 link down. NULL: ignored */
};

#endif

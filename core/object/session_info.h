/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session as the kernel shows it in sysfs, read in as many steps as the caller needs. The caller owns the result.
 *
 * Texts are unchanged from the kernel: they may come from the target or an adapter and must be escaped before they are printed. A
 * text that is not set, or not shown by this transport, is "". A number that is not shown is -1.
 */
#ifndef OBJECT_SESSION_INFO_H
#define OBJECT_SESSION_INFO_H

#include "base/err.h"
#include "base/mem.h"
#include "kernel/ktransport.h"
#include "kernel/scan.h"
#include "kernel/sysfs.h"
#include "record/record.h"
#include <stdbool.h>

/* The parts to read, ORed. The identity (sid, host, transport, target, TPGT, persistent portal) is always read. */
enum session_info_detail {
	SESSION_INFO_PORTAL = 1 << 0, /* address and port in use now */
	SESSION_INFO_IFACE = 1 << 1, /* iface name, initiator name; the host's addresses */
	SESSION_INFO_STATE = 1 << 2, /* states of session and connection, creator */
	SESSION_INFO_TIMEOUTS = 1 << 3,
	SESSION_INFO_CHAP = 1 << 4, /* needs CAP_SYS_ADMIN: otherwise unset */
	SESSION_INFO_PARAMS = 1 << 5, /* as negotiated */
	SESSION_INFO_DEVICES = 1 << 6, /* attached devices, the host's state */
	SESSION_INFO_ALL = (1 << 7) - 1,
};

#define SESSION_INFO_NAME_MAX 256

struct session_info {
	uint32_t sid, cid, host_no;
	char transport[KTRANSPORT_NAME_MAX]; /* "": no known transport of the host */
	char target[SESSION_INFO_NAME_MAX];
	int64_t tpgt;
	/* the address that the login used; IPv6 as the kernel received it, without brackets */
	char persistent_address[SESSION_INFO_NAME_MAX];
	int64_t persistent_port;
	int64_t creator; /* -1: made by the driver (a flash session): listed, never recovered */
	bool has_conn; /* false: cid and the connection's members are not valid */

	char address[64]; /* PORTAL; "" when not connected */
	int64_t port;

	char iface[SESSION_INFO_NAME_MAX]; /* IFACE */
	char initiator[SESSION_INFO_NAME_MAX]; /* the session's, or the host's if only that is shown */
	char ipaddress[64], hwaddress[64], netdev[64];

	char state[32]; /* STATE: "LOGGED_IN", "FAILED", "FREE" */
	char target_state[32]; /* "UNBOUND", "ALLOCATED", "SCANNED", "UNBINDING" */
	char conn_state[32]; /* "up", "down", "failed", "bound" */
	int64_t target_id;

	int64_t recovery_tmo; /* TIMEOUTS, seconds; SESSION_INFO_OFF: no limit */
	int64_t abort_tmo, lu_reset_tmo, tgt_reset_tmo, ping_tmo, recv_tmo;

	struct secret username, password, username_in, password_in; /* CHAP; unset: bytes is NULL */

	int64_t header_digest, data_digest; /* PARAMS: 0 no digest, 1 CRC32C */
	int64_t max_recv, max_xmit, first_burst, max_burst, immediate_data, initial_r2t, max_r2t, erl, exp_statsn;

	char host_state[32]; /* DEVICES */
	struct scan_devices devices;
};

#define SESSION_INFO_OFF (-2)

/* Reads one session. MISCSI_ERR_SYSFS_LOOKUP: no such sid, or it was removed meanwhile. Call
 * session_info_clear() in any case. */
int session_info_read(const struct sysfs *s, const struct ktransport_map *map, uint32_t sid, unsigned detail,
	struct session_info *out, struct err *err);
/* Reads further details of a session that was read. */
int session_info_more(const struct sysfs *s, unsigned detail, struct session_info *info, struct err *err);
/*
 * Sets the node's settings from the values read with that detail; settings that the kernel does not show are unchanged. -ENOMEM.
 */
int session_info_to_record(const struct session_info *info, unsigned detail, struct record *node);
void session_info_clear(struct session_info *info); /* wipes the secrets; usable as cleanup() */

struct session_info_list {
	struct session_info *info;
	size_t n;
};

/* Lists all sessions, without those removed meanwhile. An empty list is success. Call
 * session_info_list_free() in any case. */
int session_info_list(const struct sysfs *s, const struct ktransport_map *map, enum sysfs_order order, unsigned detail,
	struct session_info_list *out, struct err *err);
void session_info_list_free(struct session_info_list *l);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel shows of a session: read from sysfs, in as many steps as the asker needs. Owned by who asked.
 *
 * Every text is as the kernel gave it: it may come from the target or an adapter and must be escaped before
 * it is printed. A text that is not set, or not shown by this transport, is "". A number that is not shown is
 * -1.
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

/* What to read, ored. The identity (sid, host, transport, target, TPGT, persistent portal) always is. */
enum session_info_detail {
	SESSION_INFO_PORTAL = 1 << 0, /* address and port in use now */
	SESSION_INFO_IFACE = 1 << 1, /* iface name, initiator name; the host's addresses */
	SESSION_INFO_STATE = 1 << 2, /* states of session and connection, creator */
	SESSION_INFO_TIMEOUTS = 1 << 3,
	SESSION_INFO_CHAP = 1 << 4, /* needs CAP_SYS_ADMIN: without it they stay unset */
	SESSION_INFO_PARAMS = 1 << 5, /* as negotiated */
	SESSION_INFO_DEVICES = 1 << 6, /* attached devices, the host's state */
	SESSION_INFO_ALL = (1 << 7) - 1,
};

#define SESSION_INFO_NAME_MAX 256

struct session_info {
	uint32_t sid, cid, host_no;
	char transport[KTRANSPORT_NAME_MAX]; /* "" when no transport claims the host */
	char target[SESSION_INFO_NAME_MAX];
	int64_t tpgt;
	char persistent_address[SESSION_INFO_NAME_MAX]; /* as it was asked for; IPv6 as the kernel got it,
							   without brackets */
	int64_t persistent_port;
	int64_t creator; /* -1: made by the driver (a flash session): listed, never recovered */
	bool has_conn; /* false: cid and all of the connection are not there */

	char address[64]; /* PORTAL; "" when not connected */
	int64_t port;

	char iface[SESSION_INFO_NAME_MAX]; /* IFACE */
	char initiator[SESSION_INFO_NAME_MAX]; /* the session's, or the host's where only that is shown */
	char ipaddress[64], hwaddress[64], netdev[64];

	char state[32]; /* STATE: "LOGGED_IN", "FAILED", "FREE" */
	char target_state[32]; /* "UNBOUND", "ALLOCATED", "SCANNED", "UNBINDING" */
	char conn_state[32]; /* "up", "down", "failed", "bound" */
	int64_t target_id;

	int64_t recovery_tmo; /* TIMEOUTS, seconds; SESSION_INFO_OFF: waits for ever */
	int64_t abort_tmo, lu_reset_tmo, tgt_reset_tmo, ping_tmo, recv_tmo;

	struct secret username, password, username_in, password_in; /* CHAP; unset: bytes is NULL */

	int64_t header_digest, data_digest; /* PARAMS: 0 none, 1 CRC32C */
	int64_t max_recv, max_xmit, first_burst, max_burst, immediate_data, initial_r2t, max_r2t, erl, exp_statsn;

	char host_state[32]; /* DEVICES */
	struct scan_devices devices;
};

#define SESSION_INFO_OFF (-2)

/* Reads one session. MISCSI_ERR_SYSFS_LOOKUP: no such sid, or it went away meanwhile. Free by
 * session_info_clear() whatever came. */
int session_info_read(const struct sysfs *s, const struct ktransport_map *map, uint32_t sid, unsigned detail,
	struct session_info *out, struct err *err);
/* Reads more of one that was read. */
int session_info_more(const struct sysfs *s, unsigned detail, struct session_info *info, struct err *err);
/* Sets the node's settings that the kernel shows, of what was read in that detail; what it does not show stays. */
void session_info_to_record(const struct session_info *info, unsigned detail, struct record *node);
void session_info_clear(struct session_info *info); /* wipes the secrets; usable as cleanup() */

struct session_info_list {
	struct session_info *info;
	size_t n;
};

/* All sessions; one that goes away meanwhile is left out. None at all is success. Free by
 * session_info_list_free() whatever came. */
int session_info_list(const struct sysfs *s, const struct ktransport_map *map, enum sysfs_order order, unsigned detail,
	struct session_info_list *out, struct err *err);
void session_info_list_free(struct session_info_list *l);

#endif

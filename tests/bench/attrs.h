/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The attributes in sysfs that the programs under measure read of each session, for the floors under them. */
#ifndef BENCH_ATTRS_H
#define BENCH_ATTRS_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum place { SESSION, CONN, HOST, SCSI_HOST };
enum reader {
	LIST = 1, /* `iscsiadm -m session` */
	TREE = 2, /* `iscsiadm -m session -P 3` */
	ADOPTION = 4, /* iscsid, of a session that it adopts */
};

static const struct attr {
	enum place place;
	const char *name;
	unsigned readers;
} attrs[] = {
	{ SCSI_HOST, "proc_name", LIST | TREE | ADOPTION },
	{ SESSION, "targetname", LIST | TREE | ADOPTION },
	{ SESSION, "tpgt", LIST | TREE | ADOPTION },
	{ SESSION, "creator", LIST | TREE | ADOPTION },
	{ CONN, "persistent_address", LIST | TREE | ADOPTION },
	{ CONN, "persistent_port", LIST | TREE | ADOPTION },
	{ CONN, "address", TREE | ADOPTION },
	{ CONN, "port", TREE | ADOPTION },
	{ SESSION, "ifacename", TREE | ADOPTION },
	{ SESSION, "initiatorname", TREE | ADOPTION },
	{ HOST, "ipaddress", TREE | ADOPTION },
	{ HOST, "hwaddress", TREE | ADOPTION },
	{ HOST, "netdev", TREE | ADOPTION },
	{ SESSION, "state", TREE | ADOPTION },
	{ SESSION, "target_state", TREE | ADOPTION },
	{ SESSION, "target_id", TREE | ADOPTION },
	{ CONN, "state", TREE | ADOPTION },
	{ SESSION, "username", TREE | ADOPTION },
	{ SESSION, "password", TREE | ADOPTION },
	{ SESSION, "username_in", TREE | ADOPTION },
	{ SESSION, "password_in", TREE | ADOPTION },
	{ SESSION, "recovery_tmo", TREE },
	{ SESSION, "abort_tmo", TREE },
	{ SESSION, "lu_reset_tmo", TREE },
	{ SESSION, "tgt_reset_tmo", TREE },
	{ CONN, "ping_tmo", TREE },
	{ CONN, "recv_tmo", TREE },
	{ CONN, "header_digest", TREE },
	{ CONN, "data_digest", TREE },
	{ CONN, "max_recv_dlength", TREE },
	{ CONN, "max_xmit_dlength", TREE },
	{ SESSION, "first_burst_len", TREE },
	{ SESSION, "max_burst_len", TREE },
	{ SESSION, "immediate_data", TREE },
	{ SESSION, "initial_r2t", TREE },
	{ SESSION, "max_outstanding_r2t", TREE },
	{ SESSION, "erl", TREE },
	{ CONN, "exp_statsn", TREE },
	{ SCSI_HOST, "state", TREE },
};

/*
 * Calls fn for the path of each attribute, below /sys. The session's link has the host's number, which the name lacks:
 * …/host2/session1/iscsi_session/session1. -1: there is none.
 */
static int attrs_each(int sys, unsigned sid, unsigned reader, void (*fn)(int sys, const char *path))
{
	static const char *const places[] = { "iscsi_session/session", "iscsi_connection/connection", "iscsi_host/host",
		"scsi_host/host" };
	char path[256], link[512];
	unsigned host = 0;
	ssize_t len;

	snprintf(path, sizeof(path), "class/iscsi_session/session%u", sid);
	len = readlinkat(sys, path, link, sizeof(link) - 1);
	link[len < 0 ? 0 : len] = '\0';
	if (len < 0 || !strstr(link, "/host") || sscanf(strstr(link, "/host"), "/host%u", &host) != 1)
		return -1;
	for (size_t i = 0; i < sizeof(attrs) / sizeof(*attrs); i++) {
		if (!(attrs[i].readers & reader))
			continue;
		snprintf(path, sizeof(path), "class/%s%u%s/%s", places[attrs[i].place], attrs[i].place < HOST ? sid : host,
			attrs[i].place == CONN ? ":0" : "", attrs[i].name);
		fn(sys, path);
	}
	return 0;
}

#endif

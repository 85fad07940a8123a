/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor under iscsiadm's listings of sessions: reads the same attributes of sysfs and writes them, and does nothing else. It checks
 * nothing, and serves scripts/bench sessions as a measure.
 *
 *   sessions_floor SYS list   what `iscsiadm -m session` reads
 *   sessions_floor SYS tree   what `iscsiadm -m session -P 3` reads
 */
#include "config.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES 32768

enum place { SESSION, CONN, HOST, SCSI_HOST };

static const struct {
	enum place place;
	const char *name;
} attrs[] = {
#define LIST_ATTRS 6
	{ SCSI_HOST, "proc_name" },
	{ SESSION, "targetname" },
	{ SESSION, "tpgt" },
	{ SESSION, "creator" },
	{ CONN, "persistent_address" },
	{ CONN, "persistent_port" },
	/* from here on: the tree's */
	{ CONN, "address" },
	{ CONN, "port" },
	{ SESSION, "ifacename" },
	{ SESSION, "initiatorname" },
	{ HOST, "ipaddress" },
	{ HOST, "hwaddress" },
	{ HOST, "netdev" },
	{ SESSION, "state" },
	{ SESSION, "target_state" },
	{ SESSION, "target_id" },
	{ CONN, "state" },
	{ SESSION, "recovery_tmo" },
	{ SESSION, "abort_tmo" },
	{ SESSION, "lu_reset_tmo" },
	{ SESSION, "tgt_reset_tmo" },
	{ CONN, "ping_tmo" },
	{ CONN, "recv_tmo" },
	{ SESSION, "username" },
	{ SESSION, "password" },
	{ SESSION, "username_in" },
	{ SESSION, "password_in" },
	{ CONN, "header_digest" },
	{ CONN, "data_digest" },
	{ CONN, "max_recv_dlength" },
	{ CONN, "max_xmit_dlength" },
	{ SESSION, "first_burst_len" },
	{ SESSION, "max_burst_len" },
	{ SESSION, "immediate_data" },
	{ SESSION, "initial_r2t" },
	{ SESSION, "max_outstanding_r2t" },
	{ SESSION, "erl" },
	{ CONN, "exp_statsn" },
	{ SCSI_HOST, "state" },
};

#define ALL_ATTRS (sizeof(attrs) / sizeof(attrs[0]))

static void print_attr(int dir, const char *path)
{
	char text[256];
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text));

	if (fd >= 0)
		close(fd);
	fwrite(text, 1, len > 0 ? (size_t)len : 0, stdout);
}

/* Calls fn for each name in a directory that begins with prefix. */
static void each_name(int dir, const char *path, const char *prefix, void (*fn)(int dir, const char *path, const char *name))
{
	_Alignas(struct dirent64) char buffer[BUFFER_BYTES];
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t len;

	while (fd >= 0 && (len = getdents64(fd, buffer, sizeof(buffer))) > 0)
		for (ssize_t at = 0; at < len;) {
			const struct dirent64 *e = (const void *)(buffer + at);

			at += e->d_reclen;
			if (e->d_name[0] != '.' && !strncmp(e->d_name, prefix, strlen(prefix)))
				fn(dir, path, e->d_name);
		}
	if (fd >= 0)
		close(fd);
}

static void print_name(int dir, const char *path, const char *name)
{
	(void)dir, (void)path;
	puts(name);
}

static void print_lun(int dir, const char *path, const char *name)
{
	char below[512];

	if (!strchr(name, ':'))
		return;
	snprintf(below, sizeof(below), "%s/%s/state", path, name);
	print_attr(dir, below);
	snprintf(below, sizeof(below), "%s/%s/block", path, name);
	each_name(dir, below, "", print_name);
}

static void print_target(int dir, const char *path, const char *name)
{
	char below[512];

	snprintf(below, sizeof(below), "%s/%s", path, name);
	each_name(dir, below, "", print_lun);
}

/* The link has the host's number, which the name lacks: …/host2/session1/iscsi_session/session1 */
static void print_session(int sys, const char *name, size_t n)
{
	char path[512], link[512];
	ssize_t len;
	const char *host;

	snprintf(path, sizeof(path), "class/iscsi_session/%s", name);
	len = readlinkat(sys, path, link, sizeof(link) - 1);
	link[len < 0 ? 0 : len] = '\0';
	host = strstr(link, "/host");
	for (size_t i = 0; i < n && host; i++) {
		int digits = (int)strcspn(host + 1, "/");

		if (attrs[i].place == SESSION)
			snprintf(path, sizeof(path), "class/iscsi_session/%s/%s", name, attrs[i].name);
		else if (attrs[i].place == CONN)
			snprintf(path, sizeof(path), "class/iscsi_connection/connection%s:0/%s", name + 7, attrs[i].name);
		else
			snprintf(path, sizeof(path), "class/%s/%.*s/%s", attrs[i].place == HOST ? "iscsi_host" : "scsi_host",
				digits, host + 1, attrs[i].name);
		print_attr(sys, path);
	}
	snprintf(path, sizeof(path), "class/iscsi_session/%s/device", name);
	if (n == ALL_ATTRS)
		each_name(sys, path, "target", print_target);
}

static size_t chosen;

static void session_named(int dir, const char *path, const char *name)
{
	(void)path;
	print_session(dir, name, chosen);
}

int main(int argc, char **argv)
{
	static char out[1 << 16];
	int sys = argc == 3 ? open(argv[1], O_DIRECTORY) : -1;

	if (sys < 0)
		return 2;
	chosen = strcmp(argv[2], "tree") ? LIST_ATTRS : ALL_ATTRS;
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	each_name(sys, "class/iscsi_session", "session", session_named);
	return 0;
}

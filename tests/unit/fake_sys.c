/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A made-up /sys: objects below devices/, the class directories links to them. */
#include "config.h"
#include "fake_sys.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(int truth, const char *what)
{
	if (truth)
		return;
	perror(what);
	abort();
}

#define PATH(s, path, fmt) \
	do { \
		va_list ap_; \
		int n_ = snprintf(path, sizeof(path), "%s/", (s)->dir); \
		va_start(ap_, fmt); \
		vsnprintf(path + n_, sizeof(path) - (size_t)n_, fmt, ap_); \
		va_end(ap_); \
	} while (0)

static void folders(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		must(mkdir(path, 0755) == 0 || errno == EEXIST, path);
		*p = '/';
	}
}

void fake_sys_write(struct fake_sys *s, const char *text, const char *fmt, ...)
{
	char path[PATH_MAX];
	FILE *f;

	PATH(s, path, fmt);
	folders(path);
	f = fopen(path, "w");
	must(f && fputs(text, f) >= 0 && fclose(f) == 0, path);
}

void fake_sys_bytes(struct fake_sys *s, const void *bytes, size_t len, const char *fmt, ...)
{
	char path[PATH_MAX];
	FILE *f;

	PATH(s, path, fmt);
	folders(path);
	f = fopen(path, "w");
	must(f && fwrite(bytes, 1, len, f) == len && fclose(f) == 0, path);
}

void fake_sys_link(struct fake_sys *s, const char *to, const char *fmt, ...)
{
	char path[PATH_MAX];

	PATH(s, path, fmt);
	folders(path);
	must(symlink(to, path) == 0 || errno == EEXIST, path);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void fake_sys_remove(struct fake_sys *s, const char *fmt, ...)
{
	char path[PATH_MAX];

	PATH(s, path, fmt);
	must(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, path);
}

void fake_sys_new(struct fake_sys *s)
{
	strcpy(s->dir, "/tmp/miscsi-sys.XXXXXX");
	must(mkdtemp(s->dir) != NULL, s->dir);
	must(sysfs_open(&s->sysfs, s->dir) == 0, s->dir);
}

void fake_sys_free(struct fake_sys *s)
{
	sysfs_close(&s->sysfs);
	must(nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, s->dir);
}

void fake_sys_transport(struct fake_sys *s, const char *name)
{
	char to[128];

	fake_sys_write(s, "18446744072641421312\n", "devices/virtual/iscsi_transport/%s/handle", name);
	fake_sys_write(s, "0x39\n", "devices/virtual/iscsi_transport/%s/caps", name);
	snprintf(to, sizeof(to), "../../devices/virtual/iscsi_transport/%s", name);
	fake_sys_link(s, to, "class/iscsi_transport/%s", name);
}

static const char * or (const char *value, const char *otherwise)
{
	return value ? value : otherwise;
}

/* Rows of name and value; "" is an empty one, NULL leaves it out. */
static void attributes(struct fake_sys *s, const char *dir, const char *const rows[][2], size_t n)
{
	char line[512];

	for (size_t i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "%s\n", rows[i][1]);
		fake_sys_write(s, line, "%s/%s", dir, rows[i][0]);
	}
}

#define ATTRIBUTES(s, dir, ...) \
	do { \
		const char *const rows_[][2] = { __VA_ARGS__ }; \
		attributes(s, dir, rows_, ARRAY_SIZE(rows_)); \
	} while (0)

static void host(struct fake_sys *s, const struct fake_session *f)
{
	char dir[128], to[160];

	snprintf(dir, sizeof(dir), "devices/platform/host%u/scsi_host/host%u", f->host, f->host);
	ATTRIBUTES(s, dir, { "proc_name", or (f->proc_name, "iscsi_tcp") }, { "state", "running" }, { "scan", "" });
	snprintf(to, sizeof(to), "../../%s", dir);
	fake_sys_link(s, to, "class/scsi_host/host%u", f->host);
	snprintf(dir, sizeof(dir), "devices/platform/host%u/iscsi_host/host%u", f->host, f->host);
	ATTRIBUTES(s, dir, { "hwaddress", "(null)" }, { "ipaddress", "192.0.2.1" }, { "netdev", or (f->netdev, "(null)") },
		{ "initiatorname", "iqn.2026-11.com.example:initiator" });
	snprintf(to, sizeof(to), "../../%s", dir);
	fake_sys_link(s, to, "class/iscsi_host/host%u", f->host);
}

static void connection(struct fake_sys *s, const struct fake_session *f)
{
	const char *address = or (f->address, "192.0.2.10"), *port = or (f->port, "3260");
	char dir[192], to[256];

	snprintf(dir, sizeof(dir), "devices/platform/host%u/session%u/connection%u:0/iscsi_connection/connection%u:0", f->host,
		f->sid, f->sid, f->sid);
	ATTRIBUTES(s, dir, { "address", address }, { "port", port }, { "persistent_address", address },
		{ "persistent_port", port }, { "max_recv_dlength", "262144" }, { "max_xmit_dlength", "8192" },
		{ "header_digest", "0" }, { "data_digest", "0" }, { "exp_statsn", "42" }, { "ping_tmo", "5" },
		{ "recv_tmo", "6" }, { "state", or (f->conn_state, "up") });
	snprintf(to, sizeof(to), "../../%s", dir);
	fake_sys_link(s, to, "class/iscsi_connection/connection%u:0", f->sid);
}

static void lun(struct fake_sys *s, const struct fake_session *f, const struct fake_lun *l)
{
	char dir[192];

	snprintf(dir, sizeof(dir), "devices/platform/host%u/session%u/target%u:0:0/%u:0:0:%u", f->host, f->sid, f->host, f->host,
		l->lun);
	ATTRIBUTES(s, dir, { "state", or (f->dev_state, "running") }, { "rescan", "" }, { "type", "0" });
	if (l->disk)
		fake_sys_write(s, "2097152\n", "%s/block/%s/size", dir, l->disk);
}

void fake_sys_session(struct fake_sys *s, const struct fake_session *f)
{
	char dir[192], to[256];

	host(s, f);
	snprintf(dir, sizeof(dir), "devices/platform/host%u/session%u/iscsi_session/session%u", f->host, f->sid, f->sid);
	ATTRIBUTES(s, dir, { "targetname", or (f->target, "iqn.2026-11.com.example:disk1") }, { "tpgt", or (f->tpgt, "1") },
		{ "creator", "4242" }, { "recovery_tmo", "120" }, { "state", or (f->state, "LOGGED_IN") },
		{ "target_state", "SCANNED" }, { "target_id", "0" }, { "ifacename", or (f->iface, "default") },
		{ "initiatorname", "iqn.2026-11.com.example:initiator" }, { "username", or (f->username, "(null)") },
		{ "password", or (f->password, "(null)") }, { "username_in", "(null)" }, { "password_in", "(null)" },
		{ "initial_r2t", "0" }, { "immediate_data", "1" }, { "first_burst_len", "262144" },
		{ "max_burst_len", "16776192" }, { "max_outstanding_r2t", "1" }, { "abort_tmo", "15" }, { "lu_reset_tmo", "30" },
		{ "tgt_reset_tmo", "30" }, { "erl", "0" });
	fake_sys_link(s, "../..", "%s/device", dir);
	snprintf(to, sizeof(to), "../../%s", dir);
	fake_sys_link(s, to, "class/iscsi_session/session%u", f->sid);
	connection(s, f);
	for (const struct fake_lun *l = f->luns; l && l->lun != FAKE_LUN_END; l++)
		lun(s, f, l);
}

int fake_sys_setup(void **state)
{
	struct fake_sys *s = x_new(struct fake_sys);

	fake_sys_new(s);
	*state = s;
	return 0;
}

int fake_sys_teardown(void **state)
{
	fake_sys_free(*state);
	x_free(*state);
	return 0;
}

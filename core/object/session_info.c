/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a session from sysfs. Which attribute goes where is a table; only the rows of the wanted detail are
 * read. The kernel may take the session away at any moment: then its directory is gone, and an attribute
 * alone missing means only that its driver does not show it.
 */
#include "config.h"
#include "object/session_info.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum where { SESSION, CONN, HOST, SCSI_HOST };
enum form { TEXT, NUMBER, SECRET_TEXT };

struct attr {
	unsigned detail; /* 0: always */
	enum where where;
	enum form form;
	const char *name;
	size_t at, size;
};

#define M(member) offsetof(struct session_info, member), sizeof(((struct session_info *)0)->member)

static const struct attr attrs[] = {
	{ 0, SESSION, TEXT, "targetname", M(target) },
	{ 0, SESSION, NUMBER, "tpgt", M(tpgt) },
	{ 0, SESSION, NUMBER, "creator", M(creator) },
	{ 0, CONN, TEXT, "persistent_address", M(persistent_address) },
	{ 0, CONN, NUMBER, "persistent_port", M(persistent_port) },
	{ SESSION_INFO_PORTAL, CONN, TEXT, "address", M(address) },
	{ SESSION_INFO_PORTAL, CONN, NUMBER, "port", M(port) },
	{ SESSION_INFO_IFACE, SESSION, TEXT, "ifacename", M(iface) },
	{ SESSION_INFO_IFACE, SESSION, TEXT, "initiatorname", M(initiator) },
	{ SESSION_INFO_IFACE, HOST, TEXT, "initiatorname", M(initiator) },
	{ SESSION_INFO_IFACE, HOST, TEXT, "ipaddress", M(ipaddress) },
	{ SESSION_INFO_IFACE, HOST, TEXT, "hwaddress", M(hwaddress) },
	{ SESSION_INFO_IFACE, HOST, TEXT, "netdev", M(netdev) },
	{ SESSION_INFO_STATE, SESSION, TEXT, "state", M(state) },
	{ SESSION_INFO_STATE, SESSION, TEXT, "target_state", M(target_state) },
	{ SESSION_INFO_STATE, SESSION, NUMBER, "target_id", M(target_id) },
	{ SESSION_INFO_STATE, CONN, TEXT, "state", M(conn_state) },
	{ SESSION_INFO_TIMEOUTS, SESSION, NUMBER, "recovery_tmo", M(recovery_tmo) },
	{ SESSION_INFO_TIMEOUTS, SESSION, NUMBER, "abort_tmo", M(abort_tmo) },
	{ SESSION_INFO_TIMEOUTS, SESSION, NUMBER, "lu_reset_tmo", M(lu_reset_tmo) },
	{ SESSION_INFO_TIMEOUTS, SESSION, NUMBER, "tgt_reset_tmo", M(tgt_reset_tmo) },
	{ SESSION_INFO_TIMEOUTS, CONN, NUMBER, "ping_tmo", M(ping_tmo) },
	{ SESSION_INFO_TIMEOUTS, CONN, NUMBER, "recv_tmo", M(recv_tmo) },
	{ SESSION_INFO_CHAP, SESSION, SECRET_TEXT, "username", M(username) },
	{ SESSION_INFO_CHAP, SESSION, SECRET_TEXT, "password", M(password) },
	{ SESSION_INFO_CHAP, SESSION, SECRET_TEXT, "username_in", M(username_in) },
	{ SESSION_INFO_CHAP, SESSION, SECRET_TEXT, "password_in", M(password_in) },
	{ SESSION_INFO_PARAMS, CONN, NUMBER, "header_digest", M(header_digest) },
	{ SESSION_INFO_PARAMS, CONN, NUMBER, "data_digest", M(data_digest) },
	{ SESSION_INFO_PARAMS, CONN, NUMBER, "max_recv_dlength", M(max_recv) },
	{ SESSION_INFO_PARAMS, CONN, NUMBER, "max_xmit_dlength", M(max_xmit) },
	{ SESSION_INFO_PARAMS, SESSION, NUMBER, "first_burst_len", M(first_burst) },
	{ SESSION_INFO_PARAMS, SESSION, NUMBER, "max_burst_len", M(max_burst) },
	{ SESSION_INFO_PARAMS, SESSION, NUMBER, "immediate_data", M(immediate_data) },
	{ SESSION_INFO_PARAMS, SESSION, NUMBER, "initial_r2t", M(initial_r2t) },
	{ SESSION_INFO_PARAMS, SESSION, NUMBER, "max_outstanding_r2t", M(max_r2t) },
	{ SESSION_INFO_PARAMS, SESSION, NUMBER, "erl", M(erl) },
	{ SESSION_INFO_PARAMS, CONN, NUMBER, "exp_statsn", M(exp_statsn) },
	{ SESSION_INFO_DEVICES, SCSI_HOST, TEXT, "state", M(host_state) },
};

/* The directories that attributes lie in, opened when first needed. */
struct places {
	const struct sysfs *root;
	struct sysfs dir[SCSI_HOST + 1];
	bool tried[SCSI_HOST + 1];
};

static void places_close(struct places *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(p->dir); i++)
		sysfs_close(&p->dir[i]);
}

static void places_init(struct places *p, const struct sysfs *root)
{
	*p = (struct places){ .root = root };
	for (size_t i = 0; i < ARRAY_SIZE(p->dir); i++)
		p->dir[i].fd = -1;
}

/* The session's first connection. libiscsi has one, numbered 0: looked for only when it is not there. */
static int open_conn(struct places *p, struct session_info *info)
{
	cleanup(sysfs_list_free) struct sysfs_list conns = { 0 };
	char prefix[32];
	int rc = sysfs_dir(p->root, &p->dir[CONN], "class/iscsi_connection/connection%u:0", info->sid);

	if (rc != -ENOENT)
		return rc;
	snprintf(prefix, sizeof(prefix), "connection%u:", info->sid);
	rc = sysfs_list(&p->dir[SESSION], &conns, SYSFS_BY_NUMBER, prefix, "device");
	if (rc || !conns.n || sysfs_number(conns.names[0], prefix, &info->cid))
		return -ENOENT;
	return sysfs_dir(p->root, &p->dir[CONN], "class/iscsi_connection/%s", conns.names[0]);
}

static const struct sysfs *place(struct places *p, enum where where, struct session_info *info)
{
	if (p->tried[where])
		return &p->dir[where];
	p->tried[where] = true;
	switch (where) {
	case SESSION:
		sysfs_dir(p->root, &p->dir[where], "class/iscsi_session/session%u", info->sid);
		break;
	case CONN:
		info->has_conn = open_conn(p, info) == 0;
		break;
	case HOST:
		sysfs_dir(p->root, &p->dir[where], "class/iscsi_host/host%u", info->host_no);
		break;
	case SCSI_HOST:
		sysfs_dir(p->root, &p->dir[where], "class/scsi_host/host%u", info->host_no);
		break;
	}
	return &p->dir[where];
}

static void read_number(const struct sysfs *dir, const char *name, int64_t *out)
{
	char text[32];

	*out = -1;
	if (sysfs_read_int(dir, out, "%s", name) == -EINVAL && !sysfs_read(dir, text, sizeof(text), "%s", name) &&
		!strcmp(text, "off"))
		*out = SESSION_INFO_OFF;
}

static int read_secret(const struct sysfs *dir, const char *name, struct secret *out)
{
	char text[SYSFS_VALUE_MAX + 1];
	int rc = 0;

	secret_clear(out);
	if (!sysfs_read(dir, text, sizeof(text), "%s", name) && text[0])
		rc = secret_set(out, text, strlen(text));
	mem_wipe(text, sizeof(text));
	return rc;
}

static int read_attr(const struct sysfs *dir, const struct attr *a, struct session_info *info)
{
	void *member = (char *)info + a->at;

	switch (a->form) {
	case TEXT:
		/* the host's value only where the session shows none */
		if (a->where != HOST || !*(char *)member || strcmp(a->name, "initiatorname"))
			sysfs_read(dir, member, a->size, "%s", a->name);
		break;
	case NUMBER:
		read_number(dir, a->name, member);
		break;
	case SECRET_TEXT:
		return read_secret(dir, a->name, member);
	}
	return 0;
}

/* The rows whose detail is wanted (0: those always read). */
static int read_rows(struct places *p, unsigned detail, struct session_info *info)
{
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(attrs) && !rc; i++) {
		const struct attr *a = &attrs[i];
		const struct sysfs *dir;

		if (detail ? !(a->detail & detail) : a->detail)
			continue;
		dir = place(p, a->where, info);
		if (dir->fd >= 0)
			rc = read_attr(dir, a, info);
		else if (a->form == NUMBER)
			*(int64_t *)(void *)((char *)info + a->at) = -1;
	}
	return rc;
}

/* The class link leads through the host: ../../devices/…/host2/session1/iscsi_session/session1 */
static int find_host(const struct sysfs *s, struct session_info *info)
{
	char link[512], tail[64], *at;
	int rc = sysfs_readlink(s, link, sizeof(link), "class/iscsi_session/session%u", info->sid);

	if (rc)
		return rc;
	snprintf(tail, sizeof(tail), "/session%u/iscsi_session/", info->sid);
	at = strstr(link, tail);
	if (!at)
		return -EINVAL;
	*at = '\0';
	at = strrchr(link, '/');
	return sysfs_number(at ? at + 1 : link, "host", &info->host_no);
}

static int read_detail(struct places *p, unsigned detail, struct session_info *info)
{
	int rc = detail ? read_rows(p, detail, info) : 0;

	if (!rc && (detail & SESSION_INFO_DEVICES)) {
		scan_devices_free(&info->devices);
		rc = scan_devices(p->root, info->host_no, info->sid, &info->devices);
	}
	return rc;
}

static int read_session(
	const struct sysfs *s, const struct ktransport_map *map, uint32_t sid, unsigned detail, struct session_info *out)
{
	cleanup(places_close) struct places p;
	int rc;

	places_init(&p, s);
	*out = (struct session_info){ .sid = sid };
	rc = find_host(s, out);
	if (rc)
		return rc;
	if (place(&p, SESSION, out)->fd < 0)
		return -ENOENT;
	(void)ktransport_of_host(s, map, out->host_no, out->transport);
	rc = read_rows(&p, 0, out);
	if (!rc)
		rc = read_detail(&p, detail, out);
	/* every session has a target's name, unless it went away under the reader */
	if (!rc && !out->target[0] && !sysfs_exists(s, "class/iscsi_session/session%u", sid))
		rc = -ENOENT;
	return rc;
}

static int lookup_error(struct err *err, int rc, uint32_t sid)
{
	if (rc == -ENOMEM)
		return err_set(err, MISCSI_ERR_NOMEM, "cannot read session %u", sid);
	return err_sys(err, MISCSI_ERR_SYSFS_LOOKUP, -rc, "cannot read session %u from sysfs", sid);
}

int session_info_read(const struct sysfs *s, const struct ktransport_map *map, uint32_t sid, unsigned detail,
	struct session_info *out, struct err *err)
{
	int rc = read_session(s, map, sid, detail, out);

	return rc ? lookup_error(err, rc, sid) : 0;
}

int session_info_more(const struct sysfs *s, unsigned detail, struct session_info *info, struct err *err)
{
	cleanup(places_close) struct places p;
	int rc = -ENOENT;

	places_init(&p, s);
	if (place(&p, SESSION, info)->fd >= 0)
		rc = read_detail(&p, detail, info);
	return rc ? lookup_error(err, rc, info->sid) : 0;
}

void session_info_clear(struct session_info *info)
{
	secret_clear(&info->username);
	secret_clear(&info->password);
	secret_clear(&info->username_in);
	secret_clear(&info->password_in);
	scan_devices_free(&info->devices);
}

static int list_read(const struct sysfs *s, const struct ktransport_map *map, const struct sysfs_list *names, unsigned detail,
	struct session_info_list *out, struct err *err)
{
	uint32_t sid;
	int rc;

	out->info = x_newn(struct session_info, names->n);
	if (!out->info)
		return err_set(err, MISCSI_ERR_NOMEM, "cannot list the sessions");
	for (size_t i = 0; i < names->n; i++) {
		if (sysfs_number(names->names[i], "session", &sid))
			continue;
		rc = read_session(s, map, sid, detail, &out->info[out->n]);
		if (!rc) {
			out->n++;
			continue;
		}
		session_info_clear(&out->info[out->n]);
		if (rc != -ENOENT && rc != -ENODEV)
			return lookup_error(err, rc, sid);
	}
	return 0;
}

int session_info_list(const struct sysfs *s, const struct ktransport_map *map, enum sysfs_order order, unsigned detail,
	struct session_info_list *out, struct err *err)
{
	cleanup(sysfs_list_free) struct sysfs_list names = { 0 };
	int rc;

	*out = (struct session_info_list){ 0 };
	rc = sysfs_list(s, &names, order, "session", "class/iscsi_session");
	if (rc == -ENOENT)
		return 0; /* the class is not loaded: no sessions */
	if (rc)
		return err_sys(err, MISCSI_ERR_SYSFS_LOOKUP, -rc, "cannot list the sessions in sysfs");
	return names.n ? list_read(s, map, &names, detail, out, err) : 0;
}

void session_info_list_free(struct session_info_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		session_info_clear(&l->info[i]);
	x_free(l->info);
	*l = (struct session_info_list){ 0 };
}

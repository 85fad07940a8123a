/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a session from sysfs. Which attribute goes where is a table; only the rows of the wanted detail are read. The kernel
 * may take the session away at any moment: then its directory is gone, and an attribute alone missing means only that its driver
 * does not show it.
 */
#include "config.h"
#include "object/session_info.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum where { SESSION, CONN, HOST, SCSI_HOST };
enum form { TEXT, NUMBER, SECRET_TEXT };

#define NO_SETTING (-1)

/* A setting's attribute is in its own row of fields.def. */
struct attr {
	unsigned detail; /* 0: always */
	enum form form;
	int setting; /* enum field_id, or NO_SETTING: then the path says where it is */
	const char *path;
	size_t at, size;
};

#define M(member) offsetof(struct session_info, member), sizeof(((struct session_info *)0)->member)
#define SETTING(detail, form, symbol, member) \
	{ \
		detail, form, FIELD_##symbol, NULL, M(member) \
	}
#define SHOWN(detail, form, path, member) \
	{ \
		detail, form, NO_SETTING, path, M(member) \
	}

static const struct attr attrs[] = {
	SETTING(0, TEXT, NODE_NAME, target),
	SETTING(0, NUMBER, NODE_TPGT, tpgt),
	SHOWN(0, NUMBER, "sess/creator", creator),
	SETTING(0, TEXT, CONN_ADDRESS, persistent_address),
	SETTING(0, NUMBER, CONN_PORT, persistent_port),
	SHOWN(SESSION_INFO_PORTAL, TEXT, "conn/address", address),
	SHOWN(SESSION_INFO_PORTAL, NUMBER, "conn/port", port),
	SETTING(SESSION_INFO_IFACE, TEXT, IFACE_NAME, iface),
	SETTING(SESSION_INFO_IFACE, TEXT, IFACE_INITIATORNAME, initiator),
	SHOWN(SESSION_INFO_IFACE, TEXT, "host/initiatorname", initiator),
	SHOWN(SESSION_INFO_IFACE, TEXT, "host/ipaddress", ipaddress),
	SETTING(SESSION_INFO_IFACE, TEXT, IFACE_HWADDRESS, hwaddress),
	SETTING(SESSION_INFO_IFACE, TEXT, IFACE_NETDEV, netdev),
	SHOWN(SESSION_INFO_STATE, TEXT, "sess/state", state),
	SHOWN(SESSION_INFO_STATE, TEXT, "sess/target_state", target_state),
	SHOWN(SESSION_INFO_STATE, NUMBER, "sess/target_id", target_id),
	SHOWN(SESSION_INFO_STATE, TEXT, "conn/state", conn_state),
	SETTING(SESSION_INFO_TIMEOUTS, NUMBER, SESSION_REPLACEMENT_TIMEOUT, recovery_tmo),
	SETTING(SESSION_INFO_TIMEOUTS, NUMBER, SESSION_ABORT_TIMEOUT, abort_tmo),
	SETTING(SESSION_INFO_TIMEOUTS, NUMBER, SESSION_LU_RESET_TIMEOUT, lu_reset_tmo),
	SETTING(SESSION_INFO_TIMEOUTS, NUMBER, SESSION_TGT_RESET_TIMEOUT, tgt_reset_tmo),
	SETTING(SESSION_INFO_TIMEOUTS, NUMBER, CONN_NOOP_TIMEOUT, ping_tmo),
	SETTING(SESSION_INFO_TIMEOUTS, NUMBER, CONN_NOOP_INTERVAL, recv_tmo),
	SETTING(SESSION_INFO_CHAP, SECRET_TEXT, SESSION_USERNAME, username),
	SETTING(SESSION_INFO_CHAP, SECRET_TEXT, SESSION_PASSWORD, password),
	SETTING(SESSION_INFO_CHAP, SECRET_TEXT, SESSION_USERNAME_IN, username_in),
	SETTING(SESSION_INFO_CHAP, SECRET_TEXT, SESSION_PASSWORD_IN, password_in),
	SETTING(SESSION_INFO_PARAMS, NUMBER, CONN_HEADER_DIGEST, header_digest),
	SETTING(SESSION_INFO_PARAMS, NUMBER, CONN_DATA_DIGEST, data_digest),
	SETTING(SESSION_INFO_PARAMS, NUMBER, CONN_MAX_RECV_LENGTH, max_recv),
	/* what the target allowed in the last login; the setting is our own limit */
	SHOWN(SESSION_INFO_PARAMS, NUMBER, "conn/max_xmit_dlength", max_xmit),
	SETTING(SESSION_INFO_PARAMS, NUMBER, SESSION_FIRST_BURST, first_burst),
	SETTING(SESSION_INFO_PARAMS, NUMBER, SESSION_MAX_BURST, max_burst),
	SETTING(SESSION_INFO_PARAMS, NUMBER, SESSION_IMMEDIATE_DATA, immediate_data),
	SETTING(SESSION_INFO_PARAMS, NUMBER, SESSION_INITIAL_R2T, initial_r2t),
	SETTING(SESSION_INFO_PARAMS, NUMBER, SESSION_MAX_R2T, max_r2t),
	SETTING(SESSION_INFO_PARAMS, NUMBER, SESSION_ERL, erl),
	SHOWN(SESSION_INFO_PARAMS, NUMBER, "conn/exp_statsn", exp_statsn),
	SHOWN(SESSION_INFO_DEVICES, TEXT, "scsi/state", host_state),
};

/* "sess/tpgt": the name that an attribute has in its directory; which that is goes to *where. */
static const char *attribute_name(const struct attr *a, enum where *where)
{
	static const char *const places[] = { [SESSION] = "sess/", [CONN] = "conn/", [HOST] = "host/", [SCSI_HOST] = "scsi/" };
	const char *path = a->setting == NO_SETTING ? a->path : field_of(a->setting)->sysfs;

	*where = SESSION;
	while (strncmp(path, places[*where], 5) != 0)
		++*where;
	return path + 5;
}

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
	cleanup(dir_free) struct dir conns = { 0 };
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

static const struct sysfs *open_place(struct places *p, enum where where, struct session_info *info)
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

static void session_info_read_number(const struct sysfs *dir, const char *name, int64_t *out)
{
	char text[32];

	*out = -1;
	if (sysfs_read_int(dir, out, "%s", name) == -EINVAL && !sysfs_read(dir, text, sizeof(text), "%s", name) &&
		!strcmp(text, "off"))
		*out = SESSION_INFO_OFF;
}

static int session_info_read_secret(const struct sysfs *dir, const char *name, struct secret *out)
{
	char text[SYSFS_VALUE_MAX + 1];
	int rc = 0;

	secret_clear(out);
	if (!sysfs_read(dir, text, sizeof(text), "%s", name) && text[0])
		rc = secret_set(out, text, strlen(text));
	mem_wipe(text, sizeof(text));
	return rc;
}

static int read_attr(const struct sysfs *dir, const struct attr *a, const char *name, struct session_info *info)
{
	void *member = (char *)info + a->at;

	switch (a->form) {
	case TEXT:
		/* the host's initiator name only where the session shows none */
		if (a->setting != NO_SETTING || a->at != offsetof(struct session_info, initiator) || !*info->initiator)
			sysfs_read(dir, member, a->size, "%s", name);
		break;
	case NUMBER:
		session_info_read_number(dir, name, member);
		break;
	case SECRET_TEXT:
		return session_info_read_secret(dir, name, member);
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
		const char *name;
		enum where where;

		if (detail ? !(a->detail & detail) : a->detail)
			continue;
		name = attribute_name(a, &where);
		dir = open_place(p, where, info);
		if (dir->fd >= 0)
			rc = read_attr(dir, a, name, info);
		else if (a->form == NUMBER)
			*(int64_t *)(void *)((char *)info + a->at) = -1;
	}
	return rc;
}

/* "default" is how a driver shows what nobody has set. */
static int text_to_record(struct record *node, enum field_id id, const char *text)
{
	return *text && strcmp(text, "default") != 0 ? record_set(node, id, text, NULL) : 0;
}

static int number_to_record(struct record *node, enum field_id id, int64_t number)
{
	char word[32];

	if (number == SESSION_INFO_OFF)
		return record_set_int(node, id, -1, NULL);
	if (number >= 0 && field_of(id)->type != FIELD_TYPE_LIST)
		return record_set_int(node, id, number, NULL);
	if (number >= 0 && field_value(field_of(id), (unsigned)number, word, sizeof(word)))
		return record_set(node, id, word, NULL);
	return 0;
}

static int secret_to_record(struct record *node, enum field_id id, const struct secret *value)
{
	char text[SESSION_INFO_NAME_MAX];
	int rc;

	if (!value->len || value->len >= sizeof(text))
		return 0;
	memcpy(text, value->bytes, value->len);
	text[value->len] = '\0';
	rc = record_set(node, id, text, NULL);
	mem_wipe(text, sizeof(text));
	return rc;
}

/* A value that the record refuses is left out. */
int session_info_to_record(const struct session_info *info, unsigned detail, struct record *node)
{
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(attrs) && rc != -ENOMEM; i++) {
		const struct attr *a = &attrs[i];
		const void *member = (const char *)info + a->at;

		if (a->setting == NO_SETTING || (a->detail ? !(a->detail & detail) : detail != SESSION_INFO_ALL))
			continue;
		if (a->form == TEXT)
			rc = text_to_record(node, a->setting, member);
		else if (a->form == NUMBER)
			rc = number_to_record(node, a->setting, *(const int64_t *)member);
		else
			rc = secret_to_record(node, a->setting, member);
	}
	return rc == -ENOMEM ? rc : 0;
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

static int read_one_session(
	const struct sysfs *s, const struct ktransport_map *map, uint32_t sid, unsigned detail, struct session_info *out)
{
	cleanup(places_close) struct places p;
	int rc;

	places_init(&p, s);
	*out = (struct session_info){ .sid = sid };
	rc = find_host(s, out);
	if (rc)
		return rc;
	if (open_place(&p, SESSION, out)->fd < 0)
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
		return err_nomem(err, "the description of a session");
	return err_sys(err, MISCSI_ERR_SYSFS_LOOKUP, -rc, "cannot read the attributes of session %u from sysfs", sid);
}

int session_info_read(const struct sysfs *s, const struct ktransport_map *map, uint32_t sid, unsigned detail,
	struct session_info *out, struct err *err)
{
	int rc = read_one_session(s, map, sid, detail, out);

	return rc ? lookup_error(err, rc, sid) : 0;
}

int session_info_more(const struct sysfs *s, unsigned detail, struct session_info *info, struct err *err)
{
	cleanup(places_close) struct places p;
	int rc = -ENOENT;

	places_init(&p, s);
	if (open_place(&p, SESSION, info)->fd >= 0)
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

static int read_listed(const struct sysfs *s, const struct ktransport_map *map, const struct dir *names, unsigned detail,
	struct session_info_list *out, struct err *err)
{
	uint32_t sid;
	int rc;

	out->info = x_newn(struct session_info, names->n);
	if (!out->info)
		return err_nomem(err, "the list of sessions");
	for (size_t i = 0; i < names->n; i++) {
		if (sysfs_number(names->names[i], "session", &sid))
			continue;
		rc = read_one_session(s, map, sid, detail, &out->info[out->n]);
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
	cleanup(dir_free) struct dir names = { 0 };
	int rc;

	*out = (struct session_info_list){ 0 };
	rc = sysfs_list(s, &names, order, "session", "class/iscsi_session");
	if (rc == -ENOENT)
		return 0; /* the class is not loaded: no sessions */
	if (rc)
		return err_sys(err, MISCSI_ERR_SYSFS_LOOKUP, -rc, "cannot list the iSCSI sessions in /sys/class/iscsi_session");
	return names.n ? read_listed(s, map, &names, detail, out, err) : 0;
}

void session_info_list_free(struct session_info_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		session_info_clear(&l->info[i]);
	x_free(l->info);
	*l = (struct session_info_list){ 0 };
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Selects, adds, changes and deletes node records. */
#include "modes/node_mode.h"

#include "base/mem.h"
#include "modes/plugin_settings.h"
#include "record/plugin_key.h"
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#define ISCSI_PORT 3260

/* The filter's address points into *select, which therefore must not be copied. */
int node_mode_select(struct node_mode_select *select, const char *target, const char *portal, const char *iface, struct err *err)
{
	int rc;

	*select = (struct node_mode_select){ .filter = { .target = target, .iface = iface, .tpgt = DB_TPGT_ANY } };
	if (!portal)
		return 0;
	rc = portal_parse(portal, strlen(portal), ISCSI_PORT, &select->portal, err);
	if (rc < 0)
		return rc;
	select->filter.address = select->portal.host;
	select->filter.port = select->portal.port;
	if (select->portal.tpgt != PORTAL_TPGT_ANY)
		select->filter.tpgt = select->portal.tpgt;
	return 0;
}

void node_mode_select_sessions(const struct node_mode_select *select, struct session_mode_filter *out)
{
	*out = (struct session_mode_filter){ .target = select->filter.target,
		.by_portal = select->filter.address != NULL,
		.portal = select->portal,
		.iface = select->filter.iface };
}

void node_mode_select_portal(struct node_mode_select *select, const struct portal *portal)
{
	select->portal = *portal;
	select->filter.address = select->portal.host;
}

/* Whether a record or a session is at the portal of the selection. */
static bool node_mode_matches(struct context *ctx, const struct node_mode_select *select)
{
	cleanup(session_info_list_free) struct session_info_list sessions = { 0 };
	cleanup(record_list_free) struct record_list nodes = { 0 };
	struct session_mode_filter filter;

	node_mode_select_sessions(select, &filter);
	return node_mode_list(ctx, select, &nodes, NULL) >= 0 ||
		(session_mode_list(ctx, &filter, SESSION_DETAIL_LIST, &sessions, NULL) >= 0 && sessions.n);
}

/*
 * Only this way round: the name of a record is never resolved, because the record of a name stays that of the name wherever it
 * leads.
 */
size_t node_mode_resolve(struct context *ctx, const struct node_mode_select *select, struct portal *out, size_t max)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct node_mode_select one = *select;
	struct addrinfo *list = NULL;
	size_t n = 0;

	out[0] = select->portal;
	if (!select->filter.address || select->portal.kind != PORTAL_NAME)
		return 1;
	node_mode_select_portal(&one, &select->portal);
	if (node_mode_matches(ctx, &one) || getaddrinfo(select->portal.host, NULL, &hints, &list) != 0)
		return 1;
	for (const struct addrinfo *a = list; a && n < max; a = a->ai_next) {
		struct portal p = select->portal;

		p.kind = a->ai_family == AF_INET6 ? PORTAL_IPV6 : PORTAL_IPV4;
		if (getnameinfo(a->ai_addr, a->ai_addrlen, p.host, sizeof(p.host), NULL, 0, NI_NUMERICHOST) != 0)
			continue;
		node_mode_select_portal(&one, &p);
		if (node_mode_matches(ctx, &one))
			out[n++] = p;
	}
	freeaddrinfo(list);
	return n ? n : 1;
}

static int no_records_found(struct err *err)
{
	return err_set(err, MISCSI_ERR_NO_OBJS_FOUND, "No records found");
}

struct counting {
	db_node_fn *fn;
	void *arg;
	size_t n;
};

static int count_node(void *arg, struct record **r, const char *path)
{
	struct counting *c = arg;

	c->n++;
	return c->fn(c->arg, r, path);
}

/* An empty result is an error, with exit status 21: clients use `-m node -T T -p P` to test whether a record exists. */
int node_mode_each(
	struct context *ctx, const struct node_mode_select *select, bool names, db_node_fn *fn, void *arg, struct err *err)
{
	struct counting counting = { fn, arg, 0 };
	struct db_filter filter = select->filter;
	struct db *db;
	int rc = context_db(ctx, &db, err);

	filter.names = names;
	if (rc >= 0)
		rc = db_node_each(db, &filter, count_node, &counting, err);
	return rc >= 0 && counting.n == 0 ? no_records_found(err) : rc;
}

int node_mode_list(struct context *ctx, const struct node_mode_select *select, struct record_list *out, struct err *err)
{
	struct db *db;
	int rc = context_db(ctx, &db, err);

	if (rc >= 0)
		rc = db_node_list(db, &select->filter, out, err);
	return rc >= 0 && out->n == 0 ? no_records_found(err) : rc;
}

int node_mode_startup_parse(const char *text, int *out, struct err *err)
{
	const struct field *f = field_of(FIELD_NODE_STARTUP);
	char quoted[64];

	*out = strcmp(text, "all") ? field_value_index(f, text, strlen(text)) : NODE_STARTUP_ALL;
	if (*out == -1)
		return err_set(err, MISCSI_ERR_INVAL, "'%s' is not a value of node.startup: use all, manual, automatic or onboot",
			str_escape(quoted, sizeof(quoted), text, strlen(text)));
	return 0;
}

/*
 * Either of a record's two startup values counts, as in 2.1.8: Debian's iscsi_discovery sets only that of the connection. "all"
 * excludes onboot: those sessions, made by the initramfs, carry the root file system. NULL: there is no record.
 */
static bool startup_matches(const struct record *node, int startup)
{
	if (startup == NODE_STARTUP_ALL)
		return node && record_int(node, FIELD_NODE_STARTUP) != RECORD_STARTUP_ONBOOT;
	return node && (record_int(node, FIELD_NODE_STARTUP) == startup || record_int(node, FIELD_CONN_STARTUP) == startup);
}

/* Records that do not match are freed in place; n is never greater than i. */
int node_mode_list_startup(struct context *ctx, int startup, struct record_list *out, struct err *err)
{
	struct node_mode_select all;
	size_t n = 0;
	int rc = node_mode_select(&all, NULL, NULL, NULL, err);

	if (rc >= 0)
		rc = node_mode_list(ctx, &all, out, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < out->n; i++) {
		if (startup_matches(out->at[i], startup))
			out->at[n++] = out->at[i];
		else
			record_free(out->at[i]);
	}
	out->n = n;
	return n == 0 ? no_records_found(err) : 0;
}

/*
 * Uses the records, because a session has no startup value. A session without a record is left alone: another program made it, and
 * the system may have started from it. Therefore it is no error if there are no records.
 */
int node_mode_sessions_startup(struct context *ctx, int startup, struct session_info_list *out, struct err *err)
{
	cleanup(record_list_free) struct record_list nodes = { 0 };
	struct node_mode_select all;
	size_t n = 0;
	int rc = session_mode_list(ctx, NULL, SESSION_DETAIL_MATCH | SESSION_INFO_PORTAL, out, err);

	if (rc >= 0)
		session_mode_add_logins(ctx, NULL, out);
	if (rc < 0 || out->n == 0)
		return rc;
	node_mode_select(&all, NULL, NULL, NULL, NULL);
	rc = node_mode_list(ctx, &all, &nodes, err);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	err_clear(err);
	for (size_t i = 0; i < out->n; i++) {
		const struct record *node = NULL;

		for (size_t j = 0; !node && j < nodes.n; j++)
			node = session_mode_is_of(&out->info[i], nodes.at[j]) ? nodes.at[j] : NULL;
		if (!session_mode_is_flash(&out->info[i]) && startup_matches(node, startup)) {
			if (n != i) {
				struct session_info kept = out->info[i];

				/* Swapped, so that each is freed once. */
				out->info[i] = out->info[n];
				out->info[n] = kept;
			}
			n++;
		}
	}
	for (size_t i = n; i < out->n; i++)
		session_info_clear(&out->info[i]);
	out->n = n;
	return 0;
}

/* Makes a record of the command line; the settings of the iface are part of it. */
static int fill_node(struct record *node, const struct node_mode_select *select, const struct record *iface, struct err *err)
{
	int rc = record_set(node, FIELD_NODE_NAME, select->filter.target, err);

	if (rc >= 0)
		rc = record_set(node, FIELD_CONN_ADDRESS, select->portal.host, err);
	if (rc >= 0)
		rc = record_set_int(node, FIELD_CONN_PORT, select->portal.port, err);
	if (rc >= 0)
		rc = record_set_int(node, FIELD_NODE_TPGT, select->portal.tpgt, err);
	if (rc >= 0)
		rc = record_set_int(node, FIELD_NODE_DISCOVERY_TYPE, RECORD_ORIGIN_STATIC, err);
	return rc < 0 ? rc : record_apply(node, iface, 0, err);
}

/* An existing record stays unchanged, which is success: libvirt and os-brick expect exit status 0 and an empty stderr. */
int node_mode_new(struct context *ctx, const struct node_mode_select *select, const struct record *iface, struct record **out,
	bool *made, struct err *err)
{
	cleanup(record_freep) struct record *node = NULL;
	struct db *db;
	int rc = context_db(ctx, &db, err);

	if (rc < 0)
		return rc;
	if (!select->filter.target || !select->filter.address)
		return err_set(err, MISCSI_ERR_INVAL, "a new node record requires a target (-T) and a portal (-p)");
	rc = context_new_record(ctx, RECORD_NODE, &node, err);
	if (rc >= 0)
		rc = fill_node(node, select, iface, err);
	if (rc >= 0)
		rc = db_node_add(db, node, DB_ADD_NEW, made, err);
	if (rc >= 0)
		*out = x_steal(node);
	return rc;
}

const char *node_mode_origin(const struct record *r, const struct record *conf, enum field_id id)
{
	const struct field *f = field_of(id);
	char mine[RECORD_TEXT_MAX], theirs[RECORD_TEXT_MAX];
	bool as_conf;

	if (record_kind(r) == RECORD_NODE && f->flags & FIELD_FOREIGN)
		return record_is_default(r, id) ? "default" : "iface";
	if (f->flags & (FIELD_IDENTITY | FIELD_DISCOVERED))
		return record_kind(r) == RECORD_NODE && record_int(r, FIELD_NODE_DISCOVERY_TYPE) != RECORD_ORIGIN_STATIC ?
			"discovery" :
			"command line";
	record_text(r, id, mine, sizeof(mine));
	record_text(conf, id, theirs, sizeof(theirs));
	as_conf = field_in(f, RECORD_CONF) && record_is_set(conf, id) && !strcmp(mine, theirs);
	mem_wipe(mine, sizeof(mine));
	mem_wipe(theirs, sizeof(theirs));
	if (as_conf)
		return "iscsid.conf";
	return record_is_default(r, id) && !record_is_set(conf, id) ? "default" : "set by hand";
}

/* Read only for a node with such settings, since most have none. */
struct record *node_mode_plugin_iface(struct context *ctx, const struct record *r)
{
	char key[PLUGIN_KEY_MAX + 1];
	struct record *iface = NULL;
	const char *line, *value;
	struct db *db;

	for (unsigned i = 0; record_kind(r) == RECORD_NODE && (line = record_kept_line(r, i)); i++) {
		if (!plugin_key_line(line, key, &value))
			continue;
		if (context_db(ctx, &db, NULL) >= 0)
			db_iface_find(db, record_str(r, FIELD_IFACE_NAME), &iface, NULL);
		break;
	}
	return iface;
}

static bool has_plugin_setting(const struct record *r, const char *key, const char *value)
{
	const char *theirs = record_plugin_setting(r, key);

	return theirs && !strcmp(theirs, value);
}

const char *node_mode_plugin_origin(const struct record *conf, const struct record *iface, const char *key, const char *value)
{
	if (iface && has_plugin_setting(iface, key, value))
		return "iface";
	return has_plugin_setting(conf, key, value) ? "iscsid.conf" : "set by hand";
}

bool node_mode_is_untouched(const struct record *r, const struct record *conf, const struct record *iface)
{
	char key[PLUGIN_KEY_MAX + 1];
	const char *line, *value;

	for (enum field_id id = 0; id < FIELD_COUNT; id++)
		if (field_in(field_of(id), RECORD_NODE) && !strcmp(node_mode_origin(r, conf, id), "set by hand"))
			return false;
	for (unsigned i = 0; (line = record_kept_line(r, i)); i++)
		if (plugin_key_line(line, key, &value) &&
			!strcmp(node_mode_plugin_origin(conf, iface, key, value), "set by hand"))
			return false;
	return true;
}

static int change_node(void *arg, struct record *r, struct err *err)
{
	return settings_apply(arg, r, err);
}

/*
 * record_set_key() refuses the settings of the iface, except for the value that is already set, since tools write back what they
 * have read.
 */
int node_mode_update(struct context *ctx, const struct node_mode_select *select, const struct settings *settings,
	const struct db_watch *watch, struct err *err)
{
	struct settings copy = *settings;
	struct db *db;
	int rc = plugin_settings_check(ctx, settings, err);

	if (rc >= 0)
		rc = context_db(ctx, &db, err);
	return rc < 0 ? rc : db_node_update(db, &select->filter, change_node, &copy, watch, NULL, err);
}

struct in_use {
	struct session_info_list sessions;
	node_mode_busy_fn *busy;
	void (*done)(void *arg, const struct record *node, bool already);
	void *arg;
	size_t n;
};

/* A db_spare_fn. */
static bool is_in_use(void *arg, const struct record *node)
{
	struct in_use *u = arg;

	if (!session_mode_list_has(&u->sessions, node))
		return false;
	u->busy(u->arg, node);
	u->n++;
	return true;
}

static int count_in_use(void *arg, struct record **node, const char *path)
{
	(void)path;
	is_in_use(arg, *node);
	return 0;
}

static int session_exists(const struct in_use *u, struct err *err)
{
	return u->n ? err_set(err, MISCSI_ERR_SESS_EXISTS, "session exists") : 0;
}

int node_mode_refuse_busy(
	struct context *ctx, const struct node_mode_select *select, node_mode_busy_fn *busy, void *arg, struct err *err)
{
	struct in_use u = { .busy = busy, .arg = arg };
	int rc = session_mode_list(ctx, NULL, SESSION_DETAIL_MATCH | SESSION_INFO_PORTAL, &u.sessions, err);

	if (rc >= 0 && u.sessions.n)
		node_mode_each(ctx, select, false, count_in_use, &u, NULL);
	session_info_list_free(&u.sessions);
	return rc < 0 ? rc : session_exists(&u, err);
}

static void report_deleted(void *arg, const struct record *node, bool already)
{
	struct in_use *u = arg;

	if (u->done)
		u->done(u->arg, node, already);
}

/* Records in use stay, with exit status 15, upon which os-brick retries. All others that match are deleted. */
int node_mode_delete(struct context *ctx, const struct node_mode_select *select, node_mode_busy_fn *busy,
	const struct db_watch *watch, struct err *err)
{
	struct in_use u = { .busy = busy, .done = watch->done, .arg = watch->arg };
	const struct db_watch mine = { .spare = is_in_use, .done = report_deleted, .arg = &u };
	struct db *db;
	int rc = context_db(ctx, &db, err);

	if (rc >= 0)
		rc = session_mode_list(ctx, NULL, SESSION_DETAIL_MATCH | SESSION_INFO_PORTAL, &u.sessions, err);
	if (rc >= 0)
		rc = db_node_delete(db, &select->filter, &mine, NULL, err);
	session_info_list_free(&u.sessions);
	return rc < 0 ? rc : session_exists(&u, err);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists, adds, changes and deletes discovery records. */
#include "modes/discovery_mode_private.h"
#include "ipc/client.h"
#include "proto/isns.h"

#include <errno.h>
#include <string.h>

/* Both spellings of SendTargets are in use: os-brick uses the long one, Trident the short one. */
static const struct {
	const char *name;
	enum record_kind kind;
	uint16_t port;
} types[] = {
	{ "sendtargets", RECORD_SENDTARGETS, 3260 },
	{ "st", RECORD_SENDTARGETS, 3260 },
	{ "isns", RECORD_ISNS, ISNS_PORT },
	{ "fw", RECORD_FW, 0 },
};

/*
 * The default port depends on the type: 3260 for portals, 3205 for iSNS servers (RFC 4171). The portals of libvirt end in ",1",
 * which is accepted and has no effect.
 */
int discovery_mode_select(struct discovery_mode_select *select, const char *type, const char *portal, struct err *err)
{
	char quoted[64];
	size_t i = 0;

	memset(select, 0, sizeof(*select));
	if (type && !strcmp(type, "slp"))
		return err_set(err, MISCSI_ERR_INVAL, "SLP discovery is not fully implemented yet.");
	while (type && i < ARRAY_SIZE(types) && strcmp(types[i].name, type) != 0)
		i++;
	if (i == ARRAY_SIZE(types))
		return err_set(err, MISCSI_ERR_UNKNOWN_DISCOVERY_TYPE,
			"unknown discovery type '%s': use sendtargets (st), isns or fw",
			str_escape(quoted, sizeof(quoted), type, strlen(type)));
	select->kind = types[i].kind;
	if (select->kind == RECORD_FW)
		return 0;
	if (!portal)
		return err_set(err, MISCSI_ERR_INVAL, "Please specify portal as <ipaddr>[:<ipport>]");
	return portal_parse(portal, strlen(portal), types[i].port, &select->portal, err);
}

int discovery_mode_each(struct context *ctx, enum record_kind kind, db_node_fn *fn, void *arg, struct err *err)
{
	struct db *db;
	int rc = context_db(ctx, &db, err);

	return rc < 0 ? rc : db_disc_each(db, kind, fn, arg, err);
}

int discovery_mode_index(struct context *ctx, struct db_index **out, struct err *err)
{
	struct db *db;
	int rc = context_db(ctx, &db, err);

	return rc < 0 ? rc : db_index_unlinked(db, out, err);
}

int discovery_mode_nodes(struct context *ctx, const struct db_index *unlinked, enum record_kind kind, const struct record *disc,
	db_node_fn *fn, void *arg, struct err *err)
{
	struct db *db;
	int rc = context_db(ctx, &db, err);

	if (rc < 0)
		return rc;
	return db_index_disc_nodes(db, unlinked, kind, disc ? record_str(disc, FIELD_DISC_ADDRESS) : NULL,
		disc ? (unsigned)record_int(disc, FIELD_DISC_PORT) : 0, fn, arg, err);
}

/* With exit status 6, after which os-brick adds the record. */
static int discovery_not_found(const struct discovery_mode_select *s, int rc, struct err *err)
{
	if (rc != -ENOENT)
		return rc;
	return err_set(err, MISCSI_ERR_IDBM, "Discovery record [%s,%u] not found.", s->portal.host, s->portal.port);
}

int discovery_mode_find(struct context *ctx, const struct discovery_mode_select *s, struct record **out, struct err *err)
{
	struct db *db;
	int rc = context_db(ctx, &db, err);

	return rc < 0 ? rc : discovery_not_found(s, db_disc_find(db, s->kind, s->portal.host, s->portal.port, out, err), err);
}

/* With the settings of iscsid.conf, in memory only. discovery_mode_new() stores it. */
int discovery_mode_record(struct context *ctx, const struct discovery_mode_select *s, struct record **out, struct err *err)
{
	cleanup(record_freep) struct record *disc = NULL;
	int rc = context_new_record(ctx, s->kind, &disc, err);

	if (rc >= 0)
		rc = record_set(disc, FIELD_DISC_TYPE, s->kind == RECORD_ISNS ? "isns" : "sendtargets", err);
	if (rc >= 0)
		rc = record_set(disc, FIELD_DISC_ADDRESS, s->portal.host, err);
	if (rc >= 0)
		rc = record_set_int(disc, FIELD_DISC_PORT, s->portal.port, err);
	if (rc >= 0)
		*out = x_steal(disc);
	return rc;
}

#define TELL_MS 1000

static bool is_repeated(const struct record *disc)
{
	return record_int(disc, record_kind(disc) == RECORD_ISNS ? FIELD_ISNS_USE_DISCOVERYD : FIELD_DISC_USE_DISCOVERYD);
}

/* Without a daemon there is no need: it reads the records when it starts. */
static void tell_daemon(struct context *ctx, const struct record *disc)
{
	struct client *client;

	if (is_repeated(disc) && context_client_if_there(ctx, TELL_MS, &client) >= 0 &&
		client_call(client, "org.miscsi.ReadDiscoveries", NULL, NULL, NULL, TELL_MS, NULL, NULL) < 0)
		context_client_drop(ctx);
}

/* An existing record stays, with the passwords that the administrator has set. */
int discovery_mode_new(struct context *ctx, const struct discovery_mode_select *s, struct err *err)
{
	cleanup(record_freep) struct record *disc = NULL;
	bool made = false;
	struct db *db;
	int rc = context_db(ctx, &db, err);

	if (rc >= 0)
		rc = discovery_mode_record(ctx, s, &disc, err);
	if (rc >= 0)
		rc = db_disc_add(db, disc, DB_ADD_NEW, &made, err);
	if (rc >= 0 && made)
		tell_daemon(ctx, disc);
	return rc;
}

struct change {
	const struct settings *settings;
	struct record *now; /* as it is written */
};

static int change_discovery(void *arg, struct record *r, struct err *err)
{
	struct change *c = arg;
	struct settings copy = *c->settings;
	int rc = settings_apply(&copy, r, err);

	if (rc >= 0)
		c->now = record_copy(r);
	return rc;
}

int discovery_mode_update(
	struct context *ctx, const struct discovery_mode_select *s, const struct settings *settings, struct err *err)
{
	cleanup(record_freep) struct record *disc = NULL;
	struct change change = { .settings = settings };
	struct db *db;
	int rc = context_db(ctx, &db, err);

	/* A missing record is reported first, even if the settings are invalid. */
	if (rc >= 0)
		rc = discovery_mode_find(ctx, s, &disc, err);
	if (rc >= 0)
		rc = settings_check(settings, s->kind, err);
	if (rc >= 0)
		rc = db_disc_update(db, s->kind, s->portal.host, s->portal.port, change_discovery, &change, err);
	if (rc >= 0 && change.now)
		tell_daemon(ctx, is_repeated(disc) ? disc : change.now);
	record_free(change.now);
	return rc;
}

int discovery_mode_delete(struct context *ctx, const struct discovery_mode_select *s, struct err *err)
{
	cleanup(record_freep) struct record *disc = NULL;
	struct db *db;
	int rc = context_db(ctx, &db, err);

	if (rc < 0)
		return rc;
	db_disc_find(db, s->kind, s->portal.host, s->portal.port, &disc, NULL);
	rc = discovery_not_found(s, db_disc_delete(db, s->kind, s->portal.host, s->portal.port, err), err);
	if (rc >= 0 && disc)
		tell_daemon(ctx, disc);
	return rc;
}

int discovery_mode_node(const struct discovery_mode_select *s, const struct record *template, const char *target,
	const struct portal *portal, struct record **out, struct err *err)
{
	cleanup(record_freep) struct record *node = record_copy(template);
	int rc;

	if (!node)
		return err_nomem(err, "the node record of a discovered target");
	rc = record_set(node, FIELD_NODE_NAME, target, err);
	if (rc >= 0)
		rc = record_set(node, FIELD_CONN_ADDRESS, portal->host, err);
	if (rc >= 0)
		rc = record_set_int(node, FIELD_CONN_PORT, portal->port, err);
	if (rc >= 0)
		rc = record_set_int(node, FIELD_NODE_TPGT, portal->tpgt, err);
	if (rc >= 0)
		rc = record_set_int(node, FIELD_NODE_DISCOVERY_TYPE,
			s->kind == RECORD_ISNS ? RECORD_ORIGIN_ISNS : RECORD_ORIGIN_SENDTARGETS, err);
	if (rc >= 0)
		rc = record_set(node, FIELD_NODE_DISCOVERY_ADDRESS, s->portal.host, err);
	if (rc >= 0)
		rc = record_set_int(node, FIELD_NODE_DISCOVERY_PORT, s->portal.port, err);
	if (rc >= 0)
		*out = x_steal(node);
	return rc;
}

/* What decides whether a record that was not found again stays. */
struct keeper {
	struct context *ctx;
	struct session_info_list sessions;
	const struct record *conf; /* NULL: -o delete, which the user has asked for */
	const struct record_list *silent; /* the ifaces through which the discovery failed */
};

static void keeper_free(struct keeper *k)
{
	session_info_list_free(&k->sessions);
}

/*
 * The record of a session stays for its logout, as with `-o delete`. Without -o, only a record goes that the next discovery
 * would make again as it is.
 */
static bool is_kept(void *arg, const struct record *node)
{
	cleanup(record_freep) struct record *iface = NULL;
	struct keeper *k = arg;

	if (session_mode_list_has(&k->sessions, node))
		return true;
	if (!k->conf)
		return false;
	for (size_t i = 0; i < k->silent->n; i++)
		if (!strcmp(record_str(k->silent->at[i], FIELD_IFACE_NAME), record_str(node, FIELD_IFACE_NAME)))
			return true;
	iface = node_mode_plugin_iface(k->ctx, node);
	return !node_mode_is_untouched(node, k->conf, iface);
}

/*
 * The discovery record is stored first: the links to its nodes lie in its directory, and `-o show -P 1` lists by it. Sessions are
 * read only if records may be deleted.
 */
int discovery_mode_keep(struct context *ctx, const struct discovery_mode_ask *ask, const struct record *disc,
	const struct record_list *silent, struct record_list *nodes, struct err *err)
{
	cleanup(keeper_free) struct keeper keeper = { .ctx = ctx, .silent = silent };
	struct db *db;
	int rc = context_db(ctx, &db, err);

	if (rc >= 0 && ask->select.kind != RECORD_FW) /* which has no record, only nodes */
		rc = discovery_mode_new(ctx, &ask->select, err);
	if (rc >= 0 && (ask->keep & (DB_FOUND_DELETE | DB_FOUND_FORGET)))
		rc = session_mode_list(ctx, NULL, SESSION_DETAIL_MATCH | SESSION_INFO_PORTAL, &keeper.sessions, err);
	if (rc >= 0 && (ask->keep & DB_FOUND_FORGET))
		rc = context_conf(ctx, &keeper.conf, err);
	if (rc >= 0)
		rc = db_discovered(db, disc, nodes, ask->keep, is_kept, &keeper, err);
	return rc < 0 ? rc : 0;
}

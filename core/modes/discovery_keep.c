/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was discovered goes into the database. */
#include "modes/discovery_private.h"

#include <errno.h>
#include <string.h>

static struct db_filter exactly(const struct record *node)
{
	return (struct db_filter){ .target = record_str(node, FIELD_NODE_NAME),
		.address = record_str(node, FIELD_CONN_ADDRESS),
		.port = (unsigned)record_int(node, FIELD_CONN_PORT),
		.tpgt = (int)record_int(node, FIELD_NODE_TPGT),
		.iface = record_str(node, FIELD_IFACE_NAME) };
}

/* The record as the database has it; *slot stays as it is when there is none. */
static int reread(struct db *db, struct record **slot, struct err *err)
{
	struct db_filter filter = exactly(*slot);
	struct record_list list = { 0 };
	int r = db_node_list(db, &filter, &list, err);

	if (r >= 0 && list.n > 0) {
		record_free(*slot);
		*slot = list.at[0];
		list.at[0] = NULL;
	}
	r = r < 0 ? r : list.n > 0;
	record_list_free(&list);
	return r;
}

static int keep_one(struct db *db, unsigned keep, struct record **node, struct err *err)
{
	struct record *there = NULL;
	enum db_add how = DB_ADD_MERGE;
	int r;

	if (keep & DISCOVERY_KEEP_UPDATE)
		how = DB_ADD_REPLACE;
	else if (keep & (DISCOVERY_KEEP_NEW | DISCOVERY_KEEP_DELETE))
		how = DB_ADD_NEW;
	/* Only new ones, or only those that are there: both were asked for by leaving the other out. */
	if (keep && !(keep & DISCOVERY_KEEP_NEW)) {
		there = record_copy(*node);
		if (!there)
			return err_set(err, MISCSI_ERR_NOMEM, "no memory for a record");
		r = reread(db, &there, err);
		record_free(there);
		if (r <= 0)
			return r;
	}
	r = db_node_add(db, *node, how, NULL, err);
	return r < 0 ? r : reread(db, node, err);
}

static bool same(const struct record *a, const struct record *b)
{
	static const enum field_id identity[] = { FIELD_NODE_NAME, FIELD_CONN_ADDRESS, FIELD_IFACE_NAME };

	for (size_t i = 0; i < sizeof(identity) / sizeof(identity[0]); i++) {
		if (strcmp(record_str(a, identity[i]), record_str(b, identity[i])) != 0)
			return false;
	}
	return record_int(a, FIELD_CONN_PORT) == record_int(b, FIELD_CONN_PORT);
}

static bool holds(const struct record_list *l, const struct record *node)
{
	for (size_t i = 0; i < l->n; i++) {
		if (same(l->at[i], node))
			return true;
	}
	return false;
}

/* The nodes that this portal named before and no longer does. One in use is left for its logout. */
static int drop_missing(struct world *w, struct db *db, const struct discovery_ask *ask,
	const struct record_list *found, struct err *err)
{
	struct session_info_list sessions = { 0 };
	struct record_list before = { 0 };
	int r = db_disc_nodes(
		db, ask->select.kind, ask->select.portal.host, ask->select.portal.port, &before, err);

	if (r == -ENOENT) {
		err_clear(err);
		return 0;
	}
	if (r >= 0)
		r = session_list(w, NULL, SESSION_DETAIL_MATCH | SESSION_INFO_PORTAL, &sessions, err);
	for (size_t i = 0; r >= 0 && i < before.n; i++) {
		struct db_filter filter = exactly(before.at[i]);

		if (holds(found, before.at[i]) || session_list_has(&sessions, before.at[i]))
			continue;
		r = db_node_delete(db, &filter, NULL, err);
		if (r == -ENOENT) {
			err_clear(err);
			r = 0;
		}
	}
	session_info_list_free(&sessions);
	record_list_free(&before);
	return r;
}

int discovery_keep(
	struct world *w, const struct discovery_ask *ask, struct record_list *nodes, struct err *err)
{
	struct db *db;
	int r = world_db(w, &db, err);

	if (r >= 0)
		r = discovery_new(w, &ask->select, err);
	if (r >= 0 && (ask->keep & DISCOVERY_KEEP_DELETE))
		r = drop_missing(w, db, ask, nodes, err);
	for (size_t i = 0; r >= 0 && i < nodes->n; i++)
		r = keep_one(db, ask->keep, &nodes->at[i], err);
	return r < 0 ? r : 0;
}

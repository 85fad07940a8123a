/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was discovered goes into the database, in one go; what is in use is spared. */
#include "modes/discovery_private.h"

#include <errno.h>
#include <string.h>

/* The record as the database has it; *slot stays as it is when there is none. */
static int reread(struct db *db, struct record **slot, struct err *err)
{
	struct db_filter filter = { .target = record_str(*slot, FIELD_NODE_NAME),
		.address = record_str(*slot, FIELD_CONN_ADDRESS),
		.port = (unsigned)record_int(*slot, FIELD_CONN_PORT),
		.tpgt = (int)record_int(*slot, FIELD_NODE_TPGT),
		.iface = record_str(*slot, FIELD_IFACE_NAME) };
	struct record_list list = { 0 };
	int r = db_node_list(db, &filter, &list, err);

	if (r >= 0 && list.n > 0) {
		record_free(*slot);
		*slot = list.at[0];
		list.at[0] = NULL;
	}
	record_list_free(&list);
	return r < 0 ? r : 0;
}

static unsigned found_flags(unsigned keep)
{
	unsigned flags = 0;

	if (!keep)
		return DB_FOUND_ADD | DB_FOUND_UPDATE;
	if (keep & DISCOVERY_KEEP_NEW)
		flags |= DB_FOUND_ADD;
	if (keep & DISCOVERY_KEEP_UPDATE)
		flags |= DB_FOUND_UPDATE | DB_FOUND_REPLACE;
	if (keep & DISCOVERY_KEEP_DELETE)
		flags |= DB_FOUND_DELETE;
	return flags;
}

/*
 * Nodes of before that have a session count as found: their record stays for its logout, as it does when it
 * is to be deleted by hand.
 */
static int spare_used(
	struct world *w, struct db *db, const struct record *disc, struct record_list *found, struct err *err)
{
	struct session_info_list sessions = { 0 };
	struct record_list before = { 0 };
	int r = session_list(w, NULL, SESSION_DETAIL_MATCH | SESSION_INFO_PORTAL, &sessions, err);

	if (r >= 0 && sessions.n > 0)
		r = db_disc_nodes(db, record_kind(disc), record_str(disc, FIELD_DISC_ADDRESS),
			(unsigned)record_int(disc, FIELD_DISC_PORT), &before, err);
	/* A discovery that was never made before has none. */
	if (r == -ENOENT) {
		err_clear(err);
		r = 0;
	}
	for (size_t i = 0; r >= 0 && i < before.n; i++) {
		if (!session_list_has(&sessions, before.at[i]))
			continue;
		if (record_list_add(found, before.at[i]) < 0)
			r = err_set(err, MISCSI_ERR_NOMEM, "no memory for records");
		before.at[i] = NULL;
	}
	record_list_free(&before);
	session_info_list_free(&sessions);
	return r;
}

int discovery_keep(struct world *w, const struct discovery_ask *ask, const struct record *disc,
	struct record_list *nodes, struct err *err)
{
	size_t answered = nodes->n;
	struct db *db;
	int r = world_db(w, &db, err);

	if (r >= 0)
		r = discovery_new(w, &ask->select, err);
	if (r >= 0 && (ask->keep & DISCOVERY_KEEP_DELETE))
		r = spare_used(w, db, disc, nodes, err);
	if (r >= 0)
		r = db_discovered(db, disc, nodes, found_flags(ask->keep), err);
	/* Those were not in the answer. */
	for (size_t i = answered; i < nodes->n; i++)
		record_free(nodes->at[i]);
	nodes->n = answered;
	for (size_t i = 0; r >= 0 && ask->for_login && i < nodes->n; i++)
		r = reread(db, &nodes->at[i], err);
	return r < 0 ? r : 0;
}

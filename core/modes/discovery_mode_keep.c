/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stores the result of a discovery in the database, in one transaction. Records in use are not deleted. */
#include "modes/discovery_mode_private.h"

static unsigned found_flags(unsigned keep)
{
	unsigned flags = 0;

	/*
	 * By default, settings made after the last discovery stay: programs and administrators set node.startup, then discover
	 * again.
	 */
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

/* The record of a session stays for its logout, as with `-o delete`. */
static bool is_used(void *arg, const struct record *node)
{
	return session_mode_list_has(arg, node);
}

/*
 * The discovery record is stored first: the links to its nodes lie in its directory, and `-o show -P 1` lists by it. Sessions are
 * read only if records may be deleted.
 */
int discovery_mode_keep(struct context *ctx, const struct discovery_mode_ask *ask, const struct record *disc,
	struct record_list *nodes, struct err *err)
{
	cleanup(session_info_list_free) struct session_info_list sessions = { 0 };
	struct db *db;
	int rc = context_db(ctx, &db, err);

	if (rc >= 0 && ask->select.kind != RECORD_FW) /* which has no record, only nodes */
		rc = discovery_mode_new(ctx, &ask->select, err);
	if (rc >= 0 && (ask->keep & DISCOVERY_KEEP_DELETE))
		rc = session_mode_list(ctx, NULL, SESSION_DETAIL_MATCH | SESSION_INFO_PORTAL, &sessions, err);
	if (rc >= 0)
		rc = db_discovered(db, disc, nodes, found_flags(ask->keep), is_used, &sessions, err);
	return rc < 0 ? rc : 0;
}

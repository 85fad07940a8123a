/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was discovered goes into the database, in one go; what is in use is spared. */
#include "modes/discovery_mode_private.h"

static unsigned found_flags(unsigned keep)
{
	unsigned flags = 0;

	/* By default what was set by hand stays: programs and people set node.startup, then discover again.
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

/* The record of a session stays for its logout, as it does when it is to be deleted by hand. */
static bool is_used(void *arg, const struct record *node)
{
	return session_mode_list_has(arg, node);
}

/*
 * The discovery's record comes first: the nodes' links lie in its directory, and `-o show -P 1` lists
 * by it. Sessions are only read when something may be deleted.
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Node records: list, add, update, delete, and what a discovery found. */
#include "record/db_batch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int db_node_each(struct db *db, const struct db_filter *filter, db_node_fn *fn, void *arg, struct err *err)
{
	cleanup(db_done) struct db *used = NULL;
	int rc = db_use(db, false, &used, err);

	return rc ? (rc == -ENOENT ? 0 : rc) : db_find_each(db, filter, fn, arg, err);
}

int db_append_record(void *list, struct record **r, const char *path)
{
	(void)path;
	return record_list_add(list, x_steal(*r));
}

int db_node_list(struct db *db, const struct db_filter *filter, struct record_list *out, struct err *err)
{
	int rc = db_node_each(db, filter, db_append_record, out, err);

	if (rc)
		record_list_free(out);
	return rc;
}

/*
 * What a rediscovery changes in the record that is there: its name, its iface's settings, and what
 * discovery owns. All else was perhaps set by hand, and stays: to lose node.startup so is what users of
 * 2.1.8 complain of most.
 *
 * Fields that were not set in `new` go back to their defaults when discovery owns them: they are not what was found. An unknown
 * portal group is no news and does not replace a known one.
 */
static int merge(const struct record *old, const struct record *new, struct record **out)
{
	cleanup(record_freep) struct record *r = record_copy(old);
	const unsigned owned = FIELD_IDENTITY | FIELD_FOREIGN | FIELD_DISCOVERED;
	bool knows_tpgt = record_int(new, FIELD_NODE_TPGT) != RECORD_TPGT_UNKNOWN;

	if (!r)
		return -ENOMEM;
	for (enum field_id id = 0; id < FIELD_COUNT; id++) {
		if (!(field_of(id)->flags & owned) || !field_in(field_of(id), RECORD_NODE) ||
			(id == FIELD_NODE_TPGT && !knows_tpgt))
			continue;
		if (record_take(r, new, id))
			return -ENOMEM;
	}
	*out = x_steal(r);
	return 0;
}

/*
 * The record that is there for this target, portal and iface; NULL: none. One whose portal group is known goes first. Else the
 * first: one of the two does not know its group, and they are one portal.
 */
static struct db_found *counterpart(struct db_found_list *l, const struct record *node)
{
	int64_t tpgt = record_int(node, FIELD_NODE_TPGT);

	for (size_t i = 0; i < l->n; i++)
		if (record_int(l->at[i].r, FIELD_NODE_TPGT) == tpgt)
			return &l->at[i];
	return l->n ? &l->at[0] : NULL;
}

/*
 * Where a record is to lie: with an unknown portal group it is the file of the portal, unless another iface has that. 2.1.8 has
 * the same two forms, and files that it left must be found where they are: a record whose group has not changed stays in its
 * file, whichever form that is.
 */
static void choose_path(struct db_batch *b, const struct record *node, const struct db_found *old, char path[TREE_PATH_MAX])
{
	bool unknown = record_int(node, FIELD_NODE_TPGT) == RECORD_TPGT_UNKNOWN;
	struct db_node_id id;

	db_node_id(node, &id);
	if (unknown)
		id.iface = NULL;
	db_node_path(path, &id);
	if (unknown && !(old && !strcmp(old->path, path)) && db_tree_exists(&b->db->tree, path)) {
		id.iface = record_str(node, FIELD_IFACE_NAME);
		db_node_path(path, &id);
	}
	if (old && record_int(old->r, FIELD_NODE_TPGT) == id.portal.tpgt)
		snprintf(path, TREE_PATH_MAX, "%s", old->path);
}

/*
 * The link moves when another discovery has found the node now. The new link is made in any case: an administrator, or a killed
 * command, may have lost it.
 */
static int relink(struct db_batch *b, const struct record *old, const struct record *node, struct err *err)
{
	char before[TREE_PATH_MAX], after[TREE_PATH_MAX];
	int rc = 0;

	if (db_link_path(before, old) && !(db_link_path(after, node) && !strcmp(before, after)))
		rc = db_unlink_node(b, old, err);
	return rc ? rc : db_link_node(b, node, err);
}

/* So a discovery of 8000 portals that are known costs their reading, and no sync. */
static int write_node(struct db_batch *b, const struct record *node, const struct db_found *old, struct err *err)
{
	char path[TREE_PATH_MAX];
	bool staged = b->staged, moves;
	int rc;

	choose_path(b, node, old, path);
	moves = old && strcmp(old->path, path);
	/* The new place must hold the record before the old one is given up. */
	b->staged = staged && !moves;
	/* Most rediscoveries change nothing: then nothing is written. */
	rc = old && !moves && record_equal(old->r, node) ? 0 : db_batch_put(b, path, node, err);
	b->staged = staged;
	if (!rc && moves)
		rc = db_remove_node(b, old->r, old->path, err);
	if (rc)
		return rc;
	return old ? relink(b, old->r, node, err) : db_link_node(b, node, err);
}

/* Without these there is no path. */
static int check_node(const struct record *node, struct err *err)
{
	char portal[NAME_MAX + 1];

	if (record_kind(node) != RECORD_NODE || !*record_str(node, FIELD_NODE_NAME) || !*record_str(node, FIELD_CONN_ADDRESS))
		return err_set(
			err, MISCSI_ERR_INVAL, "a node record requires a target name (-T) and the address of a portal (-p)");
	/* The portal is the name of a directory. */
	if (snprintf(portal, sizeof(portal), "%s,%d,%d", record_str(node, FIELD_CONN_ADDRESS),
		    (int)record_int(node, FIELD_CONN_PORT), (int)record_int(node, FIELD_NODE_TPGT)) >= (int)sizeof(portal))
		return err_set(err, MISCSI_ERR_INVAL,
			"the portal address of target %s is too long for a directory name, so no record can be written (use an "
			"IP address): %s",
			record_str(node, FIELD_NODE_NAME), record_str(node, FIELD_CONN_ADDRESS));
	return 0;
}

/*
 * What the database is to hold after `new` was added to `old`. NULL without memory. UPDATE and REPLACE together are `-o update`
 * of a discovery: the user has asked for iscsid.conf's settings.
 */
static struct record *result(const struct record *old, const struct record *new, unsigned what)
{
	struct record *r = NULL;

	if (!old || (what & DB_FOUND_UPDATE && what & DB_FOUND_REPLACE))
		return record_copy(new);
	if (!(what & DB_FOUND_UPDATE))
		return record_copy(old);
	return merge(old, new, &r) ? NULL : r;
}

/*
 * The search goes by target and portal, so it opens one directory however many nodes there are. *now is what the database holds
 * in the end, also when nothing was written.
 */
int db_add_node(struct db_batch *b, const struct record *node, unsigned what, bool *made, struct record **now, struct err *err)
{
	cleanup(db_found_free) struct db_found_list there = { 0 };
	cleanup(record_freep) struct record *r = NULL;
	const struct db_filter same = {
		.target = record_str(node, FIELD_NODE_NAME),
		.address = record_str(node, FIELD_CONN_ADDRESS),
		.port = (unsigned)record_int(node, FIELD_CONN_PORT),
		.tpgt = (int)record_int(node, FIELD_NODE_TPGT),
		.iface = record_str(node, FIELD_IFACE_NAME),
	};
	struct db_found *old;
	int rc = check_node(node, err);

	if (!rc)
		rc = db_find_nodes(b->db, &same, &there, err);
	if (rc)
		return rc;
	old = counterpart(&there, node);
	r = result(old ? old->r : NULL, node, what);
	if (!r)
		return err_nomem(err, "a node record");
	if (made)
		*made = !old;
	if (what & (old ? DB_FOUND_UPDATE : DB_FOUND_ADD))
		rc = write_node(b, r, old, err);
	if (!rc && now)
		*now = x_steal(r);
	return rc;
}

/* The three ways to add are three sets of what a discovery may do. Not staged: one record, synced and renamed at once. */
int db_node_add(struct db *db, const struct record *node, enum db_add how, bool *made, struct err *err)
{
	static const unsigned what[] = {
		[DB_ADD_NEW] = DB_FOUND_ADD,
		[DB_ADD_MERGE] = DB_FOUND_ADD | DB_FOUND_UPDATE,
		[DB_ADD_REPLACE] = DB_FOUND_ADD | DB_FOUND_UPDATE | DB_FOUND_REPLACE,
	};
	cleanup(db_batch_end) struct db_batch b = DB_BATCH_INIT;
	int rc = db_batch_begin(db, &b, err);

	return rc ? rc : db_add_node(&b, node, what[how], made, NULL, err);
}

/* 21 with these words is what open_iscsi of Ansible, HPE's helper and blivet look for. */
static int some_found(size_t found, size_t *n, struct err *err)
{
	if (n)
		*n = found;
	if (found)
		return 0;
	err_set(err, MISCSI_ERR_NO_OBJS_FOUND, "No records found");
	return -ENOENT;
}

struct update {
	struct db_batch *b;
	db_change_fn *change;
	void *arg;
	struct db_watch watch;
	struct db_found_list seen;
	size_t n, changed; /* changed: of those in the list */
	struct err *err;
};

/* Counted first, since how the batch writes depends on how much there is to write. */
static int write_changed(struct update *u)
{
	int rc = 0;

	db_batch_expect(u->b, u->changed);
	for (size_t i = 0; !rc && i < u->seen.n; i++)
		if (!u->seen.at[i].same)
			rc = db_batch_put(u->b, u->seen.at[i].path, u->seen.at[i].r, u->err);
	if (!rc)
		rc = db_batch_commit(u->b, u->err);
	for (size_t i = 0; !rc && u->watch.done && i < u->seen.n; i++)
		u->watch.done(u->watch.arg, u->seen.at[i].r, u->seen.at[i].same);
	db_found_free(&u->seen);
	u->changed = 0;
	return rc;
}

/* What stays as it is waits for its turn only if somebody is told about it. */
static int change_found(void *arg, struct record **r, const char *path)
{
	cleanup(record_freep) struct record *now = NULL;
	struct update *u = arg;
	bool changed = false;
	int rc = db_change(*r, u->change, u->arg, &now, &changed, u->err);

	u->n++;
	if (!rc && (changed || u->watch.done))
		rc = db_found_take(&u->seen, &now, path);
	if (!rc && (changed || u->watch.done)) {
		u->seen.at[u->seen.n - 1].same = !changed;
		u->changed += changed;
	}
	if (rc || u->seen.n < DB_BATCH_RECORDS)
		return rc;
	rc = write_changed(u);
	return rc ? rc : db_batch_yield(u->b, u->err);
}

/* What was changed is written before others have the lock, since they may change it too. */
static int update_between(void *arg)
{
	struct update *u = arg;
	int rc;

	if (!db_batch_is_long(u->b))
		return 0;
	rc = write_changed(u);
	return rc ? rc : db_batch_yield(u->b, u->err);
}

/* First all changes of a batch, then all its writes: an error in one leaves all as they were. */
int db_update_nodes(struct db_batch *b, const struct db_filter *filter, db_change_fn *change, void *arg,
	const struct db_watch *watch, size_t *n, struct err *err)
{
	struct update u = { .b = b, .change = change, .arg = arg, .err = err };
	int rc;

	if (watch)
		u.watch = *watch;
	b->db->between = update_between;
	b->db->between_arg = &u;
	rc = db_find_each(b->db, filter, change_found, &u, err);
	db_batch_own_between(b);
	if (!rc)
		rc = write_changed(&u);
	db_found_free(&u.seen);
	*n = u.n;
	return rc;
}

int db_node_update(struct db *db, const struct db_filter *filter, db_change_fn *change, void *arg, const struct db_watch *watch,
	size_t *n, struct err *err)
{
	cleanup(db_batch_end) struct db_batch b = DB_BATCH_INIT;
	size_t found = 0;
	int rc = db_batch_begin(db, &b, err);

	if (!rc)
		rc = db_update_nodes(&b, filter, change, arg, watch, &found, err);
	return rc ? rc : some_found(found, n, err);
}

int db_remove_found(void *removal, struct record **r, const char *path)
{
	struct db_removal *d = removal;
	const struct db_watch *w = &d->watch;
	bool spared = w->spare && w->spare(w->arg, *r);
	int rc = spared ? 0 : db_remove_node(d->b, *r, path, d->err);

	d->n++;
	if (!rc && !spared && w->done)
		w->done(w->arg, *r, false);
	return rc || d->n % DB_BATCH_RECORDS ? rc : db_batch_yield(d->b, d->err);
}

/* Under the lock, but one by one: a crash leaves fewer records, never a part of one. */
int db_node_delete(struct db *db, const struct db_filter *filter, const struct db_watch *watch, size_t *n, struct err *err)
{
	cleanup(db_batch_end) struct db_batch b = DB_BATCH_INIT;
	struct db_removal d = { .b = &b, .err = err };
	int rc = db_batch_begin(db, &b, err);

	if (watch)
		d.watch = *watch;
	if (!rc)
		rc = db_find_each(db, filter, db_remove_found, &d, err);
	return rc ? rc : some_found(d.n, n, err);
}

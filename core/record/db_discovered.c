/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing what a discovery found, all at once.
 *
 * One lock from the first record to the last: two discoveries of one portal at once (which CSI drivers do on every mount) follow
 * one another, and the second sees all that the first has written. Only thousands of records, which would keep other programs
 * waiting, are written in several batches.
 */
#include "record/db_batch.h"

#include "proto/portal.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* From here on, reading the names of all targets is cheaper than looking for each that was found. */
#define KNOW_FROM 256

/*
 * Says in the node who found it: that decides where its link lies. The address and port are set even when they are empty, so that
 * a node which was found by SendTargets before and is now found by firmware does not keep the old origin.
 */
static int set_origin(struct record *node, const struct record *disc)
{
	enum record_kind kind = record_kind(disc);
	enum record_origin origin = db_discoveries[kind].origin;
	const char *address = "";
	int64_t port = 0;

	if (db_discoveries[kind].config) {
		address = record_str(disc, FIELD_DISC_ADDRESS);
		port = record_int(disc, FIELD_DISC_PORT);
	}
	if (!strcmp(record_str(disc, FIELD_DISC_TYPE), "offload_sendtargets"))
		origin = RECORD_ORIGIN_OFFLOAD;
	if (record_set(node, FIELD_NODE_DISCOVERY_ADDRESS, address, NULL) ||
		record_set_int(node, FIELD_NODE_DISCOVERY_PORT, port, NULL) ||
		record_set_int(node, FIELD_NODE_DISCOVERY_TYPE, origin, NULL))
		return -ENOMEM;
	return 0;
}

/* The iface was compared before. */
static bool same_node(const struct record *a, const struct record *b)
{
	return !strcmp(record_str(a, FIELD_NODE_NAME), record_str(b, FIELD_NODE_NAME)) &&
		record_int(a, FIELD_CONN_PORT) == record_int(b, FIELD_CONN_PORT) &&
		record_int(a, FIELD_NODE_TPGT) == record_int(b, FIELD_NODE_TPGT) &&
		portal_same_host(record_str(a, FIELD_CONN_ADDRESS), record_str(b, FIELD_CONN_ADDRESS));
}

/* Was this node, or (unless any_iface) nothing at all through its iface, found now? Then it stays. */
static bool was_found_again(const struct record *old, const struct record_list *found, bool any_iface)
{
	bool iface_asked = !found->n || any_iface;

	for (size_t i = 0; i < found->n; i++) {
		if (strcmp(record_str(old, FIELD_IFACE_NAME), record_str(found->at[i], FIELD_IFACE_NAME)))
			continue;
		iface_asked = true;
		if (same_node(old, found->at[i]))
			return true;
	}
	return !iface_asked;
}

struct lost {
	const struct record_list *found;
	bool any_iface;
	db_spare_fn *spare;
	void *arg;
};

static bool is_not_lost(void *arg, const struct record *old)
{
	const struct lost *l = arg;

	return was_found_again(old, l->found, l->any_iface) || (l->spare && l->spare(l->arg, old));
}

/*
 * Only what is still linked to this discovery: a node that another one found since is that one's. `spare` says what has a
 * session: its record is needed for the logout. Nodes without a link are many to search for, so only -o delete does that.
 */
static int delete_lost_nodes(struct db_batch *b, const struct record *disc, const struct record_list *found, unsigned what,
	db_spare_fn *spare, void *arg, struct err *err)
{
	struct lost lost = { found, what & DB_FOUND_FORGET, spare, arg };
	struct db_removal d = { .b = b, .watch = { .spare = is_not_lost, .arg = &lost }, .err = err };
	char dir[TREE_PATH_MAX];
	int rc;

	db_disc_dir(dir, record_kind(disc), record_str(disc, FIELD_DISC_ADDRESS), (unsigned)record_int(disc, FIELD_DISC_PORT));
	rc = db_linked_each(b->db, dir, found, db_remove_found, &d, err);
	return rc || !(what & DB_FOUND_DELETE) ? rc : db_unlinked_each(b->db, dir, db_remove_found, &d, err);
}

/*
 * The caller's record becomes what the database holds. That is what the command prints and logs in to: with the settings that
 * were made by hand, not those of iscsid.conf.
 */
static int add_found_node(struct db_batch *b, const struct record *disc, struct record **found, unsigned what, struct err *err)
{
	struct record *now = NULL;
	int rc;

	if (set_origin(*found, disc))
		return err_nomem(err, "the node record of a discovered target");
	rc = db_add_node(b, *found, what, NULL, &now, err);
	if (rc)
		return rc;
	record_free(*found);
	*found = now;
	return 0;
}

static void know_targets(struct db_tree *t, size_t found)
{
	if (found >= KNOW_FROM && db_tree_know(t))
		db_tree_know_nothing(t);
}

/* The first that is not there: the discovery's directory, or the file of an iface of these nodes. */
static bool owner_missing(
	struct db_batch *b, const struct record *disc, struct record *const *nodes, size_t n, char path[TREE_PATH_MAX])
{
	const char *iface, *last = "";

	db_disc_dir(path, record_kind(disc), record_str(disc, FIELD_DISC_ADDRESS), (unsigned)record_int(disc, FIELD_DISC_PORT));
	if (!db_tree_is_dir(&b->db->tree, path))
		return true;
	for (size_t i = 0; i < n; i++) {
		iface = record_str(nodes[i], FIELD_IFACE_NAME);
		if (!strcmp(iface, last) || db_iface_is_builtin(iface))
			continue;
		last = iface;
		if (snprintf(path, TREE_PATH_MAX, "ifaces/%s", iface) >= TREE_PATH_MAX || !db_tree_exists(&b->db->tree, path))
			return true;
	}
	return false;
}

/*
 * Of thousands: others may have added targets while they had the lock. Who has deleted the discovery's record or an iface has deleted
 * its nodes with it, and no more of them may follow.
 */
static int add_pause(
	struct db_batch *b, const struct record *disc, struct record *const *left, size_t n, size_t found, struct err *err)
{
	char path[TREE_PATH_MAX];
	bool missed;
	int rc = db_batch_commit(b, err);

	missed = owner_missing(b, disc, left, n, path);
	if (!rc)
		rc = db_batch_yield(b, err);
	if (rc)
		return rc;
	if (!missed && owner_missing(b, disc, left, n, path)) {
		err_set(err, MISCSI_ERR_IDBM,
			"%s/%s was deleted by another program while the results of the discovery were written: %zu of them have "
			"no record",
			b->db->home, path, n);
		return -ENOENT;
	}
	know_targets(&b->db->tree, found);
	return 0;
}

/* A node that can have no record is reported and left out: one long address must not lose a whole discovery. */
static int add_found_nodes(
	struct db_batch *b, const struct record *disc, struct record_list *found, unsigned what, struct err *err)
{
	size_t n = 0;
	int rc = 0;

	know_targets(&b->db->tree, found->n);
	for (size_t i = 0; !rc && i < found->n; i++) {
		struct record *r = found->at[i];
		struct err why = ERR_INIT;

		found->at[i] = NULL;
		rc = add_found_node(b, disc, &r, what, &why);
		if (rc == -EINVAL) {
			if (b->db->report.skipped)
				b->db->report.skipped(b->db->report.arg, why.text);
			record_freep(&r);
			rc = 0;
		}
		if (rc)
			err_copy(err, &why);
		found->at[n] = r;
		n += r != NULL;
		if (!rc && i % DB_BATCH_RECORDS == DB_BATCH_RECORDS - 1 && db_batch_is_long(b))
			rc = add_pause(b, disc, &found->at[i + 1], found->n - i - 1, found->n, err);
	}
	if (!rc)
		found->n = n;
	return rc;
}

/*
 * New records are committed before lost ones are deleted. A crash in between leaves too many, which the next discovery mends; too
 * few would be sessions that do not come back at boot.
 */
int db_discovered(struct db *db, const struct record *disc, struct record_list *found, unsigned what, db_spare_fn *spare,
	void *arg, struct err *err)
{
	cleanup(db_batch_end) struct db_batch b = DB_BATCH_INIT;
	int rc = 0;

	if (!db_discoveries[record_kind(disc)].dir)
		return err_set(err, MISCSI_ERR_INVAL, "discovered targets can be stored only together with a discovery record");
	rc = db_batch_begin(db, &b, err);
	if (rc)
		return rc;
	db_batch_expect(&b, found->n);
	rc = add_found_nodes(&b, disc, found, what, err);
	if (!rc)
		rc = db_batch_commit(&b, err);
	db_tree_know_nothing(&db->tree);
	if (!rc && (what & DB_FOUND_DELETE || (what & DB_FOUND_FORGET && found->n)))
		rc = delete_lost_nodes(&b, disc, found, what, spare, arg, err);
	return rc;
}

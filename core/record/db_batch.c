/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A change of the database: the lock, the writes, the links.
 *
 * The lock lies in the home, beside what it protects: a container that shares the home shares the lock. Few writes are synced one
 * by one; many are staged, synced together, and renamed, so that their cost is two syncs and not two each.
 */
#include "record/db_batch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOCK_NAME ".miscsi.lock"
/*
 * Holders write and do nothing else, so waiting this long means that one of them hangs. The callers that are killed on a time
 * limit (CSI drivers after 3 s, Trident after 10 s) leave nothing behind: the kernel drops their lock.
 */
#define LOCK_WAIT_MS 10000
/*
 * From here on two syncs of the whole file system are cheaper than two a record. Below, other people's dirty pages would be paid
 * for too.
 */
#define STAGE_FROM 16
/* Half of what is read: what we write, we must be able to read again, whatever is kept in it. */
#define RECORD_BYTES_MAX (RECFILE_MAX / 2)

/* Before the first write: a batch is staged as a whole or not at all, because commit syncs once for all of it. */
void db_batch_expect(struct db_batch *b, size_t writes)
{
	b->staged = writes >= STAGE_FROM;
}

/*
 * On an error the batch may be ended like any other. The home is made here if need be: an image of a system may come without it.
 * The lock comes before anything is read, since what was read before it may have been changed by who held it.
 */
int db_batch_begin(struct db *db, struct db_batch *b, struct err *err)
{
	char path[PATH_MAX];
	int rc;

	*b = (struct db_batch)DB_BATCH_INIT;
	b->db = db;
	b->home = db_home_fd(db, true, err);
	if (b->home < 0)
		return b->home;
	if (snprintf(path, sizeof(path), "%s/" LOCK_NAME, db->home) >= (int)sizeof(path))
		return db_failed(db, -ENAMETOOLONG, "lock", LOCK_NAME, err);
	rc = file_lock(path, LOCK_WAIT_MS, &b->lock);
	if (rc == -EAGAIN)
		return err_set(err, MISCSI_ERR_IDBM,
			"another process has held the lock %s for more than %d seconds: try again when it has finished", path,
			LOCK_WAIT_MS / 1000);
	return rc ? db_failed(db, rc, "lock", LOCK_NAME, err) : 0;
}

/* The list owns both names. On -ENOMEM the caller still knows the temporary file, and takes it away itself. */
static int add_staged(struct db_batch *b, const char *path, const char *temporary)
{
	struct db_staged *s, *at = x_grow(b->at, b->n, &b->cap, sizeof(*at), 64);

	if (!at)
		return -ENOMEM;
	b->at = at;
	s = &b->at[b->n];
	s->path = x_strdup(path);
	s->temporary = x_strdup(temporary);
	if (!s->path || !s->temporary) {
		x_free(s->path);
		x_free(s->temporary);
		return -ENOMEM;
	}
	b->n++;
	return 0;
}

/* Writes beside the place, unsynced; the name to be renamed is remembered. */
static int stage(struct db_batch *b, const char *path, const char *text, size_t len)
{
	char temporary[NAME_MAX + 1];
	const char *base;
	cleanup(file_close) int dir = db_tree_open_parent(b->home, path, true, &base);
	int rc;

	if (dir < 0)
		return dir;
	rc = file_stage(dir, base, text, len, 0600, false, temporary);
	if (rc)
		return rc;
	rc = add_staged(b, path, temporary);
	if (rc)
		unlinkat(dir, temporary, 0);
	return rc;
}

int db_batch_put(struct db_batch *b, const char *path, const struct record *r, struct err *err)
{
	cleanup(strbuf_wipe) struct strbuf text = STRBUF_INIT(RECORD_BYTES_MAX);
	int rc = recfile_print(&text, r, RECFILE_FILE, b->db->version);

	if (!rc && b->staged)
		rc = stage(b, path, strbuf_str(&text), text.len);
	else if (!rc)
		rc = db_tree_write(b->home, path, strbuf_str(&text), text.len);
	return rc ? db_failed(b->db, rc, "write", path, err) : 0;
}

/* All staged files are records below one directory, so on one file system. */
static int sync_staged(struct db_batch *b)
{
	const char *base;
	cleanup(file_close) int dir = db_tree_open_parent(b->home, b->at[0].path, false, &base);

	return dir < 0 ? dir : file_sync_all(dir);
}

/* The directory is looked up again: holding one open per record would end at the limit of descriptors. */
static int publish(struct db_batch *b, const struct db_staged *s)
{
	const char *base;
	cleanup(file_close) int dir = db_tree_open_parent(b->home, s->path, false, &base);

	return dir < 0 ? dir : file_publish(dir, s->temporary, base);
}

/* Emptied too: db_batch_end() goes over the list again after a commit that failed in the middle. */
static void free_staged(struct db_staged *s)
{
	x_free(s->path);
	x_free(s->temporary);
	*s = (struct db_staged){ 0 };
}

/* Contents reach the disk before names do: after a crash a name leads to a whole record or to the old one. */
int db_batch_commit(struct db_batch *b, struct err *err)
{
	int rc = b->n ? sync_staged(b) : 0;

	if (rc)
		return db_failed(b->db, rc, "sync", "nodes", err);
	for (size_t i = 0; i < b->n; i++) {
		rc = publish(b, &b->at[i]);
		if (rc)
			return db_failed(b->db, rc, "write", b->at[i].path, err);
		x_free(b->at[i].temporary);
		b->at[i].temporary = NULL;
	}
	/* Now the names. Until this sync a crash may still show some of the old records, each whole. */
	rc = b->n ? sync_staged(b) : 0;
	for (size_t i = 0; i < b->n; i++)
		free_staged(&b->at[i]);
	b->n = 0;
	return rc ? db_failed(b->db, rc, "sync", "nodes", err) : 0;
}

/* Also takes away the directories that were made for it. */
static void drop_staged(struct db_batch *b, struct db_staged *s)
{
	char path[TREE_PATH_MAX + NAME_MAX];
	char *slash;

	if (s->temporary && snprintf(path, sizeof(path), "%s", s->path) > 0 && (slash = strrchr(path, '/'))) {
		snprintf(slash + 1, NAME_MAX + 1, "%s", s->temporary);
		db_tree_remove(b->home, path);
	}
	free_staged(s);
}

/*
 * The one way out, after success and after every error. The lock goes after the last unlink: from then on another writer may take
 * what lies in a directory for its own.
 */
void db_batch_end(struct db_batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		drop_staged(b, &b->at[i]);
	x_free(b->at);
	b->at = NULL;
	b->n = 0;
	file_unlock(&b->lock);
	file_close(&b->home);
}

/*
 * The link is how `-m discoverydb -P 1` knows what a discovery has found; os-brick reads that. The record lives without it, so
 * there is no harm in a node that can have none.
 */
int db_link_node(struct db_batch *b, const struct record *node, struct err *err)
{
	char path[TREE_PATH_MAX], to[TREE_PATH_MAX + PATH_MAX], dir[TREE_PATH_MAX];
	struct db_node_id id;
	int rc;

	if (!db_link_path(path, node))
		return 0;
	db_node_id(node, &id);
	db_node_path(dir, &id);
	*strrchr(dir, '/') = '\0';
	/* Absolute, as open-iscsi has it. */
	snprintf(to, sizeof(to), "%s/%s", b->db->home, dir);
	rc = db_tree_link(b->home, path, to);
	return rc ? db_failed(b->db, rc, "link", path, err) : 0;
}

int db_unlink_node(struct db_batch *b, const struct record *node, struct err *err)
{
	char path[TREE_PATH_MAX];
	int rc = 0;

	/* The discovery's own directory stays: it holds its record. */
	if (db_link_path(path, node))
		rc = db_tree_remove(b->home, path);
	return rc ? db_failed(b->db, rc, "remove", path, err) : 0;
}

/* First the link: without a record it would lead nowhere. */
int db_remove_node(struct db_batch *b, const struct db_found *node, struct err *err)
{
	int rc = db_unlink_node(b, node->r, err);

	if (rc)
		return rc;
	rc = db_tree_remove(b->home, node->path);
	return rc ? db_failed(b->db, rc, "remove", node->path, err) : 0;
}

int db_remove_nodes(struct db_batch *b, const struct db_found_list *l, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < l->n; i++)
		rc = db_remove_node(b, &l->at[i], err);
	return rc;
}

/*
 * What names the record is its place too: changing it in the file alone would tear the two apart. It would then be found by its
 * old name and say another.
 */
static bool same_identity(const struct record *a, const struct record *b)
{
	for (enum field_id id = 0; id < FIELD_COUNT; id++)
		if (field_of(id)->flags & FIELD_IDENTITY && !record_same(a, b, id))
			return false;
	return true;
}

/* Merging takes what is set in the new record, and keeps the rest. */
int db_merge(
	struct record *old, const struct record *new, enum db_add how, bool *made, const struct record **out, struct err *err)
{
	if (made)
		*made = !old;
	*out = !old || how == DB_ADD_REPLACE ? new : how == DB_ADD_MERGE ? old : NULL;
	return *out == old && old && record_apply(old, new, 0) ? err_nomem(err, "a record") : 0;
}

/* On a copy, since a change that fails half way must leave nothing behind. */
int db_change(const struct record *r, db_change_fn *change, void *arg, struct record **out, bool *changed, struct err *err)
{
	cleanup(record_freep) struct record *copy = record_copy(r);
	int rc;

	if (!copy)
		return err_nomem(err, "a record");
	rc = change(arg, copy, err);
	if (rc)
		return rc;
	if (!same_identity(r, copy))
		return err_set(err, MISCSI_ERR_INVAL,
			"the settings that identify a record cannot be changed: delete the record and create a new one");
	*changed = !record_equal(r, copy);
	*out = x_steal(copy);
	return 0;
}

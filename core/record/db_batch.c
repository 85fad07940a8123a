/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A change of the database: the lock, the writes, the links.
 *
 * The lock lies in the home, beside what it protects: a container that shares the home shares the lock. Few writes are synced one
 * by one; many are staged, synced together, and renamed, so that their cost is two syncs and not two each.
 */
#include "record/db_batch.h"

#include "base/clock.h"
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
/* A long change gives up the lock after the first time, for the second: twice the time in which everybody who waits asks again. */
#define LOCK_HOLD_MS 500
#define LOCK_GAP_MS 64
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

static int take_lock(struct db_batch *b, struct err *err)
{
	char path[PATH_MAX];
	int rc;

	if (snprintf(path, sizeof(path), "%s/" LOCK_NAME, b->db->home) >= (int)sizeof(path))
		return db_failed(b->db, -ENAMETOOLONG, "lock", LOCK_NAME, err);
	rc = file_lock(path, LOCK_WAIT_MS, &b->lock);
	if (rc == -EAGAIN)
		return err_set(err, MISCSI_ERR_IDBM,
			"another process has held the lock %s for more than %d seconds: try again when it has finished", path,
			LOCK_WAIT_MS / 1000);
	b->held_since = clock_ms();
	return rc ? db_failed(b->db, rc, "lock", LOCK_NAME, err) : 0;
}

static int give_up_lock(void *batch)
{
	struct db_batch *b = batch;

	return db_batch_yield(b, b->err);
}

void db_batch_own_between(struct db_batch *b)
{
	b->db->between = give_up_lock;
	b->db->between_arg = b;
}

/*
 * On an error the batch may be ended like any other. The home is made here if need be: an image of a system may come without it.
 * The lock comes before anything is read, since the last holder may have changed what was read before.
 */
int db_batch_begin(struct db *db, struct db_batch *b, struct err *err)
{
	int rc;

	*b = (struct db_batch)DB_BATCH_INIT;
	rc = db_use(db, true, &b->db, err);
	if (!rc)
		rc = take_lock(b, err);
	if (rc)
		return rc;
	db_tree_sweep(&db->tree);
	b->err = err;
	db_batch_own_between(b);
	return 0;
}

bool db_batch_is_long(const struct db_batch *b)
{
	return clock_ms() - b->held_since >= LOCK_HOLD_MS;
}

int db_batch_yield(struct db_batch *b, struct err *err)
{
	const struct timespec gap = { .tv_nsec = LOCK_GAP_MS * 1000000L };
	int rc;

	if (!db_batch_is_long(b))
		return 0;
	db_tree_unstage_all(&b->db->tree);
	db_tree_forget(&b->db->tree);
	b->yielded = true;
	file_unlock(&b->lock);
	nanosleep(&gap, NULL);
	rc = take_lock(b, err);
	if (!rc)
		db_tree_sweep(&b->db->tree);
	return rc;
}

bool db_batch_missed(struct db_batch *b)
{
	bool yielded = b->yielded;

	b->yielded = false;
	b->db->between = NULL;
	return yielded;
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

/* Written, unsynced; the name to be renamed is remembered. */
static int stage(struct db_batch *b, const char *path, const char *text, size_t len)
{
	char temporary[NAME_MAX + 1];
	int rc = db_tree_stage(&b->db->tree, text, len, false, temporary);

	if (rc)
		return rc;
	rc = add_staged(b, path, temporary);
	if (rc)
		db_tree_unstage(&b->db->tree, temporary);
	return rc;
}

int db_batch_put(struct db_batch *b, const char *path, const struct record *r, struct err *err)
{
	cleanup(strbuf_wipe) struct strbuf text = STRBUF_INIT(RECORD_BYTES_MAX);
	int rc = recfile_print(&text, r, RECFILE_FILE, b->db->version);

	if (!rc && b->staged)
		rc = stage(b, path, strbuf_str(&text), text.len);
	else if (!rc)
		rc = db_tree_write(&b->db->tree, path, strbuf_str(&text), text.len);
	return rc ? db_failed(b->db, rc, "write", path, err) : 0;
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
	int rc = b->n ? db_tree_sync(&b->db->tree) : 0;

	if (rc)
		return db_failed(b->db, rc, "sync", "nodes", err);
	for (size_t i = 0; i < b->n; i++) {
		rc = db_tree_publish(&b->db->tree, b->at[i].temporary, b->at[i].path);
		x_free(x_steal(b->at[i].temporary));
		if (rc)
			return db_failed(b->db, rc, "write", b->at[i].path, err);
	}
	/* Now the names. Until this sync a crash may still show some of the old records, each whole. */
	rc = b->n ? db_tree_sync(&b->db->tree) : 0;
	for (size_t i = 0; i < b->n; i++)
		free_staged(&b->at[i]);
	b->n = 0;
	return rc ? db_failed(b->db, rc, "sync", "nodes", err) : 0;
}

static void drop_staged(struct db_batch *b, struct db_staged *s)
{
	if (s->temporary)
		db_tree_unstage(&b->db->tree, s->temporary);
	free_staged(s);
}

/*
 * The one way out, after success and after every error. The lock goes after the last unlink: from then on the temporary files are
 * another writer's.
 */
void db_batch_end(struct db_batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		drop_staged(b, &b->at[i]);
	x_free(b->at);
	b->at = NULL;
	b->n = 0;
	if (b->lock >= 0)
		db_tree_unstage_all(&b->db->tree);
	file_unlock(&b->lock);
	if (b->db)
		b->db->between = NULL;
	db_done(&b->db);
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
	rc = db_tree_link(&b->db->tree, path, to);
	return rc ? db_failed(b->db, rc, "link", path, err) : 0;
}

int db_unlink_node(struct db_batch *b, const struct record *node, struct err *err)
{
	char path[TREE_PATH_MAX];
	int rc = 0;

	/* The discovery's own directory stays: it holds its record. */
	if (db_link_path(path, node))
		rc = db_tree_unlink(&b->db->tree, path);
	return rc ? db_failed(b->db, rc, "remove", path, err) : 0;
}

/* First the link: without a record it would lead nowhere. */
int db_remove_node(struct db_batch *b, const struct record *node, const char *path, struct err *err)
{
	int rc = db_unlink_node(b, node, err);

	if (rc)
		return rc;
	rc = db_tree_remove(&b->db->tree, path);
	return rc ? db_failed(b->db, rc, "remove", path, err) : 0;
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
	return *out == old && old ? record_apply(old, new, 0, err) : 0;
}

/* On a copy, since a change that fails half way must leave nothing behind. */
int db_change(const struct record *r, db_change_fn *change, void *arg, struct record **out, bool *changed, struct err *err)
{
	cleanup(record_freep) struct record *copy = record_copy(r);
	int rc;

	if (!copy)
		return err_nomem(err, "the changed copy of a record");
	rc = change(arg, copy, err);
	if (rc)
		return rc;
	if (!same_identity(r, copy))
		return err_set(err, MISCSI_ERR_INVAL,
			"the names, addresses and ports that identify a record cannot be changed: delete the record and create a "
			"new one");
	*changed = !record_equal(r, copy);
	*out = x_steal(copy);
	return 0;
}

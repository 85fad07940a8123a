/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Iface records. A change of one is also written into the node records that are bound to it, since those hold
 * a copy. */
#include "record/db_batch.h"

#include "record/plugin_key.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Each is called like the transport that it uses, but for the first, which uses the default one. */
static const char *const builtin[] = { "default", "iser" };

/*
 * Made anew each time: there is no file of them, so there is nothing that could be changed or lost. Kubernetes clones "default"
 * by reading it and writing each line into a new iface.
 */
int db_iface_builtin(unsigned nth, struct record **out)
{
	cleanup(record_freep) struct record *r = NULL;

	if (nth >= ARRAY_SIZE(builtin))
		return -ENOENT;
	r = record_new(RECORD_IFACE);
	if (!r || record_set(r, FIELD_IFACE_NAME, builtin[nth], NULL))
		return -ENOMEM;
	if (nth && record_set(r, FIELD_IFACE_TRANSPORT, builtin[nth], NULL))
		return -ENOMEM;
	*out = x_steal(r);
	return 0;
}

/* -1: the iface is a file. */
static int builtin_index(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtin); i++)
		if (!strcmp(builtin[i], name))
			return (int)i;
	return -1;
}

bool db_iface_is_builtin(const char *name)
{
	return builtin_index(name) >= 0;
}

static void iface_path(char out[TREE_PATH_MAX], const char *name)
{
	snprintf(out, TREE_PATH_MAX, "ifaces/%s", name);
}

/*
 * The file's name is the iface's, whatever stands in it. Kubernetes names ifaces PORTAL:VOLUME; whatever passes the check of a
 * name is one.
 */
static int read_iface(struct db *db, const char *name, struct record **out, struct err *err)
{
	char path[TREE_PATH_MAX];
	int rc;

	iface_path(path, name);
	rc = db_read(db, RECORD_IFACE, path, out, err);
	if (!rc && record_set(*out, FIELD_IFACE_NAME, name, NULL)) {
		record_freep(out);
		rc = err_nomem(err, "an iface record");
	}
	return rc;
}

/* 2.1.8 tells a missing iface from a missing node by this code. */
static int iface_not_found(const char *name, struct err *err)
{
	err_set(err, MISCSI_ERR_IDBM, "There is no iface %s.", name);
	return -ENOENT;
}

int db_iface_find(struct db *db, const char *name, struct record **out, struct err *err)
{
	cleanup(db_done) struct db *used = NULL;
	int rc = db_check_name(FIELD_IFACE_NAME, name, err);

	if (rc)
		return rc;
	if (db_iface_is_builtin(name))
		return db_iface_builtin((unsigned)builtin_index(name), out) < 0 ? err_nomem(err, "an iface record") : 0;
	rc = db_use(db, false, &used, err);
	if (!rc)
		rc = read_iface(db, name, out, err);
	return rc == -ENOENT ? iface_not_found(name, err) : rc;
}

/*
 * The built-in ones are not listed here: 2.1.8 prints them behind all others, which is for the caller to do. A file of their name
 * is skipped, since it could not be used either. So is the example that distributions install.
 */
static int read_listed_iface(struct db *db, enum record_kind kind, const char *name, struct record **out, struct err *err)
{
	(void)kind;
	if (db_check_name(FIELD_IFACE_NAME, name, NULL) || db_iface_is_builtin(name) || !strcmp(name, "iface.example"))
		return -ENOENT;
	return read_iface(db, name, out, err);
}

int db_iface_each(struct db *db, db_node_fn *fn, void *arg, struct err *err)
{
	return db_each_named(db, RECORD_IFACE, "ifaces", read_listed_iface, fn, arg, err);
}

int db_iface_list(struct db *db, struct record_list *out, struct err *err)
{
	int rc = db_iface_each(db, db_append_record, out, err);

	if (rc)
		record_list_free(out);
	return rc;
}

/* In the words of 2.1.8, which scripts look for. */
static int refuse_builtin(const char *name, const char *what, struct err *err)
{
	if (!db_iface_is_builtin(name))
		return 0;
	err_set(err, MISCSI_ERR_INVAL, "iface %s is a special interface and cannot be %s.", name, what);
	return -EPERM;
}

/* Of an iface, which its nodes follow. */
struct iface_change {
	const struct record *old; /* NULL: it is new */
	const struct record *now;
	const struct record *conf; /* iscsid.conf; NULL: none */
};

/*
 * A setting of a plugin that the iface has no more: the node has that of iscsid.conf then, as a new one would. Another value than the
 * iface's was set by hand, and stays.
 */
static int remove_from_node(const struct iface_change *c, struct record *node, struct err *err)
{
	char key[PLUGIN_KEY_MAX + 1];
	const char *line, *value, *own, *conf;
	int rc = 0;

	for (unsigned i = 0; !rc && c->old && (line = record_kept_line(c->old, i)); i++) {
		if (!plugin_key_line(line, key, &value) || record_plugin_setting(c->now, key))
			continue;
		own = record_plugin_setting(node, key);
		conf = c->conf ? record_plugin_setting(c->conf, key) : NULL;
		if (own && !strcmp(own, value))
			rc = record_set_plugin_setting(node, key, conf ? conf : "", err);
	}
	return rc;
}

/*
 * All of the iface's fields but its name, also those with default values. A login reads only the node's record, so a copy that is
 * not brought up to date is a setting without effect.
 */
static int change_node(void *change, struct record *node, struct err *err)
{
	const struct iface_change *c = change;
	int rc;

	for (enum field_id id = 0; id < FIELD_COUNT; id++) {
		if (!(field_of(id)->flags & FIELD_FOREIGN) || field_of(id)->flags & FIELD_IDENTITY)
			continue;
		if (record_take(node, c->now, id))
			return err_nomem(err, "a node record of the iface");
	}
	rc = remove_from_node(c, node, err);
	if (!rc)
		rc = record_take_plugin_settings(node, c->now, err);
	if (rc)
		err_prefix(err, "the node record of %s at %s cannot take over the changes to its iface",
			record_str(node, FIELD_NODE_NAME), record_str(node, FIELD_CONN_ADDRESS));
	return rc;
}

static int put_iface(struct db_batch *b, const struct record *iface, struct err *err)
{
	char path[TREE_PATH_MAX];

	iface_path(path, record_str(iface, FIELD_IFACE_NAME));
	db_batch_expect(b, 1);
	return db_batch_put(b, path, iface, err);
}

static int changed_iface(struct db *db, const char *name, db_change_fn *change, void *arg, struct record **old,
	struct record **now, struct err *err)
{
	bool changed;
	int rc = read_iface(db, name, old, err);

	if (rc)
		return rc == -ENOENT ? iface_not_found(name, err) : rc;
	return db_change(*old, change, arg, now, &changed, err);
}

/* One pass over all nodes: ifaces change rarely. *again: the file of the iface was written or deleted in a gap. */
static int change_nodes(struct db_batch *b, const char *name, const struct iface_change *c, bool *again, struct err *err)
{
	const struct db_filter bound = { .tpgt = DB_TPGT_ANY, .iface = name };
	struct db_tree_stamp before, after;
	char path[TREE_PATH_MAX];
	size_t n;
	int rc;

	iface_path(path, name);
	db_tree_stamp(&b->db->tree, path, &before);
	rc = db_update_nodes(b, &bound, change_node, (void *)c, NULL, &n, err);
	db_tree_stamp(&b->db->tree, path, &after);
	*again = before.inode != after.inode || before.changed.tv_sec != after.changed.tv_sec ||
		before.changed.tv_nsec != after.changed.tv_nsec;
	return rc;
}

/*
 * The nodes first, and even when nothing has changed: the same command again mends node records that an interrupted one left behind,
 * and it needs the settings that the iface had to know which go.
 *
 * The lock may be given up between many nodes. A change of the same iface that ended in the gap has written its values into nodes on
 * both sides of it: then all is decided and done again. So that each notices the other, a change that was in a gap ends with the file.
 */
static int change_both(struct db_batch *b, const char *name, db_change_fn *change, void *arg, const struct record *conf,
	struct record **now, struct err *err)
{
	bool again = true;
	int rc = 0;

	while (!rc && again) {
		cleanup(record_freep) struct record *old = NULL;

		record_freep(now);
		rc = changed_iface(b->db, name, change, arg, &old, now, err);
		if (!rc)
			rc = change_nodes(b, name, &(struct iface_change){ old, *now, conf }, &again, err);
	}
	return rc;
}

static int change_nothing(void *arg, struct record *r, struct err *err)
{
	(void)arg;
	(void)r;
	(void)err;
	return 0;
}

/* One that is there is a success: programs make their iface again before each use, and of them only Kubernetes forgives 15. */
int db_iface_add(struct db *db, const struct record *iface, enum db_add how, bool *made, struct err *err)
{
	cleanup(record_freep) struct record *old = NULL, *now = NULL;
	cleanup(db_batch_end) struct db_batch b = DB_BATCH_INIT;
	const char *name = record_str(iface, FIELD_IFACE_NAME);
	const struct record *put;
	int rc;

	if (db_iface_is_builtin(name)) {
		err_set(err, MISCSI_ERR_INVAL, "iface %s is a special interface and is not stored in %s/ifaces.", name,
			db_home(db));
		return -EPERM;
	}
	rc = db_batch_begin(db, &b, err);
	if (rc)
		return rc;
	rc = read_iface(db, name, &old, err);
	if (rc && rc != -ENOENT)
		return rc;
	rc = db_merge(old, iface, how, made, &put, err);
	if (rc || !put)
		return rc;
	rc = put_iface(&b, put, err);
	if (!rc)
		rc = change_both(&b, name, change_nothing, NULL, NULL, &now, err);
	return rc || !b.yielded ? rc : put_iface(&b, now, err);
}

int db_iface_update(struct db *db, const char *name, db_change_fn *change, void *arg, const struct record *conf, struct err *err)
{
	cleanup(record_freep) struct record *now = NULL;
	cleanup(db_batch_end) struct db_batch b = DB_BATCH_INIT;
	int rc = db_check_name(FIELD_IFACE_NAME, name, err);

	if (!rc)
		rc = refuse_builtin(name, "modified", err);
	if (!rc)
		rc = db_batch_begin(db, &b, err);
	if (!rc)
		rc = change_both(&b, name, change, arg, conf, &now, err);
	return rc ? rc : put_iface(&b, now, err);
}

/*
 * The node records that are bound to it go with it, and before it: they could not be logged in to without the iface, and while it
 * is still there the command can be given again.
 */
int db_iface_delete(struct db *db, const char *name, struct err *err)
{
	const struct db_filter bound = { .tpgt = DB_TPGT_ANY, .iface = name };
	cleanup(db_batch_end) struct db_batch b = DB_BATCH_INIT;
	struct db_removal d = { .b = &b, .err = err };
	char path[TREE_PATH_MAX];
	int rc = db_check_name(FIELD_IFACE_NAME, name, err);

	if (!rc)
		rc = refuse_builtin(name, "deleted", err);
	if (!rc)
		rc = db_batch_begin(db, &b, err);
	if (rc)
		return rc;
	iface_path(path, name);
	if (!db_tree_exists(&db->tree, path))
		return iface_not_found(name, err);
	/* A discovery through it may run beside this. */
	do
		rc = db_find_each(db, &bound, db_remove_found, &d, err);
	while (!rc && db_batch_missed(&b));
	if (rc)
		return rc;
	rc = db_tree_remove(&db->tree, path);
	return rc ? db_failed(db, rc, "remove", path, err) : 0;
}

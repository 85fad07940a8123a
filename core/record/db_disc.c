/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Discovery records, and the nodes that discoveries found: a directory a discovery, with its settings and a link a node.
 *
 * Below send_targets/ and isns/ each discovery has a directory ADDRESS,PORT. It holds one settings file and links named
 * TARGET,ADDRESS,PORT,TPGT,IFACE into nodes/. static/ and fw/ hold links alone.
 */
#include "record/db_batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The discovery's directory, after its parts were checked. */
static int disc_dir(char out[TREE_PATH_MAX], enum record_kind kind, const char *address, unsigned port, struct err *err)
{
	if (db_discoveries[kind].config) {
		if (!address || !*address || !port)
			return err_set(
				err, MISCSI_ERR_INVAL, "a discovery record requires an address and a port: use -p ADDRESS:PORT");
		if (db_check_name(FIELD_DISC_ADDRESS, address, err))
			return -EINVAL;
	}
	db_disc_dir(out, kind, address, port);
	return 0;
}

/* The name of the file is the kind's. */
static void add_config_name(char path[TREE_PATH_MAX], enum record_kind kind)
{
	size_t len = strlen(path);

	snprintf(path + len, TREE_PATH_MAX - len, "/%s", db_discoveries[kind].config);
}

/* The directory's name says of whom the record is. */
static int read_disc(struct db *db, enum record_kind kind, const struct db_portal *p, struct record **out, struct err *err)
{
	char path[TREE_PATH_MAX];
	int rc;

	db_disc_dir(path, kind, p->address, p->port);
	add_config_name(path, kind);
	rc = db_read(db, kind, path, out, err);
	if (rc)
		return rc;
	if (record_set(*out, FIELD_DISC_ADDRESS, p->address, NULL) || record_set_int(*out, FIELD_DISC_PORT, p->port, NULL) ||
		(kind == RECORD_ISNS && record_set(*out, FIELD_DISC_TYPE, "isns", NULL))) {
		record_freep(out);
		return err_nomem(err, "a discovery record");
	}
	return 0;
}

/* 6, which os-brick takes for "make the record with -o new, and try again". */
static int disc_not_found(struct err *err)
{
	err_set(err, MISCSI_ERR_IDBM, "Discovery record not found");
	return -ENOENT;
}

/* A discovery is asked at an address and a port; a portal group is what it finds, not what it has. */
static void disc_portal(struct db_portal *p, const char *address, unsigned port)
{
	snprintf(p->address, sizeof(p->address), "%s", address);
	p->port = port;
	p->tpgt = RECORD_TPGT_UNKNOWN;
}

int db_disc_find(struct db *db, enum record_kind kind, const char *address, unsigned port, struct record **out, struct err *err)
{
	cleanup(db_done) struct db *used = NULL;
	char dir[TREE_PATH_MAX];
	struct db_portal p;
	int rc = disc_dir(dir, kind, address, port, err);

	if (rc)
		return rc;
	if (!db_discoveries[kind].config)
		return disc_not_found(err);
	disc_portal(&p, address, port);
	rc = db_use(db, false, &used, err);
	if (!rc)
		rc = read_disc(db, kind, &p, out, err);
	return rc == -ENOENT ? disc_not_found(err) : rc;
}

/* Directories whose names are not ADDRESS,PORT belong to other programs. */
static int read_listed_disc(struct db *db, enum record_kind kind, const char *name, struct record **out, struct err *err)
{
	struct db_portal p;

	return db_portal_parse(name, &p) && p.tpgt == RECORD_TPGT_UNKNOWN ? read_disc(db, kind, &p, out, err) : -ENOENT;
}

int db_disc_each(struct db *db, enum record_kind kind, db_node_fn *fn, void *arg, struct err *err)
{
	const struct db_discovery *d = &db_discoveries[kind];

	return d->config ? db_each_named(db, kind, d->dir, read_listed_disc, fn, arg, err) : 0;
}

int db_disc_list(struct db *db, enum record_kind kind, struct record_list *out, struct err *err)
{
	int rc = db_disc_each(db, kind, db_append_record, out, err);

	if (rc)
		record_list_free(out);
	return rc;
}

/* Where a discovery's record goes, and whose it is. */
static int disc_path(const struct record *disc, char path[TREE_PATH_MAX], struct db_portal *p, struct err *err)
{
	enum record_kind kind = record_kind(disc);
	const char *address = record_str(disc, FIELD_DISC_ADDRESS);
	int rc;

	if (!db_discoveries[kind].config)
		return err_set(err, MISCSI_ERR_INVAL, "only discoveries of the types sendtargets and isns have a record");
	rc = disc_dir(path, kind, address, (unsigned)record_int(disc, FIELD_DISC_PORT), err);
	if (rc)
		return rc;
	add_config_name(path, kind);
	disc_portal(p, address, (unsigned)record_int(disc, FIELD_DISC_PORT));
	return 0;
}

int db_disc_add(struct db *db, const struct record *disc, enum db_add how, bool *made, struct err *err)
{
	cleanup(record_freep) struct record *old = NULL;
	cleanup(db_batch_end) struct db_batch b = DB_BATCH_INIT;
	const struct record *now;
	char path[TREE_PATH_MAX];
	struct db_portal p;
	int rc = disc_path(disc, path, &p, err);

	if (!rc)
		rc = db_batch_begin(db, &b, err);
	if (rc)
		return rc;
	rc = read_disc(db, record_kind(disc), &p, &old, err);
	if (rc && rc != -ENOENT)
		return rc;
	rc = db_merge(old, disc, how, made, &now, err);
	return rc || !now ? rc : db_batch_put(&b, path, now, err);
}

/*
 * Read, changed and written under one lock. os-brick and XenServer's sm send three settings in one command, and others run beside
 * them: an update that read before it locked would lose theirs.
 */
int db_disc_update(struct db *db, enum record_kind kind, const char *address, unsigned port, db_change_fn *change, void *arg,
	struct err *err)
{
	cleanup(record_freep) struct record *old = NULL, *now = NULL;
	cleanup(db_batch_end) struct db_batch b = DB_BATCH_INIT;
	char path[TREE_PATH_MAX];
	struct db_portal p;
	bool changed;
	int rc = db_discoveries[kind].config ? disc_dir(path, kind, address, port, err) : disc_not_found(err);

	if (!rc)
		rc = db_batch_begin(db, &b, err);
	if (rc)
		return rc;
	add_config_name(path, kind);
	disc_portal(&p, address, port);
	rc = read_disc(db, kind, &p, &old, err);
	if (rc)
		return rc == -ENOENT ? disc_not_found(err) : rc;
	rc = db_change(old, change, arg, &now, &changed, err);
	return rc || !changed ? rc : db_batch_put(&b, path, now, err);
}

/* One link, or the directory, and the search for its nodes. */
struct following {
	char link[TREE_PATH_MAX];
	db_node_fn *fn;
	void *arg;
};

/*
 * The node's own link is compared: a node that another discovery has found since names that one as its origin, and an old link to
 * it must not make it ours again, least of all for deletion.
 */
static int take_linked(void *arg, struct record **r, const char *path)
{
	const struct following *f = arg;
	char link[TREE_PATH_MAX];

	return db_link_path(link, *r) && !strcmp(link, f->link) ? f->fn(f->arg, r, path) : 0;
}

static int take_unlinked(void *arg, struct record **r, const char *path)
{
	const struct following *f = arg;
	char dir[TREE_PATH_MAX];

	return db_origin_dir(dir, *r) && !strcmp(dir, f->link) ? f->fn(f->arg, r, path) : 0;
}

static int compare_link(const void *name, const void *of)
{
	return strcmp(name, *(char *const *)of);
}

/* Empties the names of these nodes' links; names are in order until then. */
static int strike_out(struct dir *names, const struct record_list *nodes)
{
	char **at, link[TREE_PATH_MAX];
	bool *known = x_newn(bool, names->n);

	if (!known)
		return -ENOMEM;
	for (size_t i = 0; i < nodes->n; i++) {
		if (!db_link_path(link, nodes->at[i]))
			continue;
		at = bsearch(strrchr(link, '/') + 1, names->names, names->n, sizeof(*names->names), compare_link);
		if (at)
			known[at - names->names] = true;
	}
	for (size_t i = 0; i < names->n; i++)
		if (known[i])
			*names->names[i] = '\0';
	x_free(known);
	return 0;
}

/* Links are not followed: their names have the whole identity. */
int db_linked_each(struct db *db, const char *dir, const struct record_list *but, db_node_fn *fn, void *arg, struct err *err)
{
	cleanup(dir_free) struct dir names = { 0 };
	struct following f = { .fn = fn, .arg = arg };
	int rc = db_tree_names(&db->tree, dir, &names);

	if (rc)
		return db_failed(db, rc, "read", dir, err);
	if (but && names.n && strike_out(&names, but))
		return err_nomem(err, "the list of discovery records");
	for (size_t i = 0; !rc && i < names.n; i++) {
		char buf[NAME_MAX + 1];
		struct db_node_id id;

		if (!db_link_parse(names.names[i], buf, sizeof(buf), &id))
			continue;
		snprintf(f.link, sizeof(f.link), "%s/%s", dir, names.names[i]);
		rc = db_find_each(db,
			&(struct db_filter){ .target = id.target,
				.address = id.portal.address,
				.port = id.portal.port,
				.tpgt = id.portal.tpgt,
				.iface = id.iface },
			take_linked, &f, err);
	}
	return rc;
}

/* os-brick makes such nodes, and logs out of those only that `-m discoverydb -P 1` lists. */
int db_unlinked_each(struct db *db, const char *dir, db_node_fn *fn, void *arg, struct err *err)
{
	struct following f = { .fn = fn, .arg = arg };

	snprintf(f.link, sizeof(f.link), "%s", dir);
	return db_find_each(db, &(struct db_filter){ .tpgt = RECORD_TPGT_UNKNOWN, .exact = true }, take_unlinked, &f, err);
}

/* All nodes of a discovery. */
static int each_node_of(struct db *db, const char *dir, db_node_fn *fn, void *arg, struct err *err)
{
	int rc = db_linked_each(db, dir, NULL, fn, arg, err);

	return rc ? rc : db_unlinked_each(db, dir, fn, arg, err);
}

int db_disc_use(struct db *db, enum record_kind kind, const char *address, unsigned port, char dir[TREE_PATH_MAX],
	struct db **used, struct err *err)
{
	int rc = disc_dir(dir, kind, address, port, err);

	return rc ? rc : db_use(db, false, used, err);
}

static int count_node(void *n, struct record **r, const char *path)
{
	(void)r;
	(void)path;
	++*(size_t *)n;
	return 0;
}

int db_disc_count(struct db *db, enum record_kind kind, const char *address, unsigned port, size_t *n, struct err *err)
{
	cleanup(dir_free) struct dir names = { 0 };
	cleanup(db_done) struct db *used = NULL;
	char dir[TREE_PATH_MAX], buf[NAME_MAX + 1];
	struct db_node_id id;
	int rc = db_disc_use(db, kind, address, port, dir, &used, err);

	*n = 0;
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	rc = db_tree_names(&db->tree, dir, &names);
	for (size_t i = 0; !rc && i < names.n; i++)
		*n += db_link_parse(names.names[i], buf, sizeof(buf), &id);
	return rc ? db_failed(db, rc, "read", dir, err) : db_unlinked_each(db, dir, count_node, n, err);
}

/* What is left in the directory: the settings, and links that lead nowhere. */
static int clear_disc_dir(struct db_batch *b, const char *dir, struct err *err)
{
	cleanup(dir_free) struct dir names = { 0 };
	int rc = db_tree_names(&b->db->tree, dir, &names);

	for (size_t i = 0; !rc && i < names.n; i++) {
		char path[TREE_PATH_MAX];

		if (snprintf(path, sizeof(path), "%s/%s", dir, names.names[i]) < (int)sizeof(path))
			rc = db_tree_remove(&b->db->tree, path);
		/* Not a file: not ours. */
		if (rc == -EISDIR || rc == -EPERM)
			rc = 0;
	}
	return rc ? db_failed(b->db, rc, "remove", dir, err) : 0;
}

/*
 * As in 2.1.8 the nodes go too: they are records of this discovery's results. The settings go last: if it stops on the way, the
 * discovery is still listed and can be deleted again.
 */
int db_disc_delete(struct db *db, enum record_kind kind, const char *address, unsigned port, struct err *err)
{
	cleanup(db_batch_end) struct db_batch b = DB_BATCH_INIT;
	struct db_removal d = { .b = &b, .err = err };
	char dir[TREE_PATH_MAX];
	int rc = disc_dir(dir, kind, address, port, err);

	if (!rc)
		rc = db_batch_begin(db, &b, err);
	if (rc)
		return rc;
	if (!db_tree_is_dir(&db->tree, dir))
		return disc_not_found(err);
	/* A discovery may run beside this. */
	do
		rc = each_node_of(db, dir, db_remove_found, &d, err);
	while (!rc && db_batch_missed(&b));
	return rc ? rc : clear_disc_dir(&b, dir, err);
}

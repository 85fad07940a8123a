/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding node records. What a filter names is gone to, what it leaves open is listed.
 *
 * Readers take no lock. What they rely on is that a file is replaced whole, and that every directory and file may be gone by the
 * time they come to it: that is no error anywhere here.
 */
#include "record/db_impl.h"

#include "proto/portal.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Records that were given away are NULL by then. */
void db_found_free(struct db_found_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		record_free(l->at[i].r);
		x_free(l->at[i].path);
	}
	x_free(l->at);
	*l = (struct db_found_list){ 0 };
}

/* The record changes its owner only when the list could take it. */
int db_found_take(void *list, struct record **r, const char *path)
{
	struct db_found_list *l = list;
	struct db_found *at = x_grow(l->at, l->n, &l->cap, sizeof(*at), 8);
	char *copy = at ? x_strdup(path) : NULL;

	if (at)
		l->at = at;
	if (!copy)
		return -ENOMEM;
	l->at[l->n++] = (struct db_found){ .r = x_steal(*r), .path = copy };
	return 0;
}

/* The steps of a search differ in how much of the path is fixed. */
struct search {
	struct db *db;
	const struct db_filter *filter;
	db_node_fn *found;
	void *arg;
	struct err *err;
};

/* A portal group that is not known, of the record or of the filter, matches any. */
static bool wants_tpgt(const struct db_filter *f, int64_t tpgt)
{
	return f->exact ? f->tpgt == tpgt : f->tpgt < 0 || tpgt < 0 || f->tpgt == tpgt;
}

/* By name alone: what is not wanted is not opened. */
static bool wants_portal(const struct db_filter *f, const struct db_portal *p)
{
	if (f->port && f->port != p->port)
		return false;
	return wants_tpgt(f, p->tpgt) && (!f->address || portal_same_host(f->address, p->address));
}

static bool wants_record(const struct db_filter *f, const struct record *r)
{
	return wants_tpgt(f, record_int(r, FIELD_NODE_TPGT)) && (!f->iface || !strcmp(f->iface, record_str(r, FIELD_IFACE_NAME)));
}

/*
 * Reads one candidate, and reports it if it still matches: only the contents of a portal's file have both the iface and the
 * group. Where the directories have the whole identity, `named`, that may be enough.
 */
static int find_in_file(struct search *s, const char *path, const struct db_node_id *id, bool named)
{
	cleanup(record_freep) struct record *r = NULL;
	struct err why = ERR_INIT;
	int rc = 0;

	if (named && s->filter->names)
		r = record_new(RECORD_NODE);
	else
		rc = db_read_listed(s->db, db_read(s->db, RECORD_NODE, path, &r, &why), &why, s->err);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	rc = r ? db_node_set_identity(r, id) : -ENOMEM;
	if (rc)
		return rc == -EINVAL ? 0 : rc;
	return wants_record(s->filter, r) ? s->found(s->arg, &r, path) : 0;
}

static int find_in_iface(struct search *s, const char *dir, struct db_node_id *id, bool named)
{
	char path[TREE_PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, id->iface) >= (int)sizeof(path) ||
		db_check_name(FIELD_IFACE_NAME, id->iface, NULL))
		return 0;
	return find_in_file(s, path, id, named);
}

/* The usual form: a directory per portal, a file per iface. */
static int find_in_portal_dir(struct search *s, const char *dir, struct db_node_id *id)
{
	cleanup(dir_free) struct dir names = { 0 };
	int rc;

	/* By the names alone, the directory is read, since its entries show what is a file. */
	if (s->filter->iface && !s->filter->names) {
		id->iface = s->filter->iface;
		return find_in_iface(s, dir, id, false);
	}
	rc = db_tree_names(&s->db->tree, dir, &names);
	if (rc)
		return db_failed(s->db, rc, "read", dir, s->err);
	for (size_t i = 0; !rc && i < names.n; i++) {
		id->iface = names.names[i];
		if (!s->filter->iface || !strcmp(s->filter->iface, id->iface))
			rc = find_in_iface(s, dir, id, dir_type(&names, i) == DT_REG);
	}
	return rc;
}

/* A portal is a directory, or with an unknown group (or from an old program) a file. */
static int find_in_portal(struct search *s, const char *dir, const char *target, const char *name, unsigned char type)
{
	struct db_node_id id = { .target = target };
	char path[TREE_PATH_MAX];

	if (!db_portal_parse(name, &id.portal) || !wants_portal(s->filter, &id.portal) ||
		snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return 0;
	if (type == DT_UNKNOWN)
		type = db_tree_is_dir(&s->db->tree, path) ? DT_DIR : DT_REG;
	return type == DT_DIR ? find_in_portal_dir(s, path, &id) : find_in_file(s, path, &id, false);
}

/* A directory whose name cannot be a target's belongs to another program. */
static int find_in_target(struct search *s, const char *target)
{
	cleanup(dir_free) struct dir names = { 0 };
	char dir[TREE_PATH_MAX];
	int rc;

	if (db_check_name(FIELD_NODE_NAME, target, NULL))
		return 0;
	snprintf(dir, sizeof(dir), "nodes/%s", target);
	rc = db_tree_names(&s->db->tree, dir, &names);
	if (rc)
		return db_failed(s->db, rc, "read", dir, s->err);
	for (size_t i = 0; !rc && i < names.n; i++)
		rc = find_in_portal(s, dir, target, names.names[i], dir_type(&names, i));
	return rc;
}

/* In the order of names, byte by byte: 2.1.8 lists so, and the golden tests compare lists as a whole. */
static int find_in_all(struct search *s)
{
	cleanup(dir_free) struct dir names = { 0 };
	int rc = db_tree_names(&s->db->tree, "nodes", &names);

	if (rc)
		return db_failed(s->db, rc, "read", "nodes", s->err);
	for (size_t i = 0; !rc && i < names.n; i++) {
		rc = find_in_target(s, names.names[i]);
		if (!rc && s->db->between)
			rc = s->db->between(s->db->between_arg);
	}
	return rc;
}

int db_find_each(struct db *db, const struct db_filter *filter, db_node_fn *found, void *arg, struct err *err)
{
	struct search s = { db, filter, found, arg, err };
	int rc = 0;

	if (filter->target)
		rc = db_check_name(FIELD_NODE_NAME, filter->target, err);
	if (!rc && filter->iface)
		rc = db_check_name(FIELD_IFACE_NAME, filter->iface, err);
	if (!rc)
		rc = filter->target ? find_in_target(&s, filter->target) : find_in_all(&s);
	if (rc == -ENOMEM)
		err_nomem(err, "the search for node records");
	return rc;
}

int db_find_nodes(struct db *db, const struct db_filter *filter, struct db_found_list *out, struct err *err)
{
	int rc = db_find_each(db, filter, db_found_take, out, err);

	if (rc)
		db_found_free(out);
	return rc;
}

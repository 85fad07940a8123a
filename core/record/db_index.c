/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which nodes belong to an iface or a discovery.
 *
 * The identities of all nodes are one text; a list has their places, sorted by key. So a hundred thousand nodes need some megabytes,
 * and what was found is read again, since a reader takes no lock.
 */
#include "config.h"
#include "record/db_index.h"

#include "record/db_impl.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX (UINT32_MAX / 2)

/* text: of each node "TARGET,ADDRESS,PORT,TPGT,IFACE", of which the iface is the key; or the key as a string before that. */
struct db_index {
	struct strbuf text;
	uint32_t *at;
	size_t n, cap;
	bool by_iface;
};

static const char *key_in(const struct db_index *x, uint32_t at)
{
	const char *text = x->text.s + at;

	return x->by_iface ? strrchr(text, ',') + 1 : text;
}

static const char *key_at(const struct db_index *x, size_t i)
{
	return key_in(x, x->at[i]);
}

static const char *identity_at(const struct db_index *x, size_t i)
{
	const char *text = x->text.s + x->at[i];

	return x->by_iface ? text : text + strlen(text) + 1;
}

/* false: it belongs to none. */
static bool key_of(const struct db_index *x, const struct record *node, char out[TREE_PATH_MAX])
{
	if (!x->by_iface)
		return db_origin_dir(out, node);
	snprintf(out, TREE_PATH_MAX, "%s", record_str(node, FIELD_IFACE_NAME));
	return true;
}

/* A db_node_fn. */
static int index_node(void *arg, struct record **r, const char *path)
{
	struct db_index *x = arg;
	uint32_t *at = x_grow(x->at, x->n, &x->cap, sizeof(*at), 64);
	char key[TREE_PATH_MAX];
	struct db_node_id id;

	(void)path;
	if (!at)
		return -ENOMEM;
	x->at = at;
	if (!key_of(x, *r, key))
		return 0;
	db_node_id(*r, &id);
	at[x->n++] = (uint32_t)x->text.len;
	if (!x->by_iface)
		strbuf_add(&x->text, key, strlen(key) + 1);
	strbuf_printf(&x->text, "%s,%s,%u,%d,%s", id.target, id.portal.address, id.portal.port, id.portal.tpgt, id.iface);
	strbuf_putc(&x->text, '\0');
	return strbuf_error(&x->text);
}

/* Equal keys stay in the order in which they were found. */
static int compare_places(const void *a, const void *b, void *index)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = strcmp(key_in(index, x), key_in(index, y));

	return order ? order : (x > y) - (x < y);
}

static int make_index(struct db *db, const struct db_filter *filter, bool by_iface, struct db_index **out, struct err *err)
{
	struct db_index *x = x_new(struct db_index);
	int rc;

	if (!x)
		return err_nomem(err, "the list of records");
	x->text = (struct strbuf)STRBUF_INIT(TEXT_MAX);
	x->by_iface = by_iface;
	rc = db_node_each(db, filter, index_node, x, err);
	if (rc) {
		db_index_free(x);
		return rc;
	}
	if (x->n)
		qsort_r(x->at, x->n, sizeof(*x->at), compare_places, x);
	*out = x;
	return 0;
}

int db_index_ifaces(struct db *db, struct db_index **out, struct err *err)
{
	return make_index(db, &(struct db_filter){ .tpgt = DB_TPGT_ANY, .names = true }, true, out, err);
}

int db_index_unlinked(struct db *db, struct db_index **out, struct err *err)
{
	return make_index(db, &(struct db_filter){ .tpgt = RECORD_TPGT_UNKNOWN, .exact = true }, false, out, err);
}

bool db_index_is_empty(const struct db_index *x)
{
	return !x->n;
}

void db_index_free(struct db_index *x)
{
	if (!x)
		return;
	strbuf_free(&x->text);
	x_free(x->at);
	x_free(x);
}

void db_index_freep(struct db_index **slot)
{
	db_index_free(*slot);
}

/* The place of the first entry of this key, or of a greater one. */
static size_t first_of(const struct db_index *x, const char *key)
{
	size_t low = 0, high = x->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(key_at(x, middle), key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct entry {
	const struct db_index *x;
	const char *key;
	db_node_fn *fn;
	void *arg;
};

/* A node that was changed meanwhile may belong to another one now. */
static int take_indexed(void *arg, struct record **r, const char *path)
{
	const struct entry *e = arg;
	char key[TREE_PATH_MAX];

	return key_of(e->x, *r, key) && !strcmp(key, e->key) ? e->fn(e->arg, r, path) : 0;
}

static int pass_name(const struct entry *e, const struct db_node_id *id)
{
	cleanup(record_freep) struct record *r = record_new(RECORD_NODE);
	char path[TREE_PATH_MAX];
	int rc = r ? db_node_set_identity(r, id) : -ENOMEM;

	db_node_path(path, id);
	return rc ? rc : e->fn(e->arg, &r, path);
}

static int pass_entry(struct db *db, struct entry *e, size_t i, bool names, struct err *err)
{
	char buf[DB_LINK_MAX];
	struct db_node_id id;

	if (!db_link_parse(identity_at(e->x, i), buf, sizeof(buf), &id))
		return 0;
	if (names)
		return pass_name(e, &id);
	return db_node_each(db,
		&(struct db_filter){ .target = id.target,
			.address = id.portal.address,
			.port = id.portal.port,
			.tpgt = id.portal.tpgt,
			.iface = id.iface,
			.exact = true },
		take_indexed, e, err);
}

int db_index_each(
	struct db *db, const struct db_index *x, const char *key, bool names, db_node_fn *fn, void *arg, struct err *err)
{
	struct entry e = { x, key, fn, arg };
	int rc = 0;

	for (size_t i = first_of(x, key); !rc && i < x->n && !strcmp(key_at(x, i), key); i++)
		rc = pass_entry(db, &e, i, names, err);
	return rc == -ENOMEM ? err_nomem(err, "the list of records") : rc;
}

/* The nodes without a link are passed between those that have one. */
struct merging {
	struct db *db;
	struct entry unlinked;
	size_t next;
	struct err *err;
};

static bool has_next(const struct merging *m)
{
	return m->next < m->unlinked.x->n && !strcmp(key_at(m->unlinked.x, m->next), m->unlinked.key);
}

static bool next_is_before(const struct merging *m, const char *target)
{
	const char *name = identity_at(m->unlinked.x, m->next);
	size_t len = strcspn(name, ","), n = strlen(target);
	int order = memcmp(name, target, len < n ? len : n);

	return order ? order < 0 : len <= n;
}

/* A db_node_fn. */
static int merge_linked(void *arg, struct record **r, const char *path)
{
	struct merging *m = arg;
	int rc = 0;

	while (!rc && has_next(m) && next_is_before(m, record_str(*r, FIELD_NODE_NAME)))
		rc = pass_entry(m->db, &m->unlinked, m->next++, false, m->err);
	return rc ? rc : m->unlinked.fn(m->unlinked.arg, r, path);
}

int db_index_disc_nodes(struct db *db, const struct db_index *unlinked, enum record_kind kind, const char *address, unsigned port,
	db_node_fn *fn, void *arg, struct err *err)
{
	cleanup(db_done) struct db *used = NULL;
	char dir[TREE_PATH_MAX];
	struct merging m = { db, { unlinked, dir, fn, arg }, 0, err };
	int rc = db_disc_use(db, kind, address, port, dir, &used, err);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	m.next = first_of(unlinked, dir);
	rc = db_linked_each(db, dir, NULL, merge_linked, &m, err);
	while (!rc && has_next(&m))
		rc = pass_entry(db, &m.unlinked, m.next++, false, err);
	return rc == -ENOMEM ? err_nomem(err, "the list of records") : rc;
}

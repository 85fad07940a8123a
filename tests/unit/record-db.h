/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A test's own database, and short ways to fill it and to look into it. Include after cmocka's headers. */
#ifndef TESTS_RECORD_DB_H
#define TESTS_RECORD_DB_H

#include "base/file.h"
#include "record/db.h"
#include "record/db_impl.h"
#include "record/db_index.h"
#include "tempdir.h"
#include <fcntl.h>
#include <sys/stat.h>

#define T1 "iqn.2026-11.com.example:disk1"
#define T2 "iqn.2026-11.com.example:disk2"
#define in_base(test) cmocka_unit_test_setup_teardown(test, base_make, base_remove)

struct base {
	struct tempdir dir;
	struct db *db;
	struct err err;
	unsigned warnings;
	char warned[1024]; /* the last */
};

static inline void base_warn(void *arg, const char *text)
{
	struct base *b = arg;

	snprintf(b->warned, sizeof(b->warned), "%s", text);
	b->warnings++;
}

static inline int base_make(void **state)
{
	struct base *b = x_new(struct base);
	struct recfile_report report = { .warn = base_warn, .skipped = base_warn, .arg = b };

	tempdir_make(&b->dir);
	*state = b;
	return db_open(b->dir.dir, "2.1.8", &report, &b->db, NULL);
}

static inline int base_remove(void **state)
{
	struct base *b = *state;

	db_close(b->db);
	tempdir_remove(&b->dir);
	x_free(b);
	return 0;
}

static inline bool base_has(struct base *b, const char *path)
{
	struct stat st;

	return !lstat(tempdir_path(&b->dir, path), &st);
}

/* Puts a file there as another program would, with its directories. */
static inline void base_file(struct base *b, const char *path, const char *text)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s", tempdir_path(&b->dir, path));
	*strrchr(dir, '/') = '\0';
	assert_int_equal(file_mkdirs(dir, 0700), 0);
	assert_int_equal(file_replace(AT_FDCWD, tempdir_path(&b->dir, path), text, strlen(text), 0600), 0);
}

static inline struct record *make_node(const char *target, const char *address, int tpgt, const char *iface)
{
	struct record *r = record_new(RECORD_NODE);

	assert_non_null(r);
	assert_int_equal(record_set(r, FIELD_NODE_NAME, target, NULL), 0);
	assert_int_equal(record_set(r, FIELD_CONN_ADDRESS, address, NULL), 0);
	assert_int_equal(record_set_int(r, FIELD_NODE_TPGT, tpgt, NULL), 0);
	assert_int_equal(record_set(r, FIELD_IFACE_NAME, iface, NULL), 0);
	return r;
}

static inline void add_node(struct base *b, const char *target, const char *address, int tpgt, const char *iface, bool *made)
{
	struct record *r = make_node(target, address, tpgt, iface);

	if (db_node_add(b->db, r, DB_ADD_NEW, made, &b->err))
		fail_msg("%s", b->err.text);
	record_free(r);
}

static inline void list_nodes(
	struct base *b, const char *target, const char *address, int tpgt, const char *iface, struct record_list *l)
{
	struct db_filter f = { .target = target, .address = address, .tpgt = tpgt, .iface = iface };

	if (db_node_list(b->db, &f, l, &b->err))
		fail_msg("%s", b->err.text);
}

static inline size_t count_nodes(struct base *b, const char *target, const char *address, int tpgt, const char *iface)
{
	struct record_list l = { 0 };
	size_t n;

	list_nodes(b, target, address, tpgt, iface, &l);
	n = l.n;
	record_list_free(&l);
	return n;
}

/* The nodes of a discovery, by an index that is made for it. */
static inline int list_disc_nodes(
	struct base *b, enum record_kind kind, const char *address, unsigned port, struct record_list *l)
{
	cleanup(db_index_freep) struct db_index *unlinked = NULL;
	int rc = db_index_unlinked(b->db, &unlinked, &b->err);

	rc = rc ? rc : db_index_disc_nodes(b->db, unlinked, kind, address, port, db_append_record, l, &b->err);
	if (rc)
		record_list_free(l);
	return rc;
}

struct setting {
	enum field_id id;
	const char *text;
};

static inline int apply_setting(void *arg, struct record *r, struct err *err)
{
	const struct setting *s = arg;

	return record_set(r, s->id, s->text, err);
}

static inline int set_nodes(struct base *b, const char *target, enum field_id id, const char *text)
{
	struct db_filter f = { .target = target, .tpgt = DB_TPGT_ANY };
	struct setting s = { id, text };

	return db_node_update(b->db, &f, apply_setting, &s, NULL, NULL, &b->err);
}

#endif

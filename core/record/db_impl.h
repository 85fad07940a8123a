/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the database share: names and paths, reading one record, writing many. For the db files alone. */
#ifndef RECORD_DB_IMPL_H
#define RECORD_DB_IMPL_H

#include "base/file.h"
#include "record/db.h"
#include "record/db_tree.h"
#include <limits.h>

#define DB_SEEN_MAX 32

struct db {
	char *home, *version;
	struct recfile_report report;
	char *seen[DB_SEEN_MAX]; /* unknown keys that were reported */
	unsigned n_seen;
};

/* ---- names and paths (db_path.c); what goes in must have passed field_check() ---- */

struct db_portal {
	char address[254];
	unsigned port;
	int tpgt; /* RECORD_TPGT_UNKNOWN */
};

/* Where a node's record lies or lay. */
struct db_node_id {
	const char *target;
	struct db_portal portal;
	const char *iface; /* NULL: the record is the file of the portal */
};

/* "ADDRESS,PORT[,TPGT]", the name of a portal's directory. false: it is none. */
bool db_portal_parse(const char *name, struct db_portal *out);
/* "TARGET,ADDRESS,PORT,TPGT,IFACE", the name of a link; buf holds the strings. false: it is none. */
bool db_link_parse(const char *name, char buf[NAME_MAX + 1], struct db_node_id *out);

void db_node_path(char out[TREE_PATH_MAX], const struct db_node_id *id);
void db_node_id(const struct record *r, struct db_node_id *out); /* as long as r */
/* A discovery's directory; address is not used for RECORD_STATIC and RECORD_FW. */
void db_disc_dir(char out[TREE_PATH_MAX], enum record_kind kind, const char *address, unsigned port);
/* The link of a node to its discovery; false: it has none. */
bool db_link_path(char out[TREE_PATH_MAX], const struct record *node);

/* ---- one file (db.c) ---- */

int db_home_fd(struct db *db, bool make, struct err *err);
/* -ENOENT: not there. An empty file is not there either. */
int db_read(struct db *db, int home, enum record_kind kind, const char *path, struct record **out, struct err *err);
int db_failed(struct db *db, int rc, const char *doing, const char *path, struct err *err); /* sets *err; gives rc */
/* Is text what the row allows? For names that become part of a path. */
int db_check_name(enum field_id id, const char *text, struct err *err);

/* ---- nodes with their places (db_find.c) ---- */

struct db_found {
	struct record *r;
	char *path;
	bool changed; /* to be written */
};

struct db_found_list {
	struct db_found *at;
	size_t n, cap;
};

int db_find_nodes(struct db *db, int home, const struct db_filter *filter, struct db_found_list *out, struct err *err);
/* Those that the links in a discovery's directory stand for. */
int db_linked_nodes(struct db *db, int home, const char *dir, struct db_found_list *out, struct err *err);
int db_found_take(struct db_found_list *l, struct db_found *f); /* moves *f's record into l; -ENOMEM */
void db_found_free(struct db_found_list *l);

/* ---- changing (db_batch.c) ---- */

/* A change under the lock. Writes are made durable one by one, or all at the end when many are announced. */
struct db_batch {
	struct db *db;
	int home, lock; /* -1: not open */
	bool staged;
	struct db_staged {
		char *path, *temporary;
	} * at;
	size_t n, cap;
};

#define DB_BATCH_INIT \
	{ \
		.home = -1, .lock = -1 \
	}

int db_batch_begin(struct db *db, struct db_batch *b, struct err *err);
void db_batch_expect(struct db_batch *b, size_t writes); /* how many puts will come */
int db_batch_put(struct db_batch *b, const char *path, const struct record *r, struct err *err);
int db_batch_commit(struct db_batch *b, struct err *err);
void db_batch_end(struct db_batch *b); /* drops what was not committed, unlocks; for cleanup(db_batch_end) */

int db_put_changed(struct db_batch *b, const struct db_found_list *l, struct err *err);
/* As db_node_add(), by DB_FOUND_… flags. *now (may be NULL): what the database holds then, the caller's. */
int db_add_node(struct db_batch *b, const struct record *node, unsigned what, bool *made, struct record **now, struct err *err);
int db_link_node(struct db_batch *b, const struct record *node, struct err *err);
int db_unlink_node(struct db_batch *b, const struct record *node, struct err *err);
/* With its link. */
int db_remove_node(struct db_batch *b, const struct db_found *node, struct err *err);
/* Runs change() on a copy of r, and checks that it left the identity alone. *changed: put it. */
int db_change(const struct record *r, db_change_fn *change, void *arg, struct record **out, bool *changed, struct err *err);

#endif

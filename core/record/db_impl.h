/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions that the files of the database share: names and paths, reading one record, writing many. For the db files alone. */
#ifndef RECORD_DB_IMPL_H
#define RECORD_DB_IMPL_H

#include "base/file.h"
#include "record/db.h"
#include "record/db_tree.h"
#include <limits.h>

struct db {
	char *home, *version;
	struct recfile_report report;
	struct recfile_seen seen;
	struct db_tree tree; /* open during a call */
	unsigned uses;
	/* Of a change that searches all nodes: called between two targets, since the lock may be held for long. NULL: a reader. */
	int (*between)(void *arg);
	void *between_arg;
};

/* ---- names and paths (db_path.c); texts must have passed field_check() ---- */

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

/* "ADDRESS,PORT[,TPGT]", the name of a portal's directory. false: the name has another form. */
bool db_portal_parse(const char *name, struct db_portal *out);
/* "TARGET,ADDRESS,PORT,TPGT,IFACE", the name of a link; buf holds the strings. false: the name has another form. */
bool db_link_parse(const char *name, char *buf, size_t size, struct db_node_id *out);
#define DB_LINK_MAX (TREE_PATH_MAX + NAME_MAX) /* that of a node; of a file, NAME_MAX */

void db_node_path(char out[TREE_PATH_MAX], const struct db_node_id *id);
void db_node_id(const struct record *r, struct db_node_id *out); /* as long as r */
/* -EINVAL: a part is none of a record; -ENOMEM. */
int db_node_set_identity(struct record *r, const struct db_node_id *id);
/* The kinds of discovery. */
struct db_discovery {
	const char *dir; /* NULL: this kind of record is not a discovery's */
	const char *config; /* the file with the settings; NULL: this kind has no settings, only nodes */
	enum record_origin origin;
};
extern const struct db_discovery db_discoveries[RECORD_KIND_COUNT];
/* A discovery's directory; address is not used for RECORD_STATIC and RECORD_FW. */
void db_disc_dir(char out[TREE_PATH_MAX], enum record_kind kind, const char *address, unsigned port);
/* The directory of the discovery that found a node; false: the record does not say. */
bool db_origin_dir(char out[TREE_PATH_MAX], const struct record *node);
/* The link of a node to its discovery; false: it has none. */
bool db_link_path(char out[TREE_PATH_MAX], const struct record *node);

/* ---- one file (db.c) ---- */

/* Opens db->tree; *used is for cleanup(db_done). -ENOENT, without a text: the home does not exist. */
int db_use(struct db *db, bool make, struct db **used, struct err *err);
void db_done(struct db **used);
/* -ENOENT: no such file, or the file is empty. */
int db_read(struct db *db, enum record_kind kind, const char *path, struct record **out, struct err *err);
int db_failed(struct db *db, int rc, const char *doing, const char *path, struct err *err); /* sets *err; returns rc */
/* Checks a name that becomes part of a path against its row. */
int db_check_name(enum field_id id, const char *text, struct err *err);
/* Of a record among others: a fault of this record alone, *why, is reported, and the result is -ENOENT. */
int db_read_listed(struct db *db, int rc, struct err *why, struct err *err);
/* Calls fn() for the records that read() returns for the names in dir; -ENOENT: the name is not a record's. */
typedef int db_read_named_fn(struct db *db, enum record_kind kind, const char *name, struct record **out, struct err *err);
int db_each_named(struct db *db, enum record_kind kind, const char *dir, db_read_named_fn *read, db_node_fn *fn, void *arg,
	struct err *err);

/* Of a discovery: its directory, and db_use(). */
int db_disc_use(struct db *db, enum record_kind kind, const char *address, unsigned port, char dir[TREE_PATH_MAX],
	struct db **used, struct err *err);

/* ---- nodes with their places (db_find.c) ---- */

struct db_found {
	struct record *r;
	char *path;
	bool same; /* of a change: there is nothing to write */
};

struct db_found_list {
	struct db_found *at;
	size_t n, cap;
};

int db_find_each(struct db *db, const struct db_filter *filter, db_node_fn *fn, void *arg, struct err *err); /* db_node_each() */
int db_find_nodes(struct db *db, const struct db_filter *filter, struct db_found_list *out, struct err *err);
/* The same for the nodes that the discovery with this directory has links to, without opening those in `but` (may be NULL). */
int db_linked_each(struct db *db, const char *dir, const struct record_list *but, db_node_fn *fn, void *arg, struct err *err);
/* The same for its nodes with an unknown portal group, which have no link: searches all nodes. */
int db_unlinked_each(struct db *db, const char *dir, db_node_fn *fn, void *arg, struct err *err);
int db_append_record(void *list, struct record **r, const char *path); /* a db_node_fn: moves *r into a record_list; -ENOMEM */
int db_found_take(void *list, struct record **r, const char *path); /* moves *r into the list; -ENOMEM */
void db_found_free(struct db_found_list *l);

#endif

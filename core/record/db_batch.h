/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of the database under its lock. For the db files alone. */
#ifndef RECORD_DB_BATCH_H
#define RECORD_DB_BATCH_H

#include "record/db_impl.h"

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
void db_batch_expect(struct db_batch *b, size_t writes); /* writes: the number of db_batch_put() calls that follow */
int db_batch_put(struct db_batch *b, const char *path, const struct record *r, struct err *err);
int db_batch_commit(struct db_batch *b, struct err *err);
void db_batch_end(struct db_batch *b); /* drops writes that were not committed, unlocks; for cleanup(db_batch_end) */

int db_put_changed(struct db_batch *b, const struct db_found_list *l, struct err *err);
/* As db_node_add(), by DB_FOUND_… flags. *now (may be NULL): the record that the database holds then; the caller frees it. */
int db_add_node(struct db_batch *b, const struct record *node, unsigned what, bool *made, struct record **now, struct err *err);
int db_link_node(struct db_batch *b, const struct record *node, struct err *err);
int db_unlink_node(struct db_batch *b, const struct record *node, struct err *err);
/* With their links. */
int db_remove_node(struct db_batch *b, const struct db_found *node, struct err *err);
int db_remove_nodes(struct db_batch *b, const struct db_found_list *l, struct err *err);
/*
 * Adds `new` to `old` (NULL: there is no record). *out is the record to be written, one of the two; NULL: nothing changes. *made
 * may be NULL.
 */
int db_merge(
	struct record *old, const struct record *new, enum db_add how, bool *made, const struct record **out, struct err *err);
/* Runs change() on a copy of r, and checks that it left the identity alone. *changed: put it. */
int db_change(const struct record *r, db_change_fn *change, void *arg, struct record **out, bool *changed, struct err *err);

#endif

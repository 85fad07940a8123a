/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of the database under its lock. For the db files alone. */
#ifndef RECORD_DB_BATCH_H
#define RECORD_DB_BATCH_H

#include "record/db_impl.h"

#define DB_BATCH_RECORDS 1024 /* that are changed together at most, so that the lock and the memory are bounded */

/* A change under the lock. Writes are made durable one by one, or all at the end when many are announced. */
struct db_batch {
	struct db *db; /* NULL: not in use */
	struct err *err; /* the caller's */
	int lock; /* -1: not held */
	uint64_t held_since;
	bool yielded; /* others had the lock: what was read or decided before has to be read or decided again */
	bool staged;
	struct db_staged {
		char *path, *temporary;
	} * at;
	size_t n, cap;
};

#define DB_BATCH_INIT \
	{ \
		.lock = -1 \
	}

/* A search of all nodes gives up the lock between two targets, if it had it for long; for a change that has nothing to write then. */
void db_batch_own_between(struct db_batch *b);
int db_batch_begin(struct db *db, struct db_batch *b, struct err *err);
void db_batch_expect(struct db_batch *b, size_t writes); /* writes: the number of db_batch_put() calls that follow */
int db_batch_put(struct db_batch *b, const char *path, const struct record *r, struct err *err);
int db_batch_commit(struct db_batch *b, struct err *err);
bool db_batch_is_long(const struct db_batch *b); /* others should have the lock now */
/* Between two changes: lets other programs have the lock if this one had it for long. */
int db_batch_yield(struct db_batch *b, struct err *err);
/* Behind a search: others may have added to what it had passed. Then the caller searches again, now without a gap between targets. */
bool db_batch_missed(struct db_batch *b);
void db_batch_end(struct db_batch *b); /* drops writes that were not committed, unlocks; for cleanup(db_batch_end) */

/* As db_node_update(), of any number of nodes. */
int db_update_nodes(struct db_batch *b, const struct db_filter *filter, db_change_fn *change, void *arg,
	const struct db_watch *watch, size_t *n, struct err *err);
/* As db_node_add(), by DB_FOUND_… flags. *now (may be NULL): the record that the database holds then; the caller frees it. */
int db_add_node(struct db_batch *b, const struct record *node, unsigned what, bool *made, struct record **now, struct err *err);
int db_link_node(struct db_batch *b, const struct record *node, struct err *err);
int db_unlink_node(struct db_batch *b, const struct record *node, struct err *err);
/* With its link. */
int db_remove_node(struct db_batch *b, const struct record *node, const char *path, struct err *err);
/* A db_node_fn with this argument: removes nodes but for those that are spared. */
struct db_removal {
	struct db_batch *b;
	struct db_watch watch;
	size_t n; /* nodes seen */
	struct err *err;
};
int db_remove_found(void *removal, struct record **r, const char *path);
/*
 * Adds `new` to `old` (NULL: there is no record). *out is the record to be written, one of the two; NULL: nothing changes. *made
 * may be NULL.
 */
int db_merge(
	struct record *old, const struct record *new, enum db_add how, bool *made, const struct record **out, struct err *err);
/* Runs change() on a copy of r, and checks that it left the identity alone. *changed: put it. */
int db_change(const struct record *r, db_change_fn *change, void *arg, struct record **out, bool *changed, struct err *err);

#endif

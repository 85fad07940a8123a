/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes by what they belong to, for a listing of all ifaces or all discoveries: without an index each of them would search all
 * nodes. It holds names alone, some 80 bytes a node.
 */
#ifndef RECORD_DB_INDEX_H
#define RECORD_DB_INDEX_H

#include "record/db.h"

struct db_index;

/* Of all nodes, by the name of their iface. */
int db_index_ifaces(struct db *db, struct db_index **out, struct err *err);
/* Of the nodes that have no link, because their portal group is unknown, by the directory of their discovery. */
int db_index_unlinked(struct db *db, struct db_index **out, struct err *err);
bool db_index_is_empty(const struct db_index *x);
void db_index_free(struct db_index *x); /* NULL is allowed */
void db_index_freep(struct db_index **slot); /* for cleanup(db_index_freep) */

/* Calls fn() for the nodes of this key, in the order of db_node_each(). names: they have only their identity, and are not opened. */
int db_index_each(
	struct db *db, const struct db_index *x, const char *key, bool names, db_node_fn *fn, void *arg, struct err *err);

/* The nodes that a discovery found, by target; unlinked: by db_index_unlinked(). */
int db_index_disc_nodes(struct db *db, const struct db_index *unlinked, enum record_kind kind, const char *address, unsigned port,
	db_node_fn *fn, void *arg, struct err *err);

#endif

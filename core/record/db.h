/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record database: the tree below /etc/iscsi, in open-iscsi's layout.
 *
 *   nodes/TARGET/ADDRESS,PORT,TPGT/IFACE    nodes/TARGET/ADDRESS,PORT while the portal group is unknown
 *   send_targets/ADDRESS,PORT/st_config     isns/ADDRESS,PORT/isns_config     ifaces/NAME
 *   send_targets/ADDRESS,PORT/TARGET,ADDRESS,PORT,TPGT,IFACE -> the node's directory; also in isns/…, static, fw
 *
 * Readers take no lock and see whole records. Each changing call takes the lock for itself, re-reads, changes, replaces file by
 * file; two at once never lose each other's change. Symbolic links are not followed below the home. Everything may block on the disk.
 * Results: 0 or -errno, with *err: IDBM (the disk; no iface or discovery, -ENOENT), NO_OBJS_FOUND (no node, -ENOENT), INVAL (a name).
 */
#ifndef RECORD_DB_H
#define RECORD_DB_H

#include "base/err.h"
#include "record/recfile.h"
#include "record/record.h"

struct db;

#define DB_TPGT_ANY (-2)

/* Selects nodes. NULL or 0 (port) or DB_TPGT_ANY: all. A record of unknown portal group matches every tpgt.
 * IPv6 addresses are compared by value, others as text without regard to case. */
struct db_filter {
	const char *target;
	const char *address;
	unsigned port;
	int tpgt;
	const char *iface;
	bool exact; /* matches only this tpgt, even -1 ("unknown"): one record */
	bool names; /* only the identity is needed: records are opened only where directories do not have it */
};

#define DB_FILTER_ALL \
	{ \
		.tpgt = DB_TPGT_ANY \
	}

/* home: NULL: the build's default. version: for the "# BEGIN RECORD" lines. report: receives doubtful lines, may be NULL; its
 * contents are copied. Does not read or make files. */
int db_open(const char *home, const char *version, const struct recfile_report *report, struct db **out, struct err *err);
void db_close(struct db *db); /* NULL is allowed */
const char *db_home(const struct db *db);

/* ---- nodes ---- sorted by target, directory name of the portal, iface (byte order). No match: an empty list and 0. */
/* Calls fn() for each record. It may keep *r (and set it to NULL); a result other than 0 ends the search. path: below the home. */
typedef int db_node_fn(void *arg, struct record **r, const char *path);
int db_node_each(struct db *db, const struct db_filter *filter, db_node_fn *fn, void *arg, struct err *err);
int db_node_list(struct db *db, const struct db_filter *filter, struct record_list *out, struct err *err);

enum db_add {
	DB_ADD_NEW, /* an existing record is unchanged */
	DB_ADD_MERGE, /* settings that discovery owns come from the new record, the others from the existing one */
	DB_ADD_REPLACE,
};
/* The record determines target, address, port, tpgt and iface, and its discovery fields the links. *made: it is new; may be NULL. */
int db_node_add(struct db *db, const struct record *node, enum db_add how, bool *made, struct err *err);

typedef bool db_spare_fn(void *arg, const struct record *node);
/* For a caller that reports each of many nodes; both may be NULL, as may a pointer to this. */
struct db_watch {
	db_spare_fn *spare; /* of a deletion: true keeps the node */
	/* Its change is on the disk, or (already) there was nothing to change; in the order of the list. */
	void (*done)(void *arg, const struct record *node, bool already);
	void *arg;
};

/*
 * Changes all records that match: change() is called for each of them under the lock. It must not change identity fields. If it
 * returns an error, nothing is written of the present batch of 1024 records. A bad record is reported and skipped.
 * *n (may be NULL): the number of records that match. -ENOENT: none.
 */
typedef int db_change_fn(void *arg, struct record *r, struct err *err);
int db_node_update(struct db *db, const struct db_filter *filter, db_change_fn *change, void *arg, const struct db_watch *watch,
	size_t *n, struct err *err);
/* Also deletes their links, and the directories that become empty. -ENOENT: no record matches; one that is spared does. */
int db_node_delete(struct db *db, const struct db_filter *filter, const struct db_watch *watch, size_t *n, struct err *err);

/* ---- ifaces ---- "default" and "iser" are built in: db_iface_find() returns them, db_iface_list() does not, and they cannot be
 * changed (-EPERM, INVAL). */
int db_iface_find(struct db *db, const char *name, struct record **out, struct err *err); /* -ENOENT */
int db_iface_each(struct db *db, db_node_fn *fn, void *arg, struct err *err); /* files only, by name */
int db_iface_list(struct db *db, struct record_list *out, struct err *err);
/* The built-in ifaces, in the order of print. The caller frees the record. -ENOENT: no further iface; -ENOMEM. */
int db_iface_builtin(unsigned nth, struct record **out);
bool db_iface_is_builtin(const char *name);
int db_iface_add(struct db *db, const struct record *iface, enum db_add how, bool *made, struct err *err);
/* Also writes the settings into the node records that are bound to it, before the iface's file; change() may be called more than once. A plugin's
 * setting that the change removes becomes that of conf (iscsid.conf; NULL: none) in the nodes that have the iface's value. */
int db_iface_update(struct db *db, const char *name, db_change_fn *change, void *arg, const struct record *conf, struct err *err);
int db_iface_delete(struct db *db, const char *name, struct err *err); /* and the node records that are bound to it */

/* ---- discovery records ---- kind: SENDTARGETS or ISNS; for STATIC and FW address is NULL and only nodes exist. */
int db_disc_find(struct db *db, enum record_kind kind, const char *address, unsigned port, struct record **out, struct err *err);
int db_disc_each(struct db *db, enum record_kind kind, db_node_fn *fn, void *arg, struct err *err);
int db_disc_list(struct db *db, enum record_kind kind, struct record_list *out, struct err *err);
int db_disc_add(struct db *db, const struct record *disc, enum db_add how, bool *made, struct err *err);
int db_disc_update(struct db *db, enum record_kind kind, const char *address, unsigned port, db_change_fn *change, void *arg,
	struct err *err);
int db_disc_delete(struct db *db, enum record_kind kind, const char *address, unsigned port, struct err *err); /* and its nodes */
/* The number of the nodes that it discovered, by the links, which are not followed. */
int db_disc_count(struct db *db, enum record_kind kind, const char *address, unsigned port, size_t *n, struct err *err);

/* ---- the results of a discovery ---- */
#define DB_FOUND_ADD 1u /* missing records */
#define DB_FOUND_UPDATE 2u /* DB_ADD_MERGE into existing records */
#define DB_FOUND_DELETE 4u /* removes records of this discovery that were not found again */
#define DB_FOUND_REPLACE 8u /* with UPDATE: DB_ADD_REPLACE */
#define DB_FOUND_FORGET 16u /* as DELETE, also of ifaces through which nothing was found, unless nothing was found at all */
/*
 * Writes what disc (a discovery record, or one of RECORD_STATIC or RECORD_FW) found, under one lock and with two syncs for all, or
 * for some thousands: a thousand take not much longer than one. The nodes' discovery fields are set from disc; found's records become those that the
 * database holds then. spare (may be NULL): keeps a node that was not found again, because it is in use. A crash leaves some done.
 */
int db_discovered(struct db *db, const struct record *disc, struct record_list *found, unsigned what, db_spare_fn *spare,
	void *arg, struct err *err);

#endif

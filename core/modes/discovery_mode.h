/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The discovery modes: discovery records, the discoveries themselves, and the node records that they store. */
#ifndef MODES_DISCOVERY_MODE_H
#define MODES_DISCOVERY_MODE_H

#include "modes/node_mode.h"
#include "record/db_index.h"

/* The most portals accepted from one discovery. More would be a mistake or an attack, and memory must stay bounded. */
#define DISCOVERY_FOUND_MAX 100000u

/* Identifies a discovery record: -t and -p. */
struct discovery_mode_select {
	enum record_kind kind;
	struct portal portal;
};
/* type: "sendtargets" (the default, NULL), "st", "isns", "fw". portal is required unless the type is fw. INVAL; UNKNOWN_DISCOVERY_TYPE. */
int discovery_mode_select(struct discovery_mode_select *select, const char *type, const char *portal, struct err *err);

/* Calls fn() for all records of a kind. */
int discovery_mode_each(struct context *ctx, enum record_kind kind, db_node_fn *fn, void *arg, struct err *err);
/*
 * Calls fn() for the nodes found by a discovery record, by target; disc NULL: the nodes of a kind without discovery records (static,
 * fw). unlinked: by discovery_mode_index(), for all discoveries.
 */
int discovery_mode_index(struct context *ctx, struct db_index **unlinked, struct err *err);
int discovery_mode_nodes(struct context *ctx, const struct db_index *unlinked, enum record_kind kind, const struct record *disc,
	db_node_fn *fn, void *arg, struct err *err);
/* "Discovery record [A,P] not found." (IDBM) */
int discovery_mode_find(struct context *ctx, const struct discovery_mode_select *select, struct record **out, struct err *err);
/* An existing record stays unchanged. */
int discovery_mode_new(struct context *ctx, const struct discovery_mode_select *select, struct err *err);
int discovery_mode_update(
	struct context *ctx, const struct discovery_mode_select *select, const struct settings *settings, struct err *err);
/* Also deletes its nodes. */
int discovery_mode_delete(struct context *ctx, const struct discovery_mode_select *select, struct err *err);

/* The record of a portal that the discovery found: template has the settings of iscsid.conf and of the iface. */
int discovery_mode_node(const struct discovery_mode_select *s, const struct record *template, const char *target,
	const struct portal *portal, struct record **out, struct err *err);

/* What happens to the node records: DB_FOUND_* (record/db.h), where a record with a session is not deleted; or nothing. */
#define DISCOVERY_KEEP_NOTHING 0x100u

struct discovery_mode_ask {
	struct discovery_mode_select select;
	const char *const *ifaces; /* names; n_ifaces 0: iface_mode_list_bound() */
	size_t n_ifaces;
	bool by_record; /* discoverydb: use the existing record, or add one first; otherwise use iscsid.conf */
	unsigned keep; /* DB_FOUND_* or DISCOVERY_KEEP_NOTHING */
	struct settings settings; /* with by_record: stored in the discovery record first */
	void (*message)(void *arg, const char *text); /* reports progress, one line each; may be NULL */
	void *arg;
};

/*
 * Discovers through one iface after the other. *nodes: the nodes found, by iface, in the order reported, with the settings that
 * the database has afterwards. Succeeds if the discovery through one iface did. NO_OBJS_FOUND: no portal was reported. A failed
 * discovery stores nothing.
 */
int discovery_mode_perform(struct context *ctx, const struct discovery_mode_ask *ask, struct record_list *nodes, struct err *err);

#endif

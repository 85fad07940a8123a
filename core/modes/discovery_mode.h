/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the discovery modes do: records of portals, asking them, and keeping what they answer. */
#ifndef MODES_DISCOVERY_MODE_H
#define MODES_DISCOVERY_MODE_H

#include "modes/node_mode.h"

/* More targets than this in one answer are a mistake, or an attack: memory stays bounded. */
#define DISCOVERY_FOUND_MAX 100000u

/* Which discovery record: -t and -p. */
struct discovery_mode_select {
	enum record_kind kind;
	struct portal portal;
};
/* type: "sendtargets", "st", "isns", "fw", "slp" (INVAL). NULL is sendtargets. portal NULL: refused, but for
 * fw. */
int discovery_mode_select(struct discovery_mode_select *select, const char *type, const char *portal, struct err *err);

/* Records of a kind; an empty list is success. */
int discovery_mode_list(struct context *ctx, enum record_kind kind, struct record_list *out, struct err *err);
/* Nodes that a record led to; record NULL: nodes of a kind that has no discovery record (static, fw). */
int discovery_mode_nodes(
	struct context *ctx, enum record_kind kind, const struct record *disc, struct record_list *out, struct err *err);
/* "Discovery record [A,P] not found." (IDBM) */
int discovery_mode_find(struct context *ctx, const struct discovery_mode_select *select, struct record **out, struct err *err);
int discovery_mode_new(
	struct context *ctx, const struct discovery_mode_select *select, struct err *err); /* one that is there stays */
int discovery_mode_update(
	struct context *ctx, const struct discovery_mode_select *select, const struct settings *settings, struct err *err);
int discovery_mode_delete(struct context *ctx, const struct discovery_mode_select *select, struct err *err); /* with its nodes */

enum discovery_mode_keep {
	DISCOVERY_KEEP_NOTHING = 1 << 0,
	DISCOVERY_KEEP_NEW = 1 << 1, /* nodes that are missing */
	DISCOVERY_KEEP_UPDATE = 1 << 2, /* nodes that are there become as iscsid.conf says */
	DISCOVERY_KEEP_DELETE = 1 << 3, /* nodes that the portal no longer names are deleted, unless they have a session */
};

struct discovery_mode_ask {
	struct discovery_mode_select select;
	const char *const *ifaces; /* names; n_ifaces 0: iface_mode_list_bound() */
	size_t n_ifaces;
	bool by_record; /* use the record that is there, and make one before asking: discoverydb. Else
			   iscsid.conf */
	unsigned keep; /* enum discovery_mode_keep; 0: missing nodes are made, of the others only what discovery
			   knows is changed */
	void (*message)(void *arg, const char *text); /* a line on the way; may be NULL */
	void *arg;
};

/*
 * Asks through each iface in turn; *nodes: what was found, by iface, in the order of the answer, with the
 * settings that the database has then. It succeeds
 * when it did through one iface. NO_OBJS_FOUND: the answer was empty. What was found before a failure is not
 * kept.
 */
int discovery_mode_perform(struct context *ctx, const struct discovery_mode_ask *ask, struct record_list *nodes, struct err *err);

#endif

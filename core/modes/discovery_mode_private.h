/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the parts of discovery: discovery_mode.c, discovery_mode_perform.c, and firmware_mode.c. */
#ifndef MODES_DISCOVERY_MODE_PRIVATE_H
#define MODES_DISCOVERY_MODE_PRIVATE_H

#include "modes/discovery_mode.h"

/* A new discovery record with the settings of iscsid.conf, in memory only. */
int discovery_mode_record(struct context *ctx, const struct discovery_mode_select *select, struct record **out, struct err *err);

/*
 * Stores the discovery record and the nodes found, as ask->keep requires; *nodes then has the settings of the database. silent:
 * the ifaces through which the discovery failed; their records stay.
 */
int discovery_mode_keep(struct context *ctx, const struct discovery_mode_ask *ask, const struct record *disc,
	const struct record_list *silent, struct record_list *nodes, struct err *err);

#endif

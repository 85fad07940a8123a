/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What fw mode does, and discovery of type fw: the boot targets that firmware knows, as nodes.
 *
 * Secrets that firmware knows are never written down: the database has the nodes without, and a login takes them from the firmware.
 */
#ifndef MODES_FIRMWARE_MODE_H
#define MODES_FIRMWARE_MODE_H

#include "modes/discovery_mode.h"
#include "object/firmware.h"

/* Each with its transport; host_no is the adapter that it goes through. NO_OBJS_FOUND: there is none. ACCESS. */
int firmware_mode_list(struct context *ctx, struct firmware_list *out, struct err *err);

/*
 * A node record of each, in memory: as iscsid.conf says, then the firmware, then the settings. They start "onboot", through "default" or
 * their adapter's iface (which is made in the database, where that can be written), with their secrets. INVAL.
 */
int firmware_mode_nodes(struct context *ctx, const struct firmware_list *targets, const struct settings *settings,
	struct record_list *out, struct err *err);

/* The same into the database, as of keep; nodes become what is there. They have their secrets still. */
int firmware_mode_discover(struct context *ctx, unsigned keep, struct record_list *nodes, struct err *err);

/* Gives records of firmware's targets that lack their secrets those of the firmware. What cannot be found stays as it is. */
void firmware_mode_complete(struct context *ctx, const struct record_list *nodes);

#endif

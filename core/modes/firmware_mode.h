/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fw mode, and discovery of type fw: boot targets of the firmware as node records.
 *
 * Secrets of the firmware are never stored: the records in the database lack them, and a login reads them from the firmware.
 */
#ifndef MODES_FIRMWARE_MODE_H
#define MODES_FIRMWARE_MODE_H

#include "modes/discovery_mode.h"
#include "object/firmware.h"

/*
 * All boot targets, with their transports; host_no is the adapter that leads to the target. NO_OBJS_FOUND: there is none. ACCESS.
 */
int firmware_mode_list(struct context *ctx, struct firmware_list *out, struct err *err);

/*
 * Makes a node record of each boot target, in memory: the settings of iscsid.conf, overridden by the firmware's, overridden by
 * `settings`. The records start "onboot", use the iface "default" or that of their adapter (added to the database if that is
 * writable), and have their secrets. INVAL.
 */
int firmware_mode_nodes(struct context *ctx, const struct firmware_list *targets, const struct settings *settings,
	struct record_list *out, struct err *err);

/* Stores such records in the database as keep requires; *nodes then has the settings of the database, and the secrets. */
int firmware_mode_discover(struct context *ctx, unsigned keep, struct record_list *nodes, struct err *err);

/* Adds the firmware's secrets to records of boot targets that lack them. A record without a boot target stays unchanged. */
void firmware_mode_complete(struct context *ctx, const struct record_list *nodes);

#endif

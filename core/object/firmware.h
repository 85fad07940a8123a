/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot targets: the targets that the machine's firmware (iBFT, Open Firmware) and adapters' firmware booted from, or would, below
 * /sys/firmware.
 *
 * The caller owns the lists; nothing is cached. The data is not trusted: invalid values are omitted, and so are targets without a
 * valid name and address. The flags of the tables are ignored, since vendors set them inconsistently.
 */
#ifndef OBJECT_FIRMWARE_H
#define OBJECT_FIRMWARE_H

#include "base/err.h"
#include "kernel/ktransport.h"
#include "kernel/sysfs.h"
#include "record/record.h"

enum firmware_value {
#define FIRMWARE(symbol, ...) FIRMWARE_##symbol,
#include "object/firmware.def"
#undef FIRMWARE
	FIRMWARE_VALUES
};

#define FIRMWARE_OWN 0xffffffffu

struct firmware_target {
	uint32_t host_no; /* of the adapter; FIRMWARE_OWN: the machine's own firmware reported it */
	uint32_t index;
	int64_t chap_type; /* 0: no CHAP, even with names; 1: one-way; 2: mutual; -1: unknown, the names decide */
	char *values[FIRMWARE_VALUES]; /* NULL: not known */
};

struct firmware_list {
	struct firmware_target *at;
	size_t n;
};

/*
 * The machine's first, then the adapters' by host number. An empty list is success. ACCESS: this user may not read some of them
 * (CAP_SYS_ADMIN is required). Call firmware_list_free() in any case.
 */
int firmware_read(const struct sysfs *s, const struct ktransport_map *map, struct firmware_list *out, struct err *err);
void firmware_list_free(struct firmware_list *l); /* wipes the secrets; usable as cleanup() */

int firmware_set(struct firmware_target *t, enum firmware_value which, const char *text); /* copied. -ENOMEM */

const char *firmware_key(enum firmware_value which); /* "node.name" */
bool firmware_is_secret(enum firmware_value which);

/* Set a node record's target name, portal and initiator name; its credentials, if the firmware has any. */
int firmware_to_node(const struct firmware_target *t, struct record *node, struct err *err);
int firmware_credentials(const struct firmware_target *t, struct record *node, struct err *err);
/*
 * Returns the boot target with the node's name and portal; if there are several, the one with its initiator name and user,
 * otherwise the first. NULL: no match.
 */
const struct firmware_target *firmware_of_node(const struct firmware_list *l, const struct record *node);

#endif

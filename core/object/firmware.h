/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot targets: what the machine's firmware (iBFT) and adapters' own firmware left below /sys/firmware of what they booted from, or would.
 *
 * Lists belong to the caller; nothing is cached. None of it is trusted: an invalid value is left out, and so is a target without
 * a valid name and address. The flags of the tables are ignored, since vendors set them inconsistently.
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
	int64_t chap_type; /* 0 none, whatever names stand there; 1 ours alone, 2 both; -1: unknown; the names decide */
	char *values[FIRMWARE_VALUES]; /* NULL: not known */
};

struct firmware_list {
	struct firmware_target *at;
	size_t n;
};

/*
 * The machine's first, then the adapters' by host number. None is success. ACCESS: there are some that this user may not read
 * (CAP_SYS_ADMIN is required). Call firmware_list_free() in any case.
 */
int firmware_read(const struct sysfs *s, const struct ktransport_map *map, struct firmware_list *out, struct err *err);
void firmware_list_free(struct firmware_list *l); /* wipes the secrets; usable as cleanup() */

int firmware_set(struct firmware_target *t, enum firmware_value which, const char *text); /* copied. -ENOMEM */

const char *firmware_key(enum firmware_value which); /* "node.name" */
bool firmware_is_secret(enum firmware_value which);

/* Name, portal and initiator name into a node record; credentials where there are any. */
int firmware_to_node(const struct firmware_target *t, struct record *node, struct err *err);
int firmware_credentials(const struct firmware_target *t, struct record *node, struct err *err);
/* Which of them the node is, by name and portal; of several the one whose initiator and user it has, or the first. NULL: none. */
const struct firmware_target *firmware_of_node(const struct firmware_list *l, const struct record *node);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot targets: what the machine's firmware (iBFT) and adapters' own firmware left below /sys/firmware of what they booted from, or would.
 *
 * Read for the asker and kept nowhere. All of it is hostile: a value that is none is left out, a target without a good name and address
 * is none. The flags of the tables are not believed, for vendors set them as they like.
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
	uint32_t host_no; /* of the adapter; FIRMWARE_OWN: it is the machine's firmware that knows of it */
	uint32_t index;
	int64_t chap_type; /* 0 none, whatever names stand there; 1 ours alone, 2 both; -1: the names tell */
	char *values[FIRMWARE_VALUES]; /* NULL: not known */
};

struct firmware_list {
	struct firmware_target *at;
	size_t n;
};

/*
 * The machine's first, then the adapters' by host number. None is success. ACCESS: there are some, which this user may not see (it takes
 * CAP_SYS_ADMIN). Free by firmware_list_free() whatever came.
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a record is stored: for record.c and record_whole.c alone. */
#ifndef RECORD_STORE_H
#define RECORD_STORE_H

#include "record/record.h"

#define RECORD_KEPT_MAX 256 /* lines */
#define RECORD_KEPT_LINE_MAX 4096 /* bytes of one */

struct record_value {
	union {
		int64_t n; /* INT */
		char *s; /* owned; all that is text, ENUM, LIST and BOOL too */
		struct secret *secret; /* owned */
	};
	uint16_t id;
};

struct record {
	struct record_value *values; /* sorted by id; only what differs from the default */
	char **kept;
	uint16_t n, n_kept;
	uint8_t kind;
	uint32_t set[(FIELD_COUNT + 31) / 32];
};

const struct record_value *record_stored(const struct record *r, enum field_id id); /* NULL: the default */
void record_drop_kept(struct record *r, const struct field *f); /* the lines of this field */

#endif

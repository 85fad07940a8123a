/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of settings as data, and the look-up of keys. What a value may be is in field_check.c. */
#include "record/fields.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "record/value.h"
#include <errno.h>
#include <string.h>

/*
 * The vocabulary of fields.def. One letter each, since nearly every row has several; they end with this
 * file.
 */
#define N (1u << RECORD_NODE)
#define I (1u << RECORD_IFACE)
#define S (1u << RECORD_SENDTARGETS)
#define T (1u << RECORD_ISNS)
#define F (1u << RECORD_STATIC | 1u << RECORD_FW)
#define H (1u << RECORD_CHAP)
#define L (1u << RECORD_FLASHNODE)
#define C (1u << RECORD_CONF)

#define TYPE(t, v, lo, hi) .type = FIELD_TYPE_##t, .values = v, .min = lo, .max = hi
#define INT(lo, hi) TYPE(INT, "", lo, hi)
#define BOOL TYPE(BOOL, "No Yes", 0, 1)
#define ENUM(v) TYPE(ENUM, v, 0, 0)
#define LIST(v) TYPE(LIST, v, 0, 255)
#define TEXT(max) TYPE(TEXT, "", 0, max)
#define WORD(max) TYPE(WORD, "", 0, max)
#define PATH TYPE(PATH, "", 0, 1023)
#define COMMAND TYPE(COMMAND, "", 0, 1023)
#define SECRET TYPE(SECRET, "", 0, 255)
#define NAME TYPE(NAME, "", 0, 223)
#define ADDRESS TYPE(ADDRESS, "", 0, 253)
#define MAC TYPE(MAC, "", 0, 59)
#define ISID TYPE(ISID, "", 0, 12)

#define KERNEL(t, p, p6, w, w6) .kernel = { FIELD_TABLE_##t, p, p6, w, w6 }
#define NONE KERNEL(NONE, -1, -1, 0, 0)
#define SET(n) KERNEL(SESSION, n, n, 0, 0)
#define HOST(n) KERNEL(HOST, n, n, 0, 0)
#define NET(n, w) KERNEL(NET, n, n, w, w)
#define NET4(n, w) KERNEL(NET, n, -1, w, 0)
#define NET6(n, w) KERNEL(NET, -1, n, 0, w)
#define NET46(n, w, n6, w6) KERNEL(NET, n, n6, w, w6)
#define ISCSI(n, w) KERNEL(IFACE, n, n, w, w)
#define FLASH(n, w) KERNEL(FLASH, n, n, w, w)

/*
 * The order of rows is the order of lines in a file and in `-o show`. Clients count on it: node.name
 * stands before node.startup (os-brick), and address before port (goiscsi).
 */
static const struct field fields[FIELD_COUNT] = {
#define FIELD(symbol, in, name, ftype, fdef, fl, kern, attr, alias, text) \
	{ .key = name, .def = fdef, .sysfs = attr, .aliases = alias, .doc = text, .kinds = in, .flags = fl, ftype, kern },
#include "record/fields.def"
#undef FIELD
};

#undef N
#undef I
#undef S
#undef T
#undef F
#undef H
#undef L
#undef C

/* As a user would type it, for messages that say where a setting belongs. */
static const char *const modes[RECORD_KIND_COUNT] = {
	[RECORD_NODE] = "node",
	[RECORD_IFACE] = "iface",
	[RECORD_SENDTARGETS] = "discoverydb",
	[RECORD_ISNS] = "discoverydb",
	[RECORD_STATIC] = "discoverydb",
	[RECORD_FW] = "discoverydb",
	[RECORD_CHAP] = "host (-C chap)",
	[RECORD_FLASHNODE] = "host (-C flashnode)",
};

const struct field *field_of(enum field_id id)
{
	return &fields[id];
}

const char *record_kind_mode(enum record_kind kind)
{
	return modes[kind] ? modes[kind] : "iscsid.conf";
}

/* Two rows are called node.session.auth.chap_algs; in iscsid.conf, where both may stand, one must give way.
 */
const char *field_conf_key(const struct field *f, char *buf, size_t size)
{
	if (!(f->flags & FIELD_CONF_ALIAS))
		return f->key;
	return value_item(f->aliases, ' ', 0, buf, size);
}

/* Old spellings are understood for ever: records of ten years ago are still there after an upgrade. */
static bool is_alias(const struct field *f, const char *key)
{
	return *f->aliases && value_item_index(f->aliases, ' ', key, strlen(key)) >= 0;
}

/*
 * Does the row answer to the key in records of that kind? In iscsid.conf a row that shares its key with
 * another answers to its alias alone, or the second could never be set.
 */
static bool has_key(const struct field *f, enum record_kind kind, const char *key)
{
	if (!field_in(f, kind))
		return false;
	if (kind == RECORD_CONF && f->flags & FIELD_CONF_ALIAS)
		return is_alias(f, key);
	return !strcmp(f->key, key) || is_alias(f, key);
}

/*
 * 216 rows and no hash: files hold the keys in the order of the rows, so the first look nearly always
 * hits. It goes round, so a file in any order is read too, only slower.
 */
int field_find_after(enum record_kind kind, const char *key, enum field_id first, enum field_id *out)
{
	for (unsigned n = 0; n < FIELD_COUNT; n++) {
		enum field_id id = (first + n) % FIELD_COUNT;

		if (has_key(&fields[id], kind, key)) {
			*out = id;
			return 0;
		}
	}
	return -ENOENT;
}

int field_find(enum record_kind kind, const char *key, enum field_id *out)
{
	return field_find_after(kind, key, 0, out);
}

/*
 * The key of that kind that is nearest to what was typed; NULL when none is near. Only within the kind:
 * a suggestion that is refused as well is worse than none.
 */
static const char *nearest(enum record_kind kind, const char *key)
{
	/* As many mistakes as a quarter of the key. */
	unsigned best = (unsigned)strlen(key) / 4 + 2;
	const char *found = NULL;

	for (unsigned id = 0; id < FIELD_COUNT; id++) {
		unsigned d;

		if (!field_in(&fields[id], kind))
			continue;
		d = value_distance(key, fields[id].key, best);
		if (d < best) {
			best = d;
			found = fields[id].key;
		}
	}
	return found;
}

/* First the right key of another mode, then a near one of this: a wrong mode is the more likely mistake. */
int field_find_user(enum record_kind kind, const char *key, enum field_id *out, struct err *err)
{
	char shown[128];
	const char *near;

	if (!field_find(kind, key, out))
		return 0;
	str_escape(shown, sizeof(shown), key, strlen(key));
	for (unsigned other = 0; other < RECORD_KIND_COUNT; other++) {
		enum field_id id;

		if (field_find(other, key, &id))
			continue;
		err_set(err, MISCSI_ERR_INVAL, "%s is a setting of %s%s, not of %s%s", shown, record_kind_mode(other),
			modes[other] ? " mode" : "", record_kind_mode(kind), modes[kind] ? " mode" : "");
		return -ENOENT;
	}
	near = nearest(kind, key);
	err_set(err, MISCSI_ERR_INVAL, "%s is not a setting of %s%s%s%s%s", shown, record_kind_mode(kind),
		modes[kind] ? " mode" : "", near ? "; is " : "", near ? near : "", near ? " meant?" : "");
	return -ENOENT;
}

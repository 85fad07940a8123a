/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record: the values of the settings of one node, iface, discovery, CHAP entry, flash node, or of iscsid.conf.
 *
 * It owns its values. A value that was never set, or set to its default, takes no memory: a node's record is some 500 bytes.
 * A field that records of this kind do not have reads as the row's default.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/mem.h"
#include "record/field.h"
#include <stdbool.h>

struct record;

/* Indexes that record_int() returns for ENUM rows; in the order of fields.def. */
enum record_startup { RECORD_STARTUP_MANUAL, RECORD_STARTUP_AUTOMATIC, RECORD_STARTUP_ONBOOT };
enum record_authmethod { RECORD_AUTH_NONE, RECORD_AUTH_CHAP };
enum record_scan { RECORD_SCAN_AUTO, RECORD_SCAN_MANUAL };
enum record_auth_policy { RECORD_AUTH_OFFER, RECORD_AUTH_REQUIRE };
enum record_digest { RECORD_DIGEST_NONE, RECORD_DIGEST_CRC32C }; /* by record_list() */
enum record_chap_alg { RECORD_CHAP_SHA3_256, RECORD_CHAP_SHA256, RECORD_CHAP_SHA1, RECORD_CHAP_MD5 };
enum record_origin { /* node.discovery_type */
	RECORD_ORIGIN_SENDTARGETS,
	RECORD_ORIGIN_ISNS,
	RECORD_ORIGIN_OFFLOAD,
	RECORD_ORIGIN_SLP,
	RECORD_ORIGIN_STATIC,
	RECORD_ORIGIN_FW
};

#define RECORD_TPGT_UNKNOWN (-1)

struct record *record_new(enum record_kind kind); /* all defaults; NULL: no memory */
struct record *record_copy(const struct record *r); /* NULL: no memory */
void record_free(struct record *r); /* wipes secrets; NULL is allowed */
void record_freep(struct record **r); /* for cleanup(record_freep) */

enum record_kind record_kind(const struct record *r);

/* INT: the number; BOOL: 0 or 1; ENUM: index in values, -1 when empty; LIST: how many. Others: 0. */
int64_t record_int(const struct record *r, enum field_id id);
/* The text of every type but INT and SECRET, for those "". Never NULL; "" when empty. Valid until the field
 * is set again. */
const char *record_str(const struct record *r, enum field_id id);
/* As record_str(), but NULL for "" and for "default", which in iface records means any value. */
const char *record_explicit(const struct record *r, enum field_id id);
/* Never NULL; len 0 when empty. Valid until the field is set again. */
const struct secret *record_secret(const struct record *r, enum field_id id);
/* The items of a LIST as indexes in values, at most max into at[]; returns their number. */
unsigned record_list(const struct record *r, enum field_id id, unsigned *at, unsigned max);
#define RECORD_TEXT_MAX 1024 /* bytes of any field's value as text, with the NUL */
/* The value as a file would hold it, into buf (cut if too long), including secrets. Returns buf. */
const char *record_text(const struct record *r, enum field_id id, char *buf, size_t size);

/*
 * Sets by text, which is checked: strict numbers within their range, no control characters. "" and "<empty>" empty a text.
 * -EINVAL: *err (INVAL) names the key, the value (escaped; not a secret's), and the allowed values. -ENOMEM. The old value is kept
 * then.
 */
int record_set(struct record *r, enum field_id id, const char *text, struct err *err);
int record_set_int(struct record *r, enum field_id id, int64_t number, struct err *err); /* INT, BOOL, ENUM */
/*
 * The same for the input of a user: finds the row by key or alias, and refuses identity fields, read-only ones, and in node records
 * those of the iface. -ENOENT: no such key here; *err suggests the nearest, or the mode that it belongs to.
 */
int record_set_key(struct record *r, const char *key, const char *text, struct err *err);
/* Back to the default, not set. */
void record_unset(struct record *r, enum field_id id);
/* Returns true if the field was set, also to its default. */
bool record_is_set(const struct record *r, enum field_id id);

/* Makes the field in `to` the same as in `from`, set or not. -ENOMEM; -EINVAL: records like `to` may not have it. */
int record_take(struct record *to, const struct record *from, enum field_id id);
/* Sets in `to` every field that is set in `from` and that records like `to` have, but for those with any of
 * skip_flags. -ENOMEM; -EINVAL (INVAL): more settings of plugins than `to` may keep. */
int record_apply(struct record *to, const struct record *from, unsigned skip_flags, struct err *err);

/* The value is the default, set or not; both records have the same value of the field. */
bool record_is_default(const struct record *r, enum field_id id);
bool record_same(const struct record *a, const struct record *b, enum field_id id);
/* Same kind, same values of all fields (set or by default), same unknown lines. */
bool record_equal(const struct record *a, const struct record *b);

/* An iface's record, or a node's iface part, is of IPv6: then the FIELD_IPV6 rows are shown in place of the
 * FIELD_IPV4 ones. */
bool record_is_ipv6(const struct record *r);

/* Calls fn for each field of this kind in the order of print, also those not set; stops at the first result
 * that is not 0, and returns it. */
int record_each(const struct record *r, int (*fn)(void *arg, const struct record *r, enum field_id id), void *arg);

/* Lines of a file whose key is unknown or whose value is unusable: kept, and written again until the key is
 * set. "key = value". -ENOMEM, -E2BIG. */
#define RECORD_KEPT_MAX 256
int record_keep_line(struct record *r, const char *key, const char *value);
/* The nth kept line; NULL at the end. The key is the part before " = ". */
const char *record_kept_line(const struct record *r, unsigned nth);
bool record_keeps(const struct record *r, const char *key);

/*
 * Settings of plugins (plugin_key.h). An empty value stands for "not set". record_take_plugin_settings() sets in `to` those that are
 * set in `from`. -EINVAL: *err (INVAL) names the key, of a value that is not allowed or has no room (RECORD_KEPT_MAX); -ENOMEM.
 */
const char *record_plugin_setting(const struct record *r, const char *key); /* NULL: not set */
int record_set_plugin_setting(struct record *r, const char *key, const char *value, struct err *err);
int record_take_plugin_settings(struct record *to, const struct record *from, struct err *err);

/* A growing list that owns its records. */
struct record_list {
	struct record **at;
	size_t n, cap;
};

int record_list_add(struct record_list *l, struct record *r); /* takes ownership of r, also after a failure (-ENOMEM) */
void record_list_free(struct record_list *l); /* also usable as cleanup(record_list_free); empty again */

#endif

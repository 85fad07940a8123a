/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings: one row of fields.def each, and how a text becomes a value of a row. Constant data: code names the row of a
 * setting (FIELD_…), or looks it up here by its key.
 */
#ifndef RECORD_FIELD_H
#define RECORD_FIELD_H

#include "base/err.h"
#include "base/strbuf.h"
#include <stddef.h>
#include <stdint.h>

/* The object that a record describes. RECORD_CONF is iscsid.conf, which may hold settings of all the others. */
enum record_kind {
	RECORD_NODE,
	RECORD_IFACE,
	RECORD_SENDTARGETS,
	RECORD_ISNS,
	RECORD_STATIC,
	RECORD_FW,
	RECORD_CHAP, /* an entry of an adapter's CHAP table */
	RECORD_FLASHNODE,
	RECORD_CONF,
	RECORD_KIND_COUNT
};

enum field_id {
#define FIELD(symbol, ...) FIELD_##symbol,
#include "record/fields.def"
#undef FIELD
	FIELD_COUNT
};

enum field_type {
	FIELD_TYPE_INT, /* decimal, within min … max */
	FIELD_TYPE_BOOL, /* Yes or No */
	FIELD_TYPE_ENUM, /* one of values */
	FIELD_TYPE_LIST, /* one or more of values, each once, separated by commas; the order counts */
	FIELD_TYPE_TEXT, /* no control characters, at most max bytes */
	FIELD_TYPE_WORD, /* the same without blanks and '/', and not "." or ".." */
	FIELD_TYPE_PATH, /* an absolute path, or credential:NAME */
	FIELD_TYPE_COMMAND, /* text */
	FIELD_TYPE_SECRET, /* text that is never printed unasked */
	FIELD_TYPE_NAME, /* an iSCSI name (RFC 3720 section 3.2.6) */
	FIELD_TYPE_ADDRESS, /* host name, IPv4 or IPv6 address without brackets */
	FIELD_TYPE_MAC,
	FIELD_TYPE_ISID, /* 12 hexadecimal digits */
};

/* Which of the kernel's tables a row's number belongs to. */
enum field_table {
	FIELD_TABLE_NONE,
	FIELD_TABLE_SESSION, /* SET_PARAM */
	FIELD_TABLE_HOST, /* SET_HOST_PARAM */
	FIELD_TABLE_NET, /* SET_IFACE_PARAMS, ISCSI_NET_PARAM */
	FIELD_TABLE_IFACE, /* SET_IFACE_PARAMS, ISCSI_IFACE_PARAM */
	FIELD_TABLE_FLASH, /* SET_FLASHNODE_PARAMS */
};

#define FIELD_IDENTITY 0x001 /* part of the record's identity: not to be changed by hand */
#define FIELD_READONLY 0x002 /* shown, never set by hand */
#define FIELD_QUIET 0x004 /* shown and written only when set: open-iscsi 2.1.8 does not know it */
#define FIELD_SECONDS 0x008 /* a time in seconds */
#define FIELD_IPV4 0x010 /* an iface setting that only IPv4 ifaces have */
#define FIELD_IPV6 0x020 /* likewise IPv6 */
#define FIELD_OPTIONAL 0x040 /* may be empty although its type has a form */
#define FIELD_DISCOVERED 0x080 /* found out by discovery: rediscovery sets it anew */
#define FIELD_CONF_ALIAS 0x100 /* in iscsid.conf it goes by its first alias */
#define FIELD_FOREIGN 0x200 /* belongs to an iface: in node mode it is not to be changed */

struct field_kernel {
	uint8_t table; /* enum field_table */
	int16_t param; /* -1: none. For an iface: of an IPv4 iface */
	int16_t param6; /* of an IPv6 iface; -1: none */
	uint8_t width, width6; /* bytes of the value in the form that the drivers require; 0: text */
};

struct field {
	const char *key; /* as printed */
	const char *def; /* the default as text, "" for empty */
	const char *values; /* ENUM, LIST: the allowed words, separated by blanks; else "" */
	const char *sysfs; /* "sess/ATTRIBUTE", "conn/…", "iface/…"; "" */
	const char *aliases; /* other spellings, separated by blanks; "" */
	const char *doc; /* one sentence */
	int64_t min, max; /* INT: range; texts: max is the greatest length in bytes */
	uint16_t kinds; /* bit per enum record_kind */
	uint16_t flags; /* FIELD_… */
	uint8_t type; /* enum field_type */
	struct field_kernel kernel;
};

const struct field *field_of(enum field_id id); /* id < FIELD_COUNT */

static inline bool field_in(const struct field *f, enum record_kind kind)
{
	return f->kinds >> kind & 1;
}

/* The row of a key or alias in records of that kind. -ENOENT. */
int field_find(enum record_kind kind, const char *key, enum field_id *out);
/* The same, from row `first` on and round: quick where keys come in the table's order. */
int field_find_after(enum record_kind kind, const char *key, enum field_id first, enum field_id *out);
/* As field_find(); -ENOENT: *err (INVAL) names the nearest key, or the mode that the key belongs to. */
int field_find_user(enum record_kind kind, const char *key, enum field_id *out, struct err *err);

/* Checks whether text is a value of the row. *number: of an INT or BOOL its value, of an ENUM the index in values (-1: empty), of a
 * LIST the number of items. -EINVAL: *err names the allowed values. */
int field_check(const struct field *f, const char *text, int64_t *number, struct err *err);
void field_allowed(const struct field *f, struct strbuf *b); /* appends the allowed values, in words */
/* The nth of values, into buf; NULL when there are fewer. Its index: -1. */
const char *field_value(const struct field *f, unsigned nth, char *buf, size_t size);
int field_value_index(const struct field *f, const char *text, size_t len);
/* The row's key in iscsid.conf; buf is used if that is an alias. */
const char *field_conf_key(const struct field *f, char *buf, size_t size);

/* The name of iscsiadm's mode for records of that kind ("node", "discoverydb" …). */
const char *field_kind_mode(enum record_kind kind);

#endif

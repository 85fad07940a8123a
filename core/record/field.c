/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of settings as data, the look-up of keys, and what a value of each type may be.
 *
 * A value is checked here wherever it comes from: a command line, a file, the daemon's socket, a target. Code that reads a value
 * from a record relies on that and does not check again.
 */
#include "record/field.h"

#include "base/ascii.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "proto/key.h"
#include "proto/name.h"
#include "proto/portal.h"
#include "record/value.h"
#include <errno.h>
#include <inttypes.h>
#include <miscsi/kernel.h>
#include <string.h>

/* The vocabulary of fields.def. One letter each, since nearly every row has several; they end with this file. */
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
#define KEY(name) INT(KEY_MIN_##name, KEY_MAX_##name)
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
#define SET(name) KERNEL(SESSION, ISCSI_PARAM_##name, ISCSI_PARAM_##name, 0, 0)
#define HOST(name) KERNEL(HOST, ISCSI_HOST_PARAM_##name, ISCSI_HOST_PARAM_##name, 0, 0)
#define NET(n, w) KERNEL(NET, n, n, w, w)
#define NET4(n, w) KERNEL(NET, n, -1, w, 0)
#define NET6(n, w) KERNEL(NET, -1, n, 0, w)
#define NET46(n, w, n6, w6) KERNEL(NET, n, n6, w, w6)
#define ISCSI(n, w) KERNEL(IFACE, n, n, w, w)
#define FLASH(n, w) KERNEL(FLASH, n, n, w, w)

/*
 * The order of rows is the order of lines in a file and in `-o show`. Clients count on it: node.name stands before node.startup
 * (os-brick), and address before port (goiscsi).
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

const char *field_kind_mode(enum record_kind kind)
{
	return modes[kind] ? modes[kind] : "iscsid.conf";
}

/* Two rows are called node.session.auth.chap_algs; in iscsid.conf, where both may stand, one must be renamed. */
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
 * Does the row answer to the key in records of that kind? In iscsid.conf a row that shares its key with another answers to its
 * alias alone, or the second could never be set.
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
 * 216 rows and no hash: files hold the keys in the order of the rows, so the first look nearly always hits. It goes round, so a
 * file in any order is read too, only slower.
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

/* "auth.username" of "node.session.auth.username". */
static bool ends_with_words(const char *key, const char *words)
{
	size_t n = strlen(key), len = strlen(words);

	return len && len < n && key[n - len - 1] == '.' && !strcmp(key + n - len, words);
}

/*
 * The key of that kind that is nearest to what was typed; NULL when none is near. Only within the kind: a suggestion that is
 * refused as well is worse than none.
 */
static const char *nearest_key(enum record_kind kind, const char *key)
{
	/* As many mistakes as a quarter of the key. */
	unsigned best = (unsigned)strlen(key) / 4 + 2;
	const char *found = NULL;

	for (unsigned id = 0; id < FIELD_COUNT; id++) {
		unsigned d;

		if (!field_in(&fields[id], kind))
			continue;
		if (ends_with_words(fields[id].key, key))
			return fields[id].key;
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
		err_set(err, MISCSI_ERR_INVAL, "%s is a setting of %s%s, not of %s%s", shown, field_kind_mode(other),
			modes[other] ? " mode" : "", field_kind_mode(kind), modes[kind] ? " mode" : "");
		return -ENOENT;
	}
	near = nearest_key(kind, key);
	err_set(err, MISCSI_ERR_INVAL, "%s is not a setting of %s%s%s%s%s", shown, field_kind_mode(kind),
		modes[kind] ? " mode" : "", near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	return -ENOENT;
}

/* The words of an enum stand in the row as one text, which is also how they are documented. */
const char *field_value(const struct field *f, unsigned nth, char *buf, size_t size)
{
	return value_item(f->values, ' ', nth, buf, size);
}

int field_value_index(const struct field *f, const char *text, size_t len)
{
	return len ? value_item_index(f->values, ' ', text, len) : -1;
}

/*
 * Never by prefix: "10x" is not a number. 2.1.8 read such a value as 10, and "many" as 0, so a typing mistake was a timeout of
 * nothing.
 */
static bool check_int(const struct field *f, const char *text, int64_t *number)
{
	return value_number(text, number) && *number >= f->min && *number <= f->max;
}

/* Case counts, as it always did: iscsid.conf is read by other programs too. */
static bool check_enum(const struct field *f, const char *text, int64_t *number)
{
	*number = field_value_index(f, text, strlen(text));
	return *number >= 0;
}

/* An item that stands twice has no meaning, and is most likely a mistake. */
static bool check_list(const struct field *f, const char *text, int64_t *number)
{
	uint32_t seen = 0;

	*number = 0;
	for (const char *at = text; at; ++*number) {
		const char *end = strchr(at, ',');
		int i = field_value_index(f, at, end ? (size_t)(end - at) : strlen(at));

		if (i < 0 || seen >> i & 1)
			return false;
		seen |= 1u << i;
		at = end ? end + 1 : NULL;
	}
	return true;
}

/*
 * One line of text is all that a file of lines can hold. A newline in a value would be a second setting in the file, of whoever
 * may choose the first.
 */
static bool check_text(const struct field *f, const char *text, int64_t *number)
{
	size_t len = strlen(text);

	(void)number;
	return len <= (size_t)f->max && value_is_line(text, len) && (f->type != FIELD_TYPE_TEXT || value_is_visible(text));
}

/* Becomes a file's name, or is compared with one. No comma, since the names of links are taken apart by commas. */
static bool check_word(const struct field *f, const char *text, int64_t *number)
{
	(void)number;
	return value_is_component(text, (size_t)f->max);
}

/* A relative path would mean another file for the daemon than for the user. */
static bool check_path(const struct field *f, const char *text, int64_t *number)
{
	return check_text(f, text, number) && (text[0] == '/' || value_credential(text));
}

static bool check_name(const struct field *f, const char *text, int64_t *number)
{
	(void)f;
	(void)number;
	return !name_check_target(text, strlen(text), NULL);
}

/* It becomes a part of a path: portal_host_kind() alone does not see to that. */
static bool field_check_address(const struct field *f, const char *text, int64_t *number)
{
	(void)number;
	return value_is_component(text, (size_t)f->max) && portal_host_kind(text, strlen(text)) >= 0;
}

/* 6 to 20 bytes: Ethernet to InfiniBand. Three characters a byte but for the last, hence the remainder of 2. */
static bool check_mac(const struct field *f, const char *text, int64_t *number)
{
	size_t len = strlen(text);

	(void)number;
	if (len < 17 || len > (size_t)f->max || len % 3 != 2)
		return false;
	for (size_t i = 0; i < len; i++)
		if (i % 3 == 2 ? text[i] != ':' : ascii_hex(text[i]) < 0)
			return false;
	return true;
}

/* As the adapter's driver prints it. Twelve digits without separators (RFC 7143 11.12.5 has six bytes). */
static bool check_isid(const struct field *f, const char *text, int64_t *number)
{
	size_t n = 0;

	(void)number;
	while (ascii_hex(text[n]) >= 0)
		n++;
	return n == (size_t)f->max && !text[n];
}

/*
 * How a type is checked, and what its error says is allowed. ENUM and LIST have no text here: what is allowed is in their rows.
 * Whether an empty value is one depends on the type for texts, where it means "none", and on the row's flag for all others.
 */
static const struct {
	bool (*check)(const struct field *f, const char *text, int64_t *number);
	bool may_be_empty;
	const char *allowed;
} types[] = {
	[FIELD_TYPE_INT] = { check_int, false, NULL },
	[FIELD_TYPE_BOOL] = { check_enum, false, "Yes or No" },
	[FIELD_TYPE_ENUM] = { check_enum, false, NULL },
	[FIELD_TYPE_LIST] = { check_list, false, NULL },
	[FIELD_TYPE_TEXT] = { check_text, true, NULL },
	[FIELD_TYPE_WORD] = { check_word, false, NULL },
	[FIELD_TYPE_PATH] = { check_path, true, "a path that begins with '/', or credential:NAME" },
	[FIELD_TYPE_COMMAND] = { check_text, true, NULL },
	[FIELD_TYPE_SECRET] = { check_text, true, NULL },
	[FIELD_TYPE_NAME] = { check_name, false,
		"an iSCSI name of at most 223 bytes, of letters, digits, '-', '.' and ':', such as "
		"iqn.2001-04.com.example:disk" },
	[FIELD_TYPE_ADDRESS] = { field_check_address, false, "a host name, or an IPv4 or IPv6 address without brackets" },
	[FIELD_TYPE_MAC] = { check_mac, false, "a hardware address such as 00:11:22:33:44:55" },
	[FIELD_TYPE_ISID] = { check_isid, false, "12 hexadecimal digits" },
};

/* "manual, automatic or onboot" */
static void add_values(struct strbuf *b, const struct field *f)
{
	char item[32], next[32];

	for (unsigned i = 0; field_value(f, i, item, sizeof(item)); i++) {
		bool last = !field_value(f, i + 1, next, sizeof(next));

		strbuf_printf(b, "%s%s", !i ? "" : last ? " or " : ", ", item);
	}
}

/* Completes the sentence "it must be …". */
void field_allowed(const struct field *f, struct strbuf *b)
{
	if (f->type == FIELD_TYPE_INT)
		strbuf_printf(b, "a whole number from %" PRId64 " to %" PRId64, f->min, f->max);
	else if (f->type == FIELD_TYPE_WORD)
		strbuf_printf(b, "1 to %" PRId64 " characters without '/', ',' and blanks, not beginning with '.'", f->max);
	else if (types[f->type].allowed)
		strbuf_puts(b, types[f->type].allowed);
	else if (!*f->values)
		strbuf_printf(b, "at most %" PRId64 " bytes of UTF-8 on one line, without leading or trailing blanks", f->max);
	else
		add_values(b, f);
	if (f->type == FIELD_TYPE_LIST)
		strbuf_puts(b, ", or several of them, each once, separated by commas");
	if (f->flags & FIELD_OPTIONAL)
		strbuf_puts(b, ", or empty");
}

/* The value of a secret is not shown: it would get into logs. */
static int field_refuse_setting(const struct field *f, const char *text, struct err *err)
{
	struct strbuf b = STRBUF_INIT(ERR_TEXT_MAX);
	char shown[96];

	field_allowed(f, &b);
	if (f->type == FIELD_TYPE_SECRET)
		err_set(err, MISCSI_ERR_INVAL, "%s: the value (not shown here) is not allowed: it must be %s", f->key,
			strbuf_str(&b));
	else
		err_set(err, MISCSI_ERR_INVAL, "%s: '%s' is not allowed: it must be %s", f->key,
			str_escape(shown, sizeof(shown), text, strlen(text)), strbuf_str(&b));
	strbuf_free(&b);
	return -EINVAL;
}

/*
 * *number is set in any case, so that callers need no value for "was not checked". For an empty enum it
 * is -1: 0 would be its first word.
 */
int field_check(const struct field *f, const char *text, int64_t *number, struct err *err)
{
	int64_t n = 0;
	bool ok;

	if (!*text && (types[f->type].may_be_empty || f->flags & FIELD_OPTIONAL)) {
		ok = true;
		n = f->type == FIELD_TYPE_ENUM ? -1 : 0;
	} else {
		ok = types[f->type].check(f, text, &n);
	}
	if (number)
		*number = n;
	return ok ? 0 : field_refuse_setting(f, text, err);
}

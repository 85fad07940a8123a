/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records. A bit a field says "was set"; a value is stored, sorted by field, only where it differs from the row's default. */
#include "record/record.h"

#include "base/strbuf.h"
#include "record/plugin_key.h"
#include "record/value.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
	size_t kept_cap;
	uint16_t n, n_kept;
	uint8_t kind;
	uint32_t set[(FIELD_COUNT + 31) / 32];
};

static const struct secret no_secret;

static bool is_number(const struct field *f)
{
	return f->type == FIELD_TYPE_INT;
}

/* Secrets are stored apart, so that the ways by which texts come out cannot lead to one. */
static bool is_secret(const struct field *f)
{
	return f->type == FIELD_TYPE_SECRET;
}

/* Nothing is stored for a default, so a new record is one allocation. */
struct record *record_new(enum record_kind kind)
{
	struct record *r = x_new(struct record);

	if (!r)
		return NULL;
	r->kind = (uint8_t)kind;
	/* The only rows whose default depends on the kind. */
	if (kind == RECORD_ISNS &&
		(record_set(r, FIELD_DISC_TYPE, "isns", NULL) || record_set(r, FIELD_DISC_PORT, "3205", NULL))) {
		record_free(r);
		return NULL;
	}
	return r;
}

static void drop_value(struct record_value *v)
{
	const struct field *f = field_of(v->id);

	if (is_secret(f)) {
		secret_clear(v->secret);
		x_free(v->secret);
	} else if (!is_number(f)) {
		x_free(v->s);
	}
}

void record_free(struct record *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < r->n; i++)
		drop_value(&r->values[i]);
	for (unsigned i = 0; i < r->n_kept; i++)
		x_wipe_freep(&r->kept[i]);
	x_free(r->values);
	x_free(r->kept);
	x_free(r);
}

void record_freep(struct record **r)
{
	record_free(*r);
	*r = NULL;
}

enum record_kind record_kind(const struct record *r)
{
	return r->kind;
}

/* Where the field's value is, or would go. */
static unsigned value_place(const struct record *r, enum field_id id)
{
	unsigned lo = 0, hi = r->n;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (r->values[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* NULL: the value is the default. */
static const struct record_value *stored_value(const struct record *r, enum field_id id)
{
	unsigned at = value_place(r, id);

	return at < r->n && r->values[at].id == id ? &r->values[at] : NULL;
}

bool record_is_default(const struct record *r, enum field_id id)
{
	return !stored_value(r, id);
}

/* Defaults are kept as texts, which are printed and documented; the few numbers are read when asked for. */
static int64_t default_number(const struct field *f)
{
	int64_t n = 0;

	value_number(f->def, &n);
	return n;
}

/* ENUM and BOOL are stored as their words: one check serves reading, setting and counting. */
int64_t record_int(const struct record *r, enum field_id id)
{
	const struct field *f = field_of(id);
	const struct record_value *v = stored_value(r, id);
	int64_t n = 0;

	if (is_number(f))
		return v ? v->n : default_number(f);
	if (*f->values)
		field_check(f, v ? v->s : f->def, &n, NULL);
	return n;
}

const char *record_str(const struct record *r, enum field_id id)
{
	const struct field *f = field_of(id);
	const struct record_value *v = stored_value(r, id);

	if (is_number(f) || is_secret(f))
		return "";
	return v ? v->s : f->def;
}

const char *record_explicit(const struct record *r, enum field_id id)
{
	const char *text = record_str(r, id);

	return *text && strcmp(text, "default") != 0 ? text : NULL;
}

const struct secret *record_secret(const struct record *r, enum field_id id)
{
	const struct record_value *v = stored_value(r, id);

	return v && is_secret(field_of(id)) ? v->secret : &no_secret;
}

unsigned record_list(const struct record *r, enum field_id id, unsigned *at, unsigned max)
{
	const struct field *f = field_of(id);
	const char *list = record_str(r, id);
	char item[32];
	unsigned n = 0;

	if (f->type != FIELD_TYPE_LIST)
		return 0;
	for (; value_item(list, ',', n, item, sizeof(item)); n++)
		if (n < max)
			at[n] = (unsigned)field_value_index(f, item, strlen(item));
	return n;
}

const char *record_text(const struct record *r, enum field_id id, char *buf, size_t size)
{
	const struct field *f = field_of(id);
	const struct secret *s = record_secret(r, id);

	if (is_number(f))
		snprintf(buf, size, "%" PRId64, record_int(r, id));
	else if (is_secret(f))
		snprintf(buf, size, "%.*s", (int)s->len, s->len ? (const char *)s->bytes : "");
	else
		snprintf(buf, size, "%s", record_str(r, id));
	return buf;
}

/* Told by text, but for numbers, of which 010 and 10 are one. */
static bool equals_default(const struct field *f, const char *text, int64_t number)
{
	return is_number(f) ? number == default_number(f) : !strcmp(text, f->def);
}

static void remove_value(struct record *r, enum field_id id)
{
	unsigned at = value_place(r, id);

	if (at == r->n || r->values[at].id != id)
		return;
	drop_value(&r->values[at]);
	r->n--;
	memmove(&r->values[at], &r->values[at + 1], (r->n - at) * sizeof(*r->values));
}

/* Takes no memory of the caller's; on -ENOMEM v holds none. */
static int make_value(struct record_value *v, const struct field *f, const char *text, int64_t number)
{
	if (is_number(f)) {
		v->n = number;
	} else if (is_secret(f)) {
		v->secret = x_new(struct secret);
		if (!v->secret || secret_set(v->secret, text, strlen(text))) {
			x_free(v->secret);
			return -ENOMEM;
		}
	} else {
		v->s = x_strdup(text);
		if (!v->s)
			return -ENOMEM;
	}
	return 0;
}

/* Puts v, whose memory it takes, in its place; a value that was there goes. */
static int insert_value(struct record *r, struct record_value v)
{
	unsigned at = value_place(r, v.id);
	struct record_value *grown;

	if (at < r->n && r->values[at].id == v.id) {
		drop_value(&r->values[at]);
		r->values[at] = v;
		return 0;
	}
	/* By fours: records are many and rarely change. */
	if (!(r->n & 3)) {
		grown = x_realloc(r->values, (r->n + 4u) * sizeof(*r->values));
		if (!grown) {
			drop_value(&v);
			return -ENOMEM;
		}
		r->values = grown;
	}
	memmove(&r->values[at + 1], &r->values[at], (r->n - at) * sizeof(*r->values));
	r->values[at] = v;
	r->n++;
	return 0;
}

/* Is the line "KEY = …" of this key, not of a longer one? */
static bool line_is_of(const char *line, const char *key, size_t len)
{
	return len && !strncmp(line, key, len) && !strncmp(line + len, " = ", 3);
}

/* By key or by any alias: they are one setting. */
static bool line_is_of_field(const char *line, const struct field *f)
{
	const char *end = strstr(line, " = ");

	return line_is_of(line, f->key, strlen(f->key)) ||
		(*f->aliases && value_item_index(f->aliases, ' ', line, (size_t)(end - line)) >= 0);
}

static void drop_kept(struct record *r, const struct field *f)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_kept; i++) {
		if (line_is_of_field(r->kept[i], f))
			x_wipe_freep(&r->kept[i]);
		else
			r->kept[n++] = r->kept[i];
	}
	r->n_kept = (uint16_t)n;
}

/* The one place where a value gets into a record. */
static int store_value(struct record *r, enum field_id id, const char *text, int64_t number)
{
	const struct field *f = field_of(id);
	struct record_value v = { .id = (uint16_t)id };
	int rc;

	if (equals_default(f, text, number)) {
		remove_value(r, id);
	} else {
		rc = make_value(&v, f, text, number);
		if (!rc)
			rc = insert_value(r, v);
		if (rc)
			return rc;
	}
	r->set[id / 32] |= 1u << id % 32;
	drop_kept(r, f);
	return 0;
}

/* "<empty>" is what is shown for nothing: a value that was copied from there means nothing too. */
int record_set(struct record *r, enum field_id id, const char *text, struct err *err)
{
	const struct field *f = field_of(id);
	int64_t number;
	int rc;

	/* as 2.1.8 shows and writes "not set" */
	if (!strcmp(text, "<empty>") || (id == FIELD_IFACE_HWADDRESS && !strcmp(text, "default")))
		text = "";
	rc = field_check(f, text, &number, err);
	if (rc)
		return rc;
	rc = store_value(r, id, text, number);
	return rc ? err_nomem(err, f->key) : 0;
}

/* By way of the text, so that a number out of range is refused with the same words. */
int record_set_int(struct record *r, enum field_id id, int64_t number, struct err *err)
{
	const struct field *f = field_of(id);
	char text[32];

	if (*f->values)
		return record_set(r, id, field_value(f, (unsigned)number, text, sizeof(text)) ? text : "?", err);
	snprintf(text, sizeof(text), "%" PRId64, number);
	return record_set(r, id, text, err);
}

/* Lines that were kept for the field stay: only a new value makes them wrong. */
void record_unset(struct record *r, enum field_id id)
{
	remove_value(r, id);
	r->set[id / 32] &= ~(1u << id % 32);
}

bool record_is_set(const struct record *r, enum field_id id)
{
	return r->set[id / 32] >> id % 32 & 1;
}

/* The text may be a secret's. */
static bool has_value(const struct record *r, enum field_id id, const char *text)
{
	char now[RECORD_TEXT_MAX];
	bool same = !strcmp(record_text(r, id, now, sizeof(now)), text);

	mem_wipe(now, sizeof(now));
	return same;
}

/*
 * Settings that a user may not set are refused, in the words of 2.1.8 where it has some. The transport of a node may be set, because
 * iscsi_discovery does so.
 */
static int check_settable(const struct record *r, const struct field *f, struct err *err)
{
	if (f->flags & FIELD_FOREIGN && r->kind == RECORD_NODE && f != field_of(FIELD_IFACE_TRANSPORT))
		return err_set(err, MISCSI_ERR_INVAL, "Cannot modify %s. Use iface mode to update this value.", f->key);
	if (f->flags & FIELD_IDENTITY)
		return err_set(err, MISCSI_ERR_INVAL, "Can not update %s. Delete it, and then create a new one.", f->key);
	if (f->flags & FIELD_READONLY)
		return err_set(err, MISCSI_ERR_INVAL, "%s cannot be set, because miscsi only displays it", f->key);
	return 0;
}

int record_set_key(struct record *r, const char *key, const char *text, struct err *err)
{
	struct err why = ERR_INIT;
	enum field_id id;
	int rc;

	if (plugin_key_in(r->kind) && plugin_key_is(key))
		return record_set_plugin_setting(r, key, text, err);
	rc = field_find_user(r->kind, key, &id, err);
	if (rc)
		return rc;
	rc = check_settable(r, field_of(id), &why);
	if (!rc)
		return record_set(r, id, text, err);
	/* Tools write back what they have read: any field may be set to the value that it has. */
	if (has_value(r, id, text))
		return 0;
	if (err)
		err_copy(err, &why);
	return rc;
}

int record_take(struct record *to, const struct record *from, enum field_id id)
{
	char text[RECORD_TEXT_MAX];
	int rc;

	if (!record_is_set(from, id)) {
		record_unset(to, id);
		return 0;
	}
	rc = record_set(to, id, record_text(from, id, text, sizeof(text)), NULL);

	mem_wipe(text, sizeof(text));
	return rc;
}

/* Field by field through record_set(): what one kind of record allows, the other may not. -ENOMEM. */
static int apply_fields(struct record *to, const struct record *from, unsigned skip_flags)
{
	for (enum field_id id = 0; id < FIELD_COUNT; id++) {
		const struct field *f = field_of(id);
		int rc;

		if (!record_is_set(from, id) || !field_in(f, to->kind) || f->flags & skip_flags)
			continue;
		rc = record_take(to, from, id);
		if (rc)
			return rc;
	}
	return 0;
}

/* An iface has only what was set for it: iscsid.conf is for nodes, and would come between an iface and its nodes. */
int record_apply(struct record *to, const struct record *from, unsigned skip_flags, struct err *err)
{
	if (apply_fields(to, from, skip_flags))
		return err_nomem(err, "the settings of a record");
	return to->kind != RECORD_NODE && to->kind != from->kind ? 0 : record_take_plugin_settings(to, from, err);
}

/* The line is the record's from here on, or gone. */
static int own_line(struct record *r, char *line)
{
	char **grown = line ? x_grow(r->kept, r->n_kept, &r->kept_cap, sizeof(*grown), 4) : NULL;

	if (!grown) {
		x_free(line);
		return -ENOMEM;
	}
	r->kept = grown;
	r->kept[r->n_kept++] = line;
	return 0;
}

/* The set bits are those of the original; a default that was set costs nothing in the copy either. */
struct record *record_copy(const struct record *r)
{
	cleanup(record_freep) struct record *copy = record_new(r->kind);

	if (!copy || apply_fields(copy, r, 0))
		return NULL;
	for (unsigned i = 0; i < r->n_kept; i++)
		if (own_line(copy, x_strdup(r->kept[i])))
			return NULL;
	return x_steal(copy);
}

/* One of both may be a default: then it is not stored, and the other must not be either. */
bool record_same(const struct record *a, const struct record *b, enum field_id id)
{
	const struct record_value *x = stored_value(a, id), *y = stored_value(b, id);

	if (!x || !y)
		return x == y;
	switch (field_of(id)->type) {
	case FIELD_TYPE_INT:
		return x->n == y->n;
	case FIELD_TYPE_SECRET:
		return secret_equal(x->secret, y->secret) == 1;
	default:
		return !strcmp(x->s, y->s);
	}
}

/* Set bits do not count: only values have an effect. */
bool record_equal(const struct record *a, const struct record *b)
{
	if (a->kind != b->kind || a->n_kept != b->n_kept)
		return false;
	for (enum field_id id = 0; id < FIELD_COUNT; id++)
		if (!record_same(a, b, id))
			return false;
	for (unsigned i = 0; i < a->n_kept; i++)
		if (strcmp(a->kept[i], b->kept[i]))
			return false;
	return true;
}

/* open-iscsi shows one family's settings alone, and nothing in the record says which it is. */
bool record_is_ipv6(const struct record *r)
{
	const char *address = record_str(r, FIELD_IFACE_IPADDRESS);

	/* An adapter's iface may have no address yet: its name says it. */
	return strchr(address, ':') || (!*address && strstr(record_str(r, FIELD_IFACE_NAME), ".ipv6."));
}

int record_each(const struct record *r, int (*fn)(void *arg, const struct record *r, enum field_id id), void *arg)
{
	unsigned hidden = record_is_ipv6(r) ? FIELD_IPV4 : FIELD_IPV6;

	for (enum field_id id = 0; id < FIELD_COUNT; id++) {
		const struct field *f = field_of(id);
		int rc;

		if (!field_in(f, r->kind) || f->flags & hidden)
			continue;
		rc = fn(arg, r, id);
		if (rc)
			return rc;
	}
	return 0;
}

static size_t line_size(const char *key, const char *value)
{
	return strlen(key) + strlen(" = ") + strlen(value) + 1;
}

static char *new_line(const char *key, const char *value)
{
	size_t size = line_size(key, value);
	char *line = x_zalloc(size);

	if (line)
		snprintf(line, size, "%s = %s", key, value);
	return line;
}

/* Bounded, since a file of junk must not become a record of junk. */
int record_keep_line(struct record *r, const char *key, const char *value)
{
	if (r->n_kept >= RECORD_KEPT_MAX || line_size(key, value) > RECORD_KEPT_LINE_MAX)
		return -E2BIG;
	return own_line(r, new_line(key, value));
}

const char *record_kept_line(const struct record *r, unsigned nth)
{
	return nth < r->n_kept ? r->kept[nth] : NULL;
}

bool record_keeps(const struct record *r, const char *key)
{
	for (unsigned i = 0; i < r->n_kept; i++)
		if (line_is_of(r->kept[i], key, strlen(key)))
			return true;
	return false;
}

/* ---- settings of plugins ---- */

static int kept_place(const struct record *r, const char *key)
{
	for (unsigned i = 0; i < r->n_kept; i++)
		if (line_is_of(r->kept[i], key, strlen(key)))
			return (int)i;
	return -1;
}

const char *record_plugin_setting(const struct record *r, const char *key)
{
	int at = kept_place(r, key);
	const char *value = at < 0 ? NULL : r->kept[at] + strlen(key) + strlen(" = ");

	return value && strcmp(value, "<empty>") != 0 ? value : NULL;
}

/* A new line takes the place of the old one, also in a record that has as many as it may have. */
int record_set_plugin_setting(struct record *r, const char *key, const char *value, struct err *err)
{
	size_t len = strlen(value);
	char *line;
	int at, rc;

	if (len > PLUGIN_KEY_VALUE_MAX || !value_is_line(value, len) || !value_is_visible(value))
		return err_set(err, MISCSI_ERR_INVAL,
			"%s: the value must be at most %u bytes of UTF-8 on one line, without invisible characters and leading "
			"or trailing blanks",
			key, PLUGIN_KEY_VALUE_MAX);
	at = kept_place(r, key);
	if (len == 0 || !strcmp(value, "<empty>")) {
		if (at < 0)
			return 0;
		x_wipe_freep(&r->kept[at]);
		r->n_kept--;
		memmove(&r->kept[at], &r->kept[at + 1], (r->n_kept - (size_t)at) * sizeof(*r->kept));
		return 0;
	}
	if (at >= 0) {
		line = new_line(key, value);
		if (!line)
			return err_nomem(err, key);
		x_wipe_freep(&r->kept[at]);
		r->kept[at] = line;
		return 0;
	}
	rc = record_keep_line(r, key, value);
	if (rc == -E2BIG)
		return err_set(err, MISCSI_ERR_INVAL,
			"%s cannot be set, because the record already contains %u settings of plugins and unknown settings, the "
			"most that it can hold: remove some of them first",
			key, RECORD_KEPT_MAX);
	return rc ? err_nomem(err, key) : 0;
}

int record_take_plugin_settings(struct record *to, const struct record *from, struct err *err)
{
	char key[PLUGIN_KEY_MAX + 1];
	const char *value;
	int rc = 0;

	for (unsigned i = 0; !rc && i < from->n_kept; i++)
		if (plugin_key_line(from->kept[i], key, &value))
			rc = record_set_plugin_setting(to, key, value, err);
	return rc;
}

/* The record is the list's from here on, or gone: callers have no third case to think of. */
int record_list_add(struct record_list *l, struct record *r)
{
	struct record **at = x_grow(l->at, l->n, &l->cap, sizeof(*at), 8);

	if (!at) {
		record_free(r);
		return -ENOMEM;
	}
	l->at = at;
	l->at[l->n++] = r;
	return 0;
}

void record_list_free(struct record_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		record_free(l->at[i]);
	x_free(l->at);
	*l = (struct record_list){ 0 };
}

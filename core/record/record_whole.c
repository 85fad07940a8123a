/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as a whole: copies, merges, comparison, the lines that are kept though not understood, lists. */
#include "record/record_store.h"

#include "record/value.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

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

/* Field by field through record_set(): what one kind of record allows, the other may not. */
int record_apply(struct record *to, const struct record *from, unsigned skip_flags)
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

/* The set bits are those of the original; a default that was set costs nothing in the copy either. */
struct record *record_copy(const struct record *r)
{
	cleanup(record_freep) struct record *copy = record_new(r->kind);

	if (!copy || record_apply(copy, r, 0))
		return NULL;
	for (unsigned i = 0; i < r->n_kept; i++) {
		char **grown = x_realloc(copy->kept, (i + 1) * sizeof(*grown));

		if (!grown)
			return NULL;
		copy->kept = grown;
		grown[i] = x_strdup(r->kept[i]);
		if (!grown[i])
			return NULL;
		copy->n_kept++;
	}
	return x_steal(copy);
}

/* One of both may be a default: then it is not stored, and the other must not be either. */
static bool same_value(const struct record *a, const struct record *b, enum field_id id)
{
	const struct record_value *x = record_stored(a, id), *y = record_stored(b, id);

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

/* Set bits do not count: what a record does is in its values. */
bool record_equal(const struct record *a, const struct record *b)
{
	if (a->kind != b->kind || a->n_kept != b->n_kept)
		return false;
	for (enum field_id id = 0; id < FIELD_COUNT; id++)
		if (!same_value(a, b, id))
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

/* Bounded, since a file of junk must not become a record of junk. */
int record_keep_line(struct record *r, const char *key, const char *value)
{
	size_t size = strlen(key) + 3 + strlen(value) + 1;
	char **grown, *line;

	if (r->n_kept >= RECORD_KEPT_MAX || size > RECORD_KEPT_LINE_MAX)
		return -E2BIG;
	grown = x_realloc(r->kept, (r->n_kept + 1u) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	r->kept = grown;
	line = x_zalloc(size);
	if (!line)
		return -ENOMEM;
	snprintf(line, size, "%s = %s", key, value);
	r->kept[r->n_kept++] = line;
	return 0;
}

const char *record_kept_line(const struct record *r, unsigned nth)
{
	return nth < r->n_kept ? r->kept[nth] : NULL;
}

/* Is the line "KEY = …" of this key, not of a longer one? */
static bool line_is_of(const char *line, const char *key, size_t len)
{
	return len && !strncmp(line, key, len) && !strncmp(line + len, " = ", 3);
}

bool record_keeps(const struct record *r, const char *key)
{
	for (unsigned i = 0; i < r->n_kept; i++)
		if (line_is_of(r->kept[i], key, strlen(key)))
			return true;
	return false;
}

/* By key or by any alias: they are one setting. */
static bool line_is_of_field(const char *line, const struct field *f)
{
	const char *end = strstr(line, " = ");

	return line_is_of(line, f->key, strlen(f->key)) ||
		(*f->aliases && value_item_index(f->aliases, ' ', line, (size_t)(end - line)) >= 0);
}

void record_drop_kept(struct record *r, const struct field *f)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_kept; i++) {
		if (line_is_of_field(r->kept[i], f))
			x_free(r->kept[i]);
		else
			r->kept[n++] = r->kept[i];
	}
	r->n_kept = (uint16_t)n;
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

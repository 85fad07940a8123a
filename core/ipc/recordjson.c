/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records on the way between iscsiadm and iscsid. */
#include "config.h"
#include "ipc/recordjson.h"
#include "ipc/varlink.h"
#include "base/strbuf.h"
#include <ctype.h>
#include <json-c/json_object_iterator.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VALUE_MAX 4096
#define KEPT_SEPARATOR " = "

struct writer {
	struct json_object *settings, *octets; /* octets: NULL until one is needed */
	int error;
};

static void write_octets(struct writer *w, const char *key, const char *value)
{
	char hex[2 * VALUE_MAX + 1];
	size_t n = strlen(value);

	for (size_t i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)value[i]);
	hex[2 * n] = '\0';
	if (!w->octets)
		w->octets = json_object_new_object();
	varlink_add_text(w->octets, key, hex, &w->error);
	mem_wipe(hex, 2 * n);
}

static void write_value(struct writer *w, const char *key, const char *value)
{
	if (varlink_is_utf8(value))
		varlink_add_text(w->settings, key, value, &w->error);
	else
		write_octets(w, key, value);
}

static int write_field(void *arg, const struct record *r, enum field_id id)
{
	struct writer *w = arg;
	const struct field *f = field_of(id);
	char value[VALUE_MAX];

	record_text(r, id, value, sizeof(value));
	if (strcmp(value, f->def))
		write_value(w, f->key, value);
	mem_wipe(value, strlen(value));
	return w->error;
}

static int write_kept(struct writer *w, const struct record *r)
{
	const char *line;

	for (unsigned i = 0; !w->error && (line = record_kept_line(r, i)); i++) {
		const char *separator = strstr(line, KEPT_SEPARATOR);
		cleanup(x_freep) char *key = separator ? x_strndup(line, (size_t)(separator - line)) : NULL;

		if (separator && !key)
			w->error = -ENOMEM;
		else if (separator && strlen(separator) < VALUE_MAX)
			write_value(w, key, separator + strlen(KEPT_SEPARATOR));
	}
	return w->error;
}

int recordjson_write(const struct record *r, struct json_object **out)
{
	struct writer w = { .settings = json_object_new_object() };
	struct json_object *object = json_object_new_object();

	if (!object || !w.settings)
		w.error = -ENOMEM;
	if (!w.error && !record_each(r, write_field, &w))
		write_kept(&w, r);
	varlink_add_text(object, "kind", record_kind_mode(record_kind(r)), &w.error);
	varlink_add(object, "settings", w.settings, &w.error);
	varlink_add(object, "octets", w.octets, &w.error);
	if (!w.error)
		*out = object;
	else
		varlink_put(object);
	return w.error;
}

static bool is_printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static int read_value(struct record *r, const char *key, const char *value, struct err *err)
{
	enum field_id id;

	if (!field_find(record_kind(r), key, &id))
		return record_set(r, id, value, err);
	/* What a newer iscsiadm or a transport's plugin knows. */
	if (!*key || !is_printable(key) || !is_printable(value))
		return -EBADMSG;
	return record_keep_line(r, key, value);
}

static int octet_of(const char *hex)
{
	unsigned value;

	if (!isxdigit((unsigned char)hex[0]) || !isxdigit((unsigned char)hex[1]))
		return -EBADMSG;
	return sscanf(hex, "%2x", &value) == 1 && value ? (int)value : -EBADMSG;
}

static int read_octets(struct record *r, const char *key, const char *hex, struct err *err)
{
	char value[VALUE_MAX] = "";
	size_t n = strlen(hex);
	int rc = n % 2 || n / 2 >= sizeof(value) ? -EBADMSG : 0;

	for (size_t i = 0; !rc && i < n / 2; i++) {
		int octet = octet_of(hex + 2 * i);

		value[i] = (char)octet;
		rc = octet < 0 ? octet : 0;
	}
	if (!rc)
		rc = read_value(r, key, value, err);
	mem_wipe(value, sizeof(value));
	return rc;
}

typedef int (*read_fn)(struct record *r, const char *key, const char *value, struct err *err);

static int read_members(struct record *r, struct json_object *members, read_fn fn, struct err *err)
{
	struct json_object_iterator it = json_object_iter_begin(members), end = json_object_iter_end(members);
	const char *value;
	int rc = 0;

	for (; !rc && !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		const char *key = json_object_iter_peek_name(&it);

		rc = varlink_string(members, key, &value) ? -EBADMSG : fn(r, key, value, err);
	}
	return rc;
}

int recordjson_read(struct json_object *object, struct record **out, struct err *err)
{
	cleanup(record_freep) struct record *r = NULL;
	struct json_object *settings, *octets = NULL;
	const char *kind;
	int rc;

	if (!json_object_is_type(object, json_type_object) || varlink_string(object, "kind", &kind) ||
		varlink_object(object, "settings", &settings) ||
		varlink_object(object, "octets", &octets) == -EINVAL)
		return -EBADMSG;
	if (strcmp(kind, record_kind_mode(RECORD_NODE)))
		return err_set(err, MISCSI_ERR_OP_NOT_SUPP, "only records of nodes are understood");
	r = record_new(RECORD_NODE);
	if (!r)
		return -ENOMEM;
	rc = read_members(r, settings, read_value, err);
	if (!rc && octets)
		rc = read_members(r, octets, read_octets, err);
	if (!rc)
		*out = x_steal(r);
	return rc;
}

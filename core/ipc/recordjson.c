/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records sent from iscsiadm to iscsid.
 *
 * Only settings that differ from the defaults are sent: a daemon of another version uses its own defaults, as it does for a
 * record's file.
 */
#include "config.h"
#include "ipc/recordjson.h"
#include "ipc/varlink.h"
#include "record/plugin_key.h"
#include <errno.h>
#include <string.h>

#define KEPT_SEPARATOR " = "

struct writer {
	struct json_object *settings;
	int error;
};

/* Passwords are sent too: the daemon logs in with the current settings of the record, and may not see the same /etc. */
static int write_field(void *arg, const struct record *r, enum field_id id)
{
	struct writer *w = arg;
	const struct field *f = field_of(id);
	char value[RECORD_TEXT_MAX];

	record_text(r, id, value, sizeof(value));
	if (strcmp(value, f->def))
		varlink_add_text(w->settings, f->key, value, &w->error);
	mem_wipe(value, strlen(value));
	return w->error;
}

/* A line that was kept: a key that a newer daemon or a plugin knows. A known key is kept for its bad value:
 * left here. */
static void write_line(struct writer *w, const struct record *r, const char *line)
{
	const char *separator = strstr(line, KEPT_SEPARATOR);
	cleanup(x_freep) char *key = separator ? x_strndup(line, (size_t)(separator - line)) : NULL;
	enum field_id id;

	if (separator && !key)
		w->error = -ENOMEM;
	else if (separator && field_find(record_kind(r), key, &id))
		varlink_add_text(w->settings, key, separator + strlen(KEPT_SEPARATOR), &w->error);
}

static int write_kept(struct writer *w, const struct record *r)
{
	const char *line;

	for (unsigned i = 0; !w->error && (line = record_kept_line(r, i)); i++)
		write_line(w, r, line);
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
	varlink_add_text(object, "kind", field_kind_mode(record_kind(r)), &w.error);
	varlink_add(object, "settings", w.settings, &w.error);
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

/* The same checks as for a value on the command line: the client is root, but may be another version. */
static int read_value(struct record *r, const char *key, const char *value, struct err *err)
{
	enum field_id id;

	if (!field_find(record_kind(r), key, &id))
		return record_set(r, id, value, err);
	if (plugin_key_in(record_kind(r)) && plugin_key_is(key))
		return record_set_plugin_setting(r, key, value, err);
	/* An unknown setting, of a newer iscsiadm or a plugin, is kept if there is space. */
	if (!*key || !is_printable(key) || !is_printable(value))
		return -EBADMSG;
	return record_keep_line(r, key, value) == -ENOMEM ? -ENOMEM : 0;
}

static int read_settings(struct record *r, struct json_object *settings, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < json_object_object_length(settings); i++) {
		const char *key;
		const struct json_object *value = json_object_object_get_idx(settings, i, &key);
		const char *text = json_object_get_string(value);

		rc = !text || strlen(text) != json_object_get_string_len(value) ? -EBADMSG : read_value(r, key, text, err);
	}
	return rc;
}

/* The kind distinguishes a record that the daemon does not support from one that is malformed. */
int recordjson_read(struct json_object *object, struct record **out, struct err *err)
{
	cleanup(record_freep) struct record *r = NULL;
	struct json_object *settings;
	const char *kind;
	int rc;

	if (!json_object_is_type(object, json_type_object) || varlink_string(object, "kind", &kind) ||
		varlink_object(object, "settings", &settings))
		return -EBADMSG;
	if (strcmp(kind, field_kind_mode(RECORD_NODE)))
		return err_set(err, MISCSI_ERR_OP_NOT_SUPP,
			"a login requires a node record, and the request has a record of another kind");
	r = record_new(RECORD_NODE);
	if (!r)
		return -ENOMEM;
	rc = read_settings(r, settings, err);
	if (!rc)
		*out = x_steal(r);
	return rc;
}

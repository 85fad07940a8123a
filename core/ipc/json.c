/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees of JSON values: made, searched, freed and printed. json_parse.c reads them. */
#include "config.h"
#include "ipc/json_private.h"
#include "base/mem.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct json_object *json_new(enum json_type type)
{
	struct json_object *o = x_new(struct json_object);

	if (!o)
		return NULL;
	o->type = type;
	o->owners = 1;
	return o;
}

struct json_object *json_object_new_object(void)
{
	return json_new(json_type_object);
}

struct json_object *json_object_new_array(void)
{
	return json_new(json_type_array);
}

struct json_object *json_object_new_string(const char *text)
{
	struct json_object *o = json_new(json_type_string);

	if (!o)
		return NULL;
	o->text = x_strdup(text);
	o->n = strlen(text);
	if (o->text)
		return o;
	json_object_put(o);
	return NULL;
}

struct json_object *json_object_new_int64(int64_t value)
{
	struct json_object *o = json_new(json_type_int);

	if (o)
		o->number = value;
	return o;
}

struct json_object *json_object_new_boolean(bool value)
{
	struct json_object *o = json_new(json_type_boolean);

	if (o)
		o->number = value;
	return o;
}

struct json_object *json_object_get(struct json_object *o)
{
	if (o)
		o->owners++;
	return o;
}

static bool is_container(const struct json_object *o)
{
	return o->type == json_type_object || o->type == json_type_array;
}

/* As deep as the tree, which is bounded where it is read, and small where it is made. */
void json_object_put(struct json_object *o)
{
	if (!o || --o->owners)
		return;
	for (size_t i = 0; is_container(o) && i < o->n; i++) {
		x_free(o->members[i].name);
		json_object_put(o->members[i].value);
	}
	if (o->text)
		mem_wipe(o->text, o->n);
	x_free(o->text);
	x_free(o->members);
	x_free(o);
}

void json_object_wipe(struct json_object *o)
{
	if (!o)
		return;
	for (size_t i = 0; is_container(o) && i < o->n; i++)
		json_object_wipe(o->members[i].value);
	if (o->type != json_type_string)
		return;
	mem_wipe(o->text, o->n);
	o->n = 0;
}

/* The name becomes the tree's. */
int json_append(struct json_object *o, char *name, struct json_object *value)
{
	struct json_member *members = x_grow(o->members, o->n, &o->cap, sizeof(*members), 4);

	if (!members)
		return -ENOMEM;
	o->members = members;
	members[o->n++] = (struct json_member){ name, value };
	return 0;
}

/* Of several of one name the last counts. */
static struct json_member *find_member(const struct json_object *o, const char *name)
{
	for (size_t i = json_object_object_length(o); i-- > 0;)
		if (!strcmp(o->members[i].name, name))
			return &o->members[i];
	return NULL;
}

int json_object_object_add(struct json_object *o, const char *name, struct json_object *value)
{
	struct json_member *there = find_member(o, name);
	char *copy;

	if (there) {
		json_object_put(there->value);
		there->value = value;
		return 0;
	}
	copy = x_strdup(name);
	if (copy && json_append(o, copy, value) == 0)
		return 0;
	x_free(copy);
	return -ENOMEM;
}

int json_object_array_add(struct json_object *o, struct json_object *value)
{
	return json_append(o, NULL, value);
}

void json_object_object_del(struct json_object *o, const char *name)
{
	struct json_member *m = find_member(o, name);

	if (!m)
		return;
	json_object_put(m->value);
	x_free(m->name);
	memmove(m, m + 1, (size_t)(o->members + o->n - (m + 1)) * sizeof(*m));
	o->n--;
}

void json_object_array_clear_idx(struct json_object *o, size_t index)
{
	if (index >= json_object_array_length(o))
		return;
	json_object_put(o->members[index].value);
	o->members[index].value = NULL;
}

bool json_object_is_type(const struct json_object *o, enum json_type type)
{
	return (o ? o->type : json_type_null) == type;
}

bool json_object_object_get_ex(const struct json_object *o, const char *name, struct json_object **value)
{
	const struct json_member *m = find_member(o, name);

	*value = m ? m->value : NULL;
	return m;
}

size_t json_object_object_length(const struct json_object *o)
{
	return json_object_is_type(o, json_type_object) ? o->n : 0;
}

struct json_object *json_object_object_get_idx(const struct json_object *o, size_t index, const char **name)
{
	if (index >= json_object_object_length(o))
		return NULL;
	*name = o->members[index].name;
	return o->members[index].value;
}

size_t json_object_array_length(const struct json_object *o)
{
	return json_object_is_type(o, json_type_array) ? o->n : 0;
}

struct json_object *json_object_array_get_idx(const struct json_object *o, size_t index)
{
	return index < json_object_array_length(o) ? o->members[index].value : NULL;
}

const char *json_object_get_string(const struct json_object *o)
{
	return json_object_is_type(o, json_type_string) ? o->text : NULL;
}

size_t json_object_get_string_len(const struct json_object *o)
{
	return json_object_is_type(o, json_type_string) ? o->n : 0;
}

int64_t json_object_get_int64(const struct json_object *o)
{
	return json_object_is_type(o, json_type_int) ? o->number : 0;
}

bool json_object_get_boolean(const struct json_object *o)
{
	return json_object_is_type(o, json_type_boolean) && o->number;
}

/* Printing: `to` NULL counts. */

struct printer {
	char *to;
	size_t n;
};

static void print_bytes(struct printer *p, const char *bytes, size_t len)
{
	if (p->to && len)
		memcpy(p->to + p->n, bytes, len);
	p->n += len;
}

static void print_text(struct printer *p, const char *text)
{
	print_bytes(p, text, strlen(text));
}

/* RFC 8259 section 7: only these must be escaped. */
static void print_string(struct printer *p, const char *text, size_t len)
{
	static const char form[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
	char escape[8];

	print_text(p, "\"");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		const char *short_form;

		if (c >= ' ' && c != '"' && c != '\\') {
			print_bytes(p, text + i, 1);
			continue;
		}
		short_form = c ? strchr(form, c) : NULL;
		if (short_form)
			snprintf(escape, sizeof(escape), "\\%c", letter[short_form - form]);
		else
			snprintf(escape, sizeof(escape), "\\u%04x", c);
		print_text(p, escape);
	}
	print_text(p, "\"");
}

static void print_value(struct printer *p, const struct json_object *o);

static void print_container(struct printer *p, const struct json_object *o)
{
	bool object = o->type == json_type_object;

	print_text(p, object ? "{" : "[");
	for (size_t i = 0; i < o->n; i++) {
		print_text(p, i ? "," : "");
		if (object) {
			print_string(p, o->members[i].name, strlen(o->members[i].name));
			print_text(p, ":");
		}
		print_value(p, o->members[i].value);
	}
	print_text(p, object ? "}" : "]");
}

static void print_value(struct printer *p, const struct json_object *o)
{
	char number[32];

	switch (o ? o->type : json_type_null) {
	case json_type_boolean:
		print_text(p, o->number ? "true" : "false");
		break;
	case json_type_int:
		snprintf(number, sizeof(number), "%" PRId64, o->number);
		print_text(p, number);
		break;
	case json_type_string:
		print_string(p, o->text, o->n);
		break;
	case json_type_array:
	case json_type_object:
		print_container(p, o);
		break;
	default:
		print_text(p, "null");
	}
}

size_t json_print(const struct json_object *o, char *to)
{
	struct printer p = { .to = to };

	print_value(&p, o);
	return p.n;
}

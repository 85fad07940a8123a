/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The codec: a buffer that splits bytes into messages, and the members of JSON objects.
 *
 * Messages may hold passwords. Every buffer and every string is wiped before it is freed, so nothing here uses realloc() or is
 * freed by json-c alone.
 */
#include "config.h"
#include "ipc/varlink.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include <errno.h>
#include <json-c/json_tokener.h>
#include <json-c/json_visit.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#define BUFFER_MIN 512
#define PARSE_PART 65536 /* takes about a millisecond */

/* Makes space for len bytes at the end. realloc() would leave the old bytes in freed memory. */
static int buffer_grow(struct varlink_buffer *b, size_t len)
{
	size_t held = varlink_buffer_len(b), size = b->size ? b->size : BUFFER_MIN;
	char *bytes;

	if (b->size - b->end >= len)
		return 0;
	if (len > SIZE_MAX / 4 || held > SIZE_MAX / 4)
		return -ENOMEM;
	while (size < held + len)
		size *= 2;
	/* Moving down is worth it only when it frees half: else every small add at a full end would move all.
	 */
	if (b->size && size == b->size && b->start >= b->size / 2) {
		memmove(b->bytes, b->bytes + b->start, held);
		b->start = 0;
		b->end = held;
		return 0;
	}
	if (size == b->size)
		size *= 2;
	bytes = x_zalloc(size);
	if (!bytes)
		return -ENOMEM;
	if (held)
		memcpy(bytes, b->bytes + b->start, held);
	if (b->bytes)
		mem_wipe(b->bytes, b->size);
	x_free(b->bytes);
	b->bytes = bytes;
	b->size = size;
	b->start = 0;
	b->end = held;
	return 0;
}

int varlink_buffer_add(struct varlink_buffer *b, const void *bytes, size_t len)
{
	int rc = len ? buffer_grow(b, len) : 0;

	if (rc || !len)
		return rc;
	memcpy(b->bytes + b->end, bytes, len);
	b->end += len;
	return 0;
}

/* An empty buffer is freed, because most of hundreds of connections are idle. */
void varlink_buffer_consume(struct varlink_buffer *b, size_t len)
{
	if (len >= varlink_buffer_len(b)) {
		varlink_buffer_free(b);
		return;
	}
	b->start += len;
	b->scanned -= len < b->scanned ? len : b->scanned;
}

void varlink_buffer_free(struct varlink_buffer *b)
{
	if (b->bytes)
		mem_wipe(b->bytes, b->size);
	x_free(b->bytes);
	memset(b, 0, sizeof(*b));
}

/* `scanned` is the number of bytes without a NUL. Without it, a message that arrives byte by byte would take quadratic time. */
ssize_t varlink_next(struct varlink_buffer *b, size_t max, const char **message)
{
	size_t held = varlink_buffer_len(b);
	const char *first = held ? b->bytes + b->start : NULL;
	const char *end = held > b->scanned ? memchr(first + b->scanned, '\0', held - b->scanned) : NULL;

	if (!end) {
		b->scanned = held;
		return held > max ? -EMSGSIZE : -EAGAIN;
	}
	b->scanned = (size_t)(end - first);
	if (b->scanned > max)
		return -EMSGSIZE;
	*message = first;
	return end - first;
}

/*
 * json-c needs 800 bytes for an empty object, which has three bytes in a message. The limit, which no real call reaches, prevents
 * that a short message needs much memory.
 */
static bool too_many_objects(const char *message, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += message[i] == '{' || message[i] == '[';
	return n > 64 + len / 16;
}

size_t varlink_count(const char *message, size_t len)
{
	size_t n = 1;

	for (size_t i = 0; i < len; i++)
		n += message[i] == ',' || message[i] == '{' || message[i] == '[';
	return n;
}

void varlink_parse_stop(struct varlink_parser *p)
{
	if (p->tok)
		json_tokener_free(p->tok);
	*p = (struct varlink_parser){ 0 };
}

/* Strict: json-c would accept comments, single quotes and NaN, which are not JSON. */
static int parser_start(struct varlink_parser *p, const char *message, size_t len)
{
	if (!len || len > INT_MAX || too_many_objects(message, len))
		return -EBADMSG;
	p->tok = json_tokener_new_ex(VARLINK_DEPTH_MAX + 1); /* it counts the innermost value too */
	if (!p->tok)
		return -ENOMEM;
	json_tokener_set_flags(p->tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	return 0;
}

int varlink_parse_part(struct varlink_parser *p, const char *message, size_t len, struct json_object **out)
{
	struct json_object *object = NULL;
	enum json_tokener_error error;
	size_t part, used;
	int rc = 0;

	while (len && strchr(" \t\r\n", message[len - 1])) /* the tokener takes it for a second value */
		len--;
	if (!p->tok)
		rc = parser_start(p, message, len);
	if (rc)
		return rc;
	part = len - p->at < PARSE_PART ? len - p->at : PARSE_PART;
	while (p->at + part < len && (message[p->at + part] & 0xc0) == 0x80) /* not within a character */
		part--;
	object = json_tokener_parse_ex(p->tok, message + p->at, (int)part);
	error = json_tokener_get_error(p->tok);
	used = p->at + json_tokener_get_parse_end(p->tok);
	p->at += part;
	if (error == json_tokener_continue && p->at < len)
		return -EAGAIN;
	varlink_parse_stop(p);
	if (error == json_tokener_success && used == len && json_object_is_type(object, json_type_object)) {
		*out = object;
		return 0;
	}
	varlink_put(object);
	return -EBADMSG;
}

int varlink_parse(const char *message, size_t len, struct json_object **out)
{
	struct varlink_parser p = { 0 };
	int rc;

	do
		rc = varlink_parse_part(&p, message, len, out);
	while (rc == -EAGAIN);
	return rc;
}

/* With the NUL that ends a message. */
int varlink_append(struct varlink_buffer *b, struct json_object *object, size_t max)
{
	size_t len = 0;
	const char *text =
		json_object_to_json_string_length(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	int rc;

	if (!text)
		return -ENOMEM;
	rc = len > max ? -EMSGSIZE : varlink_buffer_add(b, text, len + 1);
	mem_wipe((char *)(uintptr_t)text, len); /* the object keeps it until it is freed */
	return rc;
}

static int wipe_string(struct json_object *object, int flags, struct json_object *parent, const char *key, size_t *i, void *arg)
{
	(void)flags, (void)parent, (void)key, (void)i, (void)arg;
	if (json_object_is_type(object, json_type_string)) {
		const char *s = json_object_get_string(object);

		mem_wipe((char *)(uintptr_t)s, (size_t)json_object_get_string_len(object));
	}
	return JSON_C_VISIT_RETURN_CONTINUE;
}

/* json-c counts references. The one freed here is always the only one, so no other owner is affected. */
void varlink_put(struct json_object *object)
{
	if (!object)
		return;
	json_c_visit(object, 0, wipe_string, NULL);
	json_object_put(object);
}

/* null counts as absent, as Varlink allows for optional members. */
static int member_get(struct json_object *object, const char *member, enum json_type type, struct json_object **out)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, member, &value) || !value)
		return -ENOENT;
	if (!json_object_is_type(value, type))
		return -EINVAL;
	*out = value;
	return 0;
}

/* Refuses a NUL within the string: no check would see the bytes behind it. */
int varlink_string(struct json_object *object, const char *member, const char **out)
{
	struct json_object *value;
	int rc = member_get(object, member, json_type_string, &value);

	if (rc)
		return rc;
	if (strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
		return -EINVAL;
	*out = json_object_get_string(value);
	return 0;
}

int varlink_integer(struct json_object *object, const char *member, long long min, long long max, long long *out)
{
	struct json_object *value;
	int rc = member_get(object, member, json_type_int, &value);
	long long n;

	if (rc)
		return rc;
	n = json_object_get_int64(value);
	if (n < min || n > max)
		return -EINVAL;
	*out = n;
	return 0;
}

int varlink_boolean(struct json_object *object, const char *member, bool *out)
{
	struct json_object *value;
	int rc = member_get(object, member, json_type_boolean, &value);

	if (!rc)
		*out = json_object_get_boolean(value);
	return rc;
}

int varlink_array(struct json_object *object, const char *member, struct json_object **out)
{
	return member_get(object, member, json_type_array, out);
}

int varlink_object(struct json_object *object, const char *member, struct json_object **out)
{
	return member_get(object, member, json_type_object, out);
}

/* Owns the value in every case, and keeps the first error, so that callers add all members and check once. */
void varlink_add(struct json_object *object, const char *member, struct json_object *value, int *error)
{
	if (!value)
		return;
	if (object && !*error && !json_object_object_add(object, member, value))
		return;
	varlink_put(value);
	if (!*error)
		*error = -ENOMEM;
}

/* Target names are bytes, while JSON must be UTF-8, and one bad byte must not spoil the whole reply. */
void varlink_add_text(struct json_object *object, const char *member, const char *text, int *error)
{
	cleanup(strbuf_free) struct strbuf b = STRBUF_INIT(0);
	struct json_object *value;
	size_t len = text ? strlen(text) : 0;
	uint32_t c;

	if (!text)
		return;
	for (size_t n; len; text += n ? n : 1, len -= n ? n : 1) {
		n = utf8_decode(text, len, &c);
		if (n)
			strbuf_add(&b, text, n);
		else
			strbuf_puts(&b, "\xef\xbf\xbd");
	}
	value = strbuf_error(&b) ? NULL : json_object_new_string(strbuf_str(&b));
	if (value)
		varlink_add(object, member, value, error);
	else if (!*error)
		*error = -ENOMEM;
	if (b.s)
		mem_wipe(b.s, b.len);
}

void varlink_add_integer(struct json_object *object, const char *member, long long value, int *error)
{
	struct json_object *number = json_object_new_int64(value);

	if (!number && !*error)
		*error = -ENOMEM;
	varlink_add(object, member, number, error);
}

void varlink_add_boolean(struct json_object *object, const char *member, bool value, int *error)
{
	struct json_object *boolean = json_object_new_boolean(value);

	if (!boolean && !*error)
		*error = -ENOMEM;
	varlink_add(object, member, boolean, error);
}

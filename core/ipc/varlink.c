/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The codec: a buffer that splits bytes into messages, and the members of JSON objects.
 *
 * Messages may hold passwords. Every buffer and every string is wiped before it is freed, so nothing here uses realloc().
 */
#include "config.h"
#include "ipc/varlink.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define BUFFER_MIN 512
#define PARSE_PART 65536 /* takes about a millisecond */

/*
 * From this size on a buffer is memory of its own: it grows without a copy, which would take the kernel as long as all of its pages need,
 * and leaves nothing in freed memory.
 */
#define BUFFER_MAPPED (256 * 1024)

static void buffer_release(const struct varlink_buffer *b)
{
	if (b->bytes)
		mem_wipe(b->bytes, b->most); /* no more: for the rest the kernel would first have to find memory */
	if (b->size >= BUFFER_MAPPED)
		munmap(b->bytes, b->size);
	else
		x_free(b->bytes);
}

static int buffer_remap(struct varlink_buffer *b, size_t len)
{
	size_t size = b->size;
	void *bytes;

	while (size - b->end < len)
		size *= 2;
	bytes = mremap(b->bytes, b->size, size, MREMAP_MAYMOVE);
	if (bytes == MAP_FAILED)
		return -ENOMEM;
	b->bytes = bytes;
	b->size = size;
	return 0;
}

static char *buffer_new(size_t size)
{
	void *bytes;

	if (size < BUFFER_MAPPED)
		return x_zalloc(size);
	bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return bytes == MAP_FAILED ? NULL : bytes;
}

/* Makes space for len bytes at the end. */
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
	if (b->size >= BUFFER_MAPPED)
		return buffer_remap(b, len);
	if (size == b->size)
		size *= 2;
	bytes = buffer_new(size);
	if (!bytes)
		return -ENOMEM;
	if (held)
		memcpy(bytes, b->bytes + b->start, held);
	buffer_release(b);
	b->bytes = bytes;
	b->size = size;
	b->start = 0;
	b->end = b->most = held;
	return 0;
}

static void buffer_fill(struct varlink_buffer *b, size_t len)
{
	b->end += len;
	if (b->end > b->most)
		b->most = b->end;
}

int varlink_buffer_add(struct varlink_buffer *b, const void *bytes, size_t len)
{
	int rc = len ? buffer_grow(b, len) : 0;

	if (rc || !len)
		return rc;
	memcpy(b->bytes + b->end, bytes, len);
	buffer_fill(b, len);
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
	buffer_release(b);
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
 * A value in a tree needs some fifty bytes, and two in a message. The limit, which no real call reaches, prevents that a short message
 * needs much memory.
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
	json_parse_stop(&p->json);
}

int varlink_parse_part(struct varlink_parser *p, const char *message, size_t len, struct json_object **out)
{
	struct json_object *object = NULL;
	int rc;

	if (!p->json.at && too_many_objects(message, len))
		return -EBADMSG;
	p->json.depth_max = VARLINK_DEPTH_MAX;
	rc = json_parse_part(&p->json, message, len, PARSE_PART, &object);
	if (!rc && !json_object_is_type(object, json_type_object))
		rc = -EBADMSG;
	if (rc)
		varlink_put(object);
	else
		*out = object;
	return rc;
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
	size_t len = json_print(object, NULL);
	int rc = len > max ? -EMSGSIZE : buffer_grow(b, len + 1);

	if (rc)
		return rc;
	json_print(object, b->bytes + b->end);
	b->bytes[b->end + len] = '\0';
	buffer_fill(b, len + 1);
	return 0;
}

/* What is freed here has one owner in general; where it has two, the other one needs no secret of it. */
void varlink_put(struct json_object *object)
{
	json_object_wipe(object);
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

/* Target names are bytes, while JSON must be UTF-8, and one bad byte must not spoil the whole reply. NULL: no memory. */
static struct json_object *utf8_string(const char *text)
{
	cleanup(strbuf_wipe) struct strbuf b = STRBUF_INIT(0);
	size_t len = strlen(text);
	uint32_t c;

	for (size_t n; len; text += n ? n : 1, len -= n ? n : 1) {
		n = utf8_decode(text, len, &c);
		if (n)
			strbuf_add(&b, text, n);
		else
			strbuf_puts(&b, "\xef\xbf\xbd");
	}
	return strbuf_error(&b) ? NULL : json_object_new_string(strbuf_str(&b));
}

void varlink_add_text(struct json_object *object, const char *member, const char *text, int *error)
{
	struct json_object *value = text ? utf8_string(text) : NULL;

	if (text && !value && !*error)
		*error = -ENOMEM;
	varlink_add(object, member, value, error);
}

void varlink_append_text(struct json_object *array, const char *text, int *error)
{
	struct json_object *value = utf8_string(text);

	if (array && value && !*error && json_object_array_add(array, value) == 0)
		return;
	varlink_put(value);
	if (!*error)
		*error = -ENOMEM;
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

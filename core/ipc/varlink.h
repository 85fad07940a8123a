/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Varlink messages (https://varlink.org): JSON objects on a stream socket, each ended by a NUL byte.
 *
 * The codec shared by server and client; it uses no socket. Every byte is hostile: messages are limited in length and nesting,
 * and must be UTF-8. Memory is wiped before it is freed, because messages may hold passwords.
 */
#ifndef IPC_VARLINK_H
#define IPC_VARLINK_H

#include "ipc/json.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define VARLINK_DEPTH_MAX 16 /* nested objects and arrays */
#define VARLINK_OBJECTS_MAX 4096 /* records or sessions of one call: its reply is written within one turn of the loop */
#define VARLINK_SERVICE "org.varlink.service"

/* Received or unsent bytes: a growing buffer that leaves no copy behind when it moves. */
struct varlink_buffer {
	char *bytes; /* owned */
	size_t start, end, size; /* the content is bytes[start..end) */
	size_t most; /* the largest end so far: no byte behind it was written */
	size_t scanned; /* the first bytes of the content, known to have no NUL */
};

static inline size_t varlink_buffer_len(const struct varlink_buffer *b)
{
	return b->end - b->start;
}
int varlink_buffer_add(struct varlink_buffer *b, const void *bytes, size_t len); /* -ENOMEM: unchanged */
void varlink_buffer_consume(struct varlink_buffer *b, size_t len); /* frees the memory with the last byte */
void varlink_buffer_free(struct varlink_buffer *b);

/*
 * The first complete message: returns its length without the NUL, and *message is valid until the buffer changes (NUL-terminated;
 * consume length + 1). -EAGAIN: the message is not complete yet; -EMSGSIZE: it is longer than max.
 */
ssize_t varlink_next(struct varlink_buffer *b, size_t max, const char **message);

/*
 * Parses one message; free *out by varlink_put(). -EBADMSG when it is not a JSON object, not UTF-8, or nested too deeply;
 * -ENOMEM.
 */
int varlink_parse(const char *message, size_t len, struct json_object **out);
/* Zeroed before the first use. */
struct varlink_parser {
	struct json_parser json;
};
/* The same in parts: -EAGAIN: call it again with the same message, later. After any other result p is as new. */
int varlink_parse_part(struct varlink_parser *p, const char *message, size_t len, struct json_object **out);
void varlink_parse_stop(struct varlink_parser *p);
/* At most how many values the message has: what it will need memory and time for. */
size_t varlink_count(const char *message, size_t len);
/* Appends an object and its NUL. -ENOMEM; -EMSGSIZE when the message would be longer than max. */
int varlink_append(struct varlink_buffer *b, struct json_object *object, size_t max);
/* Wipes every string in an object and frees it; the caller must be its only owner. NULL is accepted. */
void varlink_put(struct json_object *object);

/*
 * Members by name; null counts as absent. 0; -ENOENT when absent; -EINVAL when of another type or out of range. *out is set only
 * on success.
 */
int varlink_string(
	struct json_object *object, const char *member, const char **out); /* without a NUL inside; lives with the object */
int varlink_integer(struct json_object *object, const char *member, long long min, long long max, long long *out);
int varlink_boolean(struct json_object *object, const char *member, bool *out);
int varlink_array(struct json_object *object, const char *member, struct json_object **out); /* borrowed */
int varlink_object(struct json_object *object, const char *member, struct json_object **out); /* borrowed */

/*
 * Adds a member; bytes of a text that are not UTF-8 become U+FFFD. *error keeps the first -ENOMEM of several calls: check it
 * once, after the last. varlink_add() takes ownership of value, also on failure. A NULL text or value adds nothing.
 */
void varlink_add(struct json_object *object, const char *member, struct json_object *value, int *error);
void varlink_add_text(struct json_object *object, const char *member, const char *text, int *error);
void varlink_append_text(struct json_object *array, const char *text, int *error);
void varlink_add_integer(struct json_object *object, const char *member, long long value, int *error);
void varlink_add_boolean(struct json_object *object, const char *member, bool value, int *error);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Varlink messages (https://varlink.org): JSON objects, each ended by a NUL byte, on a stream socket.
 *
 * This is the codec that server and client share. It touches no socket: bytes in, messages out. Every byte is
 * hostile: a message has a bound on its length and its nesting, and must be UTF-8. What is freed here is
 * wiped, for a message may hold passwords.
 */
#ifndef IPC_VARLINK_H
#define IPC_VARLINK_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define VARLINK_DEPTH_MAX 16 /* nested objects and arrays */
#define VARLINK_SERVICE "org.varlink.service"

/* Bytes that are on their way in or out: a growing buffer that leaves no copy behind when it moves. */
struct varlink_buffer {
	char *bytes; /* owned */
	size_t start, end, size; /* what is held is bytes[start..end) */
	size_t scanned; /* so many of them hold no NUL */
};

static inline size_t varlink_buffer_len(const struct varlink_buffer *b)
{
	return b->end - b->start;
}
int varlink_buffer_add(struct varlink_buffer *b, const void *bytes, size_t len); /* -ENOMEM: unchanged */
void varlink_buffer_consume(struct varlink_buffer *b, size_t len); /* the memory goes with the last byte */
void varlink_buffer_free(struct varlink_buffer *b);

/*
 * The first message: its length without the NUL, its bytes in *message until the buffer changes
 * (NUL-terminated; consume length + 1). -EAGAIN: not whole yet; -EMSGSIZE: longer than max.
 */
ssize_t varlink_next(struct varlink_buffer *b, size_t max, const char **message);

/* Parses one message: -EBADMSG when it is no JSON object, not UTF-8 or nested too deep; -ENOMEM.
 * varlink_put(*out). */
int varlink_parse(const char *message, size_t len, struct json_object **out);
/* Appends an object and its NUL. -ENOMEM; -EMSGSIZE when the message would be longer than max. */
int varlink_append(struct varlink_buffer *b, struct json_object *object, size_t max);
/* Wipes every string in an object that the caller alone owns, and gives it up. NULL is nothing. */
void varlink_put(struct json_object *object);

/* Members by name, NULL and absent are the same. 0, -ENOENT when absent, -EINVAL when of another type or out
 * of range; *out is then untouched. */
int varlink_string(
	struct json_object *object, const char *member, const char **out); /* without a NUL inside; lives with the object */
int varlink_integer(struct json_object *object, const char *member, long long min, long long max, long long *out);
int varlink_boolean(struct json_object *object, const char *member, bool *out);
int varlink_array(struct json_object *object, const char *member, struct json_object **out); /* borrowed */
int varlink_object(struct json_object *object, const char *member, struct json_object **out); /* borrowed */

/*
 * Adds a member; what is not UTF-8 in a text becomes U+FFFD. *error keeps the first -ENOMEM of a row of
 * calls: check it once, at the end. varlink_add takes value (also when it fails); a NULL text or value adds
 * nothing.
 */
void varlink_add(struct json_object *object, const char *member, struct json_object *value, int *error);
void varlink_add_text(struct json_object *object, const char *member, const char *text, int *error);
void varlink_add_integer(struct json_object *object, const char *member, long long value, int *error);
void varlink_add_boolean(struct json_object *object, const char *member, bool value, int *error);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON (RFC 8259): texts into trees and back. Every allocation is checked and counted like any other of ours, so that a lack of
 * memory is a result and never the end of the daemon. The names are those of json-c.
 *
 * A tree owns its values. null is a NULL pointer. Strings may hold secrets: they are wiped when they are freed.
 */
#ifndef IPC_JSON_H
#define IPC_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_type {
	json_type_null,
	json_type_boolean,
	json_type_int, /* fits 64 bits */
	json_type_double, /* any other number; its value is not kept */
	json_type_string,
	json_type_array,
	json_type_object,
};

struct json_object;

/* NULL: no memory. */
struct json_object *json_object_new_object(void);
struct json_object *json_object_new_array(void);
struct json_object *json_object_new_string(const char *text); /* UTF-8; copied */
struct json_object *json_object_new_int64(int64_t value);
struct json_object *json_object_new_boolean(bool value);

/* A further owner; each calls json_object_put(), which frees the tree with the last one. NULL is allowed. */
struct json_object *json_object_get(struct json_object *o);
void json_object_put(struct json_object *o);
void json_object_wipe(struct json_object *o); /* every string in it becomes empty */

/* Take ownership of the value on success. A member of that name is replaced. -ENOMEM. */
int json_object_object_add(struct json_object *o, const char *name, struct json_object *value);
int json_object_array_add(struct json_object *o, struct json_object *value);
/* Never fail. The value that was there loses this owner; one that is not there is no error. */
void json_object_object_del(struct json_object *o, const char *name);
void json_object_array_clear_idx(struct json_object *o, size_t index); /* it becomes null */

/* For NULL: null, nothing, 0. Values are borrowed. */
bool json_object_is_type(const struct json_object *o, enum json_type type);
bool json_object_object_get_ex(const struct json_object *o, const char *name, struct json_object **value);
size_t json_object_object_length(const struct json_object *o);
struct json_object *json_object_object_get_idx(const struct json_object *o, size_t index, const char **name);
size_t json_object_array_length(const struct json_object *o);
struct json_object *json_object_array_get_idx(const struct json_object *o, size_t index);
const char *json_object_get_string(const struct json_object *o); /* may have a NUL inside */
size_t json_object_get_string_len(const struct json_object *o);
int64_t json_object_get_int64(const struct json_object *o);
bool json_object_get_boolean(const struct json_object *o);

#define JSON_DEPTH_MAX 16

/* A text that is read in parts. Zeroed but for depth_max: the containers that may be within each other, at most JSON_DEPTH_MAX. */
struct json_parser {
	unsigned depth_max;
	size_t at; /* private from here: the bytes that were read */
	enum { JSON_VALUE, JSON_FIRST, JSON_NAME, JSON_AFTER } expects;
	unsigned depth;
	struct json_object *open[JSON_DEPTH_MAX], *root;
	char *name; /* of the next value */
};

/*
 * Reads one value and white space, and nothing else: about so many bytes (a string is read whole). The text must be the same, and all
 * of it, in each call. -EAGAIN: more is left. After 0, -EBADMSG or -ENOMEM the parser is as new.
 */
int json_parse_part(struct json_parser *p, const char *text, size_t len, size_t part, struct json_object **out);
void json_parse_stop(struct json_parser *p); /* gives up */
/* The same at once. */
int json_parse(const char *text, size_t len, unsigned depth, struct json_object **out);
/* Writes the text without a NUL (to NULL: only counts), and returns its length. */
size_t json_print(const struct json_object *o, char *to);

#endif

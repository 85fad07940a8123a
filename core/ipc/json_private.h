/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of a JSON value, shared by json.c and json_parse.c. */
#ifndef IPC_JSON_PRIVATE_H
#define IPC_JSON_PRIVATE_H

#include "ipc/json.h"

struct json_member {
	char *name; /* owned; NULL in an array */
	struct json_object *value; /* owned; NULL: null */
};

struct json_object {
	enum json_type type;
	unsigned owners;
	int64_t number; /* of an int; of a boolean: 0 or 1 */
	char *text; /* of a string: n bytes and a NUL */
	struct json_member *members; /* of an object or array: n of them */
	size_t n, cap;
};

struct json_object *json_new(enum json_type type); /* NULL: no memory */
/* Takes ownership of name and value on success; does not look for a member of that name. -ENOMEM. */
int json_append(struct json_object *o, char *name, struct json_object *value);

#endif

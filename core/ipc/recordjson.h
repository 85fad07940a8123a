/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record as the type Record of org.miscsi.varlink: what differs from the defaults, and back. */
#ifndef IPC_RECORDJSON_H
#define IPC_RECORDJSON_H

#include "base/err.h"
#include "record/record.h"
#include <json-c/json_object.h>

/* Holds the record's secrets: give it up by varlink_put(). Kept lines go along. -ENOMEM. */
int recordjson_write(const struct record *r, struct json_object **out);

/*
 * The caller frees *out. -EBADMSG when it is no Record at all; -EINVAL when a value is not allowed (err names
 * it); -EOPNOTSUPP when the kind is not a node; -ENOMEM. Unknown settings are kept lines.
 */
int recordjson_read(struct json_object *object, struct record **out, struct err *err);

#endif

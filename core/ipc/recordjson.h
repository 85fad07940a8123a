/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Converts between a record and the type Record of org.miscsi.varlink, which holds the settings that differ from the defaults. */
#ifndef IPC_RECORDJSON_H
#define IPC_RECORDJSON_H

#include "base/err.h"
#include "record/record.h"
#include "ipc/json.h"

/* The object holds the record's secrets: free it by varlink_put(). It includes the lines that the record keeps. -ENOMEM. */
int recordjson_write(const struct record *r, struct json_object **out);

/*
 * The caller frees *out. -EBADMSG when the object is not a Record; -EINVAL when a value is invalid (*err names it); -EOPNOTSUPP
 * when the record is not a node's; -ENOMEM. Unknown settings become kept lines.
 */
int recordjson_read(struct json_object *object, struct record **out, struct err *err);

#endif

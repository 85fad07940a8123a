/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `iscsiadm -m transport` shows: every plugin file that was found, and what it can do or why it was
 * refused. */
#ifndef MODES_TRANSPORT_MODE_H
#define MODES_TRANSPORT_MODE_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

struct plugins;

/* All texts are escaped, one line each, never NULL, and live as long as the list. */
struct transport_mode_info {
	const char *name, *version, *summary;
	uint32_t abi;
	const char *transports; /* kernel transports, ", " between */
	const char *modules; /* kernel modules, likewise */
	const char *capabilities; /* "endpoint, flash nodes, ping" … */
	const char *file; /* "(built in)" for one that is preloaded */
	const char *refused; /* why it is not used; "" when it is. Then only name and file are sure to say
				something. */
};

struct transport_mode_list {
	struct transport_mode_info *rows; /* by name */
	size_t count;
	const char *dirs; /* where was looked, ":" between */
};

/* Opens every plugin there is. An empty list is no error here: the caller says MISCSI_ERR_NO_OBJS_FOUND. */
int transport_mode_list_new(struct plugins *ps, struct transport_mode_list **out, struct err *err);
void transport_mode_list_free(struct transport_mode_list *list);

#endif

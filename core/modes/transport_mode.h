/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `iscsiadm -m transport` shows: every plugin file that was found, with its abilities or the reason why it was refused. */
#ifndef MODES_TRANSPORT_MODE_H
#define MODES_TRANSPORT_MODE_H

#include "base/err.h"
#include "plugin/plugins.h"
#include <stddef.h>

struct transport_mode_list {
	struct plugin_info *rows; /* by name. The list owns the texts; if refused is not "", only name and file are meaningful */
	size_t count, cap;
	const char *dirs; /* the directories searched, ":" between; the plugins' */
};

/* Opens every plugin. An empty list is success. -ENOMEM. */
int transport_mode_list_new(struct plugins *ps, struct transport_mode_list **out, struct err *err);
void transport_mode_list_free(struct transport_mode_list *list);

#endif

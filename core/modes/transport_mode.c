/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `-m transport`: copies what plugins_each() shows for the time of a call, and sorts it. */
#include "modes/transport_mode.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const size_t texts[] = { offsetof(struct plugin_info, name), offsetof(struct plugin_info, version),
	offsetof(struct plugin_info, summary), offsetof(struct plugin_info, transports), offsetof(struct plugin_info, modules),
	offsetof(struct plugin_info, capabilities), offsetof(struct plugin_info, file), offsetof(struct plugin_info, refused) };

static char **text_of(const struct plugin_info *row, size_t i)
{
	return (char **)(uintptr_t)((const char *)row + texts[i]);
}

static int by_plugin_name(const void *a, const void *b)
{
	const struct plugin_info *x = a, *y = b;
	int rc = strcmp(x->name, y->name);

	return rc ? rc : strcmp(x->file, y->file);
}

static int add_plugin(void *arg, const struct plugin_info *info)
{
	struct transport_mode_list *l = arg;
	struct plugin_info *rows = x_grow(l->rows, l->count, &l->cap, sizeof(*rows), 8), *row;

	if (!rows)
		return -ENOMEM;
	l->rows = rows;
	row = &rows[l->count++];
	*row = (struct plugin_info){ .abi = info->abi };
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		*text_of(row, i) = x_strdup(*text_of(info, i));
		if (!*text_of(row, i))
			return -ENOMEM;
	}
	return 0;
}

int transport_mode_list_new(struct plugins *ps, struct transport_mode_list **out, struct err *err)
{
	struct transport_mode_list *l = x_new(struct transport_mode_list);
	int rc = l ? plugins_each(ps, add_plugin, l) : -ENOMEM;

	if (rc < 0) {
		transport_mode_list_free(l);
		return err_sys(err, MISCSI_ERR_NOMEM, -rc, "cannot list the plugins");
	}
	l->dirs = plugins_dirs(ps);
	if (l->count)
		qsort(l->rows, l->count, sizeof(l->rows[0]), by_plugin_name);
	*out = l;
	return 0;
}

void transport_mode_list_free(struct transport_mode_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(texts); k++)
			x_free(*text_of(&list->rows[i], k));
	x_free(list->rows);
	x_free(list);
}

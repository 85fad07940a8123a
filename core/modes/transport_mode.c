/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `-m transport`: the loaded and the refused plugins as data. The list owns its texts. */
#include "modes/transport_mode.h"
#include "base/mem.h"
#include "plugin/plugins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct listing {
	struct transport_mode_list list;
	char *dirs;
};

static int by_plugin_name(const void *a, const void *b)
{
	const struct transport_mode_info *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : strcmp(x->file, y->file);
}

static int add_plugin(void *arg, const struct plugin_info *info)
{
	struct transport_mode_list *l = arg;
	struct transport_mode_info *rows = x_realloc(l->rows, (l->count + 1) * sizeof(*rows));
	struct transport_mode_info *row;
	const char *const from[] = { info->name, info->version, info->summary, info->transports, info->modules,
		info->capabilities, info->file, info->refused };
	const char **to[8];

	if (!rows)
		return -ENOMEM;
	l->rows = rows;
	row = &rows[l->count++];
	memset(row, 0, sizeof(*row));
	row->abi = info->abi;
	to[0] = &row->name;
	to[1] = &row->version;
	to[2] = &row->summary;
	to[3] = &row->transports;
	to[4] = &row->modules;
	to[5] = &row->capabilities;
	to[6] = &row->file;
	to[7] = &row->refused;
	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		*to[i] = x_strdup(from[i]);
		if (!*to[i])
			return -ENOMEM;
	}
	return 0;
}

int transport_mode_list_new(struct plugins *ps, struct transport_mode_list **out, struct err *err)
{
	struct listing *listing = x_new(struct listing);
	int r = listing ? plugins_each(ps, add_plugin, &listing->list) : -ENOMEM;

	if (r == 0) {
		listing->dirs = x_strdup(plugins_dirs(ps));
		listing->list.dirs = listing->dirs;
		r = listing->dirs ? 0 : -ENOMEM;
	}
	if (r < 0) {
		if (listing)
			transport_mode_list_free(&listing->list);
		return err_sys(err, MISCSI_ERR_NOMEM, -r, "cannot list the plugins");
	}
	if (listing->list.count)
		qsort(listing->list.rows, listing->list.count, sizeof(listing->list.rows[0]), by_plugin_name);
	*out = &listing->list;
	return 0;
}

void transport_mode_list_free(struct transport_mode_list *list)
{
	struct listing *listing;

	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++) {
		struct transport_mode_info *row = &list->rows[i];
		const char *const texts[] = { row->name, row->version, row->summary, row->transports, row->modules,
			row->capabilities, row->file, row->refused };

		for (size_t k = 0; k < ARRAY_SIZE(texts); k++)
			x_free((char *)texts[k]);
	}
	listing = container_of(list, struct listing, list);
	x_free(list->rows);
	x_free(listing->dirs);
	x_free(listing);
}

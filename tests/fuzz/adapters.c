/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: files of adapters. Whatever one holds, its rows are sound, each transport comes once, and words are words. */
#include "base/mem.h"
#include "plugin/catalogue.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_word(const char *word, bool may_be_empty)
{
	if ((!*word && !may_be_empty) || strlen(word) >= CATALOGUE_WORD_MAX || strpbrk(word, "/ \t\n\x1b'"))
		abort();
}

static void check_row(const struct list *rows, const struct catalogue_row *row)
{
	const struct miscsi_match *m = &row->match;
	size_t ids = 0, drivers = 0;

	check_word(row->transport, false);
	check_word(row->plugin, false);
	check_word(row->module, true);
	check_word(row->package, true);
	for (; m->pci && m->pci[ids].vendor; ids++)
		if (m->pci[ids].vendor > 0xffff || (m->pci[ids].name && !*m->pci[ids].name))
			abort();
	for (; m->netdev_drivers && m->netdev_drivers[drivers]; drivers++)
		check_word(m->netdev_drivers[drivers], false);
	if (ids != row->pci_count || drivers != row->driver_count || catalogue_find(rows, row->transport) != row)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct list rows = LIST_INIT(rows);
	char *text = x_strndup((const char *)data, size);
	struct catalogue_row *row;

	if (!text || catalogue_parse(&rows, text) < 0)
		abort();
	list_for_each (row, &rows, node)
		check_row(&rows, row);
	catalogue_free(&rows);
	x_free(text);
	return 0;
}

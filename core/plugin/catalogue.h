/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What plugins serve, told by files that stay when a plugin's is not there: every *.adapters in the directories of plugins. So a lack can
 * be named: the adapter, the plugin that would serve it, the package that has it. Made from the plugins' own tables when they are built
 * (plugins/adapters.c). A vendor needs none: it is of use only where the plugin is missing.
 *
 *     transport NAME PLUGIN MODULE PACKAGE      MODULE and PACKAGE may be -
 *     pci VENDOR:DEVICE[:SUBVENDOR:SUBDEVICE] NAME…      of the transport above; hexadecimal, or *
 *     netdev DRIVER
 *
 * Lines of other words, and with # before them, are passed over; so are transports that were told already.
 */
#ifndef PLUGIN_CATALOGUE_H
#define PLUGIN_CATALOGUE_H

#include "base/list.h"
#include <miscsi/plugin.h>
#include <stdbool.h>
#include <stddef.h>

#define CATALOGUE_WORD_MAX 64

struct catalogue_row {
	struct list node;
	struct miscsi_match match; /* what it points to is the row's */
	char transport[CATALOGUE_WORD_MAX], plugin[CATALOGUE_WORD_MAX], module[CATALOGUE_WORD_MAX];
	char package[CATALOGUE_WORD_MAX]; /* "": not told */
	struct miscsi_pci_id *pci; /* ends at vendor 0 */
	char **drivers; /* ends at NULL */
	size_t pci_count, pci_room, driver_count, driver_room;
};

/* Appends the rows of one file's text. -ENOMEM; whatever else is in it is no failure. */
int catalogue_parse(struct list *rows, const char *text);
/* Those of all files in dirs (":" between). -ENOMEM. */
int catalogue_read(struct list *rows, const char *dirs);
void catalogue_free(struct list *rows);
const struct catalogue_row *catalogue_find(const struct list *rows, const char *transport); /* NULL */

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transports that plugins serve, from files that are installed even without the plugins: every *.adapters in the directories of
 * plugins. So a message can name the adapter, the plugin that would serve it, and the package that contains it. The build makes the files
 * from the plugins' tables (plugins/adapters.c). A vendor needs none, since they matter only where the plugin is missing.
 *
 *     transport NAME PLUGIN MODULE PACKAGE      MODULE and PACKAGE may be -
 *     pci VENDOR:DEVICE[:SUBVENDOR:SUBDEVICE] NAME…      of the transport above; hexadecimal, or *
 *     netdev DRIVER
 *
 * Lines with another first word, or with #, are ignored, and so are transports that an earlier file has listed.
 */
#ifndef PLUGIN_CATALOGUE_H
#define PLUGIN_CATALOGUE_H

#include "base/list.h"
#include <miscsi/plugin.h>
#include <stdbool.h>
#include <stddef.h>

#define CATALOGUE_WORD_MAX 64

struct log;

struct catalogue_row {
	struct list node;
	struct miscsi_match match; /* its pointers lead into this row */
	char transport[CATALOGUE_WORD_MAX], plugin[CATALOGUE_WORD_MAX], module[CATALOGUE_WORD_MAX];
	char package[CATALOGUE_WORD_MAX]; /* "": unknown */
	struct miscsi_pci_id *pci; /* ends at vendor 0 */
	char **drivers; /* ends at NULL */
	size_t pci_count, pci_room, driver_count, driver_room;
};

/* Appends the rows of one file's text. -ENOMEM; malformed lines are ignored. */
int catalogue_parse(struct list *rows, const char *text);
/* Those of all files in dirs (":" between). One that others could have written is skipped, and logged. -ENOMEM. */
int catalogue_read(struct list *rows, const char *dirs, const struct log *log);
void catalogue_free(struct list *rows);
const struct catalogue_row *catalogue_find(const struct list *rows, const char *transport); /* NULL */
/* How to install a package on the distribution that os_release ("/etc/os-release") names: "on Fedora: dnf install". Debian's if unknown. */
const char *catalogue_installer(const char *os_release);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of adapters, read word by word. A malformed line is skipped; the rest of the file counts. */
#include "plugin/catalogue.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "plugin/abi.h"
#include "plugin/dirs.h"
#include "plugin/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX ".adapters"
#define FILE_MAX 65536
#define ROWS_MAX 256u
#define IDS_MAX 1024u

/* ---- words ---- */

static char *next_word(char **at)
{
	if (*at)
		*at += strspn(*at, " \t\r");
	return strsep(at, " \t\r");
}

/* A word that is too long, or has other letters, is not cut or cleaned: half a name would be another one. */
static bool copy_word(char to[CATALOGUE_WORD_MAX], const char *word)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+";
	size_t n = word ? strlen(word) : 0;

	if (n == 0 || n >= CATALOGUE_WORD_MAX || strspn(word, letters) != n)
		return false;
	memcpy(to, word, n + 1);
	return true;
}

/* "-" stands for a value that a row does not have, since words are found by their place in the line. */
static bool copy_optional(char to[CATALOGUE_WORD_MAX], const char *word)
{
	if (!word || !*word || strcmp(word, "-") == 0) {
		*to = '\0';
		return true;
	}
	return copy_word(to, word);
}

/* As in a kernel's modalias table: up to four hexadecimal digits, or "*" for any. */
static bool take_id(char **at, uint32_t *out)
{
	const char *text = strsep(at, ":");
	size_t n = text ? strspn(text, "0123456789abcdefABCDEF") : 0;

	*out = MISCSI_PCI_ANY;
	if (!text || strcmp(text, "*") == 0)
		return text != NULL;
	if (n == 0 || n > 4 || text[n])
		return false;
	*out = (uint32_t)strtoul(text, NULL, 16);
	return true;
}

/* ---- lines ---- */

static struct catalogue_row *new_row(struct list *rows, char *at)
{
	struct catalogue_row *row = x_new(struct catalogue_row);

	if (!row)
		return NULL;
	list_init(&row->node);
	row->match.size = sizeof(row->match);
	row->match.transport = row->transport;
	if (!copy_word(row->transport, next_word(&at)) || !copy_word(row->plugin, next_word(&at)) ||
		!copy_optional(row->module, next_word(&at)) || !copy_optional(row->package, next_word(&at)) ||
		!abi_name_ok(row->plugin))
		*row->transport = '\0'; /* it keeps the lines below it away from the row before, and is dropped */
	row->match.module = *row->module ? row->module : NULL;
	list_append(rows, &row->node);
	return row;
}

/* Bounded, as the rows are: a broken file must not take memory without end. */
static int add_pci(struct catalogue_row *row, char *at)
{
	struct miscsi_pci_id *ids, id = { .subvendor = MISCSI_PCI_ANY, .subdevice = MISCSI_PCI_ANY };
	char *numbers = next_word(&at), *name = at ? at + strspn(at, " \t") : NULL;

	if (row->pci_count >= IDS_MAX || !take_id(&numbers, &id.vendor) || id.vendor == 0 || id.vendor == MISCSI_PCI_ANY ||
		!take_id(&numbers, &id.device) ||
		(numbers && (!take_id(&numbers, &id.subvendor) || !take_id(&numbers, &id.subdevice) || numbers)))
		return 0;
	ids = x_grow(row->pci, row->pci_count + 1, &row->pci_room, sizeof(*ids), 8);
	if (!ids)
		return -ENOMEM;
	row->pci = ids;
	row->match.pci = ids;
	memset(&ids[row->pci_count], 0, 2 * sizeof(*ids));
	if (name && *name) {
		id.name = x_strdup(name);
		if (!id.name)
			return -ENOMEM;
	}
	ids[row->pci_count++] = id;
	return 0;
}

/* The array ends at NULL, as the ABI's match table wants it: the row is handed out as one of a plugin's. */
static int add_driver(struct catalogue_row *row, char *at)
{
	char name[CATALOGUE_WORD_MAX], **drivers;

	if (row->driver_count >= IDS_MAX || !copy_word(name, next_word(&at)))
		return 0;
	drivers = x_grow(row->drivers, row->driver_count + 1, &row->driver_room, sizeof(*drivers), 8);
	if (!drivers)
		return -ENOMEM;
	row->drivers = drivers;
	row->match.netdev_drivers = (const char *const *)drivers;
	drivers[row->driver_count + 1] = NULL;
	drivers[row->driver_count] = x_strdup(name);
	return drivers[row->driver_count++] ? 0 : -ENOMEM;
}

/* match and its arrays point into the row, so they end with it. */
static void row_free(struct catalogue_row *row)
{
	list_remove(&row->node);
	for (size_t i = 0; i < row->pci_count; i++)
		x_free((char *)row->pci[i].name);
	for (size_t i = 0; i < row->driver_count; i++)
		x_free(row->drivers[i]);
	x_free(row->pci);
	x_free(row->drivers);
	x_free(row);
}

/* The first file that lists a transport counts, as with plugins. */
static void drop_useless(struct list *rows)
{
	struct catalogue_row *row, *next;

	list_for_each_safe (row, next, rows, node) {
		if (!*row->transport || catalogue_find(rows, row->transport) != row)
			row_free(row);
	}
}

/* Text that this version does not know is skipped line by line, so that a file of a later version still serves. */
int catalogue_parse(struct list *rows, const char *text)
{
	cleanup(x_freep) char *copy = x_strdup(text);
	struct catalogue_row *row = NULL;
	char *at = copy, *line;
	unsigned n = 0;
	int rc = copy ? 0 : -ENOMEM;

	while (rc == 0 && (line = strsep(&at, "\n"))) {
		const char *word = next_word(&line);

		if (word && strcmp(word, "transport") == 0) {
			row = n++ < ROWS_MAX ? new_row(rows, line) : NULL;
			rc = row || n > ROWS_MAX ? 0 : -ENOMEM;
		} else if (row && word && line && strcmp(word, "pci") == 0) {
			rc = add_pci(row, line);
		} else if (row && word && line && strcmp(word, "netdev") == 0) {
			rc = add_driver(row, line);
		}
	}
	drop_useless(rows);
	return rc;
}

/* ---- files ---- */

struct catalogue_files {
	struct list *rows;
	const struct log *log;
};

/*
 * A file that cannot be read is skipped: the catalogue only improves messages, and no transport depends on it. But its text becomes
 * advice that root follows ("apt-get install …"), so it must be as trustworthy as a plugin.
 */
static int read_file(void *arg, const char *dir, unsigned nth, const char *name)
{
	const struct catalogue_files *f = arg;
	cleanup(strbuf_free) struct strbuf path = STRBUF_INIT(PATH_MAX);
	cleanup(x_freep) char *text = NULL;
	char real[PATH_MAX];
	struct err err = ERR_INIT;
	size_t len;
	int rc;

	(void)nth;
	strbuf_printf(&path, "%s/%s", dir, name);
	if (strbuf_error(&path))
		return -ENOMEM;
	if (trust_check(dir, strbuf_str(&path), real, &err) < 0) {
		log_warn(f->log, "plugin", "%s, a list of known plugins, is not used: %s", strbuf_str(&path), err.text);
		return 0;
	}
	rc = file_read(AT_FDCWD, real, FILE_MAX, &text, &len);
	if (rc < 0)
		return rc == -ENOMEM ? rc : 0;
	return catalogue_parse(f->rows, text);
}

int catalogue_read(struct list *rows, const char *dirs, const struct log *log)
{
	return dirs_each_file(dirs, SUFFIX, read_file, &(struct catalogue_files){ rows, log });
}

void catalogue_free(struct list *rows)
{
	struct catalogue_row *row, *next;

	list_for_each_safe (row, next, rows, node)
		row_free(row);
}

const struct catalogue_row *catalogue_find(const struct list *rows, const char *transport)
{
	struct catalogue_row *row;

	list_for_each (row, rows, node) {
		if (strcmp(row->transport, transport) == 0)
			return row;
	}
	return NULL;
}

/* ---- the distribution ---- */

static const struct {
	const char *id, *command; /* ID, or a word of ID_LIKE */
} installers[] = {
	{ "debian", "on Debian, run apt-get install" }, /* the first is that of an unknown distribution */
	{ "fedora", "on Fedora, run dnf install" },
	{ "rhel", "on Red Hat, run dnf install" },
	{ "suse", "on SUSE, run zypper install" },
	{ "arch", "on Arch Linux, run pacman -S" },
};

/* NULL: it names none of them. line: a copy, which is cut into words. */
static const char *installer_of_line(char *line, const char *key)
{
	size_t len = strlen(key);
	char *word;

	if (strncmp(line, key, len) != 0)
		return NULL;
	line += len;
	while ((word = strsep(&line, " \"'")))
		for (size_t i = 0; i < sizeof(installers) / sizeof(installers[0]); i++)
			if (strcmp(word, installers[i].id) == 0)
				return installers[i].command;
	return NULL;
}

const char *catalogue_installer(const char *os_release)
{
	const char *by_id = NULL, *by_like = NULL;
	cleanup(x_freep) char *text = NULL;
	char *at, *line;
	size_t len;

	if (file_read(AT_FDCWD, os_release, FILE_MAX, &text, &len) < 0)
		return installers[0].command;
	at = text;
	while ((line = strsep(&at, "\n"))) {
		by_id = by_id ? by_id : installer_of_line(line, "ID=");
		by_like = by_like ? by_like : installer_of_line(line, "ID_LIKE=");
	}
	return by_id ? by_id : by_like ? by_like : installers[0].command;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directories of plugins, as one text with ":" between them, and the files in them. For this folder alone. */
#ifndef PLUGIN_DIRS_H
#define PLUGIN_DIRS_H

/* Calls fn for each directory, with its number from 0, until it returns non-zero, which is returned. -ENOMEM. */
int dirs_each(const char *dirs, int (*fn)(void *arg, const char *dir, unsigned nth), void *arg);
/* Calls fn for each file whose name ends in suffix, a directory's by name. A directory that cannot be read has none. Else as above. */
int dirs_each_file(
	const char *dirs, const char *suffix, int (*fn)(void *arg, const char *dir, unsigned nth, const char *name), void *arg);

#endif

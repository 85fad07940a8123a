/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files the program may trust: plugins, whose code it runs, and files of adapters. For this folder alone. */
#ifndef PLUGIN_TRUST_H
#define PLUGIN_TRUST_H

#include "base/err.h"
#include <limits.h>

/*
 * Resolves symbolic links, and checks that nobody but root and the caller could have written the file: it, its folder and every folder above belong to
 * one of them, and neither group nor others may write there, but for the
 * own group of a caller who is not root (in a sticky folder above, such as /tmp, nobody can replace the entry of
 * another user, so it passes). dir: the folder in which the file was found; it is checked too. 0 and the real path to open; -EACCES
 * with a text that names the file or folder, and the command that mends it.
 */
int trust_check(const char *dir, const char *file, char real[PATH_MAX], struct err *err);
int trust_check_dir(const char *dir, struct err *err); /* the same for a directory and those above */

#endif

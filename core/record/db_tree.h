/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files and directories below the database's home, by paths relative to it ("nodes/TARGET/…"). For the db files alone.
 *
 * Only the first component may be a symbolic link (an administrator may have moved "nodes"); below that none is followed. All
 * functions return 0, a descriptor, or -errno.
 */
#ifndef RECORD_DB_TREE_H
#define RECORD_DB_TREE_H

#include "base/dir.h"
#include <stdbool.h>
#include <stddef.h>

#define TREE_PATH_MAX 768

int db_tree_open_dir(int home, const char *path, bool make);
/* The directory of path; *base is its last component. */
int db_tree_open_parent(int home, const char *path, bool make, const char **base);

/* The sorted names of a directory; none if it does not exist. The caller calls dir_free(). */
int db_tree_names(int home, const char *path, struct dir *out);

bool db_tree_is_dir(int home, const char *path);
bool db_tree_exists(int home, const char *path);
/* A regular file of at most RECFILE_MAX bytes; *text is x_free()d by the caller. */
int db_tree_read(int home, const char *path, char **text, size_t *len);
/* Whole, at once, durable; directories are made. */
int db_tree_write(int home, const char *path, const char *text, size_t len);
/* A symbolic link; one that is there is replaced unless it is the same. */
int db_tree_link(int home, const char *path, const char *target);
/*
 * Removes a file or link, and the directories above it that are empty then, but for the first component. What is not there is
 * removed.
 */
int db_tree_remove(int home, const char *path);

#endif

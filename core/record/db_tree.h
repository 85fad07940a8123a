/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files and directories below the database's home, by paths relative to it ("nodes/TARGET/…"). For the db files alone.
 *
 * Only the first component may be a symbolic link (an administrator may have moved "nodes"); below that none is followed. All
 * functions return 0, a descriptor that the tree owns (valid until the next call), or -errno.
 */
#ifndef RECORD_DB_TREE_H
#define RECORD_DB_TREE_H

#include "base/dir.h"
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#define TREE_PATH_MAX 768
#define TREE_LEFT 64
#define TREE_TOPS 6 /* nodes, ifaces, send_targets, isns, static, fw */

struct db_tree {
	int home; /* -1: closed */
	int staging; /* -1: not open */
	struct {
		char name[16];
		int fd;
	} tops[TREE_TOPS]; /* directories of the home that were used: kept open */
	unsigned n_tops;
	int left[TREE_LEFT]; /* directories to be closed, many by one call */
	unsigned n_left;
	struct dir known; /* see db_tree_know() */
	bool knows;
	int kept; /* the directory that was used last, often that of the next file; -1 */
	char kept_path[TREE_PATH_MAX];
};

/* Differs from one writing of a file to the next. */
struct db_tree_stamp {
	ino_t inode; /* 0: there is no file */
	struct timespec changed;
};

#define DB_TREE_CLOSED \
	{ \
		.home = -1, .staging = -1, .kept = -1 \
	}

int db_tree_open(struct db_tree *t, const char *home); /* t is DB_TREE_CLOSED */
/* When others may change everything: what was known, and the directories that were kept open. */
void db_tree_forget(struct db_tree *t);
void db_tree_close(struct db_tree *t); /* also for cleanup(db_tree_close) */

/* The sorted names of a directory; none if it does not exist. The caller calls dir_free(). */
int db_tree_names(struct db_tree *t, const char *path, struct dir *out);
bool db_tree_is_dir(struct db_tree *t, const char *path);
bool db_tree_exists(struct db_tree *t, const char *path);
void db_tree_stamp(struct db_tree *t, const char *path, struct db_tree_stamp *out);
/* A regular file of at most RECFILE_MAX bytes; the caller frees *text (x_free). */
int db_tree_read(struct db_tree *t, const char *path, char **text, size_t *len);

/*
 * Reads the names in nodes/ once: until db_tree_know_nothing(), a target that is not among them has no records, and its directories
 * are made without looking for them. For many writes under the lock, before which what they wrote is not read.
 */
int db_tree_know(struct db_tree *t);
void db_tree_know_nothing(struct db_tree *t);

/*
 * Writing, under the lock: a temporary file in one directory for all, then its rename to path, whose directories are made. A
 * killed writer leaves the old file or the new one, and at most temporary files, which db_tree_sweep() removes. Before the lock is
 * given up, db_tree_unstage_all() removes the directory.
 */
void db_tree_sweep(struct db_tree *t);
void db_tree_unstage_all(struct db_tree *t);
int db_tree_stage(struct db_tree *t, const char *text, size_t len, bool sync, char temporary[NAME_MAX + 1]);
int db_tree_publish(struct db_tree *t, const char *temporary, const char *path); /* a failure removes the temporary file */
void db_tree_unstage(struct db_tree *t, const char *temporary);
int db_tree_sync(struct db_tree *t); /* all files that were staged or published */
/* The three steps for one file; durable. */
int db_tree_write(struct db_tree *t, const char *path, const char *text, size_t len);

/* A symbolic link; an existing one is replaced unless it is the same. */
int db_tree_link(struct db_tree *t, const char *path, const char *target);
/* Removes a file or link. Success if it does not exist. */
int db_tree_unlink(struct db_tree *t, const char *path);
/* The same; also removes the directories above it that are empty then, but for the first component. */
int db_tree_remove(struct db_tree *t, const char *path);

#endif

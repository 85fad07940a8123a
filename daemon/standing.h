/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Standing discoveries: iscsid repeats the discoveries whose records have use_discoveryd. Each new portal gets a node record, and a
 * session where node.startup is automatic.
 *
 * The discoveries run on the daemon's loop, a few at a time. What touches the disk of the record database runs in helpers
 * (standing_work.h), so that neither the loop nor a recovery waits for it. What was found last is in a directory in memory, and the
 * next daemon continues from there.
 */
#ifndef DAEMON_STANDING_H
#define DAEMON_STANDING_H

#include "base/err.h"
#include "ipc/service.h"

struct engine;
struct standing;

#define STANDING_MAX 64 /* discoveries */
#define STANDING_AT_ONCE 8 /* that wait for a portal or a server at the same time */

/* The texts must remain valid. */
struct standing_config {
	const struct engine *engine;
	const char *home, *conf, *socket; /* the database, iscsid.conf, and this daemon's socket; NULL: the default */
	const char *dir; /* of what was found; it is made when it is needed */
	/* As that of the manager. */
	int (*identify)(void *arg, const char **name, const char **alias, struct err *err);
	void (*tidy)(void *arg); /* much memory has become free */
	void *arg;
};

int standing_new(const struct standing_config *config, struct standing **out); /* -ENOMEM */
void standing_free(struct standing *s); /* NULL is allowed */

/* Reads the records again; discoveries that are new or changed start at once. Never waits. */
void standing_read(struct standing *s);

/* As service_config.discoveries. */
int standing_each(void *standing, int (*fn)(void *arg, const struct service_discovery *d), void *arg);

#endif

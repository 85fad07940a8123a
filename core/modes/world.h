/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world: what a command works on. The database, sysfs, the daemon, the plugins, who we are.
 *
 * Owned by the program. Each part is opened when it is first asked for and kept: listing sessions loads no
 * plugin, showing records asks no daemon.
 */
#ifndef MODES_WORLD_H
#define MODES_WORLD_H

#include "base/err.h"
#include "base/log.h"
#include "kernel/ktransport.h"
#include "kernel/sysfs.h"
#include "record/db.h"
#include "record/record.h"

struct client;
struct kernel;
struct loop;
struct plugins;
struct worker_pool;

struct world_config {
	const char *home; /* of configuration and database; NULL: the build's */
	const char *sysfs; /* NULL: /sys */
	const char *socket; /* where the daemon listens; NULL: its own places */
	bool may_start; /* the daemon may be started by iscsid.startup */
	const struct log *log;
};

struct world;

/* The strings must stay. -ENOMEM. */
int world_new(const struct world_config *config, struct world **out);
void world_free(struct world *w); /* NULL is nothing */

const struct log *world_log(const struct world *w);
const struct sysfs *world_sysfs(struct world *w); /* closed when there is no sysfs: then nothing is found */
/* Which transport a host has. Loads plugins only for a driver whose name tells nothing. */
const struct ktransport_map *world_map(struct world *w);
int world_db(struct world *w, struct db **out, struct err *err);
/* iscsid.conf. */
int world_conf(struct world *w, const struct record **out, struct err *err);
/* initiatorname.iscsi; alias may be NULL. */
int world_initiator(struct world *w, const char **name, const char **alias, struct err *err);

/*
 * The daemon. When it does not run, it is started by iscsid.startup (root only) and waited for.
 * ISCSID_NOTCONN with the text "can not connect to iSCSI daemon (errno)!".
 */
int world_client(struct world *w, struct client **out, struct err *err);
/* The same for who can do without: never starts it, waits at most timeout_ms. */
int world_client_if_there(struct world *w, unsigned timeout_ms, struct client **out);
/* A descriptor that ends any waiting for the daemon when it is readable; it must outlive the world's client.
 */
void world_set_interrupt(struct world *w, int fd);
/* After a failure of communication: the next asker connects anew. */
void world_client_drop(struct world *w);

/* For what runs in this process: all of it lives as long as the world. */
struct engine {
	struct loop *loop;
	struct worker_pool *workers;
	struct kernel *kernel;
	struct plugins *plugins;
};
int world_engine(struct world *w, const struct engine **out, struct err *err);

/* A new record of the settings in iscsid.conf. */
int world_new_record(struct world *w, enum record_kind kind, struct record **out, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The context of a command: the database, sysfs, the daemon, the plugins, the initiator's name.
 *
 * Owned by the program. Each part is opened when it is first asked for and kept: listing sessions loads no
 * plugin, showing records asks no daemon.
 */
#ifndef MODES_CONTEXT_H
#define MODES_CONTEXT_H

#include "base/err.h"
#include "base/log.h"
#include "kernel/ktransport.h"
#include "kernel/sysfs.h"
#include "link/engine.h"
#include "record/db.h"
#include "record/record.h"

struct client;

struct context_config {
	const char *home; /* of configuration and database; NULL: the build's */
	const char *sysfs; /* NULL: /sys */
	const char *socket; /* where the daemon listens; NULL: its own places */
	bool may_start; /* the daemon may be started by iscsid.startup */
	const struct log *log;
};

struct context;

/* The strings must stay. -ENOMEM. */
int context_new(const struct context_config *config, struct context **out);
void context_free(struct context *ctx); /* NULL is nothing */

const struct log *context_log(const struct context *ctx);
const struct sysfs *context_sysfs(struct context *ctx); /* closed when there is no sysfs: then nothing is found */
/* Which transport a host has. Loads plugins only for a driver whose name tells nothing. */
const struct ktransport_map *context_map(struct context *ctx);
int context_db(struct context *ctx, struct db **out, struct err *err);
/* iscsid.conf. */
int context_conf(struct context *ctx, const struct record **out, struct err *err);
/* initiatorname.iscsi; alias may be NULL. */
int context_initiator(struct context *ctx, const char **name, const char **alias, struct err *err);

/*
 * The daemon. When it does not run, it is started by iscsid.startup (root only) and waited for.
 * ISCSID_NOTCONN with the text "can not connect to iSCSI daemon (errno)!".
 */
int context_client(struct context *ctx, struct client **out, struct err *err);
/* The same for who can do without: never starts it, waits at most timeout_ms. */
int context_client_if_there(struct context *ctx, unsigned timeout_ms, struct client **out);
/* A descriptor that ends any waiting for the daemon when it is readable; it must outlive the context's client.
 */
void context_set_interrupt(struct context *ctx, int fd);
/* After a failure of communication: the next asker connects anew. */
void context_client_drop(struct context *ctx);

/* For what runs in this process. Lives as long as the context. */
int context_engine(struct context *ctx, const struct engine **out, struct err *err);

/* A new record of the settings in iscsid.conf. */
int context_new_record(struct context *ctx, enum record_kind kind, struct record **out, struct err *err);

#endif

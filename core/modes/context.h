/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The context of a command: the database, sysfs, the daemon, the plugins, the initiator's name.
 *
 * Owned by the program. Each part is opened at its first use and stays open: listing sessions loads no plugin, showing records
 * needs no daemon.
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
struct client_session;
struct transport;

struct context_config {
	const char *home; /* directory of the configuration and the database; NULL: those configured at build time */
	const char *conf; /* iscsid.conf; NULL: the one in home */
	bool no_database; /* the database is not written, as in an initramfs */
	const char *sysfs; /* NULL: /sys */
	const char *socket; /* of the daemon; NULL: its default sockets */
	const struct plugins_linked *linked; /* a static program's plugins; NULL: plugins are files */
	bool may_start; /* start the daemon with iscsid.startup if it is not running */
	const struct log *log;
};

struct context;

/* The strings of config must outlive the context. -ENOMEM. */
int context_new(const struct context_config *config, struct context **out);
/* NULL is nothing. false: a plugin's thread hangs in its library; end the program with fflush(NULL) and _exit(). */
bool context_free(struct context *ctx);

const struct log *context_log(const struct context *ctx);
const struct sysfs *context_sysfs(struct context *ctx); /* closed when there is no sysfs: lists are empty then */
/* Maps hosts to their transports. Loads plugins only if the name of a driver does not lead to a transport. */
const struct ktransport_map *context_map(struct context *ctx);
int context_db(struct context *ctx, struct db **out, struct err *err);
bool context_may_write(const struct context *ctx); /* the database */
/* The settings of iscsid.conf. */
int context_conf(struct context *ctx, const struct record **out, struct err *err);
/* initiatorname.iscsi; alias may be NULL. */
int context_initiator(struct context *ctx, const char **name, const char **alias, struct err *err);

/*
 * The connection to the daemon. If the daemon is not running, it is started with iscsid.startup (root only). ISCSID_NOTCONN with
 * the text "can not connect to iSCSI daemon (errno)!".
 */
int context_client(struct context *ctx, struct client **out, struct err *err);
/* The same where the daemon is optional: never starts it, and waits at most timeout_ms. */
int context_client_if_there(struct context *ctx, unsigned timeout_ms, struct client **out);
/* Any wait for the daemon ends when fd is readable. fd must outlive the connection. */
void context_set_interrupt(struct context *ctx, int fd);
/* While a command waits for the daemon or a discovery, tick(arg) is called every second. NULL: none. */
void context_set_tick(struct context *ctx, void (*tick)(void *arg), void *arg);
bool context_tick(struct context *ctx); /* calls it; false: there is none */
/* What the daemon does at the moment: calls fn for each session and login. -errno: it does not answer. */
int context_look(struct context *ctx, unsigned timeout_ms, void (*fn)(void *arg, const struct client_session *s), void *arg);
/* Closes the connection after a communication failure: the next call connects again. */
void context_client_drop(struct context *ctx);

/* For what runs in this process. Lives as long as the context. */
/* The plugin of a transport. TRANS_NOT_FOUND. */
int context_transport(struct context *ctx, const char *name, struct transport **out, struct err *err);
int context_engine(struct context *ctx, const struct engine **out, struct err *err);

/* A new record with the settings of iscsid.conf. */
int context_new_record(struct context *ctx, enum record_kind kind, struct record **out, struct err *err);

#endif

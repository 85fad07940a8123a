/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens the parts of a command's context when they are first needed.
 *
 * That late, because most commands need few of them: a listing must work without a daemon, without root, without plugins, and in
 * a container that lacks half of this.
 */
#include "modes/context.h"

#include "base/loop.h"
#include "base/mem.h"
#include "config.h"
#include "ipc/client.h"
#include "modes/daemon_start.h"
#include "plugin/transport.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * A running daemon accepts a connection at once, unless hundreds of commands connect together. The limit makes sure that a daemon
 * that hangs is reported, before our caller loses patience and kills us.
 */
#define CONNECT_MS 10000
#define STARTED_CONNECT_MS 100
#define WARNINGS_MAX 32

/* Each part is NULL, or closed, until its first use; context_free() accepts every combination. */
struct context {
	struct context_config config;
	struct sysfs sysfs;
	bool sysfs_tried;
	struct ktransport_map map;
	char proc_name[KTRANSPORT_NAME_MAX],
		transport[KTRANSPORT_NAME_MAX]; /* the map's last answer: hosts come in runs of one driver */
	struct recfile_report report;
	uint64_t warned[WARNINGS_MAX]; /* the hashes of the texts */
	size_t warnings;
	struct db *db;
	struct record *conf;
	char *initiator, *alias;
	struct client *client;
	int interrupt; /* -1: none */
	void (*tick)(void *arg); /* NULL: none */
	void *tick_arg;
	struct engine engine;
};

/* A mistake in a file is reported once for each command, however often the file is read, and not more than WARNINGS_MAX. */
static void warn_of_line(void *arg, const char *text)
{
	struct context *ctx = arg;
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (const char *at = text; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 1099511628211u;
	for (size_t i = 0; i < ctx->warnings; i++) {
		if (ctx->warned[i] == hash)
			return;
	}
	if (ctx->warnings < WARNINGS_MAX)
		ctx->warned[ctx->warnings] = hash;
	else if (ctx->warnings > WARNINGS_MAX)
		return;
	log_warn(ctx->config.log, "record", "%s",
		ctx->warnings++ < WARNINGS_MAX ?
			text :
			"further mistakes in configuration files and records are not shown: correct the ones above first");
}

static void report_skipped(void *arg, const char *text)
{
	const struct context *ctx = arg;

	log_err(ctx->config.log, "record", "%s", text);
}

static const char *context_transport_of(void *arg, const char *proc_name);

int context_new(const struct context_config *config, struct context **out)
{
	struct context *ctx = x_new(struct context);

	if (!ctx)
		return -ENOMEM;
	ctx->config = *config;
	ctx->sysfs = (struct sysfs)SYSFS_CLOSED;
	ctx->interrupt = -1;
	ctx->map = (struct ktransport_map){ context_transport_of, ctx };
	ctx->report = (struct recfile_report){ .warn = warn_of_line, .skipped = report_skipped, .arg = ctx };
	*out = ctx;
	return 0;
}

bool context_free(struct context *ctx)
{
	if (!ctx)
		return true;
	context_client_drop(ctx);
	if (!engine_close(&ctx->engine))
		return false;
	db_close(ctx->db);
	record_free(ctx->conf);
	x_free(ctx->initiator);
	x_free(ctx->alias);
	sysfs_close(&ctx->sysfs);
	x_free(ctx);
	return true;
}

const struct log *context_log(const struct context *ctx)
{
	return ctx->config.log;
}

/* Cannot fail: without sysfs, each reader reports that there are no sessions. */
const struct sysfs *context_sysfs(struct context *ctx)
{
	int rc = ctx->sysfs_tried ? 0 : sysfs_open(&ctx->sysfs, ctx->config.sysfs);

	if (rc < 0)
		log_warn(ctx->config.log, "sysfs",
			"cannot open %s, so no sessions and hosts are shown (check that sysfs is mounted there): %s",
			ctx->config.sysfs ? ctx->config.sysfs : "/sys", strerror(-rc));
	ctx->sysfs_tried = true;
	return &ctx->sysfs;
}

/*
 * Only the driver's name (proc_name) leads from a host in sysfs to its transport. It is the transport's name for most drivers,
 * with the prefix "iscsi_" for the software ones; other names are known to the plugins. Plugins are loaded only then, because
 * monitoring lists sessions every minute.
 */
static const char *context_transport_of(void *arg, const char *proc_name)
{
	static const char prefix[] = "iscsi_";
	struct context *ctx = arg;
	const struct engine *e;
	struct transport *t;
	const char *name = proc_name;

	if (!strcmp(proc_name, ctx->proc_name))
		return ctx->transport;
	if (!sysfs_exists(context_sysfs(ctx), "class/iscsi_transport/%s", name) && !strncmp(name, prefix, strlen(prefix)))
		name += strlen(prefix);
	if (!*name || !sysfs_exists(context_sysfs(ctx), "class/iscsi_transport/%s", name)) {
		if (context_engine(ctx, &e, NULL) < 0 || plugins_find_by_proc_name(e->plugins, proc_name, &t, NULL) < 0)
			return NULL;
		name = transport_name(t);
	}
	snprintf(ctx->proc_name, sizeof(ctx->proc_name), "%s", proc_name);
	snprintf(ctx->transport, sizeof(ctx->transport), "%s", name);
	return ctx->transport;
}

const struct ktransport_map *context_map(struct context *ctx)
{
	return &ctx->map;
}

int context_db(struct context *ctx, struct db **out, struct err *err)
{
	bool first = !ctx->db;
	int rc = first ? db_open(ctx->config.home, PACKAGE_VERSION, &ctx->report, &ctx->db, err) : 0;

	if (first && rc >= 0)
		log_info(ctx->config.log, "record", "the record database is in %s", db_home(ctx->db));
	*out = ctx->db;
	return rc;
}

bool context_may_write(const struct context *ctx)
{
	return !ctx->config.no_database;
}

/* The path of a configuration file. They may lie elsewhere than the database (configure --with-databasedir). */
static int config_path(const struct context *ctx, const char *file, char *path, size_t size, struct err *err)
{
	if ((size_t)snprintf(path, size, "%s/%s", ctx->config.home ? ctx->config.home : HOME_DIR, file) >= size)
		return err_set(err, MISCSI_ERR_INVAL,
			"cannot use the configuration directory, because the path of %s in it is longer than %zu bytes: use a "
			"directory with a shorter path",
			file, size - 1);
	return 0;
}

/*
 * The command reads it itself. In 2.1.8 the daemon reads it, so that without a daemon a new record silently lacks the settings of
 * iscsid.conf.
 */
int context_conf(struct context *ctx, const struct record **out, struct err *err)
{
	char path[512];
	int rc = 0;

	if (!ctx->conf) {
		if (!ctx->config.conf)
			rc = config_path(ctx, "iscsid.conf", path, sizeof(path), err);
		if (rc >= 0)
			rc = recfile_conf(ctx->config.conf ? ctx->config.conf : path, &ctx->report, &ctx->conf, err);
	}
	*out = ctx->conf;
	return rc;
}

int context_initiator(struct context *ctx, const char **name, const char **alias, struct err *err)
{
	char path[512];
	int rc = 0;

	if (!ctx->initiator) {
		rc = config_path(ctx, "initiatorname.iscsi", path, sizeof(path), err);
		if (rc >= 0)
			rc = recfile_initiatorname(path, &ctx->initiator, &ctx->alias, err);
	}
	*name = ctx->initiator;
	*alias = ctx->alias;
	return rc;
}

/* For callers to whom the daemon is optional: starts no daemon and reports no error. */
int context_client_if_there(struct context *ctx, unsigned timeout_ms, struct client **out)
{
	int rc = ctx->client ? 0 : client_open(ctx->config.socket, timeout_ms, &ctx->client, NULL);

	if (rc >= 0)
		client_set_interrupt(ctx->client, ctx->interrupt);
	*out = ctx->client;
	return rc;
}

/* Connects to a daemon that was just started. The limit is short, because the call is repeated until the daemon listens. */
static int connect_started_daemon(void *arg)
{
	struct context *ctx = arg;

	return client_open(ctx->config.socket, STARTED_CONNECT_MS, &ctx->client, NULL);
}

/*
 * The message is that of 2.1.8, with its number, because scripts look for it. The daemon is started only if it is not running; a
 * daemon that refuses us or is busy is running.
 */
int context_client(struct context *ctx, struct client **out, struct err *err)
{
	const struct record *conf;
	const char *command = "";
	int rc;

	*out = NULL;
	if (!ctx->client) {
		rc = client_open(ctx->config.socket, CONNECT_MS, &ctx->client, err);
		if (rc < 0 && (!err || err->code == MISCSI_ERR_ISCSID_NOTCONN)) {
			if (rc == -EPERM && err)
				log_warn(ctx->config.log, "daemon", "%s", err->text);
			if (ctx->config.may_start && context_conf(ctx, &conf, NULL) >= 0)
				command = record_str(conf, FIELD_CONF_STARTUP);
			if (!*command || daemon_start(command, ctx->config.log, connect_started_daemon, ctx) < 0)
				return err_set(err, MISCSI_ERR_ISCSID_NOTCONN, "can not connect to iSCSI daemon (%d)!",
					rc == -ENOENT || rc == -ENOTCONN || rc == -EPERM ? ECONNREFUSED : -rc);
			err_clear(err);
			rc = 0;
		}
		if (rc < 0)
			return rc;
		log_info(ctx->config.log, "daemon", "iscsiadm is connected to iscsid");
	}
	client_set_interrupt(ctx->client, ctx->interrupt);
	client_set_tick(ctx->client, ctx->tick, ctx->tick_arg);
	*out = ctx->client;
	return 0;
}

void context_set_interrupt(struct context *ctx, int fd)
{
	ctx->interrupt = fd;
	if (ctx->client)
		client_set_interrupt(ctx->client, fd);
}

void context_set_tick(struct context *ctx, void (*tick)(void *arg), void *arg)
{
	ctx->tick = tick;
	ctx->tick_arg = arg;
	if (ctx->client)
		client_set_tick(ctx->client, tick, arg);
}

bool context_tick(struct context *ctx)
{
	if (ctx->tick)
		ctx->tick(ctx->tick_arg);
	return ctx->tick;
}

/* Over a connection of its own, since that of the command is waiting for a result. */
int context_look(struct context *ctx, unsigned timeout_ms, void (*fn)(void *arg, const struct client_session *s), void *arg)
{
	struct client *client;
	int rc = client_open(ctx->config.socket, timeout_ms, &client, NULL);

	if (rc < 0)
		return rc;
	rc = client_list(client, timeout_ms, fn, arg, NULL);
	client_close(client);
	return rc;
}

/* After a failure, so that the next call opens a new connection instead of reporting the old error. */
void context_client_drop(struct context *ctx)
{
	if (ctx->client)
		client_close(ctx->client);
	ctx->client = NULL;
}

int context_engine(struct context *ctx, const struct engine **out, struct err *err)
{
	const struct record *conf;

	*out = &ctx->engine;
	if (ctx->engine.plugins)
		return 0;
	context_sysfs(ctx);
	ctx->engine.log = ctx->config.log;
	ctx->engine.sysfs = &ctx->sysfs;
	ctx->engine.linked = ctx->config.linked;
	return engine_open(
		&ctx->engine, context_conf(ctx, &conf, NULL) >= 0 && record_int(conf, FIELD_CONF_OFFLOAD_MACVLAN), err);
}

int context_transport(struct context *ctx, const char *name, struct transport **out, struct err *err)
{
	const struct engine *engine;
	int rc = context_engine(ctx, &engine, err);

	return rc < 0 ? rc : plugins_find(engine->plugins, name, out, err);
}

/* The settings of iscsid.conf are copied now: later changes do not affect the record, as the manual explains. */
int context_new_record(struct context *ctx, enum record_kind kind, struct record **out, struct err *err)
{
	cleanup(record_freep) struct record *record = NULL;
	const struct record *conf;
	int rc = context_conf(ctx, &conf, err);

	if (rc < 0)
		return rc;
	record = record_new(kind);
	rc = record ? record_apply(record, conf, 0, err) : err_nomem(err, "a new record");
	if (rc >= 0)
		*out = x_steal(record);
	return rc;
}

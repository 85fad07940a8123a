/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening the parts of a command's world when they are first needed.
 *
 * Late, because most commands need little: a listing must work without a daemon, without root, without
 * a plugin, and in a container where half of this is missing.
 */
#include "modes/world.h"

#include "base/loop.h"
#include "base/mem.h"
#include "base/worker.h"
#include "config.h"
#include "ipc/client.h"
#include "kernel/kernel.h"
#include "modes/daemon_start.h"
#include "plugin/transport.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * A daemon that runs answers a connect at once, unless hundreds of commands come together. A time limit
 * all the same: a daemon that hangs must be told of, not waited for until the caller kills us.
 */
#define CONNECT_MS 10000
#define STARTED_CONNECT_MS 100
#define WORKERS 4

/* Each part is NULL, or closed, until it was asked for; world_free() takes any mixture. */
struct world {
	struct world_config config;
	struct sysfs sysfs;
	bool sysfs_tried;
	struct ktransport_map map;
	char proc_name[KTRANSPORT_NAME_MAX],
		transport[KTRANSPORT_NAME_MAX]; /* the map's last answer: hosts come in runs of one driver */
	struct recfile_report report;
	struct db *db;
	struct record *conf;
	char *initiator, *alias;
	struct client *client;
	int interrupt; /* -1: none */
	struct engine engine;
};

static void doubtful_line(void *arg, const char *text)
{
	const struct world *w = arg;

	/* Not an error: scripts take any text on stderr for a failure. */
	log_warn(w->config.log, "record", "%s", text);
}

static const char *find_transport(void *arg, const char *proc_name);

int world_new(const struct world_config *config, struct world **out)
{
	struct world *w = x_new(struct world);

	if (!w)
		return -ENOMEM;
	w->config = *config;
	w->sysfs = (struct sysfs)SYSFS_CLOSED;
	w->interrupt = -1;
	w->map = (struct ktransport_map){ find_transport, w };
	w->report = (struct recfile_report){ doubtful_line, w };
	*out = w;
	return 0;
}

static void engine_free(struct engine *e)
{
	if (e->plugins)
		plugins_free(e->plugins);
	if (e->kernel)
		kernel_free(e->kernel);
	if (e->workers)
		worker_pool_free(e->workers);
	if (e->loop)
		loop_free(e->loop);
	memset(e, 0, sizeof(*e));
}

void world_free(struct world *w)
{
	if (!w)
		return;
	world_client_drop(w);
	engine_free(&w->engine);
	db_close(w->db);
	record_free(w->conf);
	x_free(w->initiator);
	x_free(w->alias);
	sysfs_close(&w->sysfs);
	x_free(w);
}

const struct log *world_log(const struct world *w)
{
	return w->config.log;
}

/* Without sysfs there are no sessions, which each reader of it says for itself; so this cannot fail. */
const struct sysfs *world_sysfs(struct world *w)
{
	if (!w->sysfs_tried && sysfs_open(&w->sysfs, w->config.sysfs) < 0)
		log_warn(w->config.log, "sysfs", "cannot open %s", w->config.sysfs ? w->config.sysfs : "/sys");
	w->sysfs_tried = true;
	return &w->sysfs;
}

/*
 * Most drivers give SCSI the transport's own name, the software ones "iscsi_" before it. What is named
 * otherwise its plugin knows. Nothing in sysfs leads from a host to its transport but this name.
 * Plugins are loaded for it last, since a listing of sessions is what monitoring runs every minute.
 */
static const char *find_transport(void *arg, const char *proc_name)
{
	static const char prefix[] = "iscsi_";
	struct world *w = arg;
	const struct engine *e;
	struct transport *t;
	const char *name = proc_name;

	if (!strcmp(proc_name, w->proc_name))
		return w->transport;
	if (!sysfs_exists(world_sysfs(w), "class/iscsi_transport/%s", name) && !strncmp(name, prefix, strlen(prefix)))
		name += strlen(prefix);
	if (!*name || !sysfs_exists(world_sysfs(w), "class/iscsi_transport/%s", name)) {
		if (world_engine(w, &e, NULL) < 0 || plugins_find_by_proc_name(e->plugins, proc_name, &t, NULL) < 0)
			return NULL;
		name = transport_name(t);
	}
	snprintf(w->proc_name, sizeof(w->proc_name), "%s", proc_name);
	snprintf(w->transport, sizeof(w->transport), "%s", name);
	return w->transport;
}

const struct ktransport_map *world_map(struct world *w)
{
	return &w->map;
}

int world_db(struct world *w, struct db **out, struct err *err)
{
	int r = w->db ? 0 : db_open(w->config.home, PACKAGE_VERSION, &w->report, &w->db, err);

	*out = w->db;
	return r;
}

/* A file of the configuration, into path. */
static int home_path(struct world *w, const char *file, char *path, size_t size, struct err *err)
{
	struct db *db;
	int r = world_db(w, &db, err);

	if (r < 0)
		return r;
	if ((size_t)snprintf(path, size, "%s/%s", db_home(db), file) >= size)
		return err_set(err, MISCSI_ERR_INVAL, "the name of the configuration's directory is too long");
	return 0;
}

/*
 * Read by the command itself: 2.1.8 asks its daemon, so that without one a new record silently lacks
 * what iscsid.conf says.
 */
int world_conf(struct world *w, const struct record **out, struct err *err)
{
	char path[512];
	int r = 0;

	if (!w->conf) {
		r = home_path(w, "iscsid.conf", path, sizeof(path), err);
		if (r >= 0)
			r = recfile_conf(path, &w->report, &w->conf, err);
	}
	*out = w->conf;
	return r;
}

int world_initiator(struct world *w, const char **name, const char **alias, struct err *err)
{
	char path[512];
	int r = 0;

	if (!w->initiator) {
		r = home_path(w, "initiatorname.iscsi", path, sizeof(path), err);
		if (r >= 0)
			r = recfile_initiatorname(path, &w->initiator, &w->alias, err);
	}
	*name = w->initiator;
	*alias = w->alias;
	return r;
}

/* For those who can do without: starts no daemon, and says nothing. */
int world_client_if_there(struct world *w, unsigned timeout_ms, struct client **out)
{
	int r = w->client ? 0 : client_open(w->config.socket, timeout_ms, &w->client, NULL);

	if (r >= 0)
		client_set_interrupt(w->client, w->interrupt);
	*out = w->client;
	return r;
}

/*
 * Connects to a daemon that was just started, as soon as it listens. A short limit, since it is tried
 * again and again.
 */
static int try_connect(void *arg)
{
	struct world *w = arg;

	return client_open(w->config.socket, STARTED_CONNECT_MS, &w->client, NULL);
}

/*
 * The message is that of 2.1.8, number and all: scripts look for it. Only a daemon that is not there is
 * started; one that refuses us, or is busy, is there.
 */
int world_client(struct world *w, struct client **out, struct err *err)
{
	const struct record *conf;
	const char *command = "";
	int r;

	*out = NULL;
	if (!w->client) {
		r = client_open(w->config.socket, CONNECT_MS, &w->client, err);
		if (r < 0 && (!err || err->code == MISCSI_ERR_ISCSID_NOTCONN)) {
			if (w->config.may_start && world_conf(w, &conf, NULL) >= 0)
				command = record_str(conf, FIELD_CONF_STARTUP);
			if (!*command || daemon_start(command, w->config.log, try_connect, w) < 0)
				return err_set(err, MISCSI_ERR_ISCSID_NOTCONN, "can not connect to iSCSI daemon (%d)!",
					r == -ENOENT || r == -ENOTCONN ? ECONNREFUSED : -r);
			err_clear(err);
			r = 0;
		}
		if (r < 0)
			return r;
	}
	client_set_interrupt(w->client, w->interrupt);
	*out = w->client;
	return 0;
}

void world_set_interrupt(struct world *w, int fd)
{
	w->interrupt = fd;
	if (w->client)
		client_set_interrupt(w->client, fd);
}

/* After a failure, so that the next call begins with a new connection and not with the old cause. */
void world_client_drop(struct world *w)
{
	if (w->client)
		client_close(w->client);
	w->client = NULL;
}

/* In the order in which each stands on the one before; engine_free() goes the other way. */
int world_engine(struct world *w, const struct engine **out, struct err *err)
{
	struct engine *e = &w->engine;
	struct plugins_config config = { .log = w->config.log };
	const struct record *conf;
	int r;

	*out = e;
	if (e->plugins)
		return 0;
	config.macvlan = world_conf(w, &conf, NULL) >= 0 && record_int(conf, FIELD_CONF_OFFLOAD_MACVLAN);
	r = loop_new(&e->loop);
	if (r >= 0)
		r = worker_pool_new(e->loop, WORKERS, &e->workers);
	if (r >= 0)
		r = kernel_new(NULL, NULL, &e->kernel);
	if (r >= 0) {
		world_sysfs(w);
		config.loop = e->loop;
		config.kernel = e->kernel;
		config.sysfs = &w->sysfs;
		config.workers = e->workers;
		r = plugins_new(&config, &e->plugins);
	}
	if (r < 0) {
		engine_free(e);
		return err_sys(err, MISCSI_ERR_INTERNAL, -r, "cannot set up the transports");
	}
	return 0;
}

/*
 * What iscsid.conf says is copied at this moment: later changes of it do not reach a record, as the
 * manual says.
 */
int world_new_record(struct world *w, enum record_kind kind, struct record **out, struct err *err)
{
	const struct record *conf;
	struct record *record;
	int r = world_conf(w, &conf, err);

	if (r < 0)
		return r;
	record = record_new(kind);
	if (!record || record_apply(record, conf, 0) < 0) {
		record_free(record);
		return err_nomem(err, "a record");
	}
	*out = record;
	return 0;
}

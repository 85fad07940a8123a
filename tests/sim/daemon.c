/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iscsid: its parts, put together as daemon/serve.c does. */
#include "config.h"
#include "os.h"
#include "sim.h"
#include "base/worker.h"
#include "ipc/service.h"
#include "kernel/kernel.h"
#include "kernel/scan.h"
#include "link/engine.h"
#include "plugin/plugins.h"
#include "session/adopt.h"
#include "session/manager.h"
#include <errno.h>
#include <miscsi/plugin.h>
#include <string.h>

extern const struct miscsi_plugin tcp_LTX_miscsi_plugin_entry;

static const struct plugins_linked linked[] = {
	{ "tcp_LTX_miscsi_plugin_entry", &tcp_LTX_miscsi_plugin_entry },
	{ NULL, NULL },
};

static const struct service_ops calls = {
	.login = manager_login,
	.logout = manager_logout,
	.logout_unused = manager_logout_unused,
	.logout_id = manager_logout_id,
	.rescan = manager_rescan,
	.forget = manager_forget,
	.each = manager_each,
	.count = manager_count,
	.watch = manager_watch,
	.unwatch = manager_unwatch,
};

static struct {
	struct log log;
	struct sysfs sysfs;
	struct engine engine;
	struct manager *manager;
	struct service *service;
	bool runs; /* its loop */
	bool dead;
	int pid;
} d;

/* A line of level err reports what must not happen, whatever the world does but take its memory away. */
static void write_log(void *arg, enum log_level level, const char *module, const char *text)
{
	(void)arg, (void)module;
	if (d.dead)
		return;
	sim_trace("iscsid: %s", text);
	if (!check_secrets(text, strlen(text)))
		sim_fail("a secret is in the log: %s", text);
	if (level == LOG_LEVEL_ERR && !strstr(text, "no memory") && !strstr(text, " other disks in their places"))
		sim_fail("iscsid logged an error: %s", text);
}

static int identify(void *arg, const char **name, const char **alias, struct err *err)
{
	(void)arg, (void)err;
	*name = "iqn.2026-11.example:host";
	*alias = NULL;
	return 0;
}

static int peer(int fd, uid_t *uid)
{
	(void)fd;
	*uid = 0;
	return 0;
}

static void stop(void *arg)
{
	(void)arg;
	daemon_end(false);
}

/* As engine_open(), with the plugin that is linked in. */
static int open_engine(struct engine *e)
{
	struct plugins_config plugins = { .log = e->log, .sysfs = e->sysfs, .preloaded = linked, .dirs = "/sim/none" };
	int rc = loop_new(&e->loop);

	if (rc == 0)
		rc = worker_pool_new(e->loop, 2, &e->workers);
	if (rc == 0)
		rc = helper_pool_new(e->loop, NULL, &e->helpers);
	if (rc == 0)
		rc = kernel_new(NULL, NULL, &e->kernel);
	plugins.loop = e->loop;
	plugins.kernel = e->kernel;
	plugins.workers = e->workers;
	plugins.helpers = e->helpers;
	if (rc == 0)
		rc = plugins_new(&plugins, &e->plugins);
	if (rc == 0)
		rc = scan_new(e->helpers, OS_SYS, &e->scanner);
	return rc;
}

/* One session in each turn of the loop: what happens between them must do no harm. */
static int adopt(struct err *err)
{
	unsigned adopted;
	int rc;

	while ((rc = adopt_sessions(d.manager, 1, &adopted, err)) > 0 && loop_step(d.engine.loop, 0) >= 0)
		;
	return rc;
}

static int start_parts(struct err *err)
{
	struct manager_config manager = { .engine = &d.engine, .state_dir = OS_RUN, .identify = identify };
	struct service_config service = { .log = &d.log, .ops = &calls, .stop = stop, .peer = peer };
	int rc = sysfs_open(&d.sysfs, OS_SYS);

	if (rc == 0)
		rc = open_engine(&d.engine);
	if (rc == 0)
		rc = manager_new(&manager, &d.manager, err);
	if (rc == 0)
		rc = adopt(err);
	service.loop = d.engine.loop;
	service.manager = d.manager;
	return rc < 0 ? rc : service_new(&service, &d.service);
}

void daemon_reset(void)
{
	memset(&d, 0, sizeof(d));
}

bool daemon_start(void)
{
	struct err err = ERR_INIT;
	int rc;

	d = (__typeof__(d)){ .pid = d.pid + 1 };
	d.log = (struct log){ .level = LOG_LEVEL_DEBUG, .write = write_log };
	if (!sim_chance(5) && !sim_traced())
		d.log.level = LOG_LEVEL_ERR;
	d.sysfs.fd = -1;
	d.engine.log = &d.log;
	d.engine.sysfs = &d.sysfs;
	d.runs = true;
	sim_trace("world: iscsid starts");
	kern_forget_groups();
	rc = start_parts(&err);
	if (rc < 0)
		sim_trace("world: iscsid does not start: %d %s", rc, err.text);
	d.runs = rc == 0 && d.runs;
	return rc == 0;
}

void daemon_run(void)
{
	if (d.runs)
		loop_run(d.engine.loop);
	d.runs = false;
}

void daemon_end(bool killed)
{
	if (!d.runs)
		return;
	d.runs = false;
	d.dead = killed;
	if (d.engine.loop)
		loop_quit(d.engine.loop);
}

void daemon_stop(bool killed)
{
	sim_trace("world: iscsid has ended%s", killed ? ", killed" : "");
	d.runs = false;
	service_free(d.service);
	manager_free(d.manager);
	engine_close(&d.engine);
	sysfs_close(&d.sysfs);
	d.manager = NULL;
	d.service = NULL;
	d.dead = false;
}

bool daemon_dead(void)
{
	return d.dead;
}

int daemon_pid(void)
{
	return d.pid;
}

bool daemon_runs(void)
{
	return d.runs;
}

bool daemon_listens(void)
{
	return d.runs && d.service;
}

struct manager *daemon_manager(void)
{
	return d.manager;
}

int daemon_accept(int fd)
{
	return varlink_server_accept(service_server(d.service), fd);
}

void daemon_wake(void)
{
	if (d.runs)
		manager_wake(d.manager);
}

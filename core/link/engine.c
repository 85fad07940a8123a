/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's parts, each made after those that it uses. */
#include "link/engine.h"
#include "base/loop.h"
#include "base/worker.h"
#include "kernel/kernel.h"
#include "kernel/scan.h"
#include "plugin/transport.h"
#include <errno.h>

#define ENGINE_WORKERS 2
#define STATE_DIRS "/run/miscsi/plugins" /* in memory: a plugin uses its own from an op, whatever disks are lost */

int engine_open(struct engine *e, bool macvlan, struct err *err)
{
	struct plugins_config plugins = { .log = e->log, .sysfs = e->sysfs, .macvlan = macvlan, .state = STATE_DIRS };
	int rc = loop_new(&e->loop);

	if (rc >= 0)
		rc = worker_pool_new(e->loop, ENGINE_WORKERS, &e->workers);
	if (rc >= 0)
		rc = helper_pool_new(e->loop, &e->zygote, &e->helpers);
	if (rc >= 0)
		rc = kernel_new(NULL, NULL, &e->kernel);
	if (e->linked) {
		plugins.preloaded = e->linked;
		plugins.dirs = "";
	}
	plugins.loop = e->loop;
	plugins.kernel = e->kernel;
	plugins.workers = e->workers;
	plugins.helpers = e->helpers;
	if (rc >= 0)
		rc = plugins_new(&plugins, &e->plugins);
	if (rc < 0) {
		engine_close(e);
		return err_sys(err, rc == -ENOMEM ? MISCSI_ERR_NOMEM : MISCSI_ERR_INTERNAL, -rc,
			"cannot start the program's event loop, its helper processes or its plugins");
	}
	return 0;
}

bool engine_close(struct engine *e)
{
	if (!plugins_free(e->plugins)) {
		kernel_free(e->kernel); /* a request that runs may end; the rest goes with the program */
		return false;
	}
	if (e->scanner)
		scan_free(e->scanner);
	if (e->kernel)
		kernel_free(e->kernel);
	if (e->workers)
		worker_pool_free(e->workers);
	helper_pool_free(e->helpers);
	if (e->loop)
		loop_free(e->loop);
	*e = (struct engine){ .log = e->log, .sysfs = e->sysfs, .linked = e->linked };
	return true;
}

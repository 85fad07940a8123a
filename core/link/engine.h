/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine: what everything that reaches a target stands on. The daemon and a command each make one and pass it down. */
#ifndef LINK_ENGINE_H
#define LINK_ENGINE_H

#include "base/err.h"
#include "base/log.h"
#include "kernel/sysfs.h"
#include <stdbool.h>

struct kernel;
struct loop;
struct plugins;
struct scanner;
struct worker_pool;

struct engine {
	const struct log *log;
	struct sysfs *sysfs; /* its maker's, like the log */
	struct loop *loop;
	struct worker_pool *workers; /* for host names and kernel modules */
	struct worker_pool *readers; /* for files with secrets: a dead disk may block these threads, so nothing else uses them */
	struct kernel *kernel;
	struct plugins *plugins;
	struct scanner *scanner; /* the daemon makes it; NULL: this program scans no host */
};

/* Makes the loop and what follows it; log and sysfs are set before. macvlan: iscsid.offload_macvlan. After a failure there is nothing to close. -errno. */
int engine_open(struct engine *e, bool macvlan, struct err *err);
/* What uses a part of it must be gone. Harmless when it was never opened. */
void engine_close(struct engine *e);

#endif

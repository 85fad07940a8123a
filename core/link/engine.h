/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine: the loop, log, workers, kernel, sysfs and plugins that link, discovery and session use. The daemon and a command
 * each make one and pass it down.
 */
#ifndef LINK_ENGINE_H
#define LINK_ENGINE_H

#include "base/err.h"
#include "base/helper.h"
#include "base/log.h"
#include "kernel/sysfs.h"
#include <stdbool.h>

struct kernel;
struct loop;
struct plugins;
struct plugins_linked;
struct scanner;
struct worker_pool;

struct engine {
	const struct log *log;
	struct sysfs *sysfs; /* owned by the caller of engine_open(), like the log */
	const struct plugins_linked
		*linked; /* the caller's: plugins inside the program, which then reads none from files; may be NULL */
	struct helper_zygote zygote; /* the caller's, until engine_open(); may be zero */
	struct loop *loop;
	struct worker_pool *workers; /* for what adapters need before a connect */
	struct helper_pool *helpers; /* for what may hang: host names, files with secrets, kernel modules, scans */
	struct kernel *kernel;
	struct plugins *plugins;
	struct scanner *scanner; /* made by the daemon; NULL: this program does not scan hosts */
};

/*
 * Makes the loop and the members after it; the caller has set log, sysfs, linked and zygote. macvlan: iscsid.offload_macvlan. Closes all again
 * after a failure. -errno.
 */
int engine_open(struct engine *e, bool macvlan, struct err *err);
/*
 * All users of its parts must be freed before. An engine that was never opened is allowed. false: a plugin's thread hangs in its
 * library; the program must end with _exit().
 */
bool engine_close(struct engine *e);

#endif

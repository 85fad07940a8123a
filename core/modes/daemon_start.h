/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the daemon by the command that iscsid.conf names (iscsid.startup), for systems where nothing else
 * starts it. */
#ifndef MODES_DAEMON_START_H
#define MODES_DAEMON_START_H

#include "base/log.h"

#define DAEMON_START_MS 10000 /* it must listen by then */

/*
 * Runs the command, split at blanks, without a shell, and calls connected() until it gives 0, or the command
 * fails, or the time is up. Root only: -EPERM. -ETIMEDOUT, -EINVAL for a command that is no absolute path,
 * -errno. Blocks.
 */
int daemon_start(const char *command, const struct log *log, int (*connected)(void *arg), void *arg);

#endif

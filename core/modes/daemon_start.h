/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts the daemon with the command in iscsid.conf (iscsid.startup), for systems without a service manager. */
#ifndef MODES_DAEMON_START_H
#define MODES_DAEMON_START_H

#include "base/log.h"

#define DAEMON_START_MS 10000 /* the daemon must accept connections within this time */

/*
 * Runs the command, split at blanks, without a shell. Then calls connected() until it returns 0, the command fails, or the time
 * is up. Blocks. -EPERM unless root; -EINVAL when the command is not an absolute path; -ETIMEDOUT; -errno.
 */
int daemon_start(const char *command, const struct log *log, int (*connected)(void *arg), void *arg);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a session's disks are in use: for a logout that is to be safe. */
#ifndef SESSION_IN_USE_H
#define SESSION_IN_USE_H

#include "base/err.h"
#include "kernel/sysfs.h"

/*
 * Is a disk of the session, or a partition of one, mounted in any mount namespace that this process may see, swap space, or part of
 * another device? Then *err (BUSY) names it and its user; likewise when that cannot be found out. proc: where procfs is ("/proc").
 */
bool in_use_session(const struct sysfs *sysfs, const char *proc, uint32_t host_no, uint32_t sid, struct err *err);

#endif

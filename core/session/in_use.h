/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks whether a session's disks are in use, for a safe logout. */
#ifndef SESSION_IN_USE_H
#define SESSION_IN_USE_H

#include "base/err.h"
#include "kernel/sysfs.h"

/*
 * Returns true if a disk of the session, or a partition of one, is mounted in any mount namespace that this process may see, is
 * swap space, or is part of another device, or if that cannot be determined. *err (BUSY) then names the disk and its use, or the
 * reason. proc: the mount point of procfs ("/proc").
 */
bool in_use_session(const struct sysfs *sysfs, const char *proc, uint32_t host_no, uint32_t sid, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks whether a session's disks are in use, for a safe logout. */
#ifndef SESSION_IN_USE_H
#define SESSION_IN_USE_H

#include "base/err.h"
#include "kernel/sysfs.h"

/*
 * Loads what the check needs, and keeps it loaded: a daemon calls it at its start, since the disk with the library may be gone when
 * a logout is asked for. Blocks. BUSY: the check will find every disk in use, for the reason in *err.
 */
int in_use_load(const char *proc, struct err *err);

/*
 * Returns true if a disk of the session, or a partition of one, is mounted in any mount namespace that this process may see, is
 * swap space, or is part of another device, or if that cannot be determined. *err (BUSY) then names the disk and its use, or the
 * reason. proc: the mount point of procfs ("/proc").
 */
bool in_use_session(const struct sysfs *sysfs, const char *proc, uint32_t host_no, uint32_t sid, struct err *err);

#endif

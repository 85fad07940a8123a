/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who uses a session's disks: for a logout that is to be safe. */
#ifndef SESSION_IN_USE_H
#define SESSION_IN_USE_H

#include "base/err.h"
#include "kernel/sysfs.h"

/* Is a device of it mounted, swapped on, or part of another device? Then *err (BUSY) names it and its user. */
bool in_use_session(const struct sysfs *sysfs, uint32_t host_no, uint32_t sid, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Path requests (107): drivers that send by themselves ask which way, and wait for the answer. Owned by the manager. */
#ifndef SESSION_PATHS_H
#define SESSION_PATHS_H

#include "kernel/iscsi_if.h"

struct manager;

#define PATHS_MAX 256 /* under way at once; more are refused at once */

/* Always answered, by a PATH_UPDATE whose MAC is zero when there is no path. A request of a host that no plugin serves is left alone. */
void paths_ask(struct manager *m, uint32_t host_no, const struct iscsi_path *path);
/* The manager ends: those under way are dropped; their drivers time out. */
void paths_drop(struct manager *m);

#endif

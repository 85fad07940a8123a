/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks whether a session's disks are in use, for a safe logout. */
#ifndef SESSION_IN_USE_H
#define SESSION_IN_USE_H

#include "base/loop.h"
#include "kernel/openers.h"
#include "kernel/sysfs.h"

struct in_use_ways {
	const struct sysfs *sysfs;
	const char *proc; /* the mount point of procfs */
	int (*claim)(const struct openers_device *d, struct err *err); /* openers_claim(), or a test's */
};

/*
 * Returns true if a disk of the session, or a partition of one, is mounted in any mount namespace that this process may see, is
 * swap space, is part of another device, is claimed or open in a process, or if that cannot be determined. *err (BUSY) then names the
 * disk and its use, or the reason. May block for as long as the target does not answer: in_use_look() calls it in a helper.
 */
bool in_use_session(const struct in_use_ways *ways, uint32_t host_no, uint32_t sid, struct err *err);

struct helper_pool;
struct in_use_look; /* one check under way */

/*
 * The same in a helper. done() is called once, from the loop: used false, or true with the reason in *err. It is also called ten
 * seconds after the check has begun, and a minute after this call if it has not: what cannot be looked at counts as in use. -ENOMEM: done() is not called.
 */
int in_use_look(struct loop *loop, struct helper_pool *helpers, uint32_t host_no, uint32_t sid,
	void (*done)(void *arg, bool used, const struct err *err), void *arg, struct in_use_look **out);
void in_use_cancel(struct in_use_look **slot); /* done() is no longer called; NULL is allowed */

#endif

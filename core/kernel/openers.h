/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What holds a device open: whatever has claimed it for itself (mounts of any namespace, swap space, device mapper, md, btrfs, ZFS …),
 * and the processes that have opened it without a claim (databases, emulators, dd).
 *
 * Opening a disk may wait for its target, without a limit: call openers_claim() in a helper.
 */
#ifndef KERNEL_OPENERS_H
#define KERNEL_OPENERS_H

#include "base/err.h"
#include "kernel/sysfs.h"
#include <sys/types.h>

/* How the message begins when a check fails: what cannot be looked at counts as in use. */
#define OPENERS_UNKNOWN "the disks count as in use (--force logs out all the same), because "

struct openers_device {
	char name[40]; /* the kernel's: "sda1", "sg3" */
	dev_t number;
	bool character; /* sg */
};

/*
 * Claims the block device for a moment. 0: nothing else has claimed it; otherwise -errno, with the name and the reason in *err (BUSY):
 * -EBUSY: it is claimed; other: that cannot be determined.
 */
int openers_claim(const struct openers_device *d, struct err *err);
/*
 * Looks through the open files of all processes but this one, and through the loop devices. 0: none of the devices is open; otherwise
 * -errno, with the name and the process in *err (BUSY): -EBUSY: one is open; other: that cannot be determined. proc: "/proc".
 */
int openers_find(const char *proc, const struct sysfs *sysfs, const struct openers_device *devices, size_t n, struct err *err);

#endif

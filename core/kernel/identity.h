/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The identity of logical units: whether a session that was restored has the same disks as before.
 *
 * The kernel keeps each device's pages 83h (device identification) and 80h (serial number) as they were when the device was scanned
 * last. They are compared with the target's before I/O is resumed (session/conn_check.c), and by a rescan afterwards.
 */
#ifndef KERNEL_IDENTITY_H
#define KERNEL_IDENTITY_H

#include "kernel/sysfs.h"
#include <stdbool.h>

#define IDENTITY_KINDS 5
#define IDENTITY_NAMES 4 /* of a kind that are kept; firmware may add one, or drop one */

struct identity_names {
	uint64_t hash[IDENTITY_NAMES];
	uint32_t n; /* all of them; those beyond IDENTITY_NAMES are not known */
};

struct identity {
	struct identity_names unit[IDENTITY_KINDS]; /* of the designators of the logical unit in page 83h, by kind */
	uint64_t serial; /* of page 80h; 0: none */
	char text[80]; /* the most exact of them, e.g. "naa.6001405…"; "": none */
};

/*
 * Without a target's ports and their groups, which differ from one path to another. Invalid pages are as none, and so are those of a
 * unit that is not there: peripheral qualifier other than 0, or device type 1Fh, also of an array that is starting.
 */
void identity_parse(struct identity *out, const void *page83, size_t len83, const void *page80, size_t len80);
/* Reads the kernel's, by the device's directory in sysfs. A page that the device does not have is as none. -ENOMEM, -EMFILE. */
int identity_read(const struct sysfs *device, struct identity *out);
bool identity_is_none(const struct identity *i);
enum identity_verdict { IDENTITY_UNKNOWN, IDENTITY_SAME, IDENTITY_OTHER };

/*
 * Designators that are unique in the world: SAME if the units have one in common, OTHER if both have some of one kind, and none in common.
 * Where that does not decide: the serial number, if both have one. The T10 vendor ID is a text that new firmware may change, and that
 * targets return for LUNs without a unit: it counts only if neither has anything else.
 */
enum identity_verdict identity_compare(const struct identity *was, const struct identity *is);
/* Page 83h alone decides. */
bool identity_decides(const struct identity *was, const struct identity *is);

/*
 * The devices that are others now, each with its old and its new identity, and those of which that is not known. Without pointers: it passes
 * between processes.
 */
struct identity_report {
	uint32_t checked, changed, unknown;
	char text[1024]; /* whole entries only: "sdb (LUN 0) was naa.1, is naa.2", separated by "; " */
	char unknown_text[512]; /* the same: "sdb (LUN 0)" */
};

void identity_report_change(
	struct identity_report *out, const char *name, uint64_t lun, const struct identity *was, const struct identity *is);

/*
 * Checks a device by its directory in sysfs, adds to the report, and sets it offline if it is another now. The unit itself is asked
 * (kernel/bsg.h; address: "2:0:0:10"): a rescan by the kernel, which takes the place of that where there is no /dev/bsg, keeps the old pages of a
 * unit that does not return them. A device that is the same is rescanned. Waits for the target; to be called where that does no harm.
 * -errno: the device could not be rescanned.
 */
int identity_verify(const struct sysfs *device, const char *address, const char *name, uint64_t lun, struct identity_report *out);

#endif

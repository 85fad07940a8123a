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

struct identity {
	uint64_t unit[IDENTITY_KINDS]; /* of the designators of the logical unit in page 83h, by kind; 0: none */
	uint64_t serial; /* of page 80h; 0: none */
	char text[80]; /* the most exact of them, e.g. "naa.6001405…"; "": none */
};

/* Without a target's ports and their groups, which differ from one path to another. Invalid pages are as none. */
void identity_parse(struct identity *out, const void *page83, size_t len83, const void *page80, size_t len80);
/* Reads the kernel's, by the device's directory in sysfs. A page that the device does not have is as none. -ENOMEM, -EMFILE. */
int identity_read(const struct sysfs *device, struct identity *out);
bool identity_is_none(const struct identity *i);
/* Page 83h alone decides: both have a designator that is unique in the world. */
bool identity_decides(const struct identity *a, const struct identity *b);
/*
 * The most exact kind of designator that both have is another. If they have none in common but the T10 vendor ID, which is a text that
 * new firmware may change: the serial number is another, or without one that ID.
 */
bool identity_differs(const struct identity *a, const struct identity *b);

/* The devices that are others now, each with its old and its new identity. Without pointers: it passes between processes. */
struct identity_report {
	uint32_t checked, changed;
	char text[1024]; /* whole entries only: "sdb (LUN 0) was naa.1, is naa.2", separated by "; " */
};

void identity_report_change(
	struct identity_report *out, const char *name, uint64_t lun, const struct identity *was, const struct identity *is);

/*
 * Checks a device by its directory in sysfs, adds to the report, and sets it offline if it is another now. Waits for the target; to
 * be called where that does no harm. -errno: it could not be rescanned.
 */
int identity_verify(const struct sysfs *device, const char *name, uint64_t lun, struct identity_report *out);

#endif

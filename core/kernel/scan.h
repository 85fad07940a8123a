/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SCSI scans, and the devices of a session.
 *
 * A scan is a write to sysfs that lasts as long as the target takes, and cannot be stopped: it runs in a helper process.
 */
#ifndef KERNEL_SCAN_H
#define KERNEL_SCAN_H

#include "kernel/identity.h"
#include "kernel/sysfs.h"

struct helper_pool;
struct scan_device;
struct scanner;
struct scan;

/* root: of sysfs, for the helpers; NULL: /sys. -ENOMEM. */
int scan_new(struct helper_pool *helpers, const char *root, struct scanner **out);
/* Never waits. done() of no scan is called. Before helper_pool_free(). */
void scan_free(struct scanner *sc);

typedef void (*scan_done_fn)(int status, void *arg);
#define SCAN_ALL UINT32_MAX
#define SCAN_LUN_ALL UINT64_MAX

/*
 * Scans for new devices of a host: channel, target, LUN, each a number or SCAN_ALL. done(): 0 or -errno. The
 * kernel scans only a session that is LOGGED_IN. *out (may be NULL) is for scan_cancel() and ends with
 * done().
 */
int scan_host(struct scanner *sc, uint32_t host_no, uint32_t channel, uint32_t target, uint64_t lun, scan_done_fn done, void *arg,
	struct scan **out);
/* Reads the size of each of the session's devices again, then scans for new ones. */
int scan_session_again(struct scanner *sc, uint32_t host_no, uint32_t sid, scan_done_fn done, void *arg, struct scan **out);
/*
 * Checks that each of the session's devices is the same as when it was scanned last (identity.h), and sets others offline. report
 * NULL: nothing was checked, and status is -errno.
 */
typedef void (*scan_verified_fn)(int status, const struct identity_report *report, void *arg);
int scan_verify(struct scanner *sc, uint32_t host_no, uint32_t sid, scan_verified_fn done, void *arg, struct scan **out);
/* Removes a device from the system: what waits for it fails, also while the kernel holds the session's I/O back. */
int scan_remove(struct scanner *sc, uint32_t host_no, uint32_t sid, const struct scan_device *d, scan_done_fn done, void *arg,
	struct scan **out);
/* done() will not be called. */
void scan_cancel(struct scan *scan);

/* The same, in the calling thread: for programs that may block. 0 or -errno. */
int scan_host_wait(const struct sysfs *s, uint32_t host_no, uint32_t channel, uint32_t target, uint64_t lun);
int scan_session_again_wait(const struct sysfs *s, uint32_t host_no, uint32_t sid);

struct scan_device {
	uint32_t channel, target;
	uint64_t lun;
	char state[32]; /* "running"; "" when not shown */
	char block[32]; /* "sda"; "" if it is not a disk, or not attached yet */
};

/* The identity that the kernel got when it scanned the device last. -ENOENT: the device is gone. */
int scan_device_identity(
	const struct sysfs *s, uint32_t host_no, uint32_t sid, const struct scan_device *d, struct identity *out);

/* Nothing is sent to it any more, although its removal may not be over: that waits for its users. */
bool scan_device_is_gone(const struct sysfs *s, uint32_t host_no, uint32_t sid, const struct scan_device *d);

struct scan_devices {
	struct scan_device *dev; /* by channel, target, LUN as numbers */
	size_t n, cap;
};

/* Lists the devices attached to a session. An empty list is success. Call scan_devices_free() in any case. */
int scan_devices(const struct sysfs *s, uint32_t host_no, uint32_t sid, struct scan_devices *out);
void scan_devices_free(struct scan_devices *d); /* usable as cleanup(scan_devices_free) */

#endif

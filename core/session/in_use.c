/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who uses a session's disks: for a logout that is to be safe. */
#include "session/in_use.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "kernel/scan.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define MOUNTS_MAX (4u << 20)

/* The mount point of a device (its number as "8:16") in the text of /proc/self/mountinfo, into where; false: not mounted. */
static bool mounted(const char *mounts, const char *number, char *where, size_t size)
{
	char device[32], point[256];

	for (const char *line = mounts; line && *line; line = strchr(line, '\n'), line += line != NULL)
		if (sscanf(line, "%*u %*u %31s %*s %255s", device, point) == 2 && strcmp(device, number) == 0) {
			str_escape(where, size, point, strlen(point));
			return true;
		}
	return false;
}

struct use {
	const struct sysfs *sysfs;
	char *mounts, *swaps;
	struct err *err;
};

/* A disk or a partition: path below /sys/class/block. */
static bool device_used(const struct use *u, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	struct sysfs_list holders = { 0 };
	char number[32], where[300], swap[64];
	bool used = false;

	if (sysfs_list(u->sysfs, &holders, SYSFS_BY_NAME, "", "class/block/%s/holders", path) == 0 && holders.n) {
		err_set(u->err, MISCSI_ERR_BUSY, "%s is part of %s", name, holders.names[0]);
		used = true;
	}
	sysfs_list_free(&holders);
	if (!used && sysfs_read(u->sysfs, number, sizeof(number), "class/block/%s/dev", path) == 0 &&
		mounted(u->mounts, number, where, sizeof(where))) {
		err_set(u->err, MISCSI_ERR_BUSY, "%s is mounted on %s", name, where);
		used = true;
	}
	snprintf(swap, sizeof(swap), "/dev/%.40s ", name);
	if (!used && u->swaps && strstr(u->swaps, swap)) {
		err_set(u->err, MISCSI_ERR_BUSY, "%s is swap space", name);
		used = true;
	}
	return used;
}

static bool disk_used(const struct use *u, const char *disk)
{
	struct sysfs_list parts = { 0 };
	bool used = device_used(u, disk);
	char path[80];

	if (!used && sysfs_list(u->sysfs, &parts, SYSFS_BY_NAME, disk, "class/block/%s", disk) == 0)
		for (size_t i = 0; i < parts.n && !used; i++) {
			snprintf(path, sizeof(path), "%.32s/%.40s", disk, parts.names[i]);
			used = device_used(u, path);
		}
	sysfs_list_free(&parts);
	return used;
}

bool in_use_session(const struct sysfs *sysfs, uint32_t host_no, uint32_t sid, struct err *err)
{
	struct use use = { .sysfs = sysfs, .err = err };
	struct scan_devices devices = { 0 };
	bool used = false;
	size_t len;

	if (file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTS_MAX, &use.mounts, &len) < 0)
		use.mounts = NULL;
	if (file_read(AT_FDCWD, "/proc/swaps", MOUNTS_MAX, &use.swaps, &len) < 0)
		use.swaps = NULL;
	if (scan_devices(sysfs, host_no, sid, &devices) == 0)
		for (size_t i = 0; i < devices.n && !used; i++)
			used = *devices.dev[i].block && disk_used(&use, devices.dev[i].block);
	scan_devices_free(&devices);
	x_free(use.mounts);
	x_free(use.swaps);
	return used;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transports that the kernel has registered. */
#include "config.h"
#include "kernel/ktransport.h"
#include "base/strbuf.h"
#include <errno.h>
#include <string.h>

/* A name that is put into a path: of the letters that drivers use. */
static int is_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return n && n < KTRANSPORT_NAME_MAX && !name[n];
}

#ifdef __i386__
#define BUILT_FOR_I386 true
#else
#define BUILT_FOR_I386 false
#endif

bool ktransport_layout_fits(bool built_for_i386, uint64_t handle)
{
	return !built_for_i386 || handle > UINT32_MAX;
}

/* Never kept: it is a pointer of the kernel's and changes whenever the module is loaded anew. Readable by root alone. */
int ktransport_handle(const struct sysfs *s, const char *name, uint64_t *out, struct err *err)
{
	char shown[64];
	int rc = is_name(name) ? sysfs_read_u64(s, out, "class/iscsi_transport/%s/handle", name) : -ENOENT;

	if (!rc && ktransport_layout_fits(BUILT_FOR_I386, *out))
		return 0;
	if (!rc)
		return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND,
			"this 32-bit program cannot use the iSCSI interface of a 32-bit x86 kernel: boot a 64-bit kernel");
	str_escape(shown, sizeof(shown), name, strlen(name));
	if (rc == -ENOENT)
		return err_set(err, MISCSI_ERR_TRANS_NOT_FOUND,
			"the kernel has no iSCSI transport %s: load its driver by modprobe, or look in the kernel's log "
			"('dmesg') why the driver does not work",
			shown);
	return err_sys(err, rc == -EACCES || rc == -EPERM ? MISCSI_ERR_ACCESS : MISCSI_ERR_SYSFS_LOOKUP, -rc,
		"cannot read /sys/class/iscsi_transport/%s/handle", shown);
}

int ktransport_list(const struct sysfs *s, struct dir *out)
{
	return sysfs_list(s, out, SYSFS_BY_NAME, "", "class/iscsi_transport");
}

/*
 * A request with one driver's handle and another's host makes the first work on the second's memory: so a host's transport is
 * found out from the host, and never taken from a record.
 */
int ktransport_of_host(const struct sysfs *s, const struct ktransport_map *map, uint32_t host_no, char buf[KTRANSPORT_NAME_MAX])
{
	char proc_name[KTRANSPORT_NAME_MAX];
	const char *name = NULL;
	int rc;

	buf[0] = '\0';
	rc = sysfs_read(s, proc_name, sizeof(proc_name), "class/scsi_host/host%u/proc_name", host_no);
	if (rc)
		return rc;
	if (map && map->transport)
		name = map->transport(map->arg, proc_name);
	if (!name && is_name(proc_name) && sysfs_exists(s, "class/iscsi_transport/%s", proc_name))
		name = proc_name;
	if (!name || strlen(name) >= KTRANSPORT_NAME_MAX)
		return -ENOENT;
	strcpy(buf, name);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transports that the kernel has registered: their handles, and the transport of a SCSI host. */
#ifndef KERNEL_KTRANSPORT_H
#define KERNEL_KTRANSPORT_H

#include "base/err.h"
#include "kernel/sysfs.h"
#include <stdbool.h>

#define KTRANSPORT_NAME_MAX 32

/*
 * Reads the handle that identifies the transport in requests. It changes whenever the module is loaded: read it again after a
 * failure with -EINVAL. MISCSI_ERR_TRANS_NOT_FOUND: no such transport (its module is not loaded); MISCSI_ERR_ACCESS: not root.
 */
int ktransport_handle(const struct sysfs *s, const char *name, uint64_t *out, struct err *err);
/*
 * Returns true if the layout of kernel/iscsi_if.h is that of the kernel with this handle. Only a 32-bit x86 kernel has another
 * layout; a program built for 32-bit x86 may run on either, and distinguishes them by the handle, which is a pointer in the
 * kernel.
 */
bool ktransport_layout_fits(bool built_for_i386, uint64_t handle);
/* Names, sorted. -ENOENT when scsi_transport_iscsi is not loaded. */
int ktransport_list(const struct sysfs *s, struct dir *out);

/*
 * sysfs links a host to its transport only by the driver's SCSI name, which differs from the transport's name for some drivers.
 * Returns the transport's name for a proc_name, or NULL: unknown. The plugins' match tables are the source; it must be the same
 * for all hosts.
 */
struct ktransport_map {
	const char *(*transport)(void *arg, const char *proc_name);
	void *arg;
};

/* The transport of a host, into buf. Without a row in the map (or a map at all) proc_name itself, when a
 * transport has that name. -ENOENT. */
int ktransport_of_host(const struct sysfs *s, const struct ktransport_map *map, uint32_t host_no, char buf[KTRANSPORT_NAME_MAX]);

#endif

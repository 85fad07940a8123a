/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transports that the kernel has registered: their handles, what they can do, and whose a SCSI host is.
 */
#ifndef KERNEL_KTRANSPORT_H
#define KERNEL_KTRANSPORT_H

#include "base/err.h"
#include "kernel/sysfs.h"
#include <stdbool.h>

#define KTRANSPORT_NAME_MAX 32

/*
 * The handle that a request names its transport by. It changes whenever the module is loaded: read it again after a failure with
 * -EINVAL. MISCSI_ERR_TRANS_NOT_FOUND: no such transport (its module is not loaded); MISCSI_ERR_ACCESS: not root.
 */
int ktransport_handle(const struct sysfs *s, const char *name, uint64_t *out, struct err *err);
/*
 * Whether requests as we lay them out (kernel/iscsi_if.h) are those of the kernel that gave this handle. One of 32-bit x86 alone has
 * others; a program built for 32-bit x86 may run on either, and distinguishes them by the handle, which is a pointer of the kernel's.
 */
bool ktransport_layout_fits(bool built_for_i386, uint64_t handle);
/* Names, sorted. -ENOENT when scsi_transport_iscsi is not loaded. */
int ktransport_list(const struct sysfs *s, struct sysfs_list *out);

/*
 * Nothing in sysfs links a host to its transport but the name its driver gave to SCSI, which for some is another one. Gives the
 * transport's name for a proc_name, or NULL: unknown. Answered from the plugins' match tables; must be the same for all hosts.
 */
struct ktransport_map {
	const char *(*transport)(void *arg, const char *proc_name);
	void *arg;
};

/* The transport of a host, into buf. Without a row in the map (or a map at all) proc_name itself, when a
 * transport has that name. -ENOENT. */
int ktransport_of_host(const struct sysfs *s, const struct ktransport_map *map, uint32_t host_no, char buf[KTRANSPORT_NAME_MAX]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The /dev/uioN beside a SCSI host. Some drivers connect only while it is open, because they take the process that opened it for their
 * helper. It is found by the host's place in sysfs. Devices held open are on plugins.uios, once each. For this folder alone.
 */
#ifndef PLUGIN_UIO_H
#define PLUGIN_UIO_H

#include "plugin/private.h"

struct uio {
	struct list node;
	struct transport *transport;
	uint64_t id; /* of its object in sysfs: a device that comes back under the same name has another */
	uint32_t host_no, major, minor;
	char name[24]; /* "uio3" */
	int fd; /* -1: not open */
	int errnum; /* why not */
};

/*
 * Returns how many devices beside the host (MISCSI_NONE: beside any of the transport's) are held, after dropping those that have
 * vanished, and puts the others on *missing. MISCSI_ERR_TRANS: no device exists.
 */
int uio_look(struct transport *t, uint32_t host_no, struct list *missing, struct err *err);
/* Opens them, or records why that failed. On any thread; may block for as long as the driver does. */
void uio_open(struct list *uios, const char *dev);
/*
 * Holds those that are open from now on, and frees the others. 0 if at least one is open, by us (held counts too) or by another
 * program; otherwise the reason why the first one is not.
 */
int uio_take(struct transport *t, int held, struct list *uios, struct err *err);
void uio_drop(struct list *uios); /* closes and frees */
/* Closes the devices held for the transport; NULL: for all transports. */
void uio_release(struct plugins *ps, const struct transport *t);

#endif

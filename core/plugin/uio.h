/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The /dev/uioN beside a SCSI host: some drivers connect only while it is open, for they think of who opened it as their helper. Found
 * by the host's place in sysfs, never by counting. Held ones are on plugins.uios, once each. For this folder alone.
 */
#ifndef PLUGIN_UIO_H
#define PLUGIN_UIO_H

#include "plugin/private.h"

struct uio {
	struct list node;
	struct transport *transport;
	uint64_t id; /* of its object in sysfs: when the device comes back by the same name it is another */
	uint32_t host_no, major, minor;
	char name[24]; /* "uio3" */
	int fd; /* -1: not open */
	int errnum; /* why not */
};

/*
 * Gives how many devices beside op's host (no host: beside any of the transport) are held, after those that have vanished were dropped;
 * those that are not yet held are put on *missing. MISCSI_ERR_TRANS: there is none at all.
 */
int uio_look(struct transport *t, uint32_t host_no, struct list *missing, struct err *err);
/* Opens them, or notes why it cannot. On any thread; may block as long as the driver wants. */
void uio_open(struct list *uios, const char *dev);
/*
 * Those that are open are held from now on, the others freed. 0 when at least one is open, by us (held counts too) or by another program;
 * else why the first one is not.
 */
int uio_take(struct transport *t, int held, struct list *uios, struct err *err);
void uio_drop(struct list *uios); /* closes and frees */
/* What is held for the transport is closed; NULL: for all. */
void uio_release(struct plugins *ps, const struct transport *t);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resources that an adapter's driver needs from user space: its uio device held open (MISCSI_TRAIT_UIO), the address that it sends from
 * owned by this host (MISCSI_TRAIT_PATH). Each connect acquires them; a program that adopts sessions it has not connected acquires them
 * by resources_keep(). They are released when the program uses the transport no more: not later, because an open device pins the
 * driver's module, which could then not be updated; not earlier, because a lost session has to connect again at any time.
 */
#ifndef PLUGIN_RESOURCES_H
#define PLUGIN_RESOURCES_H

#include "plugin/transport.h"

/* Opens the uio devices of op->host_no, or of all hosts of the transport. Succeeds at once where the driver needs none. */
void resources_keep(struct transport *t, struct transport_op *op);
/* This program has no session or connect through the transport: closes its uio devices. */
void resources_release(struct transport *t);

/*
 * For this folder: all that the op's connect needs, acquired by a worker since both may block in the kernel. args NULL: uio
 * devices alone. 0: there was nothing to do; -EINPROGRESS: ready() is called with the result, unless the op is given up before;
 * -errno, with the reason in the error of the op's owner.
 */
int resources_acquire(
	struct op_private *p, const struct miscsi_connect_args *args, void (*ready)(struct op_private *p, int result));

#endif

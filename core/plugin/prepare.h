/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an adapter wants of this host before it connects: its uio device open (MISCSI_TRAIT_UIO), its address owned (MISCSI_TRAIT_PATH).
 * Both may block in the kernel, so they are done by a worker. For this folder alone.
 */
#ifndef PLUGIN_PREPARE_H
#define PLUGIN_PREPARE_H

#include "plugin/private.h"

/*
 * args NULL: only what is held open. 0: nothing was to be done; -EINPROGRESS: ready() is called with the result, unless the op is given
 * up before; -errno. What failed stands in the op's owner's err.
 */
int prepare(struct op_private *p, const struct miscsi_connect_args *args, void (*ready)(struct op_private *p, int result));

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work of an op on a worker's thread. The op may be given up meanwhile: the work then ends without it. For this folder alone. */
#ifndef PLUGIN_OP_WORK_H
#define PLUGIN_OP_WORK_H

#include "base/worker.h"
#include "plugin/private.h"

/* Embedded in its arguments; the first members are the caller's. */
struct op_work {
	struct op_private *op; /* NULL: given up */
	void (*run)(struct op_work *w); /* on the worker's thread: must not use op */
	void (*done)(struct op_work *w); /* on the loop's thread, only if the op was not given up */
	void (*free)(struct op_work *w); /* the last call, in any case */
	struct work work; /* private */
};

/* Returns the op's result: -EINPROGRESS, or -errno when no worker could be started; w is freed then. */
int op_work_submit(struct op_work *w);

#endif

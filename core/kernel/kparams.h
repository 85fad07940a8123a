/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks up the rows of kparams.def: the properties of each session and connection parameter. */
#ifndef KERNEL_KPARAMS_H
#define KERNEL_KPARAMS_H

#include "kernel/iscsi_if.h"
#include <stdbool.h>

enum kparam_form { KPARAM_NUMBER, KPARAM_STRING, KPARAM_REFUSED };

struct kparam {
	const char *name; /* "MAX_RECV_DLENGTH" */
	enum kparam_form form;
	bool secret;
};

/* NULL for a number without a row. */
const struct kparam *kparams_get(uint32_t number);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks for a kernel module as modprobe(8) does: through libkmod, or in a static program by the program modprobe. */
#ifndef KERNEL_MODPROBE_H
#define KERNEL_MODPROBE_H

#include "base/err.h"

/* Both: -ENOENT: no such module; -ENOSYS: libkmod or modprobe is missing, *err is set; -ENOMEM. They may block for seconds. */
int modprobe_is_builtin(const char *name, struct err *err); /* 1: the kernel has it; 0: there is a file */
int modprobe_insert(const char *name, struct err *err); /* 0: loaded or built in; also -EPERM: blacklisted; the kernel's -errno */

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel modules: loaded by name through libkmod, as modprobe(8) does, with the options and commands of
 * modprobe.d. */
#ifndef KERNEL_KMOD_H
#define KERNEL_KMOD_H

#include "base/err.h"
#include "kernel/sysfs.h"

/*
 * Loads a module and the modules that it depends on. A built-in or loaded module is success, without libkmod if sysfs shows it. May block
 * for seconds: call it in a helper, or in a program that may block. The error's text names the module;
 * MISCSI_ERR_TRANS_NOT_FOUND: no such module, or it does not load; MISCSI_ERR_ACCESS: not allowed.
 */
int kmod_load(const struct sysfs *s, const char *name, struct err *err);

/*
 * Checks that the kernel has the module. Otherwise MISCSI_ERR_TRANS_NOT_FOUND, with the action for the user: load it, or install
 * the package that contains it. Loads nothing and needs no privilege.
 */
int kmod_check(const struct sysfs *s, const char *name, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel modules: loaded by name through libkmod, as modprobe(8) does, with the options and commands of
 * modprobe.d. */
#ifndef KERNEL_KMOD_H
#define KERNEL_KMOD_H

#include "base/err.h"
#include "kernel/sysfs.h"

/*
 * Loads a module with what it needs. Built in and already loaded are success, found without libkmod where sysfs tells. Blocks,
 * perhaps for seconds: on a worker's thread, or in a program that may. The error's text names the module;
 * MISCSI_ERR_TRANS_NOT_FOUND: there is none of that name, or it does not load; MISCSI_ERR_ACCESS: not allowed.
 */
int kmod_load(const struct sysfs *s, const char *name, struct err *err);

/*
 * Checks that the kernel has it. Otherwise MISCSI_ERR_TRANS_NOT_FOUND, with a text that says what to do: load it, or install the
 * package that contains it. Loads nothing and needs no privilege.
 */
int kmod_check(const struct sysfs *s, const char *name, struct err *err);

#endif

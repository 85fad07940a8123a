/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network of a boot from iSCSI, as the firmware of the machine had it. */
#ifndef MODES_BOOT_NETWORK_H
#define MODES_BOOT_NETWORK_H

#include "modes/context.h"

/*
 * Sets up the interface of each boot target that the machine's own firmware reports (interface.h), and calls done() for each. A target that is reached
 * through an adapter needs none. NO_OBJS_FOUND: the firmware reports no target. Goes on after a failure, and returns the first. -errno.
 */
int boot_network_up(
	struct context *ctx, void (*done)(void *arg, const char *device, const char *address), void *arg, struct err *err);

#endif

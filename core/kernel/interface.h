/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets up a network interface as boot firmware had it. What is there already stays as it is. */
#ifndef KERNEL_INTERFACE_H
#define KERNEL_INTERFACE_H

#include "base/err.h"
#include <stdint.h>

struct interface {
	const char *device; /* its name; NULL or "": the one with this hwaddress */
	const char *hwaddress; /* "52:54:00:12:34:56" */
	const char *address, *gateway; /* gateway: NULL or "": none */
	const char *target; /* what must be reachable: by a route through the gateway, unless the prefix contains it */
	unsigned prefix; /* 32 or 128: unknown; the gateway, or without one the target, is on the link then */
	uint16_t vlan; /* 0: none */
};

#define INTERFACE_NAME_MAX 32

/*
 * Sets the device up, on it a VLAN device (NAME.VLAN) if there is a VLAN, adds the address, and a route to the target alone. name: of
 * the device that has the address. Nothing else of the network is changed. *err names the device. -errno.
 */
int interface_up(const struct interface *i, char name[INTERFACE_NAME_MAX], struct err *err);

#endif

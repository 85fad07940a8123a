/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot path of Open Firmware (IEEE 1275, PAPR): the device from which the machine booted, and after a colon the arguments of its package.
 *
 *   /pci@800000020000204/ethernet@0:iscsi,ciaddr=192.0.2.7,siaddr=192.0.2.1,itname=INITIATOR,iname=TARGET,iport=3260,ilun=0
 *
 * The property may contain anything. The path is accepted only if each of its parts is the name of a node, so that it can stand in a path
 * of files; the arguments are returned as they are and must be checked by the caller.
 */
#ifndef OBJECT_OPENFIRMWARE_H
#define OBJECT_OPENFIRMWARE_H

#include "kernel/sysfs.h"
#include "proto/bootp.h"
#include <stdbool.h>
#include <stddef.h>

#define OPENFIRMWARE_TEXT_MAX 4096
#define OPENFIRMWARE_TREE "firmware/devicetree/base" /* below /sys; /proc/device-tree is a link to it */

struct openfirmware {
	char text
		[OPENFIRMWARE_TEXT_MAX]; /* "pci@0/ethernet@0", then one string for each argument. It may contain secrets: wipe it */
	size_t arguments, end; /* offsets in text of the first argument and behind the last */
};

/* Returns true if the bytes are a boot path with the argument "iscsi". They need no terminating zero; what follows a zero is ignored. */
bool openfirmware_parse(struct openfirmware *out, const void *bytes, size_t len);

/* The device's node without a leading '/'. */
const char *openfirmware_node(const struct openfirmware *of);
/* The value of "name=value", of several the first; "" for an argument without a value. NULL: there is none of that name. */
const char *openfirmware_argument(const struct openfirmware *of, const char *name);

/* Reads chosen/bootpath, also if it begins with a name of /aliases. Returns true if it is one of an iSCSI boot. */
bool openfirmware_read(const struct sysfs *s, struct openfirmware *out);
/*
 * The server's reply to the firmware's request for an address, if the boot path asks for one (bootp, dhcp). What the path does not name
 * comes from it: this machine's address, and by the root path the target. false: there is none.
 */
bool openfirmware_reply(const struct sysfs *s, const struct openfirmware *of, struct bootp *out);
/* The hardware address that the device used, as "02:00:00:00:00:01". false: the tree has none. */
bool openfirmware_hwaddress(const struct sysfs *s, const struct openfirmware *of, char out[18]);

#endif

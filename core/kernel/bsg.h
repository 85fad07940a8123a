/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vital product data pages (SPC-4 7.8), requested from the unit itself through /dev/bsg, which has every SCSI device of the kernel. */
#ifndef KERNEL_BSG_H
#define KERNEL_BSG_H

#include <stddef.h>
#include <stdint.h>

/*
 * address: "HOST:CHANNEL:TARGET:LUN". *page (x_free()) is whole; NULL, with *len 0: the unit did not return it. Waits for the unit, 10 s at most
 * once the kernel has sent the command: to be called in a helper. -ENOENT, -EPERM, …: the unit cannot be asked in this way; -ENOMEM.
 */
int bsg_page(const char *address, uint8_t number, char **page, size_t *len);

#endif

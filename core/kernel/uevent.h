/* SPDX-License-Identifier: GPL-2.0-or-later */
/* struct iscsi_uevent, the body of every message of NETLINK_ISCSI, as bytes. */
#ifndef KERNEL_UEVENT_H
#define KERNEL_UEVENT_H

#include "kernel/iscsi_if.h"

/* Copies the body of a datagram's first message out. Returns its nlmsg_type, or -EBADMSG if it is shorter than it claims. */
int uevent_open(const uint8_t *bytes, size_t len, struct iscsi_uevent *ev);
/* A number at an offset of one of the body's unions. */
uint32_t uevent_get32(const uint8_t *bytes, unsigned at);
void uevent_put32(uint8_t *bytes, unsigned at, uint32_t value);

#endif

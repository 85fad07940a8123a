/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The body of a message, unaligned in its buffer: copied in and out. */
#include "config.h"
#include "kernel/uevent.h"

#include <errno.h>
#include <string.h>

int uevent_open(const uint8_t *bytes, size_t len, struct iscsi_uevent *ev)
{
	struct nlmsghdr head;

	if (len < ISCSI_MSG_HEAD)
		return -EBADMSG;
	memcpy(&head, bytes, sizeof(head));
	if (head.nlmsg_len < ISCSI_MSG_HEAD || head.nlmsg_len > len)
		return -EBADMSG;
	memcpy(ev, bytes + NLMSG_HDRLEN, sizeof(*ev));
	return head.nlmsg_type;
}

uint32_t uevent_get32(const uint8_t *bytes, unsigned at)
{
	uint32_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

void uevent_put32(uint8_t *bytes, unsigned at, uint32_t value)
{
	memcpy(bytes + at, &value, sizeof(value));
}
